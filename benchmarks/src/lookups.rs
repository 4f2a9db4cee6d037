//! Eligibility lookups with Redis, beside a bare server that does one GET; at a constant rate; with Redis away; and cold.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use prost::Message;
use prost::bytes::Bytes;
use sea_orm::ConnectionTrait;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    GetCacheStatusRequest, GetCacheStatusResponse, GetEligibilityRequest, GetEligibilityResponse,
};
use yizhan_runtime::Caller;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_testkit::{RedisServer, ServiceProcess, TestDatabase};

use crate::asking::{ASKERS, Asking, Question};
use crate::options::Options;
use crate::platform::{psn_no, service};
use crate::report::{Report, count, ratio};
use crate::{bare_lookup, machine};

/// Questions in flight.
const IN_FLIGHT: usize = 128;
/// Questions a second that arrive whatever the answers do.
const ARRIVALS: u32 = 1000;
/// Keys asked for cold.
const COLD_KEYS: u64 = 20_000;

/// What a person's timeline holds: a pause, an identity and a membership among it, as a real one may.
const TIMELINE: &str = r#"{"person":{"psn_name_masked":"张**","gend":"1","brdy":"1975-04-12"},"coverages":[{"insutype":"310","psn_type":"11","state":"Normal","period":{"begndate":"2010-01-01","enddate":"2023-06-30"}},{"insutype":"310","psn_type":"11","state":"Paused","period":{"begndate":"2023-07-01","enddate":"2023-08-31"},"psn_chg_type":"22"},{"insutype":"310","psn_type":"11","state":"Normal","period":{"begndate":"2023-09-01"},"psn_chg_type":"12"}],"identities":[{"psn_idet_type":"2303","name":"低保","period":{"begndate":"2022-01-01"},"department":"civil-affairs"}],"memberships":[{"kind":"Union","category":"","series":"","period":{"begndate":"2015-01-01"}},{"kind":"Commercial","category":"惠民保2024","series":"惠民保","period":{"begndate":"2024-01-01","enddate":"2024-12-31"}}],"account_shares":[]}"#;

/// Measures all of it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let database = TestDatabase::postgres_durable();
    let mut redis = RedisServer::start();
    let start = service("yizhan-enrollment", &database)?.env("YIZHAN_CACHE_URL", redis.url()).start();
    let enrollment = start.await;
    seed(database.url(), options.insured).await?;
    bare_lookup::fill(&redis, options.insured, TIMELINE.len() + 32).await?;
    let (_bare, bare_url) = bare_lookup::start(&redis, 0).await?;
    let caller = Caller::LocalAdministrator;
    let bare = Asking::of_bare(&bare_url, &caller, options.insured, Entitled)?;
    let asking = Asking::of(&enrollment.url(), &caller, options.insured, Entitled)?;

    let status = status(&asking).await?;
    ensure!(status.backend == "redis", "the cache is {}", status.backend);
    asking.about_everybody(IN_FLIGHT).await?;
    against_bare(options, report, &bare, &asking, &enrollment).await?;
    asking.at_a_constant_rate(options, report, "Eligibility lookups", ARRIVALS).await?;
    cold(report, &redis, &asking).await?;
    redis.kill();
    let away = asking.rate(options, IN_FLIGHT).await?;
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

async fn against_bare(
    options: &Options,
    report: &mut Report,
    bare: &Asking<Entitled>,
    asking: &Asking<Entitled>,
    enrollment: &ServiceProcess,
) -> anyhow::Result<()> {
    let (before, start) = (status(asking).await?, machine::cpu_ms(enrollment.pid()));
    let turns = asking.against(bare, options, IN_FLIGHT).await?;
    let (after, cpu) = (status(asking).await?, machine::cpu_ms(enrollment.pid()) - start);
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
            turns.rounds.join(", "),
            ratio(turns.own, turns.bare),
            hits * 100 / all.max(1),
            hits * 1000 / all.max(1) % 10,
        ),
        "≥ 0.80",
        turns.own * 10 >= turns.bare * 8,
    );
    Ok(())
}

/// An empty cache, and several who ask for each person at the same time.
async fn cold(report: &mut Report, redis: &RedisServer, asking: &Asking<Entitled>) -> anyhow::Result<()> {
    let generations = status(asking).await?.generations;
    redis.flush();
    let patience = Instant::now();
    let before = loop {
        let status = status(asking).await?;
        if status.generations > generations && status.confirmed_age_ms >= 0 {
            break status;
        }
        ensure!(patience.elapsed() < Duration::from_secs(20), "the cache does not come back: {status:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let keys = COLD_KEYS.min(asking.people());
    let per_second = asking.together(keys).await?;
    let loads = (status(asking).await?.loads - before.loads) as u64;
    report.target(
        format!(
            "Cold cache: {} people, {ASKERS} ask for each at once: loads from the database per key",
            count(keys)
        ),
        format!("{}; {}/s", ratio(loads, keys), count(per_second)),
        "≤ 1",
        loads <= keys,
    );
    Ok(())
}

async fn status(asking: &Asking<Entitled>) -> anyhow::Result<GetCacheStatusResponse> {
    let mut client = EnrollmentServiceClient::new(asking.channel());
    Ok(client.get_cache_status(GetCacheStatusRequest {}).await?.into_inner())
}

/// Whether the person is entitled on a day.
#[derive(Clone, Copy, Debug)]
struct Entitled;

impl Question for Entitled {
    type Message = GetEligibilityRequest;
    const METHOD: &'static str = "/yizhan.enrollment.v1.EnrollmentService/GetEligibility";

    fn message(&self, number: u64, _: u64) -> GetEligibilityRequest {
        GetEligibilityRequest {
            psn_no: psn_no(number),
            as_of: "2024-05-06".into(),
            insutype: "310".into(),
            med_type: "21".into(),
            ..GetEligibilityRequest::default()
        }
    }

    fn check(&self, number: u64, _: u64, answer: Bytes) -> anyhow::Result<()> {
        let answer = GetEligibilityResponse::decode(answer)?;
        let eligibility = answer.eligibility.context("an eligibility")?;
        ensure!(eligibility.entitled && eligibility.psn_no == psn_no(number), "{eligibility:?}");
        Ok(())
    }
}
