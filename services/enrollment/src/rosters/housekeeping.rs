//! Rows of rosters are not kept for ever.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::begin_write;

use crate::app::Register;
use crate::rosters::domain::steps::{Action, Role, State};
use crate::rosters::store::entities::roster::{Column, Entity, Model};
use crate::rosters::store::{roster_rows, rosters};

/// How long rows are kept behind the last thing that happened to their roster.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Rows thrown away in one transaction.
const ROWS_AT_ONCE: i64 = 10_000;
/// Rosters looked at in one round.
const ROSTERS_AT_ONCE: u64 = 100;

/// Gives up rosters that nobody goes on with, and throws away the rows of those that are over.
pub async fn clean(register: &Register) -> Result<(), ServiceError> {
    let before = register.clock.now() - KEPT;
    for roster in over(register, before).await? {
        while !purge_some(register, roster.roster_no, before).await? {}
    }
    Ok(())
}

async fn over(register: &Register, before: DateTime<Utc>) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(is_over(before)).limit(ROSTERS_AT_ONCE).all(&register.db).await
}

fn is_over(before: DateTime<Utc>) -> Condition {
    let forgotten = Column::SealedAt.is_null().and(Column::TouchedAt.lt(before));
    let given_up = Column::Stage.eq(State::Abandoned);
    let any = Condition::any().add(given_up).add(forgotten).add(Column::DoneAt.lt(before));
    Condition::all().add(Column::RowsKept.eq(true)).add(any)
}

/// Gives whether nothing is left.
async fn purge_some(
    register: &Register,
    roster_no: i64,
    before: DateTime<Utc>,
) -> Result<bool, ServiceError> {
    let tx = begin_write(&register.db).await?;
    let held = Entity::find_by_id(roster_no).filter(is_over(before)).lock_exclusive().one(&tx).await?;
    let Some(mut roster) = held else { return Ok(true) };
    if let Ok(given_up) = roster.next(Action::GiveUp, Role::Clock) {
        roster.enter(given_up, register.clock.now());
    }
    let all = roster_rows::purge(&tx, &roster, ROWS_AT_ONCE).await?;
    roster.rows_kept = !all;
    rosters::update(&tx, &roster).await?;
    tx.commit().await?;
    Ok(all)
}
