//! Steps of filings: appended, never changed.

use sea_orm::entity::prelude::*;

/// One step.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "filing_step")]
pub struct Model {
    /// Which filing.
    #[sea_orm(primary_key, auto_increment = false)]
    pub filing_id: String,
    /// From 1 on: the version of the filing since.
    #[sea_orm(primary_key, auto_increment = false)]
    pub step_no: i32,
    /// The contract's FilingAction.
    pub action: i32,
    /// The contract's FilingState before; 0 for the first.
    pub from_state: i32,
    /// And after.
    pub to_state: i32,
    /// Who, as the caller header says it, without a person's number.
    pub actor: String,
    /// 经办人编号; empty where no officer acted.
    pub opter: String,
    /// When.
    pub recorded_at: DateTimeUtc,
    /// Why, as given.
    pub reason: String,
    /// The area whose office has it since.
    pub handling_area: String,
}

impl ActiveModelBehavior for ActiveModel {}
