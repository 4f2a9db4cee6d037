//! Violations of every knowledge point, and visits that are just lawful, as the tests of the knowledge points make them, and the look-alikes of
//! docs/AUDIT.md. Of suspicions some are explained by what only records tell, and some violations do not show in the data.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use yizhan_audit::rules::{AuditRule, Severity, Visit};
use yizhan_terms::MedType;

use super::care::{hospital, pay, place, sell};
use super::frequent::spread;
use super::{Dice, Year, new_year};
use crate::knowledge::{Wanted, Written, every_point, made};
use crate::lawful;

/// Violations of a document at least.
const AT_LEAST: usize = 20;
/// One in so many is explained, and one hidden, where it may be: our assumption.
const ONE_IN: usize = 10;

/// Suspicions that a record may explain, after the look-alikes that were published.
const EXPLAINED: [(&str, &str); 14] = [
    ("GZ10000201005000", "sex recorded wrongly at registration"),
    ("GZ10000204006000", "sex recorded wrongly at registration"),
    ("GZ10000301004000", "sex recorded wrongly at registration"),
    ("GZ10000302004000", "sex recorded wrongly at registration"),
    ("GZ10000204007000", "birth date recorded wrongly"),
    ("GZ10000301002000", "birth date recorded wrongly"),
    ("GZ10000202003000", "empirical use with a suspected infection"),
    ("GZ10000204001000", "another illness"),
    ("GZ10000204002000", "rehabilitation"),
    ("GZ10000204004000", "an illness that comes back"),
    ("GZ10000204005000", "real need of observation"),
    ("GZ10000301006000", "a switch, or a combination with a reason"),
    ("GZ10000302001000", "a test to tell diseases apart"),
    ("GZ10000302006000", "a suspicion that is not coded"),
];

/// How a violation keeps out of the data.
const HIDDEN: [(&str, &str); 13] = [
    ("GZ10000201005000", SEX),
    ("GZ10000204006000", SEX),
    ("GZ10000301004000", SEX),
    ("GZ10000302004000", SEX),
    ("GZ10000204007000", AGE),
    ("GZ10000301002000", AGE),
    ("GZ10000302003000", AGE),
    ("GZ10000202001000", "the pack recorded as another"),
    ("GZ10000202004000", "two recipes of one"),
    ("GZ10000204001000", "a day later"),
    ("GZ10000204002000", "one visit fewer"),
    ("GZ10000204003000", "one visit fewer"),
    ("GZ10000204005000", "a bill filled up with treatment"),
];
const SEX: &str = "sex not reported";
const AGE: &str = "birth date not reported";

/// Items for the newborn of 医疗服务项目限新生儿使用, and for children of 医疗服务项目限儿童使用, which 医疗服务项目儿童专用 lists as well.
const CHILDREN: [&str; 10] = [
    "003105120040000",
    "001302000010000",
    "003402000350000",
    "002204000030000",
    "003111000010000",
    "003307030150000",
    "004500000100000",
    "001204000070000",
    "004500000130000",
    "003310030050000",
];
const NEWBORN: [&str; 7] = [
    "003112020090000",
    "003112020010000",
    "003112020120000",
    "001201000070000",
    "003112020070000",
    "003112020100000",
    "003112020140000",
];

/// The other rules that a violation is against.
fn also(rule: &str, visit: &Visit) -> Vec<&'static str> {
    let has = |codes: &[&str]| visit.lines.iter().any(|line| codes.contains(&line.code.as_str()));
    let glycated = ["002503020030000", "002503020030100", "002503020030200"];
    match rule {
        "GZ10000102006000" if has(&CHILDREN) => vec!["GZ10000302003000"],
        "GZ10000302003000" if has(&NEWBORN) => vec!["GZ10000102005000"],
        "GZ10000302003000" if has(&CHILDREN) => vec!["GZ10000102006000"],
        // Twice in two weeks is twice in three months.
        "YZ2025-31" if has(&glycated) => vec!["GZ10000302001000"],
        // Without any such test it is without one of sensitivity.
        "GZ10000202003000" if visit.lines.iter().any(|line| line.code.starts_with("XJ01CRP017B0")) => {
            vec!["GZ10000301001000"]
        }
        // An assessment every day is one every fourteen.
        "GZ10000102010000" if has(&["003402000050000"]) => vec!["YZ2025-31"],
        _ => vec![],
    }
}

/// What is put in.
#[derive(Clone, Copy, PartialEq)]
enum Truth {
    Violation,
    Lawful,
    Explained,
    Hidden,
}

pub fn inject(year: &mut Year, dice: &mut Dice) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    every_point(&mut |rule, _, written| {
        // Statistics are of institutions.
        if rule.rule.starts_with("ZB") {
            return;
        }
        for _ in 0..AT_LEAST.div_ceil(rule.points.len()) {
            let count = counts.entry(rule.rule.clone()).or_default();
            *count += 1;
            let may = |of: &[(&str, &str)]| {
                rule.result != Severity::Violation && of.iter().any(|(code, _)| *code == rule.rule)
            };
            let truth = match *count % ONE_IN {
                3 if may(&EXPLAINED) => Truth::Explained,
                7 if may(&HIDDEN) => Truth::Hidden,
                _ => Truth::Violation,
            };
            put(year, dice, (rule, written), truth);
            put(year, dice, (rule, written), Truth::Lawful);
        }
    });
    for look in (0..5).flat_map(|_| lawful::all()) {
        let mut lawful = look.wrong.clone();
        (look.lawful)(&mut lawful);
        let case = |mut visit| {
            fit(&mut visit, look.rule);
            Case { visit, earlier: look.earlier.clone(), check: "" }
        };
        let wrong = case(look.wrong.clone()).happens(year, dice);
        also(look.rule, &look.wrong).into_iter().chain([look.rule]).for_each(|rule| year.label(&wrong, rule));
        year.injected += 1;
        case(lawful).happens(year, dice);
        year.look_alikes += 1;
    }
}

fn put(year: &mut Year, dice: &mut Dice, (rule, written): (&AuditRule, &Written), truth: Truth) {
    let how =
        HIDDEN.iter().find(|(code, _)| truth == Truth::Hidden && *code == rule.rule).map(|(_, how)| *how);
    let shows = matches!(truth, Truth::Violation | Truth::Explained) || matches!(how, Some(SEX | AGE));
    let day = day(dice, written.day());
    let (mut visit, mut earlier) = made(written, if shows { Wanted::Against } else { Wanted::Lawful }, day);
    match how {
        Some(SEX) => visit.sex = None,
        Some(AGE) => visit.born = None,
        _ => {}
    }
    if written.kind == "visits" {
        spread(written, &mut visit, &mut earlier);
    }
    if rule.area.as_str() != "100000" {
        visit.area = rule.area;
    }
    if written.text("of") == "amount" {
        visit.lines.iter_mut().for_each(|line| line.price = rust_decimal::Decimal::new(line.amount_fen, 2));
    }
    let also = also(&rule.rule, &visit);
    // What no such visit is lawful by.
    let never = ["YZ2025-31", "GZ10000102005000"];
    if truth == Truth::Lawful && also.iter().any(|rule| never.contains(rule)) {
        return;
    }
    fit(&mut visit, &rule.rule);
    earlier.iter_mut().for_each(|one| fit(one, &rule.rule));
    let check = if written.kind == "data" {
        written.text("check")
    } else if written.kind == "trace" {
        "trace"
    } else {
        ""
    };
    let number = Case { visit, earlier, check }.happens(year, dice);
    match truth {
        Truth::Violation | Truth::Hidden => {
            year.label(&number, &rule.rule);
            year.injected += 1;
        }
        Truth::Lawful | Truth::Explained => year.look_alikes += 1,
    }
    if truth == Truth::Violation {
        also.into_iter().for_each(|rule| year.label(&number, rule));
    }
}

/// Rules about who somebody is.
const AGES: [&str; 5] =
    ["GZ10000102005000", "GZ10000102006000", "GZ10000302003000", "GZ10000204007000", "YZ2025-29"];

/// What else is so of a visit with such an item, where it is not what the rule is about: a newborn's item is a newborn's, a bed stands in a ward, what is
/// put in has its service.
fn fit(visit: &mut Visit, rule: &str) {
    let (begin, codes) = (visit.begin, visit.lines.iter().map(|line| line.code.clone()).collect::<Vec<_>>());
    let has = |beginning: &str| codes.iter().any(|code| code.starts_with(beginning));
    let is_of =
        |list: &[&str]| codes.iter().any(|code| list.contains(&code.as_str())) && !AGES.contains(&rule);
    if is_of(&CHILDREN) {
        visit.born = Some(begin - Days::new(10 * 365));
    }
    if is_of(&NEWBORN) {
        visit.born = Some(begin - Days::new(10));
    }
    if has("00110900") && rule != "GZ10000102009000" {
        visit.med_type = MedType::Inpatient;
    }
    if has("003402000210000") && rule != "GZ10000102008000" {
        visit.departments[0] = "A21".to_owned();
    }
    for (item, department, service) in
        [("人工晶体", "A10", "0033040600699"), ("骨水泥", "A04", "0033150199"), ("接骨板", "A04", "")]
    {
        if has(item) && rule == "GZ10000303001000" {
            visit.departments[0] = department.to_owned();
        } else if has(item) && !service.is_empty() {
            sell(visit, service, 1, 60_000, begin);
        }
    }
    let ill = |visit: &Visit, code: &str| visit.diagnoses.iter().any(|one| one.code.starts_with(code));
    let needed = [
        (has("XJ01CRP017B0") && rule == "GZ10000202003000" && has("00250502"), "0025050200599"),
        (has("XJ01CRP017B0") && rule == "GZ10000301001000" && !has("00250502"), "0025050200699"),
        (has("XB05BA") && rule == "YZ2025-13", "0012040000899"),
        (ill(visit, "Z51.1") && rule != "GZ10000201003000", "XL01XAS199B001010100001"),
        (ill(visit, "Z49.1") && rule != "GZ10000201003000", "003110000010000"),
    ];
    needed
        .iter()
        .filter(|(is_needed, _)| *is_needed)
        .for_each(|(_, code)| sell(visit, code, 1, 6_000, begin));
    if (has("003205000030000") || has("003301000050000")) && rule != "GZ10000201004000" {
        crate::support::operation(visit, "36.0701");
    }
}

/// A day of the year on which a point holds.
fn day(dice: &mut Dice, from: NaiveDate) -> NaiveDate {
    let first = from.max(new_year() + Days::new(31));
    let days = (NaiveDate::from_ymd_opt(2026, 12, 20).unwrap() - first).num_days();
    first + Days::new(dice.below(days.unsigned_abs()))
}

/// A visit of somebody new, and those before.
struct Case<'c> {
    visit: Visit,
    earlier: Vec<Visit>,
    /// What of its data is tested, so that it is left as it is.
    check: &'c str,
}

impl Case<'_> {
    /// Everything that the tests of single points need not say is filled in; 就诊ID of the visit.
    fn happens(mut self, year: &mut Year, dice: &mut Dice) -> String {
        let psn_no = year.newcomer();
        let first = hospital(0);
        let mut at = self.visit.clone();
        place(&mut at, dice, self.visit.level.filter(|_| self.visit.med_type != MedType::Pharmacy));
        let other = hospital(if at.institution == hospital(1) { 2 } else { 1 });
        let mut complete = |mut visit: Visit| {
            let is_first = visit.institution == first;
            visit.institution = if is_first { at.institution.clone() } else { other.clone() };
            (visit.psn_no, visit.kind, visit.level, visit.area) =
                (psn_no.clone(), at.kind, at.level, at.area);
            self::complete(&mut visit, self.check, dice);
            visit
        };
        let earlier: Vec<Visit> = self.earlier.drain(..).map(&mut complete).collect();
        let visit = complete(self.visit);
        earlier.into_iter().for_each(|one| drop(year.add(one)));
        year.add(visit)
    }
}

fn complete(visit: &mut Visit, check: &str, dice: &mut Dice) {
    visit.lines.retain(|line| !line.quantity.is_zero());
    let known = visit.departments.iter().find(|code| !code.is_empty());
    let department = known.cloned().unwrap_or_else(|| "A03".to_owned());
    for line in &mut visit.lines {
        if line.department.is_empty() && check != "department" {
            line.department.clone_from(&department);
        }
        if !matches!(check, "product" | "price") {
            let amount = line.quantity * line.price * rust_decimal::Decimal::ONE_HUNDRED;
            line.amount_fen = amount.round().try_into().unwrap();
        }
        if visit.med_type == MedType::Pharmacy && line.trace_codes.is_empty() && check != "trace" {
            line.trace_codes = vec![(format!("82{:018}", dice.below(u64::MAX >> 8)), false)];
        }
    }
    if visit.med_type.is_stay() && visit.diagnoses.is_empty() && check != "diagnosis" {
        crate::support::diagnosis(visit, "R99.x00", "某病");
    }
    // What is tested of sums is said already.
    if visit.amounts == [0; 3] {
        pay(visit);
    }
}
