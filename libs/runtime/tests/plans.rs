//! Plans that PostgreSQL keeps for what is looked up.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{ask_each, begin_write, connect};
use yizhan_testkit::TestDatabase;

#[derive(Debug, FromQueryResult)]
struct Found {
    version: Option<i64>,
}

#[derive(Debug, PartialEq, FromQueryResult)]
struct Plans {
    kept: i64,
    made: i64,
}

/// For one key out of many a plan of its own looks cheaper to PostgreSQL: after the five that it tries it would make one each time.
#[tokio::test]
async fn a_plan_is_kept_for_keys_however_few_they_are() {
    let test = TestDatabase::postgres();
    let db = connect(&DatabaseConfig::at(test.url())).await.unwrap();
    for statement in [
        "CREATE TABLE counter (name text PRIMARY KEY, version bigint NOT NULL)",
        "INSERT INTO counter SELECT 'name' || n, n FROM generate_series(1, 10000) AS n",
        "ANALYZE counter",
    ] {
        db.execute_unprepared(statement).await.unwrap();
    }
    let tx = begin_write(&db).await.unwrap();
    let version = "(SELECT version FROM counter WHERE counter.name = key.name) AS version";
    for _ in 0..12 {
        let keys = vec![["name7".to_owned()]];
        let found: Vec<Found> = ask_each(&tx, ["name"], keys, version).await.unwrap();
        assert_eq!(found[0].version, Some(7));
    }
    let plans = "SELECT generic_plans AS kept, custom_plans AS made FROM pg_prepared_statements \
                 WHERE statement LIKE '%FROM counter%'";
    let plans = Statement::from_string(DbBackend::Postgres, plans);
    let plans = Plans::find_by_statement(plans).one(&tx).await.unwrap();
    assert_eq!(plans, Some(Plans { kept: 7, made: 5 }));
}
