//! Why records were merged. When, by whom and into which is in the history of the tombstone.

use sea_orm::entity::prelude::*;

use crate::person::store::entities::person::PersonalText;

/// One merge.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_merge")]
pub struct Model {
    /// 人员编号 that was merged: only once.
    #[sea_orm(primary_key, auto_increment = false)]
    pub psn_no: String,
    /// Why, in an agency's own words: may name a person.
    pub reason: PersonalText,
    /// What moved beside the entries of the timelines, JSON; empty in rows from before it was noted.
    pub moved: String,
}

impl ActiveModelBehavior for ActiveModel {}
