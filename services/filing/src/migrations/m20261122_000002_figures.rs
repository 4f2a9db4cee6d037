//! Figures, and the bills reimbursed by hand that some of them count.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, timestamp_with_time_zone};
use yizhan_runtime::db::table;

use crate::figures::store::{Figures, KINDS, VISITS};

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 2] = [
    "CREATE INDEX kind_figure_month ON kind_figure (poolarea_no, month, out_fil_type)",
    "CREATE INDEX visit_figure_month ON visit_figure (poolarea_no, month, reach)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(addends(&KINDS)).await?;
        manager.create_table(addends(&VISITS)).await?;
        manager.create_table(manual_reimbursement()).await?;
        manager.get_connection().execute_unprepared(&INDEXES.join(";")).await?;
        Ok(())
    }

    /// There is no way back: what was counted cannot be counted again.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("figures are not thrown away".to_owned()))
    }
}

fn addends<const N: usize>(figures: &Figures<N>) -> TableCreateStatement {
    let mut columns = vec![text("addend_id"), text("poolarea_no"), text("month"), text(figures.subject)];
    columns.extend(figures.sums.into_iter().map(big_integer));
    table(figures.table, &["addend_id"], columns)
}

/// 就诊ID is the institution's own: the person goes with it, for bills of institutions that have no number.
fn manual_reimbursement() -> TableCreateStatement {
    table(
        "manual_reimbursement",
        &["poolarea_no", "psn_no", "fixmedins_code", "mdtrt_id"],
        vec![
            text("poolarea_no"),
            text("psn_no"),
            text("fixmedins_code"),
            text("mdtrt_id"),
            text("mdtrtarea_admvs"),
            text("med_type"),
            text("enddate"),
            big_integer("medfee_sumamt_fen"),
            text("recorded_by"),
            timestamp_with_time_zone("recorded_at"),
        ],
    )
}
