//! What is known of a settlement, as an item of the contract.

use yizhan_proto::settlement::v1::{Settlement, WorkItem};

use super::domain::{Funds, Says};
use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
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
