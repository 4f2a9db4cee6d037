//! Openings; and what settlements are reconciled by, in columns of its own.

use prost::Message;
use sea_orm::{ConnectionTrait, DbErr, Schema, Statement};
use sea_orm_migration::prelude::{ColumnDef, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use yizhan_proto::settlement::v1::Settlement;

use crate::books::store::entities::opening;

/// 期初 and what takes it back.
pub struct CreateOpenings;

impl MigrationName for CreateOpenings {
    fn name(&self) -> &str {
        "m20261129_000015_openings"
    }
}

const INDEXES: [&str; 2] = [
    "CREATE INDEX openings_by_id ON openings (opening_id)",
    "CREATE UNIQUE INDEX openings_cancelled_once ON openings (poolarea_no, psn_no, cancels_opening_id) \
     WHERE cancels_opening_id <> ''",
];

#[async_trait::async_trait]
impl MigrationTrait for CreateOpenings {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::new(manager.get_database_backend());
        manager.create_table(schema.create_table_from_entity(opening::Entity)).await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// Settlements are asked by institution and day, by scheme and clearing category. What those from before say of it stands in their answers.
pub struct ReconcileSettlements;

impl MigrationName for ReconcileSettlements {
    fn name(&self) -> &str {
        "m20261129_000016_reconcile_settlements"
    }
}

/// Settlements filled in at a time.
const AT_ONCE: usize = 100;

#[async_trait::async_trait]
impl MigrationTrait for ReconcileSettlements {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A new database has them from the entity.
        for column in ["insutype", "clr_type", "setl_type", "acct_pay_fen"] {
            if manager.has_column("settlements", column).await? {
                continue;
            }
            let mut added = ColumnDef::new(column);
            match column {
                "acct_pay_fen" => added.big_integer().not_null().default(0),
                _ => added.string().not_null().default(""),
            };
            manager.alter_table(Table::alter().table("settlements").add_column(added).to_owned()).await?;
        }
        fill(manager).await?;
        let index = "CREATE INDEX IF NOT EXISTS settlements_of_institution ON settlements (fixmedins_code, setl_time_us, setl_id)";
        manager.get_connection().execute_unprepared(index).await.map(drop)
    }
}

async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (db, backend) = (manager.get_connection(), manager.get_database_backend());
    let read = format!(
        "SELECT poolarea_no, psn_no, setl_id, answer FROM settlements WHERE (poolarea_no, psn_no, setl_id) > ($1, $2, $3) \
         ORDER BY poolarea_no, psn_no, setl_id LIMIT {AT_ONCE}"
    );
    let write = "UPDATE settlements SET insutype = $1, clr_type = $2, acct_pay_fen = $3 \
         WHERE poolarea_no = $4 AND psn_no = $5 AND setl_id = $6";
    let mut after = [String::new(), String::new(), String::new()];
    loop {
        let values = after.clone().map(Into::into);
        let rows = db.query_all_raw(Statement::from_sql_and_values(backend, &read, values)).await?;
        for row in &rows {
            let answer: Vec<u8> = row.try_get("", "answer")?;
            let answer = Settlement::decode(answer.as_slice())
                .map_err(|error| DbErr::Type(format!("settlements.answer: {error}")))?;
            let info = answer.setlinfo.unwrap_or_default();
            after =
                [row.try_get("", "poolarea_no")?, row.try_get("", "psn_no")?, row.try_get("", "setl_id")?];
            let [poolarea_no, psn_no, setl_id] = after.clone();
            let values = [
                info.insutype.into(),
                info.clr_type.into(),
                info.acct_pay_fen.into(),
                poolarea_no.into(),
                psn_no.into(),
                setl_id.into(),
            ];
            db.execute_raw(Statement::from_sql_and_values(backend, write, values)).await?;
        }
        if rows.len() < AT_ONCE {
            return Ok(());
        }
    }
}
