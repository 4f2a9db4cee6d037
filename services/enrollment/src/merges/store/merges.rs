//! Rows that follow a person who goes over into another record. The entries of timelines follow by
//! themselves: see [`rows::follow`](crate::person::store::rows::follow).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use yizhan_terms::Area;

use crate::coverage::store::entities::contribution;
use crate::merges::store::entities::person_merge;
use crate::person::store::entities::person::PersonalText;
use crate::person::store::entities::{account_share, certificate, person};

/// 人员编号 of all records that were merged into one, directly or through another.
pub async fn merged_into<C: ConnectionTrait>(tx: &C, psn_no: &str) -> Result<BTreeSet<String>, DbErr> {
    let found: Vec<String> = person::Entity::find()
        .select_only()
        .column(person::Column::PsnNo)
        .filter(person::Column::MergedInto.eq(psn_no))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}

/// 人员编号 of everybody who may use somebody's account.
pub async fn users_of_account<C: ConnectionTrait>(tx: &C, psn_no: &str) -> Result<BTreeSet<String>, DbErr> {
    let found: Vec<String> = account_share::Entity::find()
        .select_only()
        .column(account_share::Column::PsnNo)
        .filter(account_share::Column::SharerPsnNo.eq(psn_no))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(found.into_iter().collect())
}

/// One record takes the place of others, all of one area: it is found by their documents, has what they paid, and is told of
/// a death only they knew.
pub async fn into_record<C: ConnectionTrait>(
    tx: &C,
    poolarea_no: Area,
    keep_psn_no: &str,
    merged_psn_nos: &BTreeSet<String>,
    die_date: Option<NaiveDate>,
) -> Result<(), DbErr> {
    let merged = || merged_psn_nos.iter().map(String::as_str);
    person::Entity::update_many()
        .col_expr(person::Column::MergedInto, Expr::value(keep_psn_no))
        .filter(person::Column::PsnNo.is_in(merged()))
        .exec(tx)
        .await?;
    person::Entity::update_many()
        .col_expr(person::Column::DieDate, Expr::value(die_date))
        .filter(person::Column::PoolareaNo.eq(poolarea_no.as_str()))
        .filter(person::Column::PsnNo.eq(keep_psn_no))
        .exec(tx)
        .await?;
    let documents: Vec<String> = person::Entity::find()
        .select_only()
        .column(person::Column::CertnoDigest)
        .filter(person::Column::PsnNo.is_in(merged()))
        .into_tuple()
        .all(tx)
        .await?;
    certificate::Entity::update_many()
        .col_expr(certificate::Column::PsnNo, Expr::value(keep_psn_no))
        .filter(certificate::Column::CertnoDigest.is_in(documents))
        .filter(certificate::Column::PsnNo.is_in(merged()))
        .exec(tx)
        .await?;
    contribution::Entity::update_many()
        .col_expr(contribution::Column::PsnNo, Expr::value(keep_psn_no))
        .filter(contribution::Column::PoolareaNo.eq(poolarea_no.as_str()))
        .filter(contribution::Column::PsnNo.is_in(merged()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Why a record was merged: kept beside its tombstone.
pub async fn note_merge<C: ConnectionTrait>(tx: &C, psn_no: &str, reason: &str) -> Result<(), DbErr> {
    let row = person_merge::ActiveModel {
        psn_no: Set(psn_no.to_owned()),
        reason: Set(PersonalText(reason.to_owned())),
    };
    person_merge::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}
