//! The one way cases are written, with their log, the findings they are about and the feed in one transaction; and the feed, for those who follow.

use chrono::NaiveDate;
use futures::Stream;
use prost::Message;
use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_proto::audit::v1::{CaseAmount, CaseLine, DecidedLine, DecisionKind, WatchDecisionsResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::feed::{self, Change, NewChange, may_not_follow};
use yizhan_runtime::{Caller, ServiceError};

use super::domain::{Action, Taken};
use super::findings;
use super::known::Known;
use crate::app::Audit;
use crate::records::{self, Kept as _};

/// What an entry of the change log is about.
const DECISION: &str = "DECISION";

/// Writes steps in their order; of one case there may be several. [`yizhan_runtime::once::Service::committed`] is to follow.
pub async fn record(tx: &DatabaseTransaction, audit: &Audit, taken: Vec<Taken>) -> Result<(), ServiceError> {
    let (today, now) = audit.now();
    let decisions: Vec<_> = taken.iter().filter_map(|taken| Some((taken, kind_of(taken)?))).collect();
    let known = Known::of(tx, decisions.iter().flat_map(|(taken, _)| &taken.after.told.lines)).await?;
    let told = decisions.into_iter().map(|(taken, kind)| NewChange {
        area: taken.after.inside.area.into(),
        kind: DECISION,
        subject: taken.after.told.case_id.clone(),
        payload: decision(taken, kind, today, &known).encode_to_vec(),
        recorded_at: now,
    });
    feed::append(tx, told.collect()).await?;
    for taken in &taken {
        findings::follow(tx, taken, now).await?;
    }
    let steps = taken.into_iter().map(|Taken { after, step }| Ok((after.row()?, step)));
    let steps = steps.collect::<Result<_, DbErr>>()?;
    records::write(tx, &audit.log_key, steps, now).await
}

/// What followers hear of a step, if anything.
fn kind_of(taken: &Taken) -> Option<DecisionKind> {
    match Action::ALL.iter().find(|action| action.number() == taken.step.action)? {
        Action::Tell => Some(DecisionKind::Decided),
        Action::Dismiss => Some(DecisionKind::Dismissed),
        Action::Correct => Some(DecisionKind::Withdrawn),
        Action::Book => Some(DecisionKind::Recovered),
        _ => None,
    }
}

fn decision(
    Taken { after, step }: &Taken,
    kind: DecisionKind,
    today: NaiveDate,
    known: &Known,
) -> WatchDecisionsResponse {
    let told = &after.told;
    let line = |(line, amount): (&CaseLine, &CaseAmount)| {
        let vola_amt_fen = if kind == DecisionKind::Dismissed { 0 } else { amount.amount_fen };
        let key = (&line.setl_id, &line.feedetl_sn);
        let recovery = step.recoveries.iter().find(|told| (&told.setl_id, &told.feedetl_sn) == key);
        DecidedLine {
            line: Some(CaseLine { vola_amt_fen, ..line.clone() }),
            recovery: recovery.cloned(),
            psn_no: known.psn_no(&line.setl_id).to_owned(),
        }
    };
    let lines = told.lines.iter().zip(&told.amounts).map(line);
    let lines = lines.filter(|line| kind != DecisionKind::Recovered || line.recovery.is_some());
    WatchDecisionsResponse {
        resume_token: String::new(),
        kind: kind.into(),
        case_id: told.case_id.clone(),
        decision_no: told.decision_no,
        poolarea_no: told.poolarea_no.clone(),
        fixmedins_code: told.fixmedins_code.clone(),
        case_souc: told.case_souc.clone(),
        lines: lines.collect(),
        decided_on: today.to_string(),
        title: told.title.clone(),
    }
}

/// Every decision behind a token, in the order of commit, in the areas the caller may read, until the server stops.
pub async fn watch(
    audit: &Audit,
    stopping: CancellationToken,
    caller: Caller,
    resume_token: &str,
) -> Result<impl Stream<Item = Result<WatchDecisionsResponse, Status>> + Send + use<>, ServiceError> {
    if matches!(caller, Caller::Department { .. }) {
        return Err(may_not_follow());
    }
    let persons = matches!(caller, Caller::Service { .. } | Caller::LocalAdministrator);
    let event = move |change: &Change, token| event(change, token, persons);
    audit.feed.watch(resume_token, caller, stopping, event).await
}

/// As somebody hears of it; agencies look at persons elsewhere, where that is logged.
fn event(
    change: &Change,
    resume_token: String,
    persons: bool,
) -> Result<WatchDecisionsResponse, ServiceError> {
    let told = WatchDecisionsResponse::decode(change.payload.as_slice()).map_err(ServiceError::internal)?;
    let mut told = WatchDecisionsResponse { resume_token, ..told };
    told.lines.iter_mut().filter(|_| !persons).for_each(|line| line.psn_no.clear());
    Ok(told)
}
