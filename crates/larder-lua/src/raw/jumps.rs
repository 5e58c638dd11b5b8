//! How long it takes to compile a text.
//!
//! Lua's compiler has the jumps that go to one place in a list, and goes through all of it to add one: a few hundred
//! kilobytes of `elseif` keep it busy for minutes, in which nobody can stop it. Nobody writes such a text for its own
//! sake, so that it is refused.

/// Texts with more of the words that jump are refused.
const JUMPS_MAX: usize = 20_000;
/// These leave a jump in a list that can be as long as the text.
const WORDS: [&[u8]; 4] = [b"or", b"and", b"elseif", b"break"];

/// Whether a text could take Lua's compiler longer than it takes to read it a few thousand times. What stands in
/// strings and comments counts, too. O(N).
pub fn has_too_many_jumps(text: &[u8]) -> bool {
    // That of two letters, and what is between it and the next.
    if text.len() / 3 < JUMPS_MAX {
        return false;
    }
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let words = text.split(|byte| !is_word(byte));
    words.filter(|word| WORDS.contains(word)).nth(JUMPS_MAX).is_some()
}

#[cfg(test)]
mod tests {
    use super::{JUMPS_MAX, has_too_many_jumps};

    #[test]
    fn only_words_count() {
        for (word, is_one) in [("or", true), ("elseif", true), ("order", false), ("_or", false), ("x", false)]
        {
            let text = |count| format!("{word} ").repeat(count);
            assert!(!has_too_many_jumps(text(JUMPS_MAX).as_bytes()), "{word}");
            assert_eq!(has_too_many_jumps(text(JUMPS_MAX + 1).as_bytes()), is_one, "{word}");
        }
    }
}
