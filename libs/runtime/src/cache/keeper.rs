//! The task that keeps the store and the database together: its rhythm.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::stats::Counters;
use super::trust::Trust;
use super::{Cached, Source};
use crate::db::DatabaseConnection;
use crate::feed::Change;
use crate::task::surviving;

/// From one pass to the next.
const INTERVAL: Duration = Duration::from_millis(200);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// More changes than this are not looked at one by one: everything is dropped instead.
pub(super) const MOST_CHANGES: usize = 20_000;

type Changed = dyn Fn(&Change) -> Option<(String, i64)> + Send + Sync;

/// What every keeper has.
pub(super) struct Beat {
    pub db: DatabaseConnection,
    pub trust: Arc<Trust>,
    pub counters: Arc<Counters>,
    changed: Arc<Changed>,
}

impl Beat {
    pub(super) fn new<T: Cached>(
        db: DatabaseConnection,
        source: Arc<impl Source<T>>,
        trust: Arc<Trust>,
        counters: Arc<Counters>,
    ) -> Self {
        Beat { db, trust, counters, changed: Arc::new(move |change: &Change| source.changed(change)) }
    }

    /// Which keys changed, each with its newest version.
    pub(super) fn changed(&self, changes: &[Change]) -> Vec<(String, i64)> {
        let mut newest = std::collections::HashMap::new();
        for (key, version) in changes.iter().filter_map(|change| (self.changed)(change)) {
            let known = newest.entry(key).or_insert(version);
            *known = version.max(*known);
        }
        newest.into_iter().collect()
    }
}

/// One kind of keeper.
pub(super) trait Keeper: Send + 'static {
    /// Brings the store up to date and confirms it; an error means that it may not be trusted.
    fn pass(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// After an error: if it is the store's, nobody shall ask it until a pass has succeeded.
    fn failed(&mut self, error: &anyhow::Error);
}

/// Runs a keeper until it is told to stop.
pub(super) fn spawn(
    name: &'static str,
    keeper: impl Keeper,
    max_staleness: Duration,
    stop: CancellationToken,
) {
    let interval = INTERVAL.min(max_staleness / 5);
    tokio::spawn(run(name, keeper, interval, stop));
}

async fn run(name: &'static str, mut keeper: impl Keeper, interval: Duration, stop: CancellationToken) {
    let mut failures = 0u32;
    // A pass is not cut short: Redis and the database would be left different, and a new generation begin.
    while !stop.is_cancelled() {
        let began = Instant::now();
        // A defect must not end the keeper, and with it the cache, without a word.
        let pass = surviving(name, keeper.pass()).await;
        match pass.unwrap_or_else(|| Err(anyhow::anyhow!("a pass panicked"))) {
            Ok(()) => {
                if failures > 0 {
                    tracing::info!(cache = name, failures, "the cache is back");
                }
                failures = 0;
            }
            Err(error) => {
                keeper.failed(&error);
                if failures == 0 {
                    tracing::warn!(
                        cache = name,
                        "the cache is away, the database answers, or is away itself: {error:#}"
                    );
                }
                failures += 1;
            }
        }
        let pause = if failures == 0 { interval } else { (interval * failures).min(LONGEST_PAUSE) };
        let pause = pause.saturating_sub(began.elapsed()).max(interval / 10);
        stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}
