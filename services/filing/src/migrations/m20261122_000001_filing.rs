//! Filings, their steps, and what of them matters to visits.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, text, timestamp_with_time_zone};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// States: 1 SUBMITTED, 2 ACCEPTED, 3 RETURNED, 4 IN_FORCE, 5 PROVISIONAL.
const INDEXES: [&str; 5] = [
    "CREATE INDEX filing_person ON filing (psn_no, filing_id)",
    "CREATE INDEX filing_queue ON filing (handling_area, clock_from, filing_id) WHERE state IN (1, 2, 3, 5)",
    // What is not accepted yet, by who answers for it: another area may have it.
    "CREATE INDEX filing_sent_out ON filing (poolarea_no, clock_from, filing_id) WHERE state = 1",
    // What ends by time.
    "CREATE INDEX filing_last_day ON filing (last_day, filing_id) WHERE state IN (4, 5) AND last_day <> ''",
    "CREATE UNIQUE INDEX filing_foreign ON filing (poolarea_no, foreign_id) WHERE foreign_id <> ''",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(filing()).await?;
        manager.create_table(filing_step()).await?;
        let columns = vec![text("psn_no"), big_integer("version"), text("standings")];
        manager.create_table(table("person_filings", &["psn_no"], columns)).await?;
        manager.get_connection().execute_unprepared(&INDEXES.join(";")).await?;
        Ok(())
    }

    /// There is no way back: what was filed is not forgotten.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("filings are not thrown away".to_owned()))
    }
}

/// Keyed by its id, not by an area: it belongs to two, the one that pays and the one that has it.
fn filing() -> TableCreateStatement {
    table(
        "filing",
        &["filing_id"],
        vec![
            text("filing_id"),
            text("psn_no"),
            text("poolarea_no"),
            text("handling_area"),
            text("out_fil_type"),
            integer("state"),
            integer("waiting"),
            text("clock_from"),
            integer("working_days"),
            text("last_day"),
            text("foreign_id"),
            integer("version"),
            text("record"),
        ],
    )
}

fn filing_step() -> TableCreateStatement {
    table(
        "filing_step",
        &["filing_id", "step_no"],
        vec![
            text("filing_id"),
            integer("step_no"),
            integer("action"),
            integer("from_state"),
            integer("to_state"),
            text("actor"),
            text("opter"),
            timestamp_with_time_zone("recorded_at"),
            text("reason"),
            text("handling_area"),
        ],
    )
}
