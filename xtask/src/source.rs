//! A Rust file as the rules see it: the same text twice, once with only its code and once with only its
//! comments, every other character a blank, so positions agree. A rule about `unsafe` is then not fooled by
//! prose or by a string.
//!
//! A small scanner instead of a parser: `syn` would take longer to compile than everything else here together,
//! and the rules ask for words and braces only.

/// A Rust source text, taken apart.
pub(crate) struct Source {
    /// The text as it is.
    pub(crate) text: String,
    /// The text with comments and literals blanked.
    pub(crate) code: String,
    /// The text with everything but comments blanked.
    pub(crate) comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Source {
    pub(crate) fn new(text: impl Into<String>) -> Source {
        let text = text.into();
        let bytes = text.as_bytes();
        let (mut code, mut comments) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
        let mut at = 0;
        while at < bytes.len() {
            let (kind, end) = piece(bytes, at);
            for &byte in &bytes[at..end] {
                let shown = |wanted| if kind == wanted || byte == b'\n' { byte } else { b' ' };
                code.push(shown(Kind::Code));
                comments.push(shown(Kind::Comment));
            }
            at = end;
        }
        let whole = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Source { code: whole(code), comments: whole(comments), text }
    }
}

/// The kind of what starts at `at`, and where it ends.
fn piece(bytes: &[u8], at: usize) -> (Kind, usize) {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return (Kind::Comment, at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return (Kind::Comment, block_comment_end(bytes, at));
    }
    match rest[0] {
        b'"' => (Kind::Literal, quoted_end(bytes, at + 1, b'"')),
        b'\'' => quote(bytes, at),
        byte if is_word(byte) => {
            let end = at + rest.iter().position(|&byte| !is_word(byte)).unwrap_or(rest.len());
            match (&bytes[at..end], raw_string_end(bytes, end)) {
                (b"r" | b"br" | b"cr", Some(string_end)) => (Kind::Literal, string_end),
                _ => (Kind::Code, end),
            }
        }
        _ => (Kind::Code, at + 1),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn quoted_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where a raw string ends whose `#` or `"` stands at `at`, if one starts there. `r#type` is no string.
fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at..].iter().take_while(|&&byte| byte == b'#').count();
    let inside = at + hashes + 1;
    if bytes.get(inside - 1) != Some(&b'"') {
        return None;
    }
    let closes =
        |from: &[u8]| from[0] == b'"' && from[1..].iter().take_while(|&&byte| byte == b'#').count() >= hashes;
    let end = (inside..bytes.len()).find(|&at| closes(&bytes[at..]));
    Some(end.map_or(bytes.len(), |end| end + 1 + hashes))
}

/// A character literal or the tick of a lifetime.
fn quote(bytes: &[u8], at: usize) -> (Kind, usize) {
    match bytes.get(at + 1) {
        Some(b'\\') => (Kind::Literal, quoted_end(bytes, at + 1, b'\'')),
        Some(_) => {
            // One character, of up to four bytes, and the closing tick; else it was a lifetime.
            let length = 1 + bytes[at + 2..].iter().take_while(|&&byte| byte & 0xC0 == 0x80).count();
            let closed = bytes.get(at + 1 + length) == Some(&b'\'');
            if closed { (Kind::Literal, at + 2 + length) } else { (Kind::Code, at + 1) }
        }
        None => (Kind::Code, at + 1),
    }
}

/// Where a word stands on its own in a text (`dbg` in `dbg!(x)`, not in `dbgs`).
pub(crate) fn word_positions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let free = |byte: Option<&u8>| byte.is_none_or(|&byte| !is_word(byte));
        free(at.checked_sub(1).and_then(|before| bytes.get(before))) && free(bytes.get(at + word.len()))
    })
}

/// The line, counted from one, on which a position lies.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_literals_are_told_apart() {
        let source =
            Source::new("a(\"b // c\"); // d 'e'\n/* f /* g */ h */ i('\\'', 'é', '\"') // \"j\n'k: loop {}");
        assert_eq!(source.code.split_whitespace().collect::<String>(), "a();i(,,)'k:loop{}");
        assert_eq!(source.comments.split_whitespace().collect::<String>(), "//d'e'/*f/*g*/h*///\"j");
    }

    #[test]
    fn raw_strings_end_at_their_own_mark() {
        let source = Source::new("x(r#\"a \" // b\"#, br\"c\\\", r\"d\") + r#type + \"\\\\\" + y");
        assert_eq!(source.code.split_whitespace().collect::<String>(), "x(,,)+r#type++y");
    }

    #[test]
    fn positions_agree_with_the_text() {
        let source = Source::new("one /* zwei – drei */\n\"vier\" five");
        assert_eq!(source.code.len(), source.text.len());
        assert_eq!(source.code.find("five"), source.text.find("five"));
        assert_eq!(line_of(&source.code, source.code.find("five").unwrap()), 2);
    }

    #[test]
    fn unfinished_pieces_end_with_the_text() {
        for text in ["\"a", "/* b", "r#\"c", "'", "'\\", "\"\\", "//", "r#"] {
            assert_eq!(Source::new(text).code.len(), text.len(), "{text}");
        }
    }

    #[test]
    fn words_stand_on_their_own() {
        assert_eq!(word_positions("dbg dbgs _dbg dbg!", "dbg").collect::<Vec<_>>(), [0, 14]);
    }
}
