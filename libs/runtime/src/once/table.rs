//! The table `handled_request`: every request that was handled, with its answer.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm_migration::prelude::{Index, Table};
use sea_orm_migration::schema::{binary, text, timestamp_with_time_zone};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::Cause;

/// One request.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handled_request")]
pub struct Model {
    /// The caller within whom the id is unique.
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller: String,
    /// The caller's own id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: String,
    /// Digest of method and body.
    pub digest: String,
    /// What was answered, encoded.
    pub answer: Vec<u8>,
    /// When.
    pub recorded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Whether it was handled.
pub async fn find<C: ConnectionTrait>(db: &C, cause: &Cause) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((cause.caller.clone(), cause.request_id.clone())).one(db).await
}

/// Notes that it is handled. A unique violation means that somebody else did it a moment ago.
pub async fn insert<C: ConnectionTrait>(
    tx: &C,
    cause: &Cause,
    digest: &str,
    answer: &impl Message,
    recorded_at: DateTime<Utc>,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        caller: Set(cause.caller.clone()),
        request_id: Set(cause.request_id.clone()),
        digest: Set(digest.to_owned()),
        answer: Set(answer.encode_to_vec()),
        recorded_at: Set(recorded_at),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The migration that makes the table; every service whose mutations happen [once](super::once) lists it in its Migrator.
#[derive(Debug)]
pub struct CreateHandledRequests;

impl MigrationName for CreateHandledRequests {
    fn name(&self) -> &str {
        "m20260101_000000_handled_request"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateHandledRequests {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("handled_request")
            .col(text("caller"))
            .col(text("request_id"))
            .col(text("digest"))
            .col(binary("answer"))
            .col(timestamp_with_time_zone("recorded_at"))
            .primary_key(Index::create().col("caller").col("request_id"))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("handled_request").to_owned()).await
    }
}
