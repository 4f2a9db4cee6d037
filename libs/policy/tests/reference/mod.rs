//! A plain reference calculator: small, obvious and slow, written from docs/POLICY.md and
//! apart from the engine. It shares the types of a policy and a case with it, and no code: it
//! calculates with fractions, walks day by day, and reads a scale as the difference of
//! `S(x)`, what a bill of `x` from the bottom would be paid.

mod facts;
mod fraction;
mod layers;
mod lines;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_policy::Case;
use yizhan_policy::model::{AcrossYears, Condition, Policy, Quantity};
use yizhan_terms::Payer;

pub use fraction::Fraction;

use facts::{Facts, in_force, policy_year};
use layers::Visit;

/// Code of a refusal.
pub type Refused = &'static str;

/// What the reference answers; amounts in fen.
#[derive(Debug, Default)]
pub struct Answer {
    /// Of every line.
    pub lines: Vec<FourParts>,
    /// Every layer in order, once for each part of a split stay.
    pub layers: Vec<LayerAnswer>,
    /// What is added to accumulators, by policy year and name; zeros left out.
    pub added: BTreeMap<(NaiveDate, String), i64>,
    pub funds: i64,
    pub hospital: i64,
    pub beside_bill: i64,
    pub person: i64,
    pub account_own: i64,
    pub account_shared: i64,
    pub cash: i64,
}

/// 全自费, 超限价自费, 先行自付, 符合政策范围.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FourParts {
    pub full_self: i64,
    pub over_limit: i64,
    pub pre_self: i64,
    pub in_scope: i64,
}

impl FourParts {
    pub fn total(&self) -> i64 {
        self.full_self + self.over_limit + self.pre_self + self.in_scope
    }

    pub fn part(&self, quantity: Quantity) -> i64 {
        match quantity {
            Quantity::Total => self.total(),
            Quantity::InScope => self.in_scope,
            Quantity::PreSelf => self.pre_self,
            Quantity::OverLimit => self.over_limit,
            Quantity::FullSelf => self.full_self,
            other => panic!("{other:?} is no part of the bill"),
        }
    }
}

/// What one layer did.
#[derive(Clone, Debug)]
pub struct LayerAnswer {
    pub layer: usize,
    pub policy_year: NaiveDate,
    pub applied: bool,
    /// What entered, within the cost limit.
    pub base: Fraction,
    pub charged: Fraction,
    pub paid: i64,
    /// What is left of the bill after it.
    pub left: i64,
}

/// The part of a stay that lies in one policy year.
struct YearPart {
    policy_year: NaiveDate,
    first_day: NaiveDate,
    last_day: NaiveDate,
    days: i64,
}

pub fn settle(policy: &Policy, case: &Case) -> Result<Answer, Refused> {
    let parts = parts_of_stay(policy, case);
    let last = parts.last().expect("a stay has a day");
    if in_force(policy.period, last.last_day) && !is_covered(policy, case, last.last_day) {
        return Err("CARE_NOT_COVERED");
    }
    let facts = |day, policy_year| Facts { policy, case, day, policy_year, line: None };
    let lines = lines::split(&facts(last.last_day, last.policy_year))?;

    let mut visit = Visit::new(policy);
    let mut answer = Answer::default();
    let all_days = parts.iter().map(|part| part.days).sum();
    let mut done = 0;
    let bills = bills(case, &lines, &parts, all_days);
    let elsewhere: Vec<i64> = bill_elsewhere(case, &bills);
    for (number, part) in parts.iter().enumerate() {
        if !in_force(policy.period, part.last_day) {
            return Err("POLICY_NOT_IN_FORCE");
        }
        let is_last = number + 1 == parts.len();
        let (share, of_lines) = bills[number].clone();
        let share = (share, (of_lines, elsewhere[number]));
        visit.days = (part.first_day, part.last_day);
        visit.settle_part(&facts(part.last_day, part.policy_year), share, is_last, &mut answer)?;
        done += part.days;
    }
    assert_eq!(done, all_days);

    let total: i64 = lines.iter().map(FourParts::total).sum();
    answer.lines = lines;
    answer.person = total - answer.funds - answer.hospital;
    let by_lines = bills.iter().map(|(_, paid)| paid.iter().sum());
    let elsewhere: Vec<i64> = elsewhere.into_iter().chain(by_lines).collect();
    pay_from_account(policy, case, &elsewhere, &mut answer);
    Ok(answer)
}

/// Whether the document speaks of this kind of care: by `covers`, or by a layer that day, of basic insurance where it has any.
fn is_covered(policy: &Policy, case: &Case, day: NaiveDate) -> bool {
    if let Some(covers) = &policy.covers {
        return covers.contains(&case.visit.care);
    }
    let has_basic = policy.layers.iter().any(|layer| layer.payer == Payer::Basic);
    let mut covered = false;
    for layer in policy.layers.iter().filter(|layer| in_force(layer.period, day)) {
        let mut lets_in = true;
        for condition in &layer.when {
            if let Condition::Care(cares) = condition {
                lets_in &= cares.contains(&case.visit.care);
            }
        }
        covered |= lets_in && (layer.payer == Payer::Basic || !has_basic);
    }
    covered
}

/// What of each line, and of what was paid elsewhere of it, lies in a part of the stay.
type Bill = (Vec<FourParts>, Vec<i64>);

fn bills(case: &Case, lines: &[FourParts], parts: &[YearPart], all_days: i64) -> Vec<Bill> {
    let mut done = 0;
    let mut bills = Vec::new();
    for part in parts {
        let upto = done + part.days;
        let mut bill = (Vec::new(), Vec::new());
        for (line, split) in case.lines.iter().zip(lines) {
            // As if it were a line of its own.
            let paid = FourParts { in_scope: line.paid_elsewhere_fen.0, ..FourParts::default() };
            let (split, paid) = match line.day {
                None => [split, &paid].map(|one| lines::on_days(one, done, upto, all_days)).into(),
                Some(day) if !facts::is_covered(case, day) => Default::default(),
                Some(day) if part.first_day <= day && day <= part.last_day => (*split, paid),
                Some(_) => Default::default(),
            };
            bill.0.push(split);
            bill.1.push(paid.in_scope);
        }
        bills.push(bill);
        done = upto;
    }
    bills
}

/// What was paid elsewhere of the whole bill, by part: in the proportion of what is open of each, on the running total.
fn bill_elsewhere(case: &Case, bills: &[Bill]) -> Vec<i64> {
    let open = |(lines, paid): &Bill| -> i64 {
        lines.iter().map(FourParts::total).sum::<i64>() - paid.iter().sum::<i64>()
    };
    let all: i64 = bills.iter().map(open).sum();
    let told = case.paid_elsewhere.iter().map(|paid| paid.paid_fen.0).sum::<i64>().min(all);
    let mut shares = Vec::new();
    let mut upto = 0;
    for bill in bills {
        let before = if all == 0 {
            Fraction::ZERO
        } else {
            Fraction::new(i128::from(told) * i128::from(upto), i128::from(all))
        };
        upto += open(bill);
        let after = if all == 0 {
            Fraction::ZERO
        } else {
            Fraction::new(i128::from(told) * i128::from(upto), i128::from(all))
        };
        shares.push(after.half_up() - before.half_up());
    }
    shares
}

/// Every day from the first that is covered to the last, gathered by policy year.
fn parts_of_stay(policy: &Policy, case: &Case) -> Vec<YearPart> {
    let stay = case.visit.begin.iter_days().take_while(|day| *day <= case.visit.end);
    let covered: Vec<NaiveDate> = stay.filter(|day| facts::is_covered(case, *day)).collect();
    let (first_day, last_day) = (covered[0], covered[covered.len() - 1]);
    if policy.across_years == AcrossYears::Whole {
        let policy_year = policy_year(policy, last_day);
        return vec![YearPart { policy_year, first_day, last_day, days: 1 }];
    }
    let mut parts: Vec<YearPart> = Vec::new();
    for day in first_day.iter_days().take_while(|day| *day <= last_day) {
        let year = policy_year(policy, day);
        match parts.last_mut() {
            Some(part) if part.policy_year == year => (part.last_day, part.days) = (day, part.days + 1),
            _ => parts.push(YearPart { policy_year: year, first_day: day, last_day: day, days: 1 }),
        }
    }
    parts
}

/// The account pays last, the own before the relative's, and never for parts it may not pay
/// unless a payer has paid them: a payer whose base adds only such parts.
fn pay_from_account(policy: &Policy, case: &Case, elsewhere: &[i64], answer: &mut Answer) {
    const PARTS: [Quantity; 4] =
        [Quantity::FullSelf, Quantity::OverLimit, Quantity::PreSelf, Quantity::InScope];
    let barred: Vec<Quantity> =
        PARTS.into_iter().filter(|part| !policy.account.pays.contains(part)).collect();
    let mut in_cash: i64 =
        answer.lines.iter().flat_map(|line| barred.iter().map(|part| line.part(*part))).sum();
    for done in &answer.layers {
        let layer = &policy.layers[done.layer];
        let is_lump_sum = layer.base.terms.is_empty();
        let mut added = layer.base.terms.iter().filter(|term| !term.times.is_sign_negative());
        if !is_lump_sum && added.all(|term| barred.contains(&term.quantity)) {
            in_cash -= done.paid;
        }
    }
    let mut open = (answer.person - in_cash.max(0) - elsewhere.iter().sum::<i64>()).max(0);
    if case.account.used {
        answer.account_own = case.account.own_fen.0.min(open);
        open -= answer.account_own;
        if policy.account.sharing {
            answer.account_shared = case.account.shared_fen.0.min(open);
        }
    }
    answer.cash = answer.person - answer.account_own - answer.account_shared;
}

/// Whether what a layer pays goes into `hosp_part_amt`.
fn is_hospital(policy: &Policy, layer: usize) -> bool {
    policy.layers[layer].payer == Payer::Hospital
}
