//! Settlement follows enrollment's register: merged numbers, and the worklist.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::create;
use crate::books::store::merged;
use crate::worklist::store::work_item;

/// The migration.
pub struct FollowRegister;

/// A settlement is reversed at most once, under whichever number of its person. What stands under a number is found in all areas by the number alone.
const STATEMENTS: [&str; 8] = [
    "CREATE INDEX merged_person_stays ON merged_person (stays_psn_no)",
    "CREATE UNIQUE INDEX settlements_reversed ON settlements (poolarea_no, reverses_setl_id) WHERE reverses_setl_id <> ''",
    "DROP INDEX settlements_reversed_once",
    "CREATE INDEX accumulated_by_person ON accumulated (psn_no)",
    "CREATE INDEX accounts_by_person ON accounts (psn_no)",
    "CREATE INDEX work_item_of_area ON work_item (poolarea_no, item_id)",
    "CREATE INDEX work_item_of_settlement ON work_item (setl_id, item_id)",
    "CREATE UNIQUE INDEX work_item_open ON work_item (setl_id) WHERE state = 'OPEN'",
];

impl MigrationName for FollowRegister {
    fn name(&self) -> &str {
        "m20261129_000020_follow_register"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FollowRegister {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, merged::Entity).await?;
        create(manager, work_item::Entity).await?;
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
