//! The one way cases are written, with their log, the findings they are about and the feed in one transaction; and the feed, for those who follow.

use futures::Stream;
use prost::Message;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_proto::audit::v1::{CaseAmount, CaseLine, DecidedLine, DecisionKind, WatchDecisionsResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::feed::{self, Change, NewChange};
use yizhan_runtime::{Caller, ServiceError};

use super::domain::{Action, Taken};
use super::findings;
use crate::app::Audit;
use crate::records::{self, Kept as _};

/// What an entry of the change log is about.
const DECISION: &str = "DECISION";

/// Writes steps in their order; of one case there may be several. [`yizhan_runtime::once::Service::committed`] is to follow.
pub async fn record(tx: &DatabaseTransaction, audit: &Audit, taken: Vec<Taken>) -> Result<(), ServiceError> {
    let now = audit.now().1;
    let told = taken.iter().filter_map(|taken| {
        Some(NewChange {
            area: taken.after.inside.area.into(),
            kind: DECISION,
            subject: taken.after.told.case_id.clone(),
            payload: decision(taken)?.encode_to_vec(),
            recorded_at: now,
        })
    });
    feed::append(tx, told.collect()).await?;
    for taken in &taken {
        findings::follow(tx, taken, now).await?;
    }
    let steps = taken.into_iter().map(|Taken { after, step }| Ok((after.row()?, step)));
    let steps = steps.collect::<Result<_, DbErr>>()?;
    Ok(records::write(tx, &audit.log_key, steps, now).await?)
}

/// What followers hear of a step.
fn decision(Taken { after, step }: &Taken) -> Option<WatchDecisionsResponse> {
    let kind = match Action::ALL.iter().find(|action| action.number() == step.action)? {
        Action::Tell => DecisionKind::Decided,
        Action::Dismiss => DecisionKind::Dismissed,
        Action::Correct => DecisionKind::Withdrawn,
        Action::Book => DecisionKind::Recovered,
        _ => return None,
    };
    let told = &after.told;
    let line = |(line, amount): (&CaseLine, &CaseAmount)| {
        let vola_amt_fen = if kind == DecisionKind::Dismissed { 0 } else { amount.amount_fen };
        let key = (&line.setl_id, &line.feedetl_sn);
        let recovery = step.recoveries.iter().find(|told| (&told.setl_id, &told.feedetl_sn) == key);
        DecidedLine { line: Some(CaseLine { vola_amt_fen, ..line.clone() }), recovery: recovery.cloned() }
    };
    let lines = told.lines.iter().zip(&told.amounts).map(line);
    let lines = lines.filter(|line| kind != DecisionKind::Recovered || line.recovery.is_some());
    Some(WatchDecisionsResponse {
        resume_token: String::new(),
        kind: kind.into(),
        case_id: told.case_id.clone(),
        decision_no: told.decision_no,
        poolarea_no: told.poolarea_no.clone(),
        fixmedins_code: told.fixmedins_code.clone(),
        case_souc: told.case_souc.clone(),
        lines: lines.collect(),
    })
}

/// Every decision behind a token, in the order of commit, in the areas the caller may read, until the server stops.
pub async fn watch(
    audit: &Audit,
    stopping: CancellationToken,
    caller: Caller,
    resume_token: &str,
) -> Result<impl Stream<Item = Result<WatchDecisionsResponse, Status>> + Send + use<>, ServiceError> {
    audit.feed.watch(resume_token, caller, stopping, event).await
}

fn event(change: &Change, resume_token: String) -> Result<WatchDecisionsResponse, ServiceError> {
    let told = WatchDecisionsResponse::decode(change.payload.as_slice()).map_err(ServiceError::internal)?;
    Ok(WatchDecisionsResponse { resume_token, ..told })
}
