//! What waits for an office, in the order in which it came.

use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use yizhan_terms::{Area, NotAnArea};
use yizhan_workflow::Overdue;

use super::entities::filing::{Column, Entity};
use super::{in_states, read};
use crate::filings::domain::filing::{Filing, State};
use crate::filings::domain::steps::is_under_way;
use crate::filings::domain::steps::table::{FILINGS, Role};

/// Which part of a queue.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The office's area, and what lies inside it; what is SUBMITTED of its own persons too, wherever it is handled.
    pub area: Area,
    /// Only this state; `None`: everything that waits for the office.
    pub state: Option<State>,
    /// Today.
    pub today: NaiveDate,
    /// Only what is overdue by one of these.
    pub overdue: Option<Vec<Overdue<Area>>>,
}

/// A page of it, behind the filing that came on a day and has an id.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    wanted: &Wanted,
    after: Option<[String; 2]>,
    limit: u64,
) -> Result<Vec<Filing>, DbErr> {
    let waiting =
        wanted.state.map_or_else(|| to_decide(wanted.today), |state| stands_at(state, wanted.today));
    let mut query = Entity::find().filter(open_at(wanted.area)).filter(waiting);
    if let Some(overdue) = &wanted.overdue {
        query = query
            .filter(to_decide(wanted.today))
            .filter(overdue.iter().fold(Condition::any(), |any, one| any.add(late(one))));
    }
    let mut page = query.cursor_by((Column::ClockFrom, Column::FilingId));
    if let Some([clock_from, filing_id]) = after {
        page.after((clock_from, filing_id));
    }
    page.first(limit).all(db).await?.into_iter().map(read).collect()
}

/// By whose calendar, and in how many working days, what waits is to be decided.
pub async fn terms<C: ConnectionTrait>(
    db: &C,
    area: Area,
    today: NaiveDate,
) -> Result<Vec<(Area, u32)>, DbErr> {
    let rows: Vec<(String, i32)> = Entity::find()
        .select_only()
        .column(Column::PoolareaNo)
        .column(Column::WorkingDays)
        .distinct()
        .filter(open_at(area))
        .filter(to_decide(today))
        .into_tuple()
        .all(db)
        .await?;
    let read = |(area, days): (String, i32)| Ok((area.parse()?, days.unsigned_abs()));
    rows.into_iter()
        .map(read)
        .collect::<Result<_, NotAnArea>>()
        .map_err(|error| DbErr::Type(error.to_string()))
}

/// What an office of the area has; and what nobody has accepted yet of persons insured there, wherever it was sent: their area answers for
/// it, and can call it back.
fn open_at(area: Area) -> Condition {
    let prefix = area.prefix();
    let here = Condition::all().add(in_states(is_under_way)).add(Column::HandlingArea.starts_with(prefix));
    // As the index filing_sent_out says it, word for word.
    let submitted = Expr::cust(format!("state = {}", State::Submitted.number()));
    let insured_here = Condition::all().add(submitted).add(Column::PoolareaNo.starts_with(prefix));
    Condition::any().add(here).add(insured_here)
}

/// What an office has to decide or to look at.
fn to_decide(today: NaiveDate) -> Condition {
    let decided = FILINGS.waits_for(&Role::OFFICES).into_iter().map(|state| match state {
        State::Provisional => stands_at(state, today).add(Column::Waiting.eq(1)),
        _ => stands_at(state, today),
    });
    decided.fold(Condition::any(), Condition::add)
}

/// One that time has ended is provisional no more, whether or not anybody has noted it.
fn stands_at(state: State, today: NaiveDate) -> Condition {
    let held = Condition::any().add(Column::LastDay.eq("")).add(Column::LastDay.gte(today.to_string()));
    let held = Some(held).filter(|_| state == State::Provisional);
    Condition::all().add(Column::State.eq(state.number())).add_option(held)
}

fn late(overdue: &Overdue<Area>) -> Condition {
    Condition::all()
        .add(Column::PoolareaNo.is_in(overdue.of.iter().map(Area::as_str)))
        .add(Column::WorkingDays.eq(overdue.working_days))
        .add(Column::ClockFrom.lte(overdue.since.to_string()))
}
