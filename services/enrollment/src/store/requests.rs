//! Requests that were handled.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};

use super::entities::import_request::{ActiveModel, Entity};
use crate::changes::Cause;

/// Which request: unique by caller and id.
#[derive(Clone, Debug)]
pub struct RequestKey {
    /// The caller, the id, and what was called.
    pub cause: Cause,
    /// Digest of method and body.
    pub digest: String,
}

/// A request that was handled before under the same key.
#[derive(Clone, Debug)]
pub struct Handled {
    /// Digest of what was asked then.
    pub digest: String,
    /// What was answered, encoded.
    pub answer: Vec<u8>,
}

/// Whether it was handled.
pub async fn find<C: ConnectionTrait>(db: &C, key: &RequestKey) -> Result<Option<Handled>, DbErr> {
    let found = Entity::find_by_id((key.cause.caller.clone(), key.cause.request_id.clone())).one(db).await?;
    Ok(found.map(|model| Handled { digest: model.digest, answer: model.outcome }))
}

/// Notes that it is handled. A unique violation means that somebody else did it a moment ago.
pub async fn insert<C: ConnectionTrait>(
    tx: &C,
    key: &RequestKey,
    answer: &impl Message,
    recorded_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        caller: Set(key.cause.caller.clone()),
        request_id: Set(key.cause.request_id.clone()),
        digest: Set(key.digest.clone()),
        outcome: Set(answer.encode_to_vec()),
        recorded_at: Set(recorded_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}
