//! Tools that are more than one command.

pub(crate) mod bigkeys;
pub(crate) mod latency;
pub(crate) mod pipe;
pub(crate) mod scan;
pub(crate) mod stat;

use larder_resp::Value;

use crate::failure::Failure;
use crate::session::Session;

/// Keys to a page, about. Each page is a round trip, which takes longer than the server needs for so many keys.
const PAGE: &[u8] = b"1000";

/// Goes over the keyspace page by page.
struct Walk<'p> {
    pattern: Option<&'p [u8]>,
    /// `None` behind the last page.
    cursor: Option<Vec<u8>>,
}

impl<'p> Walk<'p> {
    fn new(pattern: Option<&'p [u8]>) -> Self {
        Self { pattern, cursor: Some(b"0".to_vec()) }
    }

    /// The next page of keys, which may be empty; `None` behind the last. A key may come twice.
    fn next(&mut self, session: &mut Session) -> Result<Option<Vec<Vec<u8>>>, Failure> {
        let Some(cursor) = self.cursor.take() else { return Ok(None) };
        let mut args = vec![b"SCAN".to_vec(), cursor, b"COUNT".to_vec(), PAGE.to_vec()];
        if let Some(pattern) = self.pattern {
            args.extend([b"MATCH".to_vec(), pattern.to_vec()]);
        }
        let reply = session.call(&args)?;
        let Value::Array(parts) = accepted(reply)? else { return Err(odd("SCAN")) };
        let Ok([cursor, Value::Array(keys)]) = <[Value; 2]>::try_from(parts) else { return Err(odd("SCAN")) };
        let cursor = cursor.bytes().ok_or_else(|| odd("SCAN"))?;
        self.cursor = (cursor != b"0").then(|| cursor.to_vec());
        Ok(Some(keys.iter().filter_map(|key| Some(key.bytes()?.to_vec())).collect()))
    }
}

/// The reply, unless it is an error.
fn accepted(reply: Value) -> Result<Value, Failure> {
    match reply.error() {
        Some(error) => Err(Failure::Refused(error.to_vec())),
        None => Ok(reply),
    }
}

/// For replies that have another form than the command promises.
fn odd(command: &str) -> Failure {
    Failure::Refused(format!("the server answers {command} in an unknown form").into_bytes())
}
