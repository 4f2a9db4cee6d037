//! Tables of PostgreSQL in partitions, one for each month, by ids that begin with the time they were made at ([`crate::ids`]). SQLite keeps
//! plain tables.
//!
//! What is written now goes to the partition of now, so that the part of the table and of its indexes that is written stays small however
//! many years lie behind it. A table has
//!
//! - `<table>_before`: the table of before, with everything that has an id below the first month,
//! - `<table>_2026_11` and so on, made [ahead](AHEAD) of time by [`keep`],
//! - `<table>_rest`: what fits nowhere (a clock that is far ahead, months that nobody made). So nothing is refused for want of a partition;
//!   [`keep`] moves what lies there to its month once that is made, and tells how much is left.
//!
//! Dividing copies no row, and holds the table for a moment only: [`prepare`] has PostgreSQL look beforehand, while everybody works on, that
//! no id of the table is beyond the months it is to hold.

use std::time::Duration;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{DatabaseConnection, Failure, begin_write, classify};
use crate::clock::{begin_of, day_of};
use crate::{ids, metrics};

/// Months that are made beyond this one. Whoever looks for the last of many ids looks into each of them, half a microsecond for each.
pub const AHEAD: u32 = 6;
/// Rows that are moved out of the rest when their month is made; of more there is only told.
pub const MAX_MOVED: i64 = 10_000;
/// Rows of the rest that are counted.
pub const MAX_COUNTED: i64 = 1_000;
/// How long the whole table may be waited for at a time: who comes behind waits as long, and is told nothing within
/// [`LOCK_TIMEOUT`](super::connect::LOCK_TIMEOUT).
pub const LOCK_WITHIN: Duration = Duration::from_secs(1);
/// How often that is tried, and the pause between. Whoever reads the whole table (a dump) holds it.
pub const LOCK_ATTEMPTS: u32 = 60;
const LOCK_PAUSE: Duration = Duration::from_secs(2);
/// How long PostgreSQL may take to look a table through, while everybody works on.
const LOOKED_THROUGH_WITHIN: Duration = Duration::from_secs(6 * 3600);
/// A table that is read within a moment is not prepared.
const SMALL_BYTES: i64 = 64 << 20;
/// What is prepared is still right so much later, should the migration be late.
const PREPARED_FOR_DAYS: u64 = 32;

/// A table that is kept by month.
#[derive(Clone, Copy, Debug)]
pub struct Monthly {
    /// Its name.
    pub table: &'static str,
    /// The column with the id.
    pub id: &'static str,
    /// Its primary key, in which that is.
    pub key: &'static str,
    /// Indexes of it: name and columns.
    pub indexes: &'static [(&'static str, &'static str)],
    /// What each partition has of its own, made of the partition's name for `{}`.
    pub own: &'static [&'static str],
}

/// What [`keep`] found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Partitions made.
    pub made: u32,
    /// Months beyond this one that there is a partition for, without a gap.
    pub ahead: u32,
    /// Rows in the rest, [`MAX_COUNTED`] and one where there are more.
    pub rest: i64,
}

/// A calendar month in Asia/Shanghai.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Month(NaiveDate);

impl Month {
    fn of(at: DateTime<Utc>) -> Month {
        let day = day_of(at);
        Month(day.with_day(1).unwrap_or(day))
    }

    fn plus(self, months: u32) -> Month {
        Month(self.0.checked_add_months(Months::new(months)).unwrap_or(self.0))
    }

    /// Ids that are made in it are not below this one.
    fn first_id(self) -> String {
        ids::first_id_at(begin_of(self.0))
    }

    fn name(self) -> String {
        self.0.format("%Y_%m").to_string()
    }

    fn named(name: &str) -> Option<Month> {
        NaiveDate::parse_from_str(&format!("{name}_01"), "%Y_%m_%d").ok().map(Month)
    }
}

/// Ids below it are of no month in which this process makes one now; it changes once a month. For who looks for the last of many ids: a
/// later one of ours is above it whatever was before.
pub fn recent() -> String {
    let now = ids::now();
    Month::of(now.checked_sub_days(chrono::Days::new(1)).unwrap_or(now)).first_id()
}

/// Before [`divide`], outside its transaction: has PostgreSQL make sure that a large table holds nothing beyond the months that become its first
/// partition, while everybody reads and writes on. Does nothing where that is done, or not needed.
pub async fn prepare(db: &DatabaseConnection, tables: &[Monthly], now: DateTime<Utc>) -> Result<(), DbErr> {
    prepare_larger(db, tables, now, SMALL_BYTES).await
}

/// The same for tables of more than so many bytes.
pub async fn prepare_larger(
    db: &DatabaseConnection,
    tables: &[Monthly],
    now: DateTime<Utc>,
    than_bytes: i64,
) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in tables {
        if table.is_plain(db, than_bytes).await?
            && let Err(error) = table.constrain(db, now).await
            // Else another process has divided it meanwhile.
            && table.is_plain(db, than_bytes).await?
        {
            return Err(error);
        }
    }
    Ok(())
}

/// Takes back what [`prepare`] did, where nothing came of it: else ids of later months would be refused one day.
pub async fn give_up(db: &DatabaseConnection, tables: &[Monthly]) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in tables {
        if table.is_plain(db, 0).await?
            && let Some((constraint, _)) = table.prepared(db).await?
        {
            let drop = format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {constraint}", table.table);
            table.alter(db, &drop).await?;
        }
    }
    Ok(())
}

/// In a migration: makes a partitioned table of a plain one, which becomes its first partition.
pub async fn divide(db: &impl ConnectionTrait, tables: &[Monthly], now: DateTime<Utc>) -> Result<(), DbErr> {
    let names: Vec<&str> = tables.iter().map(|table| table.table).collect();
    lock_soon(db, &names.join(", ")).await?;
    for table in tables {
        table.divide(db, now).await?;
    }
    Ok(())
}

/// Makes the partitions of the months to come, and tells how it stands. To be repeated; many processes may do it at once. What cannot be made
/// now (somebody reads the whole table) is logged, and made the next time.
pub async fn keep(db: &DatabaseConnection, table: &Monthly, now: DateTime<Utc>) -> Result<Kept, DbErr> {
    let mut kept = Kept::default();
    let mut there = table.bounds(db).await?;
    if there.is_empty() {
        return Ok(kept);
    }
    for month in (0..=AHEAD).map(|ahead| Month::of(now).plus(ahead)) {
        if covered(&there, &month.first_id()) {
            continue;
        }
        match table.make_alone(db, month).await {
            Ok(made) => kept.made += u32::from(made),
            Err(error) => {
                let (table, month) = (table.table, month.name());
                tracing::warn!(table, month, %error, "a partition could not be made; that is tried again");
                break;
            }
        }
    }
    if let Err(error) = table.forget_that_it_is_empty(db).await {
        tracing::warn!(table = table.table, %error, "empty partitions are known as such; that is tried again");
    }
    there = table.bounds(db).await?;
    let covered = |ahead: &u32| covered(&there, &Month::of(now).plus(*ahead).first_id());
    kept.ahead = (0..=AHEAD).take_while(covered).count().saturating_sub(1).try_into().unwrap_or(AHEAD);
    kept.rest = table.count_rest(db).await?;
    metrics::partitions(table.table, kept.ahead.into(), kept.rest.unsigned_abs());
    Ok(kept)
}

/// Whether an id lies between the bounds of one of the partitions.
fn covered(bounds: &[[String; 2]], id: &str) -> bool {
    bounds.iter().any(|[from, to]| from.as_str() <= id && id < to.as_str())
}

impl Monthly {
    fn before(&self) -> String {
        format!("{}_before", self.table)
    }

    fn rest(&self) -> String {
        format!("{}_rest", self.table)
    }

    /// Whether it is not divided, and larger than so many bytes.
    async fn is_plain(&self, db: &impl ConnectionTrait, than_bytes: i64) -> Result<bool, DbErr> {
        let sql = format!(
            "SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('{}') AND relkind = 'r' \
             AND pg_relation_size(oid) > {than_bytes})",
            self.table
        );
        Ok(one(db, &sql).await?.unwrap_or(false))
    }

    /// The name of the constraint that [`prepare`] made, and the month that begins where it ends.
    async fn prepared(&self, db: &impl ConnectionTrait) -> Result<Option<(String, Month)>, DbErr> {
        let before = format!("{}_before_", self.table);
        let sql = format!(
            "SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass('{}') AND contype = 'c' \
             AND starts_with(conname::text, '{before}')",
            self.table
        );
        let name: Option<String> = one(db, &sql).await?;
        Ok(name.and_then(|name| Some((name.clone(), Month::named(name.strip_prefix(&before)?)?))))
    }

    async fn constrain(&self, db: &DatabaseConnection, now: DateTime<Utc>) -> Result<(), DbErr> {
        let soon = now.checked_add_days(chrono::Days::new(PREPARED_FOR_DAYS)).unwrap_or(now);
        let (this, month) = (Month::of(now), Month::of(soon).plus(1));
        let constraint = match self.prepared(db).await? {
            Some((constraint, until)) if until.0 > this.0 => constraint,
            late => {
                if let Some((constraint, _)) = late {
                    self.alter(db, &format!("ALTER TABLE {} DROP CONSTRAINT {constraint}", self.table))
                        .await?;
                }
                if self.exists_from(db, self.table, &month.first_id()).await? {
                    tracing::warn!(
                        table = self.table,
                        "holds ids of later months: it is read whole while it is divided"
                    );
                    return Ok(());
                }
                let (table, id, constraint) =
                    (self.table, self.id, format!("{}_{}", self.before(), month.name()));
                let below = month.first_id();
                let add = format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({id} < '{below}') NOT VALID"
                );
                match self.alter(db, &add).await {
                    Err(error) if self.prepared(db).await?.is_none() => return Err(error),
                    // Another process made it a moment ago.
                    _ => constraint,
                }
            }
        };
        tracing::info!(table = self.table, constraint, "is looked through before it is divided by month");
        self.alter(db, &format!("ALTER TABLE {} VALIDATE CONSTRAINT {constraint}", self.table)).await
    }

    /// Changes the table in a transaction of its own, that holds up nobody for long.
    async fn alter(&self, db: &DatabaseConnection, change: &str) -> Result<(), DbErr> {
        let tx = begin_write(&db.answering_within(LOOKED_THROUGH_WITHIN)).await?;
        let limit = LOOKED_THROUGH_WITHIN.as_secs();
        tx.execute_unprepared(&format!("SET LOCAL statement_timeout = '{limit}s'")).await?;
        // Reading it through goes beside everybody's work; what is not that is done within a moment once nobody is in the way.
        soon(&tx, change).await?;
        tx.commit().await
    }

    async fn exists_from(&self, db: &impl ConnectionTrait, table: &str, from: &str) -> Result<bool, DbErr> {
        let sql = format!("SELECT EXISTS (SELECT FROM {table} WHERE {} >= '{from}')", self.id);
        Ok(one(db, &sql).await?.unwrap_or(false))
    }

    async fn divide(&self, db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), DbErr> {
        let (table, before, rest, id, key) = (self.table, self.before(), self.rest(), self.id, self.key);
        let prepared = self.prepared(db).await?;
        let this = Month::of(now);
        let first = match &prepared {
            Some((_, month)) => *month,
            None if self.exists_from(db, table, &this.first_id()).await? => this.plus(1),
            None => this,
        };
        let bound = first.first_id();
        let mut statements = vec![
            rename_indexes(table),
            format!("ALTER TABLE {table} RENAME TO {before}"),
            format!(
                "CREATE TABLE {table} (LIKE {before} INCLUDING ALL EXCLUDING INDEXES EXCLUDING CONSTRAINTS) PARTITION BY RANGE ({id})"
            ),
            grant_alike(&before, table),
            format!("ALTER TABLE {table} ADD CONSTRAINT \"pk-{table}\" PRIMARY KEY ({key})"),
        ];
        statements
            .extend(self.indexes.iter().map(|(name, of)| format!("CREATE INDEX {name} ON {table} ({of})")));
        statements.push(format!("CREATE TABLE {rest} (LIKE {table} INCLUDING ALL)"));
        // Where that was prepared there is none.
        if prepared.is_none() {
            statements.push(format!(
                "WITH beyond AS (DELETE FROM {before} WHERE {id} >= '{bound}' RETURNING *) INSERT INTO {rest} SELECT * FROM beyond"
            ));
        }
        statements.extend([
            format!(
                "ALTER TABLE {table} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ('{bound}')"
            ),
            format!("ALTER TABLE {table} ATTACH PARTITION {rest} DEFAULT"),
        ]);
        statements.extend(self.own_of(&rest));
        statements.extend(
            prepared.map(|(constraint, _)| format!("ALTER TABLE {before} DROP CONSTRAINT {constraint}")),
        );
        for statement in statements {
            db.execute_unprepared(&statement).await?;
        }
        for ahead in 0..=AHEAD {
            let month = this.plus(ahead);
            if month.first_id() >= bound {
                self.make(db, month).await?;
            }
        }
        Ok(())
    }

    fn own_of(&self, partition: &str) -> impl Iterator<Item = String> {
        self.own.iter().map(move |own| own.replace("{}", partition))
    }

    /// Makes a month, and moves to it what was written to the rest meanwhile. Everything within one transaction.
    async fn make(&self, db: &impl ConnectionTrait, month: Month) -> Result<(), DbErr> {
        let (table, rest, id, name) =
            (self.table, self.rest(), self.id, format!("{}_{}", self.table, month.name()));
        let [from, to] = [month.first_id(), month.plus(1).first_id()];
        db.execute_unprepared(&format!("CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")).await?;
        for own in self.own_of(&name) {
            db.execute_unprepared(&own).await?;
        }
        let moved = format!(
            "WITH due AS (DELETE FROM {rest} WHERE {id} >= '{from}' AND {id} < '{to}' RETURNING *) INSERT INTO {name} SELECT * FROM due"
        );
        db.execute_unprepared(&moved).await?;
        let attach =
            format!("ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}')");
        db.execute_unprepared(&attach).await.map(drop)
    }

    /// The same in a transaction of its own, one process at a time; whether it was this one that made it.
    async fn make_alone(&self, db: &DatabaseConnection, month: Month) -> Result<bool, DbErr> {
        let tx = begin_write(db).await?;
        super::migrate::lock_migrations(&tx).await?;
        let id = month.first_id();
        if covered(&self.bounds(&tx).await?, &id) {
            return Ok(false);
        }
        let rest = self.rest();
        let limit = LOCK_WITHIN.as_secs();
        tx.execute_unprepared(&format!("SET LOCAL lock_timeout = '{limit}s'")).await?;
        // Whoever writes to it at this moment comes first.
        tx.execute_unprepared(&format!("LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE")).await?;
        let to = month.plus(1).first_id();
        let due = format!("SELECT COUNT(*) FROM {rest} WHERE {0} >= '{id}' AND {0} < '{to}'", self.id);
        let due: i64 = one(&tx, &due).await?.unwrap_or_default();
        if due > MAX_MOVED {
            tracing::error!(
                table = self.table,
                month = month.name(),
                due,
                "too much lies outside its month to be moved"
            );
            return Ok(false);
        }
        self.make(&tx, month).await?;
        tx.commit().await?;
        tracing::info!(table = self.table, month = month.name(), moved = due, "a partition was made");
        Ok(true)
    }

    /// PostgreSQL that has gone through an empty partition (VACUUM, ANALYZE) plans to read it whole, and keeps to that plan for a while when the
    /// month begins and it fills; of one that it never went through it assumes more, and uses the index.
    async fn forget_that_it_is_empty(&self, db: &DatabaseConnection) -> Result<(), DbErr> {
        let sql = format!(
            "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
             WHERE i.inhparent = to_regclass('{}') AND c.reltuples = 0 AND c.relname <> '{}' AND pg_relation_size(c.oid) = 0",
            self.table,
            self.before()
        );
        for row in db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await? {
            let (name, limit) = (row.try_get::<String>("", "name")?, LOCK_WITHIN.as_secs());
            let tx = begin_write(db).await?;
            tx.execute_unprepared(&format!(
                "SET LOCAL lock_timeout = '{limit}s'; LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"
            ))
            .await?;
            let filled: Option<bool> = one(&tx, &format!("SELECT EXISTS (SELECT FROM {name})")).await?;
            if filled == Some(false) {
                tx.execute_unprepared(&format!("TRUNCATE {name}")).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// From where to where the partitions reach, but the rest; none where the table is not partitioned.
    async fn bounds(&self, db: &impl ConnectionTrait) -> Result<Vec<[String; 2]>, DbErr> {
        if db.get_database_backend() != DbBackend::Postgres {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT pg_get_expr(c.relpartbound, c.oid) AS bound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
             WHERE i.inhparent = to_regclass('{}') ORDER BY 1",
            self.table
        );
        let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        let bounds = rows.iter().map(|row| row.try_get::<String>("", "bound").map(|bound| bounds_in(&bound)));
        Ok(bounds.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    async fn count_rest(&self, db: &impl ConnectionTrait) -> Result<i64, DbErr> {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT FROM {} LIMIT {}) AS counted",
            self.rest(),
            MAX_COUNTED + 1
        );
        Ok(one(db, &sql).await?.unwrap_or_default())
    }
}

/// `FOR VALUES FROM ('…') TO ('…')`, where the first may be MINVALUE: below everything.
fn bounds_in(expression: &str) -> Option<[String; 2]> {
    let (from, to) = expression.strip_prefix("FOR VALUES FROM (")?.split_once(") TO (")?;
    let unquoted = |bound: &str| bound.trim_end_matches(')').trim_matches('\'').to_owned();
    let from = if from == "MINVALUE" { String::new() } else { unquoted(from) };
    Some([from, unquoted(to)])
}

/// Locks whole tables, in this order, as soon as nobody is in the way for a moment.
async fn lock_soon(db: &impl ConnectionTrait, tables: &str) -> Result<(), DbErr> {
    soon(db, &format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")).await?;
    let limit = super::migrate::MIGRATION_TIMEOUT.as_secs();
    db.execute_unprepared(&format!("SET LOCAL lock_timeout = '{limit}s'")).await.map(drop)
}

/// Does something that needs a table alone, in a transaction, without others having to stand behind it for long.
async fn soon(tx: &impl ConnectionTrait, statement: &str) -> Result<(), DbErr> {
    let limit = LOCK_WITHIN.as_secs();
    let mut attempt = 1;
    loop {
        tx.execute_unprepared(&format!("SAVEPOINT alone; SET LOCAL lock_timeout = '{limit}s'")).await?;
        match tx.execute_unprepared(statement).await {
            Err(error) if attempt < LOCK_ATTEMPTS && classify(&error) == Failure::Clash => {
                tx.execute_unprepared("ROLLBACK TO SAVEPOINT alone").await?;
                tracing::info!(statement, attempt, "waits for whoever reads or changes the whole table");
                attempt += 1;
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            done => return done.map(drop),
        }
    }
}

/// The first column of the first row.
async fn one<T: sea_orm::TryGetable>(db: &impl ConnectionTrait, sql: &str) -> Result<Option<T>, DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

/// Their names are those of the new table's.
fn rename_indexes(table: &str) -> String {
    format!(
        "DO $$ DECLARE one record; BEGIN \
         FOR one IN SELECT indexrelid::regclass AS index, c.relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid \
             WHERE indrelid = '{table}'::regclass LOOP \
             EXECUTE format('ALTER INDEX %s RENAME TO %I', one.index, one.relname || '_before'); \
         END LOOP; END $$"
    )
}

/// Who may do what with the table may do it with the one that takes its name.
pub fn grant_alike(from: &str, to: &str) -> String {
    format!(
        "DO $$ DECLARE one record; BEGIN \
         FOR one IN SELECT (aclexplode(relacl)).* FROM pg_class WHERE oid = '{from}'::regclass LOOP \
             EXECUTE format('GRANT %s ON {to} TO %s', one.privilege_type, \
                 CASE WHEN one.grantee = 0 THEN 'PUBLIC' ELSE one.grantee::regrole::text END); \
         END LOOP; END $$"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_shanghai() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(Month::of(at("2026-11-30T15:59:59Z")).name(), "2026_11");
        assert_eq!(Month::of(at("2026-11-30T16:00:00Z")).name(), "2026_12");
        assert_eq!(Month::of(at("2026-11-30T16:00:00Z")).plus(1).name(), "2027_01");
        assert_eq!(Month::named("2027_01"), Some(Month::of(at("2027-01-01T00:00:00Z"))));
        assert_eq!(
            Month::of(at("2026-11-30T16:00:00Z")).first_id(),
            ids::first_id_at(at("2026-11-30T16:00:00Z"))
        );
        assert!(recent() < ids::new_id());
    }

    #[test]
    fn bounds_are_read_as_postgresql_tells_them() {
        let bounds = |text| bounds_in(text).map(|[from, to]| format!("{from}-{to}"));
        assert_eq!(bounds("FOR VALUES FROM ('06A') TO ('06B')").as_deref(), Some("06A-06B"));
        assert_eq!(bounds("FOR VALUES FROM (MINVALUE) TO ('06B')").as_deref(), Some("-06B"));
        assert_eq!(bounds("DEFAULT"), None);
    }
}
