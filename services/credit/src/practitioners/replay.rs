//! Whether how practitioners are said to stand is what their entries come to.

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{
    Entry, ReplayPointsRequest, ReplayPointsResponse, ReplayedQualification, SubjectKind,
};
use yizhan_runtime::db::begin_write;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use super::changes::Held;
use super::domain::timeline::Timeline;
use super::messages::{qualification, timeline};
use super::store;
use crate::app::Credit;
use crate::ledger::{self, Known};

/// A page of those of whom the area entered something.
pub async fn replay_points(
    credit: &Credit,
    caller: &Caller,
    request: ReplayPointsRequest,
) -> Result<ReplayPointsResponse, ServiceError> {
    let asked = credit.pages.asked(caller, &request);
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("poolarea_no", &request.poolarea_no);
    let area = wrong.finish(area)?;
    caller.check_manages(area.as_str())?;
    let of_area = (SubjectKind::Practitioner, area);
    let read = |after, limit| ledger::with_entries(&credit.db, of_area, after, limit);
    let (rows, next_page_token) = asked.page(read, |row: &Known| [row.subject_code.clone()]).await?;
    let mut differing = Vec::new();
    for code in suspects(credit, &rows).await? {
        differing.extend(look_again(credit, &code).await?);
    }
    let compared = rows.len().try_into().unwrap_or(i32::MAX);
    Ok(ReplayPointsResponse { compared, differing, next_page_token })
}

/// Those who seem to differ. Somebody may have written between the two reads.
async fn suspects(credit: &Credit, rows: &[Known]) -> Result<Vec<String>, ServiceError> {
    let codes = || rows.iter().map(|row| row.subject_code.clone());
    let entries = ledger::of_subjects(&credit.db, SubjectKind::Practitioner, codes()).await?;
    let stored = store::find(&credit.db, codes()).await?;
    let schemes = credit.schemes.current();
    let mut suspects = Vec::new();
    for (code, entries) in entries {
        let told = stored.get(&code).map(|(told, _)| told);
        if timeline(&entries, &schemes)? != told.cloned().unwrap_or_default() {
            suspects.push(code);
        }
    }
    Ok(suspects)
}

/// One, while nobody can write about them.
async fn look_again(credit: &Credit, code: &str) -> Result<Option<ReplayedQualification>, ServiceError> {
    let subject = ledger::subject(SubjectKind::Practitioner, code);
    let tx = begin_write(&credit.db).await?;
    let held = Held::read(&tx, credit, ledger::hold(&tx, &subject).await?).await?;
    let stored = store::find(&tx, [code.to_owned()].into_iter()).await?.remove(code).unwrap_or_default();
    let replayed = held.timeline()?;
    tx.rollback().await?;
    if stored.0 == replayed {
        return Ok(None);
    }
    let day = first_difference(&stored.0, &replayed).unwrap_or_else(|| credit.clock.today());
    let told = |timeline: &Timeline, version| Some(qualification(code, day, None, (timeline, version)));
    Ok(Some(ReplayedQualification {
        practitioner_code: code.to_owned(),
        stored: told(&stored.0, stored.1),
        replayed: told(&replayed, count(&held.entries)),
    }))
}

fn count(entries: &[Entry]) -> i64 {
    entries.len().try_into().unwrap_or(i64::MAX)
}

/// The first day on which both say something else, of any institution.
fn first_difference(one: &Timeline, other: &Timeline) -> Option<NaiveDate> {
    let days = |of: &Timeline| {
        let spans = of.spans.iter().map(|span| span.from);
        let stays = of.stays.iter().flat_map(|stay| {
            [Some(stay.from), stay.until.and_then(|until| until.succ_opt())].into_iter().flatten()
        });
        spans.chain(stays).chain(of.points.iter().map(|(day, _)| *day)).collect::<Vec<_>>()
    };
    let mut all = [days(one), days(other)].concat();
    all.sort_unstable();
    all.into_iter().find(|day| one.on(*day, None) != other.on(*day, None))
}
