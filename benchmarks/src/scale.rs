//! What a settlement costs with very many behind it, next to what it costs with 100,000: two platforms in turns, on one PostgreSQL with the
//! settings of `k8s/components/database`. The settlements behind are copies of real ones, of two years until now, of ten times fewer people than
//! there are settlements, of many institutions; of who settles now everybody stands somewhere else in every index. Copies have no answer, and
//! the beginning of the recorded case: they are not read, and would fill the disk.

use std::time::Instant;

use anyhow::{Context, ensure};
use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yizhan_runtime::clock::{begin_of, day_of};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{self, DatabaseConnection};
use yizhan_runtime::ids;
use yizhan_testkit::{PostgresServer, TestDatabase};

use crate::bill::Kind;
use crate::load::{Until, closed_loop};
use crate::machine;
use crate::options::Options;
use crate::platform::Platform;
use crate::report::{Report, count, ratio};
use crate::settling::Settling;

/// As a cluster is set up for it, see `k8s/components/database/cluster.yaml`; with less room for the log, since disks here are small.
const SETTINGS: [&str; 7] = [
    "shared_buffers=4GB",
    "effective_cache_size=12GB",
    "max_wal_size=3GB",
    "checkpoint_timeout=15min",
    "wal_compression=lz4",
    "default_toast_compression=lz4",
    "max_locks_per_transaction=256",
];
/// What it is compared with.
const FEW: u64 = 100_000;
/// Settlements of a person.
const EACH: u64 = 10;
/// Months until now.
const MONTHS: u32 = 24;
/// Copied at a time.
const CHUNK: u64 = 100_000;
/// Institutions of the copies.
const INSTITUTIONS: u64 = 500;
/// Characters of the recorded case that copies have: that of a clinic visit has 1,500, its answer 3,000.
const CASE_CHARACTERS: u64 = 50;
const IN_FLIGHT: usize = 128;
/// Settled before anything is measured: the first of them are what is copied.
const WARM_UP: u64 = 2_000;
/// A settlement may cost so much more, in hundredths.
const AT_MOST: u64 = 120;

/// A platform with so many settlements.
struct Stand {
    rows: u64,
    platform: Platform,
    settling: Settling,
    db: DatabaseConnection,
    bytes: u64,
}

/// What a stretch of settling used.
#[derive(Clone, Copy, Default)]
struct Used {
    done: u64,
    elapsed_us: u64,
    postgres_ms: u64,
    settlement_ms: u64,
    blocks_read: u64,
    wal_bytes: u64,
}

/// Measures it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    ensure!(!options.people.is_multiple_of(7919), "BENCH_PEOPLE is a multiple of 7919");
    let server = PostgresServer::on_disk_with(&SETTINGS);
    let few = Stand::with(&server, options, FEW.min(options.scale_rows)).await?;
    let many = Stand::with(&server, options, options.scale_rows).await?;
    let stands = [few, many];
    let mut sums = [Used::default(); 2];
    for round in 1..=options.rounds.max(1) * 2 {
        for (stand, sum) in stands.iter().zip(&mut sums) {
            let used = stand.stretch(options).await?;
            eprintln!("round {round}, {} settlements: {}", count(stand.rows), used.told());
            *sum = sum.and(used);
        }
    }
    for (stand, sum) in stands.iter().zip(&sums) {
        let of = if options.scale_plain { "whole tables" } else { "by month" };
        report.info(
            format!("Settle a clinic visit behind {} settlements, {of}", count(stand.rows)),
            format!("{}; {} bytes of database for each", sum.told(), count(stand.bytes / stand.rows.max(1))),
        );
    }
    let [few, many] = sums;
    let cost = |used: Used| used.elapsed_us * 1000 / used.done.max(1);
    report.target(
        format!("Cost of a settlement behind {} against {}", count(stands[1].rows), count(stands[0].rows)),
        format!(
            "ratio {} in time, {} in CPU of PostgreSQL",
            ratio(cost(many), cost(few)),
            ratio(many.cpu(), few.cpu())
        ),
        "≤ 1.20",
        cost(many) * 100 <= cost(few) * AT_MOST,
    );
    Ok(())
}

impl Stand {
    async fn with(server: &PostgresServer, options: &Options, rows: u64) -> anyhow::Result<Stand> {
        let database = TestDatabase::on(server);
        let db = db::connect(&DatabaseConfig::at(database.url())).await?.patient();
        let platform = Platform::start([TestDatabase::on(server), database]).await?;
        platform.register(options.people).await?;
        platform.wait_for_the_follower().await?;
        let settling = Settling::on(&platform, options.people)?.of(Kind::Clinic)?.scattered();
        let job = settling.clone();
        closed_loop(IN_FLIGHT, Until::Done(WARM_UP), move || job.clone().settle()).await?;
        let mut stand = Stand { rows, platform, settling, db, bytes: 0 };
        let begun = Instant::now();
        stand.divide(options.scale_plain).await?;
        stand.fill(options).await?;
        stand.bytes = stand.number("SELECT pg_database_size(current_database())").await?;
        let (rows, mib, took) = (count(rows), count(stand.bytes >> 20), begun.elapsed().as_secs());
        eprintln!("{rows} settlements copied in {took} s, {mib} MiB");
        Ok(stand)
    }

    async fn run(&self, sql: &str) -> anyhow::Result<()> {
        self.db.execute_unprepared(sql).await.with_context(|| sql.to_owned())?;
        Ok(())
    }

    async fn number(&self, sql: &str) -> anyhow::Result<u64> {
        let row = self.db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        let number: i64 = row.context("a number")?.try_get_by_index(0)?;
        Ok(u64::try_from(number)?)
    }

    /// Months that lie behind, as if partitions had been made all the time; or tables as they were before there were any.
    async fn divide(&self, plain: bool) -> anyhow::Result<()> {
        let this = first_of_month(ids::now())?;
        for (table, own) in [("settlements", REVERSED), ("journal", "")] {
            self.run(&format!("ALTER TABLE {table} DETACH PARTITION {table}_before")).await?;
            if plain {
                self.make_whole(table).await?;
                continue;
            }
            for behind in 1..MONTHS {
                let from = this.checked_sub_months(Months::new(behind)).context("a month")?;
                let to = from.checked_add_months(Months::new(1)).context("a month")?;
                let [first, end] = [from, to].map(|day| ids::first_id_at(begin_of(day)));
                let name = format!("{table}_{}", from.format("%Y_%m"));
                let own = own.replace("{}", &name);
                self.run(&format!(
                    "CREATE TABLE {name} (LIKE {table} INCLUDING ALL); {own} \
                     ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{end}')"
                ))
                .await?;
            }
        }
        Ok(())
    }

    /// The table of before takes the name again, with what was settled since; nobody settles meanwhile.
    async fn make_whole(&self, table: &str) -> anyhow::Result<()> {
        self.run(&format!(
            "BEGIN; INSERT INTO {table}_before SELECT * FROM {table}; ALTER TABLE {table} RENAME TO {table}_parted; \
             ALTER TABLE {table}_before RENAME TO {table}; COMMIT"
        ))
        .await?;
        if table == "journal" {
            self.run("DROP TABLE journal_parted CASCADE").await
        } else {
            self.run("DROP TABLE settlements_parted CASCADE").await
        }
    }

    /// Copies what was settled to what stands behind, in the order of time.
    async fn fill(&self, options: &Options) -> anyhow::Result<()> {
        self.run(&id_function()).await?;
        self.run(TEMPLATE).await?;
        let people = (self.rows / EACH).max(options.people);
        let beside = (people / options.people).max(1);
        let mut from = 0;
        while from < self.rows {
            let to = self.rows.min(from + CHUNK);
            self.copy(from..to, options.people, beside).await?;
            from = to;
        }
        for table in GROWN {
            self.run(&format!("VACUUM (ANALYZE) {table}")).await?;
        }
        self.run("CHECKPOINT").await
    }

    /// Numbers of people stand between those of who settles now.
    async fn copy(&self, range: std::ops::Range<u64>, people: u64, beside: u64) -> anyhow::Result<()> {
        let (first, last) = (range.start, range.end - 1);
        let month = |number: u64| u32::try_from(number * u64::from(MONTHS) / self.rows);
        // A month's numbers in a straight line over its time, that which is not over yet to now.
        let mut times = Vec::new();
        for number in month(first)?..=month(last)? {
            let [begin, end] = time_of_month(MONTHS - 1 - number)?.map(|at| at.timestamp_millis());
            times.push(format!(
                "WHEN {number} THEN {begin} + ({} - {begin}) * (i * {MONTHS} % {}) / {}",
                end, self.rows, self.rows
            ));
        }
        let (rows, times) = (self.rows, times.join(" "));
        let made = format!(
            "CREATE TEMPORARY TABLE made AS SELECT i, ms, bench_id(ms, i) AS id, \
             'B' || lpad(((i * 7919 + i / 7) % {people})::text, 8, '0') \
                 || CASE WHEN i * 31 % {beside} = 0 THEN '' ELSE 'x' || i * 31 % {beside} END AS psn, \
             'H' || lpad((i * 13 % {INSTITUTIONS})::text, 11, '0') AS owner, \
             ('2019-01-01'::date + (i * 730 / {rows})::int)::text AS day \
             FROM (SELECT i, CASE i * {MONTHS} / {rows} {times} END AS ms FROM generate_series({first}::bigint, {last}) AS i) AS i"
        );
        let columns = "medfee_sumamt_fen, fund_pay_sumamt_fen, psn_part_amt_fen, acct_pay_fen, insutype, clr_type, setl_type, policy_id, policy_version";
        let area = "t.poolarea_no";
        let copies = [
            format!(
                "INSERT INTO settlements SELECT {area}, psn, id, owner, t.med_type, day, '', ms * 1000, {columns}, \
                 left(t.case_json, {CASE_CHARACTERS}), ''::bytea FROM made, template t"
            ),
            format!("INSERT INTO journal SELECT {area}, psn, id, t.lines FROM made, template t"),
            format!(
                "INSERT INTO requests SELECT owner, 'F' || i, repeat('0', 64), {area}, psn, id, ''::bytea FROM made, template t"
            ),
            format!(
                "INSERT INTO claims SELECT 'V', owner, 'F' || i, id, {area}, psn, t.med_type, day, day FROM made, template t"
            ),
            "INSERT INTO claimed_lines SELECT owner, 'F' || i || '-', 14, id || ':14;' FROM made".to_owned(),
            format!(
                "INSERT INTO change_log (area, kind, subject, payload, recorded_at) \
                 SELECT {area}, 'SETTLED', id, ''::bytea, now() FROM made, template t"
            ),
            format!(
                "INSERT INTO accumulated SELECT DISTINCT {area}, psn, left(day, 4) || '-01-01', 1, t.totals \
                 FROM made, template t ON CONFLICT DO NOTHING"
            ),
        ];
        self.run(&format!("BEGIN; {made}; {}; DROP TABLE made; COMMIT", copies.join("; "))).await
    }

    /// Settles for a time, from a checkpoint on: pages that are changed for the first time are written whole in both.
    async fn stretch(&self, options: &Options) -> anyhow::Result<Used> {
        self.run("CHECKPOINT").await?;
        let before = self.used().await?;
        let job = self.settling.clone();
        let rate =
            closed_loop(IN_FLIGHT, Until::Elapsed(options.rate_time), move || job.clone().settle()).await?;
        let after = self.used().await?;
        Ok(Used {
            done: rate.done,
            elapsed_us: u64::try_from(rate.elapsed.as_micros())?,
            postgres_ms: after.postgres_ms - before.postgres_ms,
            settlement_ms: after.settlement_ms - before.settlement_ms,
            blocks_read: after.blocks_read - before.blocks_read,
            wal_bytes: after.wal_bytes - before.wal_bytes,
        })
    }

    async fn used(&self) -> anyhow::Result<Used> {
        let blocks = "SELECT blks_read FROM pg_stat_database WHERE datname = current_database()";
        let wal = "SELECT (pg_current_wal_lsn() - '0/0')::bigint";
        Ok(Used {
            postgres_ms: machine::postgres_cpu_ms(),
            settlement_ms: machine::cpu_ms(self.platform.settlement_pid()),
            blocks_read: self.number(blocks).await?,
            wal_bytes: self.number(wal).await?,
            ..Used::default()
        })
    }
}

impl Used {
    fn and(self, other: Used) -> Used {
        Used {
            done: self.done + other.done,
            elapsed_us: self.elapsed_us + other.elapsed_us,
            postgres_ms: self.postgres_ms + other.postgres_ms,
            settlement_ms: self.settlement_ms + other.settlement_ms,
            blocks_read: self.blocks_read + other.blocks_read,
            wal_bytes: self.wal_bytes + other.wal_bytes,
        }
    }

    /// CPU of PostgreSQL for one, nanoseconds.
    fn cpu(self) -> u64 {
        self.postgres_ms * 1_000_000 / self.done.max(1)
    }

    fn told(self) -> String {
        let each = |sum: u64| sum / self.done.max(1);
        format!(
            "{}/s; CPU each: PostgreSQL {} µs, settlement {} µs; {} bytes of WAL and {} blocks from outside its buffers each",
            count(self.done * 1_000_000 / self.elapsed_us.max(1)),
            self.cpu() / 1000,
            each(self.settlement_ms * 1000),
            count(each(self.wal_bytes)),
            ratio(self.blocks_read, self.done)
        )
    }
}

/// What a partition of settlements has of its own.
const REVERSED: &str =
    "CREATE UNIQUE INDEX {}_reversed ON {} (poolarea_no, reverses_setl_id) WHERE reverses_setl_id <> '';";
/// What is filled.
const GROWN: [&str; 7] =
    ["settlements", "journal", "requests", "claims", "claimed_lines", "change_log", "accumulated"];
/// What is copied: the first that was settled, with what it posted and the totals of its person.
const TEMPLATE: &str = "CREATE TABLE template AS SELECT s.*, j.lines, a.totals FROM settlements s \
    JOIN journal j USING (poolarea_no, psn_no, setl_id) JOIN accumulated a USING (poolarea_no, psn_no) ORDER BY s.setl_id LIMIT 1";
/// An id of a millisecond: its 48 bits in the first ten characters, five in each, the others by chance.
fn id_function() -> String {
    let digit =
        |at| format!("substr('0123456789ABCDEFGHIJKLMNOPQRSTUV', ((ms << 2) >> {at} & 31)::int + 1, 1)");
    let digits: Vec<String> = (0..10).rev().map(|place| digit(place * 5)).collect();
    let id = format!("{} || upper(left(md5(i::text), 16))", digits.join(" || "));
    format!(
        "CREATE FUNCTION bench_id(ms bigint, i bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT {id} $$"
    )
}

fn first_of_month(at: DateTime<Utc>) -> anyhow::Result<NaiveDate> {
    let day = day_of(at);
    chrono::Datelike::with_day(&day, 1).context("the first")
}

/// From when to when something was settled in the month so many before this one.
fn time_of_month(behind: u32) -> anyhow::Result<[DateTime<Utc>; 2]> {
    let now = ids::now();
    let first = first_of_month(now)?.checked_sub_months(Months::new(behind)).context("a month")?;
    let end = begin_of(first.checked_add_months(Months::new(1)).context("a month")?);
    Ok([begin_of(first), end.min(now) - TimeDelta::seconds(1)])
}
