//! What every peer here has in common: questions asked at the same time go in one call, and a callee that cannot answer has a stated reason.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status};
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::{Reason, ServiceError, deadline};

use crate::guard::{Guard, left_alone, too_late};

/// Calls under way at the same time; what is asked meanwhile goes into the next one.
const CALLS: usize = 2;

/// The answer to one question.
pub(crate) type Reply<A> = Result<A, ServiceError>;

/// A call under way for several questions: their answers in order, or its refusal.
pub(crate) type Call<A> = BoxFuture<'static, Result<Vec<Reply<A>>, Status>>;

/// Questions of a kind on their way to a peer, each until somebody waits for it no longer.
pub(crate) struct Questions<Q, A> {
    batches: Batcher<(Q, Instant), Reply<A>>,
    peer: Peer,
    guard: Arc<Guard>,
}

impl<Q: Send + 'static, A: Send + 'static> Questions<Q, A> {
    /// The answer to one, asked together with others. Waiting for its turn counts: it is given up after the deadline whatever became of
    /// the connection, and of those asked before.
    pub async fn ask(&self, question: Q) -> Reply<A> {
        if self.guard.is_open() {
            return Err(self.peer.refusal(left_alone()));
        }
        let until = self.guard.until();
        match timeout_at(until, self.batches.submit((question, until))).await {
            Ok(answer) => answer?,
            Err(_) => Err(self.peer.refusal(too_late())),
        }
    }
}

/// A service that is asked.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    /// Its name.
    pub service: &'static str,
    /// The reason where it cannot answer.
    pub away: Reason,
    /// Its refusals that are told on; others are no answer.
    pub told_on: &'static [Reason],
}

impl Peer {
    /// Questions to it, in batches, that change nothing. `ask` makes one call for several and answers in their order.
    pub fn in_batches<Q, A>(
        self,
        guard: Arc<Guard>,
        ask: impl Fn(Vec<Q>) -> Call<A> + Send + Sync + 'static,
    ) -> Questions<Q, A>
    where
        Q: Clone + Send + Sync + 'static,
        A: Send + 'static,
    {
        let (at_guard, ask) = (guard.clone(), Arc::new(ask));
        let guarded = move |questions: Vec<Q>| -> Call<A> {
            let (guard, ask) = (at_guard.clone(), ask.clone());
            async move { guard.read(questions.len(), || ask(questions.clone())).await }.boxed()
        };
        let guarded = Arc::new(guarded);
        let batches = Batcher::start(CALLS, move |questions: Vec<(Q, Instant)>| {
            let ask = guarded.clone();
            async move { ask_in_time(ask.as_ref(), questions, |status| self.refusal(status)).await }.boxed()
        });
        Questions { batches, peer: self, guard }
    }

    /// What a question is told that was refused, or got no answer.
    pub fn refusal(&self, status: Status) -> ServiceError {
        let said = RemoteError::from(&status);
        // A person, or a call, that is another shard's is that whoever finds it.
        let told_on = self.told_on.iter().chain(&[Reason::AreaNotHere]);
        if let Some(reason) = told_on.into_iter().find(|reason| reason.code() == said.reason) {
            let error = ServiceError::new(*reason, said.message).with_text(said.text);
            return said.metadata.iter().fold(error, |error, (name, value)| error.with(name, value));
        }
        if status.code() == Code::InvalidArgument {
            return ServiceError::internal(anyhow::anyhow!(
                "{} refused our question: {said:?}",
                self.service
            ));
        }
        let message = format!("{} cannot answer; nothing was written", self.service);
        ServiceError::new(self.away, message).caused_by(status)
    }
}

/// Asks for those for which somebody still waits, as long as somebody does.
async fn ask_in_time<Q: Clone, A>(
    ask: &(dyn Fn(Vec<Q>) -> Call<A> + Send + Sync),
    questions: Vec<(Q, Instant)>,
    refused: impl Fn(Status) -> ServiceError,
) -> Vec<Reply<A>> {
    let now = Instant::now();
    let waited_for: Vec<bool> = questions.iter().map(|(_, until)| *until > now).collect();
    let latest = questions.iter().map(|(_, until)| *until).max().unwrap_or(now);
    let asked =
        questions.into_iter().filter(|(_, until)| *until > now).map(|(question, _)| question).collect();
    let mut answers = deadline::until(latest, ask_all(ask, asked, &refused)).await.into_iter();
    let answer = |waited_for| match waited_for {
        true => answers.next().unwrap_or_else(|| Err(no_answer())),
        false => Err(refused(too_late())),
    };
    waited_for.into_iter().map(answer).collect()
}

/// Asks for all at once, and again for those that did not fit into the answer. Where that is refused because of what one of them asks,
/// or because the answer is too large, each half is asked for itself: one learns its own refusal, and nobody is refused for whom it
/// happened to travel with.
async fn ask_all<Q: Clone, A>(
    ask: &(dyn Fn(Vec<Q>) -> Call<A> + Send + Sync),
    questions: Vec<Q>,
    refused: impl Fn(Status) -> ServiceError,
) -> Vec<Reply<A>> {
    let (mut answers, mut at_once) = (Vec::with_capacity(questions.len()), questions.len());
    while answers.len() < questions.len() {
        let left = &questions[answers.len()..];
        let asked = &left[..at_once.min(left.len())];
        match ask(asked.to_vec()).await {
            // A callee that says nothing breaks its contract.
            Ok(some) if some.is_empty() => answers.push(Err(no_answer())),
            Ok(some) => answers.extend(some.into_iter().take(asked.len())),
            Err(status) if asked.len() > 1 && about_some(&status) => at_once = asked.len().div_ceil(2),
            Err(status) if asked.len() > 1 => {
                answers.extend(asked.iter().map(|_| Err(refused(status.clone()))))
            }
            Err(status) => answers.push(Err(refused(status))),
        }
    }
    answers
}

/// Whether it is refused because of some of the questions: what one asks, or what they are answered together.
fn about_some(status: &Status) -> bool {
    let because = [Code::InvalidArgument, Code::FailedPrecondition, Code::NotFound, Code::OutOfRange];
    because.contains(&status.code())
}

fn no_answer() -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("no answer to a question"))
}

#[cfg(test)]
mod tests {

    use std::time::Duration;

    use super::*;

    const PEER: Peer = Peer { service: "test", away: Reason::EnrollmentAway, told_on: &[] };

    /// Doubles; refuses 13 and with it every batch that holds it.
    fn doubled(numbers: Vec<u32>) -> Call<u32> {
        async move {
            match numbers.contains(&13) {
                true => Err(Status::failed_precondition("13")),
                false => Ok(numbers.into_iter().map(|number| Ok(number * 2)).collect()),
            }
        }
        .boxed()
    }

    #[tokio::test]
    async fn nobody_is_refused_for_whom_they_travel_with() {
        let answers = ask_all(&doubled, vec![1, 13, 2], |status| PEER.refusal(status)).await;
        let told: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.reason())).collect();
        assert_eq!(told, [Ok(2), Err(Reason::EnrollmentAway), Ok(4)]);
    }

    /// A callee that answers two at most; of its answers to more than four nothing arrives.
    fn narrow(numbers: Vec<u32>) -> Call<u32> {
        async move {
            match numbers.len() {
                5.. => Err(Status::out_of_range("too large")),
                _ => Ok(numbers.into_iter().take(2).map(Ok).collect()),
            }
        }
        .boxed()
    }

    #[tokio::test]
    async fn what_does_not_fit_is_asked_again() {
        let answers = ask_all(&narrow, (0..19).collect(), |status| PEER.refusal(status)).await;
        let told: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(told, (0..19).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_question_that_waits_too_long_is_given_up() {
        let silent = |_: Vec<u32>| -> Call<u32> { futures::future::pending().boxed() };
        let guard = Arc::new(Guard::new("test", Duration::from_millis(30)));
        let questions = PEER.in_batches(guard, silent);
        for _ in 0..3 {
            let answers = futures::future::join_all((0..200).map(|number| questions.ask(number))).await;
            assert!(answers.into_iter().all(|answer| answer.is_err_and(|error| error.reason() == PEER.away)));
        }
    }

    #[tokio::test]
    async fn nobody_is_asked_for_who_has_given_up() {
        let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
        let noted = asked.clone();
        let ask = move |numbers: Vec<u32>| -> Call<u32> {
            noted.lock().unwrap().push((numbers.clone(), deadline::at()));
            doubled(numbers)
        };
        let (before, soon) = (Instant::now(), Instant::now() + Duration::from_secs(1));
        let questions = vec![(1, before), (2, soon), (3, before), (4, soon + Duration::from_secs(1))];
        let answers = ask_in_time(&ask, questions, |status| PEER.refusal(status)).await;
        let told: Vec<_> = answers.into_iter().map(|answer| answer.map_err(|error| error.reason())).collect();
        assert_eq!(told, [Err(PEER.away), Ok(4), Err(PEER.away), Ok(8)]);
        let last = Some(soon + Duration::from_secs(1));
        assert_eq!(*asked.lock().unwrap(), [(vec![2, 4], last)], "as long as the last of them waits");
    }

    /// A callee that forgets the last question, and refuses 13.
    fn forgetful(mut numbers: Vec<u32>) -> Call<u32> {
        async move {
            numbers.pop();
            match numbers.contains(&13) {
                true => Err(Status::failed_precondition("13")),
                false => Ok(numbers.into_iter().map(Ok).collect()),
            }
        }
        .boxed()
    }

    #[tokio::test]
    async fn a_question_without_an_answer_is_told_so() {
        let told = async |numbers| -> Vec<_> {
            let answers = ask_all(&forgetful, numbers, |status| PEER.refusal(status)).await;
            answers.into_iter().map(|answer| answer.map_err(|error| error.reason())).collect()
        };
        assert_eq!(told(vec![1, 2, 3]).await, [Ok(1), Ok(2), Err(Reason::Internal)]);
        // Each asked alone.
        assert_eq!(told(vec![13, 2]).await, [Err(Reason::Internal), Err(Reason::Internal)]);
    }

    #[tokio::test]
    async fn a_callee_that_is_away_is_asked_once() {
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let calls = Arc::new(calls);
        let counted = calls.clone();
        let away = move |_: Vec<u32>| -> Call<u32> {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async { Err(Status::unavailable("gone")) }.boxed()
        };
        let answers = ask_all(&away, vec![1, 2], |status| PEER.refusal(status)).await;
        assert!(
            answers
                .iter()
                .all(|answer| answer.as_ref().is_err_and(|error| error.reason() == Reason::EnrollmentAway))
        );
        assert_eq!((answers.len(), calls.load(std::sync::atomic::Ordering::Relaxed)), (2, 1));
    }
}
