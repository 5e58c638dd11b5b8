//! A typed line into arguments: what a person sends by telnet, and what the prompt of the command line reads.
//!
//! Quotes make arguments that must be rewritten, so these are owned, unlike those of the binary form.

/// Splits `line` at white space, with Redis' quoting rules; `None` where quotes do not balance.
///
/// `"…"` understands `\n`, `\r`, `\t`, `\b`, `\a`, `\xHH` and `\` before any other byte; `'…'` only `\'`. A closing
/// quote must be followed by white space or the end. A NUL byte ends the line.
pub fn split_arguments(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
    let mut args = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(|&byte| is_blank(byte)) {
            at += 1;
        }
        if at == line.len() {
            return Some(args);
        }
        args.push(argument(line, &mut at)?);
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn argument(line: &[u8], at: &mut usize) -> Option<Vec<u8>> {
    let mut arg = Vec::new();
    while let Some(&byte) = line.get(*at) {
        match byte {
            // Not the vertical tab and the form feed: inside an argument, they are bytes like any other.
            b' ' | b'\t' | b'\n' | b'\r' => break,
            b'"' | b'\'' => {
                *at += 1;
                if byte == b'"' {
                    double_quoted(line, at, &mut arg)?;
                } else {
                    single_quoted(line, at, &mut arg)?;
                }
                if line.get(*at).is_some_and(|&next| !is_blank(next)) {
                    return None;
                }
                break;
            }
            _ => {
                arg.push(byte);
                *at += 1;
            }
        }
    }
    Some(arg)
}

fn double_quoted(line: &[u8], at: &mut usize, arg: &mut Vec<u8>) -> Option<()> {
    loop {
        let rest = line.get(*at..)?;
        match *rest {
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                arg.push(hex(high) << 4 | hex(low));
                *at += 4;
            }
            [b'\\', escaped, ..] => {
                arg.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => other,
                });
                *at += 2;
            }
            [b'"', ..] => {
                *at += 1;
                return Some(());
            }
            [byte, ..] => {
                arg.push(byte);
                *at += 1;
            }
            [] => return None,
        }
    }
}

fn single_quoted(line: &[u8], at: &mut usize, arg: &mut Vec<u8>) -> Option<()> {
    loop {
        match *line.get(*at..)? {
            [b'\\', b'\'', ..] => {
                arg.push(b'\'');
                *at += 2;
            }
            [b'\'', ..] => {
                *at += 1;
                return Some(());
            }
            [byte, ..] => {
                arg.push(byte);
                *at += 1;
            }
            [] => return None,
        }
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::split_arguments;

    #[test]
    fn lines_and_their_arguments() {
        type Row<'t> = (&'t [u8], Option<&'t [&'t [u8]]>);
        let table: &[Row<'_>] = &[
            (b"", Some(&[])),
            (b" \t\r ", Some(&[])),
            (b"SET k v", Some(&[b"SET", b"k", b"v"])),
            (b"  a\x0bb \x0c c ", Some(&[b"a\x0bb", b"c"])),
            (br#""a b" 'c d' """#, Some(&[b"a b", b"c d", b""])),
            (br#""\x41\xfF\n\r\t\b\a\q\"\\" '\n\''"#, Some(&[b"A\xff\n\r\t\x08\x07q\"\\", b"\\n'"])),
            (br#""\x4g""#, Some(&[b"x4g"])),
            (br#"pre"fix ed""#, Some(&[b"prefix ed"])),
            (br#""open"#, None),
            (br#""a\"#, None),
            (br"'open", None),
            (br#""a"b"#, None),
            (br"'a'b", None),
            (b"GET a\0b c", Some(&[b"GET", b"a"])),
            (b"GET \"a\0\"", None),
        ];
        for (line, expected) in table {
            let expected = expected.map(|args| args.iter().map(|arg| arg.to_vec()).collect::<Vec<_>>());
            assert_eq!(split_arguments(line), expected, "{}", line.escape_ascii());
        }
    }
}
