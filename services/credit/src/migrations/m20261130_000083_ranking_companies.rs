//! Papers and consents of companies; measured values, answers and published rankings of institutions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, text};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 4] = [
    "CREATE INDEX company_item_day ON company_item (company_code, occurred_on)",
    "CREATE UNIQUE INDEX company_item_entry ON company_item (entry_id)",
    "CREATE INDEX company_consent_reader ON company_consent (company_code, reader)",
    "CREATE INDEX survey_answer_year ON survey_answer (poolarea_no, survey_year, fixmedins_code)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    /// There is no way back: answers are nowhere else.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("answers of patients are not thrown away".to_owned()))
    }
}

fn tables() -> Vec<TableCreateStatement> {
    let mut item: Vec<_> =
        ["poolarea_no", "company_code", "number", "entry_id", "occurred_on"].map(text).into();
    item.extend([integer("kind"), big_integer("amount_fen")]);
    let consent =
        ["consent_id", "company_code", "poolarea_no", "reader", "from_date", "until_date"].map(text);
    let mut figure: Vec<_> =
        ["poolarea_no", "fixmedins_code", "indicator", "measured", "entry_id"].map(text).into();
    figure.push(integer("ranking_year"));
    let mut answer: Vec<_> = ["poolarea_no", "setl_id", "fixmedins_code", "visited_on"].map(text).into();
    answer.extend([integer("survey_year"), integer("score")]);
    let published = vec![text("poolarea_no"), integer("ranking_year"), text("matter_id"), binary("ranking")];
    vec![
        table("company_item", &["poolarea_no", "company_code", "kind", "number"], item),
        table("company_consent", &["consent_id"], consent.into()),
        table("ranking_figure", &["poolarea_no", "ranking_year", "fixmedins_code", "indicator"], figure),
        table("survey_answer", &["poolarea_no", "setl_id"], answer),
        table("published_ranking", &["poolarea_no", "ranking_year"], published),
    ]
}
