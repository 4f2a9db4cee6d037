//! Reading and writing filings and their steps.

pub mod entities;
pub mod queue;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::db::{Column as Values, find_rows, find_rows_where, insert_rows};

use crate::filings::domain::filing::{Filing, State};
use crate::filings::domain::step::Taken;
use entities::{filing, filing_step};

/// Filings per statement: far within SQLite's 32,766 parameters.
const ROWS_PER_STATEMENT: usize = 1000;
/// A filing that is there is replaced; its id, person, kind and id in an earlier system never change, but for a person whose record was
/// merged into another.
const REPLACE: &str = "ON CONFLICT (filing_id) DO UPDATE SET \
    psn_no = excluded.psn_no, poolarea_no = excluded.poolarea_no, handling_area = excluded.handling_area, \
    state = excluded.state, waiting = excluded.waiting, clock_from = excluded.clock_from, \
    last_day = excluded.last_day, version = excluded.version, record = excluded.record";

/// Longest id that is looked for.
const MAX_ID: usize = 64;

/// One filing. What cannot be an id is not looked for: a database does not take every text.
pub async fn find<C: ConnectionTrait>(db: &C, filing_id: &str) -> Result<Option<Filing>, DbErr> {
    if filing_id.len() > MAX_ID || !filing_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    filing::Entity::find_by_id(filing_id.to_owned()).one(db).await?.map(read).transpose()
}

/// Several, by id.
pub async fn find_many<C: ConnectionTrait>(
    db: &C,
    filing_ids: Vec<String>,
) -> Result<BTreeMap<String, Filing>, DbErr> {
    let rows = find_rows::<filing::Entity>(db, vec![("filing_id", Values::Text(filing_ids))]).await?;
    rows.into_iter().map(|row| Ok((row.filing_id.clone(), read(row)?))).collect()
}

/// Those of an area that were taken over from an earlier system, by their ids there.
pub async fn find_taken_over<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    foreign_ids: Vec<String>,
) -> Result<BTreeMap<String, Filing>, DbErr> {
    let key = vec![
        ("poolarea_no", Values::Text(vec![poolarea_no.to_owned(); foreign_ids.len()])),
        ("foreign_id", Values::Text(foreign_ids)),
    ];
    // What the index on foreign ids holds: a planner uses it only where it reads so.
    let rows = find_rows_where::<filing::Entity>(db, key, "foreign_id <> ''").await?;
    rows.into_iter().map(|row| Ok((row.foreign_id.clone(), read(row)?))).collect()
}

/// A person's filings, newest first, older than `before` if that is given.
pub async fn of_person<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    before: Option<String>,
    limit: u64,
) -> Result<Vec<Filing>, DbErr> {
    let mut query = filing::Entity::find().filter(filing::Column::PsnNo.eq(psn_no));
    if let Some(before) = before {
        query = query.filter(filing::Column::FilingId.lt(before));
    }
    let rows = query.order_by_desc(filing::Column::FilingId).limit(limit).all(db).await?;
    rows.into_iter().map(read).collect()
}

/// All of a person's filings.
pub async fn all_of_person<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<Vec<Filing>, DbErr> {
    let rows = filing::Entity::find()
        .filter(filing::Column::PsnNo.eq(psn_no))
        .order_by_asc(filing::Column::FilingId)
        .all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

/// The steps of a filing, the first one first.
pub async fn steps<C: ConnectionTrait>(db: &C, filing_id: &str) -> Result<Vec<filing_step::Model>, DbErr> {
    filing_step::Entity::find()
        .filter(filing_step::Column::FilingId.eq(filing_id))
        .order_by_asc(filing_step::Column::StepNo)
        .all(db)
        .await
}

/// Writes filings as the steps left them, and the steps. The key of a step lets only one of two through who take the same one.
pub async fn write<C: ConnectionTrait>(tx: &C, taken: &[Taken], at: DateTime<Utc>) -> Result<(), DbErr> {
    for taken in taken.chunks(ROWS_PER_STATEMENT) {
        insert_rows(tx, "filing_step", step_columns(taken, at), "").await?;
        insert_rows(tx, "filing", filing_columns(taken)?, REPLACE).await?;
    }
    Ok(())
}

fn texts(taken: &[Taken], of: impl Fn(&Taken) -> String) -> Values {
    Values::Text(taken.iter().map(of).collect())
}

fn numbers(taken: &[Taken], of: impl Fn(&Taken) -> i32) -> Values {
    Values::Int(taken.iter().map(|step| i64::from(of(step))).collect())
}

fn step_columns(taken: &[Taken], at: DateTime<Utc>) -> Vec<(&'static str, Values)> {
    vec![
        ("filing_id", texts(taken, |step| step.after.filing_id.clone())),
        ("step_no", numbers(taken, |step| step.after.version)),
        ("action", numbers(taken, |step| step.action.number())),
        ("from_state", numbers(taken, |step| step.from.map_or(0, State::number))),
        ("to_state", numbers(taken, |step| step.after.state.number())),
        ("actor", texts(taken, |step| step.actor.who.clone())),
        ("opter", texts(taken, |step| step.actor.opter.clone())),
        ("recorded_at", Values::Time(vec![at; taken.len()])),
        ("reason", texts(taken, |step| step.reason.clone())),
        ("handling_area", texts(taken, |step| step.after.handling_area.clone())),
    ]
}

fn filing_columns(taken: &[Taken]) -> Result<Vec<(&'static str, Values)>, DbErr> {
    let records: Result<Vec<String>, DbErr> = taken.iter().map(|step| text(&step.after)).collect();
    Ok(vec![
        ("filing_id", texts(taken, |step| step.after.filing_id.clone())),
        ("psn_no", texts(taken, |step| step.after.psn_no.clone())),
        ("poolarea_no", texts(taken, |step| step.after.poolarea_no.clone())),
        ("handling_area", texts(taken, |step| step.after.handling_area.clone())),
        ("out_fil_type", texts(taken, |step| step.after.kind.code().to_owned())),
        ("state", numbers(taken, |step| step.after.state.number())),
        ("waiting", numbers(taken, |step| i32::from(step.after.waits_for_a_look()))),
        ("clock_from", texts(taken, |step| step.after.clock_from.to_string())),
        ("working_days", numbers(taken, |step| step.after.working_days as i32)),
        (
            "last_day",
            texts(taken, |step| step.after.last_day().map_or_else(String::new, |day| day.to_string())),
        ),
        ("foreign_id", texts(taken, |step| step.after.foreign_id.clone().unwrap_or_default())),
        ("version", numbers(taken, |step| step.after.version)),
        ("record", Values::Text(records?)),
    ])
}

fn text(filing: &Filing) -> Result<String, DbErr> {
    serde_json::to_string(filing).map_err(|error| DbErr::Json(error.to_string()))
}

/// A row as the domain knows it.
pub fn read(row: filing::Model) -> Result<Filing, DbErr> {
    serde_json::from_str(&row.record).map_err(|error| DbErr::Json(error.to_string()))
}

/// Filings in force whose last day lies before today, those that ended first first.
pub async fn ended_by<C: ConnectionTrait>(
    db: &C,
    today: NaiveDate,
    limit: u64,
) -> Result<Vec<Filing>, DbErr> {
    // As the index filing_last_day says it, word for word.
    let in_force = Expr::cust("state IN (4, 5) AND last_day <> ''");
    let rows = filing::Entity::find()
        .filter(in_force)
        .filter(filing::Column::LastDay.lt(today.to_string()))
        .order_by_asc(filing::Column::LastDay)
        .order_by_asc(filing::Column::FilingId)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(read).collect()
}
