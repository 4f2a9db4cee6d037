//! Enrollment finished a transfer (关系转移接续): the balance of the mover's account goes from the books of the area that is left to those of
//! the new one (医保办发〔2021〕43号), once for each transfer, and with it whatever comes back to the account later (docs/decisions/0046).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::AccountBookingKind;
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::{DatabaseConnection, DatabaseTransaction, insert, upsert_next};
use yizhan_runtime::ids::new_id;

use super::domain::ledger::{self, AccountOf, KeptNow, Posting};
use super::merge::require_all;
use super::store::entities::{account, account_booking};
use super::store::journal::{self, entries};
use super::store::merged;

/// A transfer that is finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// It.
    pub transfer_id: String,
    /// 人员编号 of the mover.
    pub psn_no: String,
    /// 转出地.
    pub from: String,
    /// 转入地.
    pub to: String,
}

/// Moves the balance within a transaction; nothing where that transfer moved it before. A transfer is noted also where there was nothing to
/// move: heard again, it does not take what came later.
///
/// # Errors
/// CONCURRENT_CHANGE where something is booked on the account at this moment: to be tried again.
pub async fn write(tx: &DatabaseTransaction, of: &Move, at: DateTime<Utc>) -> Result<(), ServiceError> {
    let Move { transfer_id, from, to, .. } = of;
    if of_transfer(tx, transfer_id).await? {
        return Ok(());
    }
    let psn_no = merged::stays(tx, &of.psn_no).await?;
    let rows = account::Entity::find()
        .filter(account::Column::PsnNo.eq(&psn_no))
        .filter(account::Column::PoolareaNo.is_in([from, to]))
        .lock_exclusive();
    let mut held: BTreeMap<String, account::Model> =
        rows.all(tx).await?.into_iter().map(|row| (row.poolarea_no.clone(), row)).collect();
    let old = held.remove(from);
    let balance = old.as_ref().map_or(0, |old| old.balance_fen);
    if let Some(old) = old {
        let new = held.remove(to).unwrap_or_else(|| account::Model {
            poolarea_no: to.clone(),
            psn_no: psn_no.clone(),
            version: 0,
            balance_fen: 0,
            moved_to: String::new(),
        });
        let (version, balance_fen) = (new.version + 1, new.balance_fen + balance);
        let after = vec![
            account::Model { version: old.version + 1, balance_fen: 0, moved_to: to.clone(), ..old },
            account::Model { version, balance_fen, moved_to: String::new(), ..new },
        ];
        require_all(upsert_next::<account::Entity>(tx, after).await?, 2)?;
    }
    let booking_id = new_id();
    let booked = ledger::moved(AccountOf { poolarea_no: from, psn_no: &psn_no }, to, Fen(balance));
    journal::book(tx, &entries(to, &psn_no, &booking_id, booked)).await?;
    let row = |area: &str, other: &str, amount_fen| account_booking::Model {
        poolarea_no: area.to_owned(),
        psn_no: psn_no.clone(),
        booking_id: booking_id.clone(),
        version: 1,
        kind: AccountBookingKind::Transfer.into(),
        amount_fen,
        for_psn_no: String::new(),
        for_poolarea_no: other.to_owned(),
        accrym: String::new(),
        booked_at_us: at.timestamp_micros(),
        cancelled_by: String::new(),
        transfer_id: transfer_id.clone(),
    };
    let rows = vec![row(from, to, -balance), row(to, from, balance)];
    Ok(insert::<account_booking::Entity>(tx, rows).await?)
}

async fn of_transfer<C: ConnectionTrait>(db: &C, transfer_id: &str) -> Result<bool, DbErr> {
    let known = account_booking::Entity::find()
        .select_only()
        .column(account_booking::Column::BookingId)
        .filter(account_booking::Column::TransferId.eq(transfer_id))
        .into_tuple::<String>();
    Ok(known.one(db).await?.is_some())
}

/// Where the accounts that something was booked on are kept now, of those that moved since.
pub async fn kept_now(db: &DatabaseConnection, postings: &[Posting], own: &str) -> Result<KeptNow, DbErr> {
    let mut kept = KeptNow::new();
    for posting in postings {
        let Some(psn_no) = posting.personal_account() else { continue };
        let books = posting.books(own);
        if let Some(area) = moved_to(db, AccountOf { poolarea_no: books, psn_no }).await? {
            kept.insert((books.to_owned(), psn_no.to_owned()), area);
        }
    }
    Ok(kept)
}

/// Of some persons the accounts that a transfer took to another area: by area and owner.
pub async fn moved_away(
    db: &DatabaseConnection,
    psn_nos: Vec<String>,
) -> Result<BTreeSet<(String, String)>, DbErr> {
    let rows = account::Entity::find()
        .filter(account::Column::PsnNo.is_in(psn_nos))
        .filter(account::Column::MovedTo.ne(""));
    Ok(rows.all(db).await?.into_iter().map(|row| (row.poolarea_no, row.psn_no)).collect())
}

/// The area that keeps an account now; `None` while that is the one that is asked about.
pub async fn moved_to(db: &DatabaseConnection, account: AccountOf<'_>) -> Result<Option<String>, DbErr> {
    let rows = account::Entity::find().filter(account::Column::PsnNo.eq(account.psn_no)).all(db).await?;
    let moved: BTreeMap<String, String> = rows
        .into_iter()
        .filter(|row| !row.moved_to.is_empty())
        .map(|row| (row.poolarea_no, row.moved_to))
        .collect();
    let mut area = account.poolarea_no;
    for _ in 0..moved.len() {
        area = moved.get(area).map_or(area, String::as_str);
    }
    Ok(Some(area.to_owned()).filter(|area| area != account.poolarea_no))
}
