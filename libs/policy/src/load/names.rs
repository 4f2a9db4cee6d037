//! What a document declares by name, and who uses it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use yizhan_documents::{At, Kind, closest};

use crate::model::{Accumulator, AccumulatorIndex, LayerIndex, Unit};

/// The declared names of a document. An entry that could not be read still has its name
/// here, so that its uses are not reported as well.
pub struct Names<'a> {
    pub accumulators: Vec<Declared<'a, Accumulator>>,
    /// Ids of the layers in order; an unreadable one is empty.
    pub layers: Vec<String>,
    pub used: Used<'a>,
}

/// A declaration: its name, where it stands, and what it declares if that could be read.
pub struct Declared<'a, T> {
    pub name: String,
    pub at: At<'a>,
    pub value: Option<T>,
}

/// Who uses what, collected while reading.
#[derive(Default)]
pub struct Used<'a> {
    fed: RefCell<BTreeSet<AccumulatorIndex>>,
    reads: RefCell<Vec<(AccumulatorIndex, At<'a>)>>,
    looks_back: Cell<Option<i64>>,
}

impl Used<'_> {
    /// A row looks so many days back for the stay before.
    pub fn look_back(&self, days: i64) {
        self.looks_back.set(self.looks_back.get().max(Some(days)));
    }

    /// As far as any row does.
    pub fn looks_back(&self) -> Option<i64> {
        self.looks_back.get()
    }
}

impl<'a> Names<'a> {
    /// An accumulator of the whole policy year that is read here, in this unit.
    pub fn read(&self, at: At<'a>, unit: Unit) -> Option<AccumulatorIndex> {
        let index = self.read_limit(at.clone(), unit)?;
        if self.by_month(index) == Some(true) {
            let message = "it adds up by the month: only the `used` of a `cap` or `cost_cap` can read it";
            return at.problem(Kind::ConflictingKeys, message);
        }
        Some(index)
    }

    /// Whether an accumulator adds up by the month; `None` where its declaration could not be read.
    pub fn by_month(&self, index: AccumulatorIndex) -> Option<bool> {
        self.accumulators[index].value.as_ref().map(|one| one.by_month)
    }

    /// An accumulator that a limit reads here, in this unit.
    pub fn read_limit(&self, at: At<'a>, unit: Unit) -> Option<AccumulatorIndex> {
        let index = self.accumulator(&at)?;
        self.used.reads.borrow_mut().push((index, at.clone()));
        self.in_unit(index, unit, &at)
    }

    /// An accumulator that is fed here, in this unit.
    pub fn feed(&self, at: &At<'a>, unit: Unit) -> Option<AccumulatorIndex> {
        let index = self.accumulator(at)?;
        self.used.fed.borrow_mut().insert(index);
        self.in_unit(index, unit, at)
    }

    fn accumulator(&self, at: &At<'a>) -> Option<AccumulatorIndex> {
        let name = at.text()?;
        let index = self.accumulators.iter().position(|accumulator| accumulator.name == name);
        index.or_else(|| {
            let hint = closest(name, self.accumulators.iter().map(|accumulator| accumulator.name.as_str()));
            at.problem(Kind::UnknownAccumulator, format!("no accumulator `{name}` is declared{hint}"))
        })
    }

    fn in_unit(&self, index: AccumulatorIndex, unit: Unit, at: &At<'a>) -> Option<AccumulatorIndex> {
        let declared = &self.accumulators[index];
        match &declared.value {
            Some(accumulator) if accumulator.unit != unit => {
                let (has, needed) = (unit_name(accumulator.unit), unit_name(unit));
                let message = format!("`{}` accumulates {has}; {needed} are needed here", declared.name);
                at.problem(Kind::UnitMismatch, message)
            }
            _ => Some(index),
        }
    }

    /// The earlier layer named here, as seen from layer number `from`.
    pub fn earlier_layer(&self, name: &str, from: LayerIndex, at: &At) -> Option<LayerIndex> {
        let Some(index) = self.layers.iter().position(|layer| layer == name) else {
            let hint = closest(name, self.layers.iter().map(String::as_str));
            return at.problem(Kind::UnknownLayer, format!("there is no layer `{name}`{hint}"));
        };
        if index >= from {
            let message = format!("layer `{name}` has not paid yet: only earlier layers can be named");
            return at.problem(Kind::ForwardReference, message);
        }
        Some(index)
    }

    /// Reports what is declared and not used, and what is read and never fed.
    pub fn check_use(&self) {
        let (fed, reads) = (self.used.fed.borrow(), self.used.reads.borrow());
        for (index, accumulator) in self.accumulators.iter().enumerate() {
            if !reads.iter().any(|(read, _)| *read == index) {
                let message = format!("nothing reads the accumulator `{}`", accumulator.name);
                accumulator.at.problem::<()>(Kind::UnusedAccumulator, message);
            }
        }
        for (index, at) in reads.iter().filter(|(index, _)| !fed.contains(index)) {
            let name = &self.accumulators[*index].name;
            at.problem::<()>(Kind::AccumulatorNotFed, format!("no layer feeds the accumulator `{name}`"));
        }
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Fen => "amounts (fen)",
        Unit::Count => "visits (count)",
        Unit::Days => "days (days)",
    }
}
