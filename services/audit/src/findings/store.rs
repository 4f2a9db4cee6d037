//! Findings and their steps as stored. A finding is written with its version counted on: whoever read it before reads it again.

pub mod figures;
mod lists;
pub mod steps;

pub use lists::{Wanted, page};

use std::collections::BTreeMap;

use prost::Message;
use sea_orm::QueryFilter;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use yizhan_proto::audit::v1::Violation;
use yizhan_runtime::db::{find_rows, upsert_next};
use yizhan_runtime::{Reason, ServiceError};

/// A finding.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "finding")]
pub struct Model {
    /// 违规标识
    #[sea_orm(primary_key, auto_increment = false)]
    pub jr_id: String,
    /// Goes up by one with every change.
    pub version: i32,
    /// The contract's FindingState.
    pub state: i32,
    /// The contract's FindingOrigin.
    pub origin: i32,
    /// By a rule that is being tried.
    pub shadow: bool,
    /// What it rests on stands.
    pub stands: bool,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// 定点医药机构编号; empty of a bill paid by hand whose institution has none.
    pub fixmedins_code: String,
    /// 就诊ID
    pub mdtrt_id: String,
    /// 结算ID of what it is about.
    pub setl_id: String,
    /// Last day of the visit, YYYY-MM-DD.
    pub enddate: String,
    /// 规则编码
    pub rule_id: String,
    /// What is wrong, encoded.
    pub violation: Vec<u8>,
    /// The case; empty where there is none.
    pub case_id: String,
    /// When it was found first.
    pub found_at: DateTimeUtc,
    /// When its state changed last.
    pub changed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What is wrong.
pub fn violation_of(row: &Model) -> Result<Violation, DbErr> {
    Violation::decode(row.violation.as_slice())
        .map_err(|error| DbErr::Type(format!("finding {}: {error}", row.jr_id)))
}

/// One.
pub async fn find<C: ConnectionTrait>(db: &C, jr_id: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(jr_id.to_owned()).one(db).await
}

/// Several, by id.
pub async fn find_many<C: ConnectionTrait>(db: &C, jr_ids: Vec<String>) -> Result<Vec<Model>, DbErr> {
    find_rows::<Entity, 1>(db, [Column::JrId], jr_ids.into_iter().map(|jr_id| [jr_id]).collect()).await
}

/// All of visits, by id.
pub async fn of_visits<C: ConnectionTrait>(
    db: &C,
    keys: Vec<[String; 2]>,
) -> Result<BTreeMap<String, Model>, DbErr> {
    let rows = find_rows::<Entity, 2>(db, [Column::FixmedinsCode, Column::MdtrtId], keys).await?;
    Ok(rows.into_iter().map(|row| (row.jr_id.clone(), row)).collect())
}

/// All of a case.
pub async fn of_case<C: ConnectionTrait>(db: &C, case_id: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::CaseId.eq(case_id)).filter(Column::CaseId.ne("")).all(db).await
}

/// Settlements with a finding that stands, or stood when its case was carried out: as a condition on their 结算ID.
pub fn suspected() -> Expr {
    Expr::cust(format!("setl_id IN ({SUSPECTED})"))
}

/// The others.
pub fn unsuspected() -> Expr {
    Expr::cust(format!("setl_id NOT IN ({SUSPECTED})"))
}

/// Open, in a case or carried out; not of rules on trial.
const SUSPECTED: &str =
    "SELECT finding.setl_id FROM finding WHERE NOT finding.shadow AND finding.state IN (1, 2, 5)";

/// Writes findings that were read and changed, their version counted on.
///
/// # Errors
/// CONCURRENT_CHANGE where somebody else changed one meanwhile: to be read again.
pub async fn write<C: ConnectionTrait>(tx: &C, rows: Vec<Model>) -> Result<(), ServiceError> {
    let count = rows.len() as u64;
    if upsert_next::<Entity>(tx, rows).await? == count {
        return Ok(());
    }
    Err(ServiceError::new(Reason::ConcurrentChange, "a finding was changed meanwhile"))
}
