//! Merges that were taken back. When and by whom is in the history of the record.

use sea_orm::entity::prelude::*;

use crate::person::store::entities::person::PersonalText;

/// One merge that was taken back.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_unmerge")]
pub struct Model {
    /// 人员编号 that had been merged.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// Its version from then on.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// The one it had been merged into.
    pub kept_psn_no: String,
    /// Why it had been merged, in an agency's own words: may name a person.
    pub merge_reason: PersonalText,
    /// Why that was taken back.
    pub reason: PersonalText,
}

impl ActiveModelBehavior for ActiveModel {}
