//! Gathers jobs that arrive at the same time, so that many of them share one round trip or one
//! durable commit. Nothing waits to fill a batch: what is there when a worker is free is taken. A
//! batch belongs to the trace of the first job in it. A panic ends the batch it came up in, and nothing else.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::DbErr;
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::{Instrument, Span};

use crate::db::{Failure, classify};
use crate::error::ServiceError;
use crate::task::surviving;
use crate::trace;

/// Jobs in one batch at most, where its worker takes no other number.
const BATCH_LIMIT: usize = 64;
/// Jobs that may wait; more wait at the sender.
const QUEUE_LIMIT: usize = 4096;

type Waiting<J, R> = (J, Span, oneshot::Sender<R>);

/// Hands jobs to workers in batches. Cheap to clone.
#[derive(Debug)]
pub struct Batcher<J, R> {
    queue: mpsc::Sender<Waiting<J, R>>,
}

impl<J, R> Clone for Batcher<J, R> {
    fn clone(&self) -> Self {
        Batcher { queue: self.queue.clone() }
    }
}

impl<J: Send + 'static, R: Send + 'static> Batcher<J, R> {
    /// Starts `workers` that each handle one batch at a time. `handle` answers every job, in order.
    pub fn start(
        workers: usize,
        handle: impl Fn(Vec<J>) -> BoxFuture<'static, Vec<R>> + Send + Sync + 'static,
    ) -> Self {
        Batcher::start_with((workers, BATCH_LIMIT), handle)
    }

    /// The same, with batches of at most so many: bounds the length of a transaction.
    pub fn start_with(
        (workers, most): (usize, usize),
        handle: impl Fn(Vec<J>) -> BoxFuture<'static, Vec<R>> + Send + Sync + 'static,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_LIMIT);
        let waiting = Arc::new(Mutex::new(waiting));
        let handle = Arc::new(handle);
        for _ in 0..workers {
            tokio::spawn(work(waiting.clone(), most, handle.clone()));
        }
        Batcher { queue }
    }

    /// Does a job. Once accepted it is done even if the caller goes away.
    pub async fn submit(&self, job: J) -> Result<R, ServiceError> {
        let (answer, answered) = oneshot::channel();
        let gone = || ServiceError::internal(anyhow::anyhow!("the batch of this job panicked"));
        self.queue.send((job, Span::current(), answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

impl<J, R> Batcher<J, Result<R, ServiceError>>
where
    J: Clone + Send + Sync + 'static,
    R: Send + 'static,
{
    /// Starts `workers` that read: `read` finds what is asked for, in order. A batch that fails is read one by one, so
    /// that each asker learns its own error and one damaged row stops nobody else; but not when the database is away.
    pub fn start_reading(
        workers: usize,
        read: impl Fn(Vec<J>) -> BoxFuture<'static, Result<Vec<R>, DbErr>> + Send + Sync + 'static,
    ) -> Self {
        let read = Arc::new(read);
        Batcher::start(workers, move |jobs| read_all(read.clone(), jobs).boxed())
    }
}

async fn read_all<J, R, F>(read: Arc<F>, jobs: Vec<J>) -> Vec<Result<R, ServiceError>>
where
    J: Clone,
    F: Fn(Vec<J>) -> BoxFuture<'static, Result<Vec<R>, DbErr>>,
{
    match read(jobs.clone()).await {
        Ok(found) => return found.into_iter().map(Ok).collect(),
        Err(error) if classify(&error) == Failure::Away => {
            let away = ServiceError::from(error);
            return jobs.iter().map(|_| Err(away.duplicate())).collect();
        }
        Err(_) => {}
    }
    let mut found = Vec::with_capacity(jobs.len());
    for job in jobs {
        found.push(read(vec![job]).await.map(|mut one| one.remove(0)).map_err(ServiceError::from));
    }
    found
}

async fn work<J, R, H>(waiting: Arc<Mutex<mpsc::Receiver<Waiting<J, R>>>>, most: usize, handle: Arc<H>)
where
    H: Fn(Vec<J>) -> BoxFuture<'static, Vec<R>>,
{
    loop {
        let mut batch = Vec::new();
        if waiting.lock().await.recv_many(&mut batch, most).await == 0 {
            return;
        }
        let span = span_of(batch.iter().map(|(_, span, _)| span));
        let (jobs, answers): (Vec<J>, Vec<oneshot::Sender<R>>) =
            batch.into_iter().map(|(job, _, answer)| (job, answer)).unzip();
        let handled = surviving("a batch", async { handle(jobs).await }).instrument(span).await;
        // After a panic the jobs lose their answers, which is told each as INTERNAL.
        let Some(results) = handled else { continue };
        for (result, answer) in results.into_iter().zip(answers) {
            // A caller that went away does not need its answer.
            let _ = answer.send(result);
        }
    }
}

/// The trace of a batch: that of the first job whose trace is exported.
fn span_of<'s>(mut spans: impl Iterator<Item = &'s Span>) -> Span {
    let first = spans.next().cloned().unwrap_or_else(Span::none);
    let recorded = |span: &&Span| span.in_scope(trace::is_recorded);
    if first.is_none() || recorded(&&first) {
        return first;
    }
    spans.find(recorded).cloned().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_batch_and_the_worker_lives_on() {
        let doubled = Batcher::start(1, |jobs: Vec<i32>| {
            async move {
                assert!(!jobs.contains(&13), "a defect");
                jobs.into_iter().map(|job| 2 * job).collect()
            }
            .boxed()
        });
        for _ in 0..2 {
            let refused =
                doubled.submit(13).await.map_err(tonic::Status::from).err().map(|status| status.code());
            assert_eq!(refused, Some(tonic::Code::Internal));
            assert_eq!(doubled.submit(4).await.ok(), Some(8));
        }
        let read = Batcher::start_reading(1, |jobs: Vec<i32>| {
            // Before there is anything to wait for, too.
            assert!(!jobs.contains(&13), "a defect");
            async move { Ok(jobs) }.boxed()
        });
        assert!(read.submit(13).await.is_err());
        assert!(matches!(read.submit(4).await, Ok(Ok(4))));
    }
}
