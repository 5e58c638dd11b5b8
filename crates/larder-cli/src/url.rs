//! `redis://` and `unix://` addresses, as they stand in configuration files of applications.

use crate::args::{Address, Proto};

/// What an address says; what it leaves out stays `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) address: Option<Address>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) db: Option<u32>,
    pub(crate) proto: Option<Proto>,
}

/// Reads `redis://[[user]:password@]host[:port][/db]` or `unix://[[user]:password@]/path[?db=n]`. Percent escapes are
/// resolved.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    let (scheme, rest) = text.split_once("://").ok_or("a URL starts with redis:// or unix://")?;
    let is_socket = match scheme.to_ascii_lowercase().as_str() {
        "redis" | "larder" => false,
        "unix" | "redis+unix" => true,
        "rediss" => return Err("rediss:// asks for TLS, which this client does not speak".to_owned()),
        other => return Err(format!("unknown scheme '{other}://'; use redis:// or unix://")),
    };
    let mut url = Url::default();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may hold an '@' that nobody escaped; a host cannot.
    let place = match rest.rsplit_once('@') {
        None => rest,
        Some((login, place)) => {
            // Without a colon it is the password alone.
            let (user, password) = login.split_once(':').unwrap_or(("", login));
            url.user = Some(unescape(user)?).filter(|user| !user.is_empty());
            url.password = Some(unescape(password)?).filter(|password| !password.is_empty());
            place
        }
    };
    if is_socket {
        if place.is_empty() {
            return Err("unix:// needs a path, as in unix:///run/larder.sock".to_owned());
        }
        url.address = Some(Address::Socket(unescape(place)?.into()));
    } else {
        let (host, db) = place.split_once('/').unwrap_or((place, ""));
        url.address = host_and_port(host)?;
        url.db = Some(db).filter(|db| !db.is_empty()).map(number).transpose()?;
    }
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match (name, value) {
            ("db", db) => url.db = Some(number(db)?),
            ("protocol", "2") => url.proto = Some(Proto::Resp2),
            ("protocol", "3") => url.proto = Some(Proto::Resp3),
            _ => return Err(format!("'{name}={value}' in a URL is not understood; db and protocol are")),
        }
    }
    Ok(url)
}

fn host_and_port(text: &str) -> Result<Option<Address>, String> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or("the address in [ ] does not end")?;
        (host, port.strip_prefix(':').unwrap_or(port))
    } else {
        text.split_once(':').unwrap_or((text, ""))
    };
    let port = match port {
        "" => None,
        port => Some(port.parse().map_err(|_| format!("'{port}' is not a port"))?),
    };
    if host.is_empty() && port.is_none() {
        return Ok(None);
    }
    let host = if host.is_empty() { Address::HOST.to_owned() } else { unescape(host)? };
    Ok(Some(Address::Tcp { host, port: port.unwrap_or(Address::PORT) }))
}

fn number(db: &str) -> Result<u32, String> {
    db.parse().map_err(|_| format!("'{db}' is not the number of a database"))
}

fn unescape(text: &str) -> Result<String, String> {
    let wrong = || format!("'{text}' has a % that two hexadecimal digits should follow");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let (byte, behind) = match (byte, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(wrong);
                ((digit(*high)? << 4 | digit(*low)?) as u8, tail)
            }
            (b'%', _) => return Err(wrong()),
            (byte, tail) => (*byte, tail),
        };
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8(bytes).map_err(|_| format!("'{text}' is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::{Url, parse};
    use crate::args::{Address, Proto};

    fn tcp(host: &str, port: u16) -> Option<Address> {
        Some(Address::Tcp { host: host.to_owned(), port })
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn addresses_and_what_they_say() {
        let none = Url::default;
        let table = [
            ("redis://", none()),
            ("redis://h", Url { address: tcp("h", 6379), ..none() }),
            ("REDIS://h:7/", Url { address: tcp("h", 7), ..none() }),
            ("redis://:7/2", Url { address: tcp("127.0.0.1", 7), db: Some(2), ..none() }),
            ("redis://[::1]:7", Url { address: tcp("::1", 7), ..none() }),
            ("redis://[::1]/1", Url { address: tcp("::1", 6379), db: Some(1), ..none() }),
            ("redis://pw@h", Url { address: tcp("h", 6379), password: some("pw"), ..none() }),
            ("redis://:p%40%3aw@h", Url { address: tcp("h", 6379), password: some("p@:w"), ..none() }),
            (
                "redis://joe:p@w@h:1/0?protocol=3",
                Url {
                    address: tcp("h", 1),
                    user: some("joe"),
                    password: some("p@w"),
                    db: Some(0),
                    proto: Some(Proto::Resp3),
                },
            ),
            (
                "unix://:pw@/run/s?db=4",
                Url {
                    address: Some(Address::Socket("/run/s".into())),
                    password: some("pw"),
                    db: Some(4),
                    ..none()
                },
            ),
        ];
        for (text, url) in table {
            assert_eq!(parse(text), Ok(url), "{text}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, word) in [
            ("localhost:6379", "starts with"),
            ("http://h", "unknown scheme 'http://'"),
            ("rediss://h", "TLS"),
            ("unix://", "path"),
            ("redis://h:x", "'x' is not a port"),
            ("redis://h:70000", "port"),
            ("redis://[::1", "does not end"),
            ("redis://h/abc", "'abc'"),
            ("redis://:p%4@h", "%"),
            ("redis://h?tls=yes", "tls=yes"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
