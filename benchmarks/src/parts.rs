//! The measurements, in order.

use std::time::{Duration, Instant};

use prost::Message;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_testkit::TestDatabase;

use crate::bare_transaction::BareTransaction;
use crate::bill::Kind;
use crate::load::{Until, closed_loop, constant_arrival};
use crate::options::{Options, Part};
use crate::platform::Platform;
use crate::report::{Report, count, ms, ratio, us};
use crate::settling::Settling;
use crate::{
    audit, bare_server, bill, engine, filings, lookups, machine, overload, qualifications, rosters, scale,
    soak, telemetry, trial,
};

/// Bare transactions in flight; the best counts.
const BARE_IN_FLIGHT: [usize; 3] = [16, 32, 64];
/// Settlements in flight; the best counts.
const SETTLE_IN_FLIGHT: [usize; 3] = [64, 128, 256];
/// Settlements a second that arrive whatever the answers do.
const ARRIVALS: u32 = 250;

/// Measures everything that is wanted.
pub async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    if options.wants(Part::Trial) {
        trial::measure(options, report)?;
    }
    if options.wants(Part::Settlement) {
        settlement(options, report).await?;
    }
    if options.wants(Part::Lookups) {
        lookups::measure(options, report).await?;
    }
    if options.wants(Part::Filings) {
        filings::measure(options, report).await?;
    }
    if options.wants(Part::Rosters) {
        rosters::measure(options, report).await?;
    }
    if options.wants(Part::Audit) {
        audit::measure(options, report).await?;
    }
    if options.wants(Part::Credit) {
        qualifications::measure(options, report).await?;
    }
    if options.wants(Part::Overload) {
        overload::measure(options, report).await?;
    }
    if options.wants(Part::Soak) {
        soak::measure(options, report).await?;
    }
    if options.wants(Part::Scale) {
        scale::measure(options, report).await?;
    }
    if options.wants(Part::Telemetry) {
        telemetry::measure(options, report).await?;
    }
    Ok(())
}

async fn settlement(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    measure_engine(report)?;
    let bare_database = TestDatabase::postgres_durable();
    let bare = BareTransaction::prepare(bare_database.url(), 64).await?;
    report.info("PostgreSQL", server_version(bare_database.url()).await?);
    let databases = [TestDatabase::postgres_durable(), TestDatabase::postgres_durable()];
    let platform = Platform::start(databases).await?;
    let start = Instant::now();
    platform.register(options.people).await?;
    eprintln!("{} people imported in {} s", count(options.people), start.elapsed().as_secs());
    platform.wait_for_the_follower().await?;
    let settling = Settling::on(&platform, options.people)?;

    let first_kib = memory_after(options.warm_up, &platform, &settling).await?;
    for kind in [Kind::Clinic, Kind::Stay] {
        measure_settle(options, report, &bare, &platform, (kind, &settling.of(kind)?)).await?;
    }
    let last_kib = memory_after(options.settlements, &platform, &settling).await?;
    report_memory(report, options, &settling, first_kib, last_kib);
    measure_arrivals(options, report, &settling).await?;
    measure_preview(options, report, &settling).await?;
    settling.check_books().await?;
    drop(platform);
    measure_sqlite(options, report).await
}

fn measure_engine(report: &mut Report) -> anyhow::Result<()> {
    let engine = engine::measure()?;
    let median = engine.times.percentile(50_000);
    let times = format!("median {}, p99 {}", us(median), us(engine.times.percentile(99_000)));
    let what = format!("Engine: ten lines, {} payers, full trace, one core", engine.payers);
    report.target(what, times, "median ≤ 20 µs", median <= Duration::from_micros(20));
    report.info("Engine: allocations of one settlement", count(engine.allocations));
    Ok(())
}

async fn server_version(url: &str) -> anyhow::Result<String> {
    let db = db::connect(&DatabaseConfig::at(url)).await?;
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, "SHOW server_version")).await?;
    Ok(row.map(|row| row.try_get("", "server_version")).transpose()?.unwrap_or_default())
}

/// Settles until so many are settled in all; resident memory of settlement then.
async fn memory_after(settlements: u64, platform: &Platform, settling: &Settling) -> anyhow::Result<u64> {
    let left = settlements.saturating_sub(settling.so_far());
    let job = settling.clone();
    closed_loop(SETTLE_IN_FLIGHT[2], Until::Done(left), move || job.clone().settle()).await?;
    Ok(machine::resident_kib(platform.settlement_pid()))
}

fn report_memory(report: &mut Report, options: &Options, settling: &Settling, first_kib: u64, last_kib: u64) {
    let measured = format!(
        "{} MiB after {}, {} MiB after {}",
        first_kib / 1024,
        count(options.warm_up),
        last_kib / 1024,
        count(settling.so_far()),
    );
    let flat = last_kib * 100 <= first_kib * 110;
    report.target("Memory of settlement", measured, "flat within 10 %", flat);
}

/// The bare transaction and settle in turns, so that both see the same machine.
async fn measure_settle(
    options: &Options,
    report: &mut Report,
    bare: &BareTransaction,
    platform: &Platform,
    (kind, settling): (Kind, &Settling),
) -> anyhow::Result<()> {
    let until = Until::Elapsed(options.rate_time);
    let (mut bare_sum, mut settle_sum) = (0, 0);
    for round in 1..=options.rounds {
        let (mut best_bare, mut best_settle) = ((0, 0), (0, 0));
        for (transactions, settlements) in BARE_IN_FLIGHT.into_iter().zip(SETTLE_IN_FLIGHT) {
            let rate = bare.rate(transactions, until).await?;
            best_bare = best_bare.max((rate.per_second(), transactions));
            let usage = Usage::of(platform);
            let job = settling.clone();
            let rate = closed_loop(settlements, until, move || job.clone().settle()).await?;
            best_settle = best_settle.max((rate.per_second(), settlements));
            eprintln!(
                "{settlements} in flight: {} a second; {}",
                rate.per_second(),
                usage.per_job(platform, rate.done)
            );
        }
        let ((bare, transactions), (settle, settlements)) = (best_bare, best_settle);
        report.info(
            format!("Round {round}: bare durable transaction; settle a {}", kind.label()),
            format!(
                "{}/s ({transactions} in flight); {}/s ({settlements} in flight); ratio {}",
                count(bare),
                count(settle),
                ratio(settle, bare)
            ),
        );
        bare_sum += bare;
        settle_sum += settle;
    }
    report.target(
        format!("Settle a {} over gRPC, PostgreSQL, durable, against the bare transaction", kind.label()),
        format!("ratio {}", ratio(settle_sum, bare_sum)),
        "≥ 0.50",
        settle_sum * 2 >= bare_sum,
    );
    Ok(())
}

/// CPU used so far, milliseconds.
struct Usage {
    settlement: u64,
    enrollment: u64,
    postgres: u64,
    load: u64,
}

impl Usage {
    fn of(platform: &Platform) -> Usage {
        Usage {
            settlement: machine::cpu_ms(platform.settlement_pid()),
            enrollment: machine::cpu_ms(platform.enrollment_pid()),
            postgres: machine::postgres_cpu_ms(),
            load: machine::cpu_ms(std::process::id()),
        }
    }

    /// Microseconds of each for one job since.
    fn per_job(&self, platform: &Platform, jobs: u64) -> String {
        let now = Usage::of(platform);
        let of = |before: u64, after: u64| (after - before) * 1000 / jobs.max(1);
        format!(
            "CPU each: settlement {} µs, enrollment {} µs, PostgreSQL {} µs, load generator {} µs",
            of(self.settlement, now.settlement),
            of(self.enrollment, now.enrollment),
            of(self.postgres, now.postgres),
            of(self.load, now.load)
        )
    }
}

async fn measure_arrivals(options: &Options, report: &mut Report, settling: &Settling) -> anyhow::Result<()> {
    let job = settling.clone();
    let times = constant_arrival(ARRIVALS, options.arrival_time, move || job.clone().settle()).await?;
    let p99 = times.percentile(99_000);
    report.target(
        format!("Settle at {ARRIVALS}/s, constant arrival, {} settlements", count(times.count() as u64)),
        format!("p50 {}, p99 {}, max {}", ms(times.percentile(50_000)), ms(p99), ms(times.max())),
        "p99 ≤ 50 ms",
        p99 <= Duration::from_millis(50),
    );
    Ok(())
}

async fn measure_preview(options: &Options, report: &mut Report, settling: &Settling) -> anyhow::Result<()> {
    const IN_FLIGHT: usize = 128;
    let answer = settling.clone().preview(0).await?;
    let visit = bill::visit(Kind::Stay, "B00000000", "ZY")?;
    report.info("Bytes of an answer", count(answer.encoded_len() as u64));
    let bare = bare_server::rate(visit, answer, IN_FLIGHT, options.rate_time).await?.per_second();
    let job = settling.clone();
    let people = std::sync::atomic::AtomicU64::new(0);
    let preview = closed_loop(IN_FLIGHT, Until::Elapsed(options.rate_time), move || {
        let number = people.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let job = job.clone();
        async move { job.preview(number).await.map(|_| ()) }
    });
    let preview = preview.await?.per_second();
    report.info(
        "Preview against a bare tonic server answering the same bytes",
        format!("{}/s of {}/s; ratio {}", count(preview), count(bare), ratio(preview, bare)),
    );
    Ok(())
}

async fn measure_sqlite(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let platform = Platform::start([TestDatabase::sqlite(), TestDatabase::sqlite()]).await?;
    let people = options.people.min(5_000);
    platform.register(people).await?;
    let settling = Settling::on(&platform, people)?;
    let job = settling.clone();
    let rate = closed_loop(64, Until::Elapsed(options.rate_time), move || job.clone().settle()).await?;
    settling.check_books().await?;
    report.info("Settle over gRPC on SQLite files", format!("{}/s", count(rate.per_second())));
    Ok(())
}
