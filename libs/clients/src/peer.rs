//! What every peer here has in common: questions asked at the same time go in one call, and a callee that cannot answer has a stated reason.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tonic::{Code, Status};
use yizhan_runtime::batcher::Batcher;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::{Reason, ServiceError};

/// Calls under way at the same time; what is asked meanwhile goes into the next one.
const CALLS: usize = 2;

/// The answer to one question.
pub(crate) type Reply<A> = Result<A, ServiceError>;

/// A call under way for several questions: their answers in order, or its refusal.
pub(crate) type Call<A> = BoxFuture<'static, Result<Vec<Reply<A>>, Status>>;

/// Questions of a kind on their way to a peer.
pub(crate) type Questions<Q, A> = Batcher<Q, Reply<A>>;

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
    /// Questions to it, in batches. `ask` makes one call for several and answers in their order.
    pub fn in_batches<Q, A>(self, ask: impl Fn(Vec<Q>) -> Call<A> + Send + Sync + 'static) -> Questions<Q, A>
    where
        Q: Clone + Send + Sync + 'static,
        A: Send + 'static,
    {
        let ask = Arc::new(ask);
        Batcher::start(CALLS, move |questions: Vec<Q>| {
            let ask = ask.clone();
            async move { ask_all(ask.as_ref(), questions, |status| self.refusal(status)).await }.boxed()
        })
    }

    /// What a question is told that was refused, or got no answer.
    pub fn refusal(&self, status: Status) -> ServiceError {
        let said = RemoteError::from(&status);
        if let Some(reason) = self.told_on.iter().find(|reason| reason.code() == said.reason) {
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

/// Asks for all at once. Where that is refused because of what one of them asks, each is asked alone: it learns its own refusal, and
/// nobody is refused for whom it happened to travel with.
async fn ask_all<Q: Clone, A>(
    ask: &(dyn Fn(Vec<Q>) -> Call<A> + Send + Sync),
    questions: Vec<Q>,
    refused: impl Fn(Status) -> ServiceError,
) -> Vec<Reply<A>> {
    let status = match ask(questions.clone()).await {
        Ok(answers) => return for_each(questions.len(), answers),
        Err(status) => status,
    };
    let about_one =
        matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition | Code::NotFound);
    if questions.len() == 1 || !about_one {
        return questions.iter().map(|_| Err(refused(status.clone()))).collect();
    }
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let alone = ask(vec![question]).await;
        match alone {
            Ok(alone) => answers.extend(for_each(1, alone)),
            Err(status) => answers.push(Err(refused(status))),
        }
    }
    answers
}

/// As many answers as questions, whatever came: a callee that says less than it was asked breaks its contract, and stops nobody else.
fn for_each<A>(questions: usize, mut answers: Vec<Reply<A>>) -> Vec<Reply<A>> {
    let given = answers.len();
    answers.resize_with(questions, || {
        Err(ServiceError::internal(anyhow::anyhow!("{given} answers to {questions} questions")))
    });
    answers
}

#[cfg(test)]
mod tests {

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
