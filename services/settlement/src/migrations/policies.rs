//! Policies move into the table of published documents (`published_rules`), which all services have alike.
//!
//! A process of before still settles by the policies in its memory while it is replaced; it cannot publish any more, so that
//! nothing is published that the others do not see.

use sea_orm::{DbErr, EntityTrait, QueryOrder};
use sea_orm_migration::prelude::Table;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use yizhan_documents::Document;
use yizhan_policy::Policy;

/// Published policies as they were stored before.
pub mod policy {
    use sea_orm::entity::prelude::*;

    /// A row of `policies`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "policies")]
    pub struct Model {
        /// Name of the policy.
        #[sea_orm(primary_key, auto_increment = false)]
        pub policy_id: String,
        /// Version.
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: String,
        /// Order of publication.
        pub ordinal: i64,
        /// SHA-256 of the document, hex.
        pub digest: String,
        /// The YAML document.
        pub document: String,
    }

    /// None.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Copies them in the order they were published, and drops the old table.
pub struct MovePolicies;

impl MigrationName for MovePolicies {
    fn name(&self) -> &str {
        "m20261129_000001_policies_as_published_rules"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for MovePolicies {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for row in policy::Entity::find().order_by_asc(policy::Column::Ordinal).all(db).await? {
            let policy = Policy::read(&row.policy_id, &row.document).map_err(|problems| {
                DbErr::Custom(format!("published policy {} {}: {problems}", row.policy_id, row.version))
            })?;
            // Sorts before the ids that are given from now on. When and by whom it was published nobody noted.
            let ordinal = format!("{:020}", row.ordinal);
            yizhan_rules::take_over(db, &policy, row.document, ordinal, "service:settlement").await?;
        }
        manager.drop_table(Table::drop().table("policies").to_owned()).await
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    use sea_orm_migration::MigratorTrait;
    use yizhan_runtime::config::DatabaseConfig;
    use yizhan_runtime::db;
    use yizhan_testkit::both_databases;

    use super::*;
    use crate::app::Policies;
    use crate::migrations::Migrator;

    /// The migrations of before.
    const BEFORE: u32 = 2;

    both_databases! {
        async fn policies_of_before_are_published_still(test: TestDatabase) {
            let connection = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
            Migrator::up(&connection, Some(BEFORE)).await.unwrap();
            let (_, text) = yizhan_policy::embedded()[0];
            let policy = Policy::read("first", text).unwrap();
            // Version b was published last, so it is the one in use.
            for (ordinal, version) in [(10, "b"), (9, "c")] {
                let document = text.replacen(&format!("\"{}\"", policy.version), &format!("\"{version}\""), 1);
                let digest = yizhan_documents::digest(&document);
                let (policy_id, version) = (policy.id.clone(), version.to_owned());
                let row = policy::Model { policy_id, version, ordinal, digest, document };
                row.into_active_model().insert(&connection).await.unwrap();
            }
            db::migrate::<Migrator>(&connection).await.unwrap();
            let book = Policies::open(connection).await.unwrap();
            let published: Vec<_> = book.current().documents().iter().map(|one| one.version.clone()).collect();
            assert_eq!(published, ["c", "b"]);
            let known = book.current();
            let found = yizhan_policy::find(&known, policy.areas[0], policy.schemes[0], policy.period.from);
            assert_eq!(found.unwrap().version, "b");
            assert_eq!(book.get(&policy.id, "c").await.unwrap().0.digest, known.version(&policy.id, "c").unwrap().digest);
        }
    }
}
