//! Signs of a Chinese keyboard where YAML has signs of its own. Prose is full of `，` and `：`, so a sign counts as what is wrong only where
//! YAML reads further with its own sign in that place: each is tried, and told at its line and column.

use crate::typed::{SPACES, bracket, is_comma, is_dash, is_of_key, is_quote, said};

/// Line and column, the first are 1.
pub(crate) type Place = (usize, usize);

/// A sign that is told.
pub(crate) struct Sign {
    pub at: Place,
    pub message: String,
}

/// How often a text is read again to find what is wrong with it.
const MAX_TRIES: usize = 60;
/// How many lines that say something are looked at, from the one where YAML notices something up.
const LINES_BACK: usize = 8;

/// The signs that keep a text from being read. `fault` reads a text, and tells where it stops.
pub(crate) fn signs(text: &str, at: Place, fault: impl Fn(&str) -> Option<Place>) -> Vec<Sign> {
    let mut search = Search { typed: Typed::new(text), tries: MAX_TRIES, fault };
    let (mut found, mut lines) = (Vec::new(), Vec::new());
    let mut stopped = Some(at);
    while let Some(at) = stopped {
        let Some((mended, next)) = search.alone(at).or_else(|| search.together(at)) else { return found };
        lines.extend(mended.iter().map(|(line, _)| *line));
        found.extend(mended.into_iter().map(|(_, sign)| sign));
        stopped = next;
    }
    // What stands beside one, and would be noticed only when that is mended.
    let beside = search.typed.all(0).into_iter().filter(|one| one.sure && lines.contains(&one.line));
    found.extend(beside.map(|one| search.typed.told(&one)));
    found
}

/// Tries signs until YAML reads further.
struct Search<F> {
    typed: Typed,
    tries: usize,
    fault: F,
}

/// Signs that were exchanged, each with its line, and where YAML stops now.
type Mended = (Vec<(usize, Sign)>, Option<Place>);

impl<F: Fn(&str) -> Option<Place>> Search<F> {
    /// One sign that is enough, read as what gets furthest.
    fn alone(&mut self, at: Place) -> Option<Mended> {
        let near = self.typed.near(at.0);
        near.chunk_by(|one, other| (one.line, one.sign) == (other.line, other.sign)).find_map(|of_sign| {
            let mut best: Option<(&Candidate, Option<Place>, Place)> = None;
            for one in of_sign {
                let before = self.typed.0.get(one.line - 1)?.clone();
                let Some(next) = self.try_out(&[one], at) else { continue };
                let reached = next.map_or((usize::MAX, 0), |next| self.typed.origin(next));
                if best.is_none_or(|(.., so_far)| reached > so_far) {
                    best = Some((one, next, reached));
                }
                self.typed.0[one.line - 1] = before;
            }
            let (one, next, _) = best?;
            let sign = self.typed.told(one);
            self.typed.mend(&[one]);
            Some((vec![(one.line, sign)], next))
        })
    }

    /// As few signs of one line as are needed together: `visit：｛ level: third` stops sooner with either of them alone.
    fn together(&mut self, at: Place) -> Option<Mended> {
        let near = self.typed.near(at.0);
        near.chunk_by(|one, other| one.line == other.line).find_map(|of_line| {
            let mut of_line: Vec<&Candidate> = of_line.iter().collect();
            of_line.dedup_by_key(|one| one.sign);
            let before = self.typed.0.clone();
            let mut next = self.try_out(&of_line, at)?;
            for one in of_line.clone() {
                self.typed.0.clone_from(&before);
                let fewer: Vec<&Candidate> =
                    of_line.iter().copied().filter(|other| other.sign != one.sign).collect();
                if let Some(after) = self.try_out(&fewer, at) {
                    (of_line, next) = (fewer, after);
                }
            }
            self.typed.0 = before;
            let told = of_line.iter().map(|one| (one.line, self.typed.told(one))).collect();
            self.typed.mend(&of_line);
            Some((told, next))
        })
    }

    /// Exchanges signs of one line if YAML reads further then than the place, and tells how far.
    fn try_out(&mut self, all: &[&Candidate], at: Place) -> Option<Option<Place>> {
        self.tries = self.tries.checked_sub(1)?;
        let line = all.first()?.line;
        let here = self.typed.origin(at);
        let before = self.typed.mend(all);
        let next = (self.fault)(&self.typed.text());
        if next.is_none_or(|next| self.typed.origin(next) > here) {
            return Some(next);
        }
        self.typed.0[line - 1] = before;
        None
    }
}

/// A text with some of its signs exchanged: each character with the column that it, or what it stands for, had.
struct Typed(Vec<Vec<(char, usize)>>);

/// A sign, and what to read in its place.
struct Candidate {
    line: usize,
    /// Number of the character in its line.
    sign: usize,
    edits: Vec<Edit>,
    message: String,
    /// Nothing but a slip, whatever stands around it.
    sure: bool,
}

/// From a character on, so many of them are replaced.
type Edit = (usize, usize, String);

impl Typed {
    fn new(text: &str) -> Typed {
        let line = |line: &str| line.chars().zip(1..).collect();
        Typed(text.split('\n').map(line).collect())
    }

    fn text(&self) -> String {
        let line = |line: &Vec<(char, usize)>| line.iter().map(|(c, _)| *c).collect::<String>();
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// Where something stood before anything was exchanged.
    fn origin(&self, (line, column): Place) -> Place {
        let chars = self.0.get(line - 1).map(Vec::as_slice).unwrap_or_default();
        let behind = || chars.last().map_or(column, |(_, last)| last + 1);
        (line, chars.get(column - 1).map_or_else(behind, |(_, origin)| *origin))
    }

    fn told(&self, one: &Candidate) -> Sign {
        Sign { at: self.origin((one.line, one.sign + 1)), message: one.message.clone() }
    }

    /// Exchanges signs of one line; the line as it was before.
    fn mend(&mut self, all: &[&Candidate]) -> Vec<(char, usize)> {
        let Some(line) = all.first().and_then(|one| self.0.get_mut(one.line - 1)) else { return Vec::new() };
        let before = line.clone();
        let mut edits: Vec<&Edit> = all.iter().flat_map(|one| &one.edits).collect();
        edits.sort_by_key(|(from, ..)| std::cmp::Reverse(*from));
        for (from, count, to) in edits {
            let origin = line.get(*from).map_or(1, |(_, origin)| *origin);
            line.splice(from..&(from + count), to.chars().map(|c| (c, origin)));
        }
        before
    }

    /// What could be wrong where YAML notices something on this line: there first, then further up.
    fn near(&self, line: usize) -> Vec<Candidate> {
        let says = |line: &&Vec<(char, usize)>| line.iter().any(|(c, _)| !c.is_whitespace());
        let above = self.0.iter().take(line).enumerate().rev();
        let first =
            above.filter(|(_, line)| says(line)).take(LINES_BACK).last().map_or(0, |(index, _)| index);
        let mut all = self.all(first);
        all.retain(|one| one.line <= line);
        // Stable: those of a line stay as they stand.
        all.sort_by_key(|one| std::cmp::Reverse(one.line));
        all
    }

    /// From the line of this index on.
    fn all(&self, first: usize) -> Vec<Candidate> {
        let mut scan = Scan::default();
        for (index, line) in self.0.iter().enumerate() {
            let chars: Vec<char> = line.iter().map(|(c, _)| *c).collect();
            scan.line(index + 1, &chars);
        }
        scan.found.retain(|one| one.line > first);
        scan.found
    }
}

/// What a text is made of, as far as signs need it.
#[derive(Default)]
struct Scan {
    found: Vec<Candidate>,
    /// The quote that a text began with, which is still open.
    quote: Option<char>,
    /// Brackets that are open, as what closes them.
    open: Vec<char>,
    /// Indentation of the line whose text follows as a block, `|` or `>`, and then that of the block.
    block: Option<(usize, Option<usize>)>,
    line: usize,
}

impl Scan {
    fn line(&mut self, line: usize, chars: &[char]) {
        self.line = line;
        let indent = chars.iter().take_while(|c| **c == ' ').count();
        if indent == chars.len() || self.in_block(indent) {
            return;
        }
        let start = if self.quote.is_none() { self.beginning(chars, indent) } else { 0 };
        self.rest(chars, start);
        let mut behind = chars.iter().rev().skip_while(|c| matches!(c, ' ' | '\r' | '+' | '-' | '1'..='9'));
        if self.quote.is_none() && self.open.is_empty() && matches!(behind.next(), Some('|' | '>')) {
            self.block = behind.next().is_some_and(|c| *c == ' ').then_some((indent, None));
        }
    }

    fn in_block(&mut self, indent: usize) -> bool {
        let inside = match self.block {
            Some((around, None)) if indent > around => Some((around, Some(indent))),
            Some((around, Some(own))) if indent >= own => Some((around, Some(own))),
            _ => None,
        };
        self.block = inside;
        inside.is_some()
    }

    fn add(&mut self, sign: usize, edits: Vec<Edit>, message: String, sure: bool) {
        self.found.push(Candidate { line: self.line, sign, edits, message, sure });
    }

    /// Indentation, the dash of a list, a comment; where the rest begins.
    fn beginning(&mut self, chars: &[char], indent: usize) -> usize {
        let is_space = |c: &char| *c == ' ' || SPACES.contains(c);
        let start = chars.iter().take_while(|c| is_space(c)).count();
        if start > indent {
            // How wide it looked to whoever typed it is not known.
            for wide in [2, 1] {
                let spaces = |c: &char| " ".repeat(if *c == '\u{3000}' { wide } else { 1 });
                let plain = chars[..start].iter().map(spaces).collect();
                self.add(indent, vec![(0, start, plain)], said::indent(chars[indent]), false);
            }
        }
        match chars.get(start) {
            Some(dash) if is_dash(*dash) && self.open.is_empty() => {
                let spaces = chars[start + 1..].iter().take_while(|c| is_space(c)).count();
                self.add(start, vec![(start, 1 + spaces, "- ".to_owned())], said::dash(*dash), false);
                start + 1 + spaces
            }
            _ => start,
        }
    }

    fn rest(&mut self, chars: &[char], start: usize) {
        // Whether a value or a key can begin here, and the last character that is no space.
        let (mut begins, mut before) = (true, ' ');
        let mut index = start;
        while let Some(c) = chars.get(index).copied() {
            if let Some(quote) = self.quote {
                index = self.quoted(chars, index, quote);
                (begins, before) = (false, '"');
                continue;
            }
            let spaced = index == start || chars[index - 1].is_whitespace();
            let next = chars.get(index + 1).copied().unwrap_or(' ');
            match c {
                '#' if spaced => return,
                '＃' if spaced => {
                    let space = if index > 0 && chars[index - 1] != ' ' { " #" } else { "#" };
                    return self.add(index, vec![(index, 1, space.to_owned())], said::comment(), false);
                }
                '"' | '\'' if begins => self.quote = Some(c),
                _ if is_quote(c) && begins => {
                    index = self.foreign_quotes(chars, index);
                    (begins, before) = (false, '"');
                    continue;
                }
                _ => self.sign(chars, index, before, begins),
            }
            let in_flow = !self.open.is_empty();
            begins = match c {
                ' ' => begins,
                _ if SPACES.contains(&c) => begins,
                '[' | '{' | '［' | '｛' | '【' => begins || in_flow,
                ',' => in_flow,
                '-' => begins && next == ' ',
                ':' => next == ' ' || next == '\r' || SPACES.contains(&next) || index + 1 == chars.len(),
                '：' => is_of_key(before),
                _ if is_comma(c) => in_flow && key_behind(chars, index + 1),
                _ => false,
            };
            if !c.is_whitespace() {
                before = c;
            }
            index += 1;
        }
    }

    /// Brackets, commas, colons, and the space behind a colon.
    fn sign(&mut self, chars: &[char], index: usize, before: char, begins: bool) {
        let c = chars[index];
        let in_flow = !self.open.is_empty();
        let next = chars.get(index + 1).copied();
        let closed = matches!(before, '"' | ']' | '}' | '］' | '｝' | '】');
        let one = |to: &str| vec![(index, 1, to.to_owned())];
        match c {
            '[' | '{' if begins || in_flow => self.open.push(if c == '[' { ']' } else { '}' }),
            ']' | '}' => drop(self.open.pop()),
            '［' | '【' | '｛' if begins => {
                let (open, close) = if c == '｛' { ("{", '}') } else { ("[", ']') };
                self.add(index, one(open), said::bracket(c, open), c != '【');
                self.open.push(close);
            }
            '］' | '】' | '｝' if in_flow => {
                // What is open is what it was to close.
                let close = self.open.pop().unwrap_or(bracket(c)).to_string();
                self.add(index, one(&close), said::bracket(c, &close), false);
            }
            _ if is_comma(c) && (closed || in_flow && key_behind(chars, index + 1)) => {
                let last = chars[index + 1..].iter().find(|c| !c.is_whitespace());
                if in_flow && !last.is_some_and(|c| matches!(c, ']' | '}' | '］' | '｝' | '】')) {
                    self.add(index, one(", "), said::comma(c), true);
                }
                self.add(index, one(""), said::behind(c, &before.to_string()), false);
            }
            '：' if before == '"' || is_of_key(before) => {
                self.add(index, one(": "), said::colon(), in_flow && begins_key(chars, index));
            }
            ':' if is_of_key(before) || before == '"' => match next {
                Some(space) if SPACES.contains(&space) => {
                    let plain = vec![(index + 1, 1, " ".to_owned())];
                    self.add(index + 1, plain, said::space(space), false);
                }
                Some(other) if !other.is_whitespace() && other != '/' => {
                    self.add(index, one(": "), said::close_colon(), false);
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Where the text behind the quote goes on.
    fn quoted(&mut self, chars: &[char], index: usize, quote: char) -> usize {
        let c = chars[index];
        if quote == '"' && c == '\\' || quote == '\'' && chars[index..].starts_with(&['\'', '\'']) {
            return index + 2;
        }
        if c == quote {
            self.quote = None;
        }
        index + 1
    }

    /// A text between quotes that are none of YAML, on one line.
    fn foreign_quotes(&mut self, chars: &[char], start: usize) -> usize {
        let ends = |c: &char| is_quote(*c) || *c == '"';
        let end = chars.iter().skip(start + 1).position(ends).map(|length| start + 1 + length);
        let Some(end) = end else { return start + 1 };
        let edits = vec![(start, 1, "\"".to_owned()), (end, 1, "\"".to_owned())];
        self.add(start, edits, said::quote(chars[start]), false);
        end + 1
    }
}

/// Whether a key begins here, perhaps behind spaces: letters and a colon, or a quote.
fn key_behind(chars: &[char], start: usize) -> bool {
    let mut rest = chars[start.min(chars.len())..].iter().skip_while(|c| c.is_whitespace()).peekable();
    match rest.peek() {
        Some('"' | '\'') => true,
        Some(c) if is_of_key(**c) => matches!(rest.find(|c| !is_of_key(**c)), Some(':' | '：')),
        _ => false,
    }
}

/// Whether what stands before this character is a word in the place of a key.
fn begins_key(chars: &[char], end: usize) -> bool {
    let before = chars[..end].iter().rev().skip_while(|c| is_of_key(**c)).find(|c| !c.is_whitespace());
    before.is_none_or(|c| matches!(c, '{' | '[' | '｛' | '［' | ',') || is_comma(*c))
}
