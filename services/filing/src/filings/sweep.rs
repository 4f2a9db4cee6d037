//! Notes what time has ended: filings whose last day has passed expire, and those for which something did not come lapse, so that their steps
//! tell it and followers hear of it. No answer waits for that: where a filing stands is always computed from its dates.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use yizhan_runtime::db::{DatabaseTransaction, begin_write, lock, retry_transient};
use yizhan_runtime::once::Service as _;
use yizhan_runtime::{ServiceError, task};

use crate::app::Register;
use crate::filings::actors::occasion;
use crate::filings::changes::{self, Held, Taken};
use crate::filings::domain::filing::{Actor, Filing, State};
use crate::filings::domain::step::{Action, Occasion};
use crate::filings::store::{self, ended_by};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Filings in one transaction: nobody waits long for the persons it locks.
const AT_ONCE: u64 = 100;
/// What processes of the service that share a database take turns by.
const TURN: &str = "filing sweep";

/// Sweeps now and every minute, until the server stops.
pub fn keep_sweeping(register: &Register, stopping: &CancellationToken) {
    let register = register.clone();
    task::every("sweep", stopping, EVERY, move || {
        let register = register.clone();
        async move { sweep(&register).await.map(drop) }
    });
}

/// Notes everything that time has ended by today, and tells how many filings that were. Any number of processes may do it at once.
pub async fn sweep(register: &Register) -> Result<usize, ServiceError> {
    let mut count = 0;
    // A look without locks first: mostly there is nothing to do.
    while !ended_by(&register.db, register.clock.today(), 1).await?.is_empty() {
        let noted = retry_transient(|| note_some(register)).await?;
        if noted == 0 {
            break;
        }
        count += noted;
    }
    if count > 0 {
        tracing::info!(count, "filings ended by time were noted");
    }
    Ok(count)
}

async fn note_some(register: &Register) -> Result<usize, ServiceError> {
    let tx = begin_write(&register.db).await?;
    lock(&tx, TURN).await?;
    let at = occasion(register, Actor::of_no_office("clock"));
    let due = ended_by(&tx, at.today, AT_ONCE).await?;
    let held = Held::lock(&tx, due.iter().map(|filing| filing.psn_no.clone()).collect()).await?;
    let taken: Vec<Taken> =
        again(&tx, due).await?.into_iter().filter_map(|filing| end(filing, &at)).collect();
    let noted = taken.len();
    let changed = changes::record(&tx, register, held, taken).await?;
    tx.commit().await?;
    register.committed(changed).await;
    Ok(noted)
}

/// As they are since nobody else can change them. One whose person's record was merged into another in between is left for the next time.
async fn again(tx: &DatabaseTransaction, due: Vec<Filing>) -> Result<Vec<Filing>, ServiceError> {
    let mut now = store::find_many(tx, due.iter().map(|filing| filing.filing_id.clone()).collect()).await?;
    let same = |before: &Filing| now.remove(&before.filing_id).filter(|now| now.psn_no == before.psn_no);
    Ok(due.iter().filter_map(same).collect())
}

/// The step by which time ends a filing, if it has.
fn end(mut filing: Filing, at: &Occasion) -> Option<Taken> {
    let state = filing.ended_by_time(at.today)?;
    let from = filing.state;
    if state == State::Lapsed {
        // Fixed, now that nothing can come any more.
        filing.ended_on = filing.last_day();
    }
    filing.state = state;
    let action = if state == State::Lapsed { Action::Lapse } else { Action::Expire };
    Some(at.step(Some(from), action, filing))
}
