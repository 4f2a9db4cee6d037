//! Work in the background that outlives its defects: a panic is logged and counted, and the work goes on after a pause.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

/// Pause after a panic; after a failure too, where the work is not done more often anyway.
const PAUSE: Duration = if cfg!(test) { Duration::from_millis(10) } else { Duration::from_secs(5) };

/// Does some work; `None` if it panicked, which ends nothing else. The panic hook has printed what it was.
pub async fn surviving<T>(task: &str, work: impl Future<Output = T>) -> Option<T> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    if done.is_err() {
        tracing::error!(task, "work in the background panicked");
    }
    done.ok()
}

/// Sets endless work going, until the server stops. If it panics it is begun anew.
pub fn keep<F>(
    task: &'static str,
    stopping: &CancellationToken,
    mut begin: impl FnMut() -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    spawn(stopping, async move {
        while surviving(task, async { begin().await }).await.is_none() {
            tokio::time::sleep(PAUSE).await;
        }
    });
}

/// Sets work going that is done now and then at intervals, until the server stops. What fails or panics is tried again.
pub fn every<F, E>(
    task: &'static str,
    stopping: &CancellationToken,
    interval: Duration,
    mut work: impl FnMut() -> F + Send + 'static,
) where
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send,
{
    spawn(stopping, async move {
        loop {
            let done = surviving(task, async { work().await }).await;
            if let Some(Err(error)) = &done {
                tracing::warn!(task, %error, "work in the background failed; it is tried again");
            }
            let pause = if matches!(done, Some(Ok(()))) { interval } else { interval.min(PAUSE) };
            tokio::time::sleep(pause).await;
        }
    });
}

fn spawn(stopping: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(stopping.clone().run_until_cancelled_owned(work));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    const LONG: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn what_panics_once_goes_on() {
        let (stopping, kept, repeated) = (CancellationToken::new(), Arc::default(), Arc::default());
        let begun: Arc<AtomicUsize> = Arc::clone(&kept);
        keep("kept", &stopping, move || {
            // Before there is anything to wait for, too.
            assert!(begun.fetch_add(1, SeqCst) > 0, "a defect");
            std::future::pending()
        });
        let done: Arc<AtomicUsize> = Arc::clone(&repeated);
        every("repeated", &stopping, LONG, move || {
            let nth = done.fetch_add(1, SeqCst);
            async move {
                assert!(nth != 1, "a defect");
                if nth == 0 { Err("it fails") } else { Ok(()) }
            }
        });
        tokio::time::sleep(LONG / 2).await;
        assert_eq!((kept.load(SeqCst), repeated.load(SeqCst)), (2, 3), "failed, panicked, done");
        tokio::time::sleep(LONG).await;
        assert_eq!(repeated.load(SeqCst), 4);
        stopping.cancel();
        tokio::time::sleep(2 * LONG).await;
        assert_eq!((kept.load(SeqCst), repeated.load(SeqCst)), (2, 4), "none goes on when the server stops");
    }
}
