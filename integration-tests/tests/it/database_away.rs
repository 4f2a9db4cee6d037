//! The database goes away while services work: everybody is told so in time, nothing acknowledged is lost, nothing is done twice, and
//! when it is back everything goes on by itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::future::{join_all, join3};
use sea_orm::ConnectionTrait;
use tonic::Code;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::database::{number, open};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::ImportIdentitiesRequest;
use yizhan_proto::settlement::v1::DepositRequest;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{begin_write, connect};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::{PostgresServer, ServiceProcess, SmallDisk, TestDatabase};

use crate::support::{assert_books_balance, clinic};

/// Persons who are settled for.
const PERSONS: usize = 4;
/// By then everybody has been told: one waits for eight seconds, who stands behind for one more, on a busy machine.
const TOLD_WITHIN: Duration = Duration::from_secs(20);
/// The name under which health speaks of settlement.
const SETTLEMENT: &str = "yizhan.settlement.v1.SettlementService";

/// Enrollment and settlement as processes with their databases here, and a client that knows four persons.
async fn platform(enrollment: &str, settlement: &str) -> ([ServiceProcess; 2], Client) {
    let process = |binary, url: &str| {
        let process = ServiceProcess::of(binary).env("YIZHAN_DATABASE_URL", url);
        process.env("YIZHAN_TELEMETRY_LOG_FILTER", "off")
    };
    let enrollment = process("yizhan-enrollment", enrollment).start().await;
    let address = ("YIZHAN_PEERS_ENROLLMENT_ADDRESS", enrollment.url());
    let settlement = process("yizhan-settlement", settlement).env(address.0, address.1).start().await;
    // Filing is not asked about care at home.
    let client = Client::new([
        settlement.url(),
        enrollment.url(),
        NOBODY.to_owned(),
        NOBODY.to_owned(),
        NOBODY.to_owned(),
    ]);
    client.import_institutions("places", standard_institutions()).await.expect("institutions");
    client.import_catalogue("items", standard_catalogue()).await.expect("a catalogue");
    let persons: Vec<Person> = (0..PERSONS).map(|number| Person::employee(&format!("P{number}"))).collect();
    client.enrol(&persons).await;
    ([enrollment, settlement], client)
}

async fn settle(client: &Client, number: usize) -> Answer<(String, bool)> {
    // The same visit whenever the same number is settled.
    let visit = clinic(&format!("P{}", number % PERSONS), "2024-03-01", "35.5").but(|visit| {
        visit.mdtrt_id = format!("D{number}");
        visit.feedetail[0].feedetl_sn = format!("D{number}F1");
    });
    let answer = client.answer_to(settle_request(&format!("R{number}"), visit)).await?;
    Ok((info(&answer.settlement.expect("a settlement")).setl_id.clone(), answer.replayed))
}

async fn settle_some(client: &Client, numbers: std::ops::Range<usize>) -> Vec<Answer<(String, bool)>> {
    join_all(numbers.map(|number| settle(client, number))).await
}

#[track_caller]
fn assert_away(error: &RemoteError) {
    assert_eq!((error.code, error.reason.as_str()), (Code::Unavailable, "DATABASE_UNAVAILABLE"), "{error:?}");
}

/// Who stands behind many others may reach the limit of a request first, and is told the same.
#[track_caller]
fn assert_away_or_late(error: &RemoteError) {
    if error.reason != "ANSWER_LATE" {
        assert_away(error);
    }
}

async fn until_serving(process: &ServiceProcess, expected: bool) {
    let give_up = Instant::now() + TOLD_WITHIN;
    while process.is_serving(SETTLEMENT).await != expected {
        assert!(Instant::now() < give_up, "health does not say {expected}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// As after a fail-over, or when packets are dropped: no end of the connection comes, only silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_falls_silent_keeps_nobody_waiting() {
    let (server, register) = (PostgresServer::own(), TestDatabase::sqlite());
    let url = server.create_database();
    let ([_enrollment, settlement], client) = platform(register.url(), &url).await;
    settle(&client, 0).await.expect("settled");
    let mut events = client.watch("").await.expect("followed");
    events.message().await.expect("the feed").expect("an event");
    let deposit = DepositRequest {
        request_id: "D".to_owned(),
        psn_no: "P0".to_owned(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        amount_fen: 100,
    };

    // Some are in the middle of their commits.
    let began = Instant::now();
    let settling = settle_some(&client, 1..25);
    let stopped = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        server.pause();
        let told = join3(
            client.preview(clinic("P1", "2024-03-01", "12")),
            client.pay_in(deposit.clone()),
            events.message(),
        );
        told.await
    };
    let (settled, (preview, paid, event)) = futures::join!(settling, stopped);
    assert!(began.elapsed() < TOLD_WITHIN, "told after {:?}", began.elapsed());
    settled.iter().filter_map(|answer| answer.as_ref().err()).for_each(|error| assert_away_or_late(error));
    assert!(settled.iter().any(Result::is_err), "nobody met the silence");
    // They stand behind those who are settled for.
    assert_away_or_late(&refused(preview));
    assert_away_or_late(&refused(paid));
    // Those that were committed may still come; then the stream ends.
    let mut last = event;
    while let Ok(Some(_)) = last {
        last = events.message().await;
    }
    assert_away(&last.expect_err("the stream ends").into());
    until_serving(&settlement, false).await;
    assert!(settlement.is_serving("").await, "the process lives");

    server.resume();
    until_serving(&settlement, true).await;
    for (number, told) in (1..).zip(settled) {
        let (setl_id, _) = settle(&client, number).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(told.is_err() || told.is_ok_and(|(before, _)| before == setl_id), "settled twice");
    }
    client.pay_in(deposit).await.expect("paid in");
    assert_eq!(client.balance("P0", COMPOSITE_AREA).await, 100);
    let db = open(&url).await;
    assert_eq!(number(&db, "SELECT count(*) AS value FROM settlements").await, 25);
    assert_books_balance(&client).await;
}

/// A standby that was promoted too late, or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_may_not_be_written_is_away() {
    let (test, register) = (TestDatabase::postgres(), TestDatabase::sqlite());
    let (_processes, client) = platform(register.url(), test.url()).await;
    settle(&client, 0).await.expect("settled");
    // One connection, for the others are ended.
    let one = DatabaseConfig { max_connections: 1, ..DatabaseConfig::at(test.url()) };
    let db = connect(&one).await.expect("the database is there");
    let name = test.url().rsplit('/').next().expect("a name");
    for (mode, number) in [("on", 1), ("off", 2)] {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let change = format!(
            "SET default_transaction_read_only = off; ALTER DATABASE {name} SET default_transaction_read_only = {mode}"
        );
        db.execute_unprepared(&change).await.expect("altered");
        db.execute_unprepared(others).await.expect("ended");
        match mode {
            "on" => {
                // More often than there are connections that were ended.
                for _ in 0..20 {
                    assert_away(&refused(settle(&client, number).await));
                }
                assert_away(&refused(client.import_catalogue("more", standard_catalogue()).await));
            }
            _ => assert!(
                client.settle_stubbornly(settle_request("R2", clinic("P2", "2024-03-01", "9"))).await.is_ok()
            ),
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// The first things written after a full disk are as safe as all others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_full_for_a_moment_loses_nothing() {
    let disk = SmallDisk::of_mib(24);
    let folder = disk.path().join("data");
    let url = |name: &str| format!("sqlite://{}/{name}.db", folder.display());
    let ([mut enrollment, mut settlement], client) = platform(&url("enrollment"), &url("settlement")).await;
    assert_eq!(mode(&folder), 0o700);
    for file in fs::read_dir(&folder).expect("a folder") {
        let path = file.expect("a file").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let identities = |number: usize| ImportIdentitiesRequest {
        request_id: format!("I{number}"),
        rows: Person::employee(&format!("P{}", number % PERSONS)).identity("低收入").identities,
    };
    let import = async |number| client.enrollment().import_identities(identities(number)).await;

    let (mut kept, mut refused) = (Vec::new(), 0);
    for round in 0..3 {
        disk.fill(&settlement);
        disk.fill(&enrollment);
        let first = round * 20;
        let full = settle_some(&client, first..first + 10).await;
        if let Err(status) = import(first).await {
            assert_away(&status.into());
            refused += 1;
        }
        disk.make_room(&settlement);
        if !disk.is_mounted() {
            disk.make_room(&enrollment);
        }
        let after = settle_some(&client, first + 10..first + 20).await;
        import(first).await.expect("there is room again");
        for (number, answer) in (first..).zip(full.into_iter().chain(after)) {
            match answer {
                Ok((setl_id, replayed)) => {
                    assert!(!replayed);
                    kept.push((number, setl_id));
                }
                Err(error) if number < first + 10 => {
                    assert_away(&error);
                    refused += 1;
                }
                Err(error) => panic!("there is room: {error:?}"),
            }
        }
    }
    assert!(refused >= 3, "the disk was hardly full");
    settlement.kill_9().await;
    enrollment.kill_9().await;
    enrollment.restart().await;
    settlement.restart().await;
    for (number, setl_id) in &kept {
        client.get(setl_id).await.unwrap_or_else(|error| panic!("R{number} is lost: {error:?}"));
    }
    for number in 0..60 {
        let (setl_id, _) = settle(&client, number).await.expect("settled in the end");
        assert!(
            kept.iter().all(|(kept, id)| *kept != number || *id == setl_id),
            "R{number} is settled twice"
        );
    }
    for round in 0..3 {
        let again = import(round * 20).await.expect("answered").into_inner();
        assert!(again.outcome.expect("an outcome").replayed, "the import of round {round} is lost");
    }
    let db = open(&url("settlement")).await;
    assert_eq!(number(&db, "SELECT count(*) AS value FROM settlements").await, 60);
    assert_books_balance(&client).await;
}

/// Somebody's tool holds the write lock of the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_elsewhere_is_waited_for_once() {
    let [register, books] = [TestDatabase::sqlite(), TestDatabase::sqlite()];
    let (_processes, client) = platform(register.url(), books.url()).await;
    let (of_register, of_books) = (open(register.url()).await, open(books.url()).await);
    let _held = (begin_write(&of_register).await.expect("held"), begin_write(&of_books).await.expect("held"));
    let began = Instant::now();
    let rows = Person::employee("P0").identity("低收入").identities;
    let mut enrollment = client.enrollment();
    let import = enrollment.import_identities(ImportIdentitiesRequest { request_id: "I".to_owned(), rows });
    let (settled, imported) = futures::join!(settle_some(&client, 0..PERSONS), import);
    assert!(began.elapsed() < TOLD_WITHIN, "told after {:?}", began.elapsed());
    let imported = RemoteError::from(imported.expect_err("the file is locked"));
    assert_eq!(
        (imported.code, imported.reason.as_str()),
        (Code::Aborted, "CONCURRENT_CHANGE"),
        "{imported:?}"
    );
    // They are committed one after another: who stands behind others may reach the limit of a request first.
    let told: Vec<String> = settled.into_iter().map(|answer| refused(answer).reason).collect();
    assert!(told.iter().all(|reason| reason == "CONCURRENT_CHANGE" || reason == "ANSWER_LATE"), "{told:?}");
}
