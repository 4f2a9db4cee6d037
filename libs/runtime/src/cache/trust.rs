//! Whether, and for how long still, the store may be believed. Also the breaker: whoever sees the store fail takes the
//! trust away at once, and only the keeper gives it back.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// A bucket whose watermark says `done >= need` reflects everything that was committed before `at`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Confirmed {
    pub need: i64,
    pub at: Instant,
}

/// What the keeper confirmed last.
#[derive(Debug)]
pub(super) struct Trust {
    current: RwLock<Option<Confirmed>>,
    max_staleness: Duration,
}

impl Trust {
    pub(super) fn none_yet(max_staleness: Duration) -> Self {
        Trust { current: RwLock::new(None), max_staleness }
    }

    /// The newest confirmation, if it is young enough for a question asked now.
    pub(super) fn at(&self, asked: Instant) -> Option<Confirmed> {
        let confirmed = (*self.current.read().unwrap_or_else(PoisonError::into_inner))?;
        (asked.saturating_duration_since(confirmed.at) < self.max_staleness).then_some(confirmed)
    }

    pub(super) fn confirm(&self, confirmed: Confirmed) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(confirmed);
    }

    /// The store failed: nobody asks it until the keeper has reached it again.
    pub(super) fn withdraw(&self) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether a load that began then may still answer a question asked now.
    pub(super) fn fresh_enough(&self, began: Instant, asked: Instant) -> bool {
        asked.saturating_duration_since(began) < self.max_staleness
    }

    pub(super) fn age(&self) -> Option<Duration> {
        (*self.current.read().unwrap_or_else(PoisonError::into_inner)).map(|confirmed| confirmed.at.elapsed())
    }
}
