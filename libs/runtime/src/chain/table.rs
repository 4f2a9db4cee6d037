//! The tables of a log: its entries by `poolarea_no` and `seq`, and where each chain ends.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{Anchor, Link, Linked, LogKey};
use crate::db::DatabaseTransaction;

/// The two tables of a log.
#[derive(Clone, Copy, Debug)]
pub struct Chains {
    /// Of the entries; columns `poolarea_no`, `seq`, and what they say.
    pub entries: &'static str,
    /// Of the ends: `poolarea_no`, `seq`, `hash`.
    pub heads: &'static str,
}

impl Chains {
    /// Numbers, links and hashes entries behind those of their chains, for the caller to insert in this transaction. Each chain is locked
    /// until that ends, so that others who append wait; in one order, so that nobody waits in a circle.
    pub async fn append<L: Link>(
        &self,
        tx: &DatabaseTransaction,
        key: &LogKey,
        entries: &mut [L],
    ) -> Result<(), DbErr> {
        let chains: BTreeSet<String> = entries.iter().map(|entry| entry.linked().chain).collect();
        let mut ends = BTreeMap::new();
        for chain in chains {
            ends.insert(chain.clone(), self.lock(tx, &chain).await?);
        }
        for entry in entries {
            let chain = entry.linked().chain;
            let end = ends.entry(chain.clone()).or_default();
            let prev_hash = std::mem::take(&mut end.hash);
            let place = Linked { chain, seq: end.seq + 1, prev_hash, hash: String::new() };
            entry.link(place.clone());
            let hash = entry.hash_at(key, place.seq);
            *end = Anchor { seq: place.seq, hash: hash.clone() };
            entry.link(Linked { hash, ..place });
        }
        let rows = ends.into_iter().map(|(chain, end)| vec![chain.into(), end.seq.into(), end.hash.into()]);
        for row in rows {
            let sql = self.sql("UPDATE {heads} SET seq = $2, hash = $3 WHERE poolarea_no = $1");
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, row)).await?;
        }
        Ok(())
    }

    /// Where a chain ends, which stays so until the transaction does. One that begins now has an end to lock, too.
    async fn lock(&self, tx: &DatabaseTransaction, chain: &str) -> Result<Anchor, DbErr> {
        let backend = tx.get_database_backend();
        let lock = if backend == DbBackend::Postgres { " FOR UPDATE" } else { "" };
        let begin = self.sql(
            "INSERT INTO {heads} (poolarea_no, seq, hash) VALUES ($1, 0, '') ON CONFLICT (poolarea_no) DO NOTHING",
        );
        tx.execute_raw(Statement::from_sql_and_values(backend, begin, [chain.into()])).await?;
        let sql = self.sql("SELECT seq, hash FROM {heads} WHERE poolarea_no = $1") + lock;
        let row = tx.query_one_raw(Statement::from_sql_and_values(backend, sql, [chain.into()])).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("{} of {chain}", self.heads)))?;
        Ok(Anchor { seq: row.try_get("", "seq")?, hash: row.try_get("", "hash")? })
    }

    /// How far a chain reaches, by its head and by its entries (the highest number, 0 if it is empty), both of one moment.
    pub async fn extent<C: ConnectionTrait>(
        &self,
        db: &C,
        chain: &str,
    ) -> Result<(Option<Anchor>, i64), DbErr> {
        let sql = self.sql(
            "SELECT ends.last_seq, head.seq, head.hash FROM \
             (SELECT COALESCE(MAX(seq), 0) AS last_seq FROM {entries} WHERE poolarea_no = $1) AS ends \
             LEFT JOIN {heads} AS head ON head.poolarea_no = $1",
        );
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [chain.into()]);
        let Some(row) = db.query_one_raw(statement).await? else { return Ok((None, 0)) };
        let seq: Option<i64> = row.try_get("", "seq")?;
        let hash: Option<String> = row.try_get("", "hash")?;
        Ok((seq.zip(hash).map(|(seq, hash)| Anchor { seq, hash }), row.try_get("", "last_seq")?))
    }

    fn sql(&self, sql: &str) -> String {
        sql.replace("{entries}", self.entries).replace("{heads}", self.heads)
    }
}

/// By these the database itself refuses to change or remove rows of a table: not proof against its owner (the chain of hashes is), but
/// against mistakes and stolen credentials of the service.
pub fn append_only(table: &str, backend: DbBackend) -> Vec<String> {
    match backend {
        DbBackend::Postgres => vec![
            format!(
                "CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
            ),
            format!(
                "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
            ),
            format!(
                "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
            ),
        ],
        _ => ["UPDATE", "DELETE"]
            .map(|change| {
                let name = change.to_lowercase();
                format!(
                    "CREATE TRIGGER {table}_no_{name} BEFORE {change} ON {table} \
                     BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
            })
            .to_vec(),
    }
}
