//! The table `followed_feed`: how far this service is in the feeds it follows.

use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm_migration::prelude::Table;
use sea_orm_migration::schema::text;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

/// One feed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "followed_feed")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub feed: String,
    /// Behind the last event dealt with; empty: none was yet.
    pub resume_token: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// The token to go on behind.
pub async fn token<C: ConnectionTrait>(db: &C, feed: &str) -> Result<String, DbErr> {
    if let Some(row) = Entity::find_by_id(feed.to_owned()).one(db).await? {
        return Ok(row.resume_token);
    }
    let row = ActiveModel { feed: Set(feed.to_owned()), resume_token: Set(String::new()) };
    Entity::insert(row).on_conflict_do_nothing_on([Column::Feed]).exec_without_returning(db).await?;
    let row = Entity::find_by_id(feed.to_owned()).one(db).await?;
    Ok(row.map(|row| row.resume_token).unwrap_or_default())
}

/// Moves the token on, if it is still the one that was gone on behind.
pub async fn move_on<C: ConnectionTrait>(
    tx: &C,
    feed: &str,
    before: &str,
    behind: &str,
) -> Result<bool, DbErr> {
    let moved = Entity::update_many()
        .col_expr(Column::ResumeToken, Expr::value(behind))
        .filter(Column::Feed.eq(feed))
        .filter(Column::ResumeToken.eq(before))
        .exec(tx)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// The migration that makes the table; every service that follows another lists it in its Migrator.
#[derive(Debug)]
pub struct CreateFollowedFeeds;

impl MigrationName for CreateFollowedFeeds {
    fn name(&self) -> &str {
        "m20260101_000000_followed_feed"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateFollowedFeeds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![text("feed"), text("resume_token")];
        manager.create_table(crate::db::table("followed_feed", &["feed"], columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("followed_feed").to_owned()).await
    }
}
