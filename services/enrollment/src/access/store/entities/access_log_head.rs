//! Where each chain of the access log ends; locked while it grows.

use sea_orm::entity::prelude::*;

/// The end of one chain.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_log_head")]
pub struct Model {
    /// 统筹区.
    #[sea_orm(primary_key, auto_increment = false)]
    pub poolarea_no: String,
    /// Number of the last entry.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

impl ActiveModelBehavior for ActiveModel {}
