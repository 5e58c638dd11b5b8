//! Glob patterns with Redis' meaning: of KEYS, SCAN, PSUBSCRIBE, PUBSUB CHANNELS, CONFIG GET.
//!
//! `*` is any run of bytes, `?` one byte, `[a-z]` one byte of a class, `[^a-z]` one byte outside of it, and a backslash
//! takes the meaning from the byte behind it. A class that is not closed ends with the pattern. A range that is written
//! backwards is turned round. Bytes count from 0 to 255; where the C compiler's `char` has a sign, Redis' ranges with
//! one end above 127 and one below take other bytes.
//!
//! The matcher does not recurse. Everything but a star takes exactly one byte of the text, so when a mismatch shows up
//! only the last star ever needs to give way, and by one byte: the work is at most the length of the pattern times the
//! length of the text, whatever the pattern, and the stack does not grow.

/// Whether the whole text matches the pattern.
///
/// ```
/// use larder_core::glob;
/// assert!(glob::matches(b"user:*:[0-9]", b"user:ann:7"));
/// assert!(!glob::matches(b"user:?", b"user:ann"));
/// assert!(glob::matches(br"\*", b"*"));
/// ```
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    run(pattern, text, Case::Kept)
}

/// Whether the whole text matches the pattern, where ASCII letters of either case are the same. As in Redis, a letter
/// behind a backslash inside of a class matches as it is written only.
///
/// ```
/// assert!(larder_core::glob::matches_ignore_case(b"MAX*", b"maxmemory"));
/// ```
pub fn matches_ignore_case(pattern: &[u8], text: &[u8]) -> bool {
    run(pattern, text, Case::Ignored)
}

/// The bytes that every match begins with: the pattern up to its first special byte.
///
/// ```
/// assert_eq!(larder_core::glob::literal_prefix(b"user:*:name"), b"user:");
/// ```
pub fn literal_prefix(pattern: &[u8]) -> &[u8] {
    let special = pattern.iter().position(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'));
    &pattern[..special.unwrap_or(pattern.len())]
}

/// Whether the pattern has no special byte, so that nothing matches but the pattern itself.
pub fn is_literal(pattern: &[u8]) -> bool {
    literal_prefix(pattern).len() == pattern.len()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Kept,
    Ignored,
}

impl Case {
    #[inline]
    fn fold(self, byte: u8) -> u8 {
        if self == Case::Ignored { byte.to_ascii_lowercase() } else { byte }
    }
}

fn run(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let (mut at, mut read) = (0, 0);
    // Behind the last star, and how far the text was read when that star was given its present length.
    let mut retry: Option<(usize, usize)> = None;
    while read < text.len() {
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            if at == pattern.len() {
                return true;
            }
            retry = Some((at, read));
            continue;
        }
        if at < pattern.len()
            && let Some(next) = one(pattern, at, text[read], case)
        {
            at = next;
            read += 1;
            continue;
        }
        let Some((behind, began)) = retry else { return false };
        retry = Some((behind, began + 1));
        at = behind;
        read = began + 1;
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Matches one byte against what stands at `at`, which is not a star. Gives what follows, or nothing for a mismatch.
#[inline]
fn one(pattern: &[u8], at: usize, byte: u8, case: Case) -> Option<usize> {
    let literal = match pattern[at] {
        b'?' => return Some(at + 1),
        b'[' => return class(pattern, at + 1, byte, case),
        b'\\' if at + 1 < pattern.len() => at + 1,
        _ => at,
    };
    (case.fold(pattern[literal]) == case.fold(byte)).then_some(literal + 1)
}

/// Matches one byte against the class whose first byte is at `at`.
fn class(pattern: &[u8], mut at: usize, byte: u8, case: Case) -> Option<usize> {
    let inverted = pattern.get(at) == Some(&b'^');
    at += usize::from(inverted);
    let mut found = false;
    loop {
        match pattern[at..] {
            // The end of the pattern ends the class too.
            [] => break,
            [b']', ..] => {
                at += 1;
                break;
            }
            [b'\\', escaped, ..] => {
                found |= escaped == byte;
                at += 2;
            }
            [from, b'-', to, ..] => {
                let range = case.fold(from.min(to))..=case.fold(from.max(to));
                found |= range.contains(&case.fold(byte));
                at += 3;
            }
            [literal, ..] => {
                found |= case.fold(literal) == case.fold(byte);
                at += 1;
            }
        }
    }
    (found != inverted).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, by recursion: exponential, and easy to believe.
    fn defined(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], _) => text.is_empty(),
            ([b'*', rest @ ..], _) => {
                defined(rest, text) || (!text.is_empty() && defined(pattern, &text[1..]))
            }
            (_, []) => false,
            ([b'?', rest @ ..], [_, left @ ..]) => defined(rest, left),
            ([b'\\', escaped, rest @ ..], [byte, left @ ..]) => escaped == byte && defined(rest, left),
            ([b'[', rest @ ..], [byte, left @ ..]) => {
                let (members, rest) = members(rest);
                members.contains(byte) && defined(rest, left)
            }
            ([literal, rest @ ..], [byte, left @ ..]) => literal == byte && defined(rest, left),
        }
    }

    /// All bytes of a class, and what follows it.
    fn members(class: &[u8]) -> (Vec<u8>, &[u8]) {
        if let [b'^', rest @ ..] = class {
            let (not, rest) = listed(rest);
            return ((0..=u8::MAX).filter(|byte| !not.contains(byte)).collect(), rest);
        }
        listed(class)
    }

    fn listed(class: &[u8]) -> (Vec<u8>, &[u8]) {
        let (mut first, rest) = match class {
            [] => return (Vec::new(), class),
            [b']', rest @ ..] => return (Vec::new(), rest),
            [b'\\', escaped, rest @ ..] => (vec![*escaped], rest),
            [from, b'-', to, rest @ ..] if from <= to => ((*from..=*to).collect(), rest),
            [from, b'-', to, rest @ ..] => ((*to..=*from).collect(), rest),
            [literal, rest @ ..] => (vec![*literal], rest),
        };
        let (more, rest) = listed(rest);
        first.extend(more);
        (first, rest)
    }

    /// What `KEYS` of Redis 7.0.15 found among the single bytes `* - A Z [ \ ] ^ _ a b` and `z]`, `a-b`.
    #[test]
    fn odd_patterns_mean_what_they_mean_in_redis() {
        let keys: [&[u8]; 13] =
            [b"*", b"-", b"A", b"Z", b"[", b"\\", b"]", b"^", b"_", b"a", b"b", b"z]", b"a-b"];
        for (pattern, found) in [
            ("[a-]", "] ^ _ a"),
            ("[]", ""),
            ("[^]", r"* - A Z [ \ ] ^ _ a b"),
            ("[", ""),
            ("[a", "a"),
            ("[a-", "- a"),
            (r"[\]]", "]"),
            (r"[\", r"\"),
            (r"\", r"\"),
            (r"\\", r"\"),
            ("[^", r"* - A Z [ \ ] ^ _ a b"),
            ("[z-a]", "a b"),
            ("[a-]]", "] ^ _ a"),
            ("[]-a]", ""),
            (r"[\a-c]", "- a"),
            (r"[a\-c]", "- a"),
            (r"[a-\]]", ""),
            ("a[", ""),
            (r"*\", r"\"),
            (r"a\", ""),
            ("*[", ""),
            ("[^a", r"* - A Z [ \ ] ^ _ b"),
            (r"\*", "*"),
            ("[]]", ""),
            ("[^]]", "z]"),
            ("[--a]", r"- A Z [ \ ] ^ _ a"),
            ("[^^]", r"* - A Z [ \ ] _ a b"),
            ("[a^]", "^ a"),
            ("?-?", "a-b"),
            ("**", r"* - A Z [ \ ] ^ _ a b z] a-b"),
        ] {
            let matched = keys.iter().filter(|key| matches(pattern.as_bytes(), key));
            let matched: Vec<_> = matched.map(|key| String::from_utf8_lossy(key)).collect();
            assert_eq!(matched.join(" "), found, "{pattern}");
        }
    }

    #[test]
    fn case_is_ignored_where_redis_ignores_it() {
        for (pattern, text, same) in [
            ("[M]axmemory", "maxmemory", true),
            (r"[\M]axmemory", "maxmemory", false),
            ("MAXMEMOR[X-Z]", "maxmemory", true),
            ("MAXMEMOR[x-Z]", "maxmemory", false),
            ("[^M]axmemory", "maxmemory", false),
            (r"\MAX*", "maxmemory", true),
        ] {
            assert_eq!(matches_ignore_case(pattern.as_bytes(), text.as_bytes()), same, "{pattern}");
        }
        assert!(!matches(b"MAX*", b"maxmemory"));
    }

    #[test]
    fn a_hostile_pattern_is_no_more_than_a_product() {
        let pattern = [b"*a".repeat(500), b"*b".to_vec()].concat();
        let text = b"a".repeat(4_000);
        assert!(!matches(&pattern, &text));
        assert!(matches(&b"*".repeat(100_000), &text));
        assert!(!matches(&b"[".repeat(1_000), &text));
    }

    #[test]
    fn a_prefix_ends_before_the_first_special_byte() {
        assert_eq!(literal_prefix(br"ab\*c"), b"ab");
        assert_eq!(literal_prefix(b"*"), b"");
        assert!(is_literal(b"a]b-^") && !is_literal(b"a?") && !is_literal(b"[") && is_literal(b""));
    }

    proptest! {
        #[test]
        fn the_matcher_agrees_with_the_definition(
            pattern in "[ab*?\\[\\]\\\\^-]{0,9}",
            text in "[ab\\[\\]\\\\^-]{0,7}",
        ) {
            prop_assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), defined(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn a_match_begins_with_the_literal_prefix(pattern in "[ab*?\\[\\\\]{0,6}", text in "[ab]{0,6}") {
            if matches(pattern.as_bytes(), text.as_bytes()) {
                prop_assert!(text.as_bytes().starts_with(literal_prefix(pattern.as_bytes())));
            }
        }

        #[test]
        fn without_letters_in_escapes_case_is_that_of_lowercase(pattern in "[aAbB*?]{0,8}", text in "[aAbB]{0,8}") {
            let lower = matches(pattern.to_lowercase().as_bytes(), text.to_lowercase().as_bytes());
            prop_assert_eq!(matches_ignore_case(pattern.as_bytes(), text.as_bytes()), lower);
        }
    }
}
