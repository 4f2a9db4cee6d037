//! FindFiling over a million filings with Redis, as settlement asks: beside a bare server that does one GET; at a constant rate; of
//! persons who never filed; cold; with Redis away.

use std::time::{Duration, Instant};

use anyhow::ensure;
use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yizhan_proto::filing::v1::ImportFilingsRequest;
use yizhan_proto::filing::v1::filing_service_client::FilingServiceClient;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::{Caller, Clock};
use yizhan_testkit::{RedisServer, ServiceProcess, TestDatabase};

use crate::asking::{ASKERS, Asking};
use crate::filed::{Covered, Filed};
use crate::options::Options;
use crate::platform::{channel_of, service};
use crate::report::{Report, count, ratio};
use crate::{bare_lookup, machine};

/// Questions in flight.
const IN_FLIGHT: usize = 64;
/// Questions a second that arrive whatever the answers do.
const ARRIVALS: u32 = 500;
/// Imports at the same time.
const IMPORTS: usize = 4;
/// Keys asked for cold.
const COLD_KEYS: u64 = 20_000;
/// Answers whose length is taken.
const SAMPLE: u64 = 4096;
/// Within this time a service trusts a cache that it found empty, and PostgreSQL's processes tell what they read.
const SETTLED: Duration = Duration::from_secs(12);

/// Measures all of it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let databases = [TestDatabase::postgres_durable(), TestDatabase::postgres_durable()];
    let mut redis = RedisServer::start();
    let enrollment = service("yizhan-enrollment", &databases[0])?.env("YIZHAN_CACHE_URL", redis.url());
    let enrollment = enrollment.start().await;
    let filing = service("yizhan-filing", &databases[1])?
        .env("YIZHAN_CACHE_URL", redis.url())
        .env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url())
        .env("YIZHAN_SERVER_TRUST_CALLER_HEADER", "true");
    let mut filing = filing.start().await;
    let config = DatabaseConfig { max_connections: 1, ..DatabaseConfig::at(databases[1].url()) };
    let db = db::connect(&config).await?;
    let today = Clock::system().today();
    let filed = Filed { filings: options.filings, today };
    import(report, &filing, filed).await?;
    note_expired(&db, &mut filing, today).await?;
    // What PostgreSQL would do about a million new rows by itself, a minute later.
    for statement in ["SET statement_timeout = 0", "VACUUM ANALYZE", "CHECKPOINT"] {
        db.execute_unprepared(statement).await?;
    }

    let settlement = Caller::Service { name: "settlement".into() };
    let covered = Covered { filed, from: 0 };
    let asking = Asking::of(&filing.url(), &settlement, filed.people(), covered)?;
    asking.about_everybody(IN_FLIGHT).await?;
    let held: u64 = redis::cmd("DBSIZE").query(&mut redis.connection())?;
    ensure!(held * 10 >= filed.people() * 9, "Redis holds {held} keys of {} persons", filed.people());

    let value_bytes = standings_bytes(&db).await?;
    let answer_bytes = answer_bytes(&asking).await?;
    bare_lookup::fill(&redis, filed.people(), value_bytes).await?;
    let (_bare, bare_url) = bare_lookup::start(&redis, answer_bytes).await?;
    let bare = Asking::of_bare(&bare_url, &settlement, filed.people(), covered)?;
    report.info(
        "Bytes of a value in the cache and of an answer of FindFiling, and of the bare server's",
        format!("{value_bytes}; {answer_bytes}"),
    );
    against_bare(options, report, &bare, &asking, &filing).await?;
    asking.at_a_constant_rate(options, report, "FindFiling", ARRIVALS).await?;

    let strangers = Covered { filed, from: filed.people() };
    let strangers = Asking::of(&filing.url(), &settlement, filed.people(), strangers)?;
    let never = strangers.rate(options, IN_FLIGHT).await?;
    report.info(format!("FindFiling of persons who never filed, {IN_FLIGHT} in flight"), per_second(never));
    cold(report, &redis, &db, &mut filing, &asking).await?;
    redis.kill();
    let away = asking.rate(options, IN_FLIGHT).await?;
    report.info("FindFiling while Redis is away, from PostgreSQL", per_second(away));
    Ok(())
}

fn per_second(rate: u64) -> String {
    format!("{}/s", count(rate))
}

/// Takes all of them over, as the agencies do.
async fn import(report: &mut Report, filing: &ServiceProcess, filed: Filed) -> anyhow::Result<()> {
    let start = Instant::now();
    let imports = stream::iter(filed.imports().enumerate()).map(anyhow::Ok);
    imports
        .try_for_each_concurrent(IMPORTS, async |(at, (area, rows))| {
            let agency = Caller::Agency { area: area.parse()? };
            let mut client = FilingServiceClient::new(channel_of(&filing.url(), &agency)?);
            let created = rows.len() as i32;
            let request =
                ImportFilingsRequest { request_id: format!("import-{at}"), poolarea_no: area.into(), rows };
            let answer = client.import_filings(request).await?.into_inner();
            ensure!(answer.created_count == created, "{answer:?}");
            Ok(())
        })
        .await?;
    let took = start.elapsed();
    report.info(
        format!(
            "ImportFilings: {} filings of {} persons, PostgreSQL, durable",
            count(filed.filings),
            count(filed.people())
        ),
        format!(
            "{} rows/s in {} s",
            count(filed.filings * 1000 / took.as_millis().max(1) as u64),
            took.as_secs()
        ),
    );
    Ok(())
}

/// Filing notes what has expired when it starts, and every minute: not while it is measured.
async fn note_expired(
    db: &DatabaseConnection,
    filing: &mut ServiceProcess,
    today: NaiveDate,
) -> anyhow::Result<()> {
    let left = format!(
        "SELECT count(*) AS number FROM filing \
         WHERE state IN (4, 5) AND last_day <> '' AND last_day < '{today}'"
    );
    filing.terminate().await;
    filing.restart().await;
    let start = Instant::now();
    while number(db, &left).await? > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    eprintln!("what has expired was noted in {} s", start.elapsed().as_secs());
    Ok(())
}

/// What a person's filings are in the cache, on average: as in the table, with the number and the version.
async fn standings_bytes(db: &DatabaseConnection) -> anyhow::Result<usize> {
    let sql = "SELECT avg(length(psn_no) + length(standings))::bigint + 24 AS number FROM person_filings";
    Ok(number(db, sql).await? as usize)
}

/// An answer on average.
async fn answer_bytes(asking: &Asking<Covered>) -> anyhow::Result<usize> {
    let mut sum = 0;
    for at in 0..SAMPLE {
        sum += asking.clone().ask(at * asking.people() / SAMPLE).await?;
    }
    Ok(sum / SAMPLE as usize)
}

async fn number(db: &DatabaseConnection, sql: &str) -> anyhow::Result<i64> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    Ok(row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or_default())
}

async fn against_bare(
    options: &Options,
    report: &mut Report,
    bare: &Asking<Covered>,
    asking: &Asking<Covered>,
    filing: &ServiceProcess,
) -> anyhow::Result<()> {
    let start = machine::cpu_ms(filing.pid());
    let turns = asking.against(bare, options, IN_FLIGHT).await?;
    let answers = turns.own * options.rate_time.as_secs();
    let cpu = machine::cpu_ms(filing.pid()) - start;
    eprintln!("filing used {} µs of CPU for each answer", cpu * 1000 / answers.max(1));
    report.target(
        format!(
            "FindFiling over gRPC with Redis, {IN_FLIGHT} in flight, {} filings of {} persons, against a bare server with one GET",
            count(options.filings),
            count(asking.people())
        ),
        format!("{}: ratio {}", turns.rounds.join(", "), ratio(turns.own, turns.bare)),
        "≥ 0.60",
        turns.own * 10 >= turns.bare * 6,
    );
    Ok(())
}

/// A service that has just started and an empty cache, and several who ask for each person at the same time. Each key that is
/// loaded is one scan of the table's index.
async fn cold(
    report: &mut Report,
    redis: &RedisServer,
    db: &DatabaseConnection,
    filing: &mut ServiceProcess,
    asking: &Asking<Covered>,
) -> anyhow::Result<()> {
    let loads = "SELECT idx_scan::bigint AS number FROM pg_stat_user_tables WHERE relname = 'person_filings'";
    filing.terminate().await;
    redis.flush();
    filing.restart().await;
    tokio::time::sleep(SETTLED).await;
    let before = number(db, loads).await?;
    let keys = COLD_KEYS.min(asking.people());
    let per_second = asking.together(keys).await?;
    tokio::time::sleep(SETTLED).await;
    let loads = (number(db, loads).await? - before) as u64;
    report.target(
        format!(
            "FindFiling with a cold cache: {} persons, {ASKERS} ask for each at once: loads from the database per key",
            count(keys)
        ),
        format!("{}; {}/s", ratio(loads, keys), count(per_second)),
        "≤ 1",
        (1..=keys).contains(&loads),
    );
    Ok(())
}
