//! Steps of findings: appended, never changed.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use yizhan_runtime::db::insert;

/// One step.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "finding_step")]
pub struct Model {
    /// Which finding.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jr_id: String,
    /// The version of the finding since; in order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub step_no: i32,
    /// The contract's FindingState since.
    pub state: i32,
    /// Who, as the caller header says it.
    pub actor: String,
    /// 经办人编号; empty where no officer acted.
    pub opter: String,
    /// Why.
    pub reason: String,
    /// When.
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Appends steps.
pub async fn append<C: ConnectionTrait>(tx: &C, rows: Vec<Model>) -> Result<(), DbErr> {
    insert::<Entity>(tx, rows).await
}

/// Those of a finding, the first one first.
pub async fn of<C: ConnectionTrait>(db: &C, jr_id: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::JrId.eq(jr_id)).order_by_asc(Column::StepNo).all(db).await
}
