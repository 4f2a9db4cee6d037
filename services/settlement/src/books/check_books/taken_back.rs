//! What was taken back under another number than it stands under: while two records were one. When they are two again, it counts for the
//! number of what it takes back.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};
use yizhan_runtime::db::DatabaseConnection;

use super::Totals;
use crate::books::store::entities::{opening, settlement};
use crate::books::store::openings::opening_of;
use crate::books::store::parted;
use crate::books::store::settlements::answer_of;

const REVERSALS: &str = "SELECT r.setl_id AS id, o.psn_no AS psn_no FROM settlements r JOIN settlements o \
    ON o.poolarea_no = r.poolarea_no AND o.setl_id = r.reverses_setl_id \
    WHERE r.poolarea_no = $1 AND r.reverses_setl_id <> '' AND r.psn_no <> o.psn_no";
const CANCELLATIONS: &str = "SELECT c.opening_id AS id, o.psn_no AS psn_no FROM openings c JOIN openings o \
    ON o.poolarea_no = c.poolarea_no AND o.opening_id = c.cancels_opening_id \
    WHERE c.poolarea_no = $1 AND c.cancels_opening_id <> '' AND c.psn_no <> o.psn_no";

/// By number, what is to be added to the fold of what stands under it. Nothing where no merge was ever taken back.
pub async fn under_another_number(
    db: &DatabaseConnection,
    poolarea_no: &str,
) -> Result<BTreeMap<String, Totals>, DbErr> {
    let mut totals: BTreeMap<String, Totals> = BTreeMap::new();
    if !parted::any(db).await? {
        return Ok(totals);
    }
    let mut count = |owner: &str, under: &str, year: String, accumulator: String, added: i64| {
        for (psn_no, by) in [(owner, i128::from(added)), (under, -i128::from(added))] {
            let total = totals.entry(psn_no.to_owned()).or_default();
            *total.entry((year.clone(), accumulator.clone())).or_insert(0) += by;
        }
    };
    for (setl_id, owner) in found(db, REVERSALS, poolarea_no).await? {
        let rows = settlement::Entity::find().filter(settlement::Column::SetlId.eq(setl_id)).all(db).await?;
        for row in rows {
            for change in answer_of(&row)?.trace.into_iter().flat_map(|trace| trace.accumulators) {
                count(&owner, &row.psn_no, change.policy_year, change.accumulator, change.added);
            }
        }
    }
    for (opening_id, owner) in found(db, CANCELLATIONS, poolarea_no).await? {
        let rows = opening::Entity::find().filter(opening::Column::OpeningId.eq(opening_id)).all(db).await?;
        for row in rows {
            for change in opening_of(&row)?.accumulators {
                count(&owner, &row.psn_no, change.policy_year, change.accumulator, change.added);
            }
        }
    }
    Ok(totals)
}

/// Ids of what takes back, with the number of what is taken back.
async fn found(
    db: &DatabaseConnection,
    sql: &str,
    poolarea_no: &str,
) -> Result<Vec<(String, String)>, DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [poolarea_no.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "psn_no")?))).collect()
}
