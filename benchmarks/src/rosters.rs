//! A department's full roster of a million persons over gRPC, durable PostgreSQL: the first load, the same file again, and the
//! service's peak memory.

use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use yizhan_proto::enrollment::v1::load_roster_request::Part as Say;
use yizhan_proto::enrollment::v1::load_roster_response::Part as Told;
use yizhan_proto::enrollment::v1::roster_service_client::RosterServiceClient;
use yizhan_proto::enrollment::v1::{
    LoadRosterRequest, LoadRosterResponse, RosterAction, RosterHeader, RosterMode, RosterRow, RosterRows,
    RosterSeal, RosterSummary,
};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_testkit::{ServiceProcess, TestDatabase};

use crate::machine;
use crate::options::Options;
use crate::platform::{channel, psn_no, service};
use crate::report::{Report, count};

/// Rows of one message.
const ROWS_PER_MESSAGE: u64 = 1000;
/// Everybody's 统筹区.
const AREA: &str = "430200";
/// What a person's timeline holds before: one coverage.
const TIMELINE: &str = r#"{"person":{"psn_name_masked":"张**","gend":"1","brdy":"1975-04-12"},"coverages":[{"insutype":"390","psn_type":"15","state":"Normal","period":{"begndate":"2024-01-01","enddate":"2024-12-31"}}],"identities":[],"memberships":[],"account_shares":[]}"#;

/// How one load went.
struct Load {
    summary: RosterSummary,
    /// Until the last row was kept.
    staged: Duration,
    /// Until the summary.
    whole: Duration,
}

/// Measures all of it.
pub async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let database = TestDatabase::postgres_durable();
    let enrollment = service("yizhan-enrollment", &database)?.start().await;
    let rows = options.roster_rows;
    seed(database.url(), rows).await?;
    let first = load(&enrollment, "first", rows).await?;
    ensure!(first.summary.added_count as u64 == rows, "{:?}", first.summary);
    tell(report, "First load of a full roster", rows, &first);
    let again = load(&enrollment, "again", rows).await?;
    ensure!(again.summary.unchanged_count as u64 == rows, "{:?}", again.summary);
    ensure!(again.summary.changed_person_count == 0, "{:?}", again.summary);
    tell(report, "The same roster again: nothing changes", rows, &again);
    let peak = machine::peak_kib(enrollment.pid());
    report.target(
        format!("Peak memory of enrollment over two loads of {} rows", count(rows)),
        format!("{} MiB", peak.div_ceil(1024)),
        "≤ 256 MiB",
        peak <= 256 * 1024,
    );
    Ok(())
}

fn tell(report: &mut Report, what: &str, rows: u64, load: &Load) {
    let rate = |time: Duration| count(rows * 1000 / (time.as_millis() as u64).max(1));
    report.info(
        format!("{what}, {} rows over as many persons, PostgreSQL, durable", count(rows)),
        format!(
            "{} rows/s in {} s: kept in {} s ({}/s), applied in {} s ({}/s)",
            rate(load.whole),
            load.whole.as_secs(),
            load.staged.as_secs(),
            rate(load.staged),
            (load.whole - load.staged).as_secs(),
            rate(load.whole - load.staged),
        ),
    );
}

/// Persons by SQL: a million imports would take longer than what is measured. They have a timeline with its history and one
/// coverage; their certificates are left out, since rows name them by number.
async fn seed(url: &str, people: u64) -> anyhow::Result<()> {
    let db = db::connect(&DatabaseConfig::at(url)).await?;
    let numbers = format!("generate_series(0, {people} - 1) n");
    let sql = format!(
        "SET statement_timeout = 0;
         INSERT INTO entitlement_timeline (psn_no, poolarea_no, version, timeline)
             SELECT 'B' || lpad(n::text, 8, '0'), '{AREA}', 1, '{TIMELINE}' FROM {numbers};
         INSERT INTO timeline_history (psn_no, version, poolarea_no, recorded_at, cause, timeline)
             SELECT psn_no, 1, poolarea_no, now(), 'seeded', timeline FROM entitlement_timeline;
         INSERT INTO coverage (poolarea_no, psn_no, insutype, begndate, enddate, paying_poolarea_no, psn_type,
                 psn_insu_stas, entitled_begndate, hi_type, psn_chg_type, waiting)
             SELECT poolarea_no, psn_no, '390', '2024-01-01', '2024-12-31', '', '15', '1', NULL, '', '', ''
             FROM entitlement_timeline;
         ANALYZE entitlement_timeline; ANALYZE coverage"
    );
    db.execute_unprepared(&sql).await?;
    Ok(())
}

async fn load(enrollment: &ServiceProcess, roster_id: &str, rows: u64) -> anyhow::Result<Load> {
    let mut client = RosterServiceClient::new(channel(&enrollment.url())?);
    let (say, saying) = mpsc::channel(4);
    let start = Instant::now();
    let sending = tokio::spawn(send(say, roster_id.to_owned(), rows));
    let mut told = client.load_roster(ReceiverStream::new(saying)).await?.into_inner();
    let mut staged = None;
    while let Some(LoadRosterResponse { part }) = told.message().await? {
        match part {
            Some(Told::Progress(progress)) if progress.staged_rows as u64 == rows => {
                staged.get_or_insert_with(|| start.elapsed());
            }
            Some(Told::Summary(summary)) => {
                sending.await??;
                let whole = start.elapsed();
                return Ok(Load { summary, staged: staged.unwrap_or(whole), whole });
            }
            Some(Told::Results(results)) => bail!("rows were refused: {:?}", results.results.first()),
            _ => {}
        }
    }
    bail!("the stream ended without a summary")
}

async fn send(say: mpsc::Sender<LoadRosterRequest>, roster_id: String, rows: u64) -> anyhow::Result<()> {
    let header = RosterHeader {
        roster_id,
        poolarea_no: AREA.into(),
        department: "civil-affairs".into(),
        mode: RosterMode::Full.into(),
        effective_date: "2024-06-01".into(),
        total_rows: rows as i64,
        kinds: vec!["低保".into()],
        tell_all_rows: false,
    };
    let said = |part| LoadRosterRequest { part: Some(part) };
    say.send(said(Say::Header(header))).await.context("the stream ended early")?;
    let mut digest = [0; 32];
    for from in (0..rows).step_by(ROWS_PER_MESSAGE as usize) {
        let some = message(from..rows.min(from + ROWS_PER_MESSAGE), &mut digest);
        say.send(said(Say::Rows(some))).await.context("the stream ended early")?;
    }
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let seal = RosterSeal { row_count: rows as i64, digest };
    say.send(said(Say::Seal(seal))).await.context("the stream ended early")
}

fn message(numbers: Range<u64>, digest: &mut [u8; 32]) -> RosterRows {
    let first_row_number = numbers.start as i64 + 1;
    let rows: Vec<RosterRow> = numbers.map(row).collect();
    for (at, row) in rows.iter().enumerate() {
        let RosterRow { psn_no, name, action, begndate, .. } = row;
        let number = first_row_number + at as i64;
        let text = format!(
            "{number}\u{1f}{psn_no}\u{1f}\u{1f}\u{1f}\u{1f}{name}\u{1f}{action}\u{1f}{begndate}\u{1f}"
        );
        *digest = Sha256::new().chain_update(&digest[..]).chain_update(text).finalize().into();
    }
    RosterRows { first_row_number, rows }
}

fn row(number: u64) -> RosterRow {
    RosterRow {
        psn_no: psn_no(number),
        name: "低保".into(),
        action: RosterAction::Add.into(),
        begndate: "2024-06-01".into(),
        ..RosterRow::default()
    }
}
