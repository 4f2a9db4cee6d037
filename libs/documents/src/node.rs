//! Typed reading of the tree. Every reader answers `None` only after it has reported why,
//! so that its callers can go on and find further problems.

use crate::problem::Kind;
use crate::sink::Sink;
use crate::suggest::closest;
use crate::typed::{QUOTES, half_width, hint, said, sign_behind, without_thousands};
use crate::yaml::{Data, Node};
use crate::{MAX_LIST, MAX_TEXT};

/// A node of the document, and where it stands.
#[derive(Clone)]
pub struct At<'a> {
    pub(crate) sink: &'a Sink,
    pub(crate) node: &'a Node,
    /// Where it stands in the document, e.g. `layers.basic.deductible.amount`.
    pub path: String,
}

impl<'a> At<'a> {
    pub(crate) fn root(node: &'a Node, sink: &'a Sink) -> At<'a> {
        At { sink, node, path: String::new() }
    }

    /// Reports a problem here. Answers `None` for the caller to return.
    pub fn problem<T>(&self, kind: Kind, message: impl Into<String>) -> Option<T> {
        self.sink.add(self.node.line, self.node.column, &self.path, kind, message);
        None
    }

    /// Reports here what does not keep the document from being read: a warning, or an error of a document that is yet to be
    /// published ([`Kind::is_warning`]).
    pub fn finding(&self, kind: Kind, message: impl Into<String>) {
        self.sink.find(self.node.line, self.node.column, &self.path, kind, message);
    }

    /// The line it stands on, the first is 1.
    pub fn line(&self) -> usize {
        self.node.line
    }

    fn child(&self, node: &'a Node, name: &str) -> At<'a> {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        At { sink: self.sink, node, path }
    }

    /// The same place under another path: entries of a list are called by their name.
    pub fn named(mut self, path: String) -> At<'a> {
        self.path = path;
        self
    }

    /// The text of a scalar, whatever it says; `None` for a list or a mapping. Reports nothing.
    pub fn raw(&self) -> Option<&'a str> {
        self.node.scalar()
    }

    /// Whether it is a list. Reports nothing.
    pub fn is_list(&self) -> bool {
        matches!(self.node.data, Data::List(_))
    }

    /// Whether it is a mapping. Reports nothing.
    pub fn is_map(&self) -> bool {
        matches!(self.node.data, Data::Map(_))
    }

    /// Key and value of this name, where it is a mapping that has one. Reports nothing.
    pub fn find(&self, name: &str) -> Option<(At<'a>, At<'a>)> {
        let Data::Map(entries) = &self.node.data else { return None };
        let (key, value) = entries.iter().find(|(key, _)| key.scalar() == Some(name))?;
        Some((self.child(key, name), self.child(value, name)))
    }

    /// A mapping with keys from this list only.
    pub fn map(&self, known: &[&str]) -> Option<Map<'a>> {
        let entries = self.entries()?;
        for (key, _) in &entries {
            let name = key.node.scalar().unwrap_or_default();
            if !known.contains(&name) {
                let hint = closest(name, known.iter().copied());
                key.problem::<()>(Kind::UnknownKey, format!("unknown key `{name}`{hint}"));
            }
        }
        Some(Map { at: self.clone(), entries, short: None })
    }

    /// A mapping with free keys, as pairs of key and value.
    pub fn entries(&self) -> Option<Vec<(At<'a>, At<'a>)>> {
        let Data::Map(entries) = &self.node.data else {
            let hint = self.raw().map(hint).unwrap_or_default();
            let message = format!("a mapping is needed here, not {}{hint}", self.what());
            return self.problem(Kind::WrongType, message);
        };
        let pair = |(key, value): &'a (Node, Node)| {
            let name = key.scalar().unwrap_or_default();
            (self.child(key, name), self.child(value, name))
        };
        Some(entries.iter().map(pair).collect())
    }

    /// A list that is not empty.
    pub fn list(&self) -> Option<Vec<At<'a>>> {
        let Data::List(items) = &self.node.data else {
            let hint = self.raw().map(hint).unwrap_or_default();
            let message = format!("a list is needed here, not {}{hint}", self.what());
            return self.problem(Kind::WrongType, message);
        };
        if items.is_empty() {
            return self.problem(Kind::EmptyList, "an empty list: give an entry or leave the key out");
        }
        if items.len() > MAX_LIST {
            return self.problem(Kind::TooLarge, format!("more than {MAX_LIST} entries"));
        }
        Some(items.iter().enumerate().map(|(index, item)| self.child(item, &index.to_string())).collect())
    }

    /// Reads every entry of a list, all of them even when some fail.
    pub fn list_of<T>(&self, read: impl FnMut(At<'a>) -> Option<T>) -> Option<Vec<T>> {
        let read: Vec<Option<T>> = self.list()?.into_iter().map(read).collect();
        read.into_iter().collect()
    }

    /// [`At::list_of`] for values that may stand in the list only once.
    pub fn set_of<T: PartialEq>(&self, mut read: impl FnMut(At<'a>) -> Option<T>) -> Option<Vec<T>> {
        let mut values: Vec<T> = Vec::new();
        let mut complete = true;
        for item in self.list()? {
            match read(item.clone()) {
                None => complete = false,
                Some(value) if values.contains(&value) => {
                    item.problem::<()>(Kind::DuplicateValue, "this value stands in the list already");
                    complete = false;
                }
                Some(value) => values.push(value),
            }
        }
        complete.then_some(values)
    }

    /// The bare text of a scalar, quoted or not: for dates, amounts, ratios.
    pub fn scalar(&self, what: &str) -> Option<&'a str> {
        let text = self.node.scalar().filter(|text| !text.is_empty());
        text.or_else(|| self.problem(Kind::WrongType, format!("{what} is needed here, not {}", self.what())))
    }

    /// A text. What YAML takes for a number, a truth value or nothing must stand in quotes:
    /// other readers of the document would turn `02` into 2.
    pub fn text(&self) -> Option<&'a str> {
        let text = self.scalar("a text")?;
        let plain = matches!(self.node.data, Data::Scalar { quoted: false, .. });
        if plain && is_not_text(text) {
            return self
                .problem(Kind::WrongType, format!("a text is needed here: write \"{text}\" in quotes"));
        }
        let inside = text.trim_matches(QUOTES);
        if plain && text.starts_with(QUOTES) && text.ends_with(QUOTES) && !inside.contains(QUOTES) {
            let message = format!("the quotes around `{inside}` are none of YAML: write \"{inside}\"");
            return self.problem(Kind::WrongType, message);
        }
        if text.chars().count() > MAX_TEXT {
            return self.problem(Kind::TooLarge, format!("a text of more than {MAX_TEXT} characters"));
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn boolean(&self) -> Option<bool> {
        match (&self.node.data, self.node.scalar()) {
            (Data::Scalar { quoted: false, .. }, Some("true")) => Some(true),
            (Data::Scalar { quoted: false, .. }, Some("false")) => Some(false),
            _ => self.problem(Kind::WrongType, format!("true or false is needed here, not {}", self.what())),
        }
    }

    /// A value of a dictionary, found among all its values by code.
    pub fn code<T: Copy>(&self, all: &[T], code: fn(T) -> &'static str) -> Option<T> {
        let text = self.text()?;
        let typed = half_width(text);
        if let Some(value) = all.iter().find(|value| code(**value) == typed) {
            return Some(*value);
        }
        let codes: Vec<&str> = all.iter().map(|value| code(*value)).collect();
        let message = format!("unknown code `{text}`; one of: {}{}", codes.join(", "), hint(text));
        self.problem(Kind::UnknownCode, message)
    }

    /// Reports a sign behind a value that is right without it, at the sign.
    pub(crate) fn nothing_behind(&self, kind: Kind, reads: impl Fn(&str) -> bool) -> Option<()> {
        let Some((rest, sign)) = self.raw().and_then(sign_behind).filter(|(rest, _)| reads(rest)) else {
            return Some(());
        };
        let column = self.node.inside.map_or(self.node.column, |inside| inside + rest.chars().count());
        self.sink.add(self.node.line, column, &self.path, kind, said::behind(sign, rest));
        None
    }

    fn what(&self) -> String {
        match &self.node.data {
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a mapping".to_owned(),
            Data::Scalar { text, .. } if text.is_empty() => "nothing".to_owned(),
            Data::Scalar { text, .. } => format!("`{}`", text.chars().take(40).collect::<String>()),
        }
    }
}

fn is_not_text(plain: &str) -> bool {
    let number = plain.trim_start_matches(['+', '-']);
    matches!(plain, "~" | "null" | "Null" | "NULL")
        || matches!(plain.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off")
        || without_thousands(plain).is_some()
        || (number.starts_with(|c: char| c.is_ascii_digit()) && number.chars().all(is_numeric))
}

fn is_numeric(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | '_' | ':' | '-')
}

/// A mapping whose keys are known.
pub struct Map<'a> {
    /// The mapping itself.
    pub at: At<'a>,
    entries: Vec<(At<'a>, At<'a>)>,
    /// The key of the value that stands in its place.
    short: Option<&'static str>,
}

impl<'a> Map<'a> {
    /// A value that is written in place of `{ KEY: VALUE }`.
    pub(crate) fn short(key: &'static str, value: &At<'a>) -> Map<'a> {
        Map { at: value.clone(), entries: Vec::new(), short: Some(key) }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<At<'a>> {
        if self.short == Some(key) {
            return Some(self.at.clone());
        }
        self.entries.iter().find(|(name, _)| name.node.scalar() == Some(key)).map(|(_, value)| value.clone())
    }

    /// Where the key itself stands.
    pub fn key(&self, key: &str) -> Option<At<'a>> {
        self.entries.iter().find(|(name, _)| name.node.scalar() == Some(key)).map(|(name, _)| name.clone())
    }

    /// Reads the value of a key that must be there.
    pub fn required<T>(&self, key: &str, read: impl FnOnce(At<'a>) -> Option<T>) -> Option<T> {
        match self.get(key) {
            Some(value) => read(value),
            None => self.at.problem(Kind::MissingKey, format!("`{key}` is missing")),
        }
    }

    /// Reads the value of a key that may be absent; the outer `None` is a reported problem.
    pub fn optional<T>(&self, key: &str, read: impl FnOnce(At<'a>) -> Option<T>) -> Option<Option<T>> {
        match self.get(key) {
            Some(value) => read(value).map(Some),
            None => Some(None),
        }
    }

    /// Which one of these keys is there; reports when there is none or more than one.
    pub fn one_of(&self, keys: &[&'static str]) -> Option<&'static str> {
        let mut present = keys.iter().filter(|key| self.get(key).is_some());
        let Some(first) = present.next() else {
            return self.at.problem(Kind::MissingKey, format!("one of `{}` is missing", keys.join("`, `")));
        };
        match present.next() {
            None => Some(first),
            Some(second) => self.conflict(first, second),
        }
    }

    /// Reports, at the second key, that the two exclude each other.
    pub fn conflict<T>(&self, first: &str, second: &str) -> Option<T> {
        let at = self.key(second).unwrap_or_else(|| self.at.clone());
        at.problem(Kind::ConflictingKeys, format!("`{first}` and `{second}` exclude each other"))
    }
}
