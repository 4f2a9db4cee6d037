//! Every kind: a visit that is against it, and one that is not.

use yizhan_audit::rules::{Sex, Visit};
use yizhan_terms::{MedType, Tier};

use crate::support::{against, at, day, diagnosis, found, line, lines, operation, some, stay, visit, with};

/// What becomes of a visit.
type Change = fn(&mut Visit);

/// `only` and `never` about one line of X1: the condition, a visit against it, and one that is not.
fn limits() -> Vec<(&'static str, Change, Change)> {
    let male = |_: &mut Visit| {};
    let female: Change = |visit| visit.sex = Some(Sex::Female);
    vec![
        ("allowed: { sex: \"2\" }", male, female),
        ("allowed: { sex: \"2\" }", male, |visit| visit.sex = None),
        ("allowed: { ages: { from: 2, to: 11 } }", male, |visit| visit.born = Some(day("2014-05-11"))),
        (
            "allowed: { days_old: { to: 28 } }",
            |visit| visit.born = Some(day("2026-04-11")),
            |visit| {
                visit.born = Some(day("2026-04-12"));
            },
        ),
        ("allowed: { schemes: [\"510\"] }", male, |visit| visit.scheme = yizhan_terms::Insutype::Maternity),
        ("allowed: { ways: [生育] }", male, |visit| visit.med_type = MedType::MaternityInpatient),
        ("allowed: { ways: [住院, 急诊] }", male, |visit| visit.emergency = true),
        ("allowed: { ways: [\"41\"] }", male, |visit| visit.med_type = MedType::Pharmacy),
        ("allowed: { levels: [third, provincial] }", |visit| visit.level = Some(Tier::First), male),
        ("allowed: { departments: [A21] }", male, |visit| visit.lines[0].department = "A21.01".to_owned()),
        (
            "allowed: { diagnoses: [E11*] }",
            |visit| diagnosis(visit, "I10.x00", ""),
            |visit| {
                diagnosis(visit, "I10.x00", "");
                diagnosis(visit, "E11.900", "");
            },
        ),
        (
            "allowed: { diagnoses: [2型糖尿病] }",
            |visit| diagnosis(visit, "I10.x00", "高血压"),
            |visit| {
                diagnosis(visit, "E11.900", "2型糖尿病伴肾病");
            },
        ),
        // Nothing was reported: nobody is accused of what is not known.
        (
            "allowed: { diagnoses: [E11*, 糖尿病] }",
            |visit| diagnosis(visit, "I10.x00", "高血压"),
            |visit| {
                diagnosis(visit, "I10.x00", "");
            },
        ),
        (
            "forbidden: { ages: { from: 65 } }",
            |visit| visit.born = Some(day("1961-05-10")),
            |visit| {
                visit.born = Some(day("1961-05-11"));
            },
        ),
        (
            "forbidden: { diagnoses: [O*], sex: \"2\" }",
            |visit| {
                visit.sex = Some(Sex::Female);
                diagnosis(visit, "O14.900", "");
            },
            |visit| diagnosis(visit, "O14.900", ""),
        ),
        ("forbidden: { internet: true }", |visit| visit.internet = true, male),
    ]
}

#[test]
fn limits_of_a_line() {
    for (condition, wrong, right) in limits() {
        let kind = if condition.starts_with("allowed") { "only" } else { "never" };
        let rule = format!("kind: {kind}\npoints:\n  - {{ code: X1, {condition} }}");
        let about = |of: fn(&mut Visit)| {
            with(visit(), |visit| {
                line(visit, "X1");
                line(visit, "X2");
                of(visit);
            })
        };
        assert_eq!(against(&found(&rule, &about(wrong), &[])), ["M1-1 10000"], "{condition}");
        assert_eq!(found(&rule, &about(right), &[]), [], "{condition}");
    }
}

#[test]
fn never_paid_is_no_violation_where_nothing_is_paid() {
    let rule = "kind: never\npaid_only: true\npoints: [{ code: T1 }]";
    let paid = |fen: i64| {
        with(visit(), |visit| {
            line(visit, "T1").in_scope_fen = fen;
            line(visit, "X1").in_scope_fen = 1;
        })
    };
    assert_eq!(against(&found(rule, &paid(8_000), &[])), ["M1-1 8000"]);
    assert_eq!(found(rule, &paid(0), &[]), []);
}

/// 备注限首次处方: continued at a small hospital.
#[test]
fn a_limit_of_the_first_prescription() {
    let rule =
        "kind: only\npoints:\n  - { code: X1, allowed: { levels: [second, third] }, continues_days: 180 }";
    let small = with(visit(), |visit| {
        visit.level = Some(Tier::Primary);
        line(visit, "X1");
    });
    let earlier = |level, on: &str| {
        with(visit(), |visit| {
            (visit.mdtrt_id, visit.level) = ("M0".to_owned(), Some(level));
            line(visit, "X1").day = day(on);
        })
    };
    assert_eq!(found(rule, &small, &[earlier(Tier::Third, "2026-01-10")]), []);
    assert_eq!(found(rule, &small, &[earlier(Tier::Third, "2025-01-10")]).len(), 1);
    assert_eq!(found(rule, &small, &[earlier(Tier::First, "2026-01-10")]).len(), 1);
}

#[test]
fn diagnoses_and_operations_against_sex() {
    let rule = "kind: only\npoints:\n  - { diagnosis: [N40*], allowed: { sex: \"1\" } }\n  - { operation: \"38.8609\", allowed: { sex: \"2\" } }";
    let rule = format!("class: 行为主体监管类\n{rule}");
    let man = |code: &str, operated: &str| {
        with(visit(), |visit| {
            diagnosis(visit, code, "");
            operation(visit, operated);
        })
    };
    let wrong = found(&rule, &man("N40.x00", "38.8609"), &[]);
    assert_eq!(
        wrong.iter().map(|found| (found.about.as_str(), found.amount_fen())).collect::<Vec<_>>(),
        [("38.8609", None)]
    );
    let woman = with(man("N40.x00", "1"), |visit| visit.sex = Some(Sex::Female));
    assert_eq!(found(&rule, &woman, &[])[0].content, "N40.x00：限男性");
}

#[test]
fn items_beside_each_other() {
    let rule = |within: &str| {
        format!("kind: excludes\npoints:\n  - {{ code: A, others: [B1, B2*], within: {within} }}")
    };
    let both = |on: &str, recipe: &str, hour: &str| {
        with(stay("2026-05-01", "2026-05-20"), |visit| {
            line(visit, "A").time = at("2026-05-10 08:00");
            let other = line(visit, "B2x");
            (other.day, other.recipe, other.time) =
                (day(on), recipe.to_owned(), at(&format!("2026-05-10 {hour}")));
        })
    };
    for (within, wrong, right) in [
        ("day", both("2026-05-10", "R2", "20:00"), both("2026-05-11", "R1", "20:00")),
        ("recipe", both("2026-05-11", "R1", "20:00"), both("2026-05-10", "R2", "20:00")),
        ("6h", both("2026-05-10", "R2", "14:00"), both("2026-05-10", "R1", "14:01")),
    ] {
        assert_eq!(against(&found(&rule(within), &wrong, &[])), ["M1-2 10000"], "{within}");
        assert_eq!(found(&rule(within), &right, &[]), [], "{within}");
    }
    // Both against it, e.g. slices that conflict, by names.
    let slices = "kind: excludes\nscope: visit\nvalues: { within: recipe, against: both }\npoints:\n  - { code: 川乌, others: [法半夏] }";
    let herbs = |one: &str| {
        with(visit(), |visit| {
            line(visit, "T001").name = "川乌".to_owned();
            line(visit, "T002").name = one.to_owned();
        })
    };
    assert_eq!(against(&found(slices, &herbs("法半夏"), &[])), ["M1-1 10000", "M1-2 10000"]);
    assert_eq!(found(slices, &herbs("甘草"), &[]), []);
}

/// The same line is contained in two items: it is against the rule once.
#[test]
fn a_line_is_against_a_rule_once() {
    let rule = "kind: excludes\npoints:\n  - { code: A1, others: [B] }\n  - { code: A2, others: [B] }";
    let visit = with(visit(), |visit| lines(visit, &["A1", "A2", "B"]));
    assert_eq!(against(&found(rule, &visit, &[])), ["M1-3 10000"]);
}

#[test]
fn at_most_so_many_a_day() {
    let rule = "kind: most\nscope: day\nvalues: { of: quantity, most: 1 }\npoints: [{ code: BED }]";
    let bed =
        |quantity| with(stay("2026-05-10", "2026-05-12"), |visit| some(visit, "BED", quantity, "2026-05-10"));
    assert_eq!(against(&found(rule, &bed(3), &[])), ["M1-1 20000"]);
    assert_eq!(found(rule, &bed(1), &[]), []);
    // Days were not reported: three days may have three.
    let undated = |quantity| with(bed(quantity), |visit| visit.lines[0].dated = false);
    assert_eq!(found(rule, &undated(3), &[]), []);
    assert_eq!(against(&found(rule, &undated(4), &[])), ["M1-1 10000"]);
    // Two lines of a day, of which one was taken back, are read as one.
    let two = with(bed(1), |visit| some(visit, "BED", 1, "2026-05-10"));
    assert_eq!(against(&found(rule, &two, &[])), ["M1-2 10000"]);
}

/// 14 days from one test to the next, over the end of a month; the later one is the one too many, whatever was recorded first.
#[test]
fn at_most_so_many_in_days_in_a_row() {
    let rule = "kind: most\nscope: month\npoints: [{ code: X1, of: quantity, most: 1, within: 14d }]";
    let test = |id: &str, on: &str| {
        with(visit(), |visit| {
            (visit.mdtrt_id, visit.begin, visit.end) = (id.to_owned(), day(on), day(on));
            some(visit, "X1", 1, on);
        })
    };
    let earlier = [test("M0", "2026-04-27")];
    assert_eq!(against(&found(rule, &test("M1", "2026-05-10"), &earlier)), ["M1-1 10000"]);
    assert_eq!(found(rule, &test("M1", "2026-05-11"), &earlier), []);
    assert_eq!(found(rule, &test("M1", "2026-04-26"), &earlier), []);
    let told = &found(rule, &test("M1", "2026-05-10"), &earlier)[0].lines[1];
    assert_eq!((told.mdtrt_id.as_str(), told.number.as_str(), told.is_against), ("M0", "M0-1", false));
}

#[test]
fn other_measures() {
    let days = "kind: most\npoints: [{ code: X1, of: days, most: 2 }]";
    let three = |last: &str| {
        with(stay("2026-05-01", "2026-05-20"), |visit| {
            for on in ["2026-05-01", "2026-05-02", "2026-05-02", last] {
                some(visit, "X1", 1, on);
            }
        })
    };
    assert_eq!(against(&found(days, &three("2026-05-03"), &[])), ["M1-4 10000"]);
    assert_eq!(found(days, &three("2026-05-01"), &[]), []);
    let kinds =
        "kind: most\nvalues: { within: recipe }\npoints: [{ code: XA02BC*, of: kinds, most: 1, alike: 10 }]";
    let drugs = |second: &str| {
        with(visit(), |visit| {
            line(visit, "XA02BCA211E001010105776");
            line(visit, second);
        })
    };
    assert_eq!(against(&found(kinds, &drugs("XA02BCP025B001010104520"), &[])), ["M1-2 10000"]);
    assert_eq!(found(kinds, &drugs("XA02BCA211B001010203662"), &[]), []);
    let supply =
        "kind: most\nscope: line\nunless: { long_recipe: true }\npoints: [{ code: X*, of: supply, most: 7 }]";
    let given = |days: u32, long| {
        with(visit(), |visit| {
            let line = line(visit, "X1");
            (line.days, line.long_recipe) = (Some(days), long);
        })
    };
    assert_eq!(against(&found(supply, &given(14, false), &[])), ["M1-1 5000"]);
    assert_eq!(found(supply, &given(7, false), &[]), []);
    assert_eq!(found(supply, &given(28, true), &[]), []);
    let amount = "kind: most\nscope: year\npoints: [{ code: X1, of: amount, most: 250 }]";
    let year = |on: &str| {
        [with(visit(), |visit| {
            visit.mdtrt_id = "M0".to_owned();
            some(visit, "X1", 2, on);
        })]
    };
    let one = with(visit(), |visit| some(visit, "X1", 1, "2026-05-10"));
    assert_eq!(against(&found(amount, &one, &year("2026-01-02"))), ["M1-1 5000"]);
    assert_eq!(found(amount, &one, &year("2025-12-31")), []);
    let dose = "kind: most\nscope: line\npoints: [{ code: X1, of: dose, most: 40 }]";
    let taken = |dose: &str, often: &str| {
        with(visit(), |visit| line(visit, "X1").dose = [dose.to_owned(), often.to_owned()])
    };
    assert_eq!(against(&found(dose, &taken("0.02g", "qid"), &[])), ["M1-1 5000"]);
    assert_eq!(found(dose, &taken("20mg", "bid"), &[]), []);
    assert_eq!(found(dose, &taken("2片", "qid"), &[]), []);
    let daily = "kind: most\nvalues: { within: recipe }\npoints: [{ code: 细辛, of: daily, most: 3 }]";
    let herb = |quantity: i64| {
        with(visit(), |visit| {
            some(visit, "T001", quantity, "2026-05-10");
            (visit.lines[0].name, visit.lines[0].days) = ("细辛".to_owned(), Some(7));
        })
    };
    assert_eq!(found(daily, &herb(42), &[]).len(), 1);
    assert_eq!(found(daily, &herb(21), &[]), []);
}

#[test]
fn what_needs_another() {
    let rule = "kind: requires\npoints:\n  - { code: C1, needs: [S1*] }\n  - { diagnosis: Z51.1*, needs: [XL01*, XL02*] }\n  - { code: A1, needs_operations: [\"36.0*\"] }";
    let bill = |codes: &[&str], operated: &str| {
        with(visit(), |visit| {
            lines(visit, codes);
            diagnosis(visit, "Z51.100", "");
            operation(visit, operated);
        })
    };
    let wrong = found(rule, &bill(&["C1", "A1"], "1"), &[]);
    assert_eq!(against(&wrong), ["M1-1 10000", "M1-2 10000"]);
    assert_eq!(wrong.len(), 3);
    assert_eq!(found(rule, &bill(&["C1", "A1", "S12", "XL01A"], "36.06"), &[]), []);
    // 二线用药: what came first may be in a visit before.
    let second_line = "kind: requires\nscope: month\npoints: [{ code: X2, needs: [X1], within: 90d }]";
    let second = bill(&["X2"], "1");
    let first = |on: &str| {
        [with(visit(), |visit| {
            visit.mdtrt_id = "M0".to_owned();
            some(visit, "X1", 1, on);
        })]
    };
    assert_eq!(found(second_line, &second, &first("2026-03-01")), []);
    assert_eq!(found(second_line, &second, &first("2026-01-01")).len(), 1);
}

#[test]
fn lists_of_diseases_prices_and_discounts() {
    let listed = "kind: listed\npoints: [{ code: [X*, Z*], diseases: [M01600], list: [XA10*] }]";
    let drug = |disease: &str, code: &str| {
        with(visit(), |visit| {
            visit.disease = disease.to_owned();
            line(visit, code);
        })
    };
    assert_eq!(found(listed, &drug("M01600", "XC08CA"), &[]).len(), 1);
    assert_eq!(found(listed, &drug("M01600", "XA10BJ"), &[]), []);
    assert_eq!(found(listed, &drug("", "XC08CA"), &[]), []);
    let price = "kind: price\npoints:\n  - { code: S1, ceiling: 75, when: { levels: [second] } }\n  - { code: S1, ceiling: 100, when: { levels: [third] } }";
    let at_level = |level| {
        with(visit(), |visit| {
            visit.level = Some(level);
            some(visit, "S1", 2, "2026-05-10");
        })
    };
    assert_eq!(against(&found(price, &at_level(Tier::Second), &[])), ["M1-1 5000"]);
    assert_eq!(found(price, &at_level(Tier::Third), &[]), []);
    let discount = "kind: discount\nvalues: { group: 肝胆手术组, rate: 50% }\npoints:\n  - { code: O1, full: 100 }\n  - { code: O2, full: 80 }";
    let operated = |second: i64, on: &str| {
        with(stay("2026-05-10", "2026-05-12"), |visit| {
            line(visit, "O1");
            let other = line(visit, "O2");
            (other.price, other.amount_fen, other.day) = (second.into(), second * 100, day(on));
        })
    };
    assert_eq!(against(&found(discount, &operated(80, "2026-05-10"), &[])), ["M1-2 4000"]);
    assert_eq!(found(discount, &operated(40, "2026-05-10"), &[]), []);
    assert_eq!(found(discount, &operated(80, "2026-05-11"), &[]), []);
}

#[test]
fn slices_alone() {
    let rule = "kind: alone\nvalues: { among: [T*] }\npoints: [{ code: T1 }, { code: T2 }]";
    let recipe = |codes: &[&str]| with(visit(), |visit| lines(visit, codes));
    assert_eq!(against(&found(rule, &recipe(&["T1", "T2", "X1"]), &[])), ["M1-1 10000", "M1-2 10000"]);
    assert_eq!(found(rule, &recipe(&["T1", "T2", "T3"]), &[]), []);
}

#[test]
fn data_that_is_not_right() {
    let visit = || {
        with(stay("2026-05-10", "2026-05-12"), |visit| {
            line(visit, "X1");
            diagnosis(visit, "I10.x00", "");
        })
    };
    let cases: Vec<(&str, Change, &[&str])> = vec![
        ("product", |visit| visit.lines[0].amount_fen = 12_000, &["M1-1 2000"]),
        ("price", |visit| visit.lines[0].price = 0.into(), &["M1-1 0"]),
        ("doctor", |visit| visit.lines[0].doctor.clear(), &["M1-1 0"]),
        ("department", |visit| visit.lines[0].department.clear(), &["M1-1 0"]),
        ("day_in_stay", |visit| visit.lines[0].day = day("2026-05-13"), &["M1-1 10000"]),
        ("day_in_stay", |visit| visit.lines[0].day = day("2026-05-09"), &["M1-1 10000"]),
        (
            "operation_in_stay",
            |visit| {
                operation(visit, "1");
                visit.operations[0].day = day("2026-05-13");
            },
            &[],
        ),
        ("sum", |visit| visit.amounts = [9_000, 9_000, 0], &[]),
        ("shares", |visit| visit.amounts = [10_000, 8_000, 1_000], &[]),
        ("diagnosis", |visit| visit.diagnoses.clear(), &[]),
    ];
    for (check, wrong, lines) in cases {
        let rule = format!("kind: data\nvalues: {{ check: {check} }}");
        let against_it = found(&rule, &with(visit(), wrong), &[]);
        assert_eq!(
            (against_it.len(), against(&against_it).as_slice()),
            (1, lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>().as_slice()),
            "{check}"
        );
        assert_eq!(found(&rule, &with(visit(), |visit| operation(visit, "1")), &[]), [], "{check}");
    }
    // Drugs taken home, and tests before admission where the area lets them be charged.
    let rule = "kind: data\nvalues: { check: day_in_stay, days: 3 }";
    let home =
        with(visit(), |visit| (visit.lines[0].day, visit.lines[0].take_home) = (day("2026-05-19"), true));
    assert_eq!(found(rule, &home, &[]), []);
    assert_eq!(found(rule, &with(visit(), |visit| visit.lines[0].day = day("2026-05-07")), &[]), []);
}

#[test]
fn trace_codes() {
    let codes = |id: &str, codes: &[(&str, bool)]| {
        with(visit(), |visit| {
            id.clone_into(&mut visit.mdtrt_id);
            for (code, split) in codes {
                line(visit, "X1").trace_codes = vec![((*code).to_owned(), *split)];
            }
        })
    };
    let missing = "kind: trace\npoints: [{ code: X*, check: missing }]";
    let none = with(visit(), |visit| lines(visit, &["X1"]));
    assert_eq!(found(missing, &none, &[]).len(), 1);
    assert_eq!(found(missing, &codes("M1", &[("81234560001", false)]), &[]), []);
    let foreign = "kind: trace\npoints: [{ code: X1, check: foreign, marks: [8123456*] }]";
    assert_eq!(found(foreign, &codes("M1", &[("81234570001", false)]), &[]).len(), 1);
    assert_eq!(found(foreign, &codes("M1", &[("81234560001", false)]), &[]), []);
    let twice = "kind: trace\npoints: [{ code: X*, check: twice, days: 366 }]";
    assert_eq!(against(&found(twice, &codes("M1", &[("1", false), ("1", false)]), &[])), ["M1-2 10000"]);
    assert_eq!(found(twice, &codes("M1", &[("1", true), ("1", true), ("2", false)]), &[]), []);
    let before = with(codes("M0", &[("1", false)]), |visit| {
        (visit.begin, visit.end) = (day("2026-05-01"), day("2026-05-01"))
    });
    assert_eq!(against(&found(twice, &codes("M1", &[("1", false)]), &[before])), ["M1-1 10000"]);
}

#[test]
fn visits_of_a_person() {
    let of =
        |id: &str, begin: &str, end: &str| with(stay(begin, end), |visit| id.clone_into(&mut visit.mdtrt_id));
    let frequent = "kind: visits\nclass: 行为主体监管类\nscope: day\nwhen: { ways: [门诊] }\nunless: { diagnoses: [Z49*] }\nvalues: { most: 2 }";
    let seen = |id: &str, on: &str| {
        with(visit(), |visit| (visit.mdtrt_id, visit.begin, visit.end) = (id.to_owned(), day(on), day(on)))
    };
    let two = [seen("A", "2026-05-10"), seen("B", "2026-05-10"), of("C", "2026-05-10", "2026-05-12")];
    assert_eq!(found(frequent, &seen("M1", "2026-05-10"), &two).len(), 1);
    assert_eq!(found(frequent, &seen("M1", "2026-05-11"), &two), []);
    let dialysis = with(seen("M1", "2026-05-10"), |visit| diagnosis(visit, "Z49.100", ""));
    assert_eq!(found(frequent, &dialysis, &two), []);

    let again = "kind: readmission\nclass: 行为主体监管类\nunless: { diagnoses: [Z51*, Z49*], emergency: true, transferred: true }\nvalues: { days: 15 }";
    let first = [of("A", "2026-05-01", "2026-05-08")];
    assert_eq!(found(again, &of("M1", "2026-05-20", "2026-05-25"), &first).len(), 1);
    assert_eq!(found(again, &of("M1", "2026-05-24", "2026-05-25"), &first), []);
    for lawful in [
        (|visit| diagnosis(visit, "Z51.100", "恶性肿瘤维持性化疗")) as fn(&mut Visit),
        |visit| diagnosis(visit, "Z49.100", "血液透析"),
        |visit| visit.admission_way = "1".to_owned(),
        |visit| visit.admission_way = "3".to_owned(),
        |visit| visit.institution = "H43020000002".to_owned(),
    ] {
        assert_eq!(found(again, &with(of("M1", "2026-05-20", "2026-05-25"), lawful), &first), []);
    }

    let overlap = "kind: overlap\nclass: 行为主体监管类";
    let elsewhere = |begin: &str| {
        [with(of("A", begin, "2026-05-12"), |visit| visit.institution = "H43020000002".to_owned())]
    };
    assert_eq!(found(overlap, &of("M1", "2026-05-10", "2026-05-20"), &elsewhere("2026-05-01")).len(), 1);
    assert_eq!(found(overlap, &of("M1", "2026-05-12", "2026-05-20"), &elsewhere("2026-05-01")), []);
    assert_eq!(found(overlap, &of("M1", "2026-05-10", "2026-05-20"), &elsewhere("2026-05-11")), []);
}
