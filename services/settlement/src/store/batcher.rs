//! Gathers jobs that arrive at the same time, so that many of them share one round trip or one
//! durable commit. Nothing waits to fill a batch: what is there when a worker is free is taken.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::{Mutex, mpsc, oneshot};
use yizhan_runtime::ServiceError;

/// Jobs in one batch at most: bounds the length of a transaction.
const BATCH_LIMIT: usize = 64;
/// Jobs that may wait; more wait at the sender.
const QUEUE_LIMIT: usize = 4096;

type Waiting<J, R> = (J, oneshot::Sender<R>);

/// Hands jobs to workers in batches. Cheap to clone.
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
        let (queue, waiting) = mpsc::channel(QUEUE_LIMIT);
        let waiting = Arc::new(Mutex::new(waiting));
        let handle = Arc::new(handle);
        for _ in 0..workers {
            tokio::spawn(work(waiting.clone(), handle.clone()));
        }
        Batcher { queue }
    }

    /// Does a job. Once accepted it is done even if the caller goes away.
    pub async fn submit(&self, job: J) -> Result<R, ServiceError> {
        let (answer, answered) = oneshot::channel();
        let gone = || ServiceError::internal(anyhow::anyhow!("a batch worker has ended"));
        self.queue.send((job, answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

async fn work<J, R, H>(waiting: Arc<Mutex<mpsc::Receiver<Waiting<J, R>>>>, handle: Arc<H>)
where
    H: Fn(Vec<J>) -> BoxFuture<'static, Vec<R>>,
{
    loop {
        let mut batch = Vec::new();
        if waiting.lock().await.recv_many(&mut batch, BATCH_LIMIT).await == 0 {
            return;
        }
        let (jobs, answers): (Vec<J>, Vec<oneshot::Sender<R>>) = batch.into_iter().unzip();
        for (result, answer) in handle(jobs).await.into_iter().zip(answers) {
            // A caller that went away does not need its answer.
            let _ = answer.send(result);
        }
    }
}
