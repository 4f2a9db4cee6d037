//! The table `published_rules`: documents published to the running service. A version never changes.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveModelTrait, IntoActiveModel, QueryOrder, QuerySelect};
use sea_orm_migration::prelude::{Index, Table};
use sea_orm_migration::schema::{text, timestamp_with_time_zone};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

/// One document.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "published_rules")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub rules_id: String,
    /// Its version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    /// Sorts by the time it was published.
    pub ordinal: String,
    /// The areas it holds in, with commas between them.
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

/// A published version without its text.
pub struct Row {
    pub rules_id: String,
    pub version: String,
    pub ordinal: String,
    pub digest: String,
    pub recorded_at: DateTime<Utc>,
}

/// Every version, or those published until then, in the order they were published: one that a process recorded whose clock was behind
/// counts from when the one before it was recorded.
pub async fn rows<C: ConnectionTrait>(db: &C, until: Option<DateTime<Utc>>) -> Result<Vec<Row>, DbErr> {
    let rows: Vec<(String, String, String, String, DateTime<Utc>)> = Entity::find()
        .select_only()
        .columns([Column::RulesId, Column::Version, Column::Ordinal, Column::Digest, Column::RecordedAt])
        .order_by_asc(Column::Ordinal)
        .into_tuple()
        .all(db)
        .await?;
    let row = |(rules_id, version, ordinal, digest, recorded_at)| Row {
        rules_id,
        version,
        ordinal,
        digest,
        recorded_at,
    };
    let published = |row: &Row| until.is_none_or(|until| row.recorded_at <= until);
    Ok(rows.into_iter().map(row).take_while(published).collect())
}

/// One version.
pub async fn find<C: ConnectionTrait>(db: &C, rules_id: &str, version: &str) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id((rules_id.to_owned(), version.to_owned())).one(db).await
}

/// Stores a version. A unique violation means that somebody else published it a moment ago.
pub async fn insert<C: ConnectionTrait>(tx: &C, row: Model) -> Result<(), DbErr> {
    Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}

/// The migration that makes the table; every service with published rules lists it in its Migrator.
#[derive(Debug)]
pub struct CreatePublishedRules;

impl MigrationName for CreatePublishedRules {
    fn name(&self) -> &str {
        "m20260101_000000_published_rules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreatePublishedRules {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("published_rules").primary_key(Index::create().col("rules_id").col("version"));
        for column in ["rules_id", "version", "ordinal", "area", "digest", "document", "caller"] {
            table.col(text(column));
        }
        manager.create_table(table.col(timestamp_with_time_zone("recorded_at")).to_owned()).await
    }

    /// There is no way back: what was decided cites what was published.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("published rules are not thrown away".to_owned()))
    }
}
