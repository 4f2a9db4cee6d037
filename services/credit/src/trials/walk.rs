//! Everybody of an area, page by page: so much is held as one page and what is told.

use yizhan_documents::{Dated, Family, NoRule, RulesDocument};
use yizhan_proto::credit::v1::{Entry, SubjectKind};
use yizhan_runtime::ServiceError;
use yizhan_terms::Area;

use chrono::NaiveDate;

use crate::app::Credit;
use crate::ledger;
use crate::schemes::{SchemeFamilies, not_in_force};

/// Subjects that one trial judges at most.
const MAX_TRIED: u64 = 20_000;
/// Read at once.
const PAGE: u64 = 200;

/// Judges all subjects of a kind of whom somebody of an area entered something; whether these were all.
pub async fn walk(
    credit: &Credit,
    (kind, area): (SubjectKind, Area),
    mut judge: impl FnMut(&str, &[Entry]) -> Result<(), ServiceError>,
) -> Result<bool, ServiceError> {
    let (mut read, mut after) = (0, None);
    loop {
        let limit = PAGE.min(MAX_TRIED - read);
        let rows = ledger::with_entries(&credit.db, (kind, area), after.clone(), limit.max(1)).await?;
        let is_last = (rows.len() as u64) < limit.max(1);
        if limit == 0 || rows.is_empty() {
            return Ok(rows.is_empty());
        }
        let codes = rows.iter().map(|row| row.subject_code.clone());
        for (code, entries) in ledger::of_subjects(&credit.db, kind, codes).await? {
            judge(&code, &entries)?;
        }
        read += rows.len() as u64;
        after = rows.into_iter().next_back().map(|row| [row.subject_code]);
        if is_last {
            return Ok(true);
        }
        // A page is work without a pause: others may have a turn.
        tokio::task::yield_now().await;
    }
}

/// The latest version of a rule of a document that speaks of an area.
///
/// # Errors
/// RULES_NOT_IN_FORCE.
pub fn latest<R: Family<SchemeFamilies>>(
    document: &RulesDocument<SchemeFamilies>,
    area: Area,
    day: NaiveDate,
) -> Result<&Dated<R>, ServiceError> {
    let versions = R::versions(&document.families).iter();
    let latest = versions.max_by_key(|dated| dated.period.from).filter(|_| document.area.covers(area));
    latest.ok_or_else(|| not_in_force(NoRule { family: R::KEY, area, day }))
}
