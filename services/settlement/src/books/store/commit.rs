//! Committing settlements: everything one settlement changes, in one transaction, many
//! settlements together.
//!
//! A batch is committed whole or not at all. When anything in it is in the way (a request that
//! was handled before, a person whose state moved on), it is rolled back and each settlement is
//! committed by itself, which tells whose problem it was.

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, QueryResult};
use yizhan_policy::identities::Amounts;
use yizhan_runtime::db::{Column, Failure, begin_write, classify, insert_rows};
use yizhan_runtime::feed::{NewChange, append};
use yizhan_runtime::{Reason, ServiceError};

use super::entities::{account, accumulated, posting, request, settlement};
use super::invariants;

/// Everything one settlement, reversal or deposit changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The request, unique.
    pub request: request::Model,
    /// The settlement; none for a deposit.
    pub settlement: Option<settlement::Model>,
    /// Its amounts, for the identities; none for a deposit.
    pub amounts: Option<Amounts>,
    /// Its postings.
    pub postings: Vec<posting::Model>,
    /// Years as they are to be; `version` is one above what was read.
    pub years: Vec<accumulated::Model>,
    /// Accounts as they are to be; `version` is one above what was read.
    pub accounts: Vec<account::Model>,
    /// Kind of the feed entry.
    pub kind: &'static str,
    /// When.
    pub at: DateTime<Utc>,
}

/// What came of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is in the books.
    Done,
    /// The request was handled before; nothing was written.
    Handled,
    /// The person's state moved on since it was read; nothing was written.
    Outdated,
}

/// Commits many changes; answers for each, in order. What would make the books wrong is refused before anything is written.
pub async fn commit_all(
    db: DatabaseConnection,
    changes: Vec<Change>,
) -> Vec<Result<Committed, ServiceError>> {
    let refusals: Vec<Option<ServiceError>> = changes.iter().map(invariants::refusal).collect();
    let sound = changes.into_iter().zip(&refusals).filter(|(_, refusal)| refusal.is_none());
    let mut results = commit_sound(&db, sound.map(|(change, _)| change).collect()).await.into_iter();
    let gone = || Err(ServiceError::internal(anyhow::anyhow!("a change has no result")));
    let of = |refusal: Option<ServiceError>| match refusal {
        Some(refusal) => Err(refusal),
        None => results.next().unwrap_or_else(gone),
    };
    refusals.into_iter().map(of).collect()
}

async fn commit_sound(db: &DatabaseConnection, changes: Vec<Change>) -> Vec<Result<Committed, ServiceError>> {
    if changes.len() > 1 && matches!(attempt(db, &changes).await, Ok(Committed::Done)) {
        return changes.iter().map(|_| Ok(Committed::Done)).collect();
    }
    let mut results = Vec::with_capacity(changes.len());
    for change in &changes {
        results.push(commit_one(db, change).await);
    }
    results
}

async fn commit_one(db: &DatabaseConnection, change: &Change) -> Result<Committed, ServiceError> {
    match attempt(db, std::slice::from_ref(change)).await {
        Ok(committed) => Ok(committed),
        Err(error) => match classify(&error) {
            Failure::Clash | Failure::UniqueViolation => Ok(Committed::Outdated),
            Failure::Away => Err(ServiceError::new(Reason::DatabaseUnavailable, "the database is away; whether the request was done is not known, retry it with the same request_id").with_text("数据库暂不可用，请用同一报文ID重试")
            .caused_by(error)),
            Failure::Other => Err(ServiceError::internal(error)),
        },
    }
}

/// One transaction; anything but `Done` leaves nothing behind.
async fn attempt(db: &DatabaseConnection, changes: &[Change]) -> Result<Committed, DbErr> {
    let tx = begin_write(db).await?;
    let committed = write(&tx, changes).await?;
    match committed {
        Committed::Done => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(committed)
}

async fn write(tx: &DatabaseTransaction, changes: &[Change]) -> Result<Committed, DbErr> {
    if insert_requests(tx, changes).await?.len() < changes.len() {
        return Ok(Committed::Handled);
    }
    // In one order for all processes, or two batches could wait for each other's persons.
    let mut years: Vec<&accumulated::Model> = changes.iter().flat_map(|change| &change.years).collect();
    years.sort_by_key(|year| (&year.poolarea_no, &year.psn_no, &year.policy_year));
    if upsert_years(tx, &years).await?.len() < years.len() {
        return Ok(Committed::Outdated);
    }
    let mut accounts: Vec<&account::Model> = changes.iter().flat_map(|change| &change.accounts).collect();
    accounts.sort_by_key(|account| (&account.poolarea_no, &account.psn_no));
    if upsert_accounts(tx, &accounts).await?.len() < accounts.len() {
        return Ok(Committed::Outdated);
    }
    insert_settlements(tx, changes).await?;
    insert_postings(tx, changes).await?;
    append(tx, changes.iter().filter_map(feed_entry).collect()).await?;
    Ok(Committed::Done)
}

fn feed_entry(change: &Change) -> Option<NewChange> {
    let settlement = change.settlement.as_ref()?;
    Some(NewChange {
        area: settlement.poolarea_no.clone(),
        kind: change.kind,
        subject: settlement.setl_id.clone(),
        payload: Vec::new(),
        recorded_at: change.at,
    })
}

/// One text column of rows.
fn text<R>(rows: &[R], of: impl Fn(&R) -> &String) -> Column {
    Column::Text(rows.iter().map(|row| of(row).clone()).collect())
}

/// One column of whole numbers.
fn int<R>(rows: &[R], of: impl Fn(&R) -> i64) -> Column {
    Column::Int(rows.iter().map(of).collect())
}

async fn insert_requests(tx: &DatabaseTransaction, changes: &[Change]) -> Result<Vec<QueryResult>, DbErr> {
    let rows: Vec<&request::Model> = changes.iter().map(|change| &change.request).collect();
    let columns = vec![
        ("owner", text(&rows, |row| &row.owner)),
        ("request_id", text(&rows, |row| &row.request_id)),
        ("digest", text(&rows, |row| &row.digest)),
        ("poolarea_no", text(&rows, |row| &row.poolarea_no)),
        ("psn_no", text(&rows, |row| &row.psn_no)),
        ("setl_id", text(&rows, |row| &row.setl_id)),
        ("answer", Column::Bytes(rows.iter().map(|row| row.answer.clone()).collect())),
    ];
    insert_rows(tx, "requests", columns, "ON CONFLICT (owner, request_id) DO NOTHING RETURNING request_id")
        .await
}

/// Writes years whose stored version is the one that was read, and returns those it wrote.
async fn upsert_years(
    tx: &DatabaseTransaction,
    rows: &[&accumulated::Model],
) -> Result<Vec<QueryResult>, DbErr> {
    let columns = vec![
        ("poolarea_no", text(rows, |row| &row.poolarea_no)),
        ("psn_no", text(rows, |row| &row.psn_no)),
        ("policy_year", text(rows, |row| &row.policy_year)),
        ("version", int(rows, |row| row.version)),
        ("totals", text(rows, |row| &row.totals)),
    ];
    let guard = "ON CONFLICT (poolarea_no, psn_no, policy_year) DO UPDATE \
                 SET version = excluded.version, totals = excluded.totals \
                 WHERE accumulated.version = excluded.version - 1 RETURNING psn_no";
    insert_rows(tx, "accumulated", columns, guard).await
}

/// Writes accounts whose stored version is the one that was read, and returns those it wrote.
async fn upsert_accounts(
    tx: &DatabaseTransaction,
    rows: &[&account::Model],
) -> Result<Vec<QueryResult>, DbErr> {
    let columns = vec![
        ("poolarea_no", text(rows, |row| &row.poolarea_no)),
        ("psn_no", text(rows, |row| &row.psn_no)),
        ("version", int(rows, |row| row.version)),
        ("balance_fen", int(rows, |row| row.balance_fen)),
    ];
    let guard = "ON CONFLICT (poolarea_no, psn_no) DO UPDATE \
                 SET version = excluded.version, balance_fen = excluded.balance_fen \
                 WHERE accounts.version = excluded.version - 1 RETURNING psn_no";
    insert_rows(tx, "accounts", columns, guard).await
}

async fn insert_settlements(tx: &DatabaseTransaction, changes: &[Change]) -> Result<(), DbErr> {
    let rows: Vec<&settlement::Model> =
        changes.iter().filter_map(|change| change.settlement.as_ref()).collect();
    let columns = vec![
        ("poolarea_no", text(&rows, |row| &row.poolarea_no)),
        ("psn_no", text(&rows, |row| &row.psn_no)),
        ("setl_id", text(&rows, |row| &row.setl_id)),
        ("fixmedins_code", text(&rows, |row| &row.fixmedins_code)),
        ("med_type", text(&rows, |row| &row.med_type)),
        ("enddate", text(&rows, |row| &row.enddate)),
        ("reverses_setl_id", text(&rows, |row| &row.reverses_setl_id)),
        ("setl_time_us", int(&rows, |row| row.setl_time_us)),
        ("medfee_sumamt_fen", int(&rows, |row| row.medfee_sumamt_fen)),
        ("fund_pay_sumamt_fen", int(&rows, |row| row.fund_pay_sumamt_fen)),
        ("psn_part_amt_fen", int(&rows, |row| row.psn_part_amt_fen)),
        ("policy_id", text(&rows, |row| &row.policy_id)),
        ("policy_version", text(&rows, |row| &row.policy_version)),
        ("case_json", text(&rows, |row| &row.case_json)),
        ("answer", Column::Bytes(rows.iter().map(|row| row.answer.clone()).collect())),
    ];
    insert_rows(tx, "settlements", columns, "").await.map(|_| ())
}

async fn insert_postings(tx: &DatabaseTransaction, changes: &[Change]) -> Result<(), DbErr> {
    let rows: Vec<&posting::Model> = changes.iter().flat_map(|change| &change.postings).collect();
    let columns = vec![
        ("poolarea_no", text(&rows, |row| &row.poolarea_no)),
        ("psn_no", text(&rows, |row| &row.psn_no)),
        ("setl_id", text(&rows, |row| &row.setl_id)),
        ("seq", int(&rows, |row| row.seq)),
        ("account", text(&rows, |row| &row.account)),
        ("amount_fen", int(&rows, |row| row.amount_fen)),
    ];
    insert_rows(tx, "postings", columns, "").await.map(|_| ())
}
