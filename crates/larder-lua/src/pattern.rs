//! Lua's patterns, matched within bounds.
//!
//! Lua's own matcher goes back as often as it takes, which may be for ever, with nobody able to stop it, and as deep as
//! the pattern is long, which may be deeper than the stack. This one says how much it has worked every now and then, so
//! that whoever watches can put an end to it, and refuses patterns that nest too deeply.

use std::ops::Range;

/// More captures than this are an error, as they are in Lua.
const CAPTURES_MAX: usize = 32;
/// How many parts of a pattern may wait for what comes behind them.
const DEPTH_MAX: usize = 200;
/// After so much work somebody is asked whether it may go on.
const WORK_PER_LOOK: u64 = 20_000;
/// So much of a set is read in the time of one step.
const SET_BYTES_PER_STEP: u64 = 16;

/// Why there is no match, other than that nothing matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop<E> {
    /// What is wrong with the pattern.
    Malformed(&'static str),
    /// Whoever watches wants no more of it.
    Watch(E),
}

/// What a pair of parentheses has caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caught {
    Open { start: usize },
    Text { start: usize, end: usize },
    Position { at: usize },
}

/// A capture, as scripts get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    Text(Range<usize>),
    /// Counted from 1.
    Position(usize),
}

/// Matches one pattern against one subject.
pub(crate) struct Matcher<'a, F> {
    subject: &'a [u8],
    pattern: &'a [u8],
    caught: Vec<Caught>,
    work: u64,
    look: F,
}

type Found<E> = Result<Option<usize>, Stop<E>>;

impl<'a, E, F: FnMut(u64) -> Result<(), E>> Matcher<'a, F> {
    /// `look` is told how much has been worked, and says whether to go on.
    pub(crate) fn new(subject: &'a [u8], pattern: &'a [u8], look: F) -> Matcher<'a, F> {
        // A pattern ends at its first zero: `%z` stands for that.
        let end = pattern.iter().position(|byte| *byte == 0).unwrap_or(pattern.len());
        Matcher { subject, pattern: &pattern[..end], caught: Vec::new(), work: 0, look }
    }

    /// Matches at exactly this place; gives the end of the match.
    pub(crate) fn matches_at(&mut self, at: usize) -> Found<E> {
        self.caught.clear();
        self.go(at, 0, 0)
    }

    /// The first match from here on. A pattern that begins with `^` matches here or nowhere.
    pub(crate) fn search(&mut self, from: usize) -> Result<Option<Range<usize>>, Stop<E>> {
        let (whole, anchored) = (self.pattern, self.pattern.first() == Some(&b'^'));
        self.pattern = whole.strip_prefix(b"^").unwrap_or(whole);
        let last = if anchored { from } else { self.subject.len() };
        let mut found = Ok(None);
        for start in from..=last {
            match self.matches_at(start) {
                Ok(None) => {}
                Ok(Some(end)) => {
                    found = Ok(Some(start..end));
                    break;
                }
                Err(stop) => {
                    found = Err(stop);
                    break;
                }
            }
        }
        self.pattern = whole;
        found
    }

    /// How many captures the last match has.
    pub(crate) fn count(&self) -> usize {
        self.caught.len()
    }

    /// A capture of a match; the first one is the match itself where the pattern has no captures.
    pub(crate) fn capture(&self, index: usize, matched: &Range<usize>) -> Result<Capture, Stop<E>> {
        match self.caught.get(index) {
            None if index == 0 => Ok(Capture::Text(matched.clone())),
            None => Err(Stop::Malformed("invalid capture index")),
            Some(Caught::Open { .. }) => Err(Stop::Malformed("unfinished capture")),
            Some(Caught::Text { start, end }) => Ok(Capture::Text(*start..*end)),
            Some(Caught::Position { at }) => Ok(Capture::Position(at + 1)),
        }
    }

    fn worked(&mut self, work: u64) -> Result<(), Stop<E>> {
        self.work += work;
        if self.work >= WORK_PER_LOOK {
            (self.look)(std::mem::take(&mut self.work)).map_err(Stop::Watch)?;
        }
        Ok(())
    }

    /// What it takes to compare a character with an item: sets are read from their beginning.
    fn item_work(item: &Range<usize>) -> u64 {
        1 + item.len() as u64 / SET_BYTES_PER_STEP
    }

    /// Matches what is left of the pattern from `p` on against the subject from `s` on.
    fn go(&mut self, mut s: usize, mut p: usize, depth: usize) -> Found<E> {
        if depth > DEPTH_MAX {
            return Err(Stop::Malformed("pattern too complex"));
        }
        loop {
            self.worked(1)?;
            let rest = &self.pattern[p..];
            match rest {
                [] => return Ok(Some(s)),
                [b'(', b')', ..] => return self.open(Caught::Position { at: s }, s, p + 2, depth),
                [b'(', ..] => return self.open(Caught::Open { start: s }, s, p + 1, depth),
                [b')', ..] => return self.close(s, p + 1, depth),
                [b'$'] => return Ok((s == self.subject.len()).then_some(s)),
                [b'%', b'b', ..] => {
                    let Some(end) = self.balanced(s, p + 2)? else { return Ok(None) };
                    (s, p) = (end, p + 4);
                }
                [b'%', b'f', ..] => {
                    let is_frontier = self.is_frontier(s, p + 2)?;
                    let end = self.item_end(p + 2)?;
                    self.worked(4 * Self::item_work(&(p..end)))?;
                    if !is_frontier {
                        return Ok(None);
                    }
                    p = end;
                }
                [b'%', digit @ b'0'..=b'9', ..] => {
                    let Some(end) = self.repeated(s, *digit)? else { return Ok(None) };
                    (s, p) = (end, p + 2);
                }
                _ => {
                    let end = self.item_end(p)?;
                    let item = p..end;
                    if item.len() > SET_BYTES_PER_STEP as usize {
                        self.worked(2 * Self::item_work(&item))?;
                    }
                    match self.pattern.get(end) {
                        Some(b'*') => return self.expand(s, &item, depth),
                        Some(b'+') if self.is_one(s, &item) => return self.expand(s + 1, &item, depth),
                        Some(b'+') => return Ok(None),
                        Some(b'-') => return self.expand_least(s, &item, depth),
                        Some(b'?') => {
                            if self.is_one(s, &item)
                                && let Some(end) = self.go(s + 1, item.end + 1, depth + 1)?
                            {
                                return Ok(Some(end));
                            }
                            p = end + 1;
                        }
                        _ if self.is_one(s, &item) => (s, p) = (s + 1, end),
                        _ => return Ok(None),
                    }
                }
            }
        }
    }

    /// As many as there are, and fewer if the rest does not match.
    fn expand(&mut self, s: usize, item: &Range<usize>, depth: usize) -> Found<E> {
        let mut count = 0;
        while self.is_one(s + count, item) {
            count += 1;
            self.worked(Self::item_work(item))?;
        }
        for end in (s..=s + count).rev() {
            if let Some(found) = self.go(end, item.end + 1, depth + 1)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// As few as the rest allows.
    fn expand_least(&mut self, mut s: usize, item: &Range<usize>, depth: usize) -> Found<E> {
        loop {
            if let Some(found) = self.go(s, item.end + 1, depth + 1)? {
                return Ok(Some(found));
            }
            self.worked(Self::item_work(item))?;
            if !self.is_one(s, item) {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, caught: Caught, s: usize, p: usize, depth: usize) -> Found<E> {
        if self.caught.len() == CAPTURES_MAX {
            return Err(Stop::Malformed("too many captures"));
        }
        self.caught.push(caught);
        let found = self.go(s, p, depth + 1)?;
        if found.is_none() {
            self.caught.pop();
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize, depth: usize) -> Found<E> {
        let open = self.caught.iter().rposition(|caught| matches!(caught, Caught::Open { .. }));
        let Some((index, Caught::Open { start })) = open.map(|index| (index, self.caught[index])) else {
            return Err(Stop::Malformed("invalid pattern capture"));
        };
        self.caught[index] = Caught::Text { start, end: s };
        let found = self.go(s, p, depth + 1)?;
        if found.is_none() {
            self.caught[index] = Caught::Open { start };
        }
        Ok(found)
    }

    /// `%bxy`: from an `x` to the `y` that balances it.
    fn balanced(&mut self, s: usize, p: usize) -> Found<E> {
        let Some([begin, end]) = self.pattern.get(p..p + 2) else {
            return Err(Stop::Malformed("unbalanced pattern"));
        };
        if self.subject.get(s) != Some(begin) {
            return Ok(None);
        }
        let mut open = 1;
        for at in s + 1..self.subject.len() {
            self.worked(1)?;
            let byte = self.subject[at];
            if byte == *end {
                open -= 1;
                if open == 0 {
                    return Ok(Some(at + 1));
                }
            } else if byte == *begin {
                open += 1;
            }
        }
        Ok(None)
    }

    /// `%f[set]`: from here on it is in the set, and what comes before is not.
    fn is_frontier(&self, s: usize, p: usize) -> Result<bool, Stop<E>> {
        if self.pattern.get(p) != Some(&b'[') {
            return Err(Stop::Malformed("missing '[' after '%f' in pattern"));
        }
        let set = p..self.item_end(p)?;
        let at = |at: Option<usize>| at.and_then(|at| self.subject.get(at)).copied().unwrap_or(0);
        Ok(!self.is_in_set(at(s.checked_sub(1)), &set) && self.is_in_set(at(Some(s)), &set))
    }

    /// `%1` and its like: what was caught before, once more.
    fn repeated(&mut self, s: usize, digit: u8) -> Found<E> {
        let index = usize::from(digit).checked_sub(usize::from(b'1'));
        let caught = index.and_then(|index| self.caught.get(index)).copied();
        let (start, end) = match caught {
            Some(Caught::Text { start, end }) => (start, end),
            // A position has no text, and matches nowhere.
            Some(Caught::Position { .. }) => return Ok(None),
            _ => return Err(Stop::Malformed("invalid capture index")),
        };
        self.worked((end - start) as u64)?;
        let text = &self.subject[start..end];
        Ok(self.subject[s..].starts_with(text).then_some(s + text.len()))
    }

    /// Where a single item (a character, a class, a set) ends.
    fn item_end(&self, p: usize) -> Result<usize, Stop<E>> {
        match self.pattern[p..] {
            [b'%'] => Err(Stop::Malformed("malformed pattern (ends with '%')")),
            [b'%', ..] => Ok(p + 2),
            [b'[', ..] => {
                let mut at = p + 1 + usize::from(self.pattern.get(p + 1) == Some(&b'^'));
                // The first one is no end, but a member.
                loop {
                    match self.pattern.get(at) {
                        None => return Err(Stop::Malformed("malformed pattern (missing ']')")),
                        Some(b'%') if at + 1 < self.pattern.len() => at += 2,
                        Some(_) => at += 1,
                    }
                    if self.pattern.get(at) == Some(&b']') {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    /// Whether one character of the subject is what an item stands for.
    fn is_one(&self, s: usize, item: &Range<usize>) -> bool {
        let Some(byte) = self.subject.get(s) else { return false };
        match self.pattern[item.clone()] {
            [b'.'] => true,
            [b'%', class] => is_in_class(*byte, class),
            [b'[', ..] => self.is_in_set(*byte, item),
            [plain, ..] => plain == *byte,
            [] => false,
        }
    }

    fn is_in_set(&self, byte: u8, set: &Range<usize>) -> bool {
        let inner = &self.pattern[set.start + 1..set.end - 1];
        let (inside, mut members) = match inner {
            [b'^', members @ ..] => (false, members),
            members => (true, members),
        };
        loop {
            let (hit, rest) = match members {
                [] => return !inside,
                [b'%', class, rest @ ..] => (is_in_class(byte, *class), rest),
                [low, b'-', high, rest @ ..] => ((*low..=*high).contains(&byte), rest),
                [plain, rest @ ..] => (*plain == byte, rest),
            };
            if hit {
                return inside;
            }
            members = rest;
        }
    }
}

/// Whether a character is in a class such as `%a`. A capital letter stands for all others.
fn is_in_class(byte: u8, class: u8) -> bool {
    let inside = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        // With the vertical tab, which Rust does not count.
        b's' => byte.is_ascii_whitespace() || byte == 11,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    inside != class.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::{Matcher, Stop};

    #[test]
    fn work_without_end_can_be_stopped() {
        let (subject, pattern) = (vec![b'a'; 60], "a?".repeat(60) + &"a".repeat(61));
        let mut looks = 0;
        let mut matcher = Matcher::new(&subject, pattern.as_bytes(), |_| {
            looks += 1;
            if looks == 100 { Err("enough") } else { Ok(()) }
        });
        assert_eq!(matcher.search(0), Err(Stop::Watch("enough")));
    }

    /// Each step compares with many characters.
    #[test]
    fn sets_are_work() {
        let set = format!("[{}]", "a".repeat(1 << 16));
        for pattern in [set.clone(), format!("{set}*"), format!("{set}-c"), format!("%f{set}")] {
            for subject in [[b'b'; 10], [b'a'; 10]] {
                let mut told = 0;
                let mut matcher = Matcher::new(&subject, pattern.as_bytes(), |more| {
                    told += more;
                    Ok::<_, ()>(())
                });
                assert!(matcher.search(0).is_ok());
                let work = matcher.work + told;
                assert!(work >= 1 << 12, "{work}: {}", &pattern[pattern.len() - 3..]);
            }
        }
    }

    #[test]
    fn a_deep_pattern_is_refused() {
        let pattern = "a?".repeat(1_000_000);
        let mut matcher = Matcher::new(b"aaa", pattern.as_bytes(), |_| Ok::<_, ()>(()));
        assert_eq!(matcher.search(0), Ok(Some(0..3)));
        let subject = vec![b'a'; 1_000];
        let mut matcher = Matcher::new(&subject, pattern.as_bytes(), |_| Ok::<_, ()>(()));
        assert_eq!(matcher.search(0), Err(Stop::Malformed("pattern too complex")));
    }
}
