//! In what order later visits would be settled again, and what each would be paid.
//!
//! Two calculations have to agree before only those that would be paid otherwise are settled again: in the order they were settled, and behind
//! everything else, where they come when they are settled again now. Where they do not, the order matters, and everything from the
//! first of them on is settled again in order.

use std::collections::BTreeSet;

use yizhan_policy::case::Case;
use yizhan_runtime::Reason;

use super::{Later, Totals, Visit};
use crate::books::domain::ledger::MANUAL;
use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
use crate::settlements::again::{paid_of, policy_of, why_of};
use crate::settlements::calculate::refused;
use crate::settlements::domain::chain::Settled;
use crate::settlements::domain::paid::{Paid, Why};
use crate::settlements::messages::previous::{Charged, charged_now, follow};

/// What would be settled again.
#[derive(Debug, Default)]
pub struct Plan {
    /// In order, with why, and what would be paid.
    pub again: Vec<(Visit, Why, Paid)>,
    /// What cannot be calculated, and why.
    pub unknown: Vec<(Visit, Why)>,
    /// Manual payments between, which stay where they are though the order matters.
    pub between: Vec<Visit>,
    /// There are more than were looked at.
    pub too_many: bool,
}

/// What is known of a later visit.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Now {
    /// It would be paid as it was.
    AsPaid,
    /// It would be paid otherwise, or count otherwise.
    Otherwise(Why, Paid),
    /// It cannot be calculated.
    Unknown(Why),
}

impl Later {
    /// What would be settled again, on what the person's years add up to now.
    pub fn plan(&self, mut totals: Totals) -> Plan {
        if self.first.reversed_by.is_none() {
            add(&mut totals, &self.first.paid, -1);
        }
        let in_order = self.in_order(&BTreeSet::new());
        let mut plan = Plan { too_many: self.too_many, ..Plan::default() };
        for (visit, now) in self.visits.iter().zip(&in_order) {
            if let Now::Unknown(why) = now {
                plan.unknown.push((visit.clone(), why.clone()));
            }
        }
        let otherwise = |at: &usize| matches!(in_order[*at], Now::Otherwise(..));
        let moved: Vec<usize> = (0..self.visits.len()).filter(otherwise).collect();
        let Some(first) = moved.first() else { return plan };
        let last = self.behind_all(&moved, totals.clone());
        if self.order_does_not_matter(&in_order, &moved, &last) {
            self.settle_again(&in_order, moved, last, &mut plan);
            return plan;
        }
        let stands = |at: &usize| self.visits[*at].reversed_by.is_none();
        let (by_hand, moved): (Vec<usize>, Vec<usize>) = (*first..self.visits.len())
            .filter(stands)
            .partition(|at| self.visits[*at].row.setl_type == MANUAL);
        let last = self.behind_all(&moved, totals);
        if !self.are_as_in_order(&in_order, &moved, &last) {
            plan.between = by_hand.iter().map(|at| self.visits[*at].clone()).collect();
        }
        self.settle_again(&in_order, moved, last, &mut plan);
        plan
    }

    /// Whether some are paid the same behind all others as in order, and no other would be paid otherwise then.
    fn order_does_not_matter(&self, in_order: &[Now], moved: &[usize], last: &[Result<Paid, Why>]) -> bool {
        let ids = moved.iter().map(|at| self.visits[*at].row.setl_id.as_str()).collect();
        let without = self.in_order(&ids);
        let mut others = (0..self.visits.len()).filter(|at| !moved.contains(at));
        self.are_as_in_order(in_order, moved, last) && others.all(|at| without[at] == in_order[at])
    }

    fn are_as_in_order(&self, in_order: &[Now], moved: &[usize], last: &[Result<Paid, Why>]) -> bool {
        moved.iter().zip(last).all(|(at, last)| match (&in_order[*at], last) {
            (Now::Otherwise(_, paid), Ok(last)) => paid == last,
            (Now::AsPaid, Ok(last)) => self.visits[*at].paid == *last,
            _ => false,
        })
    }

    fn settle_again(
        &self,
        in_order: &[Now],
        moved: Vec<usize>,
        last: Vec<Result<Paid, Why>>,
        plan: &mut Plan,
    ) {
        for (at, last) in moved.into_iter().zip(last) {
            let visit = self.visits[at].clone();
            match (&in_order[at], last) {
                // It is among the unknown already.
                (Now::Unknown(_), _) => {}
                (_, Err(why)) => plan.unknown.push((visit, why)),
                (Now::Otherwise(why, _), Ok(paid)) => plan.again.push((visit, why.clone(), paid)),
                (Now::AsPaid, Ok(paid)) => {
                    let why = if paid == visit.paid { Reason::InOrder } else { Reason::EarlierVisits };
                    plan.again.push((visit, Why::new(why, why.text()), paid));
                }
            }
        }
    }

    /// What each would be paid in the order they were settled, as if some were not there.
    fn in_order(&self, gone: &BTreeSet<&str>) -> Vec<Now> {
        let (mut chain, mut charged) = (self.chain.clone(), self.gone.clone());
        let mut all = Vec::with_capacity(self.visits.len());
        for visit in &self.visits {
            let settlement::Model { poolarea_no, psn_no, setl_id, .. } = &visit.row;
            if visit.reversed_by.is_some() || gone.contains(setl_id.as_str()) {
                charged.insert(setl_id.clone(), None);
                chain.push(visit.gone(), None);
                all.push(Now::AsPaid);
                continue;
            }
            let parts = &header(&visit.answer).earlier_parts;
            let otherwise = chain.before(poolarea_no, psn_no, setl_id, parts);
            let now = if otherwise.totals.is_empty() && !visit.follows_another(&charged) {
                Now::AsPaid
            } else {
                let why = if otherwise.merged { Reason::RecordsMerged } else { Reason::EarlierVisits };
                match self.calculate(visit, &mut charged, |case| otherwise.apply(&mut case.accumulated)) {
                    Ok(paid) if paid == visit.paid => Now::AsPaid,
                    Ok(paid) => Now::Otherwise(Why::new(why, why.text()), paid),
                    Err(why) => Now::Unknown(why),
                }
            };
            let would_add = match &now {
                Now::Otherwise(_, paid) => paid.added.clone(),
                Now::AsPaid | Now::Unknown(_) => visit.paid.added.clone(),
            };
            chain.push(Settled { would_add, ..visit.gone() }, None);
            all.push(now);
        }
        all
    }

    /// What some would be paid one after the other behind everything else.
    fn behind_all(&self, moved: &[usize], mut totals: Totals) -> Vec<Result<Paid, Why>> {
        let mut charged = self.gone.clone();
        let moved = moved.iter().map(|at| &self.visits[*at]);
        moved.clone().for_each(|visit| add(&mut totals, &visit.paid, -1));
        moved
            .map(|visit| {
                let paid = self.calculate(visit, &mut charged, |case| case.accumulated.clone_from(&totals));
                add(&mut totals, paid.as_ref().unwrap_or(&visit.paid), 1);
                paid
            })
            .collect()
    }

    fn calculate(
        &self,
        visit: &Visit,
        charged: &mut Charged,
        known: impl FnOnce(&mut Case),
    ) -> Result<Paid, Why> {
        if header(&visit.answer).setl_part > 0 {
            return Err(Why::new(Reason::SettledInParts, Reason::SettledInParts.text()));
        }
        // What another area's books said is not asked again.
        if header(&visit.answer).marks.iter().any(|mark| mark.kind == "MOVED_IN_YEAR") {
            return Err(Why::new(Reason::MovedInYear, Reason::MovedInYear.text()));
        }
        if self.moved.contains(&visit.row.setl_id) {
            return Err(Why::new(Reason::AccountMoved, Reason::AccountMoved.text()));
        }
        // What was paid by hand has neither; it is told as what it is.
        let mut case = visit.case()?;
        let policy = policy_of(&self.policies, &visit.row)?;
        known(&mut case);
        follow(&mut case, charged, true);
        let outcome = yizhan_policy::replay(policy, &case).map_err(|refusal| why_of(&refused(refusal)))?;
        charged.insert(visit.row.setl_id.clone(), Some(charged_now(&outcome, &case)));
        Ok(paid_of(&outcome))
    }
}

impl Visit {
    /// Whether it is a stay behind another that is gone, or would be charged otherwise now.
    fn follows_another(&self, charged: &Charged) -> bool {
        let before = header(&self.answer).previous_stay.as_ref();
        let now = before.and_then(|before| charged.get(&before.setl_id).map(|now| (before, now)));
        now.is_some_and(|(before, now)| now.is_none_or(|now| now.0 != before.act_pay_dedc_fen))
    }
}

/// Adds what a settlement adds, or takes it off.
fn add(totals: &mut Totals, paid: &Paid, sign: i64) {
    for (year, name, fen) in &paid.added {
        let year = totals.entry(*year).or_default();
        let total = year.entry(name.clone()).or_insert(0);
        *total += sign * fen;
        if *total == 0 {
            year.remove(name);
        }
    }
}
