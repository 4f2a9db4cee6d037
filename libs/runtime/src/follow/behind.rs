//! How far a follower is behind, and whether it follows at all: told when somebody collects.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use prost_types::Timestamp;

use crate::metrics::{self, Metric};

/// What is known of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Behind(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// When the oldest event happened that is not dealt with.
    since: Option<SystemTime>,
    stopped: bool,
}

impl Behind {
    /// Of the follower of this feed.
    pub fn tell(feed: &'static str) -> Behind {
        let behind = Behind::default();
        let [lag, stopped] = [behind.clone(), behind.clone()];
        metrics::sample(Metric::FollowedLag, [feed], move || Some(lag.seconds()));
        metrics::sample(Metric::FollowedStopped, [feed], move || {
            Some(u64::from(stopped.read(|state| state.stopped)))
        });
        behind
    }

    /// The feed is open; whether anything waits in it is heard at once.
    pub fn follows(&self) {
        self.read(|state| *state = State::default());
    }

    /// Events are there, the first of which happened then.
    pub fn heard(&self, happened: Option<Timestamp>) {
        let seconds = happened.and_then(|at| u64::try_from(at.seconds).ok());
        let at = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let at = at.unwrap_or_else(SystemTime::now);
        self.read(|state| state.since = Some(state.since.map_or(at, |since| since.min(at))));
    }

    /// Everything that was heard is dealt with.
    pub fn dealt_with(&self) {
        self.follows();
    }

    /// Nothing is followed for a while.
    pub fn stopped(&self) {
        self.read(|state| {
            state.stopped = true;
            state.since.get_or_insert_with(SystemTime::now);
        });
    }

    fn seconds(&self) -> u64 {
        let since = self.read(|state| state.since);
        since.and_then(|since| since.elapsed().ok()).map_or(0, |behind| behind.as_secs())
    }

    fn read<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_is_behind_from_the_first_event_it_has_not_dealt_with() {
        let (behind, hour) = (Behind::default(), 3600);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let ago = |seconds| Some(Timestamp { seconds: i64::try_from(now - seconds).unwrap(), nanos: 0 });
        assert_eq!(behind.seconds(), 0);
        behind.heard(ago(hour));
        behind.heard(ago(10));
        assert!(behind.seconds() >= hour);
        behind.stopped();
        assert!(behind.seconds() >= hour && behind.read(|state| state.stopped));
        behind.follows();
        behind.heard(None);
        assert!(behind.seconds() < hour && !behind.read(|state| state.stopped));
        behind.dealt_with();
        assert_eq!(behind.seconds(), 0);
    }
}
