//! Applying sealed rosters in the background, whoever is listening, also those a crash left behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use yizhan_runtime::db::{begin_write, retry_transient};
use yizhan_runtime::once::Service as _;
use yizhan_runtime::{ServiceError, task};

use super::{absence, apply, housekeeping};
use crate::app::Register;
use crate::rosters::domain::steps::{Action, Role};
use crate::rosters::store::rosters;

/// How often sealed rosters are looked for when nobody wakes the applier: those of a process that died.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often old rows are thrown away.
const CLEAN_EVERY: Duration = Duration::from_secs(60);

/// Works on rosters for as long as the service runs. Cheap to clone; clones wake one another.
#[derive(Clone, Debug)]
pub struct Applier {
    register: Register,
    sealed: Arc<Notify>,
}

impl Applier {
    /// For this register.
    pub fn new(register: Register) -> Self {
        Applier { register, sealed: Arc::default() }
    }

    /// Tells it that a roster was sealed.
    pub fn wake(&self) {
        self.sealed.notify_one();
    }

    /// Applies what is sealed, until the server stops.
    pub fn keep_applying(&self, stopping: &CancellationToken) {
        let applier = self.clone();
        task::keep("rosters", stopping, move || applier.clone().run());
    }

    async fn run(self) {
        let mut cleaned: Option<Instant> = None;
        loop {
            if cleaned.is_none_or(|at| at.elapsed() >= CLEAN_EVERY) {
                cleaned = Some(Instant::now());
                if let Err(error) = housekeeping::clean(&self.register).await {
                    tracing::warn!(?error, "old rosters could not be cleaned up");
                }
            }
            if !self.one_batch_each().await {
                // Woken or not.
                let _ = tokio::time::timeout(LOOK_EVERY, self.sealed.notified()).await;
            }
        }
    }

    /// One batch of every roster whose turn it is: of each department of an area the one sealed first. Gives whether there was
    /// anything to do that this process could do.
    async fn one_batch_each(&self) -> bool {
        let sealed = match rosters::applying(&self.register.db).await {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::warn!(%error, "sealed rosters could not be looked for");
                return false;
            }
        };
        let mut worked = false;
        let mut departments = BTreeSet::new();
        for roster in sealed {
            if !departments.insert((roster.poolarea_no.clone(), roster.department.clone())) {
                continue;
            }
            match self.batch(roster.roster_no).await {
                Ok(done) => worked |= done,
                Err(error) => {
                    tracing::warn!(
                        roster_no = roster.roster_no,
                        ?error,
                        "a batch of a roster failed; it is tried again"
                    );
                }
            }
        }
        worked
    }

    /// One batch, unless another process has the roster.
    async fn batch(&self, roster_no: i64) -> Result<bool, ServiceError> {
        let register = &self.register;
        let worked = retry_transient(|| async {
            let tx = begin_write(&register.db).await?;
            let Some(mut roster) = rosters::take_for_applying(&tx, roster_no).await? else {
                return Ok(false);
            };
            let (all, behind) = if let Ok(behind) = roster.next(Action::ApplyRows, Role::Applier) {
                (apply::batch(&tx, register, &mut roster).await?, behind)
            } else if let Ok(behind) = roster.next(Action::EndAbsent, Role::Applier) {
                (absence::batch(&tx, register, &mut roster).await?, behind)
            } else {
                return Ok(false);
            };
            if all {
                roster.enter(behind, register.clock.now());
            }
            rosters::update(&tx, &roster).await?;
            tx.commit().await?;
            Ok::<_, ServiceError>(true)
        })
        .await?;
        // Too many persons to put each into the cache: it follows the change log.
        register.committed(Vec::new()).await;
        Ok(worked)
    }
}
