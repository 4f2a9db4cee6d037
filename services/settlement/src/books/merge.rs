//! Enrollment merged two records: the books bring together what stands under both numbers, before anything is settled on either alone.
//!
//! Settlements and postings stay under the number they were made under; accumulators and account move to the number that stays, the balance
//! by a transfer that is posted. Every row of the number that went gets a further version, also where it held nothing, so that whoever read
//! it before must read again, and learns the number that stays (docs/decisions/0037).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use yizhan_money::Fen;
use yizhan_policy::case::Accumulated;
use yizhan_runtime::db::{
    DatabaseConnection, DatabaseTransaction, begin_write, find_rows, lock, retry_transient, upsert_next,
};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Reason, ServiceError};

use super::domain::claims::Kind;
use super::domain::ledger::Posting;
use super::store::entities::{account, accumulated, claim};
use super::store::journal::{self, entries};
use super::store::merged;

/// One record took the place of another.
#[derive(Clone, Debug)]
pub struct Merge {
    /// 人员编号 that went.
    pub psn_no: String,
    /// The one that took its place.
    pub into: String,
    /// Area and policy year of visits that may be on their way under the number that went: guarded even where it held nothing.
    pub years: Vec<(String, NaiveDate)>,
}

impl Merge {
    /// As the books will know it.
    pub fn joining(&self) -> merged::Model {
        let (psn_no, into_psn_no, stays_psn_no) = (self.psn_no.clone(), self.into.clone(), self.into.clone());
        merged::Model { psn_no, into_psn_no, stays_psn_no, merge_id: new_id() }
    }
}

/// Brings the books of the records together that are not yet, each in a transaction of its own.
pub async fn bring_together(db: &DatabaseConnection, merges: &[Merge]) -> Result<(), ServiceError> {
    let known = merged::among(db, merges.iter().map(|merge| merge.psn_no.as_str())).await?;
    for merge in merges.iter().filter(|merge| !known.contains_key(&merge.psn_no)) {
        retry_transient(|| async {
            let tx = begin_write(db).await?;
            write(&tx, merge).await?;
            Ok::<_, ServiceError>(tx.commit().await?)
        })
        .await?;
    }
    Ok(())
}

/// Brings two together within a transaction. Done before, it takes along what came under the old number since.
///
/// # Errors
/// CONCURRENT_CHANGE where somebody settles for the person at this moment: to be tried again.
pub async fn write(tx: &DatabaseTransaction, merge: &Merge) -> Result<(), ServiceError> {
    lock(tx, "merge persons").await?;
    let went = merge.psn_no.as_str();
    let into = merged::stays(tx, &merge.into).await?;
    if went == into {
        return Ok(());
    }
    let new = merged::stays(tx, went).await? == went;
    if new {
        merged::note(tx, merged::Model { stays_psn_no: into.clone(), ..merge.joining() }).await?;
    }
    let guards = if new { merge.years.as_slice() } else { &[] };
    years(tx, went, &into, (guards, new)).await?;
    claims(tx, went, &into).await?;
    accounts(tx, went, &into, (guards, new)).await
}

/// Area, and first day of the policy year.
type YearKey = (String, String);

async fn years(
    tx: &DatabaseTransaction,
    went: &str,
    into: &str,
    (guards, new): (&[(String, NaiveDate)], bool),
) -> Result<(), ServiceError> {
    let rows = accumulated::Entity::find()
        .filter(accumulated::Column::PsnNo.is_in([went, into]))
        .order_by_asc(accumulated::Column::PoolareaNo)
        .order_by_asc(accumulated::Column::PsnNo)
        .order_by_asc(accumulated::Column::PolicyYear)
        .lock_exclusive();
    let mut held: BTreeMap<YearKey, [(i64, Accumulated); 2]> = BTreeMap::new();
    held.extend(guards.iter().map(|(area, year)| ((area.clone(), year.to_string()), Default::default())));
    for row in rows.all(tx).await? {
        let totals = row.totals()?;
        let both = held.entry((row.poolarea_no, row.policy_year)).or_default();
        both[usize::from(row.psn_no == into)] = (row.version, totals);
    }
    let mut after = Vec::new();
    for ((poolarea_no, policy_year), [old, kept]) in held {
        let row = |psn_no: &str, version: i64, totals: &Accumulated| -> Result<_, ServiceError> {
            Ok(accumulated::Model {
                poolarea_no: poolarea_no.clone(),
                psn_no: psn_no.to_owned(),
                policy_year: policy_year.clone(),
                version: version + 1,
                totals: serde_json::to_string(totals).map_err(ServiceError::internal)?,
            })
        };
        if new || !old.1.is_empty() {
            after.push(row(went, old.0, &Accumulated::new())?);
        }
        if !old.1.is_empty() {
            let mut totals = kept.1;
            for (name, total) in old.1 {
                *totals.entry(name).or_insert(0) += total;
            }
            totals.retain(|_, total| *total != 0);
            after.push(row(into, kept.0, &totals)?);
        }
    }
    let count = after.len() as u64;
    require_all(upsert_next::<accumulated::Entity>(tx, after).await?, count)
}

/// Visits are compared in time with those of the same person.
async fn claims(tx: &DatabaseTransaction, went: &str, into: &str) -> Result<(), DbErr> {
    let moved = claim::Entity::update_many().col_expr(claim::Column::PsnNo, Expr::value(into));
    let visits = claim::Column::PsnNo.eq(went).and(claim::Column::Kind.eq(Kind::Visit.code()));
    moved.filter(visits).exec(tx).await?;
    let own = Statement::from_sql_and_values(
        tx.get_database_backend(),
        OWN_BILLS,
        [into, into, went, into].map(Into::into),
    );
    tx.execute_raw(own).await.map(drop)
}

/// The numbers of bills that name no institution are the person's, see [`owner_of`](super::messages::claims::owner_of). What was paid
/// under both numbers stays where it is, and is found by `CheckBooks`.
const OWN_BILLS: &str = "UPDATE claims SET owner = poolarea_no || '/' || $1 \
    WHERE psn_no = $2 AND owner = poolarea_no || '/' || $3 AND NOT EXISTS \
    (SELECT 1 FROM claims c WHERE c.kind = claims.kind AND c.owner = claims.poolarea_no || '/' || $4 AND c.number = claims.number)";

async fn accounts(
    tx: &DatabaseTransaction,
    went: &str,
    into: &str,
    (guards, new): (&[(String, NaiveDate)], bool),
) -> Result<(), ServiceError> {
    let rows = account::Entity::find()
        .filter(account::Column::PsnNo.is_in([went, into]))
        .order_by_asc(account::Column::PoolareaNo)
        .order_by_asc(account::Column::PsnNo)
        .lock_exclusive();
    let mut held: BTreeMap<String, [Held; 2]> = BTreeMap::new();
    held.extend(guards.iter().map(|(area, _)| (area.clone(), Default::default())));
    for row in rows.all(tx).await? {
        let both = held.entry(row.poolarea_no).or_default();
        both[usize::from(row.psn_no == into)] =
            Held { version: row.version, fen: row.balance_fen, moved_to: row.moved_to };
    }
    let (mut after, mut booked) = (Vec::new(), Vec::new());
    for (poolarea_no, [old, kept]) in held {
        let row = |psn_no: &str, version: i64, balance_fen: i64, moved_to: &str| account::Model {
            poolarea_no: poolarea_no.clone(),
            psn_no: psn_no.to_owned(),
            version: version + 1,
            balance_fen,
            moved_to: moved_to.to_owned(),
        };
        if new || old.fen != 0 {
            after.push(row(went, old.version, 0, ""));
        }
        // An account that the number that stays never had here is where the other's is.
        let moved_to = match () {
            () if old.fen != 0 => "",
            () if kept.version == 0 => old.moved_to.as_str(),
            () => kept.moved_to.as_str(),
        };
        if old.fen != 0 || moved_to != kept.moved_to {
            after.push(row(into, kept.version, kept.fen + old.fen, moved_to));
        }
        if old.fen != 0 {
            let transfer = [(went, Fen(-old.fen)), (into, Fen(old.fen))];
            let transfer = transfer.map(|(whose, amount)| Posting::new("account", whose, amount));
            booked.extend(entries(&poolarea_no, into, &new_id(), transfer.into()));
        }
    }
    let count = after.len() as u64;
    require_all(upsert_next::<account::Entity>(tx, after).await?, count)?;
    Ok(journal::book(tx, &booked).await?)
}

/// An account as it stands.
#[derive(Default)]
struct Held {
    version: i64,
    fen: i64,
    moved_to: String,
}

/// Everything was written on the versions that were read.
///
/// # Errors
/// CONCURRENT_CHANGE otherwise.
pub fn require_all(written: u64, wanted: u64) -> Result<(), ServiceError> {
    if written == wanted {
        return Ok(());
    }
    Err(ServiceError::new(Reason::ConcurrentChange, "somebody settles for a person whose records are merged"))
}

/// Pooling areas in whose books a person stands.
pub async fn areas_of(db: &DatabaseConnection, psn_nos: &[String]) -> Result<BTreeSet<String>, DbErr> {
    let settled = accumulated::Entity::find()
        .select_only()
        .column(accumulated::Column::PoolareaNo)
        .filter(accumulated::Column::PsnNo.is_in(psn_nos))
        .distinct()
        .into_tuple::<String>();
    Ok(settled.all(db).await?.into_iter().collect())
}

/// Those of some persons of whom something stands in the books, under their own number or one that was merged into it.
pub async fn with_books(
    db: &DatabaseConnection,
    psn_nos: impl Iterator<Item = &String>,
) -> Result<BTreeSet<String>, DbErr> {
    let keys: Vec<[String; 1]> = psn_nos.map(|psn_no| [psn_no.clone()]).collect();
    let own = find_rows::<accumulated::Entity, 1>(db, [accumulated::Column::PsnNo], keys.clone()).await?;
    let merged = find_rows::<merged::Entity, 1>(db, [merged::Column::StaysPsnNo], keys).await?;
    Ok(own.into_iter().map(|row| row.psn_no).chain(merged.into_iter().map(|row| row.stays_psn_no)).collect())
}
