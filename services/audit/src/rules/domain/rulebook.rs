//! The rules of an area, ready to be asked: a line is looked up by its code, and meets only the points of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use yizhan_documents::Documents;
use yizhan_terms::Area;

use super::document::{AuditRule, Life, Point, Subject};
use super::found::{Case, Found, On, Thing};
use super::items::{Index, Items};
use super::reach::{Holding, holding};
use super::{Stage, Visit};

/// Rulebooks that are kept.
const KEPT: usize = 64;

/// The rules of an area.
#[derive(Debug)]
pub struct Rulebook {
    rules: Vec<Holding>,
    entries: Vec<Entry>,
    lines: Index,
    /// Whether points name items by their names.
    has_names: bool,
    diagnoses: Index,
    operations: Index,
    /// Points about whole visits.
    visits: Vec<u32>,
}

/// A point, its rule, and the first of the points that are asked with it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    rule: usize,
    point: usize,
    unit: u32,
}

/// A point of a visit's line, diagnosis, operation, or of all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    unit: u32,
    at: u32,
    entry: u32,
}

/// The rules that hold in an area, compiled once for an area and a set of documents.
pub fn rulebook(documents: &Documents<AuditRule>, area: Area) -> Arc<Rulebook> {
    static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |one: &[Arc<AuditRule>], other: &[Arc<AuditRule>]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| Arc::ptr_eq(one, other))
    };
    let is = |known: &Known| known.area == area && same(&known.documents, documents.documents());
    if let Some(found) = known.iter().find(|known| is(known)) {
        return found.rulebook.clone();
    }
    let rulebook = Arc::new(Rulebook::of(holding(documents, area)));
    known.insert(0, Known { area, documents: documents.documents().to_vec(), rulebook: rulebook.clone() });
    known.truncate(KEPT);
    rulebook
}

struct Known {
    area: Area,
    documents: Vec<Arc<AuditRule>>,
    rulebook: Arc<Rulebook>,
}

impl Rulebook {
    /// This document alone, whatever its life: a dry run.
    pub fn trial(document: Arc<AuditRule>) -> Rulebook {
        let days = vec![document.period];
        Rulebook::of(vec![(document, days)])
    }

    fn of(rules: Vec<Holding>) -> Rulebook {
        let mut book = Rulebook {
            rules: Vec::new(),
            entries: Vec::new(),
            lines: Index::default(),
            has_names: false,
            diagnoses: Index::default(),
            operations: Index::default(),
            visits: Vec::new(),
        };
        for (rule, (document, _)) in rules.iter().enumerate() {
            let first = book.entries.len();
            for (point, said) in document.points.iter().enumerate() {
                let entry = book.entries.len();
                let unit = if said.test.is_together() { first } else { entry };
                book.entries.push(Entry { rule, point, unit: place(unit) });
                book.index(&said.subject, place(entry));
            }
        }
        book.rules = rules;
        book
    }

    fn index(&mut self, subject: &Subject, entry: u32) {
        let into = |index: &mut Index, items: &Items| {
            items.patterns().iter().for_each(|pattern| index.insert(pattern, entry));
        };
        match subject {
            Subject::Lines(items) => {
                self.has_names |= items.names().next().is_some();
                into(&mut self.lines, items);
            }
            Subject::Diagnoses(items) => into(&mut self.diagnoses, items),
            Subject::Operations(items) => into(&mut self.operations, items),
            Subject::Visit => self.visits.push(entry),
        }
    }

    /// The documents that hold, each with its days.
    pub fn rules(&self) -> &[Holding] {
        &self.rules
    }

    /// Days before a visit from which the person's other visits are needed; 0: none are.
    pub fn look_back(&self) -> u32 {
        self.looks_back(|_| true)
    }

    /// The same of the rules of one line of defence that are in force.
    pub fn look_back_at(&self, stage: Stage) -> u32 {
        self.looks_back(|rule| rule.life == Life::Active && rule.stages.contains(&stage))
    }

    fn looks_back(&self, counts: impl Fn(&AuditRule) -> bool) -> u32 {
        let rules = self.rules.iter().map(|(rule, _)| rule).filter(|rule| counts(rule));
        rules.flat_map(|rule| &rule.points).map(|point| point.test.looks_back()).max().unwrap_or_default()
    }

    /// What of a visit is against the rules of a stage, the worst first: also rules in shadow. `earlier` are the person's other visits that are
    /// known, in any order: those that end within [`Rulebook::look_back`] days before this one, or later. What comes later in time is the one
    /// against a rule, whatever was recorded first.
    pub fn check(&self, visit: &Visit, earlier: &[Visit], stage: Stage) -> Vec<Found> {
        let is_other =
            |other: &&Visit| (&other.institution, &other.mdtrt_id) != (&visit.institution, &visit.mdtrt_id);
        let mut others: Vec<&Visit> = earlier.iter().filter(is_other).collect();
        others.sort_by_key(|other| {
            (other.begin, other.end, &other.mdtrt_id, &other.institution, &other.setl_id)
        });
        let mut hits = self.hits(visit, stage);
        hits.sort_unstable();
        hits.dedup();
        let mut found = Vec::new();
        for unit in hits.chunk_by(|a, b| a.unit == b.unit) {
            self.ask(visit, &others, unit, &mut found);
        }
        once(&mut found);
        found.sort_by_key(Found::severity);
        found
    }

    fn hits(&self, visit: &Visit, stage: Stage) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut hit = |entry: u32, at: usize, day: NaiveDate| {
            let Entry { rule, unit, .. } = self.entries[entry as usize];
            let (document, days) = &self.rules[rule];
            if document.stages.contains(&stage) && days.iter().any(|days| days.contains(day)) {
                hits.push(Hit { unit, at: place(at), entry });
            }
        };
        for (at, line) in visit.lines.iter().enumerate() {
            self.lines.find(&line.code).for_each(|entry| hit(entry, at, line.day));
            if self.has_names && !line.name.is_empty() {
                self.lines.find(&line.name).for_each(|entry| hit(entry, at, line.day));
            }
        }
        for (at, diagnosis) in visit.diagnoses.iter().enumerate() {
            self.diagnoses.find(&diagnosis.code).for_each(|entry| hit(entry, at, visit.end));
        }
        for (at, operation) in visit.operations.iter().enumerate() {
            self.operations.find(&operation.code).for_each(|entry| hit(entry, at, operation.day));
        }
        self.visits.iter().for_each(|entry| hit(*entry, 0, visit.end));
        hits
    }

    fn ask(&self, visit: &Visit, others: &[&Visit], unit: &[Hit], found: &mut Vec<Found>) {
        let Some(first) = unit.first() else { return };
        let case = Case { rule: &self.rules[self.entries[first.entry as usize].rule].0, visit, others };
        let on = |hit: &Hit| {
            let point = &case.rule.points[self.entries[hit.entry as usize].point];
            let thing = thing(visit, point, hit.at as usize)?;
            let on = On { point, thing };
            case.is_asked(point, visit, on.line()).then_some(on)
        };
        let hits: Vec<On> = unit.iter().filter_map(on).collect();
        if let Some(first) = hits.first() {
            first.point.test.check(&case, &hits, found);
        }
    }
}

fn thing<'v>(visit: &'v Visit, point: &Point, at: usize) -> Option<Thing<'v>> {
    match point.subject {
        Subject::Lines(_) => visit.lines.get(at).map(Thing::Line),
        Subject::Diagnoses(_) => visit.diagnoses.get(at).map(Thing::Diagnosis),
        Subject::Operations(_) => visit.operations.get(at).map(Thing::Operation),
        Subject::Visit => Some(Thing::Visit),
    }
}

/// What of a line is against a rule counts once: two points that find the same of it are one.
fn once(found: &mut Vec<Found>) {
    let mut known: HashMap<(String, Life, String, String), i64> = HashMap::new();
    found.retain_mut(|found| {
        let (rule, about) = (found.rule.clone(), found.about.clone());
        let had_any = found.against().next().is_some();
        for line in found.lines.iter_mut().filter(|line| line.is_against) {
            let key = (rule.rule.clone(), rule.life, about.clone(), line.number.clone());
            let Some(before) = known.insert(key.clone(), line.amount_fen) else { continue };
            let more = line.amount_fen - before;
            known.insert(key, line.amount_fen.max(before));
            (line.is_against, line.amount_fen) = (more > 0, more.max(0));
        }
        !had_any || found.against().next().is_some()
    });
}

/// Documents have thousands of points, visits thousands of lines.
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
