//! Reading and writing filings and their steps.

pub mod entities;
pub mod queue;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_runtime::db::{find_rows, find_rows_where, insert, upsert};
use yizhan_terms::Area;

use crate::filings::domain::filing::{Filing, State, is_id};
use crate::filings::domain::step::Taken;
use entities::{filing, filing_step};

/// One filing. What cannot be an id is not looked for: a database does not take every text.
pub async fn find<C: ConnectionTrait>(db: &C, filing_id: &str) -> Result<Option<Filing>, DbErr> {
    if !is_id(filing_id) {
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
    poolarea_no: Area,
    foreign_ids: Vec<String>,
) -> Result<BTreeMap<String, Filing>, DbErr> {
    let key = [filing::Column::PoolareaNo, filing::Column::ForeignId];
    let ids = foreign_ids.into_iter().map(|id| [poolarea_no.into(), id]).collect();
    // What the index on foreign ids holds: a planner uses it only where it reads so.
    let rows = find_rows_where::<filing::Entity, 2>(db, key, ids, "foreign_id <> ''").await?;
    rows.into_iter().map(|row| Ok((row.foreign_id.clone(), read(row)?))).collect()
}

/// A person's filings, newest first: those older than `before`, and so many at most, if that is given.
pub async fn of_person<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    before: Option<String>,
    limit: Option<u64>,
) -> Result<Vec<Filing>, DbErr> {
    let older = before.map(|before| filing::Column::FilingId.lt(before));
    let rows = filing::Entity::find()
        .filter(Condition::all().add(filing::Column::PsnNo.eq(psn_no)).add_option(older))
        .order_by_desc(filing::Column::FilingId)
        .limit(limit)
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

/// Writes steps, and filings as the last of theirs left them. The key of a step lets only one of two through who take the same one.
pub async fn write<C: ConnectionTrait>(tx: &C, taken: &[Taken], at: DateTime<Utc>) -> Result<(), DbErr> {
    insert::<filing_step::Entity>(tx, taken.iter().map(|taken| step_row(taken, at)).collect()).await?;
    let last: BTreeMap<&str, &Filing> =
        taken.iter().map(|step| (step.after.filing_id.as_str(), &step.after)).collect();
    let rows = last.into_values().map(filing_row).collect::<Result<Vec<_>, DbErr>>()?;
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
        handling_area: step.after.handling_area.into(),
    }
}

fn filing_row(filing: &Filing) -> Result<filing::Model, DbErr> {
    Ok(filing::Model {
        filing_id: filing.filing_id.clone(),
        psn_no: filing.psn_no.clone(),
        poolarea_no: filing.poolarea_no.into(),
        handling_area: filing.handling_area.into(),
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

/// In one of some states, as the indexes filing_queue and filing_last_day say it, word for word.
fn in_states(which: fn(State) -> bool) -> SimpleExpr {
    let states = State::ALL.iter().filter(|state| which(**state));
    let numbers: Vec<String> = states.map(|state| state.number().to_string()).collect();
    Expr::cust(format!("state IN ({})", numbers.join(", ")))
}

/// Filings in force whose last day lies before today, those that ended first first.
pub async fn ended_by<C: ConnectionTrait>(
    db: &C,
    today: NaiveDate,
    limit: u64,
) -> Result<Vec<Filing>, DbErr> {
    let rows = filing::Entity::find()
        .filter(in_states(State::is_in_force))
        .filter(Expr::cust("last_day <> ''"))
        .filter(filing::Column::LastDay.lt(today.to_string()))
        .order_by_asc(filing::Column::LastDay)
        .order_by_asc(filing::Column::FilingId)
        .limit(limit)
        .all(db)
        .await?;
    rows.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filings::domain::steps::is_under_way;

    /// The planner uses a partial index only where a statement repeats its condition.
    #[test]
    fn states_are_asked_for_as_the_indexes_say_it() {
        let written = |which| format!("{:?}", in_states(which));
        assert!(written(is_under_way).contains("state IN (1, 2, 3, 5)"));
        assert!(written(State::is_in_force).contains("state IN (4, 5)"));
    }
}
