//! The table `published_rules`, and those of services that publish documents of several kinds: documents published to the running
//! service. A version never changes.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Order, Query};
use sea_orm::{ActiveModelTrait, FromQueryResult, IdenStatic, IntoActiveModel, Iterable, QueryResult};
use sea_orm_migration::prelude::{Index, Table};
use sea_orm_migration::schema::{text, timestamp_with_time_zone};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use yizhan_runtime::db::insert_values;

/// The table of a service whose documents are of one kind.
pub const TABLE: &str = "published_rules";

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
pub async fn rows<C: ConnectionTrait>(
    db: &C,
    table: &'static str,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Row>, DbErr> {
    let mut all = Query::select();
    all.columns([Column::RulesId, Column::Version, Column::Ordinal, Column::Digest, Column::RecordedAt])
        .from(table)
        .order_by(Column::Ordinal, Order::Asc);
    let row = |row: &QueryResult| {
        Ok::<_, DbErr>(Row {
            rules_id: row.try_get("", "rules_id")?,
            version: row.try_get("", "version")?,
            ordinal: row.try_get("", "ordinal")?,
            digest: row.try_get("", "digest")?,
            recorded_at: row.try_get("", "recorded_at")?,
        })
    };
    let rows: Vec<Row> = db.query_all(&all).await?.iter().map(row).collect::<Result<_, _>>()?;
    let published = |row: &Row| until.is_none_or(|until| row.recorded_at <= until);
    Ok(rows.into_iter().take_while(published).collect())
}

/// One version.
pub async fn find<C: ConnectionTrait>(
    db: &C,
    table: &'static str,
    (rules_id, version): (&str, &str),
) -> Result<Option<Model>, DbErr> {
    let mut one = Query::select();
    one.columns(Column::iter()).from(table);
    one.and_where(Expr::col(Column::RulesId).eq(rules_id)).and_where(Expr::col(Column::Version).eq(version));
    db.query_one(&one).await?.map(|row| Model::from_query_result(&row, "")).transpose()
}

/// Stores a version. A unique violation means that somebody else published it a moment ago.
pub async fn insert<C: ConnectionTrait>(tx: &C, table: &'static str, row: Model) -> Result<(), DbErr> {
    let mut row = row.into_active_model();
    let values = Column::iter().filter_map(|column| row.take(column).into_value()).collect();
    let columns: Vec<&str> = Column::iter().map(|column| column.as_str()).collect();
    insert_values(tx, table, &columns, vec![values]).await
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
        create_table(manager, TABLE).await
    }

    /// There is no way back: what was decided cites what was published.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("published rules are not thrown away".to_owned()))
    }
}

/// For migrations: the table of a further kind of documents ([`Book::open_in`](crate::Book::open_in)).
///
/// # Errors
/// Where the database is away, or has such a table.
pub async fn create_table(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    let mut table = Table::create();
    table.table(name).primary_key(Index::create().col("rules_id").col("version"));
    for column in ["rules_id", "version", "ordinal", "area", "digest", "document", "caller"] {
        table.col(text(column));
    }
    manager.create_table(table.col(timestamp_with_time_zone("recorded_at")).to_owned()).await
}
