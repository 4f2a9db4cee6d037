//! 中途结算: the parts of a stay pay together what one settlement of it would have paid.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use yizhan_money::Fen;
use yizhan_policy::case::{Account, DaysOut, Line, Visit};
use yizhan_policy::identities::Amounts;
use yizhan_policy::outcome::Parts;
use yizhan_policy::{Case, Outcome, Policy, embedded, load, settle};
use yizhan_terms::{Care, Fund, Tier};

use crate::generate::{Choices, everything, tape, visits};
use crate::support::{Years, carry, cases, scenarios};

static SHIPPED: LazyLock<Vec<Policy>> =
    LazyLock::new(|| embedded().iter().map(|(name, text)| load(name, text).expect("it ships")).collect());

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn parts_pay_together_what_one_settlement_pays(scenario in scenarios(everything, 1)) {
        in_parts(&scenario.policy, &scenario.visits[0], &mut Choices::new(scenario.more.clone()))?;
    }
}

proptest! {
    #![proptest_config(cases(40))]

    /// The same of every policy that ships.
    #[test]
    fn parts_pay_together_what_one_settlement_pays_by_shipped_policies(drawn in tape(200), cut in tape(60)) {
        for policy in &*SHIPPED {
            let visit = at_home(policy, visits(&mut Choices::new(drawn.clone()), policy, 1).remove(0));
            in_parts(policy, &visit, &mut Choices::new(cut.clone()))?;
        }
    }
}

/// Shipped policies settle such stays, and something is paid in parts.
#[test]
fn shipped_policies_settle_in_parts() {
    let of = |policy: &&Policy| {
        let mut visit = at_home(policy, visits(&mut Choices::new(Vec::new()), policy, 1).remove(0));
        visit.lines.iter_mut().for_each(|line| line.amount_fen = Fen(9_000_000));
        Tier::ALL.iter().any(|level| {
            visit.visit.level = *level;
            let paid = in_parts(policy, &visit, &mut Choices::new(vec![u32::MAX / 2; 60]));
            paid.expect("the same").is_some_and(|paid| paid > Fen::ZERO)
        })
    };
    let settled = SHIPPED.iter().filter(of).count();
    assert!(settled * 3 > SHIPPED.len() * 2, "{settled} of {}", SHIPPED.len());
}

/// A visit as real policies know it: at home, of a person of the scheme, with lines whose class says what is paid first.
fn at_home(policy: &Policy, mut visit: Case) -> Case {
    use yizhan_terms::{Filing, Insutype, Status};
    let (adult, employed) = ([Status::Adult], [Status::InService, Status::Retired]);
    let known: &[Status] = if policy.schemes[0] == Insutype::Resident { &adult } else { &employed };
    if !known.contains(&visit.person.status) {
        visit.person.status = known[0];
    }
    (visit.visit.filing, visit.visit.remote) = (Filing::Local, None);
    let days = visit.visit.end - visit.visit.begin;
    let last = policy.period.to.unwrap_or(NaiveDate::MAX);
    visit.visit.end = visit.visit.end.max(policy.period.from + Days::new(600)).min(last);
    visit.visit.begin = visit.visit.end - days;
    visit.visit.not_covered.clear();
    visit.lines.iter_mut().for_each(|line| line.day = None);
    for (line, class) in visit.lines.iter_mut().zip(["01", "02", "01", "03"].into_iter().cycle()) {
        line.class = class.to_owned();
        line.prepay = (class == "02").then(|| rust_decimal::Decimal::new(1, 1));
    }
    visit
}

/// What was paid so far, and what is known of it.
#[derive(Default)]
struct Paid {
    bill: Parts,
    lines: BTreeMap<String, Parts>,
    funds: BTreeMap<(Fund, bool), Fen>,
    deductible: Fen,
    /// Own account, relative's, cash, hospital.
    others: [Fen; 4],
    years: Years,
}

impl Paid {
    fn add(&mut self, outcome: &Outcome<'_>) {
        self.bill.add(&outcome.parts);
        for line in &outcome.lines {
            self.lines.entry(line.id.to_owned()).or_default().add(&line.parts);
        }
        for layer in &outcome.layers {
            *self.funds.entry((layer.fund_pay_type, layer.beside_bill)).or_default() += layer.paid_fen;
        }
        self.deductible += outcome.basic_deductible_fen();
        let others =
            [outcome.account_own_fen, outcome.account_shared_fen, outcome.cash_fen, outcome.hospital_fen];
        self.others.iter_mut().zip(others).for_each(|(sum, amount)| *sum += amount);
        carry(&mut self.years, outcome, 1);
    }

    fn without_nothing(mut self) -> Paid {
        self.funds.retain(|_, paid| *paid != Fen::ZERO);
        self.lines.retain(|_, parts| *parts != Parts::default());
        self.years.values_mut().for_each(|year| year.retain(|_, total| *total != 0));
        self.years.retain(|_, year| !year.is_empty());
        self
    }
}

/// Settles a stay at once, and in up to four parts cut at random days, of which the earlier may have had another person's facts, another
/// version of the policy and lines of more than is left of them. What the funds paid; `None` where the whole is refused.
fn in_parts(policy: &Policy, visit: &Case, choices: &mut Choices) -> Result<Option<Fen>, TestCaseError> {
    let whole = stay(visit, choices);
    let Ok(at_once) = settle(policy, &whole) else { return Ok(None) };
    let mut older = policy.clone();
    older.layers.pop();
    let (mut paid, mut last, mut carried) = (Paid::default(), None::<Case>, whole.accumulated.clone());
    let mut days = vec![whole.visit.end];
    for _ in 0..choices.between(1, 3) {
        days.push(whole.visit.begin + Days::new(choices.between(0, length(&whole)) as u64));
    }
    days.sort_unstable();
    let final_part = days.len() - 1;
    for (number, until) in days.into_iter().enumerate() {
        let is_last = number == final_part;
        let (by, mut part) =
            (if !is_last && choices.chance(20) { &older } else { policy }, so_far(&whole, until));
        if !is_last {
            part.lines.retain(|_| choices.chance(80));
            for line in &mut part.lines {
                line.amount_fen += Fen(if choices.chance(20) { choices.amount(300_000) } else { 0 });
            }
            if choices.chance(20) {
                part.person.identities.clear();
                part.person.memberships.clear();
            }
            part.account.shared_fen = Fen::ZERO;
        }
        part.account.own_fen -= paid.others[0];
        if let Some(last) = &last {
            keep(last, &mut part, is_last);
            let earlier = part.earlier.as_ref().expect("kept");
            part.accumulated = carried.clone();
            earlier.taken_out_of(&mut part.accumulated);
        }
        let Ok(outcome) = settle(by, &part) else {
            prop_assert!(!is_last, "one settlement is not refused, and the last part is");
            continue;
        };
        prop_assert_eq!(Amounts::of(&outcome).broken(), Vec::<&str>::new());
        paid.add(&outcome);
        carry(&mut carried, &outcome, 1);
        let earlier = part.earlier.clone().unwrap_or_default().and(&outcome);
        let splits: Vec<Parts> = outcome.lines.iter().map(|line| line.parts).collect();
        let had = part.lines.iter_mut().zip(splits);
        had.for_each(|(line, split)| {
            let mut all = line.earlier.unwrap_or_default();
            all.add(&split);
            line.earlier = Some(all);
        });
        last = Some(Case { earlier: Some(earlier), ..part });
    }
    let mut expected = Paid::default();
    expected.add(&at_once);
    let (paid, expected) = (paid.without_nothing(), expected.without_nothing());
    prop_assert_eq!((paid.bill, paid.lines), (expected.bill, expected.lines));
    prop_assert_eq!((paid.funds, paid.deductible), (expected.funds, expected.deductible));
    prop_assert_eq!((paid.others, paid.years), (expected.others, expected.years));
    Ok(Some(at_once.fund_pay_fen))
}

/// As a stay of some days, of which each line says its own.
fn stay(visit: &Case, choices: &mut Choices) -> Case {
    let mut whole = visit.clone();
    whole.visit.care = Care::Inpatient;
    whole.visit.begin = whole.visit.begin.min(whole.visit.end - Days::new(40));
    let days = length(&whole);
    for line in &mut whole.lines {
        line.day.get_or_insert_with(|| whole.visit.begin + Days::new(choices.between(0, days) as u64));
    }
    whole
}

fn length(case: &Case) -> i64 {
    (case.visit.end - case.visit.begin).num_days()
}

/// The stay until a day.
fn so_far(whole: &Case, end: NaiveDate) -> Case {
    let out = whole.visit.not_covered.iter().filter(|out| out.from <= end);
    let not_covered = out.map(|out| DaysOut { to: out.to.min(end), ..out.clone() }).collect();
    let lines: Vec<Line> = whole.lines.iter().filter(|line| line.day <= Some(end)).cloned().collect();
    let account = Account { ..whole.account.clone() };
    Case { visit: Visit { end, not_covered, ..whole.visit.clone() }, lines, account, ..whole.clone() }
}

/// Puts what earlier parts had into the next: lines stay, with what is left of them, and nothing that was paid is forgotten.
fn keep(last: &Case, part: &mut Case, is_last: bool) {
    for known in &last.lines {
        match part.lines.iter_mut().find(|line| line.id == known.id) {
            Some(line) => {
                line.earlier = known.earlier;
                if !is_last {
                    line.amount_fen = known.amount_fen;
                }
            }
            None => part.lines.push(known.clone()),
        }
    }
    part.earlier.clone_from(&last.earlier);
}
