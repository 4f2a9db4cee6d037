//! What may be asked again: a tenth of what is asked, so that a peer in trouble does not get twice as much to do.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Calls that earn one that is made again.
const CALLS_FOR_ONE: u32 = 10;
/// What is kept at most: ten in a row, also where little is asked.
const MOST: u32 = 10 * CALLS_FOR_ONE;

/// Earned by calls, spent by calls that are made again.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Budget(AtomicU32::new(MOST))
    }
}

impl Budget {
    /// A call is made.
    pub fn earn(&self) {
        let _ = self.0.fetch_update(Relaxed, Relaxed, |kept| (kept < MOST).then_some(kept + 1));
    }

    /// Whether one may be made again.
    pub fn spend(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |kept| kept.checked_sub(CALLS_FOR_ONE)).is_ok()
    }
}
