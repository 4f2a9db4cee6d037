//! The one way filings are written: filings, steps, what of them matters to visits, and change log in one transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{DatabaseTransaction, DbErr};
use yizhan_proto::filing::v1::FilingChange;
use yizhan_runtime::ServiceError;
use yizhan_runtime::feed::{self, NewChange};

use crate::domain::filing::Filing;
use crate::domain::standing::MAX_STANDINGS;
pub use crate::domain::step::Taken;
use crate::register::Register;
use crate::store::filings;
use crate::store::standings::{self, StoredStandings};

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
pub async fn record(
    tx: &DatabaseTransaction,
    register: &Register,
    mut held: Held,
    mut taken: Vec<Taken>,
) -> Result<Vec<StoredStandings>, ServiceError> {
    let mut changed: BTreeMap<String, StoredStandings> = BTreeMap::new();
    let mut versions: BTreeMap<String, i32> = BTreeMap::new();
    for step in &mut taken {
        let filing = &mut step.filing;
        let version = versions.entry(filing.filing_id.clone()).or_insert(filing.version);
        *version += 1;
        filing.version = *version;
        let person = match changed.get_mut(&filing.psn_no) {
            Some(person) => person,
            None => {
                let mut person = held.0.remove(&filing.psn_no).ok_or_else(|| not_held(filing))?;
                person.version += 1;
                changed.entry(filing.psn_no.clone()).or_insert(person)
            }
        };
        person.standings.put(filing);
        if person.standings.0.len() > MAX_STANDINGS {
            return Err(too_many(filing));
        }
    }
    let now = register.clock.now();
    let version_of = |step: &Taken| changed.get(&step.filing.psn_no).map_or(0, |person| person.version);
    feed::append(tx, taken.iter().map(|step| announcement(step, version_of(step), now)).collect()).await?;
    let changed: Vec<StoredStandings> = changed.into_values().collect();
    for round in one_step_each(taken) {
        filings::write(tx, &round, now).await?;
    }
    standings::write(tx, &changed).await?;
    Ok(changed)
}

/// A statement writes a row once: the second step of a filing comes in a second one.
fn one_step_each(taken: Vec<Taken>) -> Vec<Vec<Taken>> {
    let mut rounds: Vec<Vec<Taken>> = Vec::new();
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    for step in taken {
        let round = written.entry(step.filing.filing_id.clone()).or_insert(0);
        if rounds.len() <= *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(step);
        *round += 1;
    }
    rounds
}

fn announcement(step: &Taken, filings_version: i64, recorded_at: DateTime<Utc>) -> NewChange {
    let filing = &step.filing;
    let change = FilingChange {
        filing_id: filing.filing_id.clone(),
        psn_no: filing.psn_no.clone(),
        poolarea_no: filing.poolarea_no.clone(),
        action: step.action.into(),
        state: filing.state.number(),
        version: filing.version,
        filings_version,
    };
    NewChange {
        area: filing.poolarea_no.clone(),
        kind: FILING_CHANGED,
        subject: filing.filing_id.clone(),
        payload: change.encode_to_vec(),
        recorded_at,
    }
}

fn not_held(filing: &Filing) -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("the person of filing {} is not locked", filing.filing_id))
}

fn too_many(filing: &Filing) -> ServiceError {
    ServiceError::failed_precondition(
        "TOO_MANY_FILINGS",
        format!("more than {MAX_STANDINGS} filings of one person"),
        "该人员的备案记录过多",
    )
    .with("limit", MAX_STANDINGS)
    .with("psn_no", &filing.psn_no)
}
