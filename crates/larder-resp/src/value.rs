//! A reply as a tree of values: what a client sees.
//!
//! The enum is exhaustive on purpose: RESP3 is a closed list of types, and who displays or converts a reply has to
//! decide about each of them.

/// One reply, of any RESP2 or RESP3 type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `+`: a short status such as `OK`.
    Simple(Vec<u8>),
    /// `-`: an error that fits a line; its first word is a code such as `ERR`.
    Error(Vec<u8>),
    /// `!`: an error that may hold line ends.
    BulkError(Vec<u8>),
    /// `:`: an integer.
    Integer(i64),
    /// `$`: bytes.
    Bulk(Vec<u8>),
    /// `_`, and RESP2's `$-1` and `*-1`: nothing.
    Null,
    /// `,`: a double.
    Double(f64),
    /// `#`: true or false.
    Boolean(bool),
    /// `(`: an integer of any size, as decimal text.
    BigNumber(Vec<u8>),
    /// `=`: text with a three-letter format (`txt`, `mkd`).
    Verbatim([u8; 3], Vec<u8>),
    /// `*`: an ordered list.
    Array(Vec<Value>),
    /// `%`: pairs, in the order of the wire.
    Map(Vec<(Value, Value)>),
    /// `~`: members, in the order of the wire.
    Set(Vec<Value>),
    /// `>`: a message outside the sequence of replies.
    Push(Vec<Value>),
    /// `|`: a value with remarks about it. Only decoded when
    /// [`keep_attributes`](crate::DecoderLimits::keep_attributes) asks for it, skipped otherwise.
    Attributed(Vec<(Value, Value)>, Box<Value>),
}

impl Value {
    /// The text of an error reply, `None` for all other values.
    pub fn error(&self) -> Option<&[u8]> {
        match self {
            Self::Error(text) | Self::BulkError(text) => Some(text),
            Self::Attributed(_, value) => value.error(),
            _ => None,
        }
    }

    /// The bytes of a simple, bulk, verbatim or big-number reply, `None` for all other values.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Simple(bytes) | Self::Bulk(bytes) | Self::Verbatim(_, bytes) | Self::BigNumber(bytes) => {
                Some(bytes)
            }
            Self::Attributed(_, value) => value.bytes(),
            _ => None,
        }
    }

    /// The integer of an integer reply, or of text that is one; `None` for all other values.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Attributed(_, value) => value.integer(),
            other => std::str::from_utf8(other.bytes()?).ok()?.parse().ok(),
        }
    }

    /// The members of an array, set or push, `None` for all other values.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) | Self::Set(items) | Self::Push(items) => Some(items),
            Self::Attributed(_, value) => value.items(),
            _ => None,
        }
    }

    /// The pairs of a map, or of the flat array that stands for one in RESP2 (an odd last member is left out).
    pub fn into_pairs(self) -> Option<Vec<(Value, Value)>> {
        match self {
            Self::Map(pairs) => Some(pairs),
            Self::Array(items) => Some(pair_up(items)),
            Self::Attributed(_, value) => value.into_pairs(),
            _ => None,
        }
    }
}

/// Joins each two neighbours; an odd last one is dropped.
pub(crate) fn pair_up(items: Vec<Value>) -> Vec<(Value, Value)> {
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn a_flat_array_reads_as_pairs() {
        let flat = Value::Array(vec![Value::Bulk(b"a".to_vec()), Value::Integer(1), Value::Null]);
        assert_eq!(flat.into_pairs(), Some(vec![(Value::Bulk(b"a".to_vec()), Value::Integer(1))]));
        assert_eq!(Value::Null.into_pairs(), None);
    }

    #[test]
    fn numbers_may_come_as_text() {
        assert_eq!(Value::Bulk(b"-12".to_vec()).integer(), Some(-12));
        assert_eq!(Value::Bulk(b"1x".to_vec()).integer(), None);
        assert_eq!(Value::Error(b"ERR".to_vec()).bytes(), None);
    }
}
