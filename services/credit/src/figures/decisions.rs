//! Audit's decisions: each is a row, so that it counts once however often it is heard, and not at all once it was taken back, even if
//! that is heard first.

use yizhan_proto::audit::v1::{DecisionKind, WatchDecisionsResponse};
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::DatabaseTransaction;

use super::domain::month_of;
use super::store::{self, Decision, Recovered};

/// Counts what an event of the feed tells, in the transaction of the event.
pub async fn hear(tx: &DatabaseTransaction, event: &WatchDecisionsResponse) -> Result<(), ServiceError> {
    match event.kind() {
        DecisionKind::Decided => {
            let Some(row) = row(event) else { return Ok(()) };
            store::decide(tx, row).await?;
        }
        DecisionKind::Withdrawn => {
            let Some(row) = row(event) else { return Ok(()) };
            store::withdraw(tx, Decision { stands: false, lines: 0, fee_fen: 0, ..row }).await?;
        }
        DecisionKind::Recovered => store::recover(tx, recovered(event)).await?,
        DecisionKind::Dismissed | DecisionKind::Unspecified => return Ok(()),
    }
    Ok(store::add_up_recovered(tx, (&event.case_id, event.decision_no)).await?)
}

/// `None` of what is about no institution.
fn row(event: &WatchDecisionsResponse) -> Option<Decision> {
    let case_id = event.case_id.as_str();
    let Some(day) = parse_date(&event.decided_on) else {
        tracing::error!(case_id, "a decision is of no day: it is not counted");
        return None;
    };
    let found = event.lines.iter().filter_map(|decided| decided.line.as_ref());
    let amounts: Vec<i64> = found.map(|line| line.vola_amt_fen).filter(|amount| *amount > 0).collect();
    (!event.fixmedins_code.is_empty()).then(|| Decision {
        case_id: event.case_id.clone(),
        decision_no: event.decision_no,
        poolarea_no: event.poolarea_no.clone(),
        month: month_of(day),
        fixmedins_code: event.fixmedins_code.clone(),
        stands: true,
        lines: i64::try_from(amounts.len()).unwrap_or(i64::MAX),
        fee_fen: amounts.into_iter().fold(0, i64::saturating_add),
        recovered_fen: 0,
    })
}

fn recovered(event: &WatchDecisionsResponse) -> Vec<Recovered> {
    let told = event.lines.iter().filter_map(|decided| decided.recovery.as_ref());
    let of_line = told.map(|told| Recovered {
        case_id: event.case_id.clone(),
        decision_no: event.decision_no,
        setl_id: told.setl_id.clone(),
        feedetl_sn: told.feedetl_sn.clone(),
        recovered_fen: told.recovered_fen,
    });
    of_line.collect()
}
