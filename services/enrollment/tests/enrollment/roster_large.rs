//! Large rosters: cut in the middle and gone on with, applied through crashes and by two processes, and sent twice.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yizhan_proto::enrollment::v1::load_roster_request::Part as Say;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_testkit::{Backend, ServiceProcess, TestDatabase, both_databases};

use crate::roster_support::*;
use crate::support::*;

/// Rows of one message.
const ROWS_PER_MESSAGE: usize = 1000;
const TIMELINE: &str = r#"{"person":{"psn_name_masked":"张*","gend":"1","brdy":"1975-04-12"},"coverages":[],"identities":[],"memberships":[],"account_shares":[]}"#;

/// The register, looked at from behind.
struct Behind(DatabaseConnection);

/// What must not move when nothing changes.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    versions: i64,
    identities: i64,
    history: i64,
    changes: i64,
}

impl Behind {
    /// Registers persons by SQL, number 0 to `persons` − 1: importing them would take longer than what is tested. They
    /// have a timeline and its history, which is all that rosters need of them.
    async fn seeded(db: &TestDatabase, persons: usize) -> Behind {
        let connection = yizhan_runtime::db::connect(&DatabaseConfig::at(db.url())).await.unwrap();
        let (numbers, psn_no, now) = match db.backend() {
            Backend::Postgres => (
                format!("generate_series(0, {persons} - 1) AS numbers(n)"),
                "'B' || lpad(n::text, 8, '0')",
                "now()",
            ),
            Backend::Sqlite => (
                format!(
                    "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {persons}) SELECT n FROM s)"
                ),
                "printf('B%08d', n)",
                "'2024-01-01T00:00:00+00:00'",
            ),
        };
        let unlimited = if db.backend() == Backend::Postgres { "SET statement_timeout = 0;" } else { "" };
        let sql = format!(
            "{unlimited}
             INSERT INTO entitlement_timeline (psn_no, poolarea_no, version, timeline)
                 SELECT {psn_no}, '430200', 1, '{TIMELINE}' FROM {numbers};
             INSERT INTO timeline_history (psn_no, version, poolarea_no, recorded_at, cause, timeline)
                 SELECT psn_no, 1, poolarea_no, {now}, 'seeded', timeline FROM entitlement_timeline;
             ANALYZE entitlement_timeline"
        );
        connection.execute_unprepared(&sql).await.unwrap();
        Behind(connection)
    }

    async fn count(&self, sql: &str) -> i64 {
        let backend = self.0.get_database_backend();
        let cast = if backend == DbBackend::Postgres { "bigint" } else { "integer" };
        let statement = Statement::from_string(backend, format!("SELECT CAST(({sql}) AS {cast}) AS number"));
        self.0.query_one_raw(statement).await.unwrap().unwrap().try_get("", "number").unwrap()
    }

    async fn fingerprint(&self) -> Fingerprint {
        Fingerprint {
            versions: self.count("SELECT sum(version) FROM entitlement_timeline").await,
            identities: self.count("SELECT count(*) FROM identity").await,
            history: self.count("SELECT count(*) FROM timeline_history").await,
            changes: self.count("SELECT count(*) FROM change_log").await,
        }
    }
}

fn untouched(persons: usize) -> Fingerprint {
    Fingerprint { versions: persons as i64, identities: 0, history: persons as i64, changes: 0 }
}

fn once_each(persons: usize) -> Fingerprint {
    let persons = persons as i64;
    Fingerprint { versions: 2 * persons, identities: persons, history: 2 * persons, changes: persons }
}

/// Row `at` (from 0) of a file about persons in no order.
fn row(at: usize, rows: usize) -> RosterRow {
    // 7 and the counts used here have no common divisor, so that each person comes once.
    add(&format!("B{:08}", at * 7 % rows), "低保", "2024-06-01", "")
}

fn large(roster_id: &str, rows: usize) -> RosterHeader {
    RosterHeader {
        kinds: vec!["低保".into()],
        tell_all_rows: false,
        ..header(roster_id, RosterMode::Full, rows)
    }
}

fn seal_of_all(rows: usize) -> RosterSeal {
    let mut digest = RowDigest::new();
    (0..rows).for_each(|at| digest.add(&row(at, rows)));
    digest.seal()
}

/// Sends rows from where the service wants them up to `until`.
async fn send(stream: &OpenStream, ready: &RosterReady, until: usize, rows: usize) {
    let mut at = ready.next_row_number as usize - 1;
    while at < until {
        let some: Vec<_> = (at..until.min(at + ROWS_PER_MESSAGE)).map(|at| row(at, rows)).collect();
        stream.say.send(rows_from(at as i64 + 1, &some)).await.unwrap();
        at += some.len();
    }
}

/// Goal: a full roster is cut in the middle (the register is untouched then) and gone on with, which adds every row once; the
/// same file under another id changes no version, no row, no history and no entry of the change log. Hundreds of messages
/// and of batches are as good as thousands; a million, and the memory it takes, is what `benchmarks/run rosters` is for.
async fn cut_gone_on_with_and_sent_again(db: TestDatabase, rows: usize) {
    let service = start(&db).await;
    let department = Department::at(service.server.url(), CIVIL_AFFAIRS).await;
    let behind = Behind::seeded(&db, rows).await;

    let first = large("first", rows);
    let (stream, ready) = department.open(&first).await.unwrap();
    send(&stream, &ready, rows / 2, rows).await;
    while (department.get(&first).await.unwrap().staged_rows as usize) < rows / 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stream.cut();
    assert_eq!(behind.fingerprint().await, untouched(rows));
    let (stream, ready) = department.open(&first).await.unwrap();
    assert_eq!(ready.next_row_number as usize, rows / 2 + 1);
    send(&stream, &ready, rows, rows).await;
    let seal = seal_of_all(rows);
    assert_eq!(behind.fingerprint().await, untouched(rows), "before the seal");
    stream.say.send(said(Say::Seal(seal.clone()))).await.unwrap();
    let answered = stream.rest().await.unwrap();
    assert_eq!(
        (answered.summary().added_count, answered.summary().changed_person_count),
        (rows as i64, rows as i64)
    );
    assert_eq!(answered.results, []);
    assert_eq!(behind.fingerprint().await, once_each(rows));

    let (stream, ready) = department.open(&large("again", rows)).await.unwrap();
    send(&stream, &ready, rows, rows).await;
    stream.say.send(said(Say::Seal(seal))).await.unwrap();
    let answered = stream.rest().await.unwrap();
    let expected =
        RosterSummary { row_count: rows as i64, unchanged_count: rows as i64, ..RosterSummary::default() };
    assert_eq!(answered.summary(), &expected);
    assert_eq!(behind.fingerprint().await, once_each(rows));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_rows_on_postgres() {
    cut_gone_on_with_and_sent_again(TestDatabase::postgres(), 100_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_rows_on_sqlite() {
    cut_gone_on_with_and_sent_again(TestDatabase::sqlite(), 20_000).await;
}

/// Waits until a roster is done, killing the process whenever it got further by some rows.
async fn killed_on_the_way(process: &mut ServiceProcess, header: &RosterHeader, every: i64) -> Roster {
    let (mut kills, mut next) = (0, every);
    loop {
        let department = Department::at(process.url(), CIVIL_AFFAIRS).await;
        let roster = loop {
            let roster = department.get(header).await.unwrap();
            if roster.state() == RosterState::Done || roster.applied_rows >= next {
                break roster;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        if roster.state() == RosterState::Done {
            assert!(kills >= 2, "it was done before it could be killed");
            return roster;
        }
        (kills, next) = (kills + 1, roster.applied_rows + every);
        process.kill_9().await;
        process.restart().await;
    }
}

/// Goal: the process dies while it applies, several times; every person is changed once, by one version, and what a full
/// roster misses is ended once.
async fn survives_crashes(db: TestDatabase) {
    const ROWS: usize = 9_000;
    let mut process = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-enrollment"))
        .env("YIZHAN_DATABASE_URL", db.url())
        .env("YIZHAN_SERVER_TRUST_CALLER_HEADER", "true")
        .env("YIZHAN_TELEMETRY_LOG_FILTER", "error")
        .start()
        .await;
    let behind = Behind::seeded(&db, ROWS).await;
    let header = large("A", ROWS);
    let department = Department::at(process.url(), CIVIL_AFFAIRS).await;
    let (stream, ready) = department.open(&header).await.unwrap();
    send(&stream, &ready, ROWS, ROWS).await;
    stream.say.send(said(Say::Seal(seal_of_all(ROWS)))).await.unwrap();
    // Nobody listens: it is applied all the same.
    while department.get(&header).await.unwrap().state() == RosterState::Staging {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stream.cut();
    let roster = killed_on_the_way(&mut process, &header, 2_000).await;
    let summary = roster.summary.unwrap();
    assert_eq!((summary.added_count, summary.changed_person_count), (ROWS as i64, ROWS as i64));
    assert_eq!(behind.fingerprint().await, once_each(ROWS));

    let nobody = RosterHeader { effective_date: "2024-07-01".into(), ..large("B", 0) };
    let department = Department::at(process.url(), CIVIL_AFFAIRS).await;
    let (stream, _) = department.open(&nobody).await.unwrap();
    stream.say.send(said(Say::Seal(seal_of_all(0)))).await.unwrap();
    let ended = || behind.count("SELECT count(*) FROM identity WHERE enddate IS NOT NULL");
    while ended().await == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    process.kill_9().await;
    assert!(ended().await < ROWS as i64, "it was done before it could be killed");
    process.restart().await;
    let department = Department::at(process.url(), CIVIL_AFFAIRS).await;
    while department.get(&nobody).await.unwrap().state() != RosterState::Done {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let summary = department.get(&nobody).await.unwrap().summary.unwrap();
    assert_eq!((summary.ended_by_absence_count, summary.changed_person_count), (ROWS as i64, ROWS as i64));
    assert_eq!(ended().await, ROWS as i64);
    assert_eq!(behind.count("SELECT max(version) FROM entitlement_timeline").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survives_crashes_on_postgres() {
    survives_crashes(TestDatabase::postgres_durable()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survives_crashes_on_sqlite() {
    survives_crashes(TestDatabase::sqlite()).await;
}

both_databases! {
    /// Goal: two services on one database share the work, and no batch is applied twice.
    async fn two_services_apply_a_roster_once(db: TestDatabase) {
        const ROWS: usize = 10_000;
        let services = [start(&db).await, start(&db).await];
        let behind = Behind::seeded(&db, ROWS).await;
        let department = Department::at(services[0].server.url(), CIVIL_AFFAIRS).await;
        let (stream, ready) = department.open(&large("A", ROWS)).await.unwrap();
        send(&stream, &ready, ROWS, ROWS).await;
        stream.say.send(said(Say::Seal(seal_of_all(ROWS)))).await.unwrap();
        let answered = stream.rest().await.unwrap();
        assert_eq!(answered.summary().added_count, ROWS as i64);
        assert_eq!(behind.fingerprint().await, once_each(ROWS));
    }

    /// Goal: a person with more rows than a batch holds does not hold up the others, and days that meet are kept apart.
    async fn more_rows_of_one_person_than_a_batch_holds(db: TestDatabase) {
        let service = start(&db).await;
        let behind = Behind::seeded(&db, 2).await;
        let department = Department::at(service.server.url(), CIVIL_AFFAIRS).await;
        let mut rows: Vec<_> = (0..4500).map(|_| add("B00000000", "低保", "", "")).collect();
        rows.push(add("B00000001", "低保", "", ""));
        let answered = department.load(&header("A", RosterMode::Changes, rows.len()), &rows).await.unwrap();
        let summary = answered.summary();
        assert_eq!((summary.added_count, summary.refused_count), (2, 4499));
        let reasons: Vec<_> = summary.refusals.iter().map(|refused| refused.reason.as_str()).collect();
        assert_eq!(reasons, ["DUPLICATE_ROW", "TOO_MANY_ENTRIES"]);
        assert_eq!(behind.fingerprint().await, once_each(2));
    }
}
