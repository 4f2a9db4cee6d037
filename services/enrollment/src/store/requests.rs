//! Imports that were done.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use yizhan_proto::enrollment::v1::ImportOutcome;

use super::entities::import_request::{ActiveModel, Entity};

/// Which import: unique.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The caller within whom the id is unique.
    pub caller: String,
    /// The caller's own id.
    pub request_id: String,
    /// Digest of method and body.
    pub digest: String,
}

/// An import that was done before under the same key.
#[derive(Clone, Debug)]
pub struct Done {
    /// Digest of what was asked then.
    pub digest: String,
    /// What was answered.
    pub outcome: ImportOutcome,
}

/// Whether it was done.
pub async fn find<C: ConnectionTrait>(db: &C, key: &RequestKey) -> Result<Option<Done>, DbErr> {
    let found = Entity::find_by_id((key.caller.clone(), key.request_id.clone())).one(db).await?;
    let done =
        |outcome: &[u8]| ImportOutcome::decode(outcome).map_err(|error| DbErr::Custom(error.to_string()));
    found.map(|model| Ok(Done { outcome: done(&model.outcome)?, digest: model.digest })).transpose()
}

/// Notes that it is done. A unique violation means that somebody else did it a moment ago.
pub async fn insert<C: ConnectionTrait>(
    tx: &C,
    key: &RequestKey,
    outcome: &ImportOutcome,
    recorded_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        caller: Set(key.caller.clone()),
        request_id: Set(key.request_id.clone()),
        digest: Set(key.digest.clone()),
        outcome: Set(outcome.encode_to_vec()),
        recorded_at: Set(recorded_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
