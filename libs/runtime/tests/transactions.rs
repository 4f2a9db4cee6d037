//! Write transactions: none is lost when many read first and write later, on either database.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use futures::future::join_all;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{self, Failure, begin_write, retry_transient};
use yizhan_testkit::{TestDatabase, both_databases};

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
