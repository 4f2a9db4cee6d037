//! The rows of rosters and what became of them: by the thousand, so by statements of their own.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use yizhan_runtime::db::insert_values;

use super::entities::roster;
use crate::person::domain::timeline::MAX_ENTRIES;
use crate::rosters::domain::roster::Outcome;

/// Adds a person's identity.
pub const ADD: i64 = 1;
/// Ends one.
pub const REMOVE: i64 = 2;
/// Was refused when it came: nothing to do, but whoever it names is not missing.
pub const NOTHING: i64 = 0;

/// A row as kept. Days are `YYYY-MM-DD`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StagedRow {
    /// Its number.
    pub row_no: i64,
    /// Whom it is about; empty if it names nobody.
    pub psn_no: String,
    /// 人员身份类别 of the kind; may be empty.
    pub psn_idet_type: String,
    /// Name of the kind; empty if it names none.
    pub name: String,
    /// [`ADD`], [`REMOVE`] or [`NOTHING`].
    pub action: i64,
    /// Add: a day on which it holds. Remove: the last day.
    pub day: String,
    /// Remove: the first day of the stretch meant.
    pub begndate: String,
    /// The last day.
    pub enddate: String,
}

/// Keeps rows.
pub async fn insert<C: ConnectionTrait>(
    tx: &C,
    roster: &roster::Model,
    rows: &[&StagedRow],
) -> Result<(), DbErr> {
    let columns = [
        "poolarea_no",
        "roster_no",
        "row_no",
        "psn_no",
        "psn_idet_type",
        "name",
        "action",
        "day",
        "begndate",
        "enddate",
    ];
    let values = |row: &&StagedRow| {
        let texts = [&row.psn_no, &row.psn_idet_type, &row.name].map(|text| text.as_str().into());
        let days = [&row.day, &row.begndate, &row.enddate].map(|day| day.as_str().into());
        let whose = [roster.poolarea_no.as_str().into(), roster.roster_no.into(), row.row_no.into()];
        [&whose[..], &texts, &[row.action.into()], &days].concat()
    };
    insert_values(tx, "roster_row", &columns, rows.iter().map(values).collect()).await
}

/// As stored: the contract's RosterRowOutcome, and why it was refused.
fn stored(outcome: Outcome) -> (i64, &'static str) {
    match outcome {
        Outcome::Added => (1, ""),
        Outcome::Updated => (2, ""),
        Outcome::Ended => (3, ""),
        Outcome::Unchanged => (4, ""),
        Outcome::Refused(reason) => (5, reason.code()),
    }
}

/// Notes what became of rows that did something or were refused.
pub async fn insert_outcomes<C: ConnectionTrait>(
    tx: &C,
    roster: &roster::Model,
    outcomes: &[(i64, Outcome)],
) -> Result<(), DbErr> {
    let kept = outcomes.iter().filter(|(_, outcome)| *outcome != Outcome::Unchanged);
    let columns = ["poolarea_no", "roster_no", "row_no", "outcome", "reason"];
    let values = |(row_no, outcome): &(i64, Outcome)| {
        let (outcome, reason) = stored(*outcome);
        let whose = (roster.poolarea_no.as_str(), roster.roster_no);
        vec![whose.0.into(), whose.1.into(), (*row_no).into(), outcome.into(), reason.into()]
    };
    insert_values(tx, "roster_outcome", &columns, kept.map(values).collect()).await
}

/// A row to be applied.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PendingRow {
    /// Its number.
    pub row_no: i64,
    /// Whom it is about.
    pub psn_no: String,
    /// 人员身份类别 of the kind.
    pub psn_idet_type: String,
    /// Name of the kind.
    pub name: String,
    /// [`ADD`] or [`REMOVE`].
    pub action: i64,
    /// See [`StagedRow`].
    pub day: NaiveDate,
    /// See [`StagedRow`].
    pub begndate: Option<NaiveDate>,
    /// See [`StagedRow`].
    pub enddate: Option<NaiveDate>,
    /// Whether the register says so already.
    pub known: bool,
}

/// The next rows in the order of persons. What the register says already is found here, by its normalised rows, so that the
/// timeline of a person about whom nothing is new is neither read nor locked.
///
/// The limit, which nobody reaches, keeps PostgreSQL from looking for a person's identities by their name: while a department's first roster is applied, the
/// statistics still say that nobody has one, and it would read all that were added so far for every row.
pub async fn pending<C: ConnectionTrait>(
    db: &C,
    roster: &roster::Model,
    psn_no: &str,
    row_no: i64,
    limit: u64,
) -> Result<Vec<PendingRow>, DbErr> {
    let day = |column: &str| match db.get_database_backend() {
        DbBackend::Postgres => format!("NULLIF({column}, '')::date"),
        _ => format!("NULLIF({column}, '')"),
    };
    let (on, begndate, enddate) = (day("r.day"), day("r.begndate"), day("r.enddate"));
    let sql = format!(
        "SELECT r.row_no, r.psn_no, r.psn_idet_type, r.name, r.action, \
         {on} AS day, {begndate} AS begndate, {enddate} AS enddate, \
         EXISTS (SELECT 1 FROM (SELECT * FROM identity WHERE poolarea_no = r.poolarea_no AND psn_no = r.psn_no \
         LIMIT {MAX_ENTRIES}) i \
         WHERE i.psn_idet_type = r.psn_idet_type AND i.name = r.name AND i.department = $3 \
         AND i.begndate <= {on} AND (i.enddate IS NULL OR i.enddate >= {on}) \
         AND i.enddate IS NOT DISTINCT FROM {enddate} AND ({begndate} IS NULL OR i.begndate = {begndate})) AS known \
         FROM roster_row r WHERE r.poolarea_no = $1 AND r.roster_no = $2 \
         AND (r.psn_no, r.row_no) > ($4, $5) AND r.psn_no > '' AND r.action <> 0 \
         ORDER BY r.psn_no, r.row_no LIMIT $6"
    );
    let values: [Value; 6] = [
        roster.poolarea_no.as_str().into(),
        roster.roster_no.into(),
        roster.department.as_str().into(),
        psn_no.into(),
        row_no.into(),
        (limit as i64).into(),
    ];
    PendingRow::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values))
        .all(db)
        .await
}

/// An identity of the department that holds on the day of a full roster.
#[derive(Clone, Debug, FromQueryResult)]
pub struct HeldIdentity {
    /// Whose.
    pub psn_no: String,
    /// 人员身份类别 of the kind.
    pub psn_idet_type: String,
    /// Name of the kind.
    pub name: String,
    /// Whether no row speaks of it.
    pub absent: bool,
}

/// The department's identities of these kinds that hold on the roster's day, of persons behind one, in the order of persons.
/// A row that was refused still speaks of the person: of the kind it names, or of every kind.
pub async fn held<C: ConnectionTrait>(
    db: &C,
    roster: &roster::Model,
    kinds: &[String],
    psn_no: &str,
    limit: u64,
) -> Result<Vec<HeldIdentity>, DbErr> {
    let day = if db.get_database_backend() == DbBackend::Postgres { "$5::date" } else { "$5" };
    let kind_list: Vec<String> = (0..kinds.len()).map(|at| format!("${}", at + 7)).collect();
    let sql = format!(
        "SELECT i.psn_no, i.psn_idet_type, i.name, NOT EXISTS (SELECT 1 FROM roster_row r \
         WHERE r.poolarea_no = $1 AND r.roster_no = $2 AND r.psn_no = i.psn_no \
         AND (r.name = i.name OR r.name = '')) AS absent \
         FROM identity i WHERE i.poolarea_no = $1 AND i.psn_no > $4 AND i.department = $3 \
         AND i.begndate <= {day} AND (i.enddate IS NULL OR i.enddate >= {day}) AND i.name IN ({}) \
         ORDER BY i.psn_no LIMIT $6",
        kind_list.join(", ")
    );
    let mut values: Vec<Value> = vec![
        roster.poolarea_no.as_str().into(),
        roster.roster_no.into(),
        roster.department.as_str().into(),
        psn_no.into(),
        roster.effective_date.to_string().into(),
        (limit as i64).into(),
    ];
    values.extend(kinds.iter().map(|kind| Value::from(kind.as_str())));
    HeldIdentity::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values))
        .all(db)
        .await
}

/// A row with what became of it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct ToldRow {
    /// Its number.
    pub row_no: i64,
    /// Whom it is about.
    pub psn_no: String,
    /// Name of the kind.
    pub name: String,
    /// The contract's RosterRowOutcome, if it did something or was refused.
    pub outcome: Option<i64>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Rows behind one, in the order of their numbers.
pub async fn told<C: ConnectionTrait>(
    db: &C,
    roster: &roster::Model,
    refused_only: bool,
    after: i64,
    limit: u64,
) -> Result<Vec<ToldRow>, DbErr> {
    let (from, at) = match refused_only {
        true => ("roster_outcome o JOIN roster_row r", "o"),
        false => ("roster_row r LEFT JOIN roster_outcome o", "r"),
    };
    // In the terms of the index's own condition.
    let refused = if refused_only { "AND o.outcome = 5" } else { "" };
    let sql = format!(
        "SELECT r.row_no, r.psn_no, r.name, o.outcome, o.reason FROM {from} \
         ON o.poolarea_no = r.poolarea_no AND o.roster_no = r.roster_no AND o.row_no = r.row_no \
         WHERE {at}.poolarea_no = $1 AND {at}.roster_no = $2 AND {at}.row_no > $3 {refused} \
         ORDER BY {at}.row_no LIMIT $4"
    );
    let values: [Value; 4] =
        [roster.poolarea_no.as_str().into(), roster.roster_no.into(), after.into(), (limit as i64).into()];
    ToldRow::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values))
        .all(db)
        .await
}

/// Lets PostgreSQL know how the rows look before they are joined a thousand times: a plan made when the table was empty
/// would sort all of them for every batch.
pub async fn analyze<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared("ANALYZE roster_row").await?;
    }
    Ok(())
}

/// Throws away some rows of a roster; gives whether that was all.
pub async fn purge<C: ConnectionTrait>(tx: &C, roster: &roster::Model, limit: i64) -> Result<bool, DbErr> {
    let mut gone = 0;
    for table in ["roster_outcome", "roster_row"] {
        let sql = format!(
            "DELETE FROM {table} WHERE poolarea_no = $1 AND roster_no = $2 AND row_no < $3 + \
             (SELECT min(row_no) FROM {table} WHERE poolarea_no = $1 AND roster_no = $2)"
        );
        let values: [Value; 3] = [roster.poolarea_no.as_str().into(), roster.roster_no.into(), limit.into()];
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        gone += tx.execute_raw(statement).await?.rows_affected();
    }
    Ok(gone == 0)
}
