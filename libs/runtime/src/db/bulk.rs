//! Many rows in one statement, by column.
//!
//! On PostgreSQL the text of a statement does not depend on the number of rows (arrays and `UNNEST`), so that it is prepared
//! once per connection and inserts several times faster than a list of rows; on SQLite, which has no arrays, it is a list of
//! rows.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryResult, Statement, Value};

/// The values of one column, one for each row. Nulls are not supported: hot tables have none.
#[derive(Clone, Debug)]
pub enum Column {
    /// Text.
    Text(Vec<String>),
    /// Whole numbers, money in fen among them.
    Int(Vec<i64>),
    /// Bytes.
    Bytes(Vec<Vec<u8>>),
    /// Moments.
    Time(Vec<DateTime<Utc>>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Text(values) => values.len(),
            Column::Int(values) => values.len(),
            Column::Bytes(values) => values.len(),
            Column::Time(values) => values.len(),
        }
    }

    fn postgres_type(&self) -> &'static str {
        match self {
            Column::Text(_) => "text[]",
            Column::Int(_) => "bigint[]",
            Column::Bytes(_) => "bytea[]",
            Column::Time(_) => "timestamptz[]",
        }
    }

    fn into_values(self) -> Vec<Value> {
        match self {
            Column::Text(values) => values.into_iter().map(Value::from).collect(),
            Column::Int(values) => values.into_iter().map(Value::from).collect(),
            Column::Bytes(values) => values.into_iter().map(Value::from).collect(),
            Column::Time(values) => values.into_iter().map(Value::from).collect(),
        }
    }

    fn into_array(self) -> Value {
        let kind = match &self {
            Column::Text(_) => ArrayType::String,
            Column::Int(_) => ArrayType::BigInt,
            Column::Bytes(_) => ArrayType::Bytes,
            Column::Time(_) => ArrayType::ChronoDateTimeUtc,
        };
        Value::Array(kind, Some(Box::new(self.into_values())))
    }
}

/// A row source for `INSERT INTO t (…) <source>` and `WHERE (a, b) IN (<source>)`, with its values. All columns have the same
/// number of rows, at least one.
fn row_source(backend: DbBackend, columns: Vec<Column>) -> (String, Vec<Value>) {
    let rows = columns.first().map_or(0, Column::len);
    assert!(
        rows > 0 && columns.iter().all(|column| column.len() == rows),
        "columns of one length, at least one row"
    );
    if backend == DbBackend::Postgres {
        let arrays: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| format!("${}::{}", at + 1, column.postgres_type()))
            .collect();
        let sql = format!("SELECT * FROM UNNEST({})", arrays.join(", "));
        return (sql, columns.into_iter().map(Column::into_array).collect());
    }
    let width = columns.len();
    let row = format!("({})", vec!["?"; width].join(", "));
    let sql = format!("VALUES {}", vec![row; rows].join(", "));
    let mut columns: Vec<_> = columns.into_iter().map(|column| column.into_values().into_iter()).collect();
    let values =
        (0..rows * width).map(|at| columns[at % width].next().expect("columns of one length")).collect();
    (sql, values)
}

/// Inserts rows; `suffix` may hold `ON CONFLICT …` and `RETURNING …`, whose rows are returned.
pub async fn insert_rows<C: ConnectionTrait>(
    tx: &C,
    table: &str,
    columns: Vec<(&str, Column)>,
    suffix: &str,
) -> Result<Vec<QueryResult>, DbErr> {
    if columns.first().is_none_or(|(_, column)| column.len() == 0) {
        return Ok(Vec::new());
    }
    let (names, columns): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let backend = tx.get_database_backend();
    let (source, values) = row_source(backend, columns);
    let sql = format!("INSERT INTO {table} ({}) {source} {suffix}", names.join(", "));
    let statement = Statement::from_sql_and_values(backend, sql, values);
    if suffix.contains("RETURNING") {
        return tx.query_all_raw(statement).await;
    }
    tx.execute_raw(statement).await.map(|_| Vec::new())
}

/// Reads the rows with these keys: names and values of the columns an index leads with.
///
/// On PostgreSQL each key is looked up by itself (`OFFSET 0` keeps the planner from turning the lookups into a join): a plan
/// made while the table was small, and kept, would read the whole table for every batch once it has grown.
pub async fn find_rows<E: EntityTrait>(
    db: &impl ConnectionTrait,
    key: Vec<(&str, Column)>,
) -> Result<Vec<E::Model>, DbErr> {
    find_rows_where::<E>(db, key, "1 = 1").await
}

/// The same, of those rows for which a condition holds: SQL that comes from no user, such as the condition of the partial
/// index that is to be used.
pub async fn find_rows_where<E: EntityTrait>(
    db: &impl ConnectionTrait,
    key: Vec<(&str, Column)>,
    condition: &str,
) -> Result<Vec<E::Model>, DbErr> {
    if key.first().is_none_or(|(_, column)| column.len() == 0) {
        return Ok(Vec::new());
    }
    let (names, columns): (Vec<&str>, Vec<_>) = key.into_iter().unzip();
    let entity = E::default();
    let table = entity.table_name();
    let backend = db.get_database_backend();
    let (source, values) = row_source(backend, columns);
    let sql = if backend == DbBackend::Postgres {
        let same: Vec<String> = names.iter().map(|name| format!("{table}.{name} = key.{name}")).collect();
        format!(
            "SELECT found.* FROM ({source}) AS key({}) CROSS JOIN LATERAL \
             (SELECT * FROM {table} WHERE {} AND {condition} OFFSET 0) AS found",
            names.join(", "),
            same.join(" AND "),
        )
    } else {
        format!("SELECT * FROM {table} WHERE ({}) IN ({source}) AND {condition}", names.join(", "))
    };
    E::find().from_raw_sql(Statement::from_sql_and_values(backend, sql, values)).all(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        vec![Column::Text(vec!["a".into(), "b".into()]), Column::Int(vec![1, 2])]
    }

    #[test]
    fn postgres_text_does_not_depend_on_the_rows() {
        let (sql, values) = row_source(DbBackend::Postgres, columns());
        assert_eq!(sql, "SELECT * FROM UNNEST($1::text[], $2::bigint[])");
        assert_eq!(values.len(), 2);
    }

    #[test]
    fn sqlite_lists_the_rows() {
        let (sql, values) = row_source(DbBackend::Sqlite, columns());
        assert_eq!(sql, "VALUES (?, ?), (?, ?)");
        assert_eq!(values, vec!["a".into(), 1i64.into(), "b".into(), 2i64.into()]);
    }
}
