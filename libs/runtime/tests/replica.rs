//! Lists and figures of a real streaming replica: never older than allowed, and of the primary where that cannot be said.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yizhan_runtime::config::{DatabaseConfig, ReplicaConfig, ServerConfig, Service, Settings};
use yizhan_runtime::db::{self, DatabaseConnection};
use yizhan_testkit::PostgresServer;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How far the replica may be behind.
const MOST_BEHIND: Duration = Duration::from_secs(1);

fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}

/// Whether a list is read from a standby, and how many rows there are.
async fn listed(db: &DatabaseConnection) -> (bool, i64) {
    let rows = sql("SELECT pg_is_in_recovery() AS standby, (SELECT count(*) FROM visits) AS rows");
    let row = db.reading().query_one_raw(rows).await.unwrap().unwrap();
    (row.try_get("", "standby").unwrap(), row.try_get("", "rows").unwrap())
}

/// Waits until a list is read so.
async fn until_listed(db: &DatabaseConnection, wanted: (bool, i64)) {
    let give_up = Instant::now() + PATIENCE;
    while listed(db).await != wanted {
        assert!(Instant::now() < give_up, "{:?} is never {wanted:?}", listed(db).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn connect(url: &str, replica: String) -> DatabaseConnection {
    let replica = Some(ReplicaConfig { max_lag: MOST_BEHIND, ..ReplicaConfig::at(replica) });
    db::connect(&DatabaseConfig { replica, ..DatabaseConfig::at(url) }).await.unwrap()
}

#[tokio::test]
async fn lists_are_read_from_a_replica_that_is_near_and_from_the_primary_otherwise() {
    let primary = PostgresServer::own();
    let url = primary.create_database();
    let plain = db::connect(&DatabaseConfig::at(&url)).await.unwrap();
    plain.execute_unprepared("CREATE TABLE visits (id int); INSERT INTO visits VALUES (1)").await.unwrap();
    assert_eq!(listed(&plain).await, (false, 1), "without a replica");
    let standby = primary.standby();
    let db = connect(&url, standby.url_of(&url)).await;
    until_listed(&db, (true, 1)).await;
    let row = db.query_one_raw(sql("SELECT pg_is_in_recovery() AS standby")).await.unwrap().unwrap();
    assert!(!row.try_get::<bool>("", "standby").unwrap(), "what decides is asked of the primary");

    // What it has not is there soon, and while it stands still no longer than allowed.
    standby.replay(false);
    db.execute_unprepared("INSERT INTO visits VALUES (2)").await.unwrap();
    let wrote = Instant::now();
    until_listed(&db, (false, 2)).await;
    assert!(wrote.elapsed() < Duration::from_secs(5), "{:?}", wrote.elapsed());
    standby.replay(true);
    until_listed(&db, (true, 2)).await;

    // An idle primary is not behind: nothing is written for longer than it may be.
    tokio::time::sleep(MOST_BEHIND + Duration::from_millis(200)).await;
    until_listed(&db, (true, 2)).await;

    // What it refuses, the primary answers; and all of it where it is gone.
    standby.kill_9();
    assert_eq!(listed(&db).await.1, 2);
    until_listed(&db, (false, 2)).await;
    db.close().await.unwrap();

    // Another database is no replica, whatever it has, and one that is away keeps nobody from starting.
    let other = primary.create_database();
    plain.execute_unprepared("INSERT INTO visits VALUES (3)").await.unwrap();
    for replica in [other, "postgres://nobody@127.0.0.1:9/none".to_owned()] {
        let db = connect(&url, replica).await;
        // Longer than it takes to look at it.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(600) {
            assert_eq!(listed(&db).await, (false, 3));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// What is wrong with settings.
fn wrong(toml: &str) -> Vec<String> {
    let mut settings = Settings::from_parts(BTreeMap::new(), Some(toml));
    settings.of(Service::Settlement, |settings| {
        ServerConfig::read(settings);
        DatabaseConfig::read(settings);
    });
    settings.finish().err().map(|problems| problems.0).unwrap_or_default()
}

#[test]
fn a_replica_is_postgresqls_and_areas_are_areas() {
    let postgres = "url = \"postgres://u:p@db/x\"\nreplica_url = ";
    assert_eq!(
        wrong(&format!("[database]\n{postgres}\"postgres://u:p@replica/x\"\n[server]\nareas = \"430200\"")),
        [""; 0]
    );
    let told = |toml: &str, part: &str| {
        let told = wrong(toml);
        assert!(told.len() == 1 && told[0].contains(part) && !told[0].contains("heim"), "{told:?}");
    };
    told("[database]\nreplica_url = \"postgres://u:geheim@replica/x\"", "only PostgreSQL has replicas");
    told(&format!("[database]\n{postgres}\"sqlite://x.db\""), "must start with postgres://");
    told(&format!("[database]\n{postgres}\"postgres://u:ge/heim@r/x\""), "percent-encoded");
    told("[database]\nreplica_max_lag_seconds = 0", "must be at least 1");
    told("[server]\nareas = \"4302\"", "no area of six digits");
}
