//! One entry as one allocation: a header of one to twelve bytes, then the key, then the value.
//!
//! ```text
//! shape 1 | touch 3? | deadline 8? | key length 1 or 4 | value length 0, 1 or 4 | key | value
//! ```
//! The optional parts exist only where the shape byte says so, because most entries of a large keyspace are a short
//! key, a short value and nothing else. A value that is not plain bytes or an integer is a boxed object whose pointer
//! stands in the value's place. Sizes are rounded up to eight bytes, and a value is overwritten in place whenever its
//! new size rounds to the same number.
//!
//! A short member of a set is a key and nothing else, and there are millions of them: its length stands in the shape
//! byte itself, in place of what other records say there.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

const FORM: u8 = 0b0000_0111;
const WIDE_KEY: u8 = 0b0000_1000;
const DEADLINE: u8 = 0b0001_0000;
const TOUCH: u8 = 0b0010_0000;
const ARMED: u8 = 0b0100_0000;
const INNER: u8 = 0b1000_0000;

const NONE: u8 = 0;
const BYTES_8: u8 = 1;
const BYTES_32: u8 = 2;
const INT_32: u8 = 3;
const INT_64: u8 = 4;
const OBJECT: u8 = 5;
/// A key of up to [`MEMBER_LEN_MAX`] bytes alone; the other five bits of the shape are its length.
const MEMBER: u8 = 6;
const MEMBER_SHIFT: u32 = 3;
const MEMBER_LEN_MAX: usize = 31;

const TOUCH_LEN: usize = 3;
const DEADLINE_LEN: usize = 8;
const ALIGN: usize = 8;

/// What a record keeps as its value, borrowed.
#[derive(Debug)]
pub(crate) enum Stored<'a, O> {
    /// No value: a member of a set.
    Nothing,
    /// A number, kept as a number.
    Int(i64),
    /// Plain bytes.
    Bytes(&'a [u8]),
    /// Anything larger or structured.
    Object(&'a O),
}

/// What a record is made of, owned where it must be.
pub(crate) enum Parts<'a, O> {
    /// No value.
    Nothing,
    /// A number.
    Int(i64),
    /// Bytes to copy in.
    Bytes(&'a [u8]),
    /// An object to own.
    Object(Box<O>),
}

/// An owned entry behind one thin pointer.
pub(crate) struct Record<O> {
    at: NonNull<u8>,
    owns: PhantomData<Box<O>>,
}

// SAFETY: a record owns its allocation and its object and shares neither.
unsafe impl<O: Send> Send for Record<O> {}
// SAFETY: `&Record` gives out only `&[u8]` and `&O`.
unsafe impl<O: Sync> Sync for Record<O> {}

/// Where the parts of a record start.
#[derive(Clone, Copy)]
struct Plan {
    shape: u8,
    key_len: usize,
    /// The bytes the value takes in the record (eight for an object's pointer).
    value_len: usize,
}

impl Plan {
    #[inline]
    fn lengths_at(self) -> usize {
        lengths_at(self.shape)
    }
    #[inline]
    fn key_at(self) -> usize {
        usize::from(KEY_AT[usize::from(self.shape)])
    }
    #[inline]
    fn value_at(self) -> usize {
        self.key_at() + self.key_len
    }
    #[inline]
    fn size(self) -> usize {
        (self.value_at() + self.value_len).next_multiple_of(ALIGN)
    }
    /// Whether a record of the other plan can become one of this, and lie where it lies. Both are for the same key.
    #[inline]
    fn fits_in(self, other: Plan) -> bool {
        self.key_at() == other.key_at() && self.size() == other.size()
    }
    fn of<O>(key: &[u8], value: &Parts<'_, O>, deadline: bool, touch: bool) -> Plan {
        let (mut shape, value_len) = form_of(value);
        if key.len() > 0xff {
            shape |= WIDE_KEY;
        }
        if deadline {
            shape |= DEADLINE;
        }
        if touch {
            shape |= TOUCH;
        }
        Plan { shape, key_len: key.len(), value_len }
    }
}

/// The form of a value, and the bytes it takes in the record.
#[inline]
fn form_of<O>(value: &Parts<'_, O>) -> (u8, usize) {
    match value {
        Parts::Nothing => (NONE, 0),
        Parts::Int(n) if i32::try_from(*n).is_ok() => (INT_32, 4),
        Parts::Int(_) => (INT_64, 8),
        Parts::Bytes(bytes) if bytes.len() <= 0xff => (BYTES_8, bytes.len()),
        Parts::Bytes(bytes) => (BYTES_32, bytes.len()),
        Parts::Object(_) => (OBJECT, 8),
    }
}

/// Where the lengths stand in a record of a shape, and where its key does: asked for several times by each operation,
/// and quicker to look up than to add up.
const LENGTHS_AT: [u8; 256] = by_shape(false);
const KEY_AT: [u8; 256] = by_shape(true);

const fn by_shape(key: bool) -> [u8; 256] {
    let mut at = [0; 256];
    let mut shape = 0;
    while shape < 256 {
        let bits = shape as u8;
        let touch = if bits & TOUCH == 0 { 0 } else { TOUCH_LEN };
        let deadline = if bits & DEADLINE == 0 { 0 } else { DEADLINE_LEN };
        let key_len = if bits & WIDE_KEY == 0 { 1 } else { 4 };
        let value_len = match bits & FORM {
            BYTES_8 => 1,
            BYTES_32 => 4,
            _ => 0,
        };
        at[shape] = if bits & FORM == MEMBER {
            1
        } else {
            (1 + touch + deadline + if key { key_len + value_len } else { 0 }) as u8
        };
        shape += 1;
    }
    at
}

#[inline]
fn lengths_at(shape: u8) -> usize {
    usize::from(LENGTHS_AT[usize::from(shape)])
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, ALIGN).expect("a record is smaller than half the address space")
}

fn allocate(size: usize) -> NonNull<u8> {
    let layout = layout(size);
    // SAFETY: the size is never zero, there is at least the shape byte.
    let Some(at) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
    assert!((at.as_ptr() as u64) >> 48 == 0, "addresses fit in 48 bits");
    at
}

impl<O> Record<O> {
    /// Makes a record. `deadline_ms` of `None` leaves no room for one; `touch` leaves room for access bits.
    /// Key and value must each be shorter than 4 GiB (limits.rs refuses more long before).
    pub(crate) fn new(key: &[u8], value: Parts<'_, O>, deadline_ms: Option<u64>, touch: bool) -> Record<O> {
        if matches!(value, Parts::Nothing) && deadline_ms.is_none() && !touch && key.len() <= MEMBER_LEN_MAX {
            return Record::member(key);
        }
        Record::with_marks(key, value, deadline_ms, touch)
    }

    /// A short key alone.
    fn member(key: &[u8]) -> Record<O> {
        let plan =
            Plan { shape: MEMBER | (key.len() as u8) << MEMBER_SHIFT, key_len: key.len(), value_len: 0 };
        let at = allocate(plan.size());
        // SAFETY: the plan's size was allocated, and the key is not part of it.
        unsafe {
            at.write(plan.shape);
            at.add(plan.key_at()).copy_from_nonoverlapping(NonNull::from(key).cast(), key.len());
        }
        Record { at, owns: PhantomData }
    }

    /// The same for what has or may get any of the marks that a shape can hold.
    fn with_marks(key: &[u8], value: Parts<'_, O>, deadline_ms: Option<u64>, touch: bool) -> Record<O> {
        assert!(u32::try_from(key.len()).is_ok(), "a key is shorter than 4 GiB");
        let plan = Plan::of(key, &value, deadline_ms.is_some(), touch);
        assert!(u32::try_from(plan.value_len).is_ok(), "an inline value is shorter than 4 GiB");
        let at = allocate(plan.size());
        let mut record = Record { at, owns: PhantomData };
        // SAFETY: all offsets come from `plan`, whose size was allocated, and key and value are not part of it.
        unsafe {
            at.write(plan.shape);
            if touch {
                at.add(1).write_bytes(0, TOUCH_LEN);
            }
            let lengths = at.add(plan.lengths_at());
            let after_key_len = if plan.shape & WIDE_KEY == 0 {
                lengths.write(key.len() as u8);
                lengths.add(1)
            } else {
                lengths.cast::<u32>().write_unaligned(key.len() as u32);
                lengths.add(4)
            };
            match plan.shape & FORM {
                BYTES_8 => after_key_len.write(plan.value_len as u8),
                BYTES_32 => after_key_len.cast::<u32>().write_unaligned(plan.value_len as u32),
                _ => {}
            }
            at.add(plan.key_at()).copy_from_nonoverlapping(NonNull::from(key).cast(), key.len());
            let value_at = at.add(plan.value_at());
            match value {
                Parts::Nothing => {}
                Parts::Int(n) if plan.value_len == 4 => value_at.cast::<i32>().write_unaligned(n as i32),
                Parts::Int(n) => value_at.cast::<i64>().write_unaligned(n),
                Parts::Bytes(bytes) => {
                    value_at.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
                }
                Parts::Object(object) => value_at.cast::<*mut O>().write_unaligned(Box::into_raw(object)),
            }
        }
        if let Some(ms) = deadline_ms {
            record.write_deadline(ms);
        }
        record
    }

    #[inline]
    fn shape(&self) -> u8 {
        // SAFETY: the shape byte is always there.
        unsafe { self.at.read() }
    }

    /// The shape's marks, of which a member has none.
    #[inline]
    fn marks(&self) -> u8 {
        let shape = self.shape();
        if shape & FORM == MEMBER { 0 } else { shape & !FORM }
    }

    /// Has the shape hold marks.
    fn make_room(&mut self) {
        if self.shape() & FORM == MEMBER {
            *self = Record::with_marks(self.key(), Parts::Nothing, None, false);
        }
    }

    /// Writes the shape; what it says of lengths and places stays.
    fn set_shape(&mut self, shape: u8) {
        // SAFETY: the shape byte is always there, and `&mut self` makes it ours.
        unsafe { self.at.write(shape) }
    }

    #[inline]
    fn plan(&self) -> Plan {
        let shape = self.shape();
        if shape & FORM == MEMBER {
            return Plan { shape, key_len: usize::from(shape >> MEMBER_SHIFT), value_len: 0 };
        }
        // SAFETY: the offsets follow from the shape, as they did when the record was made.
        unsafe {
            let lengths = self.at.add(lengths_at(shape));
            let (key_len, rest) = if shape & WIDE_KEY == 0 {
                (usize::from(lengths.read()), lengths.add(1))
            } else {
                (lengths.cast::<u32>().read_unaligned() as usize, lengths.add(4))
            };
            let value_len = match shape & FORM {
                BYTES_8 => usize::from(rest.read()),
                BYTES_32 => rest.cast::<u32>().read_unaligned() as usize,
                INT_32 => 4,
                INT_64 | OBJECT => 8,
                _ => 0,
            };
            Plan { shape, key_len, value_len }
        }
    }

    /// The key.
    #[inline]
    pub(crate) fn key(&self) -> &[u8] {
        let plan = self.plan();
        // SAFETY: the key lies there, is initialised, and lives as long as the record.
        unsafe { std::slice::from_raw_parts(self.at.add(plan.key_at()).as_ptr(), plan.key_len) }
    }

    /// The value, borrowed.
    #[inline]
    pub(crate) fn value(&self) -> Stored<'_, O> {
        let plan = self.plan();
        // SAFETY: the form tells which of these was written, and the borrow ends with `&self`.
        unsafe {
            let at = self.at.add(plan.value_at());
            match plan.shape & FORM {
                BYTES_8 | BYTES_32 => Stored::Bytes(std::slice::from_raw_parts(at.as_ptr(), plan.value_len)),
                INT_32 => Stored::Int(i64::from(at.cast::<i32>().read_unaligned())),
                INT_64 => Stored::Int(at.cast::<i64>().read_unaligned()),
                OBJECT => Stored::Object(&*at.cast::<*mut O>().read_unaligned()),
                _ => Stored::Nothing,
            }
        }
    }

    /// The object, if the value is one.
    #[inline]
    pub(crate) fn object_mut(&mut self) -> Option<&mut O> {
        let plan = self.plan();
        (plan.shape & FORM == OBJECT).then(|| {
            // SAFETY: the form says that a pointer from `Box::into_raw` lies there, and `&mut self` makes it ours.
            unsafe { &mut *self.at.add(plan.value_at()).cast::<*mut O>().read_unaligned() }
        })
    }

    /// Replaces the value, in place if its size allows. Key, deadline and access bits stay. Returns the old object,
    /// so that the caller chooses where a large one is dropped.
    pub(crate) fn set_value(&mut self, value: Parts<'_, O>) -> Option<Box<O>> {
        self.make_room();
        let old = self.take_object();
        let plan = self.plan();
        let (form, value_len) = form_of(&value);
        let next = Plan { shape: (plan.shape & !FORM) | form, key_len: plan.key_len, value_len };
        if next.fits_in(plan) {
            // SAFETY: it fits, and the object that was there is taken.
            let at = unsafe { self.write_plain(next, &value) };
            if let Parts::Object(object) = value {
                // SAFETY: the form has room for an address there.
                unsafe { at.cast::<*mut O>().write_unaligned(Box::into_raw(object)) }
            }
            return old;
        }
        let room = plan.shape & DEADLINE != 0;
        let deadline = room.then(|| self.read_deadline());
        let mut record = Record::with_marks(self.key(), value, deadline, plan.shape & TOUCH != 0);
        record.keep_marks_of(self);
        *self = record;
        old
    }

    /// Makes this a record of another plan, with this value, and gives the place of it, which is still to be written
    /// where it is an object.
    ///
    /// # Safety
    /// The plan [fits](Plan::fits_in) in the one that this record has, which owns no object.
    #[inline]
    unsafe fn write_plain(&mut self, next: Plan, value: &Parts<'_, O>) -> NonNull<u8> {
        self.set_shape(next.shape);
        // SAFETY: the header keeps its length, so the key stays where it is, and the value fits the allocation.
        // The bytes of `value` are not part of this record, because `&mut self` is exclusive.
        unsafe {
            let length_at = self.at.add(next.key_at());
            match next.shape & FORM {
                BYTES_8 => length_at.sub(1).write(next.value_len as u8),
                BYTES_32 => length_at.sub(4).cast::<u32>().write_unaligned(next.value_len as u32),
                _ => {}
            }
            let at = self.at.add(next.value_at());
            match value {
                Parts::Nothing | Parts::Object(_) => {}
                Parts::Int(n) if next.value_len == 4 => at.cast::<i32>().write_unaligned(*n as i32),
                Parts::Int(n) => at.cast::<i64>().write_unaligned(*n),
                Parts::Bytes(bytes) => {
                    at.copy_from_nonoverlapping(NonNull::from(*bytes).cast(), bytes.len());
                }
            }
            at
        }
    }

    /// Does what [`Record::set_value_until`] does where that changes neither what the record takes nor where it lies,
    /// and there is no object, before or after. Says whether it was so: if not, nothing has changed.
    #[inline]
    pub(crate) fn overwrite(&mut self, value: &Parts<'_, O>, ms: Option<u64>) -> bool {
        let plan = self.plan();
        let has_room = plan.shape & DEADLINE != 0;
        if matches!(plan.shape & FORM, OBJECT | MEMBER)
            || matches!(value, Parts::Object(_))
            || ms.is_some() && !has_room
        {
            return false;
        }
        let (form, value_len) = form_of(value);
        let next = Plan { shape: (plan.shape & !FORM) | form, key_len: plan.key_len, value_len };
        if !next.fits_in(plan) {
            return false;
        }
        // SAFETY: it fits, and there is no object.
        unsafe { self.write_plain(next, value) };
        if has_room {
            self.write_deadline(ms.unwrap_or(0));
        }
        true
    }

    /// Replaces a number by one of the same width. Says whether it was one: if not, nothing has changed.
    #[inline]
    pub(crate) fn replace_int(&mut self, n: i64) -> bool {
        let plan = self.plan();
        let short = i32::try_from(n);
        // SAFETY: the form says that a number of this width lies there, and `&mut self` makes it ours.
        unsafe {
            let at = self.at.add(plan.value_at());
            match (plan.shape & FORM, short) {
                (INT_32, Ok(n)) => at.cast::<i32>().write_unaligned(n),
                (INT_64, Err(_)) => at.cast::<i64>().write_unaligned(n),
                _ => return false,
            }
        }
        true
    }

    /// Replaces the value as [`Record::set_value`] does, and the deadline as [`Record::set_deadline`] does; a record
    /// that must move for both moves once.
    pub(crate) fn set_value_until(&mut self, value: Parts<'_, O>, ms: Option<u64>) -> Option<Box<O>> {
        if self.marks() & DEADLINE != 0 {
            self.write_deadline(ms.unwrap_or(0));
            return self.set_value(value);
        }
        if ms.is_none() {
            return self.set_value(value);
        }
        let old = self.take_object();
        let mut record = Record::with_marks(self.key(), value, ms, self.marks() & TOUCH != 0);
        record.keep_marks_of(self);
        *self = record;
        old
    }

    /// Takes the object out, leaving a record without value.
    fn take_object(&mut self) -> Option<Box<O>> {
        let plan = self.plan();
        if plan.shape & FORM != OBJECT {
            return None;
        }
        // SAFETY: the pointer came from `Box::into_raw`; it becomes a box again once, since it is replaced by an
        // integer of the same size at once.
        unsafe {
            let at = self.at.add(plan.value_at());
            let object = Box::from_raw(at.cast::<*mut O>().read_unaligned());
            at.cast::<i64>().write_unaligned(0);
            self.set_shape((plan.shape & !FORM) | INT_64);
            Some(object)
        }
    }

    /// Takes the record apart: the object, if there is one, outlives it.
    pub(crate) fn into_object(mut self) -> Option<Box<O>> {
        self.take_object()
    }

    fn keep_marks_of(&mut self, other: &Record<O>) {
        self.set_touch(other.touch());
        self.set_armed(other.is_armed());
        self.set_inner(other.has_inner());
    }

    /// The same entry under another key.
    pub(crate) fn with_key(mut self, key: &[u8]) -> Record<O> {
        let deadline = self.deadline_ms();
        let touch = self.marks() & TOUCH != 0;
        let mut record = match self.take_object() {
            Some(object) => Record::new(key, Parts::Object(object), deadline, touch),
            None => match self.value() {
                Stored::Int(n) => Record::new(key, Parts::Int(n), deadline, touch),
                Stored::Bytes(bytes) => Record::new(key, Parts::Bytes(bytes), deadline, touch),
                Stored::Nothing | Stored::Object(_) => Record::new(key, Parts::Nothing, deadline, touch),
            },
        };
        record.set_touch(self.touch());
        record
    }

    fn read_deadline(&self) -> u64 {
        let at = 1 + if self.shape() & TOUCH == 0 { 0 } else { TOUCH_LEN };
        // SAFETY: called only where the shape has a deadline.
        u64::from_le_bytes(unsafe { self.at.add(at).cast::<[u8; DEADLINE_LEN]>().read() })
    }

    fn write_deadline(&mut self, ms: u64) {
        let at = 1 + if self.shape() & TOUCH == 0 { 0 } else { TOUCH_LEN };
        // SAFETY: called only where the shape has a deadline.
        unsafe { self.at.add(at).cast::<[u8; DEADLINE_LEN]>().write(ms.to_le_bytes()) }
    }

    /// When the entry dies, in engine milliseconds; `None` for never.
    #[inline]
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        if self.marks() & DEADLINE == 0 {
            return None;
        }
        Some(self.read_deadline()).filter(|ms| *ms != 0)
    }

    /// Sets or clears the deadline. A record that never had one moves once to make room.
    pub(crate) fn set_deadline(&mut self, ms: Option<u64>) {
        if self.marks() & DEADLINE != 0 {
            self.write_deadline(ms.unwrap_or(0));
        } else if let Some(ms) = ms {
            let touch = self.marks() & TOUCH != 0;
            let object = self.take_object();
            let value = match (object, self.value()) {
                (Some(object), _) => Parts::Object(object),
                (None, Stored::Int(n)) => Parts::Int(n),
                (None, Stored::Bytes(bytes)) => Parts::Bytes(bytes),
                (None, _) => Parts::Nothing,
            };
            let mut record = Record::with_marks(self.key(), value, Some(ms), touch);
            record.keep_marks_of(self);
            *self = record;
        }
    }

    /// Whether the entry or a part of it may ever die: if not, no clock need be asked.
    #[inline]
    pub(crate) fn is_mortal(&self) -> bool {
        self.marks() & (DEADLINE | INNER) != 0
    }

    /// Whether parts of the object were said to have deadlines of their own.
    #[inline]
    pub(crate) fn has_inner(&self) -> bool {
        self.marks() & INNER != 0
    }

    /// Notes whether parts of the object have deadlines of their own.
    pub(crate) fn set_inner(&mut self, inner: bool) {
        self.make_room();
        let shape = self.shape();
        self.set_shape(if inner { shape | INNER } else { shape & !INNER });
    }

    /// Whether the expiry wheel has an item for this entry.
    pub(crate) fn is_armed(&self) -> bool {
        self.marks() & ARMED != 0
    }

    /// Notes whether the expiry wheel has an item for this entry.
    pub(crate) fn set_armed(&mut self, armed: bool) {
        self.make_room();
        let shape = self.shape();
        self.set_shape(if armed { shape | ARMED } else { shape & !ARMED });
    }

    /// The 24 access bits (zero where the record has no room for them).
    #[inline]
    pub(crate) fn touch(&self) -> u32 {
        if self.marks() & TOUCH == 0 {
            return 0;
        }
        let mut bytes = [0; 4];
        // SAFETY: the shape says that the three bytes are there.
        unsafe { self.at.add(1).copy_to_nonoverlapping(NonNull::from(&mut bytes).cast(), TOUCH_LEN) }
        u32::from_le_bytes(bytes)
    }

    /// Writes the 24 access bits.
    #[inline]
    pub(crate) fn set_touch(&mut self, touch: u32) {
        if self.marks() & TOUCH != 0 {
            let bytes = touch.to_le_bytes();
            // SAFETY: the shape says that the three bytes are there.
            unsafe { self.at.add(1).copy_from_nonoverlapping(NonNull::from(&bytes).cast(), TOUCH_LEN) }
        }
    }

    /// Bytes of the record's own allocation, without what an object owns.
    #[inline]
    pub(crate) fn own_bytes(&self) -> usize {
        self.plan().size()
    }

    /// The object, if the value is one.
    #[inline]
    pub(crate) fn object(&self) -> Option<&O> {
        // Most records are told apart by one byte.
        if self.shape() & FORM != OBJECT {
            return None;
        }
        match self.value() {
            Stored::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Gives up ownership: the address, for a table slot.
    pub(super) fn into_address(self) -> u64 {
        ManuallyDrop::new(self).at.as_ptr() as u64
    }

    /// # Safety
    /// `address` came from [`Record::into_address`] and is used as owner once.
    pub(super) unsafe fn from_address(address: u64) -> Record<O> {
        // SAFETY: `into_address` gave the address of a `NonNull`.
        Record { at: unsafe { NonNull::new_unchecked(address as *mut u8) }, owns: PhantomData }
    }
}

impl<O> Drop for Record<O> {
    fn drop(&mut self) {
        drop(self.take_object());
        let layout = layout(self.plan().size());
        // SAFETY: this is the allocation of `new`, with the size that the plan gave then and gives now.
        unsafe { dealloc(self.at.as_ptr(), layout) }
    }
}

impl<O> std::fmt::Debug for Record<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("key", &self.key()).field("deadline_ms", &self.deadline_ms()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Text = Record<String>;

    fn bytes_of(record: &Text) -> Vec<u8> {
        match record.value() {
            Stored::Bytes(bytes) => bytes.to_vec(),
            Stored::Int(n) => n.to_string().into_bytes(),
            Stored::Object(text) => text.clone().into_bytes(),
            Stored::Nothing => Vec::new(),
        }
    }

    #[test]
    fn every_change_keeps_the_rest() {
        let long_key = vec![b'k'; 300];
        for key in [&b""[..], b"k", &long_key] {
            for touch in [false, true] {
                for deadline in [None, Some(77)] {
                    let mut record = Text::new(key, Parts::Bytes(b"first"), deadline, touch);
                    record.set_touch(0x00ab_cdef);
                    record.set_armed(true);
                    record.set_inner(true);
                    let values: Vec<(Parts<'_, String>, Vec<u8>)> = vec![
                        (Parts::Int(5), b"5".to_vec()),
                        (Parts::Int(i64::MIN), i64::MIN.to_string().into_bytes()),
                        (Parts::Object(Box::new("object".into())), b"object".to_vec()),
                        (Parts::Object(Box::new("another".into())), b"another".to_vec()),
                        (Parts::Bytes(b""), vec![]),
                        (Parts::Bytes(&long_key), long_key.clone()),
                        (Parts::Bytes(b"12345678"), b"12345678".to_vec()),
                        (Parts::Bytes(b"1234567"), b"1234567".to_vec()),
                        (Parts::Nothing, vec![]),
                    ];
                    for (value, text) in values {
                        let (size, was_object) = (record.own_bytes(), record.object().is_some());
                        let is_object = matches!(value, Parts::Object(_));
                        if record.overwrite(&value, deadline) {
                            assert!(!was_object && !is_object && record.own_bytes() == size);
                        } else {
                            record.set_value(value);
                        }
                        assert_eq!(bytes_of(&record), text);
                        assert_eq!(record.key(), key);
                        assert_eq!(record.deadline_ms(), deadline);
                        assert_eq!(record.touch(), if touch { 0x00ab_cdef } else { 0 });
                        assert!(record.is_armed() && record.has_inner());
                    }
                    assert!(!record.replace_int(7) && record.object().is_none());
                    for (from, to, done) in
                        [(1, -9, true), (1, 1 << 40, false), (1 << 40, i64::MIN, true), (1 << 40, 1, false)]
                    {
                        record.set_value(Parts::Int(from));
                        let (size, now) = (record.own_bytes(), if done { to } else { from });
                        assert_eq!((record.replace_int(to), record.own_bytes()), (done, size));
                        assert_eq!(bytes_of(&record), now.to_string().into_bytes());
                        assert_eq!((record.key(), record.deadline_ms()), (key, deadline));
                    }
                    record.set_value(Parts::Object(Box::new("kept".into())));
                    assert_eq!(record.object().map(String::as_str), Some("kept"));
                    record.set_deadline(Some(u64::MAX));
                    assert_eq!(record.deadline_ms(), Some(u64::MAX));
                    record.set_deadline(None);
                    assert_eq!(record.deadline_ms(), None);
                    record.set_value_until(Parts::Int(1), Some(5));
                    assert_eq!((record.deadline_ms(), bytes_of(&record)), (Some(5), b"1".to_vec()));
                    record.set_value_until(Parts::Object(Box::new("kept".into())), None);
                    assert_eq!((record.deadline_ms(), bytes_of(&record)), (None, b"kept".to_vec()));
                    assert!(record.is_armed() && record.has_inner());
                    let record = record.with_key(b"other");
                    assert_eq!((record.key(), bytes_of(&record)), (&b"other"[..], b"kept".to_vec()));
                }
            }
        }
    }

    #[test]
    fn a_value_and_a_first_deadline_come_in_one_step() {
        for touch in [false, true] {
            let mut record = Text::new(b"key", Parts::Object(Box::new("old".into())), None, touch);
            record.set_touch(9);
            record.set_armed(true);
            let old = record.set_value_until(Parts::Bytes(b"new"), Some(77));
            assert_eq!(old.as_deref().map(String::as_str), Some("old"));
            assert_eq!((record.key(), bytes_of(&record)), (&b"key"[..], b"new".to_vec()));
            assert_eq!((record.deadline_ms(), record.touch()), (Some(77), if touch { 9 } else { 0 }));
            assert!(record.is_armed() && !record.has_inner());
        }
    }

    #[test]
    fn what_fits_is_written_where_the_old_value_lies() {
        for (before, deadline) in [(None, None), (Some(77), Some(88)), (Some(77), None)] {
            let mut record = Text::new(b"key:00000001", Parts::Bytes(b"0123456789abcdef"), before, true);
            record.set_touch(9);
            let place = record.at;
            assert!(record.overwrite(&Parts::Bytes(b"fedcba9876543210"), deadline));
            assert_eq!((record.at, record.deadline_ms(), record.touch()), (place, deadline, 9));
            assert_eq!(
                (record.key(), bytes_of(&record)),
                (&b"key:00000001"[..], b"fedcba9876543210".to_vec())
            );
            for other in [Parts::Bytes(b"short"), Parts::Int(1), Parts::Object(Box::new("object".into()))] {
                assert!(!record.overwrite(&other, deadline));
            }
            assert_eq!((record.deadline_ms(), bytes_of(&record)), (deadline, b"fedcba9876543210".to_vec()));
        }
        let mut record = Text::new(b"key", Parts::Int(1), None, true);
        assert!(record.overwrite(&Parts::Int(2), None) && !record.overwrite(&Parts::Int(3), Some(77)));
        record.set_value(Parts::Object(Box::new("object".into())));
        assert!(!record.overwrite(&Parts::Int(4), None));
        assert_eq!(bytes_of(&record), b"object");
    }

    #[test]
    fn a_short_entry_is_small() {
        assert_eq!(Text::new(b"key:00000001", Parts::Bytes(b"0123456789abcdef"), None, true).own_bytes(), 40);
        assert_eq!(Text::new(b"key:00000001", Parts::Int(1_000_000), None, true).own_bytes(), 24);
        assert_eq!(Text::new(b"member:00000001", Parts::Nothing, None, false).own_bytes(), 16);
    }

    #[test]
    fn a_member_becomes_whatever_it_is_made() {
        for len in [0, 1, 7, 15, MEMBER_LEN_MAX, MEMBER_LEN_MAX + 1, 300] {
            let key = vec![b'm'; len];
            let member = || Text::new(&key, Parts::Nothing, None, false);
            assert_eq!((member().key(), bytes_of(&member())), (&key[..], vec![]));
            assert_eq!((member().deadline_ms(), member().touch()), (None, 0));
            assert!(!member().is_armed() && !member().has_inner() && !member().is_mortal());
            let changes: [fn(&mut Text); 6] = [
                |member| member.set_touch(3),
                |member| member.set_armed(true),
                |member| member.set_inner(true),
                |member| member.set_deadline(Some(7)),
                |member| drop(member.set_value(Parts::Bytes(b"value"))),
                |member| drop(member.set_value_until(Parts::Nothing, Some(8))),
            ];
            for (i, change) in changes.iter().enumerate() {
                let mut member = member();
                change(&mut member);
                assert_eq!(member.key(), key);
                let wanted = (i == 1, i == 2, [None, Some(7), Some(8)][[0, 0, 0, 1, 0, 2][i]]);
                assert_eq!((member.is_armed(), member.has_inner(), member.deadline_ms()), wanted);
                assert_eq!(bytes_of(&member), if i == 4 { b"value".to_vec() } else { vec![] });
                assert_eq!(member.with_key(b"other").key(), b"other");
            }
        }
    }

    #[test]
    fn objects_are_dropped_once() {
        let counted = std::sync::Arc::new(());
        let mut record = Record::new(b"k", Parts::Object(Box::new(counted.clone())), None, true);
        let old = record.set_value(Parts::Object(Box::new(counted.clone())));
        assert_eq!(std::sync::Arc::strong_count(&counted), 3);
        drop(old);
        let record = record.with_key(b"longer than before");
        assert_eq!(std::sync::Arc::strong_count(&counted), 2);
        drop(record.into_object());
        assert_eq!(std::sync::Arc::strong_count(&counted), 1);
    }
}
