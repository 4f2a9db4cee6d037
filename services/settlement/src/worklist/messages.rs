//! What is known of a settlement, as an item of the contract.

use yizhan_proto::settlement::v1::{Settlement, WorkItem};
use yizhan_runtime::Reason;

use super::domain::{Funds, Says};
use super::store::Checked;
use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
use crate::books::unmerge::Spent;
use crate::settlements::messages::later::differences;

/// What an item of a settlement says, without who and when.
pub fn item(
    psn_no: &str,
    row: &settlement::Model,
    answer: &Settlement,
    (paid, says): (&Funds, &Says),
    person_version_now: i64,
) -> WorkItem {
    let info = header(answer);
    let sum = |funds: &Funds| funds.values().sum::<i64>();
    let would_pay = says.would_pay.as_ref();
    let differs_fen = would_pay.map_or(0, |funds| sum(funds) - sum(paid));
    WorkItem {
        poolarea_no: row.poolarea_no.clone(),
        psn_no: psn_no.to_owned(),
        setl_id: row.setl_id.clone(),
        fixmedins_code: row.fixmedins_code.clone(),
        begndate: info.begndate.clone(),
        enddate: info.enddate.clone(),
        why: says.why.code.clone(),
        why_text: says.why.text.clone(),
        calculated: would_pay.is_some(),
        paid_fen: sum(paid),
        would_pay_fen: would_pay.map_or(0, sum),
        differs_fen,
        funds: would_pay.map(|would_pay| differences(paid, would_pay)).unwrap_or_default(),
        person_version_then: info.person_version,
        person_version_now,
        ..WorkItem::default()
    }
}

/// An item about money that could not be given back when a merge was taken back.
pub fn spent(spent: &Spent) -> Checked {
    let Spent { poolarea_no, psn_no, booking_id, due_fen, given_fen } = spent;
    let item = WorkItem {
        poolarea_no: poolarea_no.clone(),
        psn_no: psn_no.clone(),
        setl_id: booking_id.clone(),
        why: Reason::AccountSpent.code().to_owned(),
        why_text: Reason::AccountSpent.text().to_owned(),
        calculated: true,
        paid_fen: *due_fen,
        would_pay_fen: *given_fen,
        differs_fen: given_fen - due_fen,
        ..WorkItem::default()
    };
    Checked { item, differs: true }
}
