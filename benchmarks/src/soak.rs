//! A long time at one rate, with everything on: all five services, audit and credit asked about every visit, everybody following whom they
//! follow, a cache, TLS both ways, metrics, traces and logs. Memory and latency are to be flat, nothing is to fail, and the books are to balance.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yizhan_runtime::config::{DatabaseConfig, Service};
use yizhan_runtime::db;

use crate::bill::Kind;
use crate::everything::Everything;
use crate::load::{Latencies, constant_arrival};
use crate::machine;
use crate::options::Options;
use crate::platform::Platform;
use crate::report::{Report, count, ms, ratio};
use crate::settling::Settling;

/// How long audit may need to hear of the last settlement.
const CATCHES_UP: Duration = Duration::from_secs(120);
/// What memory may grow by from the end of the first third on, of a hundred: within it nothing is told apart from chance.
const GROWTH: u64 = 10;
/// By how much the last third's p99 may be above the first's, in hundredths.
const SLOWER: u64 = 150;

/// What was seen in one stretch of time.
struct Sample {
    times: Latencies,
    resident_kib: Vec<(Service, u64)>,
    postgres_cpu_ms: u64,
}

/// Runs it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let everything = Everything::new().await?;
    let platform = Platform::start_all(&everything).await?;
    platform.register(options.people).await?;
    platform.wait_for_the_follower().await?;
    let settling = Settling::on(&platform, options.people)?.of(Kind::Clinic)?;
    let mut samples = Vec::new();
    let begun = Instant::now();
    for number in 1..=options.soak_samples {
        let cpu = machine::postgres_cpu_ms();
        let job = settling.clone();
        let times = constant_arrival(options.soak_rate, options.soak_sample, move || job.clone().settle());
        let times = times.await.with_context(|| format!("in stretch {number}"))?;
        let resident_kib =
            platform.pids().into_iter().map(|(service, pid)| (service, machine::resident_kib(pid))).collect();
        let sample = Sample { times, resident_kib, postgres_cpu_ms: machine::postgres_cpu_ms() - cpu };
        tell(report, number, &sample);
        samples.push(sample);
    }
    let lasted = begun.elapsed();
    settling.check_books().await?;
    audit_has_heard(&platform, settling.so_far()).await?;
    let what = format!(
        "Soak: settle at {}/s for {} s, all five services, TLS and telemetry on; books balance, audit has heard of all",
        options.soak_rate,
        lasted.as_secs()
    );
    report.info(what, format!("{} settlements, none failed", count(settling.so_far())));
    judge_latency(report, &samples);
    judge_memory(report, &samples);
    Ok(())
}

fn tell(report: &mut Report, number: u64, sample: &Sample) {
    let memory = sample.resident_kib.iter().map(|(service, kib)| format!("{service} {}", kib / 1024));
    report.info(
        format!("Soak, stretch {number}"),
        format!(
            "p50 {}, p99 {}, max {}; MiB: {}; CPU of PostgreSQL {} ms",
            ms(sample.times.percentile(50_000)),
            ms(sample.times.percentile(99_000)),
            ms(sample.times.max()),
            memory.collect::<Vec<_>>().join(", "),
            count(sample.postgres_cpu_ms)
        ),
    );
}

/// The median of the p99 of each third: one stretch in which the machine did something else counts for nothing.
fn judge_latency(report: &mut Report, samples: &[Sample]) {
    let p99 = |samples: &[Sample]| {
        let mut all: Vec<_> = samples.iter().map(|sample| sample.times.percentile(99_000)).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    let third = samples.len().div_ceil(3);
    let (first, last) = (p99(&samples[..third]), p99(&samples[samples.len() - third..]));
    let (first_us, last_us) = (first.as_micros() as u64, last.as_micros() as u64);
    report.target(
        "Soak: p99 of the last third against the first",
        format!("{} against {}; ratio {}", ms(last), ms(first), ratio(last_us, first_us)),
        "≤ 1.50",
        last_us * 100 <= first_us * SLOWER,
    );
}

/// From the end of the first third on; the slope is that of the straight line that fits best.
fn judge_memory(report: &mut Report, samples: &[Sample]) {
    let warm = &samples[samples.len() / 3..];
    for (at, (service, first)) in warm[0].resident_kib.iter().enumerate() {
        let kib: Vec<i64> = warm.iter().map(|sample| sample.resident_kib[at].1 as i64).collect();
        let growth = slope_over_all(&kib);
        report.target(
            format!("Soak: memory of {service} behind the first third"),
            format!(
                "{} MiB, then {} MiB; slope {growth} KiB over all",
                first / 1024,
                kib[kib.len() - 1] / 1024
            ),
            "≤ 10 % more",
            growth <= (first * GROWTH / 100) as i64,
        );
    }
}

/// Least squares, over equal steps: what the fitted line rises by from the first to the last.
fn slope_over_all(values: &[i64]) -> i64 {
    let count = values.len() as i64;
    // Twice the distance from the middle, so that it is whole.
    let distance = |at: usize| 2 * at as i64 - (count - 1);
    let of_values: i64 = values.iter().enumerate().map(|(at, value)| distance(at) * value).sum();
    let of_steps: i64 = (0..values.len()).map(|at| distance(at) * distance(at)).sum();
    2 * of_values * (count - 1) / of_steps.max(1)
}

async fn audit_has_heard(platform: &Platform, settlements: u64) -> anyhow::Result<()> {
    let database = platform.others_databases().get(1).context("audit's database")?;
    let db = db::connect(&DatabaseConfig::at(database.url())).await?;
    let begun = Instant::now();
    loop {
        let asked = Statement::from_string(DbBackend::Postgres, "SELECT COUNT(*) AS heard FROM visit");
        let row = db.query_one_raw(asked).await?.context("a count")?;
        let heard: i64 = row.try_get("", "heard")?;
        if heard as u64 == settlements {
            return Ok(());
        }
        ensure!(begun.elapsed() < CATCHES_UP, "audit has heard of {heard} of {settlements}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
