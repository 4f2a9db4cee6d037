//! Backups that were restored: dumps of all five databases into another cluster, copies of the files of SQLite. Everything acknowledged is
//! there, followers go on where they were, and work goes on.

use std::path::Path;
use std::process::Command;

use sea_orm::ConnectionTrait;
use yizhan_integration_tests::database::{number, open};
use yizhan_runtime::config::Service;
use yizhan_testkit::{PostgresServer, ServiceProcess};

use crate::suite::load::{Clients, Done, Load};
use crate::suite::{Databases, Suite, databases};

/// Clients at once.
const CLIENTS: usize = 4;
/// Settled before the backup, and after it, at least.
const SETTLED: usize = 40;
/// Transactions that the first cluster is ahead of a fresh one.
const AHEAD: i64 = 20_000;
/// How a cluster is brought beyond a transaction id, by anybody who may ask it.
const USE_UP_TO: &str =
    "DO $$ BEGIN WHILE pg_current_xact_id()::text::bigint <= {} LOOP COMMIT; END LOOP; END $$";
/// The last transaction id of a change log.
const LAST: &str = "SELECT COALESCE(max(txid), 0) AS value FROM change_log";

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

async fn use_up_to(url: &str, txid: i64) {
    let db = open(url).await;
    db.execute_unprepared(&USE_UP_TO.replace("{}", &txid.to_string())).await.expect("used up");
}

async fn some_load(suite: &Suite, first: usize) -> Done {
    let load = Load::begin((0..CLIENTS).map(|_| suite.balancing()).collect(), Clients::AskOnce, first);
    load.until_settled(SETTLED).await;
    let done = load.end().await;
    done.assert_nothing_failed();
    done
}

/// Works, is looked at, and stops.
async fn worked_with(databases: &Databases) -> Done {
    let mut suite = Suite::start(databases.clone(), 1).await;
    suite.furnish(2 * CLIENTS).await;
    let done = some_load(&suite, 0).await;
    suite.until_followed(&done).await;
    suite.stop().await;
    done
}

/// Everything is there, and the next is settled and followed.
async fn goes_on(databases: &Databases, mut done: Done) {
    let mut suite = Suite::start(databases.clone(), 1).await;
    suite.check(&done).await;
    done.add(some_load(&suite, CLIENTS).await);
    suite.check(&done).await;
    suite.stop().await;
}

fn dump(databases: &Databases, folder: &Path) {
    for (service, url) in databases {
        let file = folder.join(format!("{service}.dump"));
        run(Command::new("pg_dump").args(["-Fc", "-d", url, "-f"]).arg(file));
    }
}

fn restored(folder: &Path, server: &PostgresServer) -> Databases {
    let restored = databases(|_| server.create_database());
    for (service, url) in &restored {
        let file = folder.join(format!("{service}.dump"));
        run(Command::new("pg_restore").args(["--no-owner", "--exit-on-error", "-d", url]).arg(file));
    }
    restored
}

async fn last_txid(databases: &Databases) -> i64 {
    let mut last = 0;
    for url in databases.values() {
        last = last.max(number(&open(url).await, LAST).await);
    }
    last
}

/// Into a cluster that has not had as many transactions: it is refused, until an operator has brought it there, one way or the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dumps_are_restored_into_another_cluster() {
    let (server, folder) = (PostgresServer::own(), tempfile::tempdir().unwrap());
    let first = databases(|_| server.create_database());
    use_up_to(&first[&Service::Settlement], AHEAD).await;
    let done = worked_with(&first).await;
    dump(&first, folder.path());
    let last = last_txid(&first).await;
    assert!(last > AHEAD);
    drop(server);

    let mut server = PostgresServer::own();
    let second = restored(folder.path(), &server);
    let settlement = || {
        let process = ServiceProcess::of("yizhan-settlement");
        process.env("YIZHAN_DATABASE_URL", &second[&Service::Settlement])
    };
    let (code, said) = settlement().run_to_end().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("transaction ids this PostgreSQL cluster has not reached"), "{said}");
    // One way: its ids are used up.
    use_up_to(&second[&Service::Settlement], last).await;
    let mut serves = settlement().env("YIZHAN_TELEMETRY_LOG_FILTER", "off").start().await;
    serves.kill_9().await;
    // The other, however far they are: it begins a later epoch.
    tokio::task::block_in_place(|| server.begin_epoch(1));
    goes_on(&second, done).await;
    assert!(last_txid(&second).await > 1 << 32);
}

/// Taken while the services run, by SQLite itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn files_of_sqlite_are_restored() {
    let folder = tempfile::tempdir().unwrap();
    let first = databases(|service| format!("sqlite://{}/{service}.db", folder.path().display()));
    let mut suite = Suite::start(first.clone(), 1).await;
    suite.furnish(2 * CLIENTS).await;
    let done = some_load(&suite, 0).await;
    suite.until_followed(&done).await;
    let copies = tempfile::tempdir().unwrap();
    for (service, url) in &first {
        let copy = copies.path().join(format!("{service}.db"));
        let sql = format!("VACUUM INTO '{}'", copy.display());
        open(url).await.execute_unprepared(&sql).await.expect("copied");
    }
    suite.stop().await;
    drop(folder);
    goes_on(&databases(|service| format!("sqlite://{}/{service}.db", copies.path().display())), done).await;
}
