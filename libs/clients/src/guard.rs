//! What stands between a service and a peer that is in trouble: calls end with who waits for them, reads are repeated a little and not
//! more, and a peer that does not answer is left alone for a moment.
//!
//! **Only what is safe to repeat is repeated**: eligibilities, filings, checks, standings, terms and grades, which write nothing. A look
//! (AuthorizeLook) is entered in a log, and is not.

mod breaker;
mod budget;

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tonic::{Code, Status};
use yizhan_runtime::client::is_away;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::{Reason, deadline, metrics};

use breaker::{Breaker, Ended};
use budget::Budget;

/// How often something is asked in all.
const ATTEMPTS: u32 = 3;
/// Pause before something is asked again, by half of it more or less; doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// A peer as those who ask it share it.
pub(crate) struct Guard {
    peer: &'static str,
    most: Duration,
    breaker: Breaker,
    budget: Budget,
}

impl Guard {
    /// For this peer, which may take so long for a call.
    pub fn new(peer: &'static str, most: Duration) -> Guard {
        Guard { peer, most, breaker: Breaker::new(peer), budget: Budget::default() }
    }

    /// How long a call may take that begins now: what is left to who waits for it, if that is less.
    pub fn until(&self) -> Instant {
        let most = Instant::now() + self.most;
        deadline::at().map_or(most, |deadline| deadline.min(most))
    }

    /// Whether the peer is left alone just now.
    pub fn is_open(&self) -> bool {
        self.breaker.is_open(Instant::now())
    }

    /// Asks what changes nothing, for so many: again where the peer was not reached, or said that it is overloaded and when to come
    /// again, as long as that is in time and within the budget.
    pub async fn read<T, F>(&self, many: usize, ask: impl Fn() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        self.budget.earn();
        let (until, mut attempt) = (self.until(), 1);
        let mut answer = self.attempt(many, until, &ask).await;
        while let Some(Err(status)) = &answer {
            let drawn = RandomState::new().hash_one(attempt);
            let Some(pause) = pause_before_repeating(status, attempt, drawn) else { break };
            if attempt >= ATTEMPTS || Instant::now() + pause >= until || !self.budget.spend() {
                break;
            }
            sleep(pause).await;
            attempt += 1;
            metrics::retried(self.peer);
            answer = deadline::until(until, self.attempt(many, until, &ask)).await;
        }
        answer.unwrap_or_else(|| Err(left_alone()))
    }

    /// Makes a call once: nobody knows what became of it where no answer came.
    pub async fn once<T>(&self, call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let answer = self.attempt(1, self.until(), || call).await;
        answer.unwrap_or_else(|| Err(left_alone()))
    }

    /// A call, given up at that moment: the channel's own limit ends with the beginning of the answer, and does not count waiting for a
    /// connection. `None` while the peer is left alone.
    async fn attempt<T, F>(
        &self,
        many: usize,
        until: Instant,
        call: impl FnOnce() -> F,
    ) -> Option<Result<T, Status>>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let begun = Instant::now();
        let entered = self.breaker.enter(begun)?;
        let answer = timeout_at(until, call()).await.unwrap_or_else(|_| Err(too_late()));
        // A peer is not to blame for a caller who does not wait.
        let in_haste = until.saturating_duration_since(begun) < self.most / 2;
        let ended = match &answer {
            Err(status) if is_away(status) && in_haste && is_late(status) => Ended::Unknown,
            Err(status) if is_away(status) => Ended::Failed(many),
            _ => Ended::Answered,
        };
        entered.ended(ended, Instant::now());
        Some(answer)
    }
}

/// What is told in place of an answer that did not come in time.
pub(crate) fn too_late() -> Status {
    Status::deadline_exceeded("no answer in time")
}

/// What is told while a peer is not asked.
pub(crate) fn left_alone() -> Status {
    Status::unavailable("it did not answer lately, and is not asked for a moment")
}

fn is_late(status: &Status) -> bool {
    matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled)
}

/// How long to wait before asking again; `None` where the peer, or the way to it, said something that asking again does not change, or
/// took its time.
fn pause_before_repeating(status: &Status, attempt: u32, drawn: u64) -> Option<Duration> {
    let said = RemoteError::from(status);
    let pause = give_or_take_half(FIRST_PAUSE * (1 << (attempt - 1)), drawn);
    if said.reason == Reason::Overloaded.code() {
        return said.retry_after.map(|after| after + pause);
    }
    (said.reason.is_empty() && is_away(status) && !is_late(status)).then_some(pause)
}

/// So that those who were refused together do not come again together.
fn give_or_take_half(time: Duration, drawn: u64) -> Duration {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2);
    Duration::from_micros(micros / 2 + drawn % (micros + 1))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures::FutureExt;
    use futures::future::{join_all, pending};

    use super::*;
    use yizhan_runtime::ServiceError;

    const MOST: Duration = Duration::from_secs(2);

    fn gone() -> Status {
        Status::unavailable("connection refused")
    }

    fn overloaded(after: Duration) -> Status {
        ServiceError::new(Reason::Overloaded, "too many").retry_after(after).into()
    }

    #[tokio::test]
    async fn what_is_repeated_is_a_tenth_of_what_is_asked() {
        const ASKED: usize = 2000;
        let (guard, asked) = (Guard::new("test", MOST), AtomicUsize::new(0));
        // Every other one is lost.
        let ask =
            || async { if asked.fetch_add(1, Relaxed).is_multiple_of(2) { Err(gone()) } else { Ok(()) } };
        let answers = join_all((0..ASKED).map(|_| guard.read(1, ask))).await;
        let repeated = asked.load(Relaxed) - ASKED;
        assert!((ASKED / 10..=ASKED / 10 + 20).contains(&repeated), "{repeated} of {ASKED}");
        assert!(answers.iter().filter(|answer| answer.is_err()).count() < ASKED / 2);
    }

    #[tokio::test]
    async fn what_changes_something_is_never_repeated_nor_what_took_its_time() {
        let asked = AtomicUsize::new(0);
        let answering = |status: Status| async {
            asked.fetch_add(1, Relaxed);
            Err::<(), _>(status)
        };
        let guard = Guard::new("test", MOST);
        assert!(guard.once(answering(gone())).await.is_err());
        assert_eq!(asked.swap(0, Relaxed), 1);
        for said in [too_late(), ServiceError::new(Reason::DatabaseUnavailable, "away").into()] {
            assert!(guard.read(1, || answering(said.clone())).await.is_err());
            assert_eq!(asked.swap(0, Relaxed), 1, "{said:?}");
        }
        assert!(Guard::new("test", MOST).read(1, || answering(gone())).await.is_err());
        assert_eq!(asked.swap(0, Relaxed), ATTEMPTS as usize);
    }

    #[tokio::test]
    async fn who_is_overloaded_is_asked_again_when_it_said_and_not_beyond_the_deadline() {
        let (guard, asked) = (Guard::new("test", MOST), AtomicUsize::new(0));
        let after = Duration::from_millis(60);
        let ask = |after: Duration| {
            let first = asked.fetch_add(1, Relaxed) == 0;
            async move { if first { Err(overloaded(after)) } else { Ok(()) } }
        };
        let begun = Instant::now();
        guard.read(1, || ask(after)).await.unwrap();
        assert!(begun.elapsed() >= after, "{:?}", begun.elapsed());
        asked.store(0, Relaxed);
        let begun = Instant::now();
        let soon = begun + 10 * after;
        assert!(deadline::until(soon, guard.read(1, || ask(20 * after))).await.is_err());
        assert!(begun.elapsed() < 10 * after && asked.load(Relaxed) == 1, "nobody would wait for it");
    }

    #[tokio::test]
    async fn a_call_ends_with_who_waits_for_it() {
        let guard = Guard::new("test", MOST);
        let begun = Instant::now();
        let soon = begun + Duration::from_millis(50);
        let asked = deadline::until(soon, guard.read(1, pending::<Result<(), Status>>)).await;
        assert_eq!(asked.map_err(|status| status.code()), Err(Code::DeadlineExceeded));
        assert!(begun.elapsed() < MOST / 2);
    }

    #[tokio::test]
    async fn who_does_not_answer_is_left_alone_and_tried_with_one_call() {
        let (guard, asked) = (Guard::new("test", Duration::from_millis(50)), AtomicUsize::new(0));
        let silent = || {
            asked.fetch_add(1, Relaxed);
            pending::<Result<(), Status>>()
        };
        // Who is in a hurry says nothing about it.
        for _ in 0..2 * breaker::FAILURES {
            let soon = Instant::now() + Duration::from_millis(2);
            assert!(deadline::until(soon, guard.read(1, silent)).await.is_err());
        }
        assert!(!guard.is_open());
        assert!(guard.read(breaker::FAILURES, silent).await.is_err());
        assert!(guard.is_open());
        asked.store(0, Relaxed);
        let told = guard.read(1, silent).now_or_never().expect("at once").unwrap_err();
        assert_eq!((told.code(), asked.load(Relaxed)), (Code::Unavailable, 0), "it is not asked");
        while guard.is_open() {
            sleep(Duration::from_millis(5)).await;
        }
        // Of many one is asked; the others are told at once.
        let answers = join_all((0..10).map(|_| guard.read(1, silent))).await;
        assert!(asked.swap(0, Relaxed) == 1 && answers.iter().all(Result::is_err));
        while guard.is_open() {
            sleep(Duration::from_millis(5)).await;
        }
        guard.read(1, || async { Ok(()) }).await.unwrap();
        assert!(
            join_all((0..10).map(|_| guard.read(1, || async { Ok(()) }))).await.iter().all(Result::is_ok)
        );
    }

    #[test]
    fn pauses_differ_by_half_at_most() {
        for attempt in 1..ATTEMPTS {
            let middle = FIRST_PAUSE * (1 << (attempt - 1));
            let drawn = (0..1000).map(|at| RandomState::new().hash_one(at));
            let pauses: Vec<Duration> =
                drawn.map(|drawn| pause_before_repeating(&gone(), attempt, drawn).unwrap()).collect();
            assert!(pauses.iter().all(|pause| (middle / 2..=middle * 3 / 2).contains(pause)), "{pauses:?}");
            let early = pauses.iter().filter(|pause| **pause < middle).count();
            assert!((300..700).contains(&early), "{early} of 1000 before the middle");
        }
    }
}
