//! What the funds paid of a bill, what of that is recovered already, and what is withheld.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{RecoveredFund, RecoveredLine, Settlement};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Reason, ServiceError};

use super::Decision;
use crate::books::domain::claims::Kind;
use crate::books::domain::ledger::MANUAL;
use crate::books::domain::recovery::{ByFund, Paid, recovered};
use crate::books::domain::withheld::withheld;
use crate::books::messages::parts::{header, is_payer};
use crate::books::messages::withheld::{refused_lines, withheld_by, withheld_lines, without};
use crate::books::store::entities::{claim, settlement};
use crate::books::store::recoveries::{Lifted, lifted_of, recovered_line, recovery_of, standing};
use crate::books::store::settlements;

/// A bill; of a stay in parts (中途结算) all parts that stand, since a later part may give back what an earlier one paid.
#[derive(Debug, Default)]
pub struct Bill {
    /// 人员编号 it was settled under.
    pub psn_no: String,
    whole: Paid,
    lines: BTreeMap<String, Paid>,
    funds: ByFund,
    /// What of the funds' payments is not recovered yet.
    left: ByFund,
    /// What is withheld of each line; 0 since it came to its end.
    withheld: BTreeMap<String, i64>,
    /// What of all that is neither with the funds nor with the institution yet.
    withheld_left: i64,
    /// Lines that were refused for their practitioner: the institution bears them already.
    refused: BTreeSet<String>,
    /// Lines of which something is recovered.
    held: BTreeSet<String>,
}

impl Bill {
    /// Reads it, and keeps it from being reversed until the transaction ends; or why nothing can be recovered of it.
    pub async fn read(
        tx: &DatabaseTransaction,
        decision: &Decision<'_>,
    ) -> Result<Result<Bill, Reason>, ServiceError> {
        let Some(row) = settlements::by_id(tx, decision.setl_id).await? else {
            return Ok(Err(Reason::SettlementUnknown));
        };
        if row.poolarea_no != decision.of.poolarea_no || row.fixmedins_code != decision.of.fixmedins_code {
            return Ok(Err(Reason::DecisionMismatch));
        }
        if !row.reverses_setl_id.is_empty() {
            return Ok(Err(Reason::IsAReversal));
        }
        if row.setl_type == MANUAL {
            return Ok(Err(Reason::PaidByHand));
        }
        settlements::keep_from_reversal(tx, &row).await?;
        if settlements::reversal_of(tx, &row).await?.is_some() {
            return Ok(Err(Reason::AlreadyReversed));
        }
        let mut bill = Bill { psn_no: row.psn_no.clone(), ..Bill::default() };
        let parts = parts(tx, &row).await?;
        for part in &parts {
            bill.add(part, &lifted_of(tx, part).await?);
        }
        let ids: Vec<&str> = parts.iter().map(|part| header(part).setl_id.as_str()).collect();
        bill.left = bill.funds.clone();
        for row in standing(tx, &ids).await? {
            for line in recovery_of(&row)?.lines {
                bill.withheld_left -= line.withheld_fen;
                if line.withheld_fen != 0 {
                    bill.withheld.insert(line.feedetl_sn, 0);
                }
                for fund in line.funds {
                    *bill.left.entry(fund.fund_pay_type).or_default() -= fund.amount_fen;
                }
            }
        }
        let held = recovered_line::Column::SetlId.is_in(ids);
        let held = recovered_line::Entity::find().filter(held).all(tx).await?;
        bill.held = held.into_iter().map(|row| row.feedetl_sn).collect();
        Ok(Ok(bill))
    }

    fn add(&mut self, part: &Settlement, lifted: &Lifted) {
        for row in part.setldetail.iter().filter(|row| is_payer(row)) {
            *self.funds.entry(row.fund_pay_type.clone()).or_default() += row.fund_payamt_fen;
        }
        for row in &part.feedetail {
            for paid in [&mut self.whole, self.lines.entry(row.feedetl_sn.clone()).or_default()] {
                paid.fee_fen += row.det_item_fee_sumamt_fen;
                paid.in_scope_fen += row.inscp_scp_amt_fen;
            }
        }
        let info = header(part);
        let now = &without(part.clone(), &lifted.lines);
        for (line, against) in withheld_lines(now) {
            let share = withheld([against], Fen(info.inscp_scp_amt_fen), Fen(info.fund_pay_sumamt_fen));
            self.withheld.insert(line.to_owned(), share.0);
        }
        self.refused.extend(refused_lines(now).into_iter().map(str::to_owned));
        let withheld = withheld_by(part);
        let of_audit = withheld.by_credit + withheld.by_audit - withheld_by(now).by_credit;
        self.withheld_left += of_audit.0 - lifted.given_back_fen;
    }

    /// What becomes of a line of which this much is against the rules; `None`: nothing, and nothing was to.
    pub fn take(&mut self, feedetl_sn: &str, against_fen: i64) -> Option<RecoveredLine> {
        let line = RecoveredLine {
            feedetl_sn: feedetl_sn.to_owned(),
            vola_amt_fen: against_fen,
            ..RecoveredLine::default()
        };
        let refused = |reason: Reason| {
            let refusal = reason.code().to_owned();
            (against_fen > 0).then(|| RecoveredLine { refusal, ..line.clone() })
        };
        if self.refused.contains(feedetl_sn) {
            return refused(Reason::PractitionerRefused);
        }
        let paid =
            if feedetl_sn.is_empty() { Some(self.paid_for()) } else { self.lines.get(feedetl_sn).copied() };
        let Some(paid) = paid else { return refused(Reason::LineUnknown) };
        if self.held.contains(feedetl_sn) {
            return refused(Reason::AlreadyRecovered);
        }
        let back = recovered(&self.funds, &self.left, self.whole, paid, against_fen);
        let withheld_fen = self.release(feedetl_sn);
        if back.is_empty() && withheld_fen == 0 {
            return refused(Reason::NothingPaid);
        }
        if !back.is_empty() {
            self.held.insert(feedetl_sn.to_owned());
        }
        for (fund, fen) in &back {
            *self.left.entry(fund.clone()).or_default() -= fen;
        }
        let fund = |(fund_pay_type, amount_fen)| RecoveredFund { fund_pay_type, amount_fen };
        let recovered_fen = back.values().sum();
        Some(RecoveredLine {
            recovered_fen,
            withheld_fen,
            funds: back.into_iter().map(fund).collect(),
            ..line
        })
    }

    /// The bill as a whole, without what the institution bears already.
    fn paid_for(&self) -> Paid {
        let refused = self.refused.iter().filter_map(|line| self.lines.get(line));
        refused.fold(self.whole, |whole, line| Paid {
            fee_fen: whole.fee_fen - line.fee_fen,
            in_scope_fen: whole.in_scope_fen - line.in_scope_fen,
        })
    }

    /// What was withheld of a line: of the last one all that is left, since lines were rounded together.
    fn release(&mut self, feedetl_sn: &str) -> i64 {
        let share = self.withheld.get_mut(feedetl_sn).map(std::mem::take).unwrap_or_default();
        let last = share > 0 && self.withheld.values().all(|share| *share == 0);
        let released = if last { self.withheld_left } else { Ord::min(share, self.withheld_left) };
        self.withheld_left -= released;
        released
    }
}

/// The settlement, or the parts of its stay that stand.
pub async fn parts(
    tx: &DatabaseTransaction,
    row: &settlement::Model,
) -> Result<Vec<Settlement>, ServiceError> {
    let answer = settlements::answer_of(row)?;
    if header(&answer).setl_part == 0 {
        return Ok(vec![answer]);
    }
    let visit = claim::Entity::find_by_id((
        Kind::Visit.code().to_owned(),
        row.fixmedins_code.clone(),
        header(&answer).mdtrt_id.clone(),
    ));
    let Some(visit) = visit.one(tx).await? else { return Ok(vec![answer]) };
    let Some(last) = settlements::by_id(tx, &visit.held_by).await? else { return Ok(vec![answer]) };
    let last = settlements::answer_of(&last)?;
    let mut all = Vec::new();
    for part in &header(&last).earlier_parts {
        if let Some(row) = settlements::by_id(tx, &part.setl_id).await? {
            all.push(settlements::answer_of(&row)?);
        }
    }
    all.push(last);
    Ok(all)
}
