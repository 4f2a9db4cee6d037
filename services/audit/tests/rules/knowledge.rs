//! The knowledge points that come with the service. Each is read here a second time, by its keys, and made into a visit that is against it and one
//! that is not: the first is found, the other is not.

use chrono::{Days, NaiveDate};
use yizhan_audit::rules::{AuditRule, Rulebook, Sex, Visit};
use yizhan_documents::{At, Document, read};
use yizhan_terms::{InstitutionType, MedType, Tier};

use crate::support::{diagnosis, line, operation, visit, with};

/// Whether a visit is to be against a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// It is.
    Against,
    /// It is not, if only just.
    Lawful,
}
use Wanted::{Against, Lawful};

/// A point as its document writes it.
pub struct Written<'a> {
    document: At<'a>,
    point: At<'a>,
    /// The kind of its rule.
    pub kind: &'a str,
}

impl<'a> Written<'a> {
    /// A value of the point, else of `values`.
    fn get(&self, key: &str) -> Option<At<'a>> {
        let shared = || self.document.find("values")?.1.find(key);
        let own = self.point.find(key).filter(|_| key != "source" && self.point.path != self.document.path);
        own.or_else(shared).map(|(_, value)| value)
    }

    /// The same as text; empty where there is none.
    pub fn text(&self, key: &str) -> &'a str {
        self.get(key).and_then(|at| at.raw()).unwrap_or_default()
    }

    /// The same as a number; 0 where there is none.
    pub fn number(&self, key: &str) -> i64 {
        self.text(key).parse().unwrap_or_default()
    }

    fn words(&self, key: &str) -> Vec<&'a str> {
        self.get(key).map(|at| words(&at)).unwrap_or_default()
    }

    /// The day from which the point holds.
    pub fn day(&self) -> NaiveDate {
        let from = |at: &At<'a>| at.find("from").and_then(|(_, at)| at.raw()?.parse().ok());
        from(&self.point).max(from(&self.document)).unwrap()
    }
}

fn words<'a>(at: &At<'a>) -> Vec<&'a str> {
    match at.is_list() {
        true => at.list().unwrap().iter().filter_map(At::raw).collect(),
        false => at.raw().into_iter().collect(),
    }
}

/// A code or a name that a pattern matches.
fn instance(pattern: &str) -> String {
    pattern.strip_suffix('*').map_or_else(|| pattern.to_owned(), |beginning| format!("{beginning}99"))
}

/// Makes the conditions hold or the first of them fail.
fn meet(visit: &mut Visit, conditions: Option<At>, wanted: bool) {
    let conditions = conditions.map(|at| at.entries().unwrap()).unwrap_or_default();
    for (index, (key, value)) in conditions.iter().enumerate() {
        one(visit, key.raw().unwrap(), value, wanted || index > 0);
    }
}

fn one(visit: &mut Visit, key: &str, value: &At, so: bool) {
    let bound = |end: &str| value.find(end).and_then(|(_, at)| at.raw()?.parse::<u64>().ok());
    let first = words(value).first().copied().unwrap_or_default();
    match key {
        "sex" => visit.sex = Some(if (value.raw() == Some("1")) == so { Sex::Male } else { Sex::Female }),
        "ages" | "days_old" => {
            let unit = if key == "ages" { 366 } else { 1 };
            let outside = bound("to").map_or_else(|| bound("from").unwrap().saturating_sub(2), |to| to + 2);
            let inside = bound("from").or(bound("to")).unwrap();
            visit.born = visit.begin.checked_sub_days(Days::new(unit * if so { inside } else { outside }));
        }
        "ways" => visit.med_type = if so { way(first) } else { MedType::Outpatient },
        "levels" => visit.level = if so { Tier::from_code(first) } else { Some(Tier::Primary) },
        "departments" => visit.departments = [if so { first } else { "B99" }.to_owned(), String::new()],
        "diagnoses" if so && first.is_ascii() => diagnosis(visit, &instance(first), "某病"),
        "diagnoses" => diagnosis(visit, "R99.x00", if so { first } else { "某病" }),
        "kinds" => {
            visit.kind =
                if (first == "1") == so { InstitutionType::Hospital } else { InstitutionType::Pharmacy };
        }
        "internet" => visit.internet = so,
        "stay_days" => visit.end = visit.begin + Days::new(bound("to").unwrap() - 1),
        "long_recipe" => visit.lines.iter_mut().for_each(|line| line.long_recipe = so),
        "take_home" => visit.lines.iter_mut().for_each(|line| line.take_home = so),
        _ => panic!("a visit that meets `{key}` is not made yet"),
    }
}

fn way(word: &str) -> MedType {
    match word {
        "住院" => MedType::Inpatient,
        "门诊" => MedType::Outpatient,
        "急诊" => MedType::Emergency,
        "生育" => MedType::MaternityInpatient,
        "购药" => MedType::Pharmacy,
        code => MedType::from_code(code).unwrap(),
    }
}

/// One of an item on a day for 60 yuan, under its code and, where that is a name, its name.
fn sell(visit: &mut Visit, item: &str, on: NaiveDate, quantity: i64) {
    let line = line(visit, item);
    line.name = if item.is_ascii() { String::new() } else { item.to_owned() };
    (line.day, line.time) = (on, on.and_hms_opt(8, 0, 0));
    (line.quantity, line.price, line.amount_fen) = (quantity.into(), 60.into(), 6_000 * quantity);
    line.department.clear();
}

/// A visit on a day for a point, and the visits before it.
pub fn made(written: &Written, wanted: Wanted, day: NaiveDate) -> (Visit, Vec<Visit>) {
    let mut visit = with(visit(), |visit| (visit.begin, visit.end) = (day, day));
    let subject = written.words("code");
    let items: Vec<String> = subject.iter().map(|pattern| instance(pattern)).collect();
    let item = items.first().cloned().unwrap_or_default();
    if !item.is_empty() {
        sell(&mut visit, &item, day, 1);
    }
    let named = |key| written.words(key).first().map(|pattern| instance(pattern));
    named("diagnosis").iter().for_each(|code| diagnosis(&mut visit, code, "某病"));
    named("operation").iter().for_each(|code| operation(&mut visit, code));
    for when in [&written.document, &written.point].map(|at| at.find("when").map(|(_, at)| at)) {
        meet(&mut visit, when, true);
    }
    let mut earlier = Vec::new();
    match written.kind {
        "only" => meet(&mut visit, written.get("allowed"), wanted == Lawful),
        "never" if written.get("forbidden").is_some() => {
            meet(&mut visit, written.get("forbidden"), wanted == Against)
        }
        // Nothing is paid of it.
        "never" => sell(&mut visit, "X9", day, 1),
        "alone" if wanted == Lawful => sell(&mut visit, "T999", day, 1),
        "excludes" if wanted == Against => sell(&mut visit, &named("others").unwrap(), day, 1),
        "requires" if wanted == Lawful => match named("needs") {
            Some(needed) => sell(&mut visit, &needed, day, 1),
            None => operation(&mut visit, &named("needs_operations").unwrap()),
        },
        "most" => most(&mut visit, written, &subject, wanted),
        "price" => visit.lines[0].price = (written.number("ceiling") + i64::from(wanted == Against)).into(),
        "share" => sell(&mut visit, "99", day, if wanted == Against { 0 } else { 99 }),
        "data" => data(&mut visit, written.text("check"), wanted),
        "trace" => trace(&mut visit, written.text("check"), wanted),
        "visits" => {
            let count = written.number("most") - i64::from(wanted == Lawful);
            earlier.extend((0..count).map(|n| with(visit.clone(), |visit| visit.mdtrt_id = format!("E{n}"))));
        }
        "after_death" => {
            let died = with(visit.clone(), |other| {
                (other.mdtrt_id, other.end) = ("E".to_owned(), day - Days::new(u64::from(wanted == Against)));
                other.begin = other.end;
                other.discharge_way = "5".to_owned();
            });
            earlier.push(died);
        }
        "readmission" | "overlap" => {
            let other = with(visit.clone(), |other| {
                (other.mdtrt_id, other.begin) = ("E".to_owned(), day - Days::new(30));
                if written.kind == "overlap" {
                    (other.institution, other.end) = ("H43020000002".to_owned(), day + Days::new(2));
                } else {
                    other.end = day - Days::new(if wanted == Against { 15 } else { 16 });
                }
            });
            (visit.end, visit.med_type) =
                (day + Days::new(u64::from(wanted == Against) * 2), MedType::Inpatient);
            earlier.push(with(other, |other| other.med_type = MedType::Inpatient));
        }
        _ => {}
    }
    let is_paid_only = written.kind == "never" && written.get("forbidden").is_none();
    for line in visit.lines.iter_mut().filter(|line| is_paid_only && line.code != item) {
        line.in_scope_fen = i64::from(wanted == Lawful);
    }
    (visit, earlier)
}

/// So much of an item that it is one too much, or just not.
fn most(visit: &mut Visit, written: &Written, subject: &[&str], wanted: Wanted) {
    let (day, over) = (visit.begin, i64::from(wanted == Against));
    let count = written.number("most") + over;
    let line = &mut visit.lines[0];
    match written.text("of") {
        "quantity" => line.quantity = count.into(),
        "supply" => line.days = Some(count.try_into().unwrap()),
        "daily" => {
            let most: rust_decimal::Decimal = written.text("most").parse().unwrap();
            (line.days, line.quantity) =
                (Some(7), (most + rust_decimal::Decimal::new(over, 2)) * rust_decimal::Decimal::from(7));
        }
        "amount" => line.amount_fen = written.number("most") * 100 + over,
        "days" => {
            visit.end = day + Days::new(count.unsigned_abs());
            let item = visit.lines[0].code.clone();
            (1..count).for_each(|n| sell(visit, &item, day + Days::new(n.unsigned_abs()), 1));
        }
        "kinds" => {
            visit.lines.clear();
            let prefix = subject[0].strip_suffix('*');
            let of_prefix = (0..count).map(|n| format!("{:a<9}{n}", prefix.unwrap_or_default()));
            let listed = subject.iter().map(|code| (*code).to_owned());
            let kinds: Vec<String> = if prefix.is_some() { of_prefix.collect() } else { listed.collect() };
            kinds
                .iter()
                .take(count.unsigned_abs().try_into().unwrap())
                .for_each(|kind| sell(visit, kind, day, 1));
        }
        other => panic!("{other}"),
    }
    let line = &mut visit.lines[0];
    if !matches!(written.text("of"), "amount") {
        line.amount_fen = 6_000;
    }
}

fn data(visit: &mut Visit, check: &str, wanted: Wanted) {
    let day = visit.begin;
    sell(visit, "X1", day, 1);
    diagnosis(visit, "I10.x00", "某病");
    operation(visit, "1");
    visit.lines[0].department = "A03".to_owned();
    visit.amounts = [6_000, 5_000, 1_000];
    if wanted == Against {
        match check {
            "product" => visit.lines[0].price = 61.into(),
            "price" => visit.lines[0].price = 0.into(),
            "doctor" => visit.lines[0].doctor.clear(),
            "department" => visit.lines[0].department.clear(),
            "day_in_stay" => visit.lines[0].day = day + Days::new(1),
            "operation_in_stay" => visit.operations[0].day = day + Days::new(1),
            "sum" => visit.amounts = [7_000, 6_000, 1_000],
            "shares" => visit.amounts = [6_000, 5_000, 999],
            "diagnosis" => visit.diagnoses.clear(),
            other => panic!("{other}"),
        }
    }
}

fn trace(visit: &mut Visit, check: &str, wanted: Wanted) {
    let codes = match (check, wanted) {
        ("missing", Against) => vec![],
        ("twice", Against) => vec!["1", "1"],
        _ => vec!["1", "2"],
    };
    visit.lines[0].trace_codes = codes.into_iter().map(|code| (code.to_owned(), false)).collect();
}

/// Every point of every document; how many there are.
pub fn every_point(each: &mut dyn FnMut(&AuditRule, usize, &Written)) {
    for (name, text) in AuditRule::embedded() {
        let rule = AuditRule::read(name, text).unwrap();
        let walked = read(name, text, |root| {
            let kind = root.find("kind").and_then(|(_, at)| at.raw()).unwrap();
            let points = root.find("points").map_or_else(|| vec![root.clone()], |(_, at)| at.list().unwrap());
            for (index, point) in points.into_iter().enumerate() {
                each(&rule, index, &Written { document: root.clone(), point, kind });
            }
            Some(())
        });
        walked.unwrap();
    }
}

#[test]
fn each_point_is_found_and_what_is_lawful_is_not() {
    let mut count = 0;
    let mut wrong = Vec::new();
    every_point(&mut |rule, index, written| {
        let book =
            Rulebook::trial(AuditRule { points: vec![rule.points[index].clone()], ..rule.clone() }.into());
        for wanted in [Against, Lawful] {
            let (visit, earlier) = made(written, wanted, written.day() + Days::new(40));
            let is_found = match book.statistics().next() {
                None => !book.check(&visit, &earlier, rule.stages[0]).is_empty(),
                Some(statistic) => statistic.found(statistic.addends(&visit).unwrap(), (0, [0, 0])).is_some(),
            };
            if is_found != (wanted == Against) {
                wrong.push(format!(
                    "{} point {} ({}): {wanted:?} found {is_found}",
                    rule.id,
                    index + 1,
                    written.text("code")
                ));
            }
        }
        count += 1;
    });
    assert_eq!(wrong, Vec::<String>::new());
    assert!(count > 600, "{count}");
}

/// The documents together: a visit that is against one point of a national rule is found by that rule in any area.
#[test]
fn the_rulebook_of_an_area_finds_each_point() {
    let documents = yizhan_documents::Documents::<AuditRule>::embedded();
    every_point(&mut |rule, index, written| {
        let book = yizhan_audit::rules::rulebook(&documents, rule.area);
        let (visit, earlier) = made(written, Against, written.day() + Days::new(40));
        let found = book.check(&visit, &earlier, rule.stages[0]);
        let is_statistic = book.statistics().any(|statistic| statistic.rule.id == rule.id);
        assert!(
            is_statistic || found.iter().any(|found| found.rule.rule == rule.rule),
            "{} point {}",
            rule.id,
            index + 1
        );
    });
}
