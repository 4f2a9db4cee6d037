//! What a policy says, statement by statement: read off its words, so that whatever is explained can be compared.

use chrono::NaiveDate;
use yizhan_documents::Period;

/// A statement: of which part, about what, to whom, when, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Id of the layer; empty outside layers.
    pub layer: String,
    /// Heading of the part of the document, or title of the layer.
    pub part: String,
    /// What it is about, e.g. 起付线; the second of one name is `起付线（2）`.
    pub about: String,
    /// To whom, in a row of a table; empty otherwise.
    pub who: String,
    /// When it holds; `None`: as long as the document, or the layer.
    pub period: Option<Period>,
    /// What.
    pub value: String,
}

/// All statements of an explained policy, in order; sources are left out.
pub(super) fn statements(explained: &str) -> Vec<Said> {
    let mut reader = Reader::default();
    // What stands above the first empty line is the head, which is compared as such.
    explained.lines().skip_while(|line| !line.is_empty()).for_each(|line| reader.line(line));
    reader.said
}

#[derive(Default)]
struct Reader {
    said: Vec<Said>,
    layer: String,
    part: String,
    about: String,
    period: Option<Period>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let text = line.trim_start();
        if text.is_empty() || (self.part == "来源" && line != text) {
            return;
        }
        if line == text {
            return self.heading(text);
        }
        if let Some((row, _)) = text.strip_suffix('〕').and_then(|row| row.rsplit_once(" 〔")) {
            let (who, value) = row.split_once('：').unwrap_or((row, ""));
            if self.about.is_empty() {
                self.about.clone_from(&self.part);
            }
            return self.say(who.to_owned(), value.to_owned(), self.period);
        }
        if let Some(dated) = text.strip_suffix('：').and_then(period) {
            self.period = Some(dated);
            return;
        }
        self.period = None;
        match text.split_once('：') {
            // A table: how it works stands in brackets behind its name.
            Some((name, "")) => {
                let (name, how) = name.split_once('（').unwrap_or((name, ""));
                self.name(name);
                if !how.is_empty() {
                    self.say(String::new(), how.trim_end_matches('）').to_owned(), None);
                }
            }
            Some((name, value)) => {
                self.name(name);
                self.say(String::new(), value.to_owned(), None);
            }
            None => {
                self.name(text);
                self.say(String::new(), String::new(), None);
            }
        }
    }

    /// `第 1 层  统筹基金（basic）`, a part of the document, or a statement of its own.
    fn heading(&mut self, text: &str) {
        (self.period, self.about, self.layer) = (None, String::new(), String::new());
        let layer = text.strip_prefix("第 ").and_then(|rest| rest.split_once(" 层  "));
        if let Some((title, id)) = layer.and_then(|(_, named)| named.strip_suffix('）')?.rsplit_once('（'))
        {
            (self.part, self.layer) = (title.to_owned(), id.to_owned());
            self.name("名称");
            return self.say(String::new(), title.to_owned(), None);
        }
        let (part, value) = text.split_once('：').unwrap_or((text, ""));
        part.clone_into(&mut self.part);
        if !value.is_empty() {
            self.name(part);
            self.say(String::new(), value.to_owned(), None);
            self.about.clear();
        }
    }

    /// What follows is about this; a layer may have several tables of one name.
    fn name(&mut self, name: &str) {
        let same = |said: &&Said| said.layer == self.layer && said.part == self.part;
        let mut known: Vec<&str> = self.said.iter().filter(same).map(|said| said.about.as_str()).collect();
        known.dedup();
        let again = |about: &&str| {
            *about == name || about.strip_prefix(name).is_some_and(|rest| rest.starts_with("（"))
        };
        let count = known.into_iter().filter(again).count();
        self.about = if count == 0 { name.to_owned() } else { format!("{name}（{}）", count + 1) };
    }

    fn say(&mut self, who: String, value: String, period: Option<Period>) {
        let (layer, part, about) = (self.layer.clone(), self.part.clone(), self.about.clone());
        self.said.push(Said { layer, part, about, who, period, value });
    }
}

/// `2020-01-01 至 2025-12-31`, `2020-01-01 起`
fn period(text: &str) -> Option<Period> {
    let (from, to) = match text.split_once(" 至 ") {
        Some((from, to)) => (from, Some(to.parse::<NaiveDate>().ok()?)),
        None => (text.strip_suffix(" 起")?, None),
    };
    Some(Period { from: from.parse().ok()?, to })
}
