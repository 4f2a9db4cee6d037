//! What holds of any visit and any set of documents.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;
use yizhan_audit::rules::{AuditRule, Life, Line, Rulebook, Stage, Visit, rulebook};
use yizhan_documents::Documents;
use yizhan_terms::{Area, MedType};

use crate::support::{book, day, diagnosis, line, operation, read, visit, with};

/// Items of which the documents that come with the service, or those below, say something; and one of which none does.
const ITEMS: [&str; 12] = [
    "001109000010000",
    "003106030010000",
    "T001700368",
    "T001700233",
    "XA02BCA393A012010383696",
    "XA02BCP025B001010104520",
    "XJ01MAZ083B002050104948",
    "002503020030000",
    "003314000020000",
    "川乌",
    "法半夏",
    "X9",
];
/// Days, and the first of them.
const FIRST: &str = "2026-07-01";

/// One of each kind that no shipped document has.
const FURTHER: [&str; 4] = [
    "rule: Y-1\nkind: listed\npoints: [{ code: X*, diseases: [M01600], list: [XA10*] }]",
    "rule: Y-2\nkind: discount\nvalues: { group: 组, rate: 50% }\npoints: [{ code: \"001109000010000\", full: 9999999999999 }, { code: \"003106030010000\", full: 0.01 }]",
    "rule: Y-3\nkind: most\nscope: line\npoints: [{ code: X*, of: dose, most: 0 }]",
    "rule: Y-4\nkind: price\npoints: [{ code: X*, ceiling: 0 }]",
];

prop_compose! {
    fn a_line()(item in 0..ITEMS.len(), on in 0..20_u64, quantity in prop_oneof![1..30_i64, Just(9_999_999_999)], price in prop_oneof![0..500_i64, Just(9_999_999_999)],
        fen in prop_oneof![0..100_000_i64, Just(9_999_999_999_999_999)], paid in 0..2_i64, recipe in 0..3_u32, days in 0..100_u32, dated: bool, code in 0..4_u32, split: bool) -> Line {
            let mut line = line(&mut visit(), ITEMS[item]).clone();
            line.name = if ITEMS[item].is_ascii() { String::new() } else { ITEMS[item].to_owned() };
            (line.day, line.dated) = (day(FIRST) + Days::new(on), dated);
            line.time = line.day.and_hms_opt(u32::try_from(on).unwrap(), 0, 0);
            (line.quantity, line.price) = (Decimal::new(quantity, 2), Decimal::new(price, 2));
            (line.amount_fen, line.in_scope_fen) = (fen, fen * paid);
            line.recipe = if recipe == 0 { String::new() } else { format!("R{recipe}") };
            line.days = Some(days).filter(|days| *days > 0);
            line.dose = ["999999999999999999999999g".to_owned(), "q2h".to_owned()];
            line.trace_codes = vec![(code.to_string(), split)];
            line
    }
}

prop_compose! {
    fn a_visit()(id in 0..1000_u32, begin in 0..20_u64, length in 0..10_u64, way in 0..MedType::ALL.len(), born in prop::option::of(0..40_000_u64),
        lines in prop::collection::vec(a_line(), 0..12), codes in prop::collection::vec(prop_oneof![Just("Z51.100"), Just("N40.x00"), Just("O80.000"), Just("")], 0..3)) -> Visit {
        let begin = day(FIRST) + Days::new(begin);
        with(visit(), |visit| {
            visit.mdtrt_id = format!("V{id}");
            (visit.begin, visit.end) = (begin, begin + Days::new(length));
            visit.med_type = MedType::ALL[way];
            visit.born = born.and_then(|born| begin.checked_sub_days(Days::new(born)));
            codes.iter().for_each(|code| diagnosis(visit, code, ""));
            operation(visit, "38.5702");
            visit.lines = lines.into_iter().enumerate().map(|(n, line)| Line { number: format!("L{n}"), ..line }).collect();
        })
    }
}

static EVERYTHING: LazyLock<Arc<Rulebook>> = LazyLock::new(|| {
    let mut documents = Documents::<AuditRule>::embedded();
    FURTHER.iter().for_each(|keys| documents.publish(read(keys)));
    rulebook(&documents, "430200".parse().unwrap())
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A line is against a rule with no more than it has, once; whatever the order in which the other visits are told, the same is found; and nothing
    /// breaks by amounts that cannot be.
    #[test]
    fn findings_are_sound(visit in a_visit(), mut others in prop::collection::vec(a_visit(), 0..4)) {
        let book = &EVERYTHING;
        for (n, other) in others.iter_mut().enumerate() {
            other.mdtrt_id = format!("E{n}");
        }
        let found = book.check(&visit, &others, Stage::After);
        let amounts: BTreeMap<&str, i64> = visit.lines.iter().map(|line| (line.number.as_str(), line.amount_fen)).collect();
        let mut against: BTreeMap<(String, Life, String, String), i64> = BTreeMap::new();
        for one in &found {
            prop_assert!(!one.content.is_empty() && !one.basis.is_empty());
            for line in one.against() {
                let key = (one.rule.rule.clone(), one.rule.life, one.about.clone(), line.number.clone());
                let so_far = against.entry(key).or_default();
                *so_far += line.amount_fen;
                prop_assert!((0..=amounts[line.number.as_str()]).contains(so_far), "{}: {} of {}", one.content, so_far, amounts[line.number.as_str()]);
            }
        }
        others.reverse();
        prop_assert_eq!(book.check(&visit, &others, Stage::After), found);
    }

    /// On every day that document holds which the rule of nearest and latest says.
    #[test]
    fn the_nearest_and_latest_hold(written in prop::collection::vec((0..3_usize, 0..2_usize, 0..10_u64, 0..6_u64, 0..4_usize), 1..8)) {
        let areas = ["100000", "430000", "430200"];
        let texts: Vec<String> = written.iter().enumerate().map(|(n, (area, part, from, length, life))| {
            let from = day(FIRST) + Days::new(*from);
            let (to, life) = (from + Days::new(*length), ["draft", "shadow", "active", "retired"][*life]);
            format!("part: p{part}\nversion: v{n}\narea: \"{}\"\nfrom: {from}\nto: {to}\nlife: {life}\nkind: never\npoints: [{{ code: X1 }}]", areas[*area])
        }).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let book = book(&texts, "430200");
        let documents: Vec<AuditRule> = texts.iter().map(|text| read(text)).collect();
        for on in (0..20).map(|n| day(FIRST) + Days::new(n)) {
            let held = book.rules().iter().filter(|(_, days)| days.iter().any(|days| days.contains(on)));
            let mut held: Vec<String> = held.map(|(rule, _)| rule.version.clone()).collect();
            held.sort();
            let mut wanted = expected(&documents, on);
            wanted.sort();
            prop_assert_eq!(held, wanted, "on {}", on);
        }
    }
}

fn expected(documents: &[AuditRule], on: NaiveDate) -> Vec<String> {
    let nearest = |counts: fn(Life) -> bool, wanted: Life| {
        let in_force = |document: &&AuditRule| counts(document.life) && document.period.contains(on);
        let of = |area: Area| {
            documents.iter().filter(in_force).filter(|document| document.area == area).collect::<Vec<_>>()
        };
        let area: Area = "430200".parse().unwrap();
        let here = area.around().map(of).find(|here| !here.is_empty()).unwrap_or_default();
        let latest: BTreeMap<_, _> =
            here.into_iter().map(|document| (document.part.clone(), document)).collect();
        latest
            .into_values()
            .filter(move |document| document.life == wanted)
            .map(|document| document.version.clone())
            .collect::<Vec<_>>()
    };
    [
        nearest(|life| matches!(life, Life::Active | Life::Retired), Life::Active),
        nearest(|life| life != Life::Draft, Life::Shadow),
    ]
    .concat()
}
