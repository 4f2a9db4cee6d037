//! Under a load that insists: each of the five services is killed, the database is killed and recovers, or stands still. Then all that was
//! acknowledged is there, once, and those who follow have heard of it, once.

use std::env;
use std::time::Duration;

use yizhan_runtime::config::Service;
use yizhan_testkit::{PostgresServer, TestDatabase};

use crate::suite::load::{Clients, Done, Load};
use crate::suite::{Databases, Suite, databases};

/// Clients at once.
const CLIENTS: usize = 6;
/// How long a service stays away.
const AWAY: Duration = Duration::from_millis(300);
/// How long all work between two faults.
const CALM: Duration = Duration::from_millis(500);
/// How long the database stands still beyond the moment at which health says so, in seconds, unless `YIZHAN_FAULT_PAUSE_SECONDS` says
/// otherwise.
const STANDS_STILL: u64 = 4;

async fn under_load(databases: Databases) -> (Suite, Load) {
    let suite = Suite::start(databases, 1).await;
    suite.furnish(CLIENTS).await;
    let load = Load::begin((0..CLIENTS).map(|_| suite.through_doors()).collect(), Clients::Insist, 0);
    tokio::time::sleep(CALM).await;
    (suite, load)
}

async fn all_is_there(suite: &Suite, load: Load) -> Done {
    tokio::time::sleep(CALM).await;
    suite.until_ready(1).await;
    let done = load.end().await;
    println!(
        "{} calls answered, {} told “not now”, {} settlements, {} without audit, longest {:?}",
        done.answered,
        done.not_now,
        done.settlements.len(),
        done.without_audit(),
        done.percentile(100)
    );
    done.assert_nothing_failed();
    assert!(done.not_now > 0, "it did not come under load");
    suite.check(&done).await;
    done
}

async fn each_service_is_killed(databases: Databases) {
    let (mut suite, load) = under_load(databases).await;
    for service in Service::ALL {
        suite.at(service, 0).kill_9().await;
        tokio::time::sleep(AWAY).await;
        suite.at(service, 0).restart().await;
        suite.until_ready(1).await;
        tokio::time::sleep(CALM).await;
    }
    all_is_there(&suite, load).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_service_is_killed_on_postgres() {
    each_service_is_killed(databases(|_| TestDatabase::postgres_durable().url().to_owned())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_service_is_killed_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    each_service_is_killed(databases(|service| format!("sqlite://{}/{service}.db", folder.path().display())))
        .await;
}

/// One server for all five, as small installations have it: killed, and recovered; then silent.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_database_is_killed_and_stands_still() {
    let mut server = PostgresServer::own();
    let (suite, load) = under_load(databases(|_| server.create_database())).await;
    tokio::task::block_in_place(|| {
        server.kill_9();
        server.start_again();
    });
    suite.until_ready(1).await;
    tokio::time::sleep(CALM).await;
    server.pause();
    let seconds = env::var("YIZHAN_FAULT_PAUSE_SECONDS").map_or(STANDS_STILL, |text| text.parse().unwrap());
    suite.door(Service::Settlement).until_ready(0).await;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    server.resume();
    let done = all_is_there(&suite, load).await;
    assert!(done.percentile(100) < Duration::from_secs(20), "told in time: {:?}", done.percentile(100));
}
