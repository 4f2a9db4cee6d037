//! What of a visit stands already, and other visits of the person on the same days.

use yizhan_money::Fen;
use yizhan_policy::model::{Handling, SameDays as Rule};
use yizhan_proto::settlement::v1::{SameDays, SettlementInfo, Visit};
use yizhan_runtime::{Reason, ServiceError};

use super::messages::visit::CheckedVisit;
use super::part;
use crate::app::App;
use crate::books::domain::claims::{Days, Meeting, holders, meeting, numbers_in};
use crate::books::messages::claims::{claims, days_of, institution_of};
use crate::books::messages::parts::{header, is_mid};
use crate::books::store::claims::{self as store, Claims};
use crate::books::store::entities::{claim, claimed_line};
use crate::books::store::settlements;

/// Numbers of lines that a refusal names at most.
const NAMED: usize = 20;

/// What a visit will claim, and `more` numbers of lines with it.
pub fn claims_of(visit: &Visit, more: &[&str]) -> Claims {
    let info = SettlementInfo {
        fixmedins_code: visit.fixmedins_code.clone(),
        mdtrt_id: visit.mdtrt_id.clone(),
        ..SettlementInfo::default()
    };
    claims(&info, visit.feedetail.iter().map(|line| line.feedetl_sn.as_str()).chain(more.iter().copied()))
}

/// Whether a claim is that of the visit itself.
pub fn is_own(visit: &Visit, claim: &claim::Model) -> bool {
    claim.owner == visit.fixmedins_code && claim.number == visit.mdtrt_id
}

/// Why a visit is not settled, or not once more; `None` when it stands no longer, or this one goes on behind what stands of it. `more` numbers
/// of lines are claimed with it.
pub async fn refusal(app: &App, visit: &Visit, more: &[&str]) -> Result<Option<ServiceError>, ServiceError> {
    let claims = claims_of(visit, more);
    let mut standing = store::standing(&app.db, claims.rows.iter().map(store::key_of).collect()).await?;
    // Parts of a stay (中途结算) are one person's, and begin on one day.
    if let Some(held) = standing.first().filter(|held| held.psn_no == visit.psn_no)
        && part::last_part(&app.db, held).await?.is_some()
    {
        if held.begndate != visit.begndate {
            let refusal = part::differs(&["begndate"], &held.held_by).with("begndate", &held.begndate);
            return Ok(Some(refusal));
        }
        standing.clear();
    }
    let lines = store::lines(&app.db, claims.lines.iter().map(store::ten_of).collect()).await?;
    let (holder, lines) = held_lines(&claims, &lines);
    let (reason, setl_id, mdtrt_id) = match (standing.into_iter().next(), holder) {
        (Some(row), _) => (Reason::VisitSettled, row.held_by, row.number),
        (None, Some(setl_id)) => {
            let row = settlements::by_id(&app.db, &setl_id).await?;
            let answer = row.as_ref().map(settlements::answer_of).transpose()?.unwrap_or_default();
            let mdtrt_id = header(&answer).mdtrt_id.clone();
            // Settled between the two looks.
            let is_whole = mdtrt_id == visit.mdtrt_id && !is_mid(&answer);
            (if is_whole { Reason::VisitSettled } else { Reason::LineSettled }, setl_id, mdtrt_id)
        }
        (None, None) => return Ok(None),
    };
    let named: Vec<&str> = lines.iter().map(String::as_str).take(NAMED).collect();
    let error = ServiceError::new(reason, format!("settlement {setl_id} of visit {mdtrt_id} stands"))
        .with("setl_id", setl_id)
        .with("mdtrt_id", mdtrt_id)
        .with("feedetl_sn", named.join(","))
        .with("lines", lines.len());
    Ok(Some(error))
}

/// Those of the lines that somebody holds, and who holds the first of them.
fn held_lines(wanted: &Claims, standing: &[claimed_line::Model]) -> (Option<String>, Vec<String>) {
    let (mut first, mut numbers) = (None, Vec::new());
    for line in &wanted.lines {
        let Some(row) = standing.iter().find(|row| row.ten == line.ten && row.owner == line.owner) else {
            continue;
        };
        for (setl_id, digits) in holders(&row.held_by).filter(|(_, digits)| digits & line.digits != 0) {
            first.get_or_insert_with(|| setl_id.to_owned());
            numbers.extend(numbers_in(&line.ten, digits & line.digits));
        }
    }
    (first, numbers)
}

/// Compares a visit with the others of the person that stand: the marks it is settled with. `fund` is what the funds pay of it.
///
/// # Errors
/// VISITS_OVERLAP where the area's rule refuses it.
pub fn compared(
    visit: &CheckedVisit,
    others: &[claim::Model],
    rule: Rule,
    fund: Fen,
) -> Result<Vec<SameDays>, ServiceError> {
    let this = Days { begin: visit.begin, end: visit.end, stay: visit.med_type.is_stay() };
    let mut marks = Vec::new();
    for other in others.iter().filter(|other| !is_own(&visit.reported, other)) {
        let Some((met, mark)) = met(this, other) else { continue };
        let handling = match met {
            Meeting::TwoStays => rule.two_stays,
            Meeting::InStay if fund > Fen::ZERO => rule.in_stay,
            Meeting::AroundVisit => rule.around_visit,
            Meeting::SameDay | Meeting::InStay => Handling::Mark,
        };
        if handling == Handling::Refuse {
            return Err(overlap(&mark));
        }
        marks.push(mark);
    }
    marks.sort_by(|a, b| a.setl_id.cmp(&b.setl_id));
    Ok(marks)
}

/// How a visit meets another, and the mark of it.
pub fn met(this: Days, other: &claim::Model) -> Option<(Meeting, SameDays)> {
    let (met, first, last) = days_of(other).and_then(|days| meeting(this, days))?;
    let mark = SameDays {
        setl_id: other.held_by.clone(),
        fixmedins_code: institution_of(other).to_owned(),
        med_type: other.med_type.clone(),
        begndate: first.to_string(),
        enddate: last.to_string(),
    };
    Some((met, mark))
}

fn overlap(other: &SameDays) -> ServiceError {
    let text = format!("该参保人 {} 至 {} 已有其他就诊结算，不能直接结算", other.begndate, other.enddate);
    ServiceError::new(Reason::VisitsOverlap, "another visit of the person on the same days stands")
        .with_text(text)
        .with("setl_id", &other.setl_id)
        .with("fixmedins_code", &other.fixmedins_code)
        .with("med_type", &other.med_type)
        .with("begndate", &other.begndate)
        .with("enddate", &other.enddate)
}
