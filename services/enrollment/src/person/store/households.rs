//! Reading households.

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};
use yizhan_terms::Area;

use super::entities::household_member::{Column, Entity, Model};
use crate::person::domain::household::{HouseholdMember, Relation};
use crate::person::domain::period::Period;

/// Members of a household that are told at most.
const MAX_MEMBERS: u64 = 100;

/// Who is in a household on a day, by psn_no.
pub async fn members<C: ConnectionTrait>(
    db: &C,
    poolarea_no: Area,
    household_no: &str,
    day: NaiveDate,
) -> Result<Vec<(String, HouseholdMember)>, DbErr> {
    let rows = Entity::find()
        .filter(Column::HouseholdPoolareaNo.eq(poolarea_no.as_str()))
        .filter(Column::HouseholdNo.eq(household_no))
        .filter(Column::Begndate.lte(day))
        .filter(Column::Enddate.is_null().or(Column::Enddate.gte(day)))
        .order_by_asc(Column::PsnNo)
        .limit(MAX_MEMBERS);
    rows.all(db).await?.into_iter().map(|row| member(row, poolarea_no)).collect()
}

fn member(row: Model, poolarea_no: Area) -> Result<(String, HouseholdMember), DbErr> {
    let damaged = || DbErr::Type(format!("household_member.relation: {}", row.relation));
    let relation = Relation::from_code(row.relation).ok_or_else(damaged)?;
    let period = Period { begndate: row.begndate, enddate: row.enddate };
    Ok((row.psn_no, HouseholdMember { poolarea_no, household_no: row.household_no, relation, period }))
}
