//! What is sent: a command with placeholders, taken apart once so that making a request is a few copies.
//!
//! Numbers are written with twelve digits whatever their size. So the length of a key is the same for all, which makes
//! loads comparable, and the headers of the protocol can stand in the template.

use larder_load::{Keys, Random, Sizes};

/// Operations that have a name. The lists, sets and so on live at one key each.
pub(super) const NAMED: &[(&str, &str, &str)] = &[
    ("ping", "PING", "no data at all"),
    ("get", "GET {key}", "read a string"),
    ("set", "SET {key} {value}", "write a string"),
    ("setex", "SET {key} {value} EX 3600", "write a string with a time to live"),
    ("fetch", "SET {key} {value} NX GET", "read a string, and write it where it is missing (Redis 7.0)"),
    ("del", "DEL {key}", "remove a key"),
    ("mget", "MGET {key} {key} {key} {key} {key} {key} {key} {key} {key} {key}", "read ten strings"),
    (
        "mset",
        "MSET {key} {value} {key} {value} {key} {value} {key} {value} {key} {value} {key} {value} {key} {value} \
         {key} {value} {key} {value} {key} {value}",
        "write ten strings",
    ),
    ("incr", "INCR counter:{key}", "count"),
    ("lpush", "LPUSH bench:list {value}", "push onto one list"),
    ("rpop", "RPOP bench:list", "pop from it"),
    ("lrange", "LRANGE bench:list 0 99", "read a hundred items of it"),
    ("sadd", "SADD bench:set member:{random}", "add to one set"),
    ("hset", "HSET bench:hash field:{random} {value}", "write a field of one hash"),
    ("hget", "HGET bench:hash field:{random}", "read it"),
    ("zadd", "ZADD bench:zset {random} member:{count}", "add to one sorted set, which grows"),
    ("zpopmin", "ZPOPMIN bench:zset", "take its least member"),
    ("publish", "PUBLISH bench {value}", "publish; --subscribers listen"),
];

/// Commands after which the replies do not answer the requests one by one.
const STREAMS: &[&str] =
    &["subscribe", "psubscribe", "ssubscribe", "monitor", "sync", "psync", "hello", "multi"];

/// A part of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Key,
    /// A number below the number of keys, each as likely.
    Random,
    /// How many requests have been made before.
    Count,
    Value,
}

/// A part of a request on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wire {
    Text(Vec<u8>),
    Key,
    Random,
    Count,
    /// The header of an argument that has a value besides so many bytes; what follows it writes the value.
    Header(usize),
    Value,
}

/// Where the variable parts come from; one for each thread.
#[derive(Debug)]
pub(super) struct Source {
    keys: Keys,
    random: Random,
    sizes: Sizes,
    /// Text from which values are cut.
    pool: Vec<u8>,
    count: u64,
    step: u64,
    size: usize,
}

impl Source {
    /// What is cut from is longer than the largest value by so much.
    const POOL: usize = 1 << 16;
    /// Digits of a number.
    pub(super) const DIGITS: usize = 12;

    pub(super) fn new(keys: Keys, sizes: Sizes, seed: u64, (part, parts): (u64, u64)) -> Source {
        let mut random = Random::new(seed ^ part.wrapping_mul(0x9fb2_1c65_1e98_df25));
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        let pool = (0..Source::POOL + sizes.max).map(|_| letters[random.below(64) as usize]).collect();
        Source { keys, random, sizes, pool, count: part, step: parts, size: 0 }
    }

    #[inline]
    fn next_count(&mut self) -> u64 {
        let count = self.count;
        self.count += self.step;
        count
    }

    #[inline]
    fn value(&mut self) -> &[u8] {
        let at = self.random.below(Source::POOL as u64) as usize;
        &self.pool[at..at + self.size]
    }

    #[inline]
    fn next_size(&mut self) -> usize {
        self.size = self.sizes.next(&mut self.random);
        self.size
    }
}

/// A command with placeholders.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) name: String,
    args: Vec<Vec<Piece>>,
    wire: Vec<Wire>,
}

impl Operation {
    pub(super) fn named(name: &str, prefix: &[u8]) -> Result<Operation, String> {
        let found = NAMED.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let Some((name, line, _)) = found else {
            let names: Vec<&str> = NAMED.iter().map(|(name, ..)| *name).collect();
            return Err(format!(
                "'{name}' is no operation; there are {}, and any command with its arguments",
                names.join(", ")
            ));
        };
        let words: Vec<Vec<u8>> = line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
        let mut operation = Operation::of(&words, prefix)?;
        (*name).clone_into(&mut operation.name);
        Ok(operation)
    }

    /// A command of these words; keys begin with `prefix`.
    pub(super) fn of(words: &[Vec<u8>], prefix: &[u8]) -> Result<Operation, String> {
        let name = words.first().map(|word| String::from_utf8_lossy(word).to_lowercase()).unwrap_or_default();
        if STREAMS.contains(&name.as_str()) {
            return Err(format!("{name} cannot be measured: its replies do not answer requests one by one"));
        }
        let args = words.iter().map(|word| pieces(word)).collect::<Result<Vec<_>, _>>()?;
        let wire = wire(&args, prefix);
        // In process, the prefix is text like any other.
        let args = args.into_iter().map(|arg| with_prefix(arg, prefix)).collect();
        Ok(Operation { name, args, wire })
    }

    /// Appends the next request in the protocol of the wire.
    #[inline]
    pub(super) fn write(&self, source: &mut Source, out: &mut Vec<u8>) {
        for piece in &self.wire {
            match piece {
                Wire::Text(text) => out.extend_from_slice(text),
                Wire::Key => digits(source.keys.draw(), out),
                Wire::Random => digits(source.random.below(source.keys.count()), out),
                Wire::Count => digits(source.next_count(), out),
                Wire::Header(fixed) => {
                    let len = fixed + source.next_size();
                    out.push(b'$');
                    decimal(len, out);
                    out.extend_from_slice(b"\r\n");
                }
                Wire::Value => out.extend_from_slice(source.value()),
            }
        }
    }

    /// Writes the next request's arguments; `words` keeps its room from one to the next.
    #[inline]
    pub(super) fn write_words(&self, source: &mut Source, words: &mut Vec<Vec<u8>>) {
        words.resize_with(self.args.len(), Vec::new);
        for (word, arg) in words.iter_mut().zip(&self.args) {
            word.clear();
            for piece in arg {
                match piece {
                    Piece::Text(text) => word.extend_from_slice(text),
                    Piece::Key => digits(source.keys.draw(), word),
                    Piece::Random => digits(source.random.below(source.keys.count()), word),
                    Piece::Count => digits(source.next_count(), word),
                    Piece::Value => {
                        source.next_size();
                        word.extend_from_slice(source.value());
                    }
                }
            }
        }
    }
}

/// Splits `counter:{key}` into its pieces. A brace that opens no lower-case word is text.
fn pieces(word: &[u8]) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut text, mut rest) = (Vec::new(), Vec::new(), word);
    while let Some((&byte, behind)) = rest.split_first() {
        let len = behind.iter().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(behind.len());
        if byte != b'{' || len == 0 || behind.get(len) != Some(&b'}') {
            text.push(byte);
            rest = behind;
            continue;
        }
        let piece = match &behind[..len] {
            b"key" => Piece::Key,
            b"random" => Piece::Random,
            b"count" => Piece::Count,
            b"value" => Piece::Value,
            other => {
                return Err(format!(
                    "'{{{}}}' is no placeholder; there are {{key}}, {{value}}, {{random}} and {{count}}",
                    String::from_utf8_lossy(other)
                ));
            }
        };
        if piece == Piece::Value && pieces.contains(&Piece::Value) {
            return Err("an argument has room for one {value}".to_owned());
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(piece);
        rest = &behind[len + 1..];
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

fn with_prefix(arg: Vec<Piece>, prefix: &[u8]) -> Vec<Piece> {
    let spell = |piece| match piece {
        Piece::Key => vec![Piece::Text(prefix.to_vec()), Piece::Key],
        other => vec![other],
    };
    arg.into_iter().flat_map(spell).collect()
}

/// The request as it stands on the wire, texts that touch joined.
fn wire(args: &[Vec<Piece>], prefix: &[u8]) -> Vec<Wire> {
    let mut wire = vec![Wire::Text(format!("*{}\r\n", args.len()).into_bytes())];
    let text = |wire: &mut Vec<Wire>, more: &[u8]| match wire.last_mut() {
        Some(Wire::Text(text)) => text.extend_from_slice(more),
        _ => wire.push(Wire::Text(more.to_vec())),
    };
    for arg in args {
        let lens = arg.iter().map(|piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Key => prefix.len() + Source::DIGITS,
            Piece::Random | Piece::Count => Source::DIGITS,
            Piece::Value => 0,
        });
        let fixed: usize = lens.sum();
        if arg.contains(&Piece::Value) {
            wire.push(Wire::Header(fixed));
        } else {
            text(&mut wire, format!("${fixed}\r\n").as_bytes());
        }
        for piece in arg {
            match piece {
                Piece::Text(more) => text(&mut wire, more),
                Piece::Key => {
                    text(&mut wire, prefix);
                    wire.push(Wire::Key);
                }
                Piece::Random => wire.push(Wire::Random),
                Piece::Count => wire.push(Wire::Count),
                Piece::Value => wire.push(Wire::Value),
            }
        }
        text(&mut wire, b"\r\n");
    }
    wire
}

/// Twelve digits, the last ones of the number.
#[inline]
fn digits(number: u64, out: &mut Vec<u8>) {
    let mut text = [b'0'; Source::DIGITS];
    // Halves that fit 32 bits divide faster.
    let (mut high, mut low) = ((number / 1_000_000) as u32, (number % 1_000_000) as u32);
    for at in (0..Source::DIGITS / 2).rev() {
        text[at] += (high % 10) as u8;
        text[at + Source::DIGITS / 2] += (low % 10) as u8;
        (high, low) = (high / 10, low / 10);
    }
    out.extend_from_slice(&text);
}

fn decimal(mut number: usize, out: &mut Vec<u8>) {
    let start = out.len();
    loop {
        out.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out[start..].reverse();
}

/// Operations with their weights.
#[derive(Clone, Debug)]
pub(super) struct Mix {
    pub(super) operations: Vec<Operation>,
    /// Up to which number, exclusive, each operation is chosen.
    ends: Vec<u64>,
}

impl Mix {
    /// One operation, always.
    pub(super) fn only(operation: Operation) -> Mix {
        Mix { operations: vec![operation], ends: vec![1] }
    }

    /// `get:80,set:20`; an item may be a command line, its weight behind its last colon.
    pub(super) fn parse(text: &str, prefix: &[u8]) -> Result<Mix, String> {
        let mut mix = Mix { operations: Vec::new(), ends: Vec::new() };
        let mut end = 0_u64;
        for item in text.split(',') {
            let split =
                item.rsplit_once(':').and_then(|(line, weight)| Some((line, weight.parse::<u32>().ok()?)));
            let (line, weight) = split.unwrap_or((item, 1));
            let operation = if line.trim().contains(char::is_whitespace) {
                let words = larder_resp::split_arguments(line.as_bytes())
                    .ok_or_else(|| format!("'{line}': quotes do not balance"))?;
                Operation::of(&words, prefix)?
            } else {
                Operation::named(line.trim(), prefix)?
            };
            end += u64::from(weight);
            if weight > 0 {
                mix.operations.push(operation);
                mix.ends.push(end);
            }
        }
        if end == 0 {
            return Err(format!("'{text}': some operation needs a weight above 0"));
        }
        Ok(mix)
    }

    /// Which operation comes next.
    #[inline]
    pub(super) fn pick(&self, source: &mut Source) -> usize {
        let [.., end] = self.ends[..] else { return 0 };
        if self.ends.len() == 1 {
            return 0;
        }
        let drawn = source.random.below(end);
        self.ends.iter().position(|end| drawn < *end).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Mix, Operation, Source, digits};
    use larder_load::{Distribution, Keys, Sizes};

    fn source(count: u64, sizes: &str) -> Source {
        let keys = Keys::new(Distribution::Sequential, count, 1, (0, 1));
        Source::new(keys, sizes.parse::<Sizes>().expect("sizes"), 1, (0, 1))
    }

    fn words(line: &str) -> Vec<Vec<u8>> {
        line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn a_request_is_the_command_with_its_placeholders_filled() {
        let operation =
            Operation::of(&words("ZADD a{key}b{count} {random} {x {}"), b"k:").expect("a command");
        let mut out = Vec::new();
        let mut source = source(1, "3");
        operation.write(&mut source, &mut out);
        let one = "*5\r\n$4\r\nZADD\r\n$28\r\nak:000000000000b000000000000\r\n$12\r\n000000000000\r\n\
                   $2\r\n{x\r\n$2\r\n{}\r\n";
        assert_eq!(String::from_utf8_lossy(&out), one);
        out.clear();
        operation.write(&mut source, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), one.replace("b000000000000", "b000000000001"));
    }

    #[test]
    fn both_forms_of_a_request_are_the_same_and_well_formed() {
        for (name, ..) in super::NAMED {
            let operation = Operation::named(name, b"key:").expect(name);
            let (mut wire, mut line) = (source(1_000, "0-40"), source(1_000, "0-40"));
            let (mut out, mut words, mut again) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..50 {
                out.clear();
                operation.write(&mut wire, &mut out);
                operation.write_words(&mut line, &mut words);
                again.clear();
                larder_resp::encode::command(&words, &mut again);
                assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&again));
            }
        }
    }

    #[test]
    fn numbers_have_twelve_digits() {
        for (number, text) in
            [(0, "000000000000"), (1_234_567, "000001234567"), (999_999_999_999, "999999999999")]
        {
            let mut out = Vec::new();
            digits(number, &mut out);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn a_mix_keeps_its_weights() {
        let mix = Mix::parse("get:80,HSET h:{key} f {value}:15,set:5,ping:0", b"").expect("a mix");
        let names: Vec<&str> = mix.operations.iter().map(|operation| operation.name.as_str()).collect();
        assert_eq!(names, ["get", "hset", "set"]);
        let mut source = source(10, "1");
        let mut counts = [0; 3];
        (0..10_000).for_each(|_| counts[mix.pick(&mut source)] += 1);
        assert!((7_800..8_200).contains(&counts[0]) && (400..600).contains(&counts[2]), "{counts:?}");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_by_name() {
        let wrong = |text: &str| Mix::parse(text, b"").expect_err(text);
        assert!(
            wrong("gte:80").contains("'gte' is no operation; there are ping, get"),
            "{}",
            wrong("gte:80")
        );
        assert!(wrong("GET {kee}").contains("'{kee}' is no placeholder; there are {key}"));
        assert!(wrong("get:0").contains("weight"));
        assert!(wrong("SUBSCRIBE a").contains("subscribe cannot be measured"));
        assert!(wrong("SET a {value}{value}").contains("one {value}"));
        assert!(wrong("SET a \"b").contains("quotes"));
    }
}
