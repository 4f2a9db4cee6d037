//! Notes what time has accepted: cases whose institution was silent up to its last day. No answer waits for that: where a case stands is
//! computed when it is asked.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use yizhan_documents::calendar::WorkingDays;
use yizhan_runtime::db::{begin_write, lock, retry_transient};
use yizhan_runtime::once::Service as _;
use yizhan_runtime::{ServiceError, task};
use yizhan_terms::Area;
use yizhan_workflow::Overdue;

use super::domain::{State, on};
use super::{changes, store};
use crate::app::Audit;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Cases in one transaction.
const AT_ONCE: u64 = 100;
/// What processes of the service that share a database take turns by.
const TURN: &str = "case sweep";

/// Sweeps now and every minute, until the server stops.
pub fn keep_sweeping(audit: &Audit, stopping: &CancellationToken) {
    let audit = audit.clone();
    task::every("cases", stopping, EVERY, move || {
        let audit = audit.clone();
        async move { sweep(&audit).await.map(drop) }
    });
}

/// Notes everything that is over by today, and tells how many cases that were. Any number of processes may do it at once.
pub async fn sweep(audit: &Audit) -> Result<usize, ServiceError> {
    let mut count = 0;
    loop {
        let over = audit.over(Area::NATION, &[State::Appealable]).await?;
        let noted = if over.is_empty() { 0 } else { retry_transient(|| note_some(audit, &over)).await? };
        if noted == 0 {
            return Ok(count);
        }
        tracing::info!(noted, "cases accepted by silence were noted");
        count += noted;
    }
}

async fn note_some(audit: &Audit, over: &[Overdue<Area>]) -> Result<usize, ServiceError> {
    let tx = begin_write(&audit.db).await?;
    lock(&tx, TURN).await?;
    let rules = audit.plan_rules.current();
    let silent = store::hold_silent(&tx, over, AT_ONCE).await?.into_iter();
    let taken = silent.filter_map(|case| {
        let days = WorkingDays::of(&rules, case.inside.area);
        on(case, audit.now(), |day, count| days.add(day, count).0).1
    });
    let taken: Vec<_> = taken.collect();
    let noted = taken.len();
    changes::record(&tx, audit, taken).await?;
    tx.commit().await?;
    audit.committed(()).await;
    Ok(noted)
}
