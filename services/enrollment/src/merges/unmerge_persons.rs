//! Takes back a merge of two persons who were not one.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::enrollment::v1::{UnmergePersonsRequest, UnmergePersonsResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Reason, ServiceError, once};
use yizhan_terms::is_psn_no;

use crate::app::{Done, Register, Write, person_unknown};
use crate::coverage::domain::take_back::NotTakenBack;
use crate::coverage::store::contributions;
use crate::coverage::take_back_change::{OTHERWISE, change_unknown, refused};
use crate::merges::domain::apart::{Made, apart, restore_sharer};
use crate::merges::merge_persons::concurrent;
use crate::merges::store::person_unmerge;
use crate::merges::store::{self as merges, Moved};
use crate::person::domain::timeline::Timeline;
use crate::person::store::edit::{Edit, PERSON_MERGED, PERSON_UNMERGED};
use crate::person::store::entities::person::PersonalText;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::changes;
use crate::register::keeper::check_keeper;
use crate::transfers::parties::{check_reason, transfer_open};
use crate::transfers::store::transfers;

/// Changes, and contributions, named at most.
const MAX_VERSIONS: usize = 100;

/// By the agency of the area that keeps both.
pub async fn unmerge_persons(
    register: &Register,
    caller: &Caller,
    mut request: UnmergePersonsRequest,
) -> Result<UnmergePersonsResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    violations.require(is_psn_no(&request.psn_no), "psn_no", Reason::PsnNoInvalid);
    check_reason(&request.reason, true, &mut violations);
    let fits = request.person_versions.len() <= MAX_VERSIONS;
    let said = || Reason::CountInvalid.saying(format!("最多 {MAX_VERSIONS} 项"));
    violations.require(fits, "person_versions", said());
    violations.require(request.contribution_ids.len() <= MAX_VERSIONS, "contribution_ids", said());
    violations.none()?;
    let work = Unmerge { caller, request: &request };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
}

/// A merge to be taken back.
struct Unmerge<'a> {
    caller: &'a Caller,
    request: &'a UnmergePersonsRequest,
}

/// The merge, as the history tells it.
struct Merge {
    /// The tombstone.
    tombstone: StoredTimeline,
    /// The record before it became that.
    other: Timeline,
    /// 人员编号 it was merged into then.
    kept_psn_no: String,
    /// Who merged, and by which request.
    by: (String, String),
    why: PersonalText,
    moved: Moved,
    /// Who uses the accounts now of those who did then: their records may have been merged since.
    users: BTreeMap<String, String>,
}

impl Unmerge<'_> {
    async fn write(
        &self,
        write @ Write { tx, .. }: Write<'_>,
    ) -> Result<Done<UnmergePersonsResponse>, ServiceError> {
        check_keeper(self.caller)?;
        let psn_no = self.request.psn_no.as_str();
        let merge = self.find(tx).await?;
        let (kept, mut others) = self.lock(tx, &merge).await?;
        let kept_psn_no = merge.kept_psn_no.as_str();
        if let Some(open) = transfers::find_open(tx, &[kept_psn_no]).await? {
            return Err(transfer_open(&open));
        }
        let mut went = merge.moved.records.clone();
        went.insert(psn_no.to_owned());
        if merges::has_document_of(tx, kept_psn_no, &went).await? {
            return Err(ServiceError::invalid_field("psn_no", Reason::CertificateTaken));
        }
        let (made_by, made) = self.made(tx, &merge, &kept).await?;
        let (theirs, causes) = self.theirs(tx, &kept, made_by).await?;
        let two = apart(&kept.timeline, &made, &merge.other, &theirs, &went).map_err(refused)?;

        let mut moved = merge.moved.clone();
        moved.contributions.extend(self.request.contribution_ids.iter().cloned());
        moved.contributions = contributions_of(tx, kept_psn_no, &moved.contributions, &causes).await?;
        let named = |id: &&String| !moved.contributions.contains(*id);
        if let Some(unknown) = self.request.contribution_ids.iter().find(named) {
            return Err(change_unknown().with("contribution_id", unknown));
        }
        let area = kept.poolarea_no;
        persons::set_die_date(tx, area, kept_psn_no, two.kept.person.die_date).await?;
        persons::set_die_date(tx, area, psn_no, two.other.person.die_date).await?;
        merges::out_of_record(tx, (area, kept_psn_no), psn_no, &moved).await?;
        self.third_persons(tx, &merge, &mut others).await?;
        let mut stays = Edit::of(kept);
        stays.after.timeline = two.kept;
        // Documents and contributions go, even where no entry does.
        stays.touch();
        let mut own = Edit::of(merge.tombstone.clone());
        own.after.timeline = two.other;
        own.kind = PERSON_UNMERGED;
        merges::note_unmerge(
            tx,
            person_unmerge::Model {
                psn_no: psn_no.to_owned(),
                version: merge.tombstone.version + 1,
                kept_psn_no: kept_psn_no.to_owned(),
                merge_reason: merge.why.clone(),
                reason: PersonalText(self.request.reason.clone()),
            },
        )
        .await?;
        let edits = [own, stays].into_iter().chain(others.into_values()).collect();
        let changed = changes::record(write, edits).await?;
        let version = |psn_no: &str| {
            changed.iter().find(|person| person.psn_no == psn_no).map_or(0, |person| person.version)
        };
        let answer = UnmergePersonsResponse {
            psn_no: psn_no.to_owned(),
            person_version: version(psn_no),
            kept_psn_no: kept_psn_no.to_owned(),
            kept_person_version: version(kept_psn_no),
            contribution_count: moved.contributions.len() as i32,
            replayed: false,
        };
        Ok(Done { answer, changed })
    }

    /// Who uses the account uses that of the right person again; what had been merged into the record before leads to it again.
    async fn third_persons(
        &self,
        tx: &DatabaseTransaction,
        merge: &Merge,
        others: &mut BTreeMap<String, Edit>,
    ) -> Result<(), ServiceError> {
        for (then, now) in &merge.users {
            let Some(version) = timelines::made_by(tx, then, (&merge.by.0, &merge.by.1)).await? else {
                continue;
            };
            let before = timelines::version(tx, then, version - 1).await?;
            if let (Some((before, _)), Some(edit)) = (before, others.get_mut(now)) {
                let timeline = &mut edit.after.timeline;
                restore_sharer(timeline, &before.timeline, &merge.kept_psn_no, &self.request.psn_no);
            }
        }
        for record in &merge.moved.records {
            if let Some(edit) = others.get_mut(record) {
                edit.after.timeline.merged_into = Some(self.request.psn_no.clone());
                edit.kind = PERSON_MERGED;
            }
        }
        Ok(())
    }

    /// What the history and the notes tell, before anybody is locked.
    async fn find(&self, tx: &DatabaseTransaction) -> Result<Merge, ServiceError> {
        let psn_no = self.request.psn_no.as_str();
        let found = timelines::find(tx, psn_no).await?;
        let tombstone = found.filter(|person| self.caller.may_manage_area(person.poolarea_no));
        let tombstone = tombstone.ok_or_else(|| person_unknown(psn_no))?;
        if tombstone.timeline.merged_into.is_none() {
            return Err(ServiceError::new(Reason::NotMerged, "the record is not merged into another")
                .with("psn_no", psn_no));
        }
        let not_noted = || {
            ServiceError::new(Reason::MergeNotNoted, "what this merge moved was not noted when it was made")
                .with("psn_no", psn_no)
        };
        let (why, moved) = merges::noted(tx, psn_no).await?.ok_or_else(not_noted)?;
        // A tombstone has few versions: where it leads changes when merges chain.
        let mut version = tombstone.version;
        let (other, (merged, cause)) = loop {
            let after = timelines::version(tx, psn_no, version).await?.ok_or_else(not_noted)?;
            let (before, _) = timelines::version(tx, psn_no, version - 1).await?.ok_or_else(not_noted)?;
            if before.timeline.merged_into.is_none() {
                break (before.timeline, after);
            }
            version -= 1;
        };
        let words: Vec<&str> = cause.split(' ').collect();
        let &[_, caller, request_id] = words.as_slice() else { return Err(not_noted()) };
        let users = timelines::find_many(tx, moved.users.iter().cloned()).await?;
        let now = |person: StoredTimeline| person.timeline.merged_into.unwrap_or(person.psn_no);
        Ok(Merge {
            kept_psn_no: merged.timeline.merged_into.ok_or_else(not_noted)?,
            by: (caller.to_owned(), request_id.to_owned()),
            users: users.into_iter().map(|(then, person)| (then, now(person))).collect(),
            tombstone,
            other,
            why,
            moved,
        })
    }

    /// Everybody concerned, locked; gives the number that stays, and third persons.
    async fn lock(
        &self,
        tx: &DatabaseTransaction,
        merge: &Merge,
    ) -> Result<(StoredTimeline, BTreeMap<String, Edit>), ServiceError> {
        let two = [&self.request.psn_no, &merge.kept_psn_no];
        let third: BTreeSet<&String> = merge.moved.records.iter().chain(merge.users.values()).collect();
        let third: BTreeSet<&String> = third.into_iter().filter(|psn_no| !two.contains(psn_no)).collect();
        let all: BTreeSet<String> = third.iter().copied().chain(two).cloned().collect();
        let mut held = timelines::lock(tx, all).await?;
        let own = held.remove(&self.request.psn_no);
        let kept = held.remove(&merge.kept_psn_no).ok_or_else(concurrent)?;
        let unchanged = own.is_some_and(|own| own.version == merge.tombstone.version);
        let users_stand = merge
            .users
            .values()
            .filter_map(|psn_no| held.get(psn_no))
            .all(|person| person.timeline.merged_into.is_none());
        if !unchanged || !users_stand {
            return Err(concurrent());
        }
        if kept.timeline.merged_into.is_some() {
            return Err(refused(NotTakenBack::BuiltUpon(None)).with("psn_no", &merge.kept_psn_no));
        }
        if kept.poolarea_no != merge.tombstone.poolarea_no {
            return Err(refused(NotTakenBack::BuiltUpon(None)).with("poolarea_no", kept.poolarea_no));
        }
        Ok((kept, held.into_iter().map(|(psn_no, person)| (psn_no, Edit::of(person))).collect()))
    }

    /// What the merge made of the number that stays, and by which version.
    async fn made(
        &self,
        tx: &DatabaseTransaction,
        merge: &Merge,
        kept: &StoredTimeline,
    ) -> Result<(i64, Made), ServiceError> {
        let version = timelines::made_by(tx, &kept.psn_no, (&merge.by.0, &merge.by.1)).await?;
        let version = version.ok_or_else(change_unknown)?;
        let (made, _) = version_of(tx, &kept.psn_no, version).await?;
        Ok((version, made))
    }

    /// What was recorded since under the number that stays and is the other's, the latest first; and by whom and which request.
    async fn theirs(
        &self,
        tx: &DatabaseTransaction,
        kept: &StoredTimeline,
        merged_at: i64,
    ) -> Result<(Vec<Made>, BTreeSet<(String, String)>), ServiceError> {
        let (mut theirs, mut causes) = (Vec::new(), BTreeSet::new());
        let named: BTreeSet<i64> = self.request.person_versions.iter().copied().collect();
        for version in named.into_iter().rev() {
            let told = |error: ServiceError| error.with("person_version", version);
            if version <= merged_at || kept.version < version {
                return Err(told(change_unknown()));
            }
            let (made, cause) = version_of(tx, &kept.psn_no, version).await?;
            let words: Vec<&str> = cause.split(' ').collect();
            let same_records = made.0.merged_psn_nos == made.1.merged_psn_nos;
            match words.as_slice() {
                // Of a merge of others it may be that this person uses an account of theirs.
                [method, caller, id]
                    if same_records && (!OTHERWISE.contains(method) || *method == "MergePersons") =>
                {
                    causes.insert(((*caller).to_owned(), (*id).to_owned()));
                }
                _ => return Err(told(refused(NotTakenBack::Nothing))),
            }
            theirs.push(made);
        }
        Ok((theirs, causes))
    }
}

/// What a version made of the one before.
async fn version_of(
    tx: &DatabaseTransaction,
    psn_no: &str,
    version: i64,
) -> Result<(Made, String), ServiceError> {
    let (after, cause) = timelines::version(tx, psn_no, version).await?.ok_or_else(change_unknown)?;
    let (before, _) = timelines::version(tx, psn_no, version - 1).await?.ok_or_else(change_unknown)?;
    Ok(((before.timeline, after.timeline), cause))
}

/// Contributions under the number that stays that are the other's: those that moved, those recorded by these requests, and what takes one of
/// them back.
async fn contributions_of(
    tx: &DatabaseTransaction,
    kept_psn_no: &str,
    moved: &BTreeSet<String>,
    causes: &BTreeSet<(String, String)>,
) -> Result<BTreeSet<String>, ServiceError> {
    let rows = contributions::all_of(tx, kept_psn_no).await?;
    let mut theirs = BTreeSet::new();
    // In the order they were recorded: what takes back comes behind what it takes back.
    for row in rows {
        let named = causes.contains(&(row.caller.clone(), row.request_id.clone()));
        if named || moved.contains(&row.contribution_id) || theirs.contains(&row.reverses) {
            theirs.insert(row.contribution_id);
        }
    }
    Ok(theirs)
}
