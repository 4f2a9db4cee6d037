//! Reading and writing filings and their steps.

pub mod entities;
pub mod queue;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_runtime::db::{find_rows, find_rows_where, insert, upsert};

use crate::filings::domain::filing::{Filing, State};
use crate::filings::domain::step::Taken;
use entities::{filing, filing_step};

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
    let ids = filing_ids.into_iter().map(|id| [id]).collect();
    let rows = find_rows::<filing::Entity, 1>(db, [filing::Column::FilingId], ids).await?;
    rows.into_iter().map(|row| Ok((row.filing_id.clone(), read(row)?))).collect()
}

/// Those of an area that were taken over from an earlier system, by their ids there.
pub async fn find_taken_over<C: ConnectionTrait>(
    db: &C,
    poolarea_no: &str,
    foreign_ids: Vec<String>,
) -> Result<BTreeMap<String, Filing>, DbErr> {
    let key = [filing::Column::PoolareaNo, filing::Column::ForeignId];
    let ids = foreign_ids.into_iter().map(|id| [poolarea_no.to_owned(), id]).collect();
    // What the index on foreign ids holds: a planner uses it only where it reads so.
    let rows = find_rows_where::<filing::Entity, 2>(db, key, ids, "foreign_id <> ''").await?;
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
    insert::<filing_step::Entity>(tx, taken.iter().map(|taken| step_row(taken, at)).collect()).await?;
    let rows = taken.iter().map(|taken| filing_row(&taken.after)).collect::<Result<Vec<_>, DbErr>>()?;
    upsert::<filing::Entity>(tx, rows).await
}

fn step_row(step: &Taken, recorded_at: DateTime<Utc>) -> filing_step::Model {
    filing_step::Model {
        filing_id: step.after.filing_id.clone(),
        step_no: step.after.version,
        action: step.action.number(),
        from_state: step.from.map_or(0, State::number),
        to_state: step.after.state.number(),
        actor: step.actor.who.clone(),
        opter: step.actor.opter.clone(),
        recorded_at,
        reason: step.reason.clone(),
        handling_area: step.after.handling_area.clone(),
    }
}

fn filing_row(filing: &Filing) -> Result<filing::Model, DbErr> {
    Ok(filing::Model {
        filing_id: filing.filing_id.clone(),
        psn_no: filing.psn_no.clone(),
        poolarea_no: filing.poolarea_no.clone(),
        handling_area: filing.handling_area.clone(),
        out_fil_type: filing.kind.code().to_owned(),
        state: filing.state.number(),
        waiting: i32::from(filing.waits_for_a_look()),
        clock_from: filing.clock_from.to_string(),
        working_days: filing.working_days as i32,
        last_day: filing.last_day().map(|day| day.to_string()).unwrap_or_default(),
        foreign_id: filing.foreign_id.clone().unwrap_or_default(),
        version: filing.version,
        record: serde_json::to_string(filing).map_err(|error| DbErr::Json(error.to_string()))?,
    })
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
