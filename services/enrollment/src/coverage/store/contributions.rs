//! Reading and appending contributions.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use yizhan_runtime::db::{self, find_rows};
use yizhan_terms::Insutype;

use super::entities::contribution::{Column, Entity, Model};
use crate::coverage::domain::contributions::{Accrued, Kind, standing};
use crate::person::store::entities::timeline_history;

/// Appends them.
pub async fn insert<C: ConnectionTrait>(tx: &C, rows: Vec<Model>) -> Result<(), DbErr> {
    db::insert::<Entity>(tx, rows).await
}

/// All of several persons, by psn_no, in the order they were recorded, in whatever area that was.
pub async fn of_persons<C: ConnectionTrait>(
    db: &C,
    psn_nos: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, Vec<Accrued>>, DbErr> {
    let keys = areas(db, psn_nos).await?.into_iter().map(|(psn_no, area)| [area, psn_no]).collect();
    let mut found = find_rows::<Entity, 2>(db, [Column::PoolareaNo, Column::PsnNo], keys).await?;
    found.sort_by(|one, other| one.contribution_id.cmp(&other.contribution_id));
    let mut by_person: BTreeMap<String, Vec<Accrued>> = BTreeMap::new();
    for row in &standing(&found) {
        by_person.entry(row.psn_no.clone()).or_default().push(accrued(row)?);
    }
    Ok(by_person)
}

/// All of one person, whole, also those that were taken back.
pub async fn all_of<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<Vec<Model>, DbErr> {
    let areas = areas(db, [psn_no.to_owned()]).await?.into_iter().map(|(_, area)| area);
    let of_person = Entity::find().filter(Column::PoolareaNo.is_in(areas)).filter(Column::PsnNo.eq(psn_no));
    of_person.order_by_asc(Column::ContributionId).all(db).await
}

/// All of one person.
pub async fn of_person<C: ConnectionTrait>(db: &C, psn_no: &str) -> Result<Vec<Accrued>, DbErr> {
    Ok(of_persons(db, [psn_no.to_owned()]).await?.remove(psn_no).unwrap_or_default())
}

/// The areas that ever kept the register of these persons, each with the person.
async fn areas<C: ConnectionTrait>(
    db: &C,
    psn_nos: impl IntoIterator<Item = String>,
) -> Result<Vec<(String, String)>, DbErr> {
    use timeline_history::{Column, Entity};
    let query = Entity::find().select_only().columns([Column::PsnNo, Column::PoolareaNo]).distinct();
    query.filter(Column::PsnNo.is_in(psn_nos)).into_tuple().all(db).await
}

/// Up to `limit` of a person, behind an id, in the order they were recorded.
pub async fn page<C: ConnectionTrait>(
    db: &C,
    psn_no: &str,
    insutype: &str,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<Model>, DbErr> {
    let areas = areas(db, [psn_no.to_owned()]).await?.into_iter().map(|(_, area)| area);
    let mut query = Entity::find().filter(Column::PoolareaNo.is_in(areas)).filter(Column::PsnNo.eq(psn_no));
    if !insutype.is_empty() {
        query = query.filter(Column::Insutype.eq(insutype));
    }
    if let Some([contribution_id]) = after {
        query = query.filter(Column::ContributionId.gt(contribution_id));
    }
    query.order_by_asc(Column::ContributionId).limit(limit).all(db).await
}

/// The last `limit` of a person, in the order they were recorded.
pub async fn last<C: ConnectionTrait>(db: &C, psn_no: &str, limit: u64) -> Result<Vec<Model>, DbErr> {
    let areas = areas(db, [psn_no.to_owned()]).await?.into_iter().map(|(_, area)| area);
    let of_person = Entity::find().filter(Column::PoolareaNo.is_in(areas)).filter(Column::PsnNo.eq(psn_no));
    let mut found = of_person.order_by_desc(Column::ContributionId).limit(limit).all(db).await?;
    found.reverse();
    Ok(found)
}

/// What of a row arrears are reckoned by; an error where its scheme is none.
pub fn accrued(row: &Model) -> Result<Accrued, DbErr> {
    let insutype = Insutype::from_code(&row.insutype).ok_or_else(|| {
        DbErr::Type(format!("contribution {}: unknown insutype {}", row.contribution_id, row.insutype))
    })?;
    Ok(Accrued {
        insutype,
        accrym: row.accrym.clone(),
        amount_fen: row.amount_fen,
        kind: Kind::of(&row.clct_flag, &row.clct_type),
        repairs: row.clct_type == crate::coverage::domain::contributions::PAID_BACK,
        paid_date: row.paid_date,
    })
}
