//! What was found beside what was put in, and the table of it.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_audit::rules::{AuditRule, Life, Severity, entry_of};
use yizhan_documents::Documents;

use super::Year;

/// Things, each with a rule that it is against.
type Against = BTreeSet<(String, String)>;

/// How well a rule finds.
#[derive(Debug)]
pub struct Score {
    pub rule: String,
    /// What it finds is a violation (违规), and no suspicion.
    pub is_deterministic: bool,
    /// In force nowhere yet.
    is_in_shadow: bool,
    /// Put in.
    pub labelled: usize,
    /// Found.
    found: usize,
    /// Both.
    right: usize,
}

impl Score {
    /// Of every rule that comes with the service, by its code: visits, and months of institutions.
    pub fn of_all(
        documents: &Documents<AuditRule>,
        visits: (&Against, &Against),
        months: (&Against, &Against),
    ) -> BTreeMap<String, Score> {
        let mut scores = BTreeMap::new();
        for document in documents.documents() {
            let rule = &document.rule;
            let of = |all: &Against| all.iter().filter(|(_, code)| code == rule).count();
            let both = |(labelled, found): (&Against, &Against)| {
                labelled.intersection(found).filter(|(_, code)| code == rule).count()
            };
            let score = scores.entry(rule.clone()).or_insert_with(|| Score {
                rule: rule.clone(),
                is_deterministic: true,
                is_in_shadow: true,
                labelled: of(visits.0) + of(months.0),
                found: of(visits.1) + of(months.1),
                right: both(visits) + both(months),
            });
            score.is_deterministic &= document.result == Severity::Violation;
            score.is_in_shadow &= document.life == Life::Shadow;
        }
        scores
    }

    pub fn is_perfect(&self) -> bool {
        self.right == self.labelled && self.right == self.found
    }

    /// `7 | 24 | 1.000 | 1.000`: the number in the catalogue, or the area's own code; in italics while it is tried.
    fn cells(&self) -> String {
        let number = entry_of(&self.rule).map_or_else(|| self.rule.clone(), |entry| entry.number.to_string());
        let name = if self.is_in_shadow { format!("*{number}*") } else { number };
        let part =
            |of: usize| format!("{}.{:03}", self.right / of.max(1), self.right * 1000 / of.max(1) % 1000);
        format!("{name} | {} | {} | {}", self.labelled, part(self.found), part(self.labelled))
    }
}

/// Rules in a row of the table.
const IN_A_ROW: usize = 4;

fn table(scores: &BTreeMap<String, Score>, deterministic: bool, words: [&str; 4]) -> String {
    let mut scores: Vec<&Score> =
        scores.values().filter(|score| score.is_deterministic == deterministic).collect();
    scores.sort_by_key(|score| {
        (entry_of(&score.rule).map_or(u32::MAX, |entry| entry.number), score.rule.clone())
    });
    let head = vec![words.join(" | "); IN_A_ROW].join(" | ");
    let mut rows = vec![format!("| {head} |"), format!("|{}", "---|".repeat(4 * IN_A_ROW))];
    for row in scores.chunks(IN_A_ROW) {
        let mut cells: Vec<String> = row.iter().map(|score| score.cells()).collect();
        cells.resize(IN_A_ROW, " | | | ".to_owned());
        rows.push(format!("| {} |", cells.join(" | ")));
    }
    rows.join("\n")
}

/// The tables stand in the READMEs as they come out here.
pub fn in_the_readmes(year: &Year, scores: &BTreeMap<String, Score>) {
    let visits: usize = year.visits.values().map(Vec::len).sum();
    let institutions: BTreeSet<&str> =
        year.visits.values().flatten().map(|visit| visit.institution.as_str()).collect();
    let sizes = [year.visits.len(), institutions.len(), visits, year.injected, year.look_alikes];
    for (file, words) in [
        ("README.md", ["rule", "put in", "precision", "recall"]),
        ("README.zh-CN.md", ["规则", "注入", "准确率", "召回率"]),
    ] {
        let path = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
        let mut text = std::fs::read_to_string(&path).unwrap();
        let before = text.clone();
        let blocks = [numbers(sizes), table(scores, true, words), table(scores, false, words)];
        for (name, block) in ["numbers", "violations", "suspicions"].iter().zip(blocks) {
            let (open, close) = (format!("<!-- year: {name} -->\n"), "\n<!-- -->");
            let first =
                text.find(&open).unwrap_or_else(|| panic!("{file} has no place for {name}")) + open.len();
            let last = text[first..].find(close).unwrap() + first;
            text.replace_range(first..last, &block);
        }
        if std::env::var("YIZHAN_WRITE").is_ok() {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(
            text == before || std::env::var("YIZHAN_WRITE").is_ok(),
            "{file}: write it again: YIZHAN_WRITE=1"
        );
    }
}

fn numbers([persons, institutions, visits, injected, look_alikes]: [usize; 5]) -> String {
    format!(
        "| persons 参保人 | institutions 机构 | visits 就诊 | violations put in 注入违规 | lawful look-alikes 合法近似 |\n|---|---|---|---|---|\n| {persons} | {institutions} | {visits} | {injected} | {look_alikes} |"
    )
}

/// What is not as labelled, for whoever works on it: `YIZHAN_SHOW=1`.
#[allow(clippy::print_stderr, reason = "asked for")]
pub fn show(year: &Year, visits: (&Against, &Against), months: (&Against, &Against)) {
    for (what, (labelled, found)) in [("visit", visits), ("month", months)] {
        for (sign, one) in labelled
            .difference(found)
            .map(|one| ("missed", one))
            .chain(found.difference(labelled).map(|one| ("false", one)))
        {
            let visit = year.visits.values().flatten().find(|visit| visit.mdtrt_id == one.0);
            let lines = visit
                .map(|visit| visit.lines.iter().take(3).map(|line| line.code.as_str()).collect::<Vec<_>>());
            let about = visit.map(|visit| (visit.med_type, visit.begin, visit.sex, visit.born));
            eprintln!("{what} {sign} {} {} {about:?} {lines:?}", one.1, one.0);
        }
    }
}
