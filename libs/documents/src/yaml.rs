//! YAML text → a tree whose every node knows its line and column.
//!
//! Built from parser events rather than with a ready-made tree: all duplicate keys are
//! reported at once, depth is limited before anything recurses, and scalars keep their text
//! (`8450.50` never passes through a float).

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::problem::Kind;
use crate::signs::{Place, signs};
use crate::sink::Sink;
use crate::typed::{SPACES, bracket, comment_in, is_dash, is_of_key, is_quote, without_thousands};
use crate::{MAX_BYTES, MAX_DEPTH, MAX_LIST};

/// A node of the document.
#[derive(Debug)]
pub struct Node {
    pub line: usize,
    pub column: usize,
    pub data: Data,
    /// The column at which a scalar begins that stands in the file as it is: without quotes, on one line.
    pub inside: Option<usize>,
}

/// What a node is.
#[derive(Debug)]
pub enum Data {
    Scalar { text: String, quoted: bool },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    fn new(at: Marker, data: Data) -> Node {
        Node { line: at.line(), column: at.col() + 1, data, inside: None }
    }

    /// Puts what a root says under these keys, which are lists or mappings, behind what this one says there.
    pub fn join(&mut self, other: Node, keys: &[&str]) {
        let (Data::Map(own), Data::Map(others)) = (&mut self.data, other.data) else { return };
        for (key, value) in others {
            let Some(name) = key.scalar().filter(|name| keys.contains(name)) else { continue };
            let held = own.iter_mut().find(|(held, _)| held.scalar() == Some(name));
            match (held.map(|(_, held)| &mut held.data), value.data) {
                (Some(Data::List(held)), Data::List(more)) => held.extend(more),
                (Some(Data::Map(held)), Data::Map(more)) => held.extend(more),
                (Some(_), _) => {}
                (None, data) => own.push((key, Node { data, ..value })),
            }
        }
    }

    /// The text of a scalar.
    pub fn scalar(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Reads the one document of a text. `None`: it is not YAML, which was reported.
pub(crate) fn read(text: &str, sink: &Sink) -> Option<Node> {
    if text.len() > MAX_BYTES {
        sink.add(1, 1, "", Kind::TooLarge, format!("the file has more than {MAX_BYTES} bytes"));
        return None;
    }
    // What is wrong with a tree that signs made another one is told only where there are none.
    let of_tree = Sink::new("");
    let read = tree(text, &of_tree);
    let by_key = read.doubtful.map(|at| signs(text, at, |text| tree(text, &Sink::new("")).first()));
    let by_error =
        || read.error.as_ref().map(|(at, _)| signs(text, *at, |text| tree(text, &Sink::new("")).stopped()));
    let found = by_key.filter(|found| !found.is_empty()).or_else(by_error).unwrap_or_default();
    if !found.is_empty() {
        found.into_iter().for_each(|one| sink.add(one.at.0, one.at.1, "", Kind::FullWidthSign, one.message));
        return None;
    }
    sink.absorb(of_tree);
    if let Some(((line, column), info)) = read.error {
        sink.add(line, column, "", Kind::Syntax, format!("not YAML: {info}"));
    }
    read.root
}

/// What was read of a text.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    /// The first key that begins as none does.
    doubtful: Option<Place>,
    /// Where it is no YAML, and why.
    error: Option<(Place, String)>,
}

impl Tree {
    fn stopped(&self) -> Option<Place> {
        self.error.as_ref().map(|(at, _)| *at)
    }

    fn first(&self) -> Option<Place> {
        self.doubtful.or(self.stopped())
    }
}

fn tree(text: &str, sink: &Sink) -> Tree {
    let mut builder = Builder { sink, open: Vec::new(), root: None, doubtful: None };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => {
                if builder.take(event, span).is_none() {
                    return Tree { doubtful: builder.doubtful, ..Tree::default() };
                }
            }
            Err(error) => {
                let at = (error.marker().line(), error.marker().col() + 1);
                let error = Some((at, error.info().to_owned()));
                return Tree { doubtful: builder.doubtful, error, root: None };
            }
        }
    }
    if builder.root.is_none() {
        sink.add(1, 1, "", Kind::Syntax, "the file is empty");
    }
    Tree { root: builder.root, doubtful: builder.doubtful, error: None }
}

/// Collections that are still open, innermost last. An open mapping may hold a key that
/// waits for its value.
struct Builder<'s> {
    sink: &'s Sink,
    open: Vec<(Node, Option<Node>)>,
    root: Option<Node>,
    /// The first key that a sign of a Chinese keyboard begins, or parts from what was to be its value.
    doubtful: Option<Place>,
}

impl Builder<'_> {
    /// Takes one event; `None` where reading cannot go on.
    fn take(&mut self, event: Event, span: Span) -> Option<()> {
        let at = span.start;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_decoration(at, anchor, tag.is_some());
                let quoted = style != ScalarStyle::Plain;
                let inside = (!quoted && span.end.line() == at.line()).then(|| at.col() + 1);
                let node = Node { inside, ..Node::new(at, Data::Scalar { text: text.into_owned(), quoted }) };
                self.check_comment(&node);
                self.place(node)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_decoration(at, anchor, tag.is_some());
                self.open(Node::new(at, Data::List(Vec::new())))
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_decoration(at, anchor, tag.is_some());
                self.open(Node::new(at, Data::Map(Vec::new())))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (node, _) = self.open.pop()?;
                self.place(node)
            }
            Event::Alias(_) => {
                self.refuse_decoration(at, 1, false);
                self.place(Node::new(at, Data::Scalar { text: String::new(), quoted: false }))
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                let message = "a second document in the same file: one file holds one";
                self.sink.add(at.line(), at.col() + 1, "", Kind::Unsupported, message);
                None
            }
            _ => Some(()),
        }
    }

    fn open(&mut self, node: Node) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            self.sink.add(node.line, node.column, "", Kind::TooLarge, message);
            return None;
        }
        self.open.push((node, None));
        Some(())
    }

    /// Puts a finished node where it belongs: into the innermost open collection.
    fn place(&mut self, node: Node) -> Option<()> {
        let Some((parent, waiting_key)) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        match &mut parent.data {
            Data::List(items) => items.push(node),
            Data::Map(entries) => match waiting_key.take() {
                None => *waiting_key = Some(node),
                Some(key) if entries.len() >= MAX_LIST => {
                    let message = format!("more than {MAX_LIST} keys in one mapping");
                    self.sink.add(key.line, key.column, "", Kind::TooLarge, message);
                    return None;
                }
                Some(key) => {
                    if parted(entries, &key, &node) {
                        return Some(());
                    }
                    self.doubtful = self.doubtful.or_else(|| doubtful(&key));
                    check_key(self.sink, &key, entries);
                    entries.push((key, node));
                }
            },
            Data::Scalar { .. } => {}
        }
        Some(())
    }

    /// What stands behind `＃` would belong to the text: refused where it is published, and not in what was published before.
    fn check_comment(&self, node: &Node) {
        let Data::Scalar { text, quoted: false } = &node.data else { return };
        let Some(index) = comment_in(text) else { return };
        let column = node.inside.map_or(node.column, |inside| inside + index);
        let message = if text.chars().nth(index) == Some('＃') {
            "`＃` (U+FF03) begins no comment: write `#`, or the whole text in quotes"
        } else {
            "no plain space stands before `#`, and it begins no comment: write one, or the whole text in quotes"
        };
        self.sink.find(node.line, column, "", Kind::FullWidthSign, message);
    }

    fn refuse_decoration(&self, at: Marker, anchor: usize, tagged: bool) {
        if anchor > 0 || tagged {
            let message = "anchors, aliases and tags are not used here: write the value out";
            self.sink.add(at.line(), at.col() + 1, "", Kind::Unsupported, message);
        }
    }
}

/// Where a key begins as none does, or has `：` in it.
fn doubtful(key: &Node) -> Option<Place> {
    let Data::Scalar { text, quoted: false } = &key.data else { return None };
    let first = text.chars().next()?;
    let no_key = is_quote(first)
        || is_dash(first)
        || bracket(first) != first
        || SPACES.contains(&first)
        || first == '＃';
    let colon = text.find('：').filter(|at| text[..*at].trim_end().chars().all(is_of_key));
    let at = colon.map_or(0, |at| text[..at].chars().count());
    (no_key || colon.is_some()).then_some((key.line, key.column + at))
}

/// `{ amount: 150,000 }` is a key `000` to YAML: here it is the amount as it was typed, and whoever reads it says what is wrong.
fn parted(entries: &mut [(Node, Node)], key: &Node, value: &Node) -> bool {
    let Some((_, last)) = entries.last_mut() else { return false };
    let (Some(group), Some("")) = (key.scalar(), value.scalar()) else { return false };
    let (Data::Scalar { text, quoted: false }, Some(inside)) = (&mut last.data, last.inside) else {
        return false;
    };
    let joined = format!("{text},{group}");
    let beside = key.line == last.line && key.column == inside + text.chars().count() + 1;
    if beside && without_thousands(&joined).is_some() {
        *text = joined;
        return true;
    }
    false
}

fn check_key(sink: &Sink, key: &Node, entries: &[(Node, Node)]) {
    let Some(text) = key.scalar() else {
        sink.add(key.line, key.column, "", Kind::WrongType, "a key must be a plain word");
        return;
    };
    if let Some((first, _)) = entries.iter().find(|(earlier, _)| earlier.scalar() == Some(text)) {
        let message = format!("`{text}` stands here already, on line {}", first.line);
        sink.add(key.line, key.column, text, Kind::DuplicateKey, message);
    }
}
