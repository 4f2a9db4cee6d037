//! Tables of merges, and rows that follow a person who goes over into another record. The entries of timelines follow by
//! themselves: see [`rows::follow`](crate::person::store::rows::follow).

pub mod person_merge;
pub mod person_unmerge;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use yizhan_runtime::db::insert;
use yizhan_terms::Area;

use crate::coverage::store::entities::contribution;
use crate::person::store::entities::person::PersonalText;
use crate::person::store::entities::{account_share, certificate, person};
use crate::person::store::update::set;

/// Contributions changed by one statement at most.
const ROWS_PER_STATEMENT: usize = 1000;

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

/// What a merge moved beside the entries of the timelines, which the history tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// 人员编号 of the records that had been merged into the one that went.
    pub records: BTreeSet<String>,
    /// 人员编号 of those who might use its account.
    pub users: BTreeSet<String>,
    /// Contributions that were theirs.
    pub contributions: BTreeSet<String>,
}

/// The contributions of records in an area, by id.
pub async fn contributions_of<C: ConnectionTrait>(
    tx: &C,
    poolarea_no: Area,
    psn_nos: &BTreeSet<String>,
) -> Result<BTreeSet<String>, DbErr> {
    let theirs = contribution::Column::PoolareaNo
        .eq(poolarea_no.as_str())
        .and(contribution::Column::PsnNo.is_in(psn_nos.iter().map(String::as_str)));
    texts::<contribution::Entity>(tx, contribution::Column::ContributionId, theirs).await
}

/// Why a record was merged, and what moved: kept beside its tombstone.
pub async fn note_merge<C: ConnectionTrait>(
    tx: &C,
    psn_no: &str,
    reason: &str,
    moved: &Moved,
) -> Result<(), DbErr> {
    let moved = serde_json::to_string(moved).map_err(|error| DbErr::Json(error.to_string()))?;
    let row = person_merge::ActiveModel {
        psn_no: Set(psn_no.to_owned()),
        reason: Set(PersonalText(reason.to_owned())),
        moved: Set(moved),
    };
    person_merge::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}

/// Why the record was merged, and what moved; `None` where that is not noted.
pub async fn noted<C: ConnectionTrait>(tx: &C, psn_no: &str) -> Result<Option<(PersonalText, Moved)>, DbErr> {
    let row = person_merge::Entity::find_by_id(psn_no.to_owned()).one(tx).await?;
    let Some(row) = row.filter(|row| !row.moved.is_empty()) else { return Ok(None) };
    let moved = serde_json::from_str(&row.moved).map_err(|error| DbErr::Json(error.to_string()))?;
    Ok(Some((row.reason, moved)))
}

/// Notes that the merge was taken back, and why; it may be merged anew.
pub async fn note_unmerge<C: ConnectionTrait>(tx: &C, unmerged: person_unmerge::Model) -> Result<(), DbErr> {
    person_merge::Entity::delete_by_id(unmerged.psn_no.clone()).exec(tx).await?;
    insert::<person_unmerge::Entity>(tx, vec![unmerged]).await
}

/// Whether the kept record has taken over one of the documents of others as its own.
pub async fn has_document_of<C: ConnectionTrait>(
    tx: &C,
    kept_psn_no: &str,
    psn_nos: &BTreeSet<String>,
) -> Result<bool, DbErr> {
    let all = |psn_nos: Vec<&str>| {
        let whose = person::Column::PsnNo.is_in(psn_nos);
        texts::<person::Entity>(tx, person::Column::CertnoDigest, whose)
    };
    let theirs = all(psn_nos.iter().map(String::as_str).collect()).await?;
    Ok(!all(vec![kept_psn_no]).await?.is_disjoint(&theirs))
}

/// A record is a person of its own again, with those that had been merged into it before: its documents find it, and what it paid is its.
pub async fn out_of_record<C: ConnectionTrait>(
    tx: &C,
    (poolarea_no, kept_psn_no): (Area, &str),
    psn_no: &str,
    moved: &Moved,
) -> Result<(), DbErr> {
    let own = person::Column::PsnNo.eq(psn_no);
    set::<person::Entity>(tx, [(person::Column::MergedInto, "".into())], own.clone()).await?;
    let records = person::Column::PsnNo.is_in(moved.records.iter().map(String::as_str));
    set::<person::Entity>(tx, [(person::Column::MergedInto, psn_no.into())], records.clone()).await?;
    let documents = texts::<person::Entity>(tx, person::Column::CertnoDigest, own.or(records)).await?;
    let theirs =
        certificate::Column::CertnoDigest.is_in(documents).and(certificate::Column::PsnNo.eq(kept_psn_no));
    set::<certificate::Entity>(tx, [(certificate::Column::PsnNo, psn_no.into())], theirs).await?;
    for some in moved.contributions.iter().collect::<Vec<_>>().chunks(ROWS_PER_STATEMENT) {
        let paid = contribution::Column::PoolareaNo
            .eq(poolarea_no.as_str())
            .and(contribution::Column::PsnNo.eq(kept_psn_no))
            .and(contribution::Column::ContributionId.is_in(some.iter().map(|id| id.as_str())));
        set::<contribution::Entity>(tx, [(contribution::Column::PsnNo, psn_no.into())], paid).await?;
    }
    Ok(())
}
