//! The one way the register is written: timeline, history, normalised rows and change log in one transaction.

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::{DatabaseTransaction, DbErr};
use yizhan_proto::enrollment::v1::RegisterChange;
use yizhan_runtime::feed::{self, NewChange};

use crate::app::Register;
use crate::person::domain::timeline::Timeline;
use crate::person::store::edit::Edit;
use crate::person::store::rows;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::once::Cause;

/// Writes every edit that changes something, as the person's next version, and gives those persons as they now are. A person
/// is in at most one edit.
pub async fn record(
    tx: &DatabaseTransaction,
    register: &Register,
    edits: Vec<Edit>,
    cause: &Cause,
) -> Result<Vec<StoredTimeline>, DbErr> {
    let mut edits: Vec<Edit> = edits.into_iter().filter(Edit::changes_anything).collect();
    refuse_tombstones(&edits)?;
    for edit in &mut edits {
        edit.after.version = edit.before().map_or(0, |before| before.version) + 1;
    }
    let recorded_at = register.clock.now();
    rows::follow(tx, &edits).await?;
    feed::append(tx, edits.iter().flat_map(|edit| announcements(edit, recorded_at)).collect()).await?;
    let changed: Vec<StoredTimeline> = edits.into_iter().map(|edit| edit.after).collect();
    let cause = format!("{} {} {}", cause.method, cause.caller, cause.request_id);
    timelines::write(tx, &changed, recorded_at, &cause).await?;
    Ok(changed)
}

/// Of a merged record only where it leads may change: every use case refuses before, and none that forgets to gets past this.
fn refuse_tombstones(edits: &[Edit]) -> Result<(), DbErr> {
    let written = edits.iter().find(|edit| {
        edit.before().filter(|before| before.timeline.merged_into.is_some()).is_some_and(|before| {
            let merged_into = edit.after.timeline.merged_into.clone();
            let kept = Timeline { merged_into, ..before.timeline.clone() };
            edit.after.timeline.merged_into.is_none() || kept != edit.after.timeline
        })
    });
    match written {
        Some(edit) => Err(DbErr::Custom(format!("{} was merged into another record", edit.after.psn_no))),
        None => Ok(()),
    }
}

/// One entry for the area that keeps the register, and one for the area that did if it moved.
fn announcements(edit: &Edit, recorded_at: DateTime<Utc>) -> Vec<NewChange> {
    let person = &edit.after;
    let change = RegisterChange {
        psn_no: person.psn_no.clone(),
        person_version: person.version,
        poolarea_no: person.poolarea_no.clone(),
    };
    let left = edit.before().map(|before| &before.poolarea_no).filter(|area| **area != person.poolarea_no);
    let areas = [Some(&person.poolarea_no), left];
    let announced = areas.into_iter().flatten().map(|area| NewChange {
        area: area.clone(),
        kind: edit.kind,
        subject: person.psn_no.clone(),
        payload: change.encode_to_vec(),
        recorded_at,
    });
    announced.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::domain::timeline::examples::{coverage, person};

    #[test]
    fn nothing_is_written_to_a_merged_record() {
        let merged = Timeline { merged_into: Some("P1".to_owned()), ..person("1980-01-01") };
        let held = StoredTimeline {
            psn_no: "P2".to_owned(),
            poolarea_no: "430200".to_owned(),
            version: 3,
            timeline: merged,
        };
        let mut chained = Edit::of(held.clone());
        chained.after.timeline.merged_into = Some("P3".to_owned());
        assert_eq!(refuse_tombstones(&[chained]), Ok(()), "merges chain");
        let mut covered = Edit::of(held.clone());
        covered.after.timeline.put(coverage("310", "2024-01-01", ""));
        let mut revived = Edit::of(held);
        revived.after.timeline.merged_into = None;
        for edit in [covered, revived] {
            assert!(matches!(refuse_tombstones(&[edit]), Err(DbErr::Custom(_))));
        }
    }
}
