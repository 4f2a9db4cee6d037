//! Books what audit decided about a settlement, and undoes it.
//!
//! A recovery counts the person's policy years up, as everything does that a reversal has to see: a settlement is not reversed at the moment at
//! which something of it is recovered, and of one that is reversed nothing is recovered (docs/decisions/0051).

mod bill;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use yizhan_proto::audit::v1::WatchDecisionsResponse;
use yizhan_proto::settlement::v1::{RecoveredLine, Recovery, RecoveryKind};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::db::{DatabaseTransaction, insert};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Reason, ServiceError};

use self::bill::Bill;
pub use self::bill::parts;
use crate::books::domain::ledger::negated;
use crate::books::domain::recovery::{ByFund, postings};
use crate::books::store::journal::entries;
use crate::books::store::recoveries::{self, negative, of_decision, recovered_line, recovery_of};
use crate::books::store::{practitioner_days, settlements};

/// What audit decided about one settlement.
#[derive(Debug)]
pub struct Decision<'d> {
    /// The decision.
    pub of: &'d WatchDecisionsResponse,
    /// The settlement.
    pub setl_id: &'d str,
    /// Lines, each with what of its fee is against the rules; 0: nothing is.
    pub lines: Vec<(&'d str, i64)>,
}

/// Books it, or notes why not, line by line; told twice, it is booked once.
pub async fn book(
    tx: &DatabaseTransaction,
    decision: &Decision<'_>,
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let WatchDecisionsResponse { case_id, decision_no, .. } = decision.of;
    let known = of_decision(tx, (case_id, *decision_no)).await?;
    if known.iter().any(|row| row.setl_id == decision.setl_id && row.undoes_recovery_id.is_empty()) {
        return Ok(());
    }
    let (psn_no, lines) = match Bill::read(tx, decision).await? {
        Ok(mut bill) => {
            let lines = decision.lines.iter().filter_map(|(line, fen)| bill.take(line, *fen)).collect();
            (bill.psn_no, lines)
        }
        Err(refusal) => (String::new(), decision.lines.iter().filter_map(refused(refusal)).collect()),
    };
    look_anew(tx, decision.setl_id).await?;
    write(tx, decision, (psn_no, lines), at).await
}

/// Whether the institution is to get something back, or to bear something, because of a practitioner depends on what audit decided.
async fn look_anew(tx: &DatabaseTransaction, setl_id: &str) -> Result<(), ServiceError> {
    if let Some(row) = settlements::by_id(tx, setl_id).await? {
        for part in parts(tx, &row).await? {
            practitioner_days::ask_anew(tx, &part).await?;
        }
    }
    Ok(())
}

/// Lines of which nothing is booked; of those that nothing is decided against nothing is told.
fn refused(refusal: Reason) -> impl Fn(&(&str, i64)) -> Option<RecoveredLine> {
    move |(feedetl_sn, vola_amt_fen)| {
        (*vola_amt_fen > 0).then(|| RecoveredLine {
            feedetl_sn: (*feedetl_sn).to_owned(),
            vola_amt_fen: *vola_amt_fen,
            refusal: refusal.code().to_owned(),
            ..RecoveredLine::default()
        })
    }
}

async fn write(
    tx: &DatabaseTransaction,
    decision: &Decision<'_>,
    (psn_no, lines): (String, Vec<RecoveredLine>),
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    if lines.is_empty() {
        return Ok(());
    }
    let of = decision.of;
    let booked: Vec<&RecoveredLine> = lines.iter().filter(|line| line.refusal.is_empty()).collect();
    let recovery_id = new_id();
    let held = |line: &&RecoveredLine| recovered_line::Model {
        setl_id: decision.setl_id.to_owned(),
        feedetl_sn: line.feedetl_sn.clone(),
        recovery_id: recovery_id.clone(),
    };
    // What was withheld and goes back to the institution may be found otherwise later.
    let taken = booked.iter().filter(|line| line.recovered_fen > 0);
    insert::<recovered_line::Entity>(tx, taken.map(held).collect()).await?;
    let kind = if booked.is_empty() { RecoveryKind::Refused } else { RecoveryKind::Booked };
    let recovery = Recovery {
        recovery_id: recovery_id.clone(),
        kind: kind.into(),
        setl_id: decision.setl_id.to_owned(),
        poolarea_no: of.poolarea_no.clone(),
        fixmedins_code: of.fixmedins_code.clone(),
        case_id: of.case_id.clone(),
        decision_no: of.decision_no,
        recovered_fen: lines.iter().map(|line| line.recovered_fen).sum(),
        lines,
        undoes_recovery_id: String::new(),
        booked_at: Some(timestamp(at)),
        given_back_fen: 0,
    };
    let (back, withheld) = totals(&recovery);
    let postings = postings(&of.fixmedins_code, &back, withheld);
    let postings = entries(&of.poolarea_no, &psn_no, &recovery_id, postings);
    recoveries::write(tx, recovery, (psn_no, postings), at).await?;
    Ok(())
}

/// What the funds got back in all, and what of it had been withheld or goes back to the institution.
fn totals(recovery: &Recovery) -> (ByFund, i64) {
    let mut back = ByFund::new();
    for fund in recovery.lines.iter().flat_map(|line| &line.funds) {
        *back.entry(fund.fund_pay_type.clone()).or_default() += fund.amount_fen;
    }
    (back, recovery.lines.iter().map(|line| line.withheld_fen).sum())
}

/// Takes back what was booked by a decision, by counter-postings: its lines can be recovered again.
pub async fn undo(
    tx: &DatabaseTransaction,
    withdrawn: &WatchDecisionsResponse,
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let rows = of_decision(tx, (&withdrawn.case_id, withdrawn.decision_no)).await?;
    let undone: BTreeSet<&str> = rows.iter().map(|row| row.undoes_recovery_id.as_str()).collect();
    for row in rows.iter().filter(|row| !undone.contains(row.recovery_id.as_str())) {
        look_anew(tx, &row.setl_id).await?;
        let was = recovery_of(row)?;
        // Of what was refused nothing is to be undone; but where credit's answer waits for the decision, it waits no longer.
        let waited_for = was.lines.iter().any(|line| line.refusal == Reason::PractitionerRefused.code());
        if was.kind() != RecoveryKind::Booked && !waited_for {
            continue;
        }
        let (back, withheld) = totals(&was);
        let recovery_id = new_id();
        let postings = negated(postings(&row.fixmedins_code, &back, withheld));
        let postings = entries(&row.poolarea_no, &row.psn_no, &recovery_id, postings);
        let recovery = Recovery {
            undoes_recovery_id: was.recovery_id.clone(),
            recovery_id,
            kind: RecoveryKind::Undone.into(),
            lines: was.lines.iter().filter(|line| line.refusal.is_empty()).map(negative).collect(),
            recovered_fen: -was.recovered_fen,
            booked_at: Some(timestamp(at)),
            ..was
        };
        let held = recovered_line::Column::RecoveryId.eq(&row.recovery_id);
        recovered_line::Entity::delete_many().filter(held).exec(tx).await?;
        recoveries::write(tx, recovery, (row.psn_no.clone(), postings), at).await?;
    }
    Ok(())
}
