//! Makes two records of one person one.

use std::collections::BTreeMap;

use yizhan_proto::enrollment::v1::{MergePersonsRequest, MergePersonsResponse};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Reason, ServiceError, once};

use crate::app::{Done, Register, Write, person_merged, person_unknown};
use crate::merges::domain::{Contradiction, Merged, merge, rename_sharer};
use crate::merges::store::{self as merges, Moved};
use crate::person::store::edit::{Edit, PERSON_MERGED};
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::changes;
use crate::register::keeper::check_keeper;
use crate::transfers::parties::{check_reason, transfer_open};
use crate::transfers::store::transfers;
use yizhan_terms::is_psn_no;

/// Contradictions named in one answer; `contradiction_count` tells how many there are.
const MAX_NAMED: usize = 20;

/// By the agency of the area that keeps both.
pub async fn merge_persons(
    register: &Register,
    caller: &Caller,
    mut request: MergePersonsRequest,
) -> Result<MergePersonsResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    for (field, psn_no) in [("keep_psn_no", &request.keep_psn_no), ("merged_psn_no", &request.merged_psn_no)]
    {
        violations.require(is_psn_no(psn_no), field, Reason::PsnNoInvalid);
    }
    let two = request.keep_psn_no != request.merged_psn_no || request.keep_psn_no.is_empty();
    violations.require(two, "merged_psn_no", Reason::MergeWithSelf);
    check_reason(&request.reason, true, &mut violations);
    violations.none()?;
    let work = Merge { caller, request: &request };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
}

/// A merge to be made.
struct Merge<'a> {
    caller: &'a Caller,
    request: &'a MergePersonsRequest,
}

impl Merge<'_> {
    async fn write(
        &self,
        write @ Write { tx, .. }: Write<'_>,
    ) -> Result<Done<MergePersonsResponse>, ServiceError> {
        let MergePersonsRequest { keep_psn_no, merged_psn_no, reason, .. } = self.request;
        check_keeper(self.caller)?;
        let mut held = self.lock(tx).await?;
        let (keep, other) = (self.take(&mut held, keep_psn_no)?, self.take(&mut held, merged_psn_no)?);
        if keep.poolarea_no != other.poolarea_no {
            return Err(across_areas());
        }
        if let Some(open) = transfers::find_open(tx, &[keep_psn_no, merged_psn_no]).await? {
            return Err(transfer_open(&open));
        }
        let merged = merge((keep_psn_no, &keep.timeline), (merged_psn_no, &other.timeline));
        let merged = merged.map_err(|found| contradicted(&found))?;
        let (poolarea_no, die_date) = (keep.poolarea_no, merged.kept.person.die_date);
        let (answer, edits) = self.edits(merged, keep, other, held);
        let records = merges::merged_into(tx, merged_psn_no).await?;
        let mut merged_psn_nos = records.clone();
        merged_psn_nos.insert(merged_psn_no.clone());
        let users = merges::users_of_account(tx, merged_psn_no).await?;
        let contributions = merges::contributions_of(tx, poolarea_no, &merged_psn_nos).await?;
        merges::into_record(tx, poolarea_no, keep_psn_no, &merged_psn_nos, die_date).await?;
        merges::note_merge(tx, merged_psn_no, reason, &Moved { records, users, contributions }).await?;
        let changed = changes::record(write, edits).await?;
        let version = |psn_no: &str| {
            let found = changed.iter().find(|person| person.psn_no == psn_no);
            found.map_or(0, |person| person.version)
        };
        let answer = MergePersonsResponse {
            person_version: version(keep_psn_no),
            merged_person_version: version(merged_psn_no),
            ..answer
        };
        Ok(Done { answer, changed })
    }

    /// The two, whoever was merged into the one that goes, and whoever uses its account. Who those are is read before they
    /// are locked; with the two locked first it cannot grow but by a share of the account, which is looked for again.
    async fn lock(&self, tx: &DatabaseTransaction) -> Result<BTreeMap<String, StoredTimeline>, ServiceError> {
        let MergePersonsRequest { keep_psn_no, merged_psn_no, .. } = self.request;
        let others = self.others(tx).await?;
        let two = [keep_psn_no.clone(), merged_psn_no.clone()];
        let held = timelines::lock(tx, others.iter().cloned().chain(two)).await?;
        if self.others(tx).await? != others {
            return Err(concurrent());
        }
        Ok(held)
    }

    async fn others(
        &self,
        tx: &DatabaseTransaction,
    ) -> Result<std::collections::BTreeSet<String>, ServiceError> {
        let mut others = merges::merged_into(tx, &self.request.merged_psn_no).await?;
        others.extend(merges::users_of_account(tx, &self.request.merged_psn_no).await?);
        Ok(others)
    }

    /// One of the two: registered, the caller's, and not merged before. Of another area's agency it is as if they were not registered.
    fn take(
        &self,
        held: &mut BTreeMap<String, StoredTimeline>,
        psn_no: &str,
    ) -> Result<StoredTimeline, ServiceError> {
        let person = held.remove(psn_no).filter(|person| self.caller.may_manage_area(person.poolarea_no));
        let person = person.ok_or_else(|| person_unknown(psn_no))?;
        match &person.timeline.merged_into {
            Some(other) => Err(person_merged(psn_no, other)),
            None => Ok(person),
        }
    }

    fn edits(
        &self,
        merged: Merged,
        keep: StoredTimeline,
        other: StoredTimeline,
        others: BTreeMap<String, StoredTimeline>,
    ) -> (MergePersonsResponse, Vec<Edit>) {
        let MergePersonsRequest { keep_psn_no, merged_psn_no, .. } = self.request;
        let mut kept = Edit::of(keep);
        kept.after.timeline = merged.kept;
        // Documents and contributions come with it, even where no entry does.
        kept.touch();
        let mut tombstone = Edit::of(other);
        tombstone.after.timeline = merged.tombstone;
        tombstone.kind = PERSON_MERGED;
        let concerned = others.into_values().map(|person| {
            let mut edit = Edit::of(person);
            let timeline = &mut edit.after.timeline;
            rename_sharer(timeline, merged_psn_no, keep_psn_no);
            if let Some(into) = timeline.merged_into.as_mut().filter(|into| *into == merged_psn_no) {
                keep_psn_no.clone_into(into);
                edit.kind = PERSON_MERGED;
            }
            edit
        });
        let answer = MergePersonsResponse {
            psn_no: keep_psn_no.clone(),
            moved_entry_count: merged.moved as i32,
            equal_entry_count: merged.equal as i32,
            ..MergePersonsResponse::default()
        };
        (answer, [kept, tombstone].into_iter().chain(concerned).collect())
    }
}

/// To be tried again.
pub fn concurrent() -> ServiceError {
    ServiceError::new(Reason::ConcurrentChange, "somebody else changed whom the merged record concerns")
        .with_text("该人员信息正在变更，请重试")
}

fn across_areas() -> ServiceError {
    ServiceError::new(Reason::MergeAcrossAreas, "the two records are kept by different pooling areas")
}

fn contradicted(found: &[Contradiction]) -> ServiceError {
    let named: Vec<String> = found.iter().take(MAX_NAMED).map(Contradiction::to_string).collect();
    ServiceError::new(Reason::MergeContradicted, "the two records contradict one another")
        .with_text(format!("两条记录有 {} 处矛盾，不能合并，请先更正", found.len()))
        .with("contradictions", named.join("; "))
        .with("contradiction_count", found.len())
}
