//! What persons allow others to look at.

use sea_orm::entity::prelude::*;

/// A grant.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_grant")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub grant_id: String,
    /// 统筹区 that kept the person's register when it was given.
    pub poolarea_no: String,
    /// 人员编号 of whoever allows it.
    pub psn_no: String,
    /// Who may look, as the caller header says it.
    pub grantee: String,
    /// What for.
    pub purpose: String,
    /// Parts of the register, divided by commas.
    pub scopes: String,
    /// First moment.
    pub begins_at: DateTimeUtc,
    /// First moment at which it no longer counts.
    pub ends_at: DateTimeUtc,
    /// Who noted it, as the caller header says it.
    pub granted_by: String,
    /// Reference of the signed request; empty when the person asked themselves.
    pub consent_reference: String,
    /// When.
    pub granted_at: DateTimeUtc,
    /// When it was taken back.
    pub withdrawn_at: Option<DateTimeUtc>,
    /// Who took it back, as the caller header says it; empty while it stands.
    pub withdrawn_by: String,
}

impl ActiveModelBehavior for ActiveModel {}
