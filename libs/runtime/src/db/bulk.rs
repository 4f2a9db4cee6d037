//! Many rows in one statement, derived from the entity.
//!
//! On PostgreSQL the text of a statement does not depend on the number of rows (arrays and `UNNEST`), so that it is prepared
//! once per connection and inserts several times faster than a list of rows. On SQLite, which has no arrays, and for tables
//! with columns that may be null, it is a list of rows.

use sea_orm::sea_query::ArrayType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult,
    IdenStatic, IntoActiveModel, Iterable, PrimaryKeyToColumn, Statement, Value,
};

/// Rows per statement: far within SQLite's 32,766 parameters, and near the fastest size measured.
const ROWS_PER_STATEMENT: usize = 1000;

/// A table whose rows are written as they are read.
pub trait Writable: EntityTrait<Model: IntoActiveModel<Self::ActiveModel>> {}

impl<E: EntityTrait<Model: IntoActiveModel<E::ActiveModel>>> Writable for E {}

/// Writes new rows. A unique violation means that somebody else made one of them a moment ago.
pub async fn insert<E: Writable>(tx: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<(), DbErr> {
    write::<E>(tx, rows, "").await.map(drop)
}

/// Writes rows unless their key is there, and tells how many were new.
pub async fn insert_new<E: Writable>(tx: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<u64, DbErr> {
    write::<E>(tx, rows, &format!("ON CONFLICT ({}) DO NOTHING", key::<E>().join(", "))).await
}

/// Writes rows, new or replacing those of the same key.
pub async fn upsert<E: Writable>(tx: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<(), DbErr> {
    write::<E>(tx, rows, &replace::<E>()).await.map(drop)
}

/// Writes rows with a `version`, new or replacing those of the same key whose version is one below, and tells how many it wrote: where a
/// version has moved on since it was read, nothing is written.
pub async fn upsert_next<E: Writable>(tx: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<u64, DbErr> {
    let guard = format!(" WHERE {}.version = excluded.version - 1", E::default().table_name());
    write::<E>(tx, rows, &(replace::<E>() + &guard)).await
}

/// Writes rows, new or joined to those of the same key as `conflict` says (`DO UPDATE SET …`, SQL that comes from no user), and tells how
/// many it wrote: where its condition does not hold, nothing is written.
pub async fn upsert_with<E: Writable>(
    tx: &impl ConnectionTrait,
    rows: Vec<E::Model>,
    conflict: &str,
) -> Result<u64, DbErr> {
    write::<E>(tx, rows, &format!("ON CONFLICT ({}) {conflict}", key::<E>().join(", "))).await
}

/// Writes new rows of a table without an entity: the values of these columns, none of them null.
pub async fn insert_values(
    tx: &impl ConnectionTrait,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
) -> Result<(), DbErr> {
    execute(tx, (table, columns), rows, false, "").await.map(drop)
}

fn key<E: EntityTrait>() -> Vec<&'static str> {
    E::PrimaryKey::iter().map(|part| part.into_column().as_str()).collect()
}

fn replace<E: EntityTrait>() -> String {
    let key = key::<E>();
    let others = E::Column::iter().map(|column| column.as_str()).filter(|column| !key.contains(column));
    let set: Vec<String> = others.map(|column| format!("{column} = excluded.{column}")).collect();
    format!("ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), set.join(", "))
}

async fn write<E: Writable>(
    tx: &impl ConnectionTrait,
    rows: Vec<E::Model>,
    conflict: &str,
) -> Result<u64, DbErr> {
    let columns: Vec<E::Column> = E::Column::iter().collect();
    let nullable = columns.iter().any(|column| column.def().is_null());
    let values = |row: E::Model| {
        let mut row = row.into_active_model();
        columns.iter().filter_map(|column| row.take(*column).into_value()).collect()
    };
    let rows = rows.into_iter().map(values).collect();
    let names: Vec<&str> = columns.iter().map(IdenStatic::as_str).collect();
    execute(tx, (E::default().table_name(), &names), rows, nullable, conflict).await
}

async fn execute(
    tx: &impl ConnectionTrait,
    (table, columns): (&str, &[&str]),
    rows: Vec<Vec<Value>>,
    nullable: bool,
    conflict: &str,
) -> Result<u64, DbErr> {
    let (backend, columns) = (tx.get_database_backend(), columns.join(", "));
    let (mut rows, mut written) = (rows.into_iter().peekable(), 0);
    while rows.peek().is_some() {
        let some = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
        let (source, values) = row_source(backend, some, nullable)?;
        let sql = format!("INSERT INTO {table} ({columns}) {source} {conflict}");
        let statement = Statement::from_sql_and_values(backend, sql, values);
        written += tx.execute_raw(statement).await?.rows_affected();
    }
    Ok(written)
}

/// A row source for `INSERT INTO t (…) <source>`, with its values: at least one row, all of one width.
fn row_source(
    backend: DbBackend,
    rows: Vec<Vec<Value>>,
    nullable: bool,
) -> Result<(String, Vec<Value>), DbErr> {
    let postgres = backend == DbBackend::Postgres;
    if postgres && !nullable {
        return arrays(rows, |array| array);
    }
    let mut at = 0;
    let mut place = || {
        at += 1;
        if postgres { format!("${at}") } else { "?".to_owned() }
    };
    let row = |row: &Vec<Value>| format!("({})", row.iter().map(|_| place()).collect::<Vec<_>>().join(", "));
    let list: Vec<String> = rows.iter().map(row).collect();
    Ok((format!("VALUES {}", list.join(", ")), rows.into_iter().flatten().collect()))
}

/// The same of keys that are looked up. How many they are is hidden from PostgreSQL: for a few it would take a plan of their own to be cheaper
/// than the one it keeps, and make one each time, which takes longer than the look.
fn key_source(backend: DbBackend, keys: Vec<Vec<Value>>) -> Result<(String, Vec<Value>), DbErr> {
    match backend {
        DbBackend::Postgres => arrays(keys, |array| format!("(SELECT {array})")),
        _ => row_source(backend, keys, false),
    }
}

fn arrays(rows: Vec<Vec<Value>>, place: fn(String) -> String) -> Result<(String, Vec<Value>), DbErr> {
    let count = rows.len();
    let mut columns: Vec<Vec<Value>> = Vec::new();
    for row in rows {
        columns.resize_with(row.len(), || Vec::with_capacity(count));
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
    }
    let (mut places, mut arrays) = (Vec::new(), Vec::new());
    for (at, column) in columns.into_iter().enumerate() {
        let kind = column[0].array_type();
        places.push(place(format!("${}::{}[]", at + 1, postgres_type(&kind)?)));
        arrays.push(Value::Array(kind, Some(Box::new(column))));
    }
    Ok((format!("SELECT * FROM UNNEST({})", places.join(", ")), arrays))
}

fn postgres_type(kind: &ArrayType) -> Result<&'static str, DbErr> {
    match kind {
        ArrayType::String => Ok("text"),
        ArrayType::Int => Ok("integer"),
        ArrayType::BigInt => Ok("bigint"),
        ArrayType::Bool => Ok("boolean"),
        ArrayType::Bytes => Ok("bytea"),
        ArrayType::ChronoDate => Ok("date"),
        ArrayType::ChronoDateTimeUtc => Ok("timestamptz"),
        other => Err(DbErr::Type(format!("no bulk statement takes {other:?}"))),
    }
}

/// Reads the rows with these keys: values of the columns an index leads with.
///
/// On PostgreSQL each key is looked up by itself (`OFFSET 0` keeps the planner from turning the lookups into a join): a plan
/// made while the table was small, and kept, would read the whole table for every batch once it has grown.
pub async fn find_rows<E: EntityTrait, const N: usize>(
    db: &impl ConnectionTrait,
    columns: [E::Column; N],
    keys: Vec<[String; N]>,
) -> Result<Vec<E::Model>, DbErr> {
    find_rows_where::<E, N>(db, columns, keys, "1 = 1").await
}

/// The same, of those rows for which a condition holds: SQL that comes from no user, such as the condition of the partial
/// index that is to be used.
pub async fn find_rows_where<E: EntityTrait, const N: usize>(
    db: &impl ConnectionTrait,
    columns: [E::Column; N],
    keys: Vec<[String; N]>,
    condition: &str,
) -> Result<Vec<E::Model>, DbErr> {
    let keys: Vec<Vec<Value>> = keys.into_iter().map(|key| key.map(Value::from).into()).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (entity, names) = (E::default(), columns.map(|column| column.as_str()));
    let table = entity.table_name();
    let backend = db.get_database_backend();
    let (source, values) = key_source(backend, keys)?;
    let sql = if backend == DbBackend::Postgres {
        let same = names.map(|name| format!("{table}.{name} = key.{name}"));
        format!(
            "SELECT found.* FROM ({source}) AS key({}) CROSS JOIN LATERAL \
             (SELECT {table}.* FROM {table} WHERE {} AND {condition} OFFSET 0) AS found",
            names.join(", "),
            same.join(" AND "),
        )
    } else {
        format!("SELECT {table}.* FROM {table} WHERE ({}) IN ({source}) AND {condition}", names.join(", "))
    };
    E::find().from_raw_sql(Statement::from_sql_and_values(backend, sql, values)).all(db).await
}

/// Asks about keys, one answer each, in one look: `columns` is SQL over `key` and the names of its parts, that comes from no user.
pub async fn ask_each<R: FromQueryResult, const N: usize>(
    db: &impl ConnectionTrait,
    names: [&str; N],
    keys: Vec<[String; N]>,
    columns: &str,
) -> Result<Vec<R>, DbErr> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys = keys.into_iter().map(|key| key.map(Value::from).into()).collect();
    let (backend, names) = (db.get_database_backend(), names.join(", "));
    let (source, values) = key_source(backend, keys)?;
    let sql = match backend {
        DbBackend::Postgres => format!("SELECT {columns} FROM ({source}) AS key({names})"),
        _ => format!("WITH key({names}) AS ({source}) SELECT {columns} FROM key"),
    };
    R::find_by_statement(Statement::from_sql_and_values(backend, sql, values)).all(db).await
}

/// Columns of the rows for which a condition holds, as one column: a JSON array of rows, each an array of these; null where there are none.
/// The condition is SQL that comes from no user.
pub fn rows_as_json<E: EntityTrait>(
    backend: DbBackend,
    columns: impl IntoIterator<Item = E::Column>,
    condition: &str,
) -> String {
    let table = E::default().table_name().to_owned();
    let columns: Vec<String> =
        columns.into_iter().map(|column| format!("{table}.{}", column.as_str())).collect();
    let columns = columns.join(", ");
    match backend {
        DbBackend::Postgres => {
            format!("(SELECT json_agg(json_build_array({columns}))::text FROM {table} WHERE {condition})")
        }
        _ => format!("(SELECT json_group_array(json_array({columns})) FROM {table} WHERE {condition})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<Value>> {
        vec![vec!["a".into(), 1i64.into()], vec!["b".into(), 2i64.into()]]
    }

    #[test]
    fn postgres_text_does_not_depend_on_the_rows() {
        let (sql, values) = row_source(DbBackend::Postgres, rows(), false).unwrap();
        assert_eq!(sql, "SELECT * FROM UNNEST($1::text[], $2::bigint[])");
        assert_eq!(values.len(), 2);
        let (sql, _) = key_source(DbBackend::Postgres, rows()).unwrap();
        assert_eq!(sql, "SELECT * FROM UNNEST((SELECT $1::text[]), (SELECT $2::bigint[]))");
    }

    #[test]
    fn elsewhere_the_rows_are_listed() {
        let (sql, values) = row_source(DbBackend::Sqlite, rows(), false).unwrap();
        assert_eq!(sql, "VALUES (?, ?), (?, ?)");
        assert_eq!(values, vec!["a".into(), 1i64.into(), "b".into(), 2i64.into()]);
        let (sql, _) = row_source(DbBackend::Postgres, rows(), true).unwrap();
        assert_eq!(sql, "VALUES ($1, $2), ($3, $4)");
    }
}
