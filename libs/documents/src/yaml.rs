//! YAML text → a tree whose every node knows its line and column.
//!
//! Built from parser events rather than with a ready-made tree: all duplicate keys are
//! reported at once, depth is limited before anything recurses, and scalars keep their text
//! (`8450.50` never passes through a float).

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::problem::Kind;
use crate::sink::Sink;
use crate::typed::in_line;
use crate::{MAX_BYTES, MAX_DEPTH, MAX_LIST};

/// A node of the document.
#[derive(Debug)]
pub struct Node {
    pub line: usize,
    pub column: usize,
    pub data: Data,
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
        Node { line: at.line(), column: at.col() + 1, data }
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
                (None, data) => own.push((key, Node { data, line: value.line, column: value.column })),
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
    let mut builder = Builder { sink, open: Vec::new(), root: None };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                let at = error.marker();
                let (line, column, hint) =
                    typed_near(text, at.line()).unwrap_or((at.line(), at.col() + 1, ""));
                sink.add(line, column, "", Kind::Syntax, format!("not YAML: {}{hint}", error.info()));
                return None;
            }
        }
    }
    if builder.root.is_none() {
        sink.add(1, 1, "", Kind::Syntax, "the file is empty");
    }
    builder.root
}

/// Collections that are still open, innermost last. An open mapping may hold a key that
/// waits for its value.
struct Builder<'s> {
    sink: &'s Sink,
    open: Vec<(Node, Option<Node>)>,
    root: Option<Node>,
}

impl Builder<'_> {
    /// Takes one event; `None` where reading cannot go on.
    fn take(&mut self, event: Event, span: Span) -> Option<()> {
        let at = span.start;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_decoration(at, anchor, tag.is_some());
                let quoted = style != ScalarStyle::Plain;
                self.place(Node::new(at, Data::Scalar { text: text.into_owned(), quoted }))
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
                    check_key(self.sink, &key, entries);
                    entries.push((key, node));
                }
            },
            Data::Scalar { .. } => {}
        }
        Some(())
    }

    fn refuse_decoration(&self, at: Marker, anchor: usize, tagged: bool) {
        if anchor > 0 || tagged {
            let message = "anchors, aliases and tags are not used here: write the value out";
            self.sink.add(at.line(), at.col() + 1, "", Kind::Unsupported, message);
        }
    }
}

/// The parser notices on a later line what a keyboard typed on one before.
fn typed_near(text: &str, line: usize) -> Option<(usize, usize, &'static str)> {
    const BACK: usize = 2;
    let lines: Vec<&str> = text.lines().take(line).collect();
    let mut near = lines.iter().enumerate().rev().take(BACK + 1);
    near.find_map(|(index, line)| in_line(line).map(|(column, hint)| (index + 1, column, hint)))
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
