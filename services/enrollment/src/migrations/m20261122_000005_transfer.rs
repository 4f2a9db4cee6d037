//! Transfers with their steps, merged records, and indexes of the ledgers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, integer, integer_null, text, timestamp_with_time_zone};

use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// One open transfer of a person (states: domain State::is_open); work queues by either area; merged records; ledgers.
const INDEXES: [&str; 8] = [
    "CREATE UNIQUE INDEX transfer_open ON transfer (psn_no) WHERE state IN (1, 2, 3, 4, 6, 8)",
    "CREATE INDEX transfer_from ON transfer (from_poolarea_no, state, transfer_id)",
    "CREATE INDEX transfer_to ON transfer (to_poolarea_no, state, transfer_id)",
    "CREATE INDEX person_merged_into ON person (merged_into) WHERE merged_into <> ''",
    "CREATE INDEX account_share_sharer ON account_share (sharer_psn_no)",
    // Both in the order of psn_no and with everything a ledger reads: one million residents are merged, neither hashed nor sorted.
    "CREATE INDEX person_ledger ON person (poolarea_no, psn_no, resd_code, brdy, die_date) WHERE merged_into = ''",
    "CREATE INDEX coverage_ledger ON coverage \
     (poolarea_no, psn_no, insutype, begndate, enddate, paying_poolarea_no) WHERE psn_insu_stas = '1'",
    "CREATE INDEX identity_name ON identity (poolarea_no, name)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut merged_into = text("merged_into");
        let add = Table::alter().table("person").add_column(merged_into.default("")).to_owned();
        manager.alter_table(add).await?;
        manager.create_table(transfer()).await?;
        manager.create_table(transfer_step()).await?;
        let person_merge = table("person_merge", &["psn_no"], vec![text("psn_no"), text("reason")]);
        manager.create_table(person_merge).await?;
        manager.get_connection().execute_unprepared(&INDEXES.join(";")).await?;
        Ok(())
    }

    /// There is no way back: what was transferred and merged is not forgotten.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("transfers are not thrown away".to_owned()))
    }
}

/// Keyed by its id, not by an area: it belongs to two.
fn transfer() -> TableCreateStatement {
    table(
        "transfer",
        &["transfer_id"],
        vec![
            text("transfer_id"),
            text("psn_no"),
            text("from_poolarea_no"),
            text("to_poolarea_no"),
            text("biz_prcs_codg"),
            text("traf_prot_dirc"),
            text("trans_mode"),
            text("node_codg"),
            integer("state"),
            integer_null("locked_state"),
            integer_null("locked_side"),
            integer("step_count"),
            binary("statement"),
            binary("result"),
        ],
    )
}

fn transfer_step() -> TableCreateStatement {
    table(
        "transfer_step",
        &["transfer_id", "step_no"],
        vec![
            text("transfer_id"),
            integer("step_no"),
            integer("action"),
            integer("from_state"),
            integer("to_state"),
            integer("side"),
            text("actor"),
            timestamp_with_time_zone("recorded_at"),
            text("reason"),
        ],
    )
}
