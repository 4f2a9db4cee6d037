//! Published documents of entitlement rules: a version never changes.

use sea_orm::entity::prelude::*;

/// One document.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entitlement_rules")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rules_id: String,
    /// Its version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    /// Sorts by the time it was published.
    pub ordinal: String,
    /// The area it holds in.
    pub area: String,
    /// SHA-256 of its text.
    pub digest: String,
    /// Its text.
    pub document: String,
    /// Who published it.
    pub caller: String,
    /// When.
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
