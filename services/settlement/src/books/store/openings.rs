//! Reading openings back, and what of a policy year stands.

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};
use prost::Message;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use yizhan_proto::settlement::v1::Opening;
use yizhan_runtime::db::DatabaseConnection;

use super::entities::{opening, settlement};

/// Entries of a year that are named at most.
const MAX_NAMED: usize = 100;

/// An opening by its id alone.
pub async fn by_id(db: &DatabaseConnection, opening_id: &str) -> Result<Option<opening::Model>, DbErr> {
    opening::Entity::find().filter(opening::Column::OpeningId.eq(opening_id)).one(db).await
}

/// What took an opening back, under whichever number of the person, if something did.
pub async fn cancelling(
    db: &DatabaseConnection,
    row: &opening::Model,
) -> Result<Option<opening::Model>, DbErr> {
    opening::Entity::find()
        .filter(opening::Column::PoolareaNo.eq(&row.poolarea_no))
        .filter(opening::Column::CancelsOpeningId.eq(&row.opening_id))
        .one(db)
        .await
}

/// Openings under some numbers of a person, newest first, older than one if given.
pub async fn of_person(
    db: &DatabaseConnection,
    (poolarea_no, psn_nos): (&str, &[String]),
    before: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<opening::Model>, DbErr> {
    let mut query = opening::Entity::find()
        .filter(opening::Column::PoolareaNo.eq(poolarea_no))
        .filter(opening::Column::PsnNo.is_in(psn_nos));
    if let Some([opening_id]) = before {
        query = query.filter(opening::Column::OpeningId.lt(opening_id));
    }
    query.order_by_desc(opening::Column::OpeningId).limit(limit).all(db).await
}

/// Which of a person's openings have been taken back.
pub async fn cancelled_among(
    db: &DatabaseConnection,
    (poolarea_no, psn_nos): (&str, &[String]),
    opening_ids: &[&str],
) -> Result<BTreeSet<String>, DbErr> {
    let cancelled = opening::Entity::find()
        .select_only()
        .column(opening::Column::CancelsOpeningId)
        .filter(opening::Column::PoolareaNo.eq(poolarea_no))
        .filter(opening::Column::PsnNo.is_in(psn_nos))
        .filter(opening::Column::CancelsOpeningId.is_in(opening_ids.iter().copied()))
        .into_tuple::<String>()
        .all(db)
        .await?;
    Ok(cancelled.into_iter().collect())
}

/// A person's settlements of a policy year that stand, under all of their numbers: those that end in it, since a stay across years ends in the later one, and
/// those that began to be counted in it and end after it.
pub async fn standing_in(
    db: &DatabaseConnection,
    (poolarea_no, psn_nos): (&str, &[String]),
    policy_year: NaiveDate,
) -> Result<Vec<String>, DbErr> {
    let next = policy_year.checked_add_months(Months::new(12)).unwrap_or(NaiveDate::MAX);
    let rows: Vec<(String, String, Vec<u8>, String)> = settlement::Entity::find()
        .select_only()
        .columns([settlement::Column::SetlId, settlement::Column::ReversesSetlId])
        .columns([settlement::Column::Answer, settlement::Column::Enddate])
        .filter(settlement::Column::PoolareaNo.eq(poolarea_no))
        .filter(settlement::Column::PsnNo.is_in(psn_nos))
        .filter(settlement::Column::Enddate.gte(policy_year.to_string()))
        .order_by_asc(settlement::Column::SetlId)
        .into_tuple()
        .all(db)
        .await?;
    let reversed: BTreeSet<&str> = rows.iter().map(|(_, reverses, ..)| reverses.as_str()).collect();
    let (year, mut standing) = (policy_year.to_string(), Vec::new());
    for (setl_id, reverses, answer, enddate) in &rows {
        let stands = reverses.is_empty() && !reversed.contains(setl_id.as_str());
        let counts = stands && (*enddate < next.to_string() || counts_in(answer, &year)?);
        if counts && standing.len() < MAX_NAMED {
            standing.push(setl_id.clone());
        }
    }
    Ok(standing)
}

fn counts_in(answer: &[u8], policy_year: &str) -> Result<bool, DbErr> {
    let settlement = super::settlements::decode_answer(answer)?;
    let trace = settlement.trace.unwrap_or_default();
    Ok(trace.layers.iter().any(|layer| layer.policy_year == policy_year)
        || trace.accumulators.iter().any(|change| change.policy_year == policy_year))
}

/// The whole of an opening.
pub fn opening_of(row: &opening::Model) -> Result<Opening, DbErr> {
    Opening::decode(row.opening.as_slice()).map_err(|error| DbErr::Type(format!("openings.opening: {error}")))
}
