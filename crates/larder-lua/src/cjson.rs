//! `cjson`: Lua values as JSON, and back.

use crate::arguments::{bad_argument, check_output, fail, relaxed, string, type_name};
use crate::decimal::{read_prefix, write_g};
use mlua::{Function, Lua, MultiValue, Result, Table, Value};
use std::cell::Cell;
use std::rc::Rc;

/// What is done about numbers that JSON does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    Refuse,
    Allow,
    Null,
}

/// What scripts may change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    sparse_convert: bool,
    sparse_ratio: i64,
    sparse_safe: i64,
    encode_depth_max: i64,
    decode_depth_max: i64,
    precision: i64,
    keep_buffer: bool,
    encode_invalid: Invalid,
    decode_invalid: Invalid,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth_max: 1_000,
            decode_depth_max: 1_000,
            precision: 14,
            keep_buffer: true,
            encode_invalid: Invalid::Refuse,
            decode_invalid: Invalid::Allow,
        }
    }
}

/// No setting allows deeper tables: the machine's stack is bounded.
const DEPTH_MAX: i64 = 1_000;

type Shared = Rc<Cell<Settings>>;

/// Where one of the settings is.
type Field<T> = fn(&mut Settings) -> &mut T;

pub(crate) fn library(lua: &Lua, settings: &Shared) -> Result<Table> {
    let library = lua.create_table()?;
    let shared = settings.clone();
    let next: Function = lua.globals().raw_get("next")?;
    let encode = move |lua: &Lua, args: MultiValue| {
        let [value] = args.as_slices().0 else {
            return Err(bad_argument(lua, 1, "encode", "expected 1 argument"));
        };
        // Reading a table allocates nothing, so that only the text counts, and only in the end.
        let mut encoder = Encoder { lua, next: &next, settings: shared.get(), out: Vec::new(), values: 0 };
        relaxed(lua, 0, || encoder.encode(value))?;
        lua.create_string(encoder.out)
    };
    library.raw_set("encode", lua.create_function(encode)?)?;
    let shared = settings.clone();
    let decode = move |lua: &Lua, args: MultiValue| {
        if args.len() != 1 {
            return Err(bad_argument(lua, 1, "decode", "expected 1 argument"));
        }
        let text = string(lua, &args, 0, "decode")?;
        let text = text.as_bytes();
        let decoder = Decoder { lua, settings: shared.get(), text: &text, at: 0, scratch: Vec::new() };
        relaxed(lua, text.len(), || decoder.document())
    };
    library.raw_set("decode", lua.create_function(decode)?)?;
    // A library of its own, with settings of its own.
    let new = |lua: &Lua, ()| library_of_its_own(lua);
    library.raw_set("new", lua.create_function(new)?)?;
    library.raw_set("null", Value::NULL)?;
    library.raw_set("_NAME", "cjson")?;
    library.raw_set("_VERSION", "2.1.0")?;
    add_settings(lua, &library, settings)?;
    Ok(library)
}

fn library_of_its_own(lua: &Lua) -> Result<Table> {
    library(lua, &Rc::new(Cell::new(Settings::default())))
}

fn add_settings(lua: &Lua, library: &Table, settings: &Shared) -> Result<()> {
    let depths: [(&'static str, i64, Field<i64>); 3] = [
        ("encode_max_depth", i64::from(i32::MAX), |settings| &mut settings.encode_depth_max),
        ("decode_max_depth", i64::from(i32::MAX), |settings| &mut settings.decode_depth_max),
        ("encode_number_precision", 14, |settings| &mut settings.precision),
    ];
    for (name, most, field) in depths {
        let shared = settings.clone();
        let function = move |lua: &Lua, args: MultiValue| {
            few_arguments(lua, &args, 1, name)?;
            let mut settings = shared.get();
            if let Some(n) = whole(lua, &args, 0, name, 1, most)? {
                *field(&mut settings) = n;
                shared.set(settings);
            }
            Ok(*field(&mut settings))
        };
        library.raw_set(name, lua.create_function(function)?)?;
    }
    let shared = settings.clone();
    let sparse = move |lua: &Lua, args: MultiValue| {
        let name = "encode_sparse_array";
        few_arguments(lua, &args, 3, name)?;
        let mut settings = shared.get();
        if let Some(word) = choice(lua, &args, 0, name, false)? {
            settings.sparse_convert = word != Invalid::Refuse;
        }
        if let Some(n) = whole(lua, &args, 1, name, 0, i64::from(i32::MAX))? {
            settings.sparse_ratio = n;
        }
        if let Some(n) = whole(lua, &args, 2, name, 0, i64::from(i32::MAX))? {
            settings.sparse_safe = n;
        }
        shared.set(settings);
        Ok((settings.sparse_convert, settings.sparse_ratio, settings.sparse_safe))
    };
    library.raw_set("encode_sparse_array", lua.create_function(sparse)?)?;
    let shared = settings.clone();
    let keep = move |lua: &Lua, args: MultiValue| {
        few_arguments(lua, &args, 1, "encode_keep_buffer")?;
        let mut settings = shared.get();
        if let Some(word) = choice(lua, &args, 0, "encode_keep_buffer", false)? {
            settings.keep_buffer = word != Invalid::Refuse;
            shared.set(settings);
        }
        Ok(settings.keep_buffer)
    };
    library.raw_set("encode_keep_buffer", lua.create_function(keep)?)?;
    let invalid: [(&'static str, bool, Field<Invalid>); 2] = [
        ("encode_invalid_numbers", true, |settings| &mut settings.encode_invalid),
        ("decode_invalid_numbers", false, |settings| &mut settings.decode_invalid),
    ];
    for (name, with_null, field) in invalid {
        let shared = settings.clone();
        let function = move |lua: &Lua, args: MultiValue| {
            few_arguments(lua, &args, 1, name)?;
            let mut settings = shared.get();
            if let Some(word) = choice(lua, &args, 0, name, with_null)? {
                *field(&mut settings) = word;
                shared.set(settings);
            }
            Ok(match *field(&mut settings) {
                Invalid::Null => Value::String(lua.create_string("null")?),
                word => Value::Boolean(word == Invalid::Allow),
            })
        };
        library.raw_set(name, lua.create_function(function)?)?;
    }
    Ok(())
}

fn few_arguments(lua: &Lua, args: &MultiValue, most: usize, function: &str) -> Result<()> {
    if args.len() > most {
        return Err(bad_argument(lua, most + 1, function, "found too many arguments"));
    }
    Ok(())
}

fn whole(
    lua: &Lua,
    args: &MultiValue,
    at: usize,
    function: &str,
    least: i64,
    most: i64,
) -> Result<Option<i64>> {
    let Some(given) = args.get(at).filter(|value| !value.is_nil()) else { return Ok(None) };
    let n = lua.coerce_number(given.clone())?.map(|n| n as i64).filter(|n| (least..=most).contains(n));
    let problem = || format!("expected integer between {least} and {most}");
    n.ok_or_else(|| bad_argument(lua, at + 1, function, &problem())).map(Some)
}

fn choice(
    lua: &Lua,
    args: &MultiValue,
    at: usize,
    function: &str,
    with_null: bool,
) -> Result<Option<Invalid>> {
    let Some(given) = args.get(at).filter(|value| !value.is_nil()) else { return Ok(None) };
    if let Value::Boolean(yes) = given {
        return Ok(Some(if *yes { Invalid::Allow } else { Invalid::Refuse }));
    }
    let word = string(lua, args, at, function)?;
    match &*word.as_bytes() {
        b"off" => Ok(Some(Invalid::Refuse)),
        b"on" => Ok(Some(Invalid::Allow)),
        b"null" if with_null => Ok(Some(Invalid::Null)),
        word => {
            let problem = format!("invalid option '{}'", String::from_utf8_lossy(word));
            Err(bad_argument(lua, at + 1, function, &problem))
        }
    }
}

/// A table that is being written.
enum Open {
    List {
        table: Table,
        at: i64,
        len: i64,
    },
    /// With the key that was written last.
    Object {
        table: Table,
        key: Value,
    },
}

/// What a look over a table finds.
struct Kind {
    /// How long it is as a list.
    list_len: Option<i64>,
    /// There are tables in it.
    is_nested: bool,
}

struct Encoder<'a> {
    lua: &'a Lua,
    /// Lua's function of this name. The machine has room for some thousand values that Rust holds at a time, so tables
    /// are gone through one pair after the other.
    next: &'a Function,
    settings: Settings,
    out: Vec<u8>,
    values: usize,
}

impl Encoder<'_> {
    fn cannot(&self, value: &Value, problem: &str) -> mlua::Error {
        fail(self.lua, format_args!("Cannot serialise {}: {problem}", type_name(value)))
    }

    /// Writes a value with all that is in it. Tables within tables are kept on a stack of our own.
    fn encode(&mut self, value: &Value) -> Result<()> {
        let mut open: Vec<Open> = Vec::new();
        let mut value = value.clone();
        loop {
            match &value {
                Value::Table(table) => open.extend(self.begin(table, open.len() as i64 + 1)?),
                plain => self.plain(plain)?,
            }
            value = loop {
                let Some(last) = open.last_mut() else { return Ok(()) };
                if let Some(next) = self.advance(last)? {
                    break next;
                }
                open.pop();
            };
        }
    }

    /// Begins a table. One that has no tables in it is written as a whole.
    fn begin(&mut self, table: &Table, depth: i64) -> Result<Option<Open>> {
        if depth > self.settings.encode_depth_max.min(DEPTH_MAX) {
            return Err(fail(self.lua, format_args!("Cannot serialise, excessive nesting ({depth})")));
        }
        let kind = self.look_over(table)?;
        if let Some(len) = kind.list_len {
            self.out.push(b'[');
            return Ok(Some(Open::List { table: table.clone(), at: 0, len }));
        }
        self.out.push(b'{');
        if kind.is_nested {
            return Ok(Some(Open::Object { table: table.clone(), key: Value::Nil }));
        }
        let mut first = true;
        table.for_each::<Value, Value>(|key, value| {
            self.key(&key, std::mem::take(&mut first))?;
            self.plain(&value)
        })?;
        self.out.push(b'}');
        Ok(None)
    }

    fn key(&mut self, key: &Value, first: bool) -> Result<()> {
        if !first {
            self.out.push(b',');
        }
        match key {
            Value::String(text) => self.text(&text.as_bytes()),
            Value::Number(_) | Value::Integer(_) => {
                self.out.push(b'"');
                self.plain(key)?;
                self.out.push(b'"');
            }
            other => return Err(self.cannot(other, "table key must be a number or string")),
        }
        self.out.push(b':');
        Ok(())
    }

    /// Goes on to the next value of a table; `None` when that was its end.
    fn advance(&mut self, open: &mut Open) -> Result<Option<Value>> {
        check_output(self.lua, self.out.len(), &mut self.values)?;
        match open {
            Open::List { at, len, .. } if at == len => {
                self.out.push(b']');
                Ok(None)
            }
            Open::List { table, at, .. } => {
                if *at > 0 {
                    self.out.push(b',');
                }
                *at += 1;
                table.raw_get(*at).map(Some)
            }
            Open::Object { table, key } => {
                let first = key.is_nil();
                let (name, value): (Value, Value) =
                    self.next.call((&*table, std::mem::replace(key, Value::Nil)))?;
                if name.is_nil() {
                    self.out.push(b'}');
                    return Ok(None);
                }
                self.key(&name, first)?;
                *key = name;
                Ok(Some(value))
            }
        }
    }

    fn plain(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::String(text) => self.text(&text.as_bytes()),
            Value::Number(n) => self.number(*n, value)?,
            Value::Integer(n) => self.integer(*n),
            Value::Boolean(yes) => self.out.extend_from_slice(if *yes { b"true" } else { b"false" }),
            value if value.is_nil() || value.is_null() => self.out.extend_from_slice(b"null"),
            value => return Err(self.cannot(value, "type not supported")),
        }
        Ok(())
    }

    fn integer(&mut self, n: i64) {
        // Beyond the digits that are kept, whole numbers are written like others.
        if n.unsigned_abs() < 10_u64.pow(self.settings.precision as u32) {
            self.out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        } else {
            write_g(&mut self.out, n as f64, self.settings.precision as usize);
        }
    }

    fn number(&mut self, n: f64, value: &Value) -> Result<()> {
        if n.is_finite() {
            if n.fract() == 0.0 && n.abs() < 1e9 && n != 0.0 {
                self.integer(n as i64);
            } else {
                write_g(&mut self.out, n, self.settings.precision as usize);
            }
            return Ok(());
        }
        let text: &[u8] = match self.settings.encode_invalid {
            Invalid::Refuse => return Err(self.cannot(value, "must not be NaN or Inf")),
            Invalid::Null => b"null",
            Invalid::Allow if n.is_nan() => b"nan",
            Invalid::Allow if n > 0.0 => b"inf",
            Invalid::Allow => b"-inf",
        };
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        let mut plain = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let short = match byte {
                b'"' => b'"',
                b'\\' => b'\\',
                b'/' => b'/',
                8 => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                12 => b'f',
                b'\r' => b'r',
                0..32 | 127 => 0,
                _ => continue,
            };
            self.out.extend_from_slice(&bytes[plain..at]);
            plain = at + 1;
            if short == 0 {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                self.out.extend_from_slice(b"\\u00");
                self.out.extend_from_slice(&digits);
            } else {
                self.out.extend_from_slice(&[b'\\', short]);
            }
        }
        self.out.extend_from_slice(&bytes[plain..]);
        self.out.push(b'"');
    }

    fn look_over(&self, table: &Table) -> Result<Kind> {
        let (mut most, mut count) = (0_i64, 0_i64);
        let (mut list, mut is_nested) = (true, false);
        table.for_each::<Value, Value>(|key, value| {
            let position = match key {
                Value::Integer(n) => n,
                Value::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => n as i64,
                _ => 0,
            };
            list &= position > 0;
            is_nested |= value.is_table();
            most = most.max(position);
            count += 1;
            Ok(())
        })?;
        let Settings { sparse_ratio, sparse_safe, sparse_convert, .. } = self.settings;
        if list && sparse_ratio > 0 && most > count.saturating_mul(sparse_ratio) && most > sparse_safe {
            if !sparse_convert {
                return Err(self.cannot(&Value::Table(table.clone()), "excessively sparse array"));
            }
            list = false;
        }
        Ok(Kind { list_len: (list && most > 0).then_some(most), is_nested })
    }
}

/// A piece of JSON.
enum Token<'l> {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Colon,
    Comma,
    End,
    /// A string, in the scratch buffer.
    Text,
    Plain(Value, &'l str),
    Wrong(&'static str),
}

impl Token<'_> {
    fn name(&self) -> &str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Text => "T_STRING",
            Token::Plain(_, name) => name,
            Token::Wrong(problem) => problem,
        }
    }
}

/// A table that is being read, and where its next value goes.
enum Within {
    List { table: Table, next: i64 },
    Object { table: Table, key: mlua::String },
}

struct Decoder<'a> {
    lua: &'a Lua,
    settings: Settings,
    text: &'a [u8],
    at: usize,
    scratch: Vec<u8>,
}

impl Decoder<'_> {
    fn document(mut self) -> Result<Value> {
        if let [0, _, ..] | [_, 0, ..] = self.text {
            return Err(fail(self.lua, "JSON parser does not support UTF-16 or UTF-32"));
        }
        let value = self.decode()?;
        let (token, start) = self.token()?;
        if !matches!(token, Token::End) {
            return Err(self.expected("the end", &token, start));
        }
        Ok(value)
    }

    fn expected(&self, what: &str, token: &Token<'_>, start: usize) -> mlua::Error {
        let found = token.name();
        fail(self.lua, format_args!("Expected {what} but found {found} at character {}", start + 1))
    }

    /// The next piece, and where it starts.
    fn token(&mut self) -> Result<(Token<'static>, usize)> {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let start = self.at;
        let single = match self.text.get(start) {
            None | Some(0) => return Ok((Token::End, start)),
            Some(b'{') => Token::ObjectBegin,
            Some(b'}') => Token::ObjectEnd,
            Some(b'[') => Token::ArrayBegin,
            Some(b']') => Token::ArrayEnd,
            Some(b':') => Token::Colon,
            Some(b',') => Token::Comma,
            Some(b'"') => return Ok(self.string()),
            Some(_) => return Ok((self.word(), start)),
        };
        self.at += 1;
        Ok((single, start))
    }

    fn word(&mut self) -> Token<'static> {
        let rest = &self.text[self.at..];
        let numeral = matches!(rest.first(), Some(b'-' | b'0'..=b'9'));
        if !numeral {
            let words: [(&[u8], Value, &str); 3] = [
                (b"true", Value::Boolean(true), "T_BOOLEAN"),
                (b"false", Value::Boolean(false), "T_BOOLEAN"),
                (b"null", Value::NULL, "T_NULL"),
            ];
            for (word, value, name) in words {
                if rest.starts_with(word) {
                    self.at += word.len();
                    return Token::Plain(value, name);
                }
            }
        }
        let allowed = self.settings.decode_invalid != Invalid::Refuse;
        let odd = is_odd_number(rest);
        if numeral && !allowed && odd {
            return Token::Wrong("invalid number");
        }
        if !(numeral || allowed && odd) {
            return Token::Wrong("invalid token");
        }
        match read_prefix(rest) {
            Some((n, len)) => {
                self.at += len;
                Token::Plain(Value::Number(n), "T_NUMBER")
            }
            None => Token::Wrong("invalid number"),
        }
    }

    /// A string, whose text goes to the scratch buffer.
    fn string(&mut self) -> (Token<'static>, usize) {
        let start = self.at;
        self.scratch.clear();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0)).unwrap_or(rest.len());
            self.scratch.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match rest.get(plain) {
                None | Some(0) => return (Token::Wrong("unexpected end of string"), self.at),
                Some(b'"') => {
                    self.at += 1;
                    return (Token::Text, start);
                }
                Some(_) => {
                    if let Err(problem) = self.escape() {
                        return (Token::Wrong(problem), self.at);
                    }
                }
            }
        }
    }

    /// What a backslash begins.
    fn escape(&mut self) -> std::result::Result<(), &'static str> {
        let plain = match self.text.get(self.at + 1) {
            Some(b'u') => {
                let (character, len) = unicode(&self.text[self.at..]).ok_or("invalid unicode escape code")?;
                self.scratch.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                self.at += len;
                return Ok(());
            }
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            _ => return Err("invalid escape code"),
        };
        self.scratch.push(plain);
        self.at += 2;
        Ok(())
    }

    /// Reads a value with all that is in it. What is nested is kept on a stack of our own.
    fn decode(&mut self) -> Result<Value> {
        let mut within: Vec<Within> = Vec::new();
        let (mut token, mut start) = self.token()?;
        loop {
            let mut value = match token {
                Token::Plain(value, _) => value,
                Token::Text => self.lua.create_string(&self.scratch).map(Value::String)?,
                Token::ArrayBegin | Token::ObjectBegin => {
                    self.check_depth(within.len() as i64 + 1)?;
                    let table = self.lua.create_table()?;
                    let is_list = matches!(token, Token::ArrayBegin);
                    let (first, at) = self.token()?;
                    match first {
                        Token::ArrayEnd if is_list => Value::Table(table),
                        Token::ObjectEnd if !is_list => Value::Table(table),
                        first if is_list => {
                            within.push(Within::List { table, next: 1 });
                            (token, start) = (first, at);
                            continue;
                        }
                        first => {
                            let key = self.key(&first, at)?;
                            within.push(Within::Object { table, key });
                            (token, start) = self.token()?;
                            continue;
                        }
                    }
                }
                other => return Err(self.expected("value", &other, start)),
            };
            loop {
                let Some(last) = within.last_mut() else { return Ok(value) };
                match last {
                    Within::List { table, next } => {
                        table.raw_set(*next, value)?;
                        *next += 1;
                    }
                    Within::Object { table, key } => table.raw_set(&*key, value)?,
                }
                let (after, at) = self.token()?;
                match (last, after) {
                    (Within::List { table, .. }, Token::ArrayEnd)
                    | (Within::Object { table, .. }, Token::ObjectEnd) => {
                        value = Value::Table(table.clone());
                        within.pop();
                    }
                    (Within::List { .. }, Token::Comma) => break,
                    (Within::Object { key, .. }, Token::Comma) => {
                        let (first, at) = self.token()?;
                        *key = self.key(&first, at)?;
                        break;
                    }
                    (Within::List { .. }, other) => {
                        return Err(self.expected("comma or array end", &other, at));
                    }
                    (Within::Object { .. }, other) => {
                        return Err(self.expected("comma or object end", &other, at));
                    }
                }
            }
            (token, start) = self.token()?;
        }
    }

    /// A key, whose token is read already, and the colon behind it.
    fn key(&mut self, token: &Token<'_>, start: usize) -> Result<mlua::String> {
        if !matches!(token, Token::Text) {
            return Err(self.expected("object key string", token, start));
        }
        let key = self.lua.create_string(&self.scratch)?;
        let (colon, at) = self.token()?;
        if !matches!(colon, Token::Colon) {
            return Err(self.expected("colon", &colon, at));
        }
        Ok(key)
    }

    fn check_depth(&self, depth: i64) -> Result<()> {
        if depth > self.settings.decode_depth_max.min(DEPTH_MAX) {
            let text = format!("Found too many nested data structures ({depth}) at character {}", self.at);
            return Err(fail(self.lua, text));
        }
        Ok(())
    }
}

/// Whether this begins with a number that JSON does not know: a plus, a leading zero, hexadecimal digits, `inf`, `nan`.
fn is_odd_number(text: &[u8]) -> bool {
    if text.first() == Some(&b'+') {
        return true;
    }
    match text.strip_prefix(b"-").unwrap_or(text) {
        [b'0', next, ..] => next.eq_ignore_ascii_case(&b'x') || next.is_ascii_digit(),
        [b'0'..=b'9', ..] => false,
        digits => digits
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"nan")),
    }
}

/// The character of `\uXXXX`, or of two of them that are halves of one, and how long that is.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let unit = |from: usize| {
        let digits = text.get(from..from + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |n, digit| Some(n << 4 | char::from(*digit).to_digit(16)?))
    };
    let first = unit(0)?;
    if first & 0xf800 != 0xd800 {
        return char::from_u32(first).map(|character| (character, 6));
    }
    let second = unit(6).filter(|second| first & 0x400 == 0 && second & 0xfc00 == 0xdc00)?;
    let joined = 0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff);
    char::from_u32(joined).map(|character| (character, 12))
}
