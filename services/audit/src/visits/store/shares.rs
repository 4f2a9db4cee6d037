//! What persons themselves paid, added up by month and area: one read for many persons, whatever their visits.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use yizhan_runtime::db::{read_sum, sum_of};

/// A month in which visits of a person ended that an area paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// YYYY-MM
    pub month: String,
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// Last day and 结算ID of the last of them.
    pub last: String,
    /// 个人负担总金额, of it 全自费 with 超限价自费, and 先行自付, fen.
    pub paid_fen: [i64; 3],
}

const SUMS: [&str; 3] = ["psn_part_amt_fen", "own_expense_fen", "preselfpay_amt_fen"];

/// Those of what stands of several persons, by the numbers that stay; who has none is missing.
pub async fn of_persons<C: ConnectionTrait>(
    db: &C,
    psn_nos: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<Share>>, DbErr> {
    let mut by_person: BTreeMap<String, Vec<Share>> = BTreeMap::new();
    if psn_nos.is_empty() {
        return Ok(by_person);
    }
    let places: Vec<String> = (1..=psn_nos.len()).map(|at| format!("${at}")).collect();
    let sql = format!(
        "SELECT psn_no, poolarea_no, SUBSTR(enddate, 1, 7) AS month, MAX(enddate || ' ' || setl_id) AS last, {} \
         FROM visit WHERE psn_no IN ({}) AND stands GROUP BY psn_no, poolarea_no, SUBSTR(enddate, 1, 7)",
        SUMS.map(sum_of).join(", "),
        places.join(", ")
    );
    let values: Vec<Value> = psn_nos.iter().map(|psn_no| psn_no.as_str().into()).collect();
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    for row in db.query_all_raw(statement).await? {
        by_person.entry(row.try_get("", "psn_no")?).or_default().push(share(&row)?);
    }
    Ok(by_person)
}

fn share(row: &QueryResult) -> Result<Share, DbErr> {
    let mut paid_fen = [0; 3];
    for (sum, column) in paid_fen.iter_mut().zip(SUMS) {
        // Whoever has paid more than that has paid more than any line.
        *sum = i64::try_from(read_sum(row, column)?).unwrap_or(i64::MAX);
    }
    Ok(Share {
        month: row.try_get("", "month")?,
        poolarea_no: row.try_get("", "poolarea_no")?,
        last: row.try_get("", "last")?,
        paid_fen,
    })
}
