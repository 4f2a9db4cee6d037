//! How long requests of each kind take at present, so that one which is waited for less is refused before anything is done for it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Kinds that are remembered: more than there are methods, fewer than somebody can invent paths.
const MAX_KINDS: usize = 1024;
/// A time that is older says nothing of the present.
const PRESENT: Duration = Duration::from_secs(1);
/// What part of the mean one more time is.
const WEIGHT: u32 = 8;

/// By method, how long its requests take.
#[derive(Debug, Default)]
pub(super) struct Times(Mutex<HashMap<String, Taken>>);

/// The mean of times, each counting less the older it is.
#[derive(Clone, Copy, Debug)]
struct Taken {
    mean: Duration,
    last: Instant,
}

impl Times {
    /// How long a request of this kind takes at present; `None` where none ended lately, or was begun and given up.
    pub fn at_present(&self, path: &str, now: Instant) -> Option<Duration> {
        let taken = *self.kinds().get(path)?;
        (now.saturating_duration_since(taken.last) <= PRESENT).then_some(taken.mean)
    }

    /// A request was answered after so long.
    pub fn answered(&self, path: &str, time: Duration, now: Instant) {
        self.note(path, now, |before| before.map_or(time, |mean| (mean * (WEIGHT - 1) + time) / WEIGHT));
    }

    /// A request was given up after so long: it would have taken longer.
    pub fn given_up(&self, path: &str, time: Duration, now: Instant) {
        self.note(path, now, |before| before.map_or(time, |mean| mean.max(time)));
    }

    fn note(&self, path: &str, now: Instant, mean: impl FnOnce(Option<Duration>) -> Duration) {
        let mut kinds = self.kinds();
        let before = kinds.get(path).copied();
        if before.is_none() && kinds.len() >= MAX_KINDS {
            return;
        }
        // What was long ago is no part of the mean.
        let recent = before.filter(|taken| now.saturating_duration_since(taken.last) <= 10 * PRESENT);
        let taken = Taken { mean: mean(recent.map(|taken| taken.mean)), last: now };
        match kinds.get_mut(path) {
            Some(kind) => *kind = taken,
            None => drop(kinds.insert(path.to_owned(), taken)),
        }
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<String, Taken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_present_is_what_ended_lately() {
        let (times, begun, ms) = (Times::default(), Instant::now(), Duration::from_millis);
        assert_eq!(times.at_present("/a", begun), None);
        times.answered("/a", ms(80), begun);
        times.answered("/a", ms(160), begun);
        assert_eq!(times.at_present("/a", begun + PRESENT), Some(ms(90)), "an eighth of the way");
        assert_eq!(times.at_present("/a", begun + 2 * PRESENT), None, "it is tried again");
        times.given_up("/a", ms(20), begun + 2 * PRESENT);
        assert_eq!(
            times.at_present("/a", begun + 2 * PRESENT),
            Some(ms(90)),
            "it takes more than that still"
        );
        times.given_up("/a", ms(200), begun + 2 * PRESENT);
        assert_eq!(times.at_present("/a", begun + 2 * PRESENT), Some(ms(200)));
        times.answered("/a", ms(8), begun + 60 * PRESENT);
        assert_eq!(times.at_present("/a", begun + 60 * PRESENT), Some(ms(8)), "a minute ago is another time");
        assert_eq!(times.at_present("/b", begun), None);
    }

    #[test]
    fn paths_that_somebody_invents_take_no_memory() {
        let times = Times::default();
        (0..2 * MAX_KINDS).for_each(|at| times.answered(&format!("/{at}"), Duration::ZERO, Instant::now()));
        assert_eq!(times.kinds().len(), MAX_KINDS);
    }
}
