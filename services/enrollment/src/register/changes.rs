//! The one way the register is written: timeline, history, normalised rows and change log in one transaction.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use prost::Message;
use sea_orm::DbErr;
use yizhan_proto::enrollment::v1::RegisterChange;
use yizhan_runtime::clock::day_text;
use yizhan_runtime::feed::{self, NewChange};
use yizhan_runtime::{ServiceError, areas};

use crate::app::Write;
use crate::person::domain::invariants::broken;
use crate::person::domain::timeline::Timeline;
use crate::person::domain::touched;
use crate::person::store::edit::{Edit, PERSON_UNMERGED};
use crate::person::store::rows;
use crate::person::store::timelines::{self, StoredTimeline};

/// Writes every edit that changes something, as the person's next version, and gives those persons as they now are. A person
/// is in at most one edit.
///
/// # Errors
/// AREA_NOT_HERE, of a person whose register another shard keeps.
pub async fn record(
    Write { tx, service: register, cause }: Write<'_>,
    edits: Vec<Edit>,
) -> Result<Vec<StoredTimeline>, ServiceError> {
    let mut edits: Vec<Edit> = edits.into_iter().filter(Edit::changes_anything).collect();
    refuse_broken(&edits)?;
    for edit in &edits {
        areas::require(edit.before().map(|before| before.poolarea_no))?;
        areas::require(edit.after.poolarea_no)?;
    }
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

/// Writes what changes of one person: the version they are at behind it, and the person if that is a new one.
pub async fn record_one(write: Write<'_>, edit: Edit) -> Result<(i64, Vec<StoredTimeline>), ServiceError> {
    let before = edit.after.version;
    let changed = record(write, vec![edit]).await?;
    Ok((changed.first().map_or(before, |person| person.version), changed))
}

/// Every use case refuses what would break the register; what one forgets to refuse gets no further than here. Nothing of it is
/// written, nor of what else is written with it.
fn refuse_broken(edits: &[Edit]) -> Result<(), DbErr> {
    let mut psn_nos = BTreeSet::new();
    for edit in edits {
        let after = &edit.after;
        let same_record = edit
            .before()
            .map_or(after.version == 0, |held| held.psn_no == after.psn_no && held.version == after.version);
        let broken = broken(&after.timeline);
        if same_record && psn_nos.insert(&after.psn_no) && !writes_to_tombstone(edit) && broken.is_empty() {
            continue;
        }
        tracing::error!(?broken, same_record, "refused to write a broken timeline");
        return Err(DbErr::Custom(format!("the timeline of {} would be broken: {broken:?}", after.psn_no)));
    }
    Ok(())
}

/// Of a merged record only where it leads may change, until the merge is taken back.
fn writes_to_tombstone(edit: &Edit) -> bool {
    let stays = edit.kind != PERSON_UNMERGED;
    edit.before().filter(|_| stays).filter(|before| before.timeline.merged_into.is_some()).is_some_and(
        |before| {
            let merged_into = edit.after.timeline.merged_into.clone();
            let kept = Timeline { merged_into, ..before.timeline.clone() };
            edit.after.timeline.merged_into.is_none() || kept != edit.after.timeline
        },
    )
}

/// One entry for the area that keeps the register, and one for the area that did if it moved.
fn announcements(edit: &Edit, recorded_at: DateTime<Utc>) -> Vec<NewChange> {
    let person = &edit.after;
    let nobody = Timeline::of(person.timeline.person.clone());
    let before = edit.before().map_or(&nobody, |before| &before.timeline);
    let touched = touched::first_day(before, &person.timeline);
    let unmerged_from = before.merged_into.clone().filter(|_| person.timeline.merged_into.is_none());
    let change = RegisterChange {
        psn_no: person.psn_no.clone(),
        person_version: person.version,
        poolarea_no: person.poolarea_no.to_string(),
        touched_begndate: day_text(touched),
        entitlement_unchanged: touched.is_none(),
        transfer_id: edit
            .transferred
            .as_ref()
            .map(|(transfer_id, _)| transfer_id.clone())
            .unwrap_or_default(),
        unmerged_from_psn_no: unmerged_from.unwrap_or_default(),
        from_poolarea_no: edit.transferred.as_ref().map(|(_, area)| area.to_string()).unwrap_or_default(),
    };
    let left = edit.before().map(|before| before.poolarea_no).filter(|area| *area != person.poolarea_no);
    let transferred = edit.transferred.as_ref().map(|(_, area)| *area);
    let left = left.or(transferred.filter(|area| *area != person.poolarea_no));
    let areas = [Some(person.poolarea_no), left];
    let announced = areas.into_iter().flatten().map(|area| NewChange {
        area: area.into(),
        kind: edit.kind,
        subject: person.psn_no.clone(),
        payload: change.encode_to_vec(),
        recorded_at,
    });
    announced.collect()
}

#[cfg(test)]
mod tests {
    use yizhan_runtime::Reason;
    use yizhan_runtime::db::begin_write;
    use yizhan_runtime::once::Cause;
    use yizhan_testkit::TestDatabase;

    use super::*;
    use crate::EnrollmentConfig;
    use crate::person::domain::timeline::examples::{coverage, person};

    fn held(timeline: Timeline) -> StoredTimeline {
        StoredTimeline {
            psn_no: "P2".to_owned(),
            poolarea_no: "430200".parse().unwrap(),
            version: 3,
            timeline,
        }
    }

    #[test]
    fn nothing_is_written_to_a_merged_record() {
        let held = held(Timeline { merged_into: Some("P1".to_owned()), ..person("1980-01-01") });
        let mut chained = Edit::of(held.clone());
        chained.after.timeline.merged_into = Some("P3".to_owned());
        assert_eq!(refuse_broken(&[chained]), Ok(()), "merges chain");
        let mut covered = Edit::of(held.clone());
        covered.after.timeline.put(coverage("310", "2024-01-01", ""));
        let mut revived = Edit::of(held);
        revived.after.timeline.merged_into = None;
        for edit in [covered, revived] {
            assert!(matches!(refuse_broken(&[edit]), Err(DbErr::Custom(_))));
        }
    }

    #[test]
    fn an_edit_is_of_one_record_and_its_next_version() {
        let edit = Edit::of(held(person("1980-01-01")));
        assert_eq!(refuse_broken(std::slice::from_ref(&edit)), Ok(()));
        let mut other_version = edit.clone();
        other_version.after.version = 5;
        let mut other_person = edit.clone();
        other_person.after.psn_no = "P9".to_owned();
        for edits in [vec![other_version], vec![other_person], vec![edit.clone(), edit]] {
            assert!(matches!(refuse_broken(&edits), Err(DbErr::Custom(_))));
        }
    }

    #[tokio::test]
    async fn a_broken_edit_is_refused_and_nothing_is_written() {
        let database = TestDatabase::sqlite();
        let register = crate::open(&EnrollmentConfig::embedded(database.url())).await.unwrap();
        let mut doubled = person("1980-01-01");
        doubled.put(coverage("310", "2024-01-01", ""));
        doubled.put(coverage("390", "2024-01-01", ""));
        let edits = vec![
            Edit::created("P1".to_owned(), "430200".parse().unwrap(), person("1980-01-01")),
            Edit::created("P2".to_owned(), "430200".parse().unwrap(), doubled),
        ];
        let cause = Cause { method: "Test", caller: "local".to_owned(), request_id: "1".to_owned() };
        let tx = begin_write(&register.db).await.unwrap();
        let write = Write { tx: &tx, service: &register, cause: &cause };
        let refused = record(write, edits).await;
        tx.commit().await.unwrap();
        assert_eq!(refused.err().map(|error| error.reason()), Some(Reason::Internal));
        assert!(timelines::find(&register.db, "P1").await.unwrap().is_none());
        assert!(timelines::find(&register.db, "P2").await.unwrap().is_none());
    }
}
