//! Sums that cannot run over.

use sea_orm::{DbErr, QueryResult};

/// Amounts are added up in parts of so many fen and in what is left of them: each of both sums stays far within 64 bits, where that of
/// the amounts would be an error of SQLite, and in PostgreSQL a number that is no `bigint`.
const PART: i64 = 1_000_000_000;

/// SQL for the sum of a column of whole numbers, to be read with [`read_sum`] under the same name.
pub fn sum_of(column: &str) -> String {
    format!(
        "CAST(SUM({column} / {PART}) AS bigint) AS {column}_parts, CAST(SUM({column} % {PART}) AS bigint) AS {column}_rest"
    )
}

/// The sum.
///
/// # Errors
/// What the database says.
pub fn read_sum(row: &QueryResult, column: &str) -> Result<i128, DbErr> {
    let part = |of: &str| row.try_get::<i64>("", &format!("{column}_{of}")).map(i128::from);
    Ok(part("parts")? * i128::from(PART) + part("rest")?)
}
