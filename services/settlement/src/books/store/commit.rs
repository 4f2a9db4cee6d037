//! Committing settlements: everything one settlement changes, in one transaction, many
//! settlements together.
//!
//! A batch is committed whole or not at all. When anything in it is in the way (a request that
//! was handled before, a person whose state moved on), it is rolled back and each settlement is
//! committed by itself, which tells whose problem it was.

use std::collections::BTreeSet;
use std::time::Instant;

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use yizhan_policy::identities::Amounts;
use yizhan_runtime::db::{
    DatabaseConnection, DatabaseTransaction, Failure, KEEP_TRYING, begin_write, classify, insert, upsert_next,
};
use yizhan_runtime::feed::{NewChange, append};
use yizhan_runtime::{Reason, ServiceError, areas, metrics};
use yizhan_terms::Area;

use super::claims::{self, Claims};
use super::deferrals;
use super::entities::{account, account_booking, accumulated, opening, request, settlement, trace_code};
use super::invariants;
use super::journal;
use super::practitioner_days;
use super::recoveries;
use super::uploaded::{self, FeesChange};
use crate::books::domain::ledger::MANUAL;

/// Kind of the feed entry of an opening, and of what takes one back.
pub const OPENED: &str = "OPENED";
/// Kind of the feed entry of a recovery, a refused one, and of what undoes one, which is told whole.
pub const RECOVERED: &str = "RECOVERED";
/// Kind of the feed entry of a debt, or of a change of one, which is told whole.
pub const DEFERRAL: &str = "DEFERRAL";
/// Kind of the feed entry of an item of the worklist, which is told whole.
pub const WORK_ITEM: &str = "WORK_ITEM";

/// Everything one settlement, reversal, opening or booking of an account changes.
#[derive(Clone, Debug)]
pub struct Change {
    /// The request, unique; none where another of the changes that are written with it brings it, see [`write_together`].
    pub request: Option<request::Model>,
    /// The settlement; none for an opening or a booking of an account.
    pub settlement: Option<settlement::Model>,
    /// The opening, where it is one.
    pub opening: Option<opening::Model>,
    /// Its amounts, for the identities; none without a settlement.
    pub amounts: Option<Amounts>,
    /// Its postings.
    pub postings: Vec<journal::Entry>,
    /// Years as they are to be; `version` is one above what was read.
    pub years: Vec<accumulated::Model>,
    /// Accounts as they are to be; `version` is one above what was read.
    pub accounts: Vec<account::Model>,
    /// Bookings of accounts beside settlements, made or cancelled; `version` likewise.
    pub bookings: Vec<account_booking::Model>,
    /// What it claims: paid for by nobody else.
    pub claims: Claims,
    /// What it gives back, as it was claimed.
    pub released: Claims,
    /// Its trace codes as they are to be; `version` is one above what was read.
    pub codes: Vec<trace_code::Model>,
    /// What becomes of lines that were brought for its visit.
    pub fees: Option<FeesChange>,
    /// Whose services it settles, on which days.
    pub practitioners: Vec<practitioner_days::Model>,
    /// Kind of the feed entry.
    pub kind: &'static str,
    /// When.
    pub at: DateTime<Utc>,
}

/// What came of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is in the books.
    Done,
    /// The request was handled before; nothing was written.
    Handled,
    /// The person's state moved on since it was read; nothing was written.
    Outdated,
    /// Somebody else holds what it claims; nothing was written.
    Claimed,
    /// The lines of its visit are not those any more that it read; nothing was written.
    FeesChanged,
}

/// Commits many changes; answers for each, in order. What would make the books wrong is refused before anything is written.
pub async fn commit_all(
    db: DatabaseConnection,
    changes: Vec<Change>,
) -> Vec<Result<Committed, ServiceError>> {
    let refusals: Vec<Option<ServiceError>> = changes.iter().map(invariants::refusal).collect();
    let sound = changes.into_iter().zip(&refusals).filter(|(_, refusal)| refusal.is_none());
    let mut results = commit_sound(&db, sound.map(|(change, _)| change).collect()).await.into_iter();
    let gone = || Err(ServiceError::internal(anyhow::anyhow!("a change has no result")));
    let of = |refusal: Option<ServiceError>| match refusal {
        Some(refusal) => Err(refusal),
        None => results.next().unwrap_or_else(gone),
    };
    refusals.into_iter().map(of).collect()
}

/// All together; if something is in the way each by itself, but not for longer than a transaction is tried again: the others are told to
/// come again. When the database went away it is not known what became of them, and none of them is tried again.
async fn commit_sound(db: &DatabaseConnection, changes: Vec<Change>) -> Vec<Result<Committed, ServiceError>> {
    let began = Instant::now();
    if changes.len() > 1 {
        match attempt(db, &changes).await {
            Ok(Committed::Done) => return changes.iter().map(|_| Ok(Committed::Done)).collect(),
            Err(error) if classify(&error) == Failure::Away => {
                let away = not_known(error);
                return changes.iter().map(|_| Err(away.duplicate())).collect();
            }
            Ok(_) | Err(_) => {}
        }
    }
    let mut results: Vec<Result<Committed, ServiceError>> = Vec::with_capacity(changes.len());
    for change in &changes {
        results.push(match results.last() {
            Some(Err(away)) if away.reason() == Reason::DatabaseUnavailable => Err(away.duplicate()),
            _ if began.elapsed() > KEEP_TRYING => Ok(Committed::Outdated),
            _ => commit_one(db, change).await,
        });
    }
    results
}

async fn commit_one(db: &DatabaseConnection, change: &Change) -> Result<Committed, ServiceError> {
    attempt(db, std::slice::from_ref(change)).await.or_else(overtaken)
}

/// Somebody who was overtaken goes around again.
fn overtaken(error: DbErr) -> Result<Committed, ServiceError> {
    match classify(&error) {
        Failure::Clash | Failure::UniqueViolation => Ok(Committed::Outdated),
        Failure::Away => Err(not_known(error)),
        Failure::Other => Err(ServiceError::internal(error)),
    }
}

/// Writes changes of one person that follow on each other, all or none, in a transaction that is to be ended by [`finish`]: each was made on
/// what those before it left, by [`PersonState::after`](super::load::PersonState::after). `None`: something was in the way.
pub async fn write_together(
    db: &DatabaseConnection,
    mut changes: Vec<Change>,
) -> Result<Option<DatabaseTransaction>, ServiceError> {
    if let Some(refusal) = changes.iter().find_map(invariants::refusal) {
        return Err(refusal);
    }
    changes.iter().try_for_each(require_here)?;
    leave_the_last(&mut changes);
    let written = async {
        let tx = begin_write(db).await?;
        let done = write(&tx, &changes).await? == Committed::Done;
        count_once_committed(&tx, &changes, "resettle");
        Ok(done.then_some(tx))
    };
    written.await.or_else(|error| overtaken(error).map(|_| None))
}

/// Writes a change in a transaction that others began and end; anything but `Done` is to be rolled back.
pub async fn write_in(tx: &DatabaseTransaction, change: &Change) -> Result<Committed, ServiceError> {
    if let Some(refusal) = invariants::refusal(change) {
        return Err(refusal);
    }
    require_here(change)?;
    let written = write(tx, std::slice::from_ref(change)).await.or_else(overtaken)?;
    count_once_committed(tx, std::slice::from_ref(change), "settle");
    Ok(written)
}

/// Refuses what would go into the books of another shard's area. Asked by the request itself: what commits many together is no request.
///
/// # Errors
/// AREA_NOT_HERE.
pub fn require_here(change: &Change) -> Result<(), ServiceError> {
    let own = change.settlement.iter().map(|row| &row.poolarea_no);
    let own = own.chain(change.opening.iter().map(|row| &row.poolarea_no));
    let booked = change.postings.iter().map(|entry| &entry.poolarea_no);
    let accounts = change.accounts.iter().map(|row| &row.poolarea_no);
    let mut all = own.chain(booked).chain(change.years.iter().map(|row| &row.poolarea_no)).chain(accounts);
    all.try_for_each(|area| areas::require(Area::parse(area)))
}

/// Commits what [`write_together`] wrote, and what else was written with it.
pub async fn finish(tx: DatabaseTransaction) -> Result<Committed, ServiceError> {
    tx.commit().await.map(|()| Committed::Done).or_else(overtaken)
}

/// Of rows that several changes write, that of the last stays: it holds what all of them add up to.
fn leave_the_last(changes: &mut [Change]) {
    let (mut years, mut accounts, mut codes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for change in changes.iter_mut().rev() {
        let year =
            |row: &accumulated::Model| (row.poolarea_no.clone(), row.psn_no.clone(), row.policy_year.clone());
        change.years.retain(|row| years.insert(year(row)));
        change.accounts.retain(|row| accounts.insert((row.poolarea_no.clone(), row.psn_no.clone())));
        change.codes.retain(|row| codes.insert(row.drug_trac_codg.clone()));
    }
}

fn not_known(error: DbErr) -> ServiceError {
    ServiceError::from(error).with_text("数据库暂不可用，请用同一报文ID重试")
}

/// One transaction; anything but `Done` leaves nothing behind.
async fn attempt(db: &DatabaseConnection, changes: &[Change]) -> Result<Committed, DbErr> {
    let tx = begin_write(db).await?;
    let committed = write(&tx, changes).await?;
    count_once_committed(&tx, changes, "settle");
    match committed {
        Committed::Done => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(committed)
}

/// What is settled anew counts as `anew`.
fn count_once_committed(tx: &DatabaseTransaction, changes: &[Change], anew: &'static str) {
    let kind_of = |row: &settlement::Model| match row {
        row if !row.reverses_setl_id.is_empty() => "reverse",
        row if row.setl_type == MANUAL => "manual",
        _ => anew,
    };
    let kinds: Vec<_> = changes.iter().filter_map(|change| change.settlement.as_ref().map(kind_of)).collect();
    if metrics::installed() && !kinds.is_empty() {
        tx.once_committed(move || kinds.into_iter().for_each(|kind| metrics::settled(kind, 1)));
    }
}

async fn write(tx: &DatabaseTransaction, changes: &[Change]) -> Result<Committed, DbErr> {
    let requests = changes.iter().filter_map(|change| change.request.clone()).collect();
    match insert::<request::Entity>(tx, requests).await {
        Err(error) if classify(&error) == Failure::UniqueViolation => return Ok(Committed::Handled),
        done => done?,
    }
    // In one order for all processes, or two batches could wait for each other's persons.
    let mut years: Vec<&accumulated::Model> = changes.iter().flat_map(|change| &change.years).collect();
    years.sort_by_key(|year| (&year.poolarea_no, &year.psn_no, &year.policy_year));
    let mut accounts: Vec<&account::Model> = changes.iter().flat_map(|change| &change.accounts).collect();
    accounts.sort_by_key(|account| (&account.poolarea_no, &account.psn_no));
    let counts = (years.len() as u64, accounts.len() as u64);
    if upsert_next::<accumulated::Entity>(tx, years.into_iter().cloned().collect()).await? < counts.0
        || upsert_next::<account::Entity>(tx, accounts.into_iter().cloned().collect()).await? < counts.1
    {
        return Ok(Committed::Outdated);
    }
    let bookings: Vec<_> = changes.iter().flat_map(|change| change.bookings.clone()).collect();
    let count = bookings.len() as u64;
    if upsert_next::<account_booking::Entity>(tx, bookings).await? < count {
        return Ok(Committed::Outdated);
    }
    let mut codes: Vec<&trace_code::Model> = changes.iter().flat_map(|change| &change.codes).collect();
    codes.sort_by_key(|code| &code.drug_trac_codg);
    let count = codes.len() as u64;
    if upsert_next::<trace_code::Entity>(tx, codes.into_iter().cloned().collect()).await? < count {
        return Ok(Committed::Outdated);
    }
    // Given back before it is claimed again, which may be in the same batch.
    claims::release(tx, changes.iter().map(|change| &change.released)).await?;
    if !claims::claim(tx, changes.iter().map(|change| &change.claims)).await? {
        return Ok(Committed::Claimed);
    }
    if !change_fees(tx, changes).await? {
        return Ok(Committed::FeesChanged);
    }
    let settlements = changes.iter().filter_map(|change| change.settlement.clone()).collect();
    insert::<settlement::Entity>(tx, settlements).await?;
    insert::<opening::Entity>(tx, changes.iter().filter_map(|change| change.opening.clone()).collect())
        .await?;
    let practitioners = changes.iter().flat_map(|change| change.practitioners.clone());
    insert::<practitioner_days::Entity>(tx, practitioners.collect()).await?;
    journal::book(tx, changes.iter().flat_map(|change| &change.postings)).await?;
    append(tx, changes.iter().filter_map(feed_entry).collect()).await?;
    let reversed: Vec<&Change> = changes.iter().filter(|change| reverses(change).is_some()).collect();
    if let Some(first) = reversed.first() {
        let setl_ids: Vec<&str> = reversed.iter().filter_map(|change| reverses(change)).collect();
        deferrals::fall(tx, setl_ids.iter().copied(), first.at).await?;
        recoveries::fall(tx, &setl_ids, first.at).await?;
    }
    Ok(Committed::Done)
}

/// What becomes of lines that were brought before; in the order of the visits, or two batches could wait for each other's.
async fn change_fees(tx: &DatabaseTransaction, changes: &[Change]) -> Result<bool, DbErr> {
    let taking = |change: &Change| Some((change.fees.clone()?, change.settlement.as_ref()?.setl_id.clone()));
    let mut fees: Vec<(FeesChange, String)> = changes.iter().filter_map(taking).collect();
    fees.sort_by(|(a, _), (b, _)| a.visit().cmp(b.visit()));
    for (change, setl_id) in fees {
        if !uploaded::change(tx, &change, &setl_id).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The settlement it takes back.
fn reverses(change: &Change) -> Option<&str> {
    let settlement = change.settlement.as_ref()?;
    Some(settlement.reverses_setl_id.as_str()).filter(|setl_id| !setl_id.is_empty())
}

fn feed_entry(change: &Change) -> Option<NewChange> {
    let settled = change.settlement.as_ref().map(|row| (&row.poolarea_no, &row.setl_id));
    let opened = change.opening.as_ref().map(|row| (&row.poolarea_no, &row.opening_id));
    let (area, subject) = settled.or(opened)?;
    Some(NewChange {
        area: area.clone(),
        kind: change.kind,
        subject: subject.clone(),
        payload: Vec::new(),
        recorded_at: change.at,
    })
}
