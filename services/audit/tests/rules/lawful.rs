//! Lawful look-alikes (docs/AUDIT.md, "What is lawful"), by the documents that come with the service: the visit that looks like it is found, the lawful
//! one is not.

use yizhan_audit::rules::{AuditRule, Stage, Visit, rulebook};
use yizhan_documents::Documents;
use yizhan_terms::{MedType, Tier};

use crate::support::{day, diagnosis, line, some, stay, visit, with};

/// A rule, the visit that is against it, what makes it lawful, and the visits before.
pub struct LookAlike {
    what: &'static str,
    pub rule: &'static str,
    pub wrong: Visit,
    pub lawful: fn(&mut Visit),
    pub earlier: Vec<Visit>,
}

/// All of them.
pub fn all() -> impl Iterator<Item = LookAlike> {
    stays().into_iter().chain(bills()).chain([repeated()])
}

fn stays() -> Vec<LookAlike> {
    let before = |begin, end| vec![with(stay(begin, end), |visit| visit.mdtrt_id = "M0".to_owned())];
    let again = || with(stay("2026-07-20", "2026-07-25"), |visit| visit.departments[0] = "A03".to_owned());
    let of_readmission = |what, lawful| {
        let earlier = before("2026-07-01", "2026-07-14");
        LookAlike { what, rule: "GZ10000204001000", wrong: again(), lawful, earlier }
    };
    let beds = with(again(), |visit| some(visit, "001109000010000", 2, "2026-07-20"));
    vec![
        of_readmission("chemotherapy again", |visit| diagnosis(visit, "Z51.102", "恶性肿瘤维持性化学治疗")),
        of_readmission("radiotherapy again", |visit| diagnosis(visit, "Z51.000", "")),
        of_readmission("dialysis", |visit| diagnosis(visit, "Z49.101", "")),
        of_readmission("an emergency", |visit| visit.admission_way = "1".to_owned()),
        of_readmission("moved by order", |visit| visit.admission_way = "3".to_owned()),
        of_readmission("long after", |visit| {
            (visit.begin, visit.end) = (day("2026-07-30"), day("2026-07-31"))
        }),
        LookAlike {
            what: "an extra bed in an isolation ward",
            rule: "GZ10000102014000",
            wrong: beds.clone(),
            lawful: |visit| visit.lines[0].department = "A16".to_owned(),
            earlier: vec![],
        },
        LookAlike {
            what: "isolation by diagnosis",
            rule: "GZ10000102014000",
            wrong: beds,
            lawful: |visit| diagnosis(visit, "Z29.000", "隔离"),
            earlier: vec![],
        },
        LookAlike {
            what: "the day of a transfer",
            rule: "YZ-STAYS-OVERLAP",
            wrong: with(again(), |visit| visit.institution = "H43020000002".to_owned()),
            lawful: |visit| visit.begin = day("2026-07-22"),
            earlier: before("2026-07-10", "2026-07-22"),
        },
        LookAlike {
            what: "drugs taken home",
            rule: "GZ10000201008000",
            wrong: with(again(), |visit| some(visit, "XA10BAE021A001010100842", 1, "2026-08-01")),
            lawful: |visit| visit.lines[0].take_home = true,
            earlier: vec![],
        },
    ]
}

fn on(codes: &[&str]) -> Visit {
    with(visit(), |visit| {
        (visit.begin, visit.end) = (day("2026-07-20"), day("2026-07-20"));
        codes.iter().for_each(|code| some(visit, code, 1, "2026-07-20"));
    })
}

fn one(what: &'static str, rule: &'static str, wrong: Visit, lawful: fn(&mut Visit)) -> LookAlike {
    LookAlike { what, rule, wrong, lawful, earlier: vec![] }
}

fn repeated() -> LookAlike {
    let test = with(on(&["002503020030000"]), |visit| {
        (visit.mdtrt_id, visit.begin, visit.end) = ("M0".to_owned(), day("2026-06-29"), day("2026-06-29"));
        visit.lines[0].day = day("2026-06-29");
    });
    let test_again = with(on(&["002503020030000"]), |visit| {
        (visit.begin, visit.end) = (day("2026-07-13"), day("2026-07-13"));
        visit.lines[0].day = day("2026-07-13");
    });
    LookAlike {
        what: "15 days after the last test, over the end of a month",
        rule: "YZ2025-31",
        wrong: test_again,
        lawful: |visit| visit.lines[0].day = day("2026-07-14"),
        earlier: vec![test],
    }
}

fn bills() -> Vec<LookAlike> {
    let slices = &["T001700368", "T001700886"];
    vec![
        one(
            "maternity under the employees' scheme",
            "GZ10000101002000",
            on(&["XG02ADD082D003010179504"]),
            |visit| {
                visit.med_type = MedType::MaternityInpatient;
            },
        ),
        one("one slice that is paid alone", "GZ10000101004000", on(slices), |visit| {
            drop(line(visit, "T000000001").recipe.clone())
        }),
        one(
            "paid by the patient alone",
            "GZ10000101012000",
            at_a_clinic(&on(&["ZC01AAA0042010105549"])),
            |visit| {
                line(visit, "XA10BAE021A001010100842").in_scope_fen = 100;
            },
        ),
        one(
            "a long recipe",
            "YZ2025-09",
            with(on(&["XA10BAE021A001010100842"]), |visit| visit.lines[0].days = Some(28)),
            |visit| {
                visit.lines[0].long_recipe = true;
            },
        ),
        one(
            "the same pack given in parts",
            "GZ10000202001000",
            with(on(&["XA1", "XA1"]), packs(false)),
            packs(true),
        ),
        one(
            "breast cancer of a man",
            "GZ10000204006000",
            with(on(&[]), |visit| diagnosis(visit, "C53.900", "")),
            |visit| {
                visit.diagnoses[0].code = "C50.900".to_owned();
            },
        ),
        one(
            "after one drug another",
            "GZ10000301006000",
            on(&["XC09AAB034A001010200795", "XC09AAP027A001010104565"]),
            |visit| {
                visit.lines[1].day = day("2026-07-21");
            },
        ),
    ]
}

fn at_a_clinic(visit: &Visit) -> Visit {
    with(visit.clone(), |visit| visit.level = Some(Tier::Primary))
}

fn packs(split: bool) -> fn(&mut Visit) {
    match split {
        true => {
            |visit| visit.lines.iter_mut().for_each(|line| line.trace_codes = vec![("81".to_owned(), true)])
        }
        false => {
            |visit| visit.lines.iter_mut().for_each(|line| line.trace_codes = vec![("81".to_owned(), false)])
        }
    }
}

#[test]
fn what_looks_like_a_violation_and_is_none() {
    let book = rulebook(&Documents::<AuditRule>::embedded(), "430200".parse().unwrap());
    for look in all() {
        let is_found = |visit: &Visit| {
            let found = book.check(visit, &look.earlier, Stage::After);
            found.iter().any(|found| found.rule.rule == look.rule)
        };
        assert!(is_found(&look.wrong), "{}: what looks like it is not found", look.what);
        assert!(!is_found(&with(look.wrong.clone(), look.lawful)), "{}", look.what);
    }
}
