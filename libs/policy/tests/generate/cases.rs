//! Random cases, for a policy: a person, visits one after the other, what earlier years and
//! visits accumulated.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::Case;
use yizhan_policy::case::{
    Account, Accumulated, Counted, DaysOut, Disease, Line, PaidElsewhere, Person, PreviousStay, RemoteRule,
    Visit,
};
use yizhan_policy::model::{Adjust, Policy, Prepay, Unit};
use yizhan_terms::{Area, Care, DiseaseKind, Filing, Status, Tier, Treatment};

use super::choices::Choices;
use super::layers::{LABELS, LIST_TYPES};
use super::tables::{CLASSES, DIAGNOSES, DISEASES, IDENTITIES, MEMBERSHIPS, TAGS};

/// Visits of one person, in the order they are settled; only the first knows of what was
/// accumulated before.
pub fn visits(choices: &mut Choices, policy: &Policy, count: usize) -> Vec<Case> {
    let person = person(choices);
    let mut cases = Vec::new();
    for _ in 0..count {
        let visit = visit(choices, policy);
        let lines = lines(choices);
        let account = account(choices);
        cases.push(Case {
            area: Area::parse("430200").expect("six digits"),
            scheme: policy.schemes[0],
            person: person.clone(),
            visit,
            lines,
            accumulated: BTreeMap::new(),
            paid_elsewhere: Vec::new(),
            account,
            counted: Counted::Claims,
            earlier: None,
        });
    }
    if choices.chance(60) {
        cases[0].accumulated = accumulated(choices, policy);
    }
    cases.iter_mut().for_each(|case| date(choices, case));
    cases.iter_mut().for_each(|case| pay_elsewhere(choices, case));
    cases
}

/// What others paid already: of lines, of the bill; mostly nothing.
fn pay_elsewhere(choices: &mut Choices, case: &mut Case) {
    let mut open = 0;
    let of_lines = choices.chance(10);
    for line in &mut case.lines {
        if of_lines && choices.chance(50) {
            line.paid_elsewhere_fen = Fen(choices.between(0, line.amount_fen.0));
        }
        open += line.amount_fen.0 - line.paid_elsewhere_fen.0;
    }
    if choices.chance(12) {
        let paid_fen = Fen(choices.between(0, open));
        case.paid_elsewhere = vec![PaidElsewhere { by: "惠民保".to_owned(), paid_fen }];
    }
}

/// Days of lines, days that are not covered, and how visits were counted once.
fn date(choices: &mut Choices, case: &mut Case) {
    let visit = &mut case.visit;
    let stay_days = (visit.end - visit.begin).num_days();
    if stay_days > 0 && choices.chance(25) {
        let from = choices.between(0, stay_days);
        let to = if choices.chance(30) { stay_days } else { choices.between(from, stay_days) };
        // A day is left.
        let from = from.max(i64::from(to == stay_days));
        let day = |number: i64| visit.begin + Days::new(number as u64);
        let mut out = vec![DaysOut { from: day(from), to: day(to), reason: "COVERAGE_PAUSED".to_owned() }];
        if from > 2 && choices.chance(30) {
            out.insert(0, DaysOut { from: day(0), to: day(from - 2), reason: "WAITING_PERIOD".to_owned() });
        }
        visit.not_covered = out;
    }
    let partly = !visit.not_covered.is_empty();
    for line in &mut case.lines {
        if partly || choices.chance(30) {
            line.day = Some(visit.begin + Days::new(choices.between(0, stay_days) as u64));
        }
    }
    if choices.chance(20) {
        case.counted = Counted::Every;
    }
}

pub fn person(choices: &mut Choices) -> Person {
    let edges = [40, 17, 18, 59, 60, 69, 70, 0, 100];
    Person {
        status: choices.pick(Status::ALL),
        age: choices.pick(&edges),
        identities: choices.some_of(&IDENTITIES, 35).into_iter().collect(),
        memberships: choices.some_of(&MEMBERSHIPS, 35).into_iter().collect(),
        years_insured: choices.pick(&[1, 2, 3, 4, 5, 10, 20]),
        continuity: None,
    }
}

fn visit(choices: &mut Choices, policy: &Policy) -> Visit {
    let filing = if choices.chance(40) { choices.pick(Filing::ALL) } else { Filing::Local };
    let remote = if filing == Filing::Local { None } else { remote(choices, policy) };
    let end = day(choices);
    let days = choices.pick(&[0, 0, 1, 9, 30, 90, 500]);
    Visit {
        care: if choices.chance(30) { choices.pick(Care::ALL) } else { Care::Inpatient },
        level: choices.pick(Tier::ALL),
        begin: end - Days::new(days),
        end,
        filing,
        remote,
        in_province: !choices.chance(20),
        contracted: !choices.chance(20),
        diagnoses: choices.some_of(&DIAGNOSES, 25),
        disease: disease(choices),
        tags: choices.some_of(&TAGS, 25).into_iter().collect(),
        not_covered: Vec::new(),
        previous: previous(choices, end - Days::new(days)),
    }
}

/// The stay before this one: mostly none.
fn previous(choices: &mut Choices, admitted: NaiveDate) -> Option<PreviousStay> {
    choices.chance(30).then(|| PreviousStay {
        setl_id: String::new(),
        level: choices.pick(Tier::ALL),
        end: admitted - Days::new(choices.below(5) as u64),
        transferred: !choices.chance(30),
        deductible_fen: Fen(choices.amount(200_000)),
    })
}

/// A disease that the register recognises: mostly none.
fn disease(choices: &mut Choices) -> Option<Disease> {
    let kind = choices.pick(&[DiseaseKind::Chronic, DiseaseKind::TwoDiseases]);
    choices.chance(25).then(|| Disease {
        code: choices.pick(&DISEASES).to_owned(),
        kind,
        since: choices.chance(70).then(|| {
            NaiveDate::from_ymd_opt(2024, 1, 1).expect("a day") - Months::new(choices.below(30) as u32)
                + Months::new(choices.below(30) as u32)
        }),
    })
}

/// What the filing register answers: mostly what the policy has a place for.
fn remote(choices: &mut Choices, policy: &Policy) -> Option<RemoteRule> {
    let prepays = |prepay: &Option<Prepay>| *prepay == Some(Prepay::Remote);
    let prepays = prepays(&policy.extra_prepay) || policy.layers.iter().any(|layer| prepays(&layer.prepay));
    let lowers = policy.layers.iter().any(|layer| layer.adjust.contains(&Adjust::Remote));
    let says_none = policy.layers.iter().any(|layer| layer.same_when_remote);
    let odd = (prepays || lowers || says_none) && choices.chance(15);
    if choices.chance(8) {
        return None;
    }
    let mut treatments = vec![Treatment::Same];
    if prepays || odd {
        treatments.extend([0, 200].map(|least| Treatment::Prepay(choices.ratio(least, 400))));
    }
    if lowers || odd {
        treatments.push(Treatment::Points(Decimal::from(-choices.between(0, 30))));
        treatments.push(Treatment::Factor(choices.ratio(500, 1000)));
    }
    let treatment = choices.pick(&treatments);
    Some(RemoteRule { treatment, rule: "R1".to_owned(), citation: "异地就医办法".to_owned() })
}

/// A day that policies are in force, often one where a year or a table begins.
pub fn day(choices: &mut Choices) -> NaiveDate {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
    let edges = [
        day(2024, 5, 20),
        day(2024, 1, 1),
        day(2023, 12, 31),
        day(2024, 1, 10),
        day(2023, 7, 4),
        day(2025, 3, 31),
    ];
    match choices.chance(40) {
        false => choices.pick(&edges),
        true => day(2022, 1, 1) + Days::new(choices.below(1700) as u64),
    }
}

pub fn lines(choices: &mut Choices) -> Vec<Line> {
    let count = choices.pick(&[1, 2, 3, 4, 6, 10, 0]);
    (0..count).map(|number| line(choices, number)).collect()
}

pub fn line(choices: &mut Choices, number: usize) -> Line {
    let highest = choices.pick(&[500_000, 2_000_000, 10_000, 100, 30_000_000]);
    let quantity = choices.pick(&[Decimal::ONE, Decimal::TWO, Decimal::new(5, 1), Decimal::new(333, 2)]);
    let price_fen = Decimal::new(choices.amount(highest), choices.pick(&[0, 0, 2]));
    let bounded = choices.chance(25);
    let ceiling_fen = bounded.then(|| Decimal::new(choices.amount(highest), 0));
    // Mostly quantity × price; the engine does not insist on it, and neither do we.
    let amount = match choices.chance(30) {
        false => yizhan_money::round_half_up(quantity * price_fen),
        true => Fen(choices.amount(highest)),
    };
    let class = choices.pick(&["01", "01", "02", "02", "03"]);
    let states_prepay = class == "02" && choices.chance(85);
    let odd_prepay = choices.chance(5);
    Line {
        id: format!("L{number}"),
        code: String::new(),
        quantity,
        price_fen,
        amount_fen: amount,
        class: if choices.chance(98) { class.to_owned() } else { choices.pick(&CLASSES).to_owned() },
        list_type: choices.pick(&LIST_TYPES).to_owned(),
        ceiling_fen,
        prepay: (states_prepay || odd_prepay).then(|| choices.ratio(0, 1000)),
        labels: choices.some_of(&LABELS, 25),
        day: None,
        paid_elsewhere_fen: Fen::ZERO,
        earlier: None,
    }
}

pub fn account(choices: &mut Choices) -> Account {
    Account {
        used: choices.chance(60),
        own_fen: Fen(choices.amount(500_000)),
        shared_fen: Fen(choices.amount(500_000)),
        kept_fen: Fen::ZERO,
    }
}

/// First day of the policy year a day lies in.
pub fn policy_year_of(policy: &Policy, day: NaiveDate) -> NaiveDate {
    let (month, first) = policy.year_starts;
    let start = |year| NaiveDate::from_ymd_opt(year, month, first).expect("a day of every year");
    [day.year(), day.year() - 1].map(start).into_iter().find(|start| *start <= day).expect("one of two")
}

/// What earlier visits left, in the years that cases lie in.
fn accumulated(choices: &mut Choices, policy: &Policy) -> BTreeMap<NaiveDate, Accumulated> {
    let mut years = BTreeMap::new();
    for year in 2022..=2025 {
        let mid_year = NaiveDate::from_ymd_opt(year, 12, 31).expect("a day");
        let mut totals = Accumulated::new();
        for accumulator in &policy.accumulators {
            let keys = match accumulator.by_level {
                false => vec![accumulator.name.clone()],
                true => {
                    Tier::ALL.iter().map(|level| format!("{}@{}", accumulator.name, level.code())).collect()
                }
            };
            let months = (0..12).map(|month| {
                format!("/{}", (policy_year_of(policy, mid_year) + Months::new(month)).format("%Y-%m"))
            });
            let months = if accumulator.by_month { months.collect() } else { vec![String::new()] };
            let in_month = |(key, month): (&String, &String)| match key.split_once('@') {
                Some((name, level)) => format!("{name}{month}@{level}"),
                None => format!("{key}{month}"),
            };
            let keys = keys.iter().flat_map(|key| months.iter().map(move |month| in_month((key, month))));
            for key in keys.collect::<Vec<_>>() {
                if choices.chance(50) {
                    continue;
                }
                let total = match accumulator.unit {
                    Unit::Fen => choices.amount(3_000_000),
                    Unit::Count => choices.between(0, 3),
                    Unit::Days => choices.between(0, 90),
                };
                totals.insert(key, total);
            }
        }
        years.insert(policy_year_of(policy, mid_year), totals);
    }
    years
}
