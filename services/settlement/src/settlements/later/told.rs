//! Later visits that would be paid otherwise, in the contract's words.

use yizhan_proto::settlement::v1::{LaterVisit, LaterVisits};

use super::{Plan, Visit};
use crate::books::messages::parts::header;
use crate::settlements::domain::paid::{Paid, Why};
use crate::settlements::messages::later::differences;

/// What somebody is told: an institution its own visits.
pub fn told(plan: &Plan, institution: Option<&str>) -> LaterVisits {
    let again = plan.again.iter().map(|(visit, why, paid)| later_visit(visit, why, Some(paid)));
    let unknown = plan.unknown.iter().map(|(visit, why)| later_visit(visit, why, None));
    let mut visits: Vec<LaterVisit> = again.chain(unknown).collect();
    let all = visits.len();
    visits.retain(|visit| institution.is_none_or(|own| visit.fixmedins_code == own));
    visits.sort_by(|a, b| a.setl_id.cmp(&b.setl_id));
    let elsewhere = i32::try_from(all - visits.len()).unwrap_or(i32::MAX);
    LaterVisits { visits, elsewhere, too_many: plan.too_many }
}

/// A later visit, with what would be paid; `None` where that cannot be calculated.
pub fn later_visit(visit: &Visit, why: &Why, would: Option<&Paid>) -> LaterVisit {
    let (info, paid) = (header(&visit.answer), &visit.paid);
    let known = would.is_some();
    let nothing = Paid::default();
    let would = would.unwrap_or(&nothing);
    LaterVisit {
        setl_id: visit.row.setl_id.clone(),
        fixmedins_code: visit.row.fixmedins_code.clone(),
        med_type: info.med_type.clone(),
        begndate: info.begndate.clone(),
        enddate: info.enddate.clone(),
        why: why.code.clone(),
        why_text: why.text.clone(),
        calculated: known,
        paid_fen: paid.sum(),
        would_pay_fen: would.sum(),
        differs_fen: if known { would.sum() - paid.sum() } else { 0 },
        funds: if known { differences(&paid.funds, &would.funds) } else { Vec::new() },
        psn_part_amt_fen: paid.person_fen,
        would_psn_part_amt_fen: would.person_fen,
        acct_pay_fen: paid.own_fen + paid.shared_fen,
        would_acct_pay_fen: would.own_fen + would.shared_fen,
        psn_cash_pay_fen: paid.cash_fen,
        would_psn_cash_pay_fen: would.cash_fen,
    }
}
