//! The numbers that payloads are made of.

/// How a string is written that is not just bytes.
pub(crate) const INT_8: u8 = 0;
pub(crate) const INT_16: u8 = 1;
pub(crate) const INT_32: u8 = 2;
pub(crate) const COMPRESSED: u8 = 3;

/// What follows the first byte of a payload. Those with a version are what that version of Redis began to write; the
/// others are from before 4.0. Modules' values (6 and 7) mean nothing without the module.
pub(crate) const STRING: u8 = 0;
pub(crate) const LIST: u8 = 1;
pub(crate) const SET: u8 = 2;
pub(crate) const ZSET_TEXT: u8 = 3;
pub(crate) const HASH: u8 = 4;
/// From 4.0.
pub(crate) const ZSET: u8 = 5;
pub(crate) const HASH_ZIPMAP: u8 = 9;
pub(crate) const LIST_ZIPLIST: u8 = 10;
pub(crate) const SET_INTSET: u8 = 11;
pub(crate) const ZSET_ZIPLIST: u8 = 12;
pub(crate) const HASH_ZIPLIST: u8 = 13;
pub(crate) const LIST_OF_ZIPLISTS: u8 = 14;
/// From 5.0.
pub(crate) const STREAM_5: u8 = 15;
/// From 7.0.
pub(crate) const HASH_LISTPACK: u8 = 16;
pub(crate) const ZSET_LISTPACK: u8 = 17;
pub(crate) const LIST_OF_LISTPACKS: u8 = 18;
pub(crate) const STREAM_7_0: u8 = 19;
/// From 7.2.
pub(crate) const SET_LISTPACK: u8 = 20;
pub(crate) const STREAM_7_2: u8 = 21;
/// From 7.4: hashes of which some fields have deadlines, as its candidates wrote them and then as it does.
pub(crate) const HASH_MORTAL_RC: u8 = 22;
pub(crate) const HASH_MORTAL_LISTPACK_RC: u8 = 23;
pub(crate) const HASH_MORTAL: u8 = 24;
pub(crate) const HASH_MORTAL_LISTPACK: u8 = 25;

/// Before the text of a library of functions. From 7.0.
pub(crate) const FUNCTIONS: u8 = 245;

/// The version of the format in which this kind of payload came.
pub(crate) fn version(kind: u8) -> u16 {
    match kind {
        HASH_MORTAL_RC..=HASH_MORTAL_LISTPACK => 12,
        SET_LISTPACK | STREAM_7_2 => 11,
        _ => 10,
    }
}
