//! The flags that a script or a function may carry, and the first line of a script in which they stand.

use crate::error::{Error, Result};

/// It only reads.
pub(crate) const NO_WRITES: u8 = 1;
/// It may run when memory is short.
pub(crate) const ALLOW_OOM: u8 = 1 << 1;
/// It may run on a replica that has lost its primary.
pub(crate) const ALLOW_STALE: u8 = 1 << 2;
/// It does not run in a cluster.
pub(crate) const NO_CLUSTER: u8 = 1 << 3;
/// Its keys may be in different slots of a cluster.
pub(crate) const ALLOW_CROSS_SLOT_KEYS: u8 = 1 << 4;
/// It says nothing about itself: a script without a first line of flags, which is checked command by command.
pub(crate) const UNDECLARED: u8 = 1 << 7;

/// Every flag by its name.
pub(crate) const NAMES: [(u8, &str); 5] = [
    (NO_WRITES, "no-writes"),
    (ALLOW_OOM, "allow-oom"),
    (ALLOW_STALE, "allow-stale"),
    (NO_CLUSTER, "no-cluster"),
    (ALLOW_CROSS_SLOT_KEYS, "allow-cross-slot-keys"),
];

/// The flag of this name.
pub(crate) fn named(name: &[u8]) -> Option<u8> {
    NAMES.iter().find(|(_, known)| known.as_bytes() == name).map(|(flag, _)| *flag)
}

/// Splits a script into its flags and the text to be compiled, whose lines keep their numbers.
pub(super) fn of_script(text: &[u8]) -> Result<(u8, &[u8])> {
    if !text.starts_with(b"#!") {
        return Ok((UNDECLARED, text));
    }
    let end = text.iter().position(|byte| *byte == b'\n');
    let end = end.ok_or_else(|| Error::general("Invalid script shebang"))?;
    let shown = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let mut words = text[..end].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let engine = words.next().unwrap_or_default();
    if engine != b"#!lua" {
        let error = format!("Unexpected engine in script shebang: {}", shown(engine));
        return Err(Error::general(error));
    }
    let mut flags = 0;
    for word in words {
        let Some(list) = word.strip_prefix(b"flags=") else {
            return Err(Error::general(format!("Unknown lua shebang option: {}", shown(word))));
        };
        if list.is_empty() {
            continue;
        }
        for name in list.split(|byte| *byte == b',') {
            let unknown = || Error::general(format!("Unexpected flag in script shebang: {}", shown(name)));
            flags |= named(name).ok_or_else(unknown)?;
        }
    }
    Ok((flags, &text[end..]))
}
