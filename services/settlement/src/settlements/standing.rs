//! What of a visit stands already, and other visits of the person on the same days.

use std::collections::BTreeSet;

use yizhan_money::Fen;
use yizhan_policy::model::{Handling, SameDays as Rule};
use yizhan_proto::settlement::v1::{SameDays, Visit};
use yizhan_runtime::{Reason, ServiceError};

use super::messages::visit::CheckedVisit;
use crate::app::App;
use crate::books::domain::claims::{Days, Kind, Meeting, meeting};
use crate::books::messages::claims::{days_of, keys};
use crate::books::messages::parts::header;
use crate::books::store::claims::{self, Key};
use crate::books::store::entities::claim;
use crate::books::store::settlements;

/// Numbers of lines that a refusal names at most.
const NAMED: usize = 20;

/// What a visit will claim.
pub fn keys_of(visit: &Visit) -> Vec<Key> {
    let lines = visit.feedetail.iter().map(|line| line.feedetl_sn.as_str());
    keys(&visit.fixmedins_code, &visit.mdtrt_id, lines).collect()
}

/// Whether one of these claims is that of the visit itself.
pub fn stands(visit: &Visit, claims: &[claim::Model]) -> bool {
    claims.iter().any(|claim| claim.owner == visit.fixmedins_code && claim.number == visit.mdtrt_id)
}

/// Why a visit is not settled once more; `None` when it stands no longer.
pub async fn refusal(app: &App, visit: &Visit) -> Result<Option<ServiceError>, ServiceError> {
    let standing = claims::standing(&app.db, keys_of(visit)).await?;
    let visits = standing.iter().find(|claim| claim.kind == Kind::Visit.code());
    let Some(first) = visits.or(standing.first()) else { return Ok(None) };
    let lines: BTreeSet<&str> = standing
        .iter()
        .filter(|claim| claim.kind == Kind::Line.code())
        .map(|claim| claim.number.as_str())
        .collect();
    let reason = if visits.is_some() { Reason::VisitSettled } else { Reason::LineSettled };
    let mdtrt_id = match visits {
        Some(visit) => visit.number.clone(),
        None => mdtrt_id_of(app, &first.held_by).await?,
    };
    let named: Vec<&str> = lines.iter().copied().take(NAMED).collect();
    let error = ServiceError::new(reason, format!("settlement {} of visit {mdtrt_id} stands", first.held_by))
        .with("setl_id", &first.held_by)
        .with("mdtrt_id", mdtrt_id)
        .with("feedetl_sn", named.join(","))
        .with("lines", lines.len());
    Ok(Some(error))
}

async fn mdtrt_id_of(app: &App, setl_id: &str) -> Result<String, ServiceError> {
    let Some(row) = settlements::by_id(&app.db, setl_id).await? else { return Ok(String::new()) };
    Ok(header(&settlements::answer_of(&row)?).mdtrt_id.clone())
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
    for other in others {
        let Some((met, first, last)) = days_of(other).and_then(|days| meeting(this, days)) else { continue };
        let mark = SameDays {
            setl_id: other.held_by.clone(),
            fixmedins_code: other.owner.clone(),
            med_type: other.med_type.clone(),
            begndate: first.to_string(),
            enddate: last.to_string(),
        };
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
