//! Write transactions: none is lost when many read first and write later, on either database.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::time::Duration;

use futures::future::join_all;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{self, DatabaseConnection, Failure, begin_write, retry_transient};
use yizhan_runtime::secret::{CreateServiceSecret, Secret};
use yizhan_testkit::{TestDatabase, both_databases};

struct WithSecret;

impl MigratorTrait for WithSecret {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateServiceSecret)]
    }
}

async fn counter(test: &TestDatabase) -> DatabaseConnection {
    let db = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
    db.execute_unprepared("CREATE TABLE counter (name text PRIMARY KEY, version bigint NOT NULL)")
        .await
        .unwrap();
    db.execute_unprepared("INSERT INTO counter VALUES ('one', 0)").await.unwrap();
    db
}

async fn read<C: ConnectionTrait>(db: &C) -> Result<i64, DbErr> {
    let statement =
        Statement::from_string(db.get_database_backend(), "SELECT version FROM counter WHERE name = 'one'");
    db.query_one_raw(statement).await?.expect("the counter").try_get("", "version")
}

both_databases! {
    async fn read_then_write_by_many_at_once(test: TestDatabase) {
        let db = counter(&test).await;
        let add_one = || async {
            retry_transient(|| async {
                let tx = begin_write(&db).await?;
                let version = read(&tx).await?;
                // The version guards against another one who read the same.
                let sql = "UPDATE counter SET version = $1 WHERE name = 'one' AND version = $2";
                let values = [(version + 1).into(), version.into()];
                let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
                let changed = tx.execute_raw(statement).await?.rows_affected();
                tx.commit().await?;
                Ok::<_, DbErr>(changed)
            })
            .await
        };
        let changed: u64 = join_all((0..40).map(|_| add_one())).await.into_iter().map(Result::unwrap).sum();
        assert!(changed >= 1);
        assert_eq!(read(&db).await.unwrap() as u64, changed, "as many as said so");
    }

    /// Two processes that start at once, and one that starts later, have the same secret; another database has another.
    async fn the_secret_of_a_service_is_made_once(test: TestDatabase) {
        let db = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
        db::migrate::<WithSecret>(&db).await.unwrap();
        let opened = join_all((0..8).map(|_| Secret::open(&db))).await;
        let digest = |secret: &Secret| secret.key("a purpose").hmac(&[b"text"]);
        let first = opened[0].as_ref().unwrap();
        assert!(opened.iter().all(|other| digest(other.as_ref().unwrap()) == digest(first)));
        assert_ne!(digest(first), first.key("another").hmac(&[b"text"]));
        assert!(!format!("{first:?}").contains(char::is_numeric), "it is not printed");
        db.execute_unprepared("DELETE FROM service_secret").await.unwrap();
        assert_ne!(digest(&Secret::open(&db).await.unwrap()), digest(first));
    }

    async fn a_key_that_exists_is_told_apart(test: TestDatabase) {
        let db = counter(&test).await;
        let error = db.execute_unprepared("INSERT INTO counter VALUES ('one', 7)").await.unwrap_err();
        assert_eq!(db::classify(&error), Failure::UniqueViolation);
        let error = db.execute_unprepared("INSERT INTO nowhere VALUES (1)").await.unwrap_err();
        assert_eq!(db::classify(&error), Failure::Other);
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_apart() {
    let port = yizhan_testkit::free_port();
    let config = DatabaseConfig::at(format!("postgres://postgres@127.0.0.1:{port}/none"));
    let error = db::connect(&config).await.unwrap_err();
    assert_eq!(db::classify(&error), Failure::Away, "{error:?}");
}

/// SQLite rolls back by itself what the disk has no room for.
#[tokio::test]
async fn a_disk_full_for_a_moment_loses_nothing_that_was_committed_after() {
    let test = TestDatabase::sqlite();
    let db =
        db::connect(&DatabaseConfig { max_connections: 1, ..DatabaseConfig::at(test.url()) }).await.unwrap();
    db.execute_unprepared("CREATE TABLE kept (at bigint PRIMARY KEY, text text NOT NULL)").await.unwrap();
    let keep = async |at: i32, bytes: usize| {
        let tx = begin_write(&db).await?;
        let text = "x".repeat(bytes);
        tx.execute_unprepared(&format!("INSERT INTO kept VALUES ({at}, '{text}')")).await?;
        tx.commit().await
    };
    for round in 0..3 {
        db.execute_unprepared("PRAGMA max_page_count = 10").await.unwrap();
        let full = keep(round, 100_000).await.unwrap_err();
        assert_eq!(db::classify(&full), Failure::Away, "{full}");
        db.execute_unprepared("PRAGMA max_page_count = 100000").await.unwrap();
        // Something is refused, then something is written.
        begin_write(&db).await.unwrap().rollback().await.unwrap();
        keep(100 + round, 10).await.unwrap();
        let other = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
        let statement =
            Statement::from_string(other.get_database_backend(), "SELECT count(*) AS kept FROM kept");
        let kept: i64 = other.query_one_raw(statement).await.unwrap().unwrap().try_get("", "kept").unwrap();
        assert_eq!(kept, i64::from(round) + 1, "what was committed is seen by others");
    }
}

/// Callers go away at any moment, also while their transaction begins: what is written on that connection later is committed.
#[tokio::test]
async fn a_begin_given_up_half_way_takes_nothing_with_it() {
    let test = TestDatabase::postgres();
    let one_connection = DatabaseConfig { max_connections: 1, ..DatabaseConfig::at(test.url()) };
    let db = db::connect(&one_connection).await.unwrap();
    db.execute_unprepared("CREATE TABLE kept (at bigint PRIMARY KEY)").await.unwrap();
    let other = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
    let count = Statement::from_string(other.get_database_backend(), "SELECT count(*) AS kept FROM kept");
    for polls in 1..12 {
        let mut begin = Box::pin(begin_write(&db));
        for _ in 0..polls {
            if futures::poll!(&mut begin).is_ready() {
                break;
            }
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
        drop(begin);
        db.execute_unprepared(&format!("INSERT INTO kept VALUES ({polls})")).await.unwrap();
        let row = other.query_one_raw(count.clone()).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "kept").unwrap(), polls, "what was written is seen by others");
    }
}
