//! Visits and documents, said shortly.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use yizhan_audit::rules::{
    AuditRule, Diagnosis, Found, Line, Operation, Rulebook, Sex, Stage, Visit, rulebook,
};
use yizhan_documents::{Document, Documents};
use yizhan_terms::{InstitutionType, Insutype, MedType, Tier};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An outpatient visit of a man of 46 years at a tertiary hospital on 2026-05-10.
pub fn visit() -> Visit {
    Visit {
        psn_no: "P1".to_owned(),
        sex: Some(Sex::Male),
        born: Some(day("1980-03-01")),
        area: "430200".parse().unwrap(),
        scheme: Insutype::Employee,
        mdtrt_id: "M1".to_owned(),
        med_type: MedType::Outpatient,
        institution: "H43020000001".to_owned(),
        kind: InstitutionType::Hospital,
        level: Some(Tier::Third),
        begin: day("2026-05-10"),
        end: day("2026-05-10"),
        is_over: true,
        diagnoses: vec![],
        departments: [String::new(), String::new()],
        doctor: "D1".to_owned(),
        disease: String::new(),
        emergency: false,
        internet: false,
        discharge_way: String::new(),
        admission_way: String::new(),
        lines: vec![],
        operations: vec![],
        setl_id: String::new(),
        amounts: [0; 3],
    }
}

/// The same as a stay from a day to a day.
pub fn stay(begin: &str, end: &str) -> Visit {
    Visit { med_type: MedType::Inpatient, begin: day(begin), end: day(end), ..visit() }
}

/// What `also` makes of a visit.
pub fn with(mut visit: Visit, also: impl FnOnce(&mut Visit)) -> Visit {
    also(&mut visit);
    visit
}

/// One of an item for 100 yuan, on 2026-05-10; numbers follow each other.
pub fn line<'v>(visit: &'v mut Visit, code: &str) -> &'v mut Line {
    let number = format!("{}-{}", visit.mdtrt_id, visit.lines.len() + 1);
    visit.lines.push(Line {
        number,
        recipe: "R1".to_owned(),
        code: code.to_owned(),
        name: String::new(),
        list: String::new(),
        quantity: 1.into(),
        price: 100.into(),
        amount_fen: 10_000,
        in_scope_fen: 0,
        day: day("2026-05-10"),
        dated: true,
        time: None,
        department: "A03".to_owned(),
        doctor: "D1".to_owned(),
        days: None,
        dose: [String::new(), String::new()],
        take_home: false,
        long_recipe: false,
        trace_codes: vec![],
    });
    visit.lines.last_mut().unwrap()
}

/// One of each item.
pub fn lines(visit: &mut Visit, codes: &[&str]) {
    for code in codes {
        line(visit, code);
    }
}

/// So many of an item for 100 yuan each on a day.
pub fn some(visit: &mut Visit, code: &str, quantity: i64, on: &str) {
    let line = line(visit, code);
    line.day = day(on);
    (line.quantity, line.amount_fen) = (quantity.into(), 10_000 * quantity);
}

pub fn at(text: &str) -> Option<NaiveDateTime> {
    Some(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
}

pub fn diagnosis(visit: &mut Visit, code: &str, name: &str) {
    visit.diagnoses.push(Diagnosis { code: code.to_owned(), name: name.to_owned() });
}

pub fn operation(visit: &mut Visit, code: &str) {
    let day = visit.begin;
    visit.operations.push(Operation { code: code.to_owned(), name: String::new(), is_main: true, day });
}

/// A rule of these keys: everything else is as it mostly is.
pub fn document(keys: &str) -> String {
    let mut text = keys.to_owned();
    for (key, value) in [
        ("rule", "T-1"),
        ("version", "\"1\""),
        ("title", "试验"),
        ("class", "药品政策限定类"),
        ("area", "\"100000\""),
        ("sources", "{ doc: { title: 试验, quality: P } }"),
        ("source", "doc"),
        ("from", "2026-01-01"),
        ("life", "active"),
        ("result", "违规"),
        ("stages", "[事前, 事中, 事后]"),
        ("consequence", "mark"),
        ("may_answer", "true"),
        ("behaviour", "超医保支付范围"),
        ("scope", "visit"),
    ] {
        let given = format!("{key}:");
        if !keys.lines().any(|line| line.starts_with(&given)) {
            text = format!("{key}: {value}\n{text}");
        }
    }
    text
}

pub fn read(keys: &str) -> AuditRule {
    AuditRule::read("test.yaml", &document(keys)).unwrap_or_else(|problems| panic!("{problems}\n{keys}"))
}

/// What is wrong with a document.
pub fn problems(keys: &str) -> Vec<String> {
    let problems = AuditRule::read("test.yaml", &document(keys)).unwrap_err().0;
    problems.iter().map(|problem| format!("{} {}", problem.kind.code(), problem.message)).collect()
}

/// The rules that these documents make in an area.
pub fn book(documents: &[&str], area: &str) -> Arc<Rulebook> {
    let documents: Documents<AuditRule> = documents.iter().map(|keys| read(keys)).collect();
    rulebook(&documents, area.parse().unwrap())
}

/// What one document finds.
pub fn found(keys: &str, visit: &Visit, earlier: &[Visit]) -> Vec<Found> {
    book(&[keys], "430200").check(visit, earlier, Stage::After)
}

/// The lines against a rule with what of them is, `M1-1 10000`, of all that was found.
pub fn against(found: &[Found]) -> Vec<String> {
    let lines = found.iter().flat_map(Found::against);
    lines.map(|line| format!("{} {}", line.number, line.amount_fen)).collect()
}
