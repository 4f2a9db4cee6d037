//! 转院: the stay before a stay, out of the visits of the person that are loaded to be compared in time anyway. Only where the policy looks
//! back and there is such a stay its settlement is read.

use chrono::{Days, NaiveDate};
use yizhan_policy::case::{Case, PreviousStay};
use yizhan_runtime::ServiceError;
use yizhan_terms::{AdmissionWay, DischargeWay};

use super::messages::previous::{before, transferred};
use super::messages::visit::CheckedVisit;
use super::prepare::Prepared;
use crate::app::App;
use crate::books::domain::claims::Days as OfVisit;
use crate::books::messages::claims::{days_of, institution_of};
use crate::books::messages::parts::header;
use crate::books::store::entities::claim;
use crate::books::store::load::PersonState;
use crate::books::store::settlements;

/// What the books tell of the stay before.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// It, where it is known.
    pub stay: Option<PreviousStay>,
    /// Kind and text of what the settlement is marked with.
    pub notes: Vec<(&'static str, String)>,
}

/// The days of which visits of the person are wanted: those of the visit, and as many around them as the policy looks.
pub fn days_around(prepared: &Prepared) -> [NaiveDate; 2] {
    let CheckedVisit { begin, end, .. } = prepared.known.visit;
    let around = Days::new(prepared.looks_back.and_then(|days| u64::try_from(days).ok()).unwrap_or(0));
    [begin.checked_sub_days(around).unwrap_or(begin), end.checked_add_days(around).unwrap_or(end)]
}

/// What stands of stays around this one, as far as the policy looks.
pub async fn find(app: &App, prepared: &Prepared, state: &PersonState) -> Result<Before, ServiceError> {
    let Some(within) = prepared.looks_back else { return Ok(Before::default()) };
    let visit = &prepared.known.visit;
    let area = &prepared.known.stay.eligibility.poolarea_no;
    let stays = || stays_of_others(visit, &state.visits);
    let last = stays()
        .filter(|(days, _)| days.end <= visit.begin && (visit.begin - days.end).num_days() <= within)
        .max_by_key(|(days, claim)| (days.end, &claim.held_by));
    let mut found = match last {
        Some((_, claim)) if claim.poolarea_no == *area => read(app, visit, claim).await?,
        _ => None,
    };
    if found.is_none()
        && AdmissionWay::from_code(&visit.reported.adm_way) == Some(AdmissionWay::TransferredIn)
    {
        let text = format!("入院途径为其他医疗机构转入，但系统内没有入院前 {within} 天内出院的住院结算");
        found = Some(unknown(text));
    }
    let mut found = found.unwrap_or_default();
    let leaves = DischargeWay::from_code(&visit.reported.dscg_way).is_some_and(DischargeWay::is_transfer);
    let next = stays().filter(|(days, claim)| {
        let is_before = last.is_some_and(|(_, last)| last.held_by == claim.held_by);
        let elsewhere = institution_of(claim) != visit.reported.fixmedins_code && claim.poolarea_no == *area;
        let near = visit.end <= days.begin && (days.begin - visit.end).num_days() <= within;
        leaves && elsewhere && near && !is_before
    });
    found.notes.extend(next.map(|(_, claim)| {
        let text = format!(
            "转院后的住院（结算 {}）已先结算，起付线未按本次住院计算；应撤销后依次重新结算",
            claim.held_by
        );
        ("FOLLOWING_STAY_SETTLED", text)
    }));
    Ok(found)
}

/// The stays among the visits that are not parts of this one.
fn stays_of_others<'c>(
    visit: &CheckedVisit,
    visits: &'c [claim::Model],
) -> impl Iterator<Item = (OfVisit, &'c claim::Model)> {
    let (institution, mdtrt_id) = (visit.reported.fixmedins_code.clone(), visit.reported.mdtrt_id.clone());
    let others = visits.iter().filter(move |claim| claim.owner != institution || claim.number != mdtrt_id);
    others.filter_map(|claim| days_of(claim).filter(|days| days.stay).map(|days| (days, claim)))
}

/// The stay of a claim; `None` where it was under another scheme.
async fn read(app: &App, visit: &CheckedVisit, claim: &claim::Model) -> Result<Option<Before>, ServiceError> {
    let setl_id = &claim.held_by;
    let Some(row) = settlements::by_id(&app.db, setl_id).await? else {
        return Ok(Some(unknown(format!("上一次住院（{setl_id}）的结算未找到"))));
    };
    let answer = settlements::answer_of(&row)?;
    if row.insutype != visit.insutype.code() {
        return Ok(None);
    }
    // What was paid by hand has no case.
    let case: Option<Case> = match row.case_json.as_str() {
        "" => None,
        json => Some(serde_json::from_str(json).map_err(ServiceError::internal)?),
    };
    let level = match &case {
        Some(case) => Some(case.visit.level),
        None => app.reference.institution(&header(&answer).fixmedins_code).await?.map(|known| known.level),
    };
    let way = transferred(&answer, &visit.reported);
    let stay = level.and_then(|level| before(&answer, case.as_ref(), level, way.unwrap_or(false)));
    let mut found = match &stay {
        None => unknown(format!("上一次住院（结算 {setl_id}）的机构级别未登记")),
        Some(_) if way.is_none() => {
            unknown(format!("上一次住院（结算 {setl_id}）的离院方式与本次入院途径未报或不一致，不能认定转院"))
        }
        Some(_) => Before::default(),
    };
    found.stay = stay;
    Ok(Some(found))
}

fn unknown(why: String) -> Before {
    Before {
        stay: None, notes: vec![("PREVIOUS_STAY_UNKNOWN", format!("{why}；起付线未按转院计算"))]
    }
}
