//! The engine: lines → four parts → layers in the order the policy gives → account → cash.
//!
//! Exact decimals inside a layer, half up to the fen at its end, before the next layer reads
//! it. The same case and the same policy always give the same outcome: there is no clock,
//! no randomness and no order that depends on memory.

mod account;
mod accumulators;
mod continuity;
mod counts;
mod covers;
pub(crate) mod facts;
mod layer;
mod lines;
mod old;
mod part;
mod refusal;
mod remote;
mod segments;
mod table;
mod visits;

use yizhan_money::Fen;
use yizhan_terms::Payer;

pub(crate) use covers::has_layer;
pub use refusal::Refusal;
pub(crate) use segments::{last_day_of, policy_year};
pub use visits::visit_rules;

use self::facts::Facts;
use crate::case::{Case, DaysOut};
use crate::model::Policy;
use crate::outcome::{LayerTrace, NotCovered, Outcome, Parts, PolicyRef};

/// Settles a case under a policy.
///
/// # Errors
/// A [`Refusal`] when the case is malformed, the policy is not in force on a day that
/// counts, does not speak of this kind of care, or a value the case needs is not published.
pub fn settle<'a>(policy: &'a Policy, case: &'a Case) -> Result<Outcome<'a>, Refusal> {
    settle_as_far(policy, case).map_err(|stopped| stopped.refusal)
}

/// [`settle`] for who wants to see how far a refused case came.
///
/// # Errors
/// The refusal, with what was calculated before it.
pub fn settle_as_far<'a>(policy: &'a Policy, case: &'a Case) -> Result<Outcome<'a>, Box<Stopped<'a>>> {
    let mut so_far = SoFar::default();
    let settled = check(policy, case).and_then(|()| calculate(policy, case, &mut so_far));
    settled.map_err(|refusal| Box::new(Stopped { refusal, parts: so_far.parts, layers: so_far.layers }))
}

/// A case that was refused, and how far it came.
#[derive(Debug)]
pub struct Stopped<'a> {
    /// Why.
    pub refusal: Refusal,
    /// The four parts of the bill; `None` where not even they could be told.
    pub parts: Option<Parts>,
    /// The layers before the one that refused, as they would have paid.
    pub layers: Vec<LayerTrace<'a>>,
}

#[derive(Default)]
struct SoFar<'a> {
    parts: Option<Parts>,
    layers: Vec<LayerTrace<'a>>,
}

fn check(policy: &Policy, case: &Case) -> Result<(), Refusal> {
    refusal::check_case(case)?;
    let day = case.visit.values_day();
    if policy.is_product() {
        return Err(Refusal::CareNotCovered { policy: policy.id.clone(), care: case.visit.care, day });
    }
    if policy.period.contains(day) {
        covers::check(policy, case.visit.care, day)?;
    }
    Ok(())
}

/// Settles a case again that was settled before: as then, also where no layer covers such care and nothing was paid, which is refused now.
///
/// # Errors
/// A [`Refusal`], as [`settle`] but for care the policy does not speak of.
pub fn replay<'a>(policy: &'a Policy, case: &'a Case) -> Result<Outcome<'a>, Refusal> {
    refusal::check_case(case)?;
    calculate(policy, case, &mut SoFar::default())
}

fn calculate<'a>(policy: &'a Policy, case: &'a Case, so_far: &mut SoFar<'a>) -> Result<Outcome<'a>, Refusal> {
    let split = lines::split(policy, case)?;
    let mut parts = Parts::default();
    split.lines.iter().for_each(|line| parts.add(&line.parts));
    so_far.parts = Some(parts);

    let mut changes = Vec::new();
    let segments = segments::of_stay(policy, case, &split.lines);
    let elsewhere: Fen = segments.iter().map(segments::Segment::elsewhere).sum();
    let mut in_visit = vec![layer::InVisit::default(); policy.layers.len()];
    for segment in &segments {
        let facts = Facts::new(policy, case, segment);
        facts.require_in_force()?;
        remote::check_placed(&facts)?;
        let mut totals = accumulators::Totals::new(policy, case, (segment.policy_year, segment.day));
        let mut run = layer::Run::new(&facts, segment, &mut totals, &mut in_visit);
        for index in 0..policy.layers.len() {
            so_far.layers.push(run.apply(index)?);
        }
        totals.require_within()?;
        changes.extend(totals.into_changes());
    }

    let layers = std::mem::take(&mut so_far.layers);
    let Sums { fund_pay_fen, hospital_fen, beside_bill_fen } = Sums::of(&layers);
    let person_fen = parts.total_fen - fund_pay_fen - hospital_fen;
    let paid = account::pay(policy, case, &parts, &layers, (person_fen, elsewhere));
    let old = old::values(policy, &layers);
    let whole = Outcome {
        policy: PolicyRef::of(policy),
        parts,
        lines: split.lines,
        remote: case.visit.remote.as_ref(),
        not_covered: not_covered(case),
        extra_prepay: split.extra_prepay,
        layers,
        fund_pay_fen,
        hospital_fen,
        person_fen,
        account_own_fen: paid.own,
        account_shared_fen: paid.shared,
        cash_fen: person_fen - paid.own - paid.shared,
        beside_bill_fen,
        paid_elsewhere_fen: elsewhere,
        paid_elsewhere: &case.paid_elsewhere,
        changes,
        old,
        earlier: None,
    };
    Ok(match &case.earlier {
        Some(earlier) => part::beyond(earlier, case, whole),
        None => whole,
    })
}

/// What layers pay together.
struct Sums {
    fund_pay_fen: Fen,
    hospital_fen: Fen,
    beside_bill_fen: Fen,
}

impl Sums {
    fn of(layers: &[LayerTrace<'_>]) -> Sums {
        let paid = |of: fn(&LayerTrace<'_>) -> bool| -> Fen {
            layers.iter().filter(|layer| of(layer)).map(|layer| layer.paid_fen).sum()
        };
        Sums {
            fund_pay_fen: paid(|layer| !layer.beside_bill && layer.payer != Payer::Hospital),
            hospital_fen: paid(|layer| !layer.beside_bill && layer.payer == Payer::Hospital),
            beside_bill_fen: paid(|layer| layer.beside_bill),
        }
    }
}

/// What was charged on each stretch of days that is not covered.
fn not_covered(case: &Case) -> Vec<NotCovered<'_>> {
    let charged = |out: &DaysOut| -> Fen {
        let lines = case.lines.iter().filter(|line| line.day.is_some_and(|day| out.contain(day)));
        lines.map(|line| line.amount_fen).sum()
    };
    case.visit.not_covered.iter().map(|days| NotCovered { days, total_fen: charged(days) }).collect()
}
