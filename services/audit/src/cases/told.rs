//! What settlement tells of recoveries, as steps of their cases: what was recovered, or why not.

use std::collections::BTreeMap;

use tonic::async_trait;
use yizhan_proto::audit::v1::{CaseFundAmount, CaseRecovery, CaseStep};
use yizhan_proto::settlement::v1::{RecoveredFund, RecoveredLine, Recovery, RecoveryKind};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::DatabaseTransaction;

use super::changes;
use super::domain::{Action, Actor, Case, Role, State, Taken, take};
use crate::app::Audit;
use crate::findings::Recovers;
use crate::records;

#[async_trait]
impl Recovers for Audit {
    /// What is told of a decision that was taken back meanwhile, or told twice, changes nothing.
    async fn settlement_told(&self, tx: &DatabaseTransaction, told: &[Recovery]) -> Result<(), ServiceError> {
        let taken = booked(tx, self, told).await?;
        changes::record(tx, self, taken).await
    }
}

async fn booked(
    tx: &DatabaseTransaction,
    audit: &Audit,
    told: &[Recovery],
) -> Result<Vec<Taken>, ServiceError> {
    // In one order, so that nobody waits in a circle.
    let mut by_case: BTreeMap<&str, Vec<&Recovery>> = BTreeMap::new();
    for one in told.iter().filter(|one| one.kind() != RecoveryKind::Undone) {
        by_case.entry(&one.case_id).or_default().push(one);
    }
    let actor = Actor { who: "service:settlement".to_owned(), opter: String::new() };
    let mut all = Vec::new();
    for (case_id, told) in by_case {
        let Some(mut case) = records::hold::<Case>(tx, case_id).await? else { continue };
        for one in told {
            let known = case.told.recoveries.iter().any(|known| known.recovery_id == one.recovery_id);
            let current = case.state() == State::Handling && one.decision_no == case.told.decision_no;
            if known || !current {
                continue;
            }
            let recoveries = one.lines.iter().map(|line| of_line(one, line)).collect();
            let step = (Action::Book, CaseStep { recoveries, ..CaseStep::default() });
            let taken = take(case, step, (&[Role::Settlement], &actor), audit.now(), None)?;
            case = taken.after.clone();
            all.push(taken);
        }
    }
    Ok(all)
}

fn of_line(told: &Recovery, line: &RecoveredLine) -> CaseRecovery {
    let fund = |RecoveredFund { fund_pay_type, amount_fen }| CaseFundAmount { fund_pay_type, amount_fen };
    CaseRecovery {
        setl_id: told.setl_id.clone(),
        feedetl_sn: line.feedetl_sn.clone(),
        recovery_id: told.recovery_id.clone(),
        recovered_fen: line.recovered_fen,
        funds: line.funds.iter().cloned().map(fund).collect(),
        refusal: line.refusal.clone(),
    }
}
