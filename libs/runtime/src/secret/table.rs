//! The table `service_secret`: one row.

use chacha20poly1305::Key;
use chacha20poly1305::aead::Generate;
use sea_orm::ActiveValue::Set;
use sea_orm::entity::prelude::*;
use sea_orm_migration::prelude::Table;
use sea_orm_migration::schema::{binary, text};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::vault::SecretKey;

/// The row's key.
const NAME: &str = "service";

/// The one row; becomes a [`SecretKey`] at once, which cannot be printed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_secret")]
pub struct Model {
    /// Always the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// 32 bytes.
    pub secret: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The secret, if it was made.
pub async fn read<C: ConnectionTrait>(db: &C) -> Result<Option<SecretKey>, DbErr> {
    let Some(row) = Entity::find_by_id(NAME.to_owned()).one(db).await? else { return Ok(None) };
    let bytes = row.secret.try_into().map_err(|_| DbErr::Type("service_secret.secret".to_owned()))?;
    Ok(Some(SecretKey::new(bytes)))
}

/// Makes it, unless another process does at the same time.
pub async fn make<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let row = ActiveModel { name: Set(NAME.to_owned()), secret: Set(Key::generate().to_vec()) };
    Entity::insert(row).on_conflict_do_nothing_on([Column::Name]).exec_without_returning(db).await?;
    Ok(())
}

/// The migration that makes the table; every service lists it in its Migrator.
#[derive(Debug)]
pub struct CreateServiceSecret;

impl MigrationName for CreateServiceSecret {
    fn name(&self) -> &str {
        "m20260101_000000_service_secret"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateServiceSecret {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![text("name"), binary("secret")];
        manager.create_table(crate::db::table("service_secret", &["name"], columns)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("service_secret").to_owned()).await
    }
}
