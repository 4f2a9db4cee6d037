//! Enrollment took a merge back: the books part what they had brought together.
//!
//! Settlements, openings and postings stand under the number they were made under, which tells them apart. What had been added up together
//! is parted by what stands under the numbers that go: their accumulators, their visits, and of the account what had come from theirs.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect, Statement,
};
use yizhan_money::Fen;
use yizhan_policy::case::Accumulated;
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{DatabaseTransaction, lock, upsert_next};
use yizhan_runtime::ids::new_id;

use super::domain::ledger::Posting;
use super::merge::require_all;
use super::store::entities::{account, accumulated, opening, settlement};
use super::store::journal::{self, entries};
use super::store::merged;
use super::store::openings::opening_of;
use super::store::settlements::answer_of;

/// Rows named by one statement at most.
const AT_ONCE: usize = 500;

/// Money of one person that the other spent while the two were one in the books: the account it is missing from could not give it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// 统筹区 that keeps both accounts.
    pub poolarea_no: String,
    /// 人员编号 who spent it.
    pub psn_no: String,
    /// The transfer it was posted with.
    pub booking_id: String,
    /// Fen that were due.
    pub due_fen: i64,
    /// Fen that could be given back.
    pub given_fen: i64,
}

/// Parts a number from the one it had been merged into; gives what the accounts could not give back. Done before, or never brought together,
/// it does nothing.
///
/// # Errors
/// CONCURRENT_CHANGE where somebody settles for one of them at this moment: to be tried again.
pub async fn write(tx: &DatabaseTransaction, psn_no: &str) -> Result<Vec<Spent>, ServiceError> {
    lock(tx, "merge persons").await?;
    let Some(row) = merged::find(tx, psn_no).await? else { return Ok(Vec::new()) };
    let kept = row.stays_psn_no.clone();
    let went = merged::behind(&merged::into(tx, &kept).await?, psn_no);
    years(tx, &went, psn_no, &kept).await?;
    claims(tx, &went, psn_no, &kept).await?;
    let mut spent = Vec::new();
    for row in accounts_of(tx, psn_no).await? {
        spent.extend(part_account(tx, &went, row, &kept).await?);
    }
    merged::part(tx, &went, &row).await?;
    Ok(spent)
}

/// Area, and first day of the policy year.
type YearKey = (String, String);

async fn years(
    tx: &DatabaseTransaction,
    went: &BTreeSet<String>,
    psn_no: &str,
    kept: &str,
) -> Result<(), ServiceError> {
    let rows = accumulated::Entity::find().filter(accumulated::Column::PsnNo.is_in([psn_no, kept]));
    let rows = rows.lock_exclusive().all(tx).await?;
    let areas: BTreeSet<&str> = rows.iter().map(|row| row.poolarea_no.as_str()).collect();
    let theirs = theirs(tx, &areas, went).await?;
    let mut held: BTreeMap<YearKey, [(i64, Accumulated); 2]> =
        theirs.keys().map(|key| (key.clone(), Default::default())).collect();
    for row in rows {
        let totals = row.totals()?;
        let both = held.entry((row.poolarea_no, row.policy_year)).or_default();
        both[usize::from(row.psn_no == kept)] = (row.version, totals);
    }
    let mut after = Vec::new();
    for (key, [own, with]) in held {
        let due = theirs.get(&key).cloned().unwrap_or_default();
        let mut left = with.1;
        for (name, total) in due
            .iter()
            .map(|(name, total)| (name, *total))
            .chain(own.1.iter().map(|(name, total)| (name, -total)))
        {
            *left.entry(name.clone()).or_insert(0) -= total;
        }
        left.retain(|_, total| *total != 0);
        for (whose, version, totals) in [(psn_no, own.0, &due), (kept, with.0, &left)] {
            after.push(accumulated::Model {
                poolarea_no: key.0.clone(),
                psn_no: whose.to_owned(),
                policy_year: key.1.clone(),
                version: version + 1,
                totals: serde_json::to_string(totals).map_err(ServiceError::internal)?,
            });
        }
    }
    let count = after.len() as u64;
    require_all(upsert_next::<accumulated::Entity>(tx, after).await?, count)
}

/// What stands under some numbers adds up to, with what took some of it back under another.
async fn theirs(
    tx: &DatabaseTransaction,
    areas: &BTreeSet<&str>,
    went: &BTreeSet<String>,
) -> Result<BTreeMap<YearKey, Accumulated>, ServiceError> {
    let of_areas =
        || settlement::Entity::find().filter(settlement::Column::PoolareaNo.is_in(areas.iter().copied()));
    let own = of_areas().filter(settlement::Column::PsnNo.is_in(went)).all(tx).await?;
    let mut settled = own.clone();
    for some in own.chunks(AT_ONCE) {
        let ids = some.iter().map(|row| row.setl_id.as_str());
        let reversals = of_areas()
            .filter(settlement::Column::ReversesSetlId.is_in(ids))
            .filter(settlement::Column::ReversesSetlId.ne(""))
            .filter(settlement::Column::PsnNo.is_not_in(went));
        settled.extend(reversals.all(tx).await?);
    }
    let of_areas =
        || opening::Entity::find().filter(opening::Column::PoolareaNo.is_in(areas.iter().copied()));
    let opened = of_areas().filter(opening::Column::PsnNo.is_in(went)).all(tx).await?;
    let ids: Vec<&str> = opened.iter().map(|row| row.opening_id.as_str()).collect();
    let taken_back = of_areas()
        .filter(opening::Column::CancelsOpeningId.is_in(ids))
        .filter(opening::Column::PsnNo.is_not_in(went))
        .all(tx)
        .await?;
    let mut theirs: BTreeMap<YearKey, Accumulated> = BTreeMap::new();
    let mut add = |area: &str, year: String, name: String, added: i64| {
        *theirs.entry((area.to_owned(), year)).or_default().entry(name).or_insert(0) += added;
    };
    for row in &settled {
        for change in answer_of(row)?.trace.into_iter().flat_map(|trace| trace.accumulators) {
            add(&row.poolarea_no, change.policy_year, change.accumulator, change.added);
        }
    }
    for row in opened.iter().chain(&taken_back) {
        for change in opening_of(row)?.accumulators {
            add(&row.poolarea_no, change.policy_year, change.accumulator, change.added);
        }
    }
    theirs.values_mut().for_each(|totals| totals.retain(|_, total| *total != 0));
    Ok(theirs)
}

/// Visits are compared in time with those of the same person again. The numbers of bills that name no institution are the person's.
const CLAIMS: &str = "UPDATE claims SET psn_no = $1, \
    owner = CASE WHEN owner = poolarea_no || '/' || $2 THEN poolarea_no || '/' || $1 ELSE owner END \
    WHERE kind = 'V' AND psn_no = $2 AND EXISTS \
    (SELECT 1 FROM settlements s WHERE s.setl_id = claims.held_by AND s.psn_no = $3)";

async fn claims(
    tx: &DatabaseTransaction,
    went: &BTreeSet<String>,
    psn_no: &str,
    kept: &str,
) -> Result<(), DbErr> {
    for number in went {
        let values = [psn_no, kept, number].map(Into::into);
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), CLAIMS, values)).await?;
    }
    Ok(())
}

async fn accounts_of(tx: &DatabaseTransaction, psn_no: &str) -> Result<Vec<account::Model>, DbErr> {
    account::Entity::find().filter(account::Column::PsnNo.eq(psn_no)).lock_exclusive().all(tx).await
}

/// What left the account of a number for the one that stayed, less what came back when a merge was taken back before.
const LEFT: &str = "SELECT CAST(COALESCE(SUM(-p.amount_fen), 0) AS bigint) AS value FROM postings p WHERE p.poolarea_no = $1 \
    AND p.psn_no = $3 AND p.account = 'account/' || $2 AND EXISTS (SELECT 1 FROM postings q WHERE q.poolarea_no = p.poolarea_no \
    AND q.psn_no = p.psn_no AND q.setl_id = p.setl_id AND q.account IN ('account/' || $3, 'recover/' || $3) AND q.amount_fen = -p.amount_fen)";

/// What was given back since under another number of what a visit had taken from the account.
const REVERSED: &str = "SELECT CAST(COALESCE(SUM(-o.amount_fen), 0) AS bigint) AS value FROM postings o JOIN settlements r \
    ON r.poolarea_no = o.poolarea_no AND r.reverses_setl_id = o.setl_id AND r.reverses_setl_id <> '' AND r.psn_no = $3 \
    WHERE o.poolarea_no = $1 AND o.psn_no = $2 AND o.account = 'account/' || $2";

/// The same of deposits and contributions, and of openings.
const CANCELLED: &str = "SELECT CAST(COALESCE(SUM(-b.amount_fen), 0) AS bigint) AS value FROM account_bookings b WHERE b.poolarea_no = $1 \
    AND b.psn_no = $2 AND b.cancelled_by <> '' AND EXISTS (SELECT 1 FROM postings p WHERE p.poolarea_no = b.poolarea_no \
    AND p.psn_no = $3 AND p.setl_id = b.cancelled_by)";
const REOPENED: &str = "SELECT CAST(COALESCE(SUM(p.amount_fen), 0) AS bigint) AS value FROM openings o JOIN openings c \
    ON c.poolarea_no = o.poolarea_no AND c.cancels_opening_id = o.opening_id AND c.psn_no = $3 JOIN postings p \
    ON p.poolarea_no = c.poolarea_no AND p.psn_no = c.psn_no AND p.setl_id = c.opening_id AND p.account = 'account/' || c.psn_no \
    WHERE o.poolarea_no = $1 AND o.psn_no = $2";

/// Gives back what had come from the accounts of the numbers that go, as far as it is there; the rest is to be recovered from who spent it.
async fn part_account(
    tx: &DatabaseTransaction,
    went: &BTreeSet<String>,
    own: account::Model,
    kept: &str,
) -> Result<Option<Spent>, ServiceError> {
    let mut due_fen = 0;
    for number in went {
        for sql in [LEFT, REVERSED, CANCELLED, REOPENED] {
            due_fen += sum(tx, sql, [&own.poolarea_no, number, kept]).await?;
        }
    }
    let with = account::Entity::find_by_id((own.poolarea_no.clone(), kept.to_owned())).lock_exclusive();
    let with = with.one(tx).await?;
    let with = with.unwrap_or_else(|| account::Model {
        psn_no: kept.to_owned(),
        version: 0,
        balance_fen: 0,
        ..own.clone()
    });
    if due_fen == 0 {
        return Ok(None);
    }
    let poolarea_no = own.poolarea_no.clone();
    // Below zero where more was taken back of theirs since than had come from it.
    let (giver, taker) = if due_fen > 0 { (with, own) } else { (own, with) };
    let (giver_psn_no, taker_psn_no) = (giver.psn_no.clone(), taker.psn_no.clone());
    let due = due_fen.abs();
    let given = due.min(giver.balance_fen);
    let on = |kind: &str, whose: &str, fen: i64| Posting::new(kind, whose, Fen(fen));
    let mut postings = Vec::new();
    for (kind, amount) in [("account", given), ("recover", due - given)] {
        postings.extend([on(kind, &giver_psn_no, -amount), on("account", &taker_psn_no, amount)]);
    }
    postings.retain(|posting| posting.amount != Fen::ZERO);
    let moved = |row: account::Model, by: i64| account::Model {
        version: row.version + 1,
        balance_fen: row.balance_fen + by,
        // What holds money is kept here, whatever a transfer moved before.
        moved_to: if by > 0 { String::new() } else { row.moved_to.clone() },
        ..row
    };
    let written = upsert_next::<account::Entity>(tx, vec![moved(giver, -given), moved(taker, due)]).await?;
    require_all(written, 2)?;
    let booking_id = new_id();
    journal::book(tx, &entries(&poolarea_no, kept, &booking_id, postings)).await?;
    let spent = Spent { poolarea_no, psn_no: giver_psn_no, booking_id, due_fen: due, given_fen: given };
    Ok((given < due).then_some(spent))
}

async fn sum(tx: &DatabaseTransaction, sql: &str, values: [&str; 3]) -> Result<i64, ServiceError> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values.map(Into::into));
    let row: Option<QueryResult> = tx.query_one_raw(statement).await?;
    row.map_or(Ok(0), |row| row.try_get("", "value").map_err(ServiceError::from))
}
