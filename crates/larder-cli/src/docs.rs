//! What the connected server says about its commands (`COMMAND DOCS`): for hints, completion and `help`.
//!
//! Asking the server keeps the prompt right for any server and any version. A server that does not answer leaves the
//! table empty, and the prompt does without.

use larder_resp::Value;

/// All commands and subcommands, by name.
#[derive(Debug, Default)]
pub(crate) struct Docs {
    commands: Vec<Doc>,
}

/// One command, or one subcommand such as `CONFIG GET`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Doc {
    /// In capitals; a subcommand has its container's name in front.
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) since: String,
    pub(crate) group: String,
    pub(crate) complexity: String,
    pub(crate) args: Vec<Arg>,
}

/// A piece of a command's syntax.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arg {
    name: String,
    kind: Kind,
    token: Option<String>,
    optional: bool,
    /// Whether it may be given several times, and whether its token is repeated then.
    multiple: Option<Repeats>,
    args: Vec<Arg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    WithToken,
    WithoutToken,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Plain,
    /// The token alone.
    Token,
    OneOf,
    Block,
}

impl Docs {
    /// Reads the reply of `COMMAND DOCS`, in either protocol. What is not understood is left out.
    pub(crate) fn of(reply: Value) -> Self {
        let mut docs = Self::default();
        for (name, doc) in reply.into_pairs().unwrap_or_default() {
            docs.add("", &name, doc);
        }
        docs.commands.sort_by(|a, b| a.name.cmp(&b.name));
        docs
    }

    fn add(&mut self, container: &str, name: &Value, fields: Value) {
        let name = string(name).to_ascii_uppercase().replace('|', " ");
        // Some servers repeat the container in the name of its subcommand.
        let name = match container {
            "" => name,
            _ if name.starts_with(&format!("{container} ")) => name,
            _ => format!("{container} {name}"),
        };
        let mut doc = Doc { name, ..Doc::default() };
        for (field, value) in fields.into_pairs().unwrap_or_default() {
            match field.bytes().unwrap_or_default() {
                b"summary" => doc.summary = string(&value),
                b"since" => doc.since = string(&value),
                b"group" => doc.group = string(&value),
                b"complexity" => doc.complexity = string(&value),
                b"arguments" => doc.args = arguments(value),
                b"subcommands" => {
                    for (name, fields) in value.into_pairs().unwrap_or_default() {
                        self.add(&doc.name, &name, fields);
                    }
                }
                _ => {}
            }
        }
        self.commands.push(doc);
    }

    /// The command of this exact name, in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&Doc> {
        self.commands.iter().find(|doc| doc.name.eq_ignore_ascii_case(name))
    }

    /// The commands whose names begin so, in any case.
    pub(crate) fn beginning(&self, start: &str) -> impl Iterator<Item = &Doc> {
        self.commands.iter().filter(move |doc| {
            doc.name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start))
        })
    }

    /// The commands of a group, in any case.
    pub(crate) fn group(&self, group: &str) -> impl Iterator<Item = &Doc> {
        self.commands.iter().filter(move |doc| doc.group.eq_ignore_ascii_case(group))
    }

    /// The names of the groups, each once.
    pub(crate) fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self.commands.iter().map(|doc| doc.group.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// The command that these words begin, and how many of them are its name. Two words go before one.
    pub(crate) fn of_words(&self, words: &[String]) -> Option<(&Doc, usize)> {
        if let [first, second, ..] = words
            && let Some(doc) = self.get(&format!("{first} {second}"))
        {
            return Some((doc, 2));
        }
        Some((self.get(words.first()?)?, 1))
    }
}

impl Doc {
    /// Name and arguments: `SET key value [NX|XX] …`.
    pub(crate) fn syntax(&self) -> String {
        std::iter::once(self.name.clone())
            .chain(self.args.iter().map(Arg::syntax))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The arguments still to come behind `words`, which are those behind the name.
    pub(crate) fn rest(&self, words: &[String]) -> String {
        let mut open: Vec<&Arg> = self.args.iter().collect();
        let mut words = words;
        while !words.is_empty() && !open.is_empty() {
            let taken = take(&mut open, words);
            words = words.get(taken..).unwrap_or_default();
        }
        open.into_iter().map(Arg::syntax).collect::<Vec<_>>().join(" ")
    }
}

/// Takes the argument that the first of `words` begins off the list of open ones, and says how many words it is.
///
/// Optional arguments may come in any order as long as their tokens tell them apart; a word that is no token belongs to
/// the first argument without one. An argument that may be repeated stays open.
fn take(open: &mut Vec<&Arg>, words: &[String]) -> usize {
    let optional = open.iter().take_while(|arg| arg.optional).count();
    let named = open[..optional].iter().position(|arg| arg.has_token(&words[0]));
    let index = named.or_else(|| open.iter().position(|arg| !arg.optional || !arg.needs_token()));
    let Some(index) = index else {
        open.clear();
        return 1;
    };
    let arg = open[index];
    if named.is_none() {
        // What was optional before it can come no more.
        open.drain(..index);
    }
    if arg.multiple.is_none() {
        open.remove(if named.is_none() { 0 } else { index });
    }
    arg.width(&words[0])
}

impl Arg {
    fn syntax(&self) -> String {
        let inner = match self.kind {
            Kind::Token => String::new(),
            Kind::Plain => self.name.clone(),
            Kind::OneOf => self.args.iter().map(Self::syntax).collect::<Vec<_>>().join("|"),
            Kind::Block => self.args.iter().map(Self::syntax).collect::<Vec<_>>().join(" "),
        };
        let token = self.token.as_deref().map(|token| if token.is_empty() { "\"\"" } else { token });
        let with_token = match token {
            Some(token) if inner.is_empty() => token.to_owned(),
            Some(token) => format!("{token} {inner}"),
            None => inner.clone(),
        };
        let text = match self.multiple {
            None => with_token,
            Some(Repeats::WithToken) => format!("{with_token} [{with_token} ...]"),
            Some(Repeats::WithoutToken) => format!("{with_token} [{inner} ...]"),
        };
        if self.optional { format!("[{text}]") } else { text }
    }

    /// Whether it can begin with this word as a token.
    fn has_token(&self, word: &str) -> bool {
        match (&self.token, self.kind) {
            (Some(token), _) => token.eq_ignore_ascii_case(word),
            (None, Kind::OneOf) => self.args.iter().any(|arg| arg.has_token(word)),
            (None, Kind::Block) => self.args.first().is_some_and(|arg| arg.has_token(word)),
            (None, _) => false,
        }
    }

    /// Whether it can only begin with a token.
    fn needs_token(&self) -> bool {
        match (&self.token, self.kind) {
            (Some(_), _) => true,
            (None, Kind::OneOf) => self.args.iter().all(Self::needs_token),
            (None, Kind::Block) => self.args.first().is_some_and(Self::needs_token),
            (None, _) => false,
        }
    }

    /// How many words it takes when it begins with this one.
    fn width(&self, word: &str) -> usize {
        let inner = match self.kind {
            Kind::Token => 0,
            Kind::Plain => 1,
            Kind::OneOf => self.args.iter().find(|arg| arg.has_token(word)).map_or(1, |arg| arg.width(word)),
            Kind::Block => self.args.iter().filter(|arg| !arg.optional).map(|arg| arg.width(word)).sum(),
        };
        (inner + usize::from(self.token.is_some())).max(1)
    }
}

fn arguments(value: Value) -> Vec<Arg> {
    let Value::Array(items) = value else { return Vec::new() };
    items.into_iter().map(argument).collect()
}

fn argument(fields: Value) -> Arg {
    let mut arg = Arg::default();
    let mut shown = None;
    for (field, value) in fields.into_pairs().unwrap_or_default() {
        match field.bytes().unwrap_or_default() {
            b"name" => arg.name = string(&value),
            b"display_text" => shown = Some(string(&value)),
            b"type" => {
                arg.kind = match value.bytes().unwrap_or_default() {
                    b"pure-token" => Kind::Token,
                    b"oneof" => Kind::OneOf,
                    b"block" => Kind::Block,
                    _ => Kind::Plain,
                }
            }
            b"token" => arg.token = Some(string(&value)),
            b"flags" => {
                let flags: Vec<String> = value.items().unwrap_or_default().iter().map(string).collect();
                let has = |name: &str| flags.iter().any(|flag| flag == name);
                arg.optional = has("optional");
                arg.multiple = match (has("multiple"), has("multiple_token")) {
                    (_, true) => Some(Repeats::WithToken),
                    (true, false) => Some(Repeats::WithoutToken),
                    (false, false) => None,
                };
            }
            b"arguments" => arg.args = arguments(value),
            _ => {}
        }
    }
    arg.name = shown.unwrap_or(arg.name);
    arg
}

fn string(value: &Value) -> String {
    String::from_utf8_lossy(value.bytes().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Docs;
    use larder_resp::Decoder;

    /// `SET` and `CONFIG GET` as a server describes them, cut down, in RESP3.
    fn docs() -> Docs {
        let text = "%2 \
            +set %3 +summary +Set +group +string +arguments *5 \
              %2 +name +key +type +key \
              %2 +name +value +type +string \
              %4 +name +condition +type +oneof +flags *1 +optional +arguments *2 \
                %3 +name +nx +type +pure-token +token +NX \
                %3 +name +xx +type +pure-token +token +XX \
              %4 +name +get +type +pure-token +token +GET +flags *1 +optional \
              %4 +name +seconds +type +integer +token +EX +flags *1 +optional \
            +config %2 +group +server +subcommands %1 \
              +config|get %2 +summary +Read +arguments *1 \
                %3 +name +parameter +type +string +flags *1 +multiple ";
        let wire: Vec<u8> =
            text.split_whitespace().flat_map(|word| format!("{word}\r\n").into_bytes()).collect();
        Docs::of(Decoder::default().next(&wire, &mut 0).expect("well-formed").expect("whole"))
    }

    fn rest(line: &str) -> Option<String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let docs = docs();
        let (doc, used) = docs.of_words(&words)?;
        Some(doc.rest(&words[used..]))
    }

    #[test]
    fn syntax_is_put_together_from_its_pieces() {
        let docs = docs();
        let syntax = |name: &str| docs.get(name).map(super::Doc::syntax);
        assert_eq!(syntax("set").as_deref(), Some("SET key value [NX|XX] [GET] [EX seconds]"));
        assert_eq!(syntax("config get").as_deref(), Some("CONFIG GET parameter [parameter ...]"));
        assert_eq!(syntax("nosuch"), None);
    }

    #[test]
    fn hints_leave_out_what_is_there() {
        let table = [
            ("SET", Some("key value [NX|XX] [GET] [EX seconds]")),
            ("set k", Some("value [NX|XX] [GET] [EX seconds]")),
            ("set k v", Some("[NX|XX] [GET] [EX seconds]")),
            ("set k v ex 10", Some("[NX|XX] [GET]")),
            ("set k v get xx", Some("[EX seconds]")),
            ("set k v ex", Some("[NX|XX] [GET]")),
            ("set k v nonsense", Some("")),
            ("config get a b", Some("parameter [parameter ...]")),
            ("nosuch", None),
        ];
        for (line, expected) in table {
            assert_eq!(rest(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn commands_are_found_by_their_beginning_and_group() {
        let docs = docs();
        let names: Vec<_> = docs.beginning("conf").map(|doc| doc.name.as_str()).collect();
        assert_eq!(names, ["CONFIG", "CONFIG GET"]);
        assert_eq!(docs.group("STRING").count(), 1);
        assert_eq!(docs.groups(), ["server", "string"]);
    }
}
