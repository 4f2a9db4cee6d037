//! The one way filings are written: filings, steps, what of them matters to visits, and change log in one transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::DbErr;
use yizhan_proto::filing::v1::FilingChange;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::feed::{self, NewChange};
use yizhan_runtime::{Reason, ServiceError, areas};

use crate::app::Register;
use crate::figures::domain::{OF_KIND, month_of};
use crate::figures::store::{Addend, KINDS};
use crate::filings::domain::counted::of_step;
pub use crate::filings::domain::step::Taken;
use crate::filings::store;
use crate::standings::MAX_STANDINGS;
use crate::standings::store::{self as standings, StoredStandings};

/// What an entry of the change log is about.
pub const FILING_CHANGED: &str = "FILING_CHANGED";

/// The persons whose filings are changed in a transaction, locked: whoever else would change them waits.
#[derive(Debug)]
pub struct Held(BTreeMap<String, StoredStandings>);

impl Held {
    /// Locks persons.
    pub async fn lock(tx: &DatabaseTransaction, psn_nos: Vec<String>) -> Result<Held, DbErr> {
        Ok(Held(standings::lock(tx, psn_nos).await?))
    }

    /// What of a person's filings matters to visits.
    pub fn of(&self, psn_no: &str) -> Option<&StoredStandings> {
        self.0.get(psn_no)
    }
}

/// Writes steps in their order, and gives the persons they are about as they now are. Of one filing there may be several steps.
///
/// # Errors
/// AREA_NOT_HERE, of somebody whom another shard pays for; TOO_MANY_FILINGS.
pub async fn record(
    tx: &DatabaseTransaction,
    register: &Register,
    held: Held,
    taken: Vec<Taken>,
) -> Result<Vec<StoredStandings>, ServiceError> {
    for step in &taken {
        areas::require(step.after.poolarea_no)?;
    }
    let mut changing = Changing { held, changed: BTreeMap::new() };
    let taken = changing.take(taken)?;
    if let Some(person) = changing.changed.values().find(|person| person.standings.0.len() > MAX_STANDINGS) {
        return Err(too_many(&person.psn_no));
    }
    changing.write(tx, register, &taken, None).await
}

/// The same for filings of a person whose record was merged into another, whose they now are. However many they are: a merge is not refused.
/// Followers and caches of either number hear of it: it is told twice, of the merged number first.
pub async fn record_of_merged(
    tx: &DatabaseTransaction,
    register: &Register,
    held: Held,
    left_psn_no: &str,
    taken: Vec<Taken>,
) -> Result<Vec<StoredStandings>, ServiceError> {
    let mut changing = Changing { held, changed: BTreeMap::new() };
    let taken = changing.take(taken)?;
    for step in &taken {
        let filing_id = &step.after.filing_id;
        changing.person(left_psn_no, filing_id)?.standings.put(filing_id, None);
    }
    changing.write(tx, register, &taken, Some(left_psn_no)).await
}

/// Persons under change.
struct Changing {
    held: Held,
    changed: BTreeMap<String, StoredStandings>,
}

impl Changing {
    /// A person, at a new version.
    fn person(&mut self, psn_no: &str, filing_id: &str) -> Result<&mut StoredStandings, ServiceError> {
        if let Some(mut person) = self.held.0.remove(psn_no) {
            person.version += 1;
            self.changed.insert(psn_no.to_owned(), person);
        }
        self.changed.get_mut(psn_no).ok_or_else(|| not_held(filing_id))
    }

    /// Counts the versions of the filings on, and puts each among its person's.
    fn take(&mut self, mut taken: Vec<Taken>) -> Result<Vec<Taken>, ServiceError> {
        let mut versions: BTreeMap<String, i32> = BTreeMap::new();
        for step in &mut taken {
            let filing = &mut step.after;
            let version = versions.entry(filing.filing_id.clone()).or_insert(filing.version);
            *version += 1;
            filing.version = *version;
            let standing = filing.standing();
            self.person(&filing.psn_no, &filing.filing_id)?.standings.put(&filing.filing_id, standing);
        }
        Ok(taken)
    }

    /// Writes persons, filings, steps and figures, and the change log: each step under the number of its person, and before that under the
    /// merged one.
    async fn write(
        self,
        tx: &DatabaseTransaction,
        register: &Register,
        taken: &[Taken],
        merged_psn_no: Option<&str>,
    ) -> Result<Vec<StoredStandings>, ServiceError> {
        let now = register.clock.now();
        let told = |step: &Taken, psn_no: &str| {
            announcement(step, psn_no, self.changed.get(psn_no).map_or(0, |person| person.version), now)
        };
        let entries = taken.iter().flat_map(|step| {
            let psn_nos = merged_psn_no.into_iter().chain([step.after.psn_no.as_str()]);
            psn_nos.map(|psn_no| told(step, psn_no))
        });
        feed::append(tx, entries.collect()).await?;
        KINDS.add(tx, &counted(taken, register, now)).await?;
        store::write(tx, taken, now).await?;
        let changed: Vec<StoredStandings> = self.changed.into_values().collect();
        standings::write(tx, &changed).await?;
        Ok(changed)
    }
}

/// What the steps add to the figures of this month.
fn counted(taken: &[Taken], register: &Register, now: DateTime<Utc>) -> Vec<Addend<OF_KIND>> {
    let (rules, today) = (register.rules.current(), register.clock.today());
    let addend = |step: &Taken| {
        Some(Addend {
            poolarea_no: step.after.poolarea_no.into(),
            month: month_of(today),
            subject: step.after.kind.code().to_owned(),
            sums: of_step(step, &rules, today, now)?,
        })
    };
    taken.iter().filter_map(addend).collect()
}

fn announcement(step: &Taken, psn_no: &str, filings_version: i64, recorded_at: DateTime<Utc>) -> NewChange {
    let filing = &step.after;
    let change = FilingChange {
        filing_id: filing.filing_id.clone(),
        psn_no: psn_no.to_owned(),
        poolarea_no: filing.poolarea_no.into(),
        action: step.action.number(),
        state: filing.state.number(),
        version: filing.version,
        filings_version,
    };
    NewChange {
        area: filing.poolarea_no.into(),
        kind: FILING_CHANGED,
        subject: filing.filing_id.clone(),
        payload: change.encode_to_vec(),
        recorded_at,
    }
}

fn not_held(filing_id: &str) -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("the person of filing {filing_id} is not locked"))
}

fn too_many(psn_no: &str) -> ServiceError {
    ServiceError::new(Reason::TooManyFilings, format!("more than {MAX_STANDINGS} filings of one person"))
        .with_text("该人员的备案记录过多")
        .with("limit", MAX_STANDINGS)
        .with("psn_no", psn_no)
}
