//! Counts replies without looking into them: a state machine over bytes as they arrive, which keeps nothing but a line
//! that a read has cut in two.

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Value,
    /// Nothing there, where a string was asked for.
    Null,
    Error,
}

/// Where in the replies a connection is.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Elements that the reply still lacks; 0 between replies.
    open: u64,
    /// Bytes of a string, with its end, that are still to come.
    skip: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    outcome: Option<Outcome>,
    /// The text of the first error.
    pub(super) first_error: Option<String>,
}

impl Replies {
    /// Takes what has been read, and tells each reply that is complete. An error is text that is no reply.
    #[inline]
    pub(super) fn take(&mut self, mut bytes: &[u8], mut reply: impl FnMut(Outcome)) -> Result<(), String> {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let len = self.skip.min(bytes.len());
                self.skip -= len;
                bytes = &bytes[len..];
                if self.skip > 0 {
                    return Ok(());
                }
            } else {
                let Some(end) = memchr::memchr(b'\n', bytes) else {
                    self.line.extend_from_slice(bytes);
                    return Ok(());
                };
                let (head, rest) = bytes.split_at(end + 1);
                bytes = rest;
                if self.line.is_empty() {
                    self.header(head)?;
                } else {
                    let mut line = std::mem::take(&mut self.line);
                    line.extend_from_slice(head);
                    self.header(&line)?;
                    line.clear();
                    self.line = line;
                }
            }
            if self.open == 0 && self.skip == 0 {
                reply(self.outcome.take().unwrap_or(Outcome::Value));
            }
        }
        Ok(())
    }

    /// A line with its end: an element, or what opens one.
    fn header(&mut self, line: &[u8]) -> Result<(), String> {
        let odd = || Err(format!("this is no reply: {}", line[..line.len().min(60)].escape_ascii()));
        let Some((&kind, rest)) = line.split_first() else { return odd() };
        let Some(text) = rest.strip_suffix(b"\r\n") else { return odd() };
        let outermost = self.outcome.is_none();
        self.open = if outermost { 0 } else { self.open - 1 };
        let mut outcome = Outcome::Value;
        match kind {
            b'+' | b':' | b',' | b'#' | b'(' => {}
            b'-' => {
                outcome = Outcome::Error;
                self.first_error.get_or_insert_with(|| String::from_utf8_lossy(text).into_owned());
            }
            b'_' => outcome = Outcome::Null,
            b'$' | b'=' | b'*' | b'~' | b'>' | b'%' | b'!' if text == b"-1" => outcome = Outcome::Null,
            b'$' | b'=' | b'!' => {
                let Some(len) = number(text) else { return odd() };
                self.skip = len as usize + 2;
            }
            b'*' | b'~' | b'>' | b'%' => {
                let Some(len) = number(text) else { return odd() };
                self.open += if kind == b'%' { 2 * len } else { len };
            }
            _ => return odd(),
        }
        if outermost {
            self.outcome = Some(outcome);
        }
        Ok(())
    }
}

/// A length, of at most ten digits.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    text.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then_some(number * 10 + u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Replies};

    fn counted(pieces: &[&[u8]]) -> Result<Vec<Outcome>, String> {
        let (mut replies, mut outcomes) = (Replies::default(), Vec::new());
        for piece in pieces {
            replies.take(piece, |outcome| outcomes.push(outcome))?;
        }
        Ok(outcomes)
    }

    const MANY: &[u8] =
        b"+OK\r\n$3\r\na\r\n\r\n$-1\r\n$0\r\n\r\n*0\r\n*-1\r\n*2\r\n*2\r\n:1\r\n$-1\r\n*1\r\n-x\r\n\
                          -ERR no\r\n%1\r\n+a\r\n~1\r\n,1.5\r\n_\r\n#t\r\n:-5\r\n";

    #[test]
    fn replies_are_counted_wherever_reads_cut_them() {
        use Outcome::{Error, Null, Value};
        let expected = [Value, Value, Null, Value, Value, Null, Value, Error, Value, Null, Value, Value];
        assert_eq!(counted(&[MANY]).expect("replies"), expected);
        for cut in 0..MANY.len() {
            assert_eq!(counted(&[&MANY[..cut], &MANY[cut..]]).expect("replies"), expected, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = MANY.chunks(1).collect();
        assert_eq!(counted(&bytes).expect("replies"), expected);
    }

    #[test]
    fn the_first_error_is_kept() {
        let mut replies = Replies::default();
        replies.take(b"+OK\r\n-ERR first\r\n-ERR second\r\n", |_| {}).expect("replies");
        assert_eq!(replies.first_error.as_deref(), Some("ERR first"));
    }

    #[test]
    fn what_is_no_reply_is_said() {
        for bytes in
            [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"\n", b"$x\r\n", b"$99999999999\r\n", b"*\r\n", b"+OK\n"]
        {
            assert!(counted(&[bytes]).is_err(), "{}", bytes.escape_ascii());
        }
    }
}
