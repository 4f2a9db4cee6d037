//! Who is registered with which certificate: one certificate, one person.

use sea_orm::entity::prelude::*;

/// A certificate in use.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate")]
pub struct Model {
    /// Keyed digest of type and number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub certno_digest: String,
    /// 人员编号 of the person registered with it.
    pub psn_no: String,
}

impl ActiveModelBehavior for ActiveModel {}
