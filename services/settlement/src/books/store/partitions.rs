//! The tables that grow with every settlement, kept by month on PostgreSQL: what has an id that begins with its time, and no key that goes
//! beyond it. `requests`, `claims` and `claimed_lines` stay whole: what is in them is unique for good, whatever month it came in.

use std::time::Duration;

use sea_orm::{ColumnTrait, Condition, DbErr};
use tokio_util::sync::CancellationToken;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::db::monthly::{self, Monthly};
use yizhan_runtime::{ids, task};

use super::entities::settlement;

/// How often it is seen to that the months to come have partitions.
pub const KEEP_EVERY: Duration = Duration::from_secs(3600);

/// Settlements, and what they post.
pub const MONTHLY: [Monthly; 2] = [
    Monthly {
        table: "settlements",
        id: "setl_id",
        key: "poolarea_no, psn_no, setl_id",
        indexes: &[
            ("settlements_by_id", "setl_id"),
            ("settlements_of_institution", "fixmedins_code, setl_time_us, setl_id"),
        ],
        // That a settlement is reversed once is seen to by `settlement_reversals`: a reversal may be of another month.
        own: &[
            "CREATE UNIQUE INDEX {}_reversed ON {} (poolarea_no, reverses_setl_id) WHERE reverses_setl_id <> ''",
            // A row is kept whole, two in a page: cut up, it is three rows and three entries of indexes.
            "ALTER TABLE {} SET (toast_tuple_target = 4080)",
        ],
    },
    Monthly { table: "journal", id: "setl_id", key: "poolarea_no, psn_no, setl_id", indexes: &[], own: &[] },
];

/// For whoever names many ids: only partitions that may have one of them are asked, which PostgreSQL does not see by a list alone.
pub fn months_of<'i>(setl_ids: impl Iterator<Item = &'i str> + Clone) -> Condition {
    let (first, last) = (setl_ids.clone().min(), setl_ids.max());
    Condition::all()
        .add_option(first.map(|first| settlement::Column::SetlId.gte(first)))
        .add_option(last.map(|last| settlement::Column::SetlId.lte(last)))
}

/// Makes partitions ahead of time, until the server stops. Months are those of the machine's clock, as ids are.
pub fn keep_ahead(db: &DatabaseConnection, stopping: &CancellationToken) {
    let db = db.clone();
    task::every("partitions, kept", stopping, KEEP_EVERY, move || {
        let db = db.clone();
        async move {
            for table in &MONTHLY {
                let kept = monthly::keep(&db, table, ids::now()).await?;
                if kept.rest > 0 {
                    let (table, rows) = (table.table, kept.rest);
                    tracing::warn!(table, rows, "rows are in no month's partition: a clock that was wrong?");
                }
            }
            Ok::<(), DbErr>(())
        }
    });
}
