//! What settlement's and audit's feeds come to, by institution and month.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, text};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const STATEMENTS: [&str; 2] = [
    "CREATE INDEX figure_decision_month ON figure_decision (poolarea_no, month, fixmedins_code)",
    // What audit decided before there were figures is heard again; proposals are made once however often a decision is heard.
    "UPDATE followed_feed SET resume_token = '' WHERE feed = 'audit.decisions'",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // With the sums goes what of the feed they came of: it is counted anew when they are back.
        let sql = "DROP TABLE figure_month; DROP TABLE figure_decision; DROP TABLE figure_recovered; \
                   DELETE FROM followed_feed WHERE feed = 'settlement.settlements'";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }
}

fn tables() -> Vec<TableCreateStatement> {
    let key = ["poolarea_no", "month", "fixmedins_code"];
    let sums = [
        "settlements",
        "visits",
        "stays",
        "stay_days",
        "fee_fen",
        "fund_fen",
        "own_fen",
        "stay_fee_fen",
        "stay_fund_fen",
        "stay_own_fen",
    ];
    let month = key.map(text).into_iter().chain(sums.map(big_integer)).collect();
    let mut decision: Vec<_> = ["case_id", "poolarea_no", "month", "fixmedins_code"].map(text).into();
    decision.extend([integer("decision_no"), boolean("stands")]);
    decision.extend(["lines", "fee_fen", "recovered_fen"].map(big_integer));
    let line = ["case_id", "decision_no", "setl_id", "feedetl_sn"];
    let recovered = vec![
        text("case_id"),
        integer("decision_no"),
        text("setl_id"),
        text("feedetl_sn"),
        big_integer("recovered_fen"),
    ];
    vec![
        table("figure_month", &key, month),
        table("figure_decision", &["case_id", "decision_no"], decision),
        table("figure_recovered", &line, recovered),
    ]
}
