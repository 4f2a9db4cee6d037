//! Eligibility lookups with Redis, beside a bare server that does one GET; at a constant rate; with Redis away; and cold.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use http::uri::PathAndQuery;
use prost::Message;
use sea_orm::ConnectionTrait;
use tonic::Request;
use tonic::client::Grpc;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    GetCacheStatusRequest, GetCacheStatusResponse, GetEligibilityRequest, GetEligibilityResponse,
};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_testkit::{RedisServer, ServiceProcess, TestDatabase};

use crate::load::{Until, closed_loop, constant_arrival};
use crate::options::Options;
use crate::platform::{channel, psn_no, service};
use crate::raw::RawAnswer;
use crate::report::{Report, count, ms, ratio};
use crate::{bare_lookup, machine};

/// Questions in flight.
const IN_FLIGHT: usize = 128;
/// Questions a second that arrive whatever the answers do.
const ARRIVALS: u32 = 1000;
/// Connections of the load generator.
const CONNECTIONS: usize = 4;
/// Every so-manieth answer is looked into.
const CHECKED: u64 = 64;
/// Askers of one cold key at the same time.
const ASKERS: u64 = 8;
/// Keys asked for cold.
const COLD_KEYS: u64 = 20_000;
const GET_ELIGIBILITY: PathAndQuery =
    PathAndQuery::from_static("/yizhan.enrollment.v1.EnrollmentService/GetEligibility");

/// What a person's timeline holds: a pause, an identity and a membership among it, as a real one may.
const TIMELINE: &str = r#"{"person":{"psn_name_masked":"张**","gend":"1","brdy":"1975-04-12"},"coverages":[{"insutype":"310","psn_type":"11","state":"Normal","period":{"begndate":"2010-01-01","enddate":"2023-06-30"}},{"insutype":"310","psn_type":"11","state":"Paused","period":{"begndate":"2023-07-01","enddate":"2023-08-31"},"psn_chg_type":"22"},{"insutype":"310","psn_type":"11","state":"Normal","period":{"begndate":"2023-09-01"},"psn_chg_type":"12"}],"identities":[{"psn_idet_type":"2303","name":"低保","period":{"begndate":"2022-01-01"},"department":"civil-affairs"}],"memberships":[{"kind":"Union","category":"","series":"","period":{"begndate":"2015-01-01"}},{"kind":"Commercial","category":"惠民保2024","series":"惠民保","period":{"begndate":"2024-01-01","enddate":"2024-12-31"}}],"account_shares":[]}"#;

/// Measures all of it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let database = TestDatabase::postgres_durable();
    let mut redis = RedisServer::start();
    let start = service("yizhan-enrollment", &database)?.env("YIZHAN_CACHE_URL", redis.url()).start();
    let enrollment = start.await;
    seed(database.url(), options.insured).await?;
    fill_bare(&redis, options.insured).await?;
    let (_bare, bare_url) = bare_lookup::start(&redis.url()).await?;
    let bare = Asking::of(&bare_url, options.insured, false)?;
    let asking = Asking::of(&enrollment.url(), options.insured, true)?;

    warm_up(options, &asking).await?;
    against_bare(options, report, &bare, &asking, &enrollment).await?;
    at_a_constant_rate(options, report, &asking).await?;
    cold(report, &redis, &asking).await?;
    redis.kill();
    let away = rate(options, &asking).await?;
    report.info("Eligibility lookups while Redis is away, from PostgreSQL", format!("{}/s", count(away)));
    Ok(())
}

/// Persons by SQL: a million imports would take longer than everything that is measured.
async fn seed(url: &str, people: u64) -> anyhow::Result<()> {
    let db = db::connect(&DatabaseConfig::at(url)).await?;
    let sql = format!(
        "INSERT INTO entitlement_timeline (psn_no, poolarea_no, version, timeline)
         SELECT 'B' || lpad(n::text, 8, '0'), '430200', 1, '{TIMELINE}' FROM generate_series(0, {people} - 1) n"
    );
    // In one go, so that it is one connection that waits without a limit.
    db.execute_unprepared(&format!("SET statement_timeout = 0; {sql}; ANALYZE entitlement_timeline")).await?;
    Ok(())
}

/// A value as long as a cached timeline for everybody the bare server may be asked for.
async fn fill_bare(redis: &RedisServer, people: u64) -> anyhow::Result<()> {
    let client = redis::Client::open(redis.url())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let value = "x".repeat(TIMELINE.len() + 32);
    let numbers: Vec<u64> = (0..people).collect();
    for some in numbers.chunks(10_000) {
        let mut pipe = redis::pipe();
        some.iter().for_each(|number| _ = pipe.set(bare_lookup::key(&psn_no(*number)), &value).ignore());
        pipe.query_async::<()>(&mut connection).await?;
    }
    Ok(())
}

async fn warm_up(options: &Options, asking: &Asking) -> anyhow::Result<()> {
    let status = asking.status().await?;
    ensure!(status.backend == "redis", "the cache is {}", status.backend);
    // Everybody once: the bare server finds every key too.
    let (asking, next) = (asking.clone(), Arc::new(AtomicU64::new(0)));
    let job = move || asking.clone().ask(next.fetch_add(1, Ordering::Relaxed) % asking.people);
    closed_loop(IN_FLIGHT, Until::Done(options.insured), job).await?;
    Ok(())
}

async fn rate(options: &Options, asking: &Asking) -> anyhow::Result<u64> {
    let asking = asking.clone();
    let rate = closed_loop(IN_FLIGHT, Until::Elapsed(options.rate_time), move || asking.clone().skewed());
    Ok(rate.await?.per_second())
}

/// In turns, so that both see the same machine.
async fn against_bare(
    options: &Options,
    report: &mut Report,
    bare: &Asking,
    asking: &Asking,
    enrollment: &ServiceProcess,
) -> anyhow::Result<()> {
    let (mut bare_sum, mut lookup_sum) = (0, 0);
    let (before, start) = (asking.status().await?, machine::cpu_ms(enrollment.pid()));
    let mut rounds = Vec::new();
    for _ in 0..options.rounds.max(2) {
        let (of_bare, of_lookup) = (rate(options, bare).await?, rate(options, asking).await?);
        rounds.push(format!("{}/s of {}/s", count(of_lookup), count(of_bare)));
        bare_sum += of_bare;
        lookup_sum += of_lookup;
    }
    let (after, cpu) = (asking.status().await?, machine::cpu_ms(enrollment.pid()) - start);
    let hits = (after.hits - before.hits) as u64;
    let all = hits + (after.misses - before.misses + after.away - before.away) as u64;
    eprintln!("enrollment used {} µs of CPU for each lookup", cpu * 1000 / all.max(1));
    report.target(
        format!(
            "Eligibility lookups over gRPC with Redis, {IN_FLIGHT} in flight, {} people, against a bare server with one GET",
            count(options.insured)
        ),
        format!(
            "{}: ratio {}; {}.{} % from the cache",
            rounds.join(", "),
            ratio(lookup_sum, bare_sum),
            hits * 100 / all.max(1),
            hits * 1000 / all.max(1) % 10,
        ),
        "≥ 0.80",
        lookup_sum * 10 >= bare_sum * 8,
    );
    Ok(())
}

async fn at_a_constant_rate(options: &Options, report: &mut Report, asking: &Asking) -> anyhow::Result<()> {
    let job = asking.clone();
    let times = constant_arrival(ARRIVALS, options.arrival_time, move || job.clone().skewed()).await?;
    let p99 = times.percentile(99_000);
    report.target(
        format!(
            "Eligibility lookups at {}/s, constant arrival, {} lookups",
            count(ARRIVALS.into()),
            count(times.count() as u64)
        ),
        format!("p50 {}, p99 {}, max {}", ms(times.percentile(50_000)), ms(p99), ms(times.max())),
        "p99 ≤ 5 ms",
        p99 <= Duration::from_millis(5),
    );
    Ok(())
}

/// An empty cache, and several who ask for each person at the same time.
async fn cold(report: &mut Report, redis: &RedisServer, asking: &Asking) -> anyhow::Result<()> {
    let generations = asking.status().await?.generations;
    redis.flush();
    let patience = Instant::now();
    let before = loop {
        let status = asking.status().await?;
        if status.generations > generations && status.confirmed_age_ms >= 0 {
            break status;
        }
        ensure!(patience.elapsed() < Duration::from_secs(20), "the cache does not come back: {status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let keys = COLD_KEYS.min(asking.people);
    let start = Instant::now();
    for from in (0..keys).step_by(16) {
        let askers = (from..keys.min(from + 16)).flat_map(|number| (0..ASKERS).map(move |_| number));
        try_join_all(askers.map(|number| asking.clone().ask(number))).await?;
    }
    let elapsed = start.elapsed();
    let after = asking.status().await?;
    let loads = (after.loads - before.loads) as u64;
    report.target(
        format!(
            "Cold cache: {} people, {ASKERS} ask for each at once: loads from the database per key",
            count(keys)
        ),
        format!(
            "{}; {}/s",
            ratio(loads, keys),
            count(keys * ASKERS * 1000 / elapsed.as_millis().max(1) as u64)
        ),
        "≤ 1",
        loads <= keys,
    );
    Ok(())
}

/// A load generator. Cheap to clone.
#[derive(Clone)]
struct Asking {
    channels: Arc<Vec<PeerChannel>>,
    people: u64,
    next: Arc<AtomicU64>,
    random: Arc<RandomState>,
    /// Whether answers are eligibilities.
    checked: bool,
}

impl Asking {
    fn of(url: &str, people: u64, checked: bool) -> anyhow::Result<Asking> {
        let channels = (0..CONNECTIONS).map(|_| channel(url)).collect::<anyhow::Result<_>>()?;
        let (next, random) = (Arc::default(), Arc::new(RandomState::new()));
        Ok(Asking { channels: Arc::new(channels), people, next, random, checked })
    }

    async fn status(&self) -> anyhow::Result<GetCacheStatusResponse> {
        let mut client = EnrollmentServiceClient::new(self.channels[0].clone());
        Ok(client.get_cache_status(GetCacheStatusRequest {}).await?.into_inner())
    }

    /// Asks about somebody: the n-th most frequent is asked about with a frequency of 1/n (Zipf).
    async fn skewed(self) -> anyhow::Result<()> {
        let draw = self.random.hash_one(self.next.load(Ordering::Relaxed)) >> 11;
        let uniform = draw as f64 / (1u64 << 53) as f64;
        let rank = (self.people as f64).powf(uniform) as u64;
        // Neighbours in rank are no neighbours in the table.
        let number = rank.wrapping_mul(0x9E37_79B1) % self.people;
        self.ask(number).await
    }

    async fn ask(self, number: u64) -> anyhow::Result<()> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let request = GetEligibilityRequest {
            psn_no: psn_no(number),
            as_of: "2024-05-06".into(),
            insutype: "310".into(),
            med_type: "21".into(),
            ..GetEligibilityRequest::default()
        };
        let mut grpc = Grpc::new(self.channels[turn as usize % CONNECTIONS].clone());
        grpc.ready().await?;
        let answer = grpc.unary(Request::new(request), GET_ELIGIBILITY, RawAnswer::default()).await?;
        if self.checked && turn.is_multiple_of(CHECKED) {
            let answer = GetEligibilityResponse::decode(answer.into_inner())?;
            let eligibility = answer.eligibility.context("an eligibility")?;
            ensure!(eligibility.entitled && eligibility.psn_no == psn_no(number), "{eligibility:?}");
        }
        Ok(())
    }
}
