//! `cjson`: Lua values as JSON, and back.

use crate::arguments::{Given, Result, is_output_small, output_work};
use crate::decimal::{read_prefix, write_g};
use crate::raw::{Args, Failed, Kind, Reader, Slot, Stack, Walk};
use smallvec::SmallVec;
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

/// What is written is put together here, and the room is kept for the next time.
type Scratch = Cell<Vec<u8>>;
/// But not more than this.
const SCRATCH_KEPT: usize = 16 * 1024;

/// Lends the scratch to `f`, empty.
fn with_scratch<R>(scratch: &Scratch, f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut bytes = scratch.take();
    bytes.clear();
    let result = f(&mut bytes);
    if bytes.capacity() <= SCRATCH_KEPT {
        scratch.set(bytes);
    }
    result
}

/// Where one of the settings is.
type Field<T> = fn(&mut Settings) -> &mut T;

/// Leaves the library on the stack.
pub(crate) fn library(stack: &mut Stack<'_>, settings: &Shared) -> Result<Slot> {
    let library = stack.push_table(0, 16)?;
    let (shared, scratch) = (settings.clone(), Scratch::default());
    stack.set_function(library, "encode", move |args, stack| encode(args, stack, shared.get(), &scratch))?;
    let (shared, scratch) = (settings.clone(), Scratch::default());
    stack.set_function(library, "decode", move |args, stack| decode(args, stack, shared.get(), &scratch))?;
    // A library of its own, with settings of its own.
    stack.set_function(library, "new", |_, stack| {
        self::library(stack, &Shared::default())?;
        Ok(1)
    })?;
    stack.push_null()?;
    stack.set_field(library, "null")?;
    for (name, text) in [("_NAME", "cjson"), ("_VERSION", "2.1.0")] {
        stack.push_text(text.as_bytes())?;
        stack.set_field(library, name)?;
    }
    add_settings(stack, library, settings)?;
    Ok(library)
}

fn add_settings(stack: &mut Stack<'_>, library: Slot, settings: &Shared) -> Result<()> {
    let depths: [(&'static str, i64, Field<i64>); 3] = [
        ("encode_max_depth", i64::from(i32::MAX), |settings| &mut settings.encode_depth_max),
        ("decode_max_depth", i64::from(i32::MAX), |settings| &mut settings.decode_depth_max),
        ("encode_number_precision", 14, |settings| &mut settings.precision),
    ];
    for (name, most, field) in depths {
        let shared = settings.clone();
        stack.set_function(library, name, move |args, stack| {
            let given = few_arguments(stack, args, 1, name)?;
            let mut settings = shared.get();
            if let Some(n) = whole(stack, args, given, 0, 1, most)? {
                *field(&mut settings) = n;
                shared.set(settings);
            }
            stack.push_number(*field(&mut settings) as f64)?;
            Ok(1)
        })?;
    }
    let shared = settings.clone();
    stack.set_function(library, "encode_sparse_array", move |args, stack| {
        let given = few_arguments(stack, args, 3, "encode_sparse_array")?;
        let mut settings = shared.get();
        if let Some(word) = choice(stack, args, given, false)? {
            settings.sparse_convert = word != Invalid::Refuse;
        }
        if let Some(n) = whole(stack, args, given, 1, 0, i64::from(i32::MAX))? {
            settings.sparse_ratio = n;
        }
        if let Some(n) = whole(stack, args, given, 2, 0, i64::from(i32::MAX))? {
            settings.sparse_safe = n;
        }
        shared.set(settings);
        stack.push_boolean(settings.sparse_convert)?;
        stack.push_number(settings.sparse_ratio as f64)?;
        stack.push_number(settings.sparse_safe as f64)?;
        Ok(3)
    })?;
    let shared = settings.clone();
    stack.set_function(library, "encode_keep_buffer", move |args, stack| {
        let given = few_arguments(stack, args, 1, "encode_keep_buffer")?;
        let mut settings = shared.get();
        if let Some(word) = choice(stack, args, given, false)? {
            settings.keep_buffer = word != Invalid::Refuse;
            shared.set(settings);
        }
        stack.push_boolean(settings.keep_buffer)?;
        Ok(1)
    })?;
    let invalid: [(&'static str, bool, Field<Invalid>); 2] = [
        ("encode_invalid_numbers", true, |settings| &mut settings.encode_invalid),
        ("decode_invalid_numbers", false, |settings| &mut settings.decode_invalid),
    ];
    for (name, with_null, field) in invalid {
        let shared = settings.clone();
        stack.set_function(library, name, move |args, stack| {
            let given = few_arguments(stack, args, 1, name)?;
            let mut settings = shared.get();
            if let Some(word) = choice(stack, args, given, with_null)? {
                *field(&mut settings) = word;
                shared.set(settings);
            }
            match *field(&mut settings) {
                Invalid::Null => stack.push_text(b"null")?,
                word => stack.push_boolean(word == Invalid::Allow)?,
            }
            Ok(1)
        })?;
    }
    Ok(())
}

fn few_arguments<'a, 'l>(
    stack: &Stack<'_>,
    args: &'a Args<'l>,
    most: usize,
    function: &'static str,
) -> Result<Given<'a, 'l>> {
    let given = Given::new(args, function);
    if args.len() > most {
        return Err(given.bad(stack, most + 1, "found too many arguments"));
    }
    Ok(given)
}

fn whole(
    stack: &Stack<'_>,
    args: &Args<'_>,
    given: Given<'_, '_>,
    at: usize,
    least: i64,
    most: i64,
) -> Result<Option<i64>> {
    if given.is_missing(at) {
        return Ok(None);
    }
    let n = args.coerced(at).map(|n| n as i64).filter(|n| (least..=most).contains(n));
    let problem = || format!("expected integer between {least} and {most}");
    n.ok_or_else(|| given.bad(stack, at + 1, &problem())).map(Some)
}

/// The first argument, where it chooses something.
fn choice(
    stack: &Stack<'_>,
    args: &Args<'_>,
    given: Given<'_, '_>,
    with_null: bool,
) -> Result<Option<Invalid>> {
    if given.is_missing(0) {
        return Ok(None);
    }
    if args.kind(0) == Kind::Boolean {
        return Ok(Some(if args.truth(0) { Invalid::Allow } else { Invalid::Refuse }));
    }
    match given.string(stack, 0, &mut Vec::new())? {
        b"off" => Ok(Some(Invalid::Refuse)),
        b"on" => Ok(Some(Invalid::Allow)),
        b"null" if with_null => Ok(Some(Invalid::Null)),
        word => {
            let problem = format!("invalid option '{}'", String::from_utf8_lossy(word));
            Err(given.bad(stack, 1, &problem))
        }
    }
}

/// `encode`.
fn encode(args: &Args<'_>, stack: &mut Stack<'_>, settings: Settings, scratch: &Scratch) -> Result<usize> {
    if args.len() != 1 {
        return Err(stack.bad_argument(1, "expected 1 argument"));
    }
    with_scratch(scratch, |out| {
        let mut encoder = Encoder { settings, out, values: 0 };
        let encoded = encoder.encode(&mut stack.read(), args.slot(0));
        stack.add_work(output_work(encoder.out.len(), encoder.values));
        encoded?;
        stack.push_text(out)?;
        Ok(1)
    })
}

/// `decode`.
fn decode(args: &Args<'_>, stack: &mut Stack<'_>, settings: Settings, scratch: &Scratch) -> Result<usize> {
    if args.len() != 1 {
        return Err(stack.bad_argument(1, "expected 1 argument"));
    }
    let mut number = Vec::new();
    let text = Given::as_called(args).string(stack, 0, &mut number)?;
    with_scratch(scratch, |scratch| {
        Decoder { stack, settings, text, at: 0, plain: None, scratch }.document()?;
        Ok(1)
    })
}

/// The tables around a value, of which there are few.
type Nested<T> = SmallVec<[T; 8]>;

/// A table that is being written.
enum Open {
    /// It has values already.
    List(bool),
    Object(bool),
}

struct Encoder<'a> {
    settings: Settings,
    out: &'a mut Vec<u8>,
    values: usize,
}

/// Characters that stand for themselves within a string.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut n = 0;
    while n < 32 {
        plain[n] = false;
        n += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain[b'/' as usize] = false;
    plain[127] = false;
    plain
};

impl Encoder<'_> {
    fn cannot(reader: &Reader<'_>, value: Slot, problem: &str) -> Failed {
        reader.fail(format_args!("Cannot serialise {}: {problem}", reader.kind(value).name()))
    }

    /// Writes a value with all that is in it.
    fn encode(&mut self, reader: &mut Reader<'_>, value: Slot) -> Result<()> {
        if reader.kind(value) != Kind::Table {
            return self.plain(reader, value);
        }
        let mut walk = reader.walk();
        let mut open = Nested::new();
        open.push(self.begin(&mut walk, value)?);
        while let Some(last) = open.last_mut() {
            if !is_output_small(self.out.len(), &mut self.values) {
                return Err(walk.read().fail("not enough memory"));
            }
            let next = walk.advance();
            match (last, next) {
                (Open::List(_), None) => self.out.push(b']'),
                (Open::Object(_), None) => self.out.push(b'}'),
                (Open::List(has_values) | Open::Object(has_values), Some((key, value))) => {
                    if std::mem::replace(has_values, true) {
                        self.out.push(b',');
                    }
                    if let Some(key) = key {
                        self.key(walk.read(), key)?;
                    }
                    if walk.read().kind(value) == Kind::Table {
                        open.push(self.begin(&mut walk, value)?);
                    } else {
                        self.plain(walk.read(), value)?;
                    }
                    continue;
                }
            }
            open.pop();
        }
        Ok(())
    }

    /// Begins a table.
    fn begin(&mut self, walk: &mut Walk<'_>, table: Slot) -> Result<Open> {
        let depth = walk.depth() as i64 + 1;
        if depth > self.settings.encode_depth_max.min(DEPTH_MAX) {
            return Err(walk.read().fail(format_args!("Cannot serialise, excessive nesting ({depth})")));
        }
        if let Some(len) = self.list_len(walk.read(), table)? {
            self.out.push(b'[');
            walk.enter_list(table, len)?;
            return Ok(Open::List(false));
        }
        self.out.push(b'{');
        walk.enter_pairs(table)?;
        Ok(Open::Object(false))
    }

    fn key(&mut self, reader: &Reader<'_>, key: Slot) -> Result<()> {
        match reader.kind(key) {
            Kind::Text => self.text(reader.text(key).unwrap_or_default()),
            Kind::Number => {
                self.out.push(b'"');
                self.plain(reader, key)?;
                self.out.push(b'"');
            }
            _ => return Err(Encoder::cannot(reader, key, "table key must be a number or string")),
        }
        self.out.push(b':');
        Ok(())
    }

    fn plain(&mut self, reader: &Reader<'_>, value: Slot) -> Result<()> {
        match reader.kind(value) {
            Kind::Text => self.text(reader.text(value).unwrap_or_default()),
            Kind::Number => self.number(reader, value)?,
            Kind::Boolean => self.out.extend_from_slice(if reader.truth(value) { b"true" } else { b"false" }),
            Kind::Nil => self.out.extend_from_slice(b"null"),
            Kind::Light if reader.is_null(value) => self.out.extend_from_slice(b"null"),
            _ => return Err(Encoder::cannot(reader, value, "type not supported")),
        }
        Ok(())
    }

    fn integer(&mut self, n: i64) {
        // Beyond the digits that are kept, whole numbers are written like others.
        if n.unsigned_abs() < 10_u64.pow(self.settings.precision as u32) {
            self.out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        } else {
            write_g(self.out, n as f64, self.settings.precision as usize);
        }
    }

    fn number(&mut self, reader: &Reader<'_>, value: Slot) -> Result<()> {
        let n = reader.number(value).unwrap_or(0.0);
        if n.is_finite() {
            if n.fract() == 0.0 && n.abs() < 1e9 && n != 0.0 {
                self.integer(n as i64);
            } else {
                write_g(self.out, n, self.settings.precision as usize);
            }
            return Ok(());
        }
        let text: &[u8] = match self.settings.encode_invalid {
            Invalid::Refuse => return Err(Encoder::cannot(reader, value, "must not be NaN or Inf")),
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
        for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| !PLAIN[usize::from(**byte)]) {
            let short = match byte {
                b'"' => b'"',
                b'\\' => b'\\',
                b'/' => b'/',
                8 => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                12 => b'f',
                b'\r' => b'r',
                _ => 0,
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

    /// How long a table is as a list, if it is one.
    fn list_len(&self, reader: &mut Reader<'_>, table: Slot) -> Result<Option<usize>> {
        if let Some(list) = reader.list(table)? {
            return Ok((list.len > 0).then_some(list.len));
        }
        let (mut most, mut count) = (0_i64, 0_i64);
        let mut list = reader.all_keys(table, |reader, key| {
            let position = match reader.number(key) {
                Some(n) if n.fract() == 0.0 && n.abs() < 1e15 => n as i64,
                _ => 0,
            };
            most = most.max(position);
            count += 1;
            position > 0
        })?;
        let Settings { sparse_ratio, sparse_safe, sparse_convert, .. } = self.settings;
        if list && sparse_ratio > 0 && most > count.saturating_mul(sparse_ratio) && most > sparse_safe {
            if !sparse_convert {
                return Err(Encoder::cannot(reader, table, "excessively sparse array"));
            }
            list = false;
        }
        Ok((list && most > 0).then_some(most as usize))
    }
}

/// A value that holds no others.
#[derive(Clone, Copy)]
enum Plain {
    Boolean(bool),
    Null,
    Number(f64),
}

/// A piece of JSON.
enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Colon,
    Comma,
    End,
    /// A string: the decoder knows where it is.
    Text,
    Plain(Plain),
    Wrong(&'static str),
}

impl Token {
    fn name(&self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Text => "T_STRING",
            Token::Plain(Plain::Boolean(_)) => "T_BOOLEAN",
            Token::Plain(Plain::Null) => "T_NULL",
            Token::Plain(Plain::Number(_)) => "T_NUMBER",
            Token::Wrong(problem) => problem,
        }
    }
}

/// A table that is being read, and where its next value goes.
enum Within {
    List {
        table: Slot,
        next: usize,
    },
    /// The key lies above the table.
    Object {
        table: Slot,
    },
}

struct Decoder<'a, 'l> {
    stack: &'a mut Stack<'l>,
    settings: Settings,
    text: &'a [u8],
    at: usize,
    /// The last string, as it stands in the text: where it begins and ends.
    plain: Option<(usize, usize)>,
    /// The last string, if it does not stand in the text as it is.
    scratch: &'a mut Vec<u8>,
}

/// Between two looks at the memory so many values are read.
const VALUES_PER_LOOK: usize = 256;

impl Decoder<'_, '_> {
    /// Leaves the value on the stack.
    fn document(mut self) -> Result<()> {
        if let [0, _, ..] | [_, 0, ..] = self.text {
            return Err(self.stack.fail("JSON parser does not support UTF-16 or UTF-32"));
        }
        self.decode()?;
        let (token, start) = self.token();
        if !matches!(token, Token::End) {
            return Err(self.expected("the end", &token, start));
        }
        Ok(())
    }

    fn expected(&self, what: &str, token: &Token, start: usize) -> Failed {
        let found = token.name();
        self.stack.fail(format_args!("Expected {what} but found {found} at character {}", start + 1))
    }

    /// The next piece, and where it starts.
    fn token(&mut self) -> (Token, usize) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        let start = self.at;
        let single = match self.text.get(start) {
            None | Some(0) => return (Token::End, start),
            Some(b'{') => Token::ObjectBegin,
            Some(b'}') => Token::ObjectEnd,
            Some(b'[') => Token::ArrayBegin,
            Some(b']') => Token::ArrayEnd,
            Some(b':') => Token::Colon,
            Some(b',') => Token::Comma,
            Some(b'"') => return self.string(),
            Some(_) => return (self.word(), start),
        };
        self.at += 1;
        (single, start)
    }

    fn word(&mut self) -> Token {
        let rest = &self.text[self.at..];
        let numeral = matches!(rest.first(), Some(b'-' | b'0'..=b'9'));
        if !numeral {
            let words: [(&[u8], Plain); 3] =
                [(b"true", Plain::Boolean(true)), (b"false", Plain::Boolean(false)), (b"null", Plain::Null)];
            for (word, value) in words {
                if rest.starts_with(word) {
                    self.at += word.len();
                    return Token::Plain(value);
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
                Token::Plain(Plain::Number(n))
            }
            None => Token::Wrong("invalid number"),
        }
    }

    /// A string.
    fn string(&mut self) -> (Token, usize) {
        let start = self.at;
        self.at += 1;
        let rest = &self.text[self.at..];
        let len = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0)).unwrap_or(rest.len());
        if rest.get(len) == Some(&b'"') {
            self.plain = Some((self.at, self.at + len));
            self.at += len + 1;
            return (Token::Text, start);
        }
        self.plain = None;
        self.scratch.clear();
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

    /// Pushes the last string.
    fn push_string(&mut self) -> Result<()> {
        match self.plain {
            Some((start, end)) => self.stack.push_text(&self.text[start..end]),
            None => self.stack.push_text(self.scratch),
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

    /// Reads a value with all that is in it onto the stack.
    fn decode(&mut self) -> Result<()> {
        let (mut within, mut values): (Nested<Within>, usize) = (SmallVec::new(), 0);
        let (mut token, mut start) = self.token();
        loop {
            values += 1;
            if values.is_multiple_of(VALUES_PER_LOOK) {
                self.stack.check_memory()?;
            }
            match token {
                Token::Plain(Plain::Boolean(yes)) => self.stack.push_boolean(yes)?,
                Token::Plain(Plain::Null) => self.stack.push_null()?,
                Token::Plain(Plain::Number(n)) => self.stack.push_number(n)?,
                Token::Text => self.push_string()?,
                // Tables that will have something begin as they are in Redis with their first value, so that their
                // pairs come in the same order there.
                Token::ArrayBegin => {
                    self.enter(within.len())?;
                    let first = self.token();
                    let has_values = !matches!(first.0, Token::ArrayEnd);
                    let table = self.stack.push_table(usize::from(has_values), 0)?;
                    if has_values {
                        within.push(Within::List { table, next: 1 });
                        (token, start) = first;
                        continue;
                    }
                }
                Token::ObjectBegin => {
                    self.enter(within.len())?;
                    let (first, at) = self.token();
                    let has_values = !matches!(first, Token::ObjectEnd);
                    let table = self.stack.push_table(0, usize::from(has_values))?;
                    if has_values {
                        self.key(&first, at)?;
                        within.push(Within::Object { table });
                        (token, start) = self.token();
                        continue;
                    }
                }
                other => return Err(self.expected("value", &other, start)),
            }
            while self.put(&mut within)? {}
            if within.is_empty() {
                return Ok(());
            }
            (token, start) = self.token();
        }
    }

    /// Puts the topmost value where it belongs. Says whether that has made its table the topmost value, whole.
    fn put(&mut self, within: &mut Nested<Within>) -> Result<bool> {
        let Some(last) = within.last_mut() else { return Ok(false) };
        match last {
            Within::List { table, next } => {
                self.stack.set_item(*table, *next)?;
                *next += 1;
            }
            Within::Object { table } => self.stack.set_pair(*table)?,
        }
        let (after, at) = self.token();
        match (last, after) {
            (Within::List { .. }, Token::ArrayEnd) | (Within::Object { .. }, Token::ObjectEnd) => {
                within.pop();
                Ok(true)
            }
            (Within::List { .. }, Token::Comma) => Ok(false),
            (Within::Object { .. }, Token::Comma) => {
                let (first, at) = self.token();
                self.key(&first, at)?;
                Ok(false)
            }
            (Within::List { .. }, other) => Err(self.expected("comma or array end", &other, at)),
            (Within::Object { .. }, other) => Err(self.expected("comma or object end", &other, at)),
        }
    }

    /// Pushes a table, in so many others.
    fn enter(&self, depth: usize) -> Result<()> {
        let depth = depth as i64 + 1;
        if depth > self.settings.decode_depth_max.min(DEPTH_MAX) {
            let text = format!("Found too many nested data structures ({depth}) at character {}", self.at);
            return Err(self.stack.fail(text));
        }
        Ok(())
    }

    /// Pushes a key, whose token is read already, and reads the colon behind it.
    fn key(&mut self, token: &Token, start: usize) -> Result<()> {
        if !matches!(token, Token::Text) {
            return Err(self.expected("object key string", token, start));
        }
        self.push_string()?;
        let (colon, at) = self.token();
        if !matches!(colon, Token::Colon) {
            return Err(self.expected("colon", &colon, at));
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
