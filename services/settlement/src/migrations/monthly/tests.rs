//! On PostgreSQL: rows of before, months that begin, several processes, what fits nowhere.

use chrono::{DateTime, Datelike, Months, TimeDelta, Utc};
use sea_orm::{DbBackend, FromQueryResult, Statement};
use sea_orm_migration::MigratorTrait;
use yizhan_runtime::clock::{begin_of, day_of};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::monthly::{self, AHEAD, Kept};
use yizhan_runtime::db::{self, DatabaseConnection, Failure, classify};
use yizhan_runtime::ids::first_id_at;
use yizhan_testkit::TestDatabase;

use super::*;
use crate::migrations::Migrator;

const SETTLEMENTS: monthly::Monthly = MONTHLY[0];
const JOURNAL: monthly::Monthly = MONTHLY[1];

#[derive(Debug, FromQueryResult)]
struct Place {
    psn_no: String,
    partition: String,
}

async fn connect(test: &TestDatabase) -> DatabaseConnection {
    db::connect(&DatabaseConfig::at(test.url())).await.unwrap()
}

/// The tables as they were before the migration.
async fn before(test: &TestDatabase) -> DatabaseConnection {
    let db = connect(test).await;
    let before = Migrator::migrations().iter().position(|one| one.name() == DivideByMonth.name()).unwrap();
    Migrator::up(&db, Some(u32::try_from(before).unwrap())).await.unwrap();
    db
}

/// A settlement of a person, or a reversal; with its entry in the journal.
async fn settle(db: &impl ConnectionTrait, psn_no: &str, setl_id: &str, reverses: &str) -> Result<(), DbErr> {
    let settled = format!(
        "INSERT INTO settlements SELECT '430200', '{psn_no}', '{setl_id}', 'H1', '11', '2026-01-01', '{reverses}', 0, 0, 0, 0, 0, \
         '310', '11', '', '', '', '', ''"
    );
    db.execute_unprepared(&settled).await?;
    let booked = format!(
        "INSERT INTO journal VALUES ('430200', '{psn_no}', '{setl_id}', '[{{\"n\":0,\"a\":\"cash/{psn_no}\",\"f\":7}}]')"
    );
    db.execute_unprepared(&booked).await.map(drop)
}

/// A settlement with its entry, or neither.
async fn settle_whole(db: &DatabaseConnection, psn_no: &str, setl_id: &str) -> Result<(), DbErr> {
    let tx = db::begin_write(db).await?;
    settle(&tx, psn_no, setl_id, "").await?;
    tx.commit().await
}

/// Where the rows of persons are, of settlements and of the journal, which have to agree.
async fn places(db: &DatabaseConnection) -> Vec<String> {
    let mut places = Vec::new();
    for table in ["settlements", "journal"] {
        let sql = format!(
            "SELECT psn_no, tableoid::regclass::text AS partition FROM {table} ORDER BY psn_no, setl_id"
        );
        let rows =
            Place::find_by_statement(Statement::from_string(DbBackend::Postgres, sql)).all(db).await.unwrap();
        let of_month = |partition: &str| partition.strip_prefix(&format!("{table}_")).unwrap().to_owned();
        let told: Vec<_> =
            rows.iter().map(|row| format!("{}: {}", row.psn_no, of_month(&row.partition))).collect();
        places.push(told);
    }
    assert_eq!(places[0], places[1]);
    places.swap_remove(0)
}

async fn count(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

/// The month of a moment, as partitions are named.
fn month(at: DateTime<Utc>) -> String {
    day_of(at).format("%Y_%m").to_string()
}

fn plus(at: DateTime<Utc>, months: u32) -> DateTime<Utc> {
    at.checked_add_months(Months::new(months)).unwrap()
}

/// A moment in the middle of this month.
fn now() -> DateTime<Utc> {
    begin_of(day_of(ids::now()).with_day(15).unwrap())
}

#[tokio::test]
async fn rows_of_before_are_the_first_partition_and_nothing_is_reversed_twice() {
    let test = TestDatabase::postgres();
    let db = before(&test).await;
    let id = |months_ago: u32| first_id_at(now().checked_sub_months(Months::new(months_ago)).unwrap());
    settle(&db, "P1", &id(24), "").await.unwrap();
    settle(&db, "P2", &id(2), "").await.unwrap();
    settle(&db, "P2", &id(1), &id(2)).await.unwrap();
    settle(&db, "P3", &id(0), "").await.unwrap();
    settle(&db, "P4", "S1", "").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    // Of this month something was there: the table of before holds it to its end.
    assert_eq!(places(&db).await, ["P1: before", "P2: before", "P2: before", "P3: before", "P4: rest"]);
    settle(&db, "P5", &first_id_at(plus(now(), 1)), "").await.unwrap();
    settle(&db, "P6", &first_id_at(plus(now(), AHEAD)), "").await.unwrap();
    settle(&db, "P7", &first_id_at(plus(now(), AHEAD + 1)), "").await.unwrap();
    let [next, last] = [1, AHEAD].map(|ahead| month(plus(now(), ahead)));
    assert_eq!(places(&db).await[5..], [format!("P5: {next}"), format!("P6: {last}"), "P7: rest".to_owned()]);
    assert_eq!(count(&db, "SELECT COUNT(*) FROM postings WHERE amount_fen = 7").await, 8);

    for again in [id(0), first_id_at(plus(now(), 2)), "S2".to_owned()] {
        let refused = settle(&db, "P2", &again, &id(2)).await.unwrap_err();
        assert_eq!(classify(&refused), Failure::UniqueViolation, "{refused}");
    }
    settle(&db, "P1", &first_id_at(plus(now(), 3)), &id(24)).await.unwrap();
    assert_eq!(count(&db, "SELECT COUNT(*) FROM settlement_reversals").await, 2);
    let refused = settle(&db, "P3", &id(0), "").await.unwrap_err();
    assert_eq!(classify(&refused), Failure::UniqueViolation, "the primary key: {refused}");
}

#[tokio::test]
async fn a_large_table_is_looked_through_beforehand_and_what_comes_of_nothing_is_taken_back() {
    let test = TestDatabase::postgres();
    let db = before(&test).await;
    settle(&db, "P1", &first_id_at(now()), "").await.unwrap();
    let constraints = "SELECT COUNT(*) FROM pg_constraint WHERE contype = 'c' AND convalidated AND conname LIKE '%\\_before\\_%'";
    monthly::prepare(&db, &MONTHLY, now()).await.unwrap();
    assert_eq!(count(&db, constraints).await, 0, "small ones are not");
    monthly::prepare_larger(&db, &MONTHLY, now(), 0).await.unwrap();
    assert_eq!(count(&db, constraints).await, 2);
    monthly::give_up(&db, &MONTHLY).await.unwrap();
    assert_eq!(count(&db, constraints).await, 0);

    // Two processes at once, once more, and much later: then what was prepared is done anew.
    let other = connect(&test).await;
    let [one, two] = [&db, &other].map(|db| monthly::prepare_larger(db, &MONTHLY, now(), 0));
    let (one, two) = tokio::join!(one, two);
    one.and(two).unwrap();
    monthly::prepare_larger(&db, &MONTHLY, now(), 0).await.unwrap();
    assert_eq!(count(&db, constraints).await, 2);
    let late = plus(now(), 3);
    monthly::prepare_larger(&db, &MONTHLY, late, 0).await.unwrap();
    let of_late = format!("{constraints} AND conname LIKE '%{}'", month(plus(late, 2)));
    assert_eq!(count(&db, &of_late).await, 2);

    Migrator::up(&db, None).await.unwrap();
    assert_eq!(count(&db, constraints).await, 0);
    settle(&db, "P2", &first_id_at(plus(late, 1)), "").await.unwrap();
    settle(&db, "P3", &first_id_at(plus(late, 2)), "").await.unwrap();
    assert_eq!(
        places(&db).await,
        ["P1: before".to_owned(), "P2: before".to_owned(), format!("P3: {}", month(plus(late, 2)))]
    );
    monthly::prepare_larger(&db, &MONTHLY, now(), 0).await.unwrap();
    monthly::give_up(&db, &MONTHLY).await.unwrap();
}

#[tokio::test]
async fn months_are_made_ahead_once_by_many_and_get_what_was_written_before_them() {
    let test = TestDatabase::postgres();
    let db = connect(&test).await;
    Migrator::up(&db, None).await.unwrap();
    let full = Kept { made: 0, ahead: AHEAD, rest: 0 };
    assert_eq!(monthly::keep(&db, &SETTLEMENTS, now()).await.unwrap(), full);

    // Plans that were made for empty tables would be kept when they fill.
    let known_as_empty = "SELECT COUNT(*) FROM pg_class WHERE relname LIKE 'settlements\\_2%' AND relkind = 'r' AND reltuples = 0";
    db.execute_unprepared("VACUUM ANALYZE settlements").await.unwrap();
    assert_eq!(count(&db, known_as_empty).await, i64::from(AHEAD) + 1);
    assert_eq!(monthly::keep(&db, &SETTLEMENTS, now()).await.unwrap(), full);
    assert_eq!(count(&db, known_as_empty).await, 0);

    // Nobody has seen to it for more than a year; settlements go on.
    let late = plus(now(), AHEAD + 1);
    let begins = begin_of(day_of(late).with_day(1).unwrap());
    settle(&db, "P0", &first_id_at(begins - TimeDelta::milliseconds(1)), "").await.unwrap();
    settle(&db, "P1", &first_id_at(begins), "").await.unwrap();
    settle(&db, "P2", "S1", "").await.unwrap();
    let [last, next] = [month(plus(now(), AHEAD)), month(late)];
    assert_eq!(places(&db).await, [format!("P0: {last}"), "P1: rest".to_owned(), "P2: rest".to_owned()]);

    // While one settles, several see to it.
    let processes = [connect(&test).await, connect(&test).await, connect(&test).await];
    let settling = async {
        for number in 0..50 {
            let at = first_id_at(plus(late, number % AHEAD) + TimeDelta::milliseconds(number.into()));
            let psn_no = format!("Q{number:02}");
            // The month is made at this very moment: once more.
            while let Err(error) = settle_whole(&db, &psn_no, &at).await {
                assert_eq!(classify(&error), Failure::Clash, "{error}");
            }
        }
    };
    let keeping = |process: usize, table| monthly::keep(&processes[process], table, late);
    let (one, two, three, ()) =
        tokio::join!(keeping(0, &SETTLEMENTS), keeping(1, &SETTLEMENTS), keeping(2, &JOURNAL), settling);
    let made = one.unwrap().made + two.unwrap().made;
    assert_eq!((made, three.unwrap().made), (AHEAD + 1, AHEAD + 1));
    let kept = Kept { made: 0, ahead: AHEAD, rest: 1 };
    for table in &MONTHLY {
        assert_eq!(monthly::keep(&db, table, late).await.unwrap(), kept);
    }
    let places = places(&db).await;
    assert_eq!(places[..3], [format!("P0: {last}"), format!("P1: {next}"), "P2: rest".to_owned()]);
    assert!(places[3..].iter().all(|place| !place.ends_with("rest")), "{places:?}");
    assert_eq!(places.len(), 53);
}

#[tokio::test]
async fn sqlite_keeps_plain_tables() {
    let test = TestDatabase::sqlite();
    let db = connect(&test).await;
    monthly::prepare_larger(&db, &MONTHLY, now(), 0).await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    assert_eq!(monthly::keep(&db, &SETTLEMENTS, now()).await.unwrap(), Kept::default());
    monthly::give_up(&db, &MONTHLY).await.unwrap();
    settle(&db, "P1", &first_id_at(now()), "").await.unwrap();
}
