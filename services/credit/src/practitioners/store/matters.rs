//! Points matters as the worklist finds them: where the last step left each, written with it. What is due when is worked out when it is asked.

use chrono::{Days, NaiveDate};
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect};
use yizhan_runtime::db::upsert;
use yizhan_terms::Area;

use super::super::domain::table::State;

/// Days after its delivery in which a matter may still be DELIVERED: more than any scheme lets an appeal wait (250 working days).
const APPEALABLE_DAYS: u64 = 730;

/// A points matter.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "points_matter")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub matter_id: String,
    /// Who.
    pub practitioner_code: String,
    /// 统筹区 that decided.
    pub poolarea_no: String,
    /// 定点医药机构编号 where it was done.
    pub fixmedins_code: String,
    /// [`State`] in which the last step left it; that nobody appealed in time is not written.
    pub state: i32,
    /// The day of that step, YYYY-MM-DD; empty: it was taken back as a whole.
    pub since: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// What matters are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of an area and what lies inside it.
    pub area: Area,
    /// Of what was done there.
    pub institution: Option<String>,
    /// Of this practitioner.
    pub practitioner: Option<String>,
    /// That stand so.
    pub state: Option<State>,
    /// Whose next step is overdue.
    pub is_overdue: bool,
    /// The day on which all this is asked.
    pub today: NaiveDate,
}

impl Wanted {
    /// Rows that may be it; a look at the matter tells whether they are.
    fn rows(&self) -> Condition {
        let states: Option<&[State]> = match (self.state, self.is_overdue) {
            (Some(State::Settled), _) => Some(&[State::Settled, State::Delivered]),
            (None, true) => {
                Some(&[State::Decided, State::Noticed, State::Appealed, State::Restoring, State::Repairing])
            }
            _ => self.state.as_ref().map(std::slice::from_ref),
        };
        let delivered = self.state == Some(State::Delivered);
        let oldest = self.today.checked_sub_days(Days::new(APPEALABLE_DAYS)).filter(|_| delivered);
        let states = states.map(|states| Column::State.is_in(states.iter().map(|state| state.number())));
        Condition::all()
            .add(Column::PoolareaNo.starts_with(self.area.prefix()))
            .add_option(states)
            .add_option(oldest.map(|oldest| Column::Since.gte(oldest.to_string())))
            .add_option(self.institution.as_ref().map(|code| Column::FixmedinsCode.eq(code)))
            .add_option(self.practitioner.as_ref().map(|code| Column::PractitionerCode.eq(code)))
    }
}

/// A page of rows that may be wanted, oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    wanted: &Wanted,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let rows = wanted.rows().add_option(after.map(|[id]| Column::MatterId.gt(id)));
    Entity::find().filter(rows).order_by_asc(Column::MatterId).limit(limit).all(db).await
}

/// Writes those that changed.
pub async fn write(db: &impl ConnectionTrait, rows: Vec<Model>) -> Result<(), DbErr> {
    upsert::<Entity>(db, rows).await
}
