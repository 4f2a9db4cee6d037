//! Tables of merges, and rows that follow a person who goes over into another record. The entries of timelines follow by
//! themselves: see [`rows::follow`](crate::person::store::rows::follow).

pub mod person_merge;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use yizhan_terms::Area;

use crate::coverage::store::entities::contribution;
use crate::person::store::entities::person::PersonalText;
use crate::person::store::entities::{account_share, certificate, person};
use crate::person::store::update::set;

/// 人员编号 of all records that were merged into one, directly or through another.
pub async fn merged_into<C: ConnectionTrait>(tx: &C, psn_no: &str) -> Result<BTreeSet<String>, DbErr> {
    texts::<person::Entity>(tx, person::Column::PsnNo, person::Column::MergedInto.eq(psn_no)).await
}

/// 人员编号 of everybody who may use somebody's account.
pub async fn users_of_account<C: ConnectionTrait>(tx: &C, psn_no: &str) -> Result<BTreeSet<String>, DbErr> {
    let shared = account_share::Column::SharerPsnNo.eq(psn_no);
    texts::<account_share::Entity>(tx, account_share::Column::PsnNo, shared).await
}

async fn texts<E: EntityTrait>(
    tx: &impl ConnectionTrait,
    column: E::Column,
    whose: SimpleExpr,
) -> Result<BTreeSet<String>, DbErr> {
    let found = E::find().select_only().column(column).filter(whose).into_tuple::<String>().all(tx).await?;
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
    let all = person::Column::PsnNo.is_in(merged());
    set::<person::Entity>(tx, [(person::Column::MergedInto, keep_psn_no.into())], all.clone()).await?;
    let kept = person::Column::PoolareaNo.eq(poolarea_no.as_str()).and(person::Column::PsnNo.eq(keep_psn_no));
    set::<person::Entity>(tx, [(person::Column::DieDate, die_date.into())], kept).await?;
    let documents = texts::<person::Entity>(tx, person::Column::CertnoDigest, all).await?;
    let theirs =
        certificate::Column::CertnoDigest.is_in(documents).and(certificate::Column::PsnNo.is_in(merged()));
    set::<certificate::Entity>(tx, [(certificate::Column::PsnNo, keep_psn_no.into())], theirs).await?;
    let paid = contribution::Column::PoolareaNo
        .eq(poolarea_no.as_str())
        .and(contribution::Column::PsnNo.is_in(merged()));
    set::<contribution::Entity>(tx, [(contribution::Column::PsnNo, keep_psn_no.into())], paid).await
}

/// Why a record was merged: kept beside its tombstone.
pub async fn note_merge<C: ConnectionTrait>(tx: &C, psn_no: &str, reason: &str) -> Result<(), DbErr> {
    let row = person_merge::ActiveModel {
        psn_no: Set(psn_no.to_owned()),
        reason: Set(PersonalText(reason.to_owned())),
    };
    person_merge::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}
