//! Random scripts, answered by Larder and by a real server: values, conversions, and the libraries that scripts have.

use crate::harness::{Client, Larder, Redis, shown};
use larder_core::Rng;

/// How many scripts; each of them makes one call of some function with arguments of all kinds.
const SCRIPTS: usize = 3_000;
/// So many are sent at a time.
const BATCH: usize = 50;

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "-7",
    "10",
    "31",
    "32",
    "64",
    "100",
    "255",
    "256",
    "0.5",
    "-0.5",
    "1.5",
    "2.999",
    "-128",
    "-129",
    "32767",
    "65535",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967295",
    "4294967296",
    "2^40",
    "2^52",
    "2^53",
    "-2^53",
    "1e10",
    "1e14",
    "1e15",
    "123456789.125",
    "1/3",
    "0.1",
    "1e-5",
    "1e300",
    "1/0",
    "-1/0",
];
const SMALL: &[&str] = &["0", "1", "2", "3", "5", "-1", "-2", "-5", "1.5", "'2'", "nil"];
const TEXTS: &[&str] = &[
    "''",
    "'a'",
    "'abc'",
    "'hello world'",
    "'10'",
    "' 10 '",
    "'0x1F'",
    "'1e3'",
    "'1.5'",
    "'-'",
    "'a\\0b'",
    "'\\255\\1'",
    "'%d'",
    "'a,b,,c'",
    "'key=value, k2=v2'",
    "'(a(b)c)d'",
    "'  trim  '",
    "'\\n\\t'",
    "'[1,2]'",
    "('xy'):rep(20)",
];
const PIECES: &[&str] = &[
    "a", "b", "l", ".", "%a", "%d", "%s", "%w", "%p", "%S", "[abc]", "[^a]", "[a-z]", "[%w_]", "(", ")",
    "()", "*", "+", "-", "?", "^", "$", "%1", "%b()", "%f[%w]", "%%", "[", "]", "%", " ", ",", "=",
];
const FORMATS: &[&str] = &[
    "b", "B", "h", "H", "i", "I", "l", "L", "T", "f", "d", "s", "x", "<", ">", "!", "!4", "!3", "i2", "I3",
    "i8", "i16", "i33", "c", "c0", "c1", "c3", " ", "z",
];
const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "1",
    "-1.5e3",
    "0x10",
    "01",
    "true",
    "false",
    "null",
    "nul",
    "\"a\"",
    "\"\\\\n\"",
    "\"\\\\u00e9\"",
    "\"\\\\ud83d\\\\ude00\"",
    "\"\\\\x\"",
    "\"",
    " ",
    "-",
    "inf",
    "nan",
    "1e400",
    "[]",
    "{}",
    "\"k\":1",
];
const PRINTF: &[&str] = &[
    "%d", "%5.2f", "%s", "%q", "%x", "%c", "%g", "%e", "%-5d", "%05d", "%+d", "%.3s", "%10s", "%i", "%u",
    "%%", "%y", "%",
];

struct Random(Rng);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0.below(most)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn joined(&mut self, of: &[&str], most: usize) -> String {
        (0..=self.below(most)).map(|_| self.one(of)).collect()
    }

    /// Any value.
    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 10 } else { 13 }) {
            0..=3 => format!("({})", self.one(NUMBERS)),
            4..=7 => self.one(TEXTS).into(),
            8 => self.one(&["true", "false"]).into(),
            9 => self.one(&["nil", "cjson.null", "'x'"]).into(),
            10 | 11 => {
                let items: Vec<String> = (0..self.below(4)).map(|_| self.value(depth - 1)).collect();
                format!("{{{}}}", items.join(", "))
            }
            _ => {
                let key = self.one(&["a", "b", "[3]", "[1]", "[2.5]", "['x y']"]);
                format!("{{{key} = {}}}", self.value(depth - 1))
            }
        }
    }

    fn values(&mut self, most: usize) -> String {
        let values: Vec<String> = (0..self.below(most + 1)).map(|_| self.value(2)).collect();
        values.join(", ")
    }

    fn text(&mut self) -> String {
        if self.below(10) == 0 { self.value(1) } else { self.one(TEXTS).into() }
    }

    fn pattern(&mut self) -> String {
        format!("'{}'", self.joined(PIECES, 5))
    }

    fn small(&mut self) -> &'static str {
        self.one(SMALL)
    }

    /// A call of one of the functions.
    fn call(&mut self) -> String {
        match self.below(34) {
            0 => format!("string.find({}, {}, {})", self.text(), self.pattern(), self.small()),
            1 => format!("string.match({}, {}, {})", self.text(), self.pattern(), self.small()),
            2 => format!("string.gsub({}, {}, {})", self.text(), self.pattern(), self.text()),
            3 => format!("({}):gsub({}, '<%1>')", self.one(TEXTS), self.pattern()),
            4 => format!(
                "string.gsub({}, {}, function(...) n = select('#', ...) return n == 1 and '<' .. ... .. '>' end)",
                self.text(),
                self.pattern()
            )
            .replace("n = ", "local n = "),
            5 => format!("string.gsub({}, {}, {{a = 'A', b = false, l = 5}})", self.text(), self.pattern()),
            6 => {
                let (text, pattern) = (self.text(), self.pattern());
                format!("(function() local t = {{}} for a, b in string.gmatch({text}, {pattern}) do \
                    t[#t + 1] = tostring(a) .. '/' .. tostring(b) end return t end)()")
            }
            7 => format!("string.format('{}', {})", self.joined(PRINTF, 2), self.values(3)).replace(", )", ")"),
            8 => format!("string.sub({}, {}, {})", self.text(), self.small(), self.small()),
            9 => format!("string.byte({}, {}, {})", self.text(), self.small(), self.small()),
            10 => format!("string.rep({}, {})", self.text(), self.small()),
            11 => format!("string.{}({})", self.one(&["len", "lower", "upper", "reverse"]), self.text()),
            12 => format!("tonumber({})", self.value(1)),
            13 => format!("tostring(tonumber({}, {}))", self.text(), self.one(&["2", "10", "16", "36"])),
            14 => format!("unpack({}, {}, {})", self.value(2), self.small(), self.small()),
            15 => format!("table.concat({}, {})", self.value(2), self.text()),
            16 => {
                let name = self.one(&["floor", "ceil", "abs", "max", "min", "modf", "fmod"]);
                format!("math.{name}({})", self.values(3))
            }
            17 => {
                let operator = self.one(&["+", "-", "*", "/", "%", "..", "==", "<"]);
                format!("{} {operator} {}", self.value(1), self.value(1))
            }
            18..=20 => format!("cjson.encode({})", self.value(3)),
            21 | 22 => format!("cjson.decode('{}')", self.joined(JSON, 6)),
            23 => format!("cjson.encode(cjson.decode('[{}]'))", self.joined(JSON, 3)),
            24 | 25 => format!("cmsgpack.pack({})", self.values(4)),
            26 => format!("cmsgpack.unpack(cmsgpack.pack({}))", self.values(4)),
            27 => {
                let bytes: Vec<String> = (0..=self.below(6)).map(|_| format!("\\{}", self.below(256))).collect();
                let bytes = bytes.concat();
                let call = self.one(&["unpack(", "unpack_one(", "unpack_limit("]);
                let rest = if call == "unpack(" { "" } else { self.one(&["", ", 1", ", 2", ", 1, 1"]) };
                // What is nil as a key is another server's to answer for.
                format!("cmsgpack.{call}'{bytes}'{rest})")
            }
            28 | 29 => format!("struct.pack('{}', {})", self.joined(FORMATS, 4), self.values(4)).replace(", )", ")"),
            30 => format!("struct.unpack('{}', {}, {})", self.joined(FORMATS, 4), self.text(), self.small()),
            31 => format!("struct.size('{}')", self.joined(FORMATS, 4)),
            32 => {
                let name = self.one(&["tobit", "tohex", "bnot", "band", "bor", "bxor", "lshift", "rshift", "arshift",
                    "rol", "ror", "bswap"]);
                format!("bit.{name}({})", self.values(3))
            }
            _ => {
                let name = self.one(&["error_reply", "status_reply", "sha1hex"]);
                format!("redis.{name}({})", self.text())
            }
        }
    }
}

/// Writes out whatever a call gives, with fractions and types. The call is none that replaces its caller, since what an
/// error then says of its place is not the same here.
const SHOW: &str = "local function show(v, depth)
    if type(v) == 'number' then return string.format('%.17g', v) end
    if type(v) == 'string' then return '\"' .. v .. '\"' end
    if type(v) ~= 'table' then return type(v) == 'userdata' and 'null' or tostring(v) end
    if depth > 8 then return '...' end
    local parts = {}
    for k, w in pairs(v) do parts[#parts + 1] = show(k, depth + 1) .. '=' .. show(w, depth + 1) end
    return '{' .. table.concat(parts, ', ') .. '}'
end
local function all(...)
    local parts = {}
    for n = 1, select('#', ...) do parts[n] = show((select(n, ...)), 0) end
    return table.concat(parts, ' ')
end
local function given(...) return ... end
return all(pcall(function() return given(";

/// Addresses differ from run to run.
fn without_addresses(answer: &str) -> String {
    let mut parts = answer.split(": 0x");
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |all, part| {
        all + ": ?" + part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit())
    })
}

fn answers(client: &mut Client, scripts: &[String]) -> Vec<String> {
    for script in scripts {
        client.send_words(&["EVAL", script, "0"]);
    }
    scripts.iter().map(|_| without_addresses(&shown(&client.receive()))).collect()
}

#[test]
fn random_scripts_are_answered_as_redis_answers_them() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    let given = std::env::var("LARDER_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(Rng::entropy);
    let mut random = Random(Rng::seeded(seed));
    let (mut ours, mut theirs) = (larder.client(), redis.client());
    for _ in 0..SCRIPTS / BATCH {
        let scripts: Vec<String> = (0..BATCH).map(|_| format!("{SHOW}{}) end))", random.call())).collect();
        let both = [answers(&mut ours, &scripts), answers(&mut theirs, &scripts)];
        for ((script, our), their) in scripts.iter().zip(&both[0]).zip(&both[1]) {
            let call = script.strip_prefix(SHOW).unwrap_or(script);
            assert_eq!(our, their, "LARDER_SEED={seed}: {call}");
        }
    }
}
