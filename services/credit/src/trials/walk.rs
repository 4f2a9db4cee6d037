//! Everybody of an area, page by page: so much is held as one page and what is told.

use chrono::NaiveDate;
use yizhan_documents::{Dated, Family, NoRule, RulesDocument};
use yizhan_proto::credit::v1::{Entry, SubjectKind};
use yizhan_runtime::ServiceError;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_terms::Area;

use crate::ledger;
use crate::schemes::{SchemeFamilies, not_in_force};

/// Subjects that one trial judges at most.
const MAX_TRIED: u64 = 20_000;
/// Read at once.
const PAGE: u64 = 200;

/// Judges all subjects of a kind of whom somebody of an area entered something; whether these were all.
pub async fn walk(
    db: &DatabaseConnection,
    of_area: (SubjectKind, Area),
    judge: impl FnMut(&str, &[Entry]) -> Result<(), ServiceError>,
) -> Result<bool, ServiceError> {
    walk_at_most(db, of_area, MAX_TRIED, judge).await
}

async fn walk_at_most(
    db: &DatabaseConnection,
    (kind, area): (SubjectKind, Area),
    most: u64,
    mut judge: impl FnMut(&str, &[Entry]) -> Result<(), ServiceError>,
) -> Result<bool, ServiceError> {
    let (mut left, mut after) = (most, None);
    loop {
        // One more than are judged says whether there are more.
        let mut rows = ledger::with_entries(db, (kind, area), after, PAGE.min(left) + 1).await?;
        let is_last = rows.len() as u64 <= PAGE.min(left);
        rows.truncate(PAGE.min(left).try_into().unwrap_or(usize::MAX));
        let codes = rows.iter().map(|row| row.subject_code.clone());
        for (code, entries) in ledger::of_subjects(db, kind, codes).await? {
            judge(&code, &entries)?;
        }
        left -= rows.len() as u64;
        after = rows.into_iter().next_back().map(|row| [row.subject_code]);
        if is_last || left == 0 {
            return Ok(is_last);
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

#[cfg(test)]
mod tests {
    use yizhan_proto::credit::v1::EntryKind;
    use yizhan_runtime::db::begin_write;
    use yizhan_testkit::both_databases;

    use super::*;
    use crate::{CreditConfig, open};

    both_databases! {
        /// As many as one trial judges, and whether there are more; of another area nobody.
        async fn a_trial_says_whether_it_judged_all(db: TestDatabase) {
            let credit = open(&CreditConfig::embedded(db.url())).await.unwrap();
            let tx = begin_write(&credit.db).await.unwrap();
            for number in 0..PAGE + 3 {
                let subject = ledger::subject(SubjectKind::Practitioner, &format!("D{number:04}"));
                let mut known = ledger::make_known(&tx, &subject, "999900").await.unwrap();
                let kind = EntryKind::ActFound.into();
                let entry = Entry { kind, poolarea_no: "999900".into(), ..Entry::default() };
                ledger::append(&tx, &credit, &mut known, vec![entry]).await.unwrap();
            }
            tx.commit().await.unwrap();
            let of_area = |area: &str| (SubjectKind::Practitioner, Area::parse(area).unwrap());
            let judged = async |area: &str, most: u64| {
                let mut codes = Vec::new();
                let judge = |code: &str, _: &[Entry]| {
                    codes.push(code.to_owned());
                    Ok(())
                };
                let complete = walk_at_most(&credit.db, of_area(area), most, judge).await.unwrap();
                assert!(codes.is_sorted() && codes.windows(2).all(|two| two[0] != two[1]));
                (codes.len() as u64, complete)
            };
            let all = PAGE + 3;
            assert_eq!(judged("999900", MAX_TRIED).await, (all, true));
            assert_eq!(judged("990000", all).await, (all, true));
            assert_eq!(judged("999900", all - 1).await, (all - 1, false));
            assert_eq!(judged("999900", PAGE).await, (PAGE, false));
            assert_eq!(judged("430200", MAX_TRIED).await, (0, true));
        }
    }
}
