//! Imports that were done, so that none is done twice.

use sea_orm::entity::prelude::*;

/// One import.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_request")]
pub struct Model {
    /// The caller within whom the id is unique.
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller: String,
    /// The caller's own id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: String,
    /// Digest of method and body.
    pub digest: String,
    /// The answer, an encoded ImportOutcome.
    pub outcome: Vec<u8>,
    /// When.
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
