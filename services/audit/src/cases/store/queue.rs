//! What waits for officers, in the order in which it came, and what time has gone over.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use yizhan_terms::{Area, NotAnArea};
use yizhan_workflow::Overdue;

use super::{Column, Entity, read};
use crate::cases::domain::{CASES, Case, Role, State};

/// Which part of a queue.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The area, and what lies inside it.
    pub area: Area,
    /// Only this state.
    pub state: Option<State>,
    /// Only what is overdue by one of these.
    pub overdue: Option<Vec<Overdue<Area>>>,
    /// Appealable cases that are over by these wait for officers, whether or not anybody has noted it.
    pub silent: Vec<Overdue<Area>>,
}

/// The states of it.
pub fn queued() -> Vec<State> {
    CASES.waits_for(&Role::OFFICERS)
}

/// A page of it, behind the case that waits since a day and has an id.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    after: Option<[String; 2]>,
    limit: u64,
) -> Result<Vec<Case>, DbErr> {
    let waiting = match wanted.state {
        Some(State::Feedback) => {
            Condition::any().add(stand_at(&[State::Feedback])).add(silent(&wanted.silent))
        }
        Some(state) => Condition::any().add(stand_at(&[state])),
        None => Condition::any().add(stand_at(&queued())).add(silent(&wanted.silent)),
    };
    let overdue = wanted.overdue.as_ref().map(|overdue| late(overdue).add(silent(&wanted.silent)));
    let mut page = Entity::find()
        .filter(Column::PoolareaNo.starts_with(wanted.area.prefix()))
        .filter(Condition::all().add(waiting).add_option(overdue))
        .cursor_by((Column::ClockFrom, Column::CaseId));
    if let Some([clock_from, case_id]) = after {
        page.after((clock_from, case_id));
    }
    page.first(limit).all(db).await?.into_iter().map(read).collect()
}

/// By whose calendar, and in how many working days, what stands in some states is to be gone on with.
pub async fn terms<C: ConnectionTrait>(
    db: &C,
    area: Area,
    states: &[State],
) -> Result<Vec<(Area, u32)>, DbErr> {
    let rows: Vec<(String, i32)> = Entity::find()
        .select_only()
        .column(Column::PoolareaNo)
        .column(Column::WorkingDays)
        .distinct()
        .filter(Column::PoolareaNo.starts_with(area.prefix()))
        .filter(stand_at(states))
        .into_tuple()
        .all(db)
        .await?;
    let read = |(area, days): (String, i32)| Ok((area.parse()?, days.unsigned_abs()));
    rows.into_iter()
        .map(read)
        .collect::<Result<_, NotAnArea>>()
        .map_err(|error| DbErr::Type(error.to_string()))
}

/// Appealable cases whose last day is over, some of them, nobody else changing them until the transaction ends.
pub async fn hold_silent<C: ConnectionTrait>(
    tx: &C,
    over: &[Overdue<Area>],
    limit: u64,
) -> Result<Vec<Case>, DbErr> {
    let query = Entity::find().filter(silent(over)).order_by_asc(Column::CaseId).limit(limit);
    query.lock_exclusive().all(tx).await?.into_iter().map(read).collect()
}

fn stand_at(states: &[State]) -> Expr {
    Column::State.is_in(states.iter().map(|state| state.number()))
}

fn silent(over: &[Overdue<Area>]) -> Condition {
    Condition::all().add(stand_at(&[State::Appealable])).add(late(over))
}

fn late(overdue: &[Overdue<Area>]) -> Condition {
    overdue.iter().fold(Condition::any().add(Expr::value(false)), |any, one| {
        let of = Condition::all()
            .add(Column::PoolareaNo.is_in(one.of.iter().map(Area::as_str)))
            .add(Column::WorkingDays.eq(one.working_days))
            .add(Column::ClockFrom.lte(one.since.to_string()));
        any.add(of)
    })
}
