//! Ending what a full roster misses: the next persons, within one transaction.

use std::collections::BTreeMap;

use yizhan_runtime::ServiceError;
use yizhan_runtime::db::DatabaseTransaction;

use super::apply::{addressable, cause_of, department_of};
use crate::app::{Register, Write};
use crate::person::store::edit::Edit;
use crate::person::store::timelines;
use crate::register::changes;
use crate::rosters::domain::roster::{end_absent, follow};
use crate::rosters::messages;
use crate::rosters::store::entities::roster;
use crate::rosters::store::roster_rows::{self, HeldIdentity};
use crate::rosters::store::rosters::{Position, json};
use crate::rules::Department;

/// Identities looked at in one batch. Nobody has so many that a batch could not hold all of one person.
const IDENTITIES_PER_BATCH: usize = 4000;

/// Ends the absent ones of the next persons, and moves the roster on; gives whether there was nobody left.
pub async fn batch(
    tx: &DatabaseTransaction,
    register: &Register,
    roster: &mut roster::Model,
) -> Result<bool, ServiceError> {
    let kinds = messages::header(roster)?.kinds;
    let behind = roster.reached()?.psn_no;
    let mut held = roster_rows::held(tx, roster, &kinds, &behind, IDENTITIES_PER_BATCH as u64).await?;
    let Some(last) = held.last().map(|identity| identity.psn_no.clone()) else {
        return Ok(true);
    };
    if held.len() == IDENTITIES_PER_BATCH && held[0].psn_no != last {
        held.retain(|identity| identity.psn_no != last);
    }
    let reached = held.last().map_or(last, |identity| identity.psn_no.clone());
    let mut counts = roster.counted()?;
    let department = department_of(tx, register, roster).await?;
    let (edits, ended) = end(tx, (roster, department.as_ref()), held).await?;
    counts.ended_by_absence += ended;
    let write = Write { tx, service: register, cause: &cause_of(roster) };
    counts.changed_persons += changes::record(write, edits).await?.len() as i64;
    roster.counts = json(&counts)?;
    roster.position = json(&Position { psn_no: reached, row: 0 })?;
    Ok(false)
}

async fn end(
    tx: &DatabaseTransaction,
    (roster, department): (&roster::Model, Option<&Department>),
    held: Vec<HeldIdentity>,
) -> Result<(Vec<Edit>, i64), ServiceError> {
    let mut absent: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for identity in held.into_iter().filter(|identity| identity.absent) {
        absent.entry(identity.psn_no).or_default().push((identity.psn_idet_type, identity.name));
    }
    let (mut edits, mut ended) = (Vec::new(), 0);
    if absent.is_empty() {
        return Ok((edits, ended));
    }
    for (psn_no, stored) in timelines::lock(tx, absent.keys().cloned()).await? {
        // Who moved away since they were read is no longer this roster's to speak of.
        let Ok(stored) = addressable(Some(stored), &roster.poolarea_no) else { continue };
        let kinds = &absent[&psn_no];
        let mut edit = Edit::of(stored);
        let identities = &mut edit.after.timeline.identities;
        ended += end_absent(identities, &roster.department, roster.effective_date, |identity| {
            kinds.iter().any(|(code, name)| *code == identity.psn_idet_type && *name == identity.name)
        });
        if let Some(department) = department {
            follow(&mut edit.after.timeline, department);
        }
        edits.push(edit);
    }
    Ok((edits, ended))
}
