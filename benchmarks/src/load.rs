//! Two kinds of load: as fast as it goes (closed loop), and so many a second whatever the answers do (constant arrival).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::try_join_all;

/// How long things took, sorted.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Of these.
    pub fn of(mut times: Vec<Duration>) -> Latencies {
        times.sort_unstable();
        Latencies(times)
    }

    /// The time that so many in a hundred thousand did not exceed: 50,000 is the median.
    pub fn percentile(&self, per_100_000: usize) -> Duration {
        let rank = (self.0.len() * per_100_000).div_ceil(100_000);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// What came of a closed loop.
#[derive(Debug)]
pub struct Rate {
    /// Jobs done.
    pub done: u64,
    /// In this time.
    pub elapsed: Duration,
}

impl Rate {
    /// A second.
    pub fn per_second(&self) -> u64 {
        self.done * 1_000_000 / self.elapsed.as_micros().max(1) as u64
    }
}

/// When a closed loop ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After so many jobs.
    Done(u64),
}

/// Keeps `in_flight` jobs going. The first error ends everything: a benchmark of failures is worth nothing.
pub async fn closed_loop<F, Fut>(in_flight: usize, until: Until, job: F) -> anyhow::Result<Rate>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let job = Arc::new(job);
    let begun = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let workers = (0..in_flight).map(|_| {
        let (job, begun) = (job.clone(), begun.clone());
        tokio::spawn(async move {
            let mut done = 0;
            while match until {
                Until::Elapsed(time) => start.elapsed() < time,
                Until::Done(count) => begun.fetch_add(1, Ordering::Relaxed) < count,
            } {
                job().await?;
                done += 1;
            }
            anyhow::Ok(done)
        })
    });
    let mut done = 0;
    for worker in try_join_all(workers).await? {
        done += worker?;
    }
    Ok(Rate { done, elapsed: start.elapsed() })
}

/// Starts `per_second` jobs a second, evenly, for a time. Each latency is counted from the moment the job was due, so that
/// a job that starts late because of slow ones before it is counted as slow (no coordinated omission).
pub async fn constant_arrival<F, Fut>(per_second: u32, time: Duration, job: F) -> anyhow::Result<Latencies>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let job = Arc::new(job);
    let gap = Duration::from_secs(1) / per_second;
    let count = per_second * time.as_secs() as u32;
    let start = Instant::now();
    let mut running = Vec::with_capacity(count as usize);
    for number in 0..count {
        let due = start + gap * number;
        tokio::time::sleep_until(due.into()).await;
        let job = job.clone();
        running.push(tokio::spawn(async move { job().await.map(|()| due.elapsed()) }));
    }
    let times = try_join_all(running).await?;
    Ok(Latencies::of(times.into_iter().collect::<anyhow::Result<_>>()?))
}

/// The same, where jobs may come to something else than being done: what they came to, and how long after it was due.
pub async fn arrivals<T, F, Fut>(
    per_second: u64,
    time: Duration,
    job: F,
) -> anyhow::Result<Vec<(T, Duration)>>
where
    T: Send + 'static,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let job = Arc::new(job);
    let start = Instant::now();
    let mut running = Vec::new();
    // A timer is not finer than a millisecond: what is due is begun together.
    while start.elapsed() < time {
        let due = u64::try_from(start.elapsed().as_micros())? * per_second / 1_000_000;
        let begun = Instant::now();
        while (running.len() as u64) < due {
            let job = job.clone();
            running.push(tokio::spawn(async move { (job().await, begun.elapsed()) }));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(try_join_all(running).await?)
}
