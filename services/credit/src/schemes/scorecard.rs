//! 机构信用评价: what the score of an institution is made of, the grades, and the days of the steps.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use yizhan_documents::{At, Kind, Map, Reader, value};

/// Longest name of an item, as entries of the ledger keep it.
const MAX_ITEM: usize = 64;
/// Digits behind the point of a score, a threshold, and the points of an item.
pub const DIGITS: u32 = 2;

/// The scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scorecard {
    /// The most a score can be: `base` and the weights.
    pub full: Decimal,
    /// What everybody has.
    pub base: Decimal,
    /// Who has an agreement for fewer months at the end of the year is not evaluated.
    pub min_months: u32,
    /// Working days from the proposal to its notice.
    pub notice_days: u32,
    /// From receipt to the last day of an objection.
    pub objection_days: u32,
    /// From the objection to its decision.
    pub decision_days: u32,
    /// Months without conduct before a repair is applied for.
    pub repair_after_months: u32,
    /// Working days from that application to its review.
    pub repair_review_days: u32,
    /// What adds points, in the order of the document.
    pub measured: Vec<Measured>,
    /// What takes points away.
    pub deductions: Vec<Deduction>,
    /// 一票否决
    pub vetoes: Vec<Veto>,
    /// From the best.
    pub grades: Vec<Grade>,
}

/// A measured indicator: no points at the worst value or beyond, all at the best or beyond, evenly between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Names it.
    pub code: String,
    /// In Chinese.
    pub name: String,
    /// The most points.
    pub weight: Decimal,
    /// The value that gets none.
    pub worst: Decimal,
    /// The value that gets all; below the worst where less is better.
    pub best: Decimal,
}

/// An indicator that takes points away for conduct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deduction {
    /// Names it.
    pub code: String,
    /// In Chinese.
    pub name: String,
    /// The most it takes away.
    pub cap: Decimal,
    /// What counts in it.
    pub items: Vec<Item>,
}

/// Conduct that costs points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Names it.
    pub item: String,
    /// In Chinese.
    pub name: String,
    /// What an entry costs.
    pub points: Decimal,
    /// In how many yearly assessments an entry counts, unless it is repaired.
    pub cycles: i32,
}

/// Conduct with which no better grade is given, whatever the score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    /// Names it.
    pub item: String,
    /// In Chinese.
    pub name: String,
    /// The best that is given.
    pub grade: String,
    /// As of an item.
    pub cycles: i32,
}

/// A grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// What it is called.
    pub grade: String,
    /// In Chinese.
    pub name: String,
    /// The lowest score.
    pub from: Decimal,
}

impl Scorecard {
    /// The keys of a version.
    pub const KEYS: [&'static str; 12] = [
        "full",
        "base",
        "min_months",
        "notice_days",
        "objection_days",
        "decision_days",
        "repair_after_months",
        "repair_review_days",
        "measured",
        "deductions",
        "vetoes",
        "grades",
    ];

    /// Reads a version; `None` after something wrong was reported.
    pub fn read(_: &Reader, map: &Map) -> Option<Scorecard> {
        let (full, base) = (map.required("full", points), map.required("base", points));
        let number = |key, lowest, highest| {
            map.required(key, |at| value::whole(at, lowest, highest))
                .and_then(|number| u32::try_from(number).ok())
        };
        let min_months = number("min_months", 0, 120);
        let notice_days = number("notice_days", 1, 250);
        let objection_days = number("objection_days", 1, 250);
        let decision_days = number("decision_days", 1, 250);
        let repair_after_months = number("repair_after_months", 0, 120);
        let repair_review_days = number("repair_review_days", 1, 250);
        let measured_ones = map.optional("measured", |at| at.list_of(measured));
        let deductions = map.optional("deductions", |at| at.list_of(deduction));
        let vetoes = map.optional("vetoes", |at| at.list_of(veto));
        let grades = map.required("grades", |at| at.list_of(grade));
        let scheme = Scorecard {
            full: full?,
            base: base?,
            min_months: min_months?,
            notice_days: notice_days?,
            objection_days: objection_days?,
            decision_days: decision_days?,
            repair_after_months: repair_after_months?,
            repair_review_days: repair_review_days?,
            measured: measured_ones?.unwrap_or_default(),
            deductions: deductions?.unwrap_or_default(),
            vetoes: vetoes?.unwrap_or_default(),
            grades: grades?,
        };
        scheme.fits(map).then_some(scheme)
    }

    /// Reports everything that does not go together.
    fn fits(&self, map: &Map) -> bool {
        let mut fits = true;
        let mut wrong = |key: &str, message: String| {
            let at = map.key(key).unwrap_or_else(|| map.at.clone());
            at.problem::<()>(Kind::InvalidValue, message);
            fits = false;
        };
        let sum = self.base + self.measured.iter().map(|one| one.weight).sum::<Decimal>();
        if sum != self.full {
            wrong("base", format!("base and the weights come to {sum}, not to full, {}", self.full));
        }
        let codes = self.measured.iter().map(|one| &one.code);
        if let Some(twice) = twice(codes.chain(self.deductions.iter().map(|one| &one.code))) {
            wrong("deductions", format!("indicator `{twice}` stands twice"));
        }
        let items = self.deductions.iter().flat_map(|one| &one.items).map(|one| &one.item);
        if let Some(twice) = twice(items.chain(self.vetoes.iter().map(|one| &one.item))) {
            wrong("deductions", format!("item `{twice}` stands twice"));
        }
        for one in &self.deductions {
            if one.cap > self.full || one.items.iter().any(|item| item.points > one.cap) {
                wrong("deductions", format!("`{}`: a cap beyond full, or an item beyond its cap", one.code));
            }
        }
        if let Some(twice) = twice(self.grades.iter().map(|one| &one.grade)) {
            wrong("grades", format!("grade `{twice}` stands twice"));
        }
        // Each begins where the better one ends: what does not fall would overlap, and what does not begin at 0 would leave a hole.
        let falls = self.grades.windows(2).all(|two| two[0].from > two[1].from);
        let begins = self.grades.first().is_some_and(|best| best.from <= self.full);
        if !falls || !begins || self.grades.last().is_none_or(|worst| !worst.from.is_zero()) {
            wrong(
                "grades",
                format!("thresholds that fall from at most {} to 0, the best grade first", self.full),
            );
        }
        for veto in &self.vetoes {
            if self.place(&veto.grade).is_none_or(|place| place == 0) {
                wrong("vetoes", format!("`{}` is no grade below the best", veto.grade));
            }
        }
        fits
    }

    /// Where a grade stands, 0 the best.
    pub fn place(&self, grade: &str) -> Option<usize> {
        self.grades.iter().position(|one| one.grade == grade)
    }

    /// Name, points and cycles of an item of conduct; 0 points of a veto.
    pub fn item(&self, item: &str) -> Option<(&str, Decimal, i32)> {
        let mut items = self.deductions.iter().flat_map(|one| &one.items);
        let costs = items.find(|one| one.item == item).map(|one| (one.name.as_str(), one.points, one.cycles));
        costs.or_else(|| self.veto(item).map(|veto| (veto.name.as_str(), Decimal::ZERO, veto.cycles)))
    }

    /// A veto by its item.
    pub fn veto(&self, item: &str) -> Option<&Veto> {
        self.vetoes.iter().find(|one| one.item == item)
    }
}

fn twice<'s>(mut names: impl Iterator<Item = &'s String>) -> Option<&'s String> {
    let mut seen = BTreeSet::new();
    names.find(|name| !seen.insert(*name))
}

/// Not below zero, two digits behind the point.
fn points(at: At) -> Option<Decimal> {
    let text = at.scalar("points")?;
    let number = value::plain_number(text).map(|number| number.normalize());
    let fits = |number: &Decimal| {
        !number.is_sign_negative() && number.scale() <= DIGITS && *number <= Decimal::ONE_THOUSAND
    };
    number.filter(fits).or_else(|| {
        at.problem(
            Kind::InvalidValue,
            format!("`{text}` is not a number from 0 to 1000 of at most two digits"),
        )
    })
}

fn number(at: At) -> Option<Decimal> {
    let text = at.scalar("a number")?;
    value::plain_number(text).or_else(|| at.problem(Kind::InvalidValue, format!("`{text}` is not a number")))
}

fn name(at: At) -> Option<String> {
    let name = value::name(&at)?;
    if name.len() <= MAX_ITEM {
        Some(name.to_owned())
    } else {
        at.problem(Kind::TooLarge, "at most 64 characters")
    }
}

fn label(at: At) -> Option<String> {
    at.text().map(str::to_owned)
}

fn cycles(map: &Map) -> Option<i32> {
    let read = map.optional("cycles", |at| value::whole(at, 1, 10))?.unwrap_or(1);
    read.try_into().ok()
}

fn measured(at: At) -> Option<Measured> {
    let map = at.map(&["code", "name", "weight", "worst", "best"])?;
    let (code, name) = (map.required("code", name), map.required("name", label));
    let weight = map.required("weight", points);
    let (worst, best) = (map.required("worst", number), map.required("best", number));
    let one = Measured { code: code?, name: name?, weight: weight?, worst: worst?, best: best? };
    if one.worst == one.best || one.weight.is_zero() {
        return at.problem(Kind::InvalidValue, "worst and best are the same, or the weight is 0");
    }
    Some(one)
}

fn deduction(at: At) -> Option<Deduction> {
    let map = at.map(&["code", "name", "cap", "items"])?;
    let (code, name) = (map.required("code", name), map.required("name", label));
    let (cap, items) = (map.required("cap", points), map.required("items", |at| at.list_of(item)));
    Some(Deduction { code: code?, name: name?, cap: cap?, items: items? })
}

fn item(at: At) -> Option<Item> {
    let map = at.map(&["item", "name", "points", "cycles"])?;
    let (item, name) = (map.required("item", name), map.required("name", label));
    let (points, cycles) = (map.required("points", points), cycles(&map));
    let one = Item { item: item?, name: name?, points: points?, cycles: cycles? };
    if one.points.is_zero() { at.problem(Kind::InvalidValue, "an item costs something") } else { Some(one) }
}

fn veto(at: At) -> Option<Veto> {
    let map = at.map(&["item", "name", "grade", "cycles"])?;
    let (item, label) = (map.required("item", name), map.required("name", label));
    let (grade, cycles) = (map.required("grade", name), cycles(&map));
    Some(Veto { item: item?, name: label?, grade: grade?, cycles: cycles? })
}

fn grade(at: At) -> Option<Grade> {
    let map = at.map(&["grade", "name", "from"])?;
    let (grade, label) = (map.required("grade", name), map.required("name", label));
    let from = map.required("from", points);
    Some(Grade { grade: grade?, name: label?, from: from? })
}
