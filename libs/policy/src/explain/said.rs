//! What a policy says, statement by statement: read off its words, so that whatever is explained can be compared, and told to programs.

use chrono::NaiveDate;
use serde::Serialize;
use yizhan_documents::Period;

use super::explain;
use crate::model::Policy;

/// What a policy says, for programs: what [`explain`] says line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Name of the document.
    pub policy: String,
    /// Its version.
    pub version: String,
    /// Digest of its text.
    pub digest: String,
    /// The lines above the sources: title, areas, schemes, dates, what it covers.
    pub head: Vec<String>,
    /// The papers it cites.
    pub sources: Vec<ExplainedSource>,
    /// What it says, in order: each layer is a part, and each heading beside them.
    pub parts: Vec<ExplainedPart>,
}

/// A paper that is cited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedSource {
    /// Key by which statements name it.
    pub source: String,
    /// Quality mark, e.g. `G`.
    pub quality: char,
    /// Title or document number.
    pub title: String,
    /// Address, where it has one.
    pub url: Option<String>,
    /// The last year its values were published for, where it says.
    pub of: Option<i32>,
}

/// A layer, or another part of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedPart {
    /// Id of the layer; empty for another part.
    pub layer: String,
    /// Title of the layer, or heading of the part.
    pub part: String,
    /// What it says, in order.
    pub says: Vec<Statement>,
}

/// A sentence, or a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// What it is about, e.g. 起付线; the second of one name is `起付线（2）`.
    pub about: String,
    /// To whom, in a row of a table; empty otherwise.
    pub who: String,
    /// First day of the version of the table, where it has several; else it holds as long as the document, or the layer.
    pub from: Option<NaiveDate>,
    /// Last day; `None`: until further notice.
    pub to: Option<NaiveDate>,
    /// What it says; empty where `about` says all.
    pub value: String,
    /// The paper that a row cites; `None` outside tables.
    pub source: Option<String>,
    /// Its quality mark.
    pub quality: Option<String>,
    /// Line of the document on which the row stands.
    pub line: Option<usize>,
}

/// What a policy says.
pub fn explained(policy: &Policy) -> Explained {
    let words = explain(policy);
    let mut parts: Vec<ExplainedPart> = Vec::new();
    for said in statements(&words) {
        let Said { layer, part, about, who, period, value, cited } = said;
        let same = parts.last().is_some_and(|last| (&last.layer, &last.part) == (&layer, &part));
        if !same {
            parts.push(ExplainedPart { layer, part, says: Vec::new() });
        }
        let (from, to) = period.map_or((None, None), |period| (Some(period.from), period.to));
        let Cited { source, quality, line } = cited.unwrap_or_default();
        let says = Statement { about, who, from, to, value, source, quality, line };
        if let Some(last) = parts.last_mut() {
            last.says.push(says);
        }
    }
    let sources = policy.sources.iter().map(|one| ExplainedSource {
        source: one.id.clone(),
        quality: one.quality,
        title: one.title.clone(),
        url: one.url.clone(),
        of: one.of,
    });
    Explained {
        policy: policy.id.clone(),
        version: policy.version.clone(),
        digest: policy.digest.clone(),
        head: words.lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect(),
        sources: sources.collect(),
        parts,
    }
}

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
    /// What a row of a table cites.
    pub cited: Option<Cited>,
}

/// `〔source·G 第 12 行〕`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cited {
    source: Option<String>,
    quality: Option<String>,
    line: Option<usize>,
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
        if let Some((row, cites)) = text.strip_suffix('〕').and_then(|row| row.rsplit_once(" 〔")) {
            let (who, value) = row.split_once('：').unwrap_or((row, ""));
            if self.about.is_empty() {
                self.about.clone_from(&self.part);
            }
            self.say(who.to_owned(), value.to_owned(), self.period);
            if let Some(said) = self.said.last_mut() {
                said.cited = Some(cited(cites));
            }
            return;
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
        self.said.push(Said { layer, part, about, who, period, value, cited: None });
    }
}

fn cited(text: &str) -> Cited {
    let (named, line) = text.split_once(" 第 ").unwrap_or((text, ""));
    let (source, quality) = named.rsplit_once('·').unwrap_or((named, ""));
    let line = line.strip_suffix(" 行").and_then(|line| line.parse().ok());
    Cited { source: Some(source.to_owned()), quality: Some(quality.to_owned()), line }
}

/// `2020-01-01 至 2025-12-31`, `2020-01-01 起`
fn period(text: &str) -> Option<Period> {
    let (from, to) = match text.split_once(" 至 ") {
        Some((from, to)) => (from, Some(to.parse::<NaiveDate>().ok()?)),
        None => (text.strip_suffix(" 起")?, None),
    };
    Some(Period { from: from.parse().ok()?, to })
}
