//! Leaves a peer alone that did not answer several times in a row, and tries it now and then with one call. Who asks meanwhile is told at
//! once what they would be told at the deadline.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use yizhan_runtime::metrics;

use super::give_or_take_half;

/// Questions in a row without an answer: then the peer is left alone.
pub(super) const FAILURES: usize = 5;
/// How long, by half of it more or less; doubles with every try that fails.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest: a peer that is back is found so soon.
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// How a call ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ended {
    /// The peer said something, whatever it was.
    Answered,
    /// It did not, for so many questions.
    Failed(usize),
    /// Nobody waited for it.
    Unknown,
}

/// Whether a peer is asked.
#[derive(Debug)]
pub(super) struct Breaker {
    peer: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// How often the phase changed: what began in another says nothing about this.
    changes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Asked; so many were not answered since one was.
    Closed(usize),
    /// Not asked until then.
    Open(Instant, Duration),
    /// One call is under way to see whether it answers.
    Tried(Duration),
}

impl Breaker {
    /// Of this peer, which is asked until it fails.
    pub fn new(peer: &'static str) -> Breaker {
        metrics::circuit_open(peer, false);
        Breaker { peer, state: Mutex::new(State { phase: Phase::Closed(0), changes: 0 }) }
    }

    /// Whether nobody may ask just now.
    pub fn is_open(&self, now: Instant) -> bool {
        match self.state().phase {
            Phase::Closed(_) => false,
            Phase::Open(until, _) => now < until,
            Phase::Tried(_) => true,
        }
    }

    /// A call begins, if it may.
    pub fn enter(&self, now: Instant) -> Option<Entered<'_>> {
        let mut state = self.state();
        match state.phase {
            Phase::Closed(_) => {}
            Phase::Open(until, pause) if now >= until => state.change(Phase::Tried(pause)),
            Phase::Open(..) | Phase::Tried(_) => return None,
        }
        Some(Entered { breaker: self, changes: state.changes, ended: false })
    }

    fn ended(&self, changes: u64, ended: Ended, now: Instant) {
        let mut state = self.state();
        if changes != state.changes {
            return;
        }
        match (state.phase, ended) {
            (Phase::Closed(_), Ended::Answered) => state.phase = Phase::Closed(0),
            (Phase::Closed(run), Ended::Failed(many)) if run + many < FAILURES => {
                state.phase = Phase::Closed(run + many);
            }
            (Phase::Closed(_), Ended::Failed(_)) => {
                state.open(FIRST_PAUSE, now);
                metrics::circuit_open(self.peer, true);
                tracing::warn!(
                    peer = self.peer,
                    "it does not answer, and is left alone but for a try now and then"
                );
            }
            (Phase::Tried(_), Ended::Answered) => {
                state.change(Phase::Closed(0));
                metrics::circuit_open(self.peer, false);
                tracing::info!(peer = self.peer, "it answers again");
            }
            (Phase::Tried(pause), Ended::Failed(_)) => state.open((2 * pause).min(LONGEST_PAUSE), now),
            (Phase::Tried(pause), Ended::Unknown) => state.open(pause, now),
            (Phase::Open(..), _) | (Phase::Closed(_), Ended::Unknown) => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn change(&mut self, phase: Phase) {
        (self.phase, self.changes) = (phase, self.changes + 1);
    }

    fn open(&mut self, pause: Duration, now: Instant) {
        let drawn = give_or_take_half(pause, RandomState::new().hash_one(self.changes));
        self.change(Phase::Open(now + drawn, pause));
    }
}

/// A call under way. Dropped before it ended, nothing is known.
#[derive(Debug)]
pub(super) struct Entered<'a> {
    breaker: &'a Breaker,
    changes: u64,
    ended: bool,
}

impl Entered<'_> {
    /// The call ended like this.
    pub fn ended(mut self, ended: Ended, now: Instant) {
        self.ended = true;
        self.breaker.ended(self.changes, ended, now);
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.breaker.ended(self.changes, Ended::Unknown, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: Ended = Ended::Failed(1);

    fn pause_of(breaker: &Breaker) -> Duration {
        match breaker.state().phase {
            Phase::Open(_, pause) => pause,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_opens_after_a_run_tries_one_and_closes() {
        let (breaker, begun) = (Breaker::new("test"), Instant::now());
        let call = |ended, at| breaker.enter(at).unwrap().ended(ended, at);
        (0..FAILURES - 1).for_each(|_| call(FAILED, begun));
        call(Ended::Answered, begun);
        (0..FAILURES - 1).for_each(|_| call(FAILED, begun));
        call(Ended::Unknown, begun);
        assert!(!breaker.is_open(begun), "no run");
        let (late, later) = (breaker.enter(begun).unwrap(), breaker.enter(begun).unwrap());
        call(FAILED, begun);
        assert!(
            breaker.is_open(begun + FIRST_PAUSE / 2)
                && breaker.enter(begun + FIRST_PAUSE / 2 - ms(1)).is_none()
        );
        late.ended(Ended::Answered, begun);
        assert!(breaker.is_open(begun), "what began before says nothing about now");

        let due = begun + 2 * FIRST_PAUSE;
        assert!(!breaker.is_open(due), "somebody may try");
        let tried = breaker.enter(due).unwrap();
        assert!(breaker.is_open(due) && breaker.enter(due).is_none(), "one");
        later.ended(Ended::Answered, due);
        assert!(breaker.is_open(due), "that was not the one");
        tried.ended(FAILED, due);
        assert_eq!(pause_of(&breaker), 2 * FIRST_PAUSE);
        let mut at = due;
        for _ in 0..10 {
            at += 2 * LONGEST_PAUSE;
            call(FAILED, at);
        }
        assert_eq!(pause_of(&breaker), LONGEST_PAUSE);
        at += 2 * LONGEST_PAUSE;
        drop(breaker.enter(at).unwrap());
        assert!(breaker.is_open(Instant::now()), "a try that was given up is none");
        at += 2 * LONGEST_PAUSE;
        call(Ended::Answered, at);
        assert!(!breaker.is_open(at) && breaker.enter(at).is_some() && breaker.enter(at).is_some());
    }

    #[test]
    fn questions_of_one_call_count_each_and_pauses_differ() {
        let opened = || {
            let (breaker, now) = (Breaker::new("test"), Instant::now());
            breaker.enter(now).unwrap().ended(Ended::Failed(FAILURES), now);
            let Phase::Open(until, _) = breaker.state().phase else { panic!("closed") };
            until - now
        };
        let pauses: Vec<Duration> = (0..100).map(|_| opened()).collect();
        let allowed = FIRST_PAUSE / 2..=FIRST_PAUSE * 3 / 2;
        assert!(pauses.iter().all(|pause| allowed.contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}
