//! The worklist of points matters.

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{
    ListPointsMattersRequest, ListPointsMattersResponse, PointsMatter, PointsState, SubjectKind,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;

use super::domain::table::State;
use super::messages;
use super::store::matters::{self, Wanted};
use crate::app::Credit;
use crate::ledger::{self, is_code};

/// A page of an area.
pub async fn list_points_matters(
    credit: &Credit,
    caller: &Caller,
    request: ListPointsMattersRequest,
) -> Result<ListPointsMattersResponse, ServiceError> {
    let today = credit.clock.today();
    let asked = credit.pages.asked(caller, &request).of(today);
    let wanted = wanted(caller, &request, today)?;
    let read = |after, limit| read(credit, caller, &wanted, after, limit);
    let see = |matter: PointsMatter| {
        let state = wanted.state.is_none_or(|state| state.number() == matter.state);
        Ok((state && (!wanted.is_overdue || matter.overdue)).then_some(matter))
    };
    let key = |matter: &PointsMatter| [matter.matter_id.clone()];
    let (matters, next_page_token) = asked.visible(read, key, see).await?;
    Ok(ListPointsMattersResponse { matters, next_page_token })
}

/// What of the request the caller may ask.
fn wanted(
    caller: &Caller,
    request: &ListPointsMattersRequest,
    today: NaiveDate,
) -> Result<Wanted, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let state = fields.some(PointsState::try_from(request.state).ok(), "state", Reason::CodeUnknown);
    let institution = fields.optional("fixmedins_code", &request.fixmedins_code, |fields, field, code| {
        fields.code(field, code, is_fixmedins_code)
    });
    let practitioner = Some(request.practitioner_code.clone()).filter(|code| !code.is_empty());
    let fits = practitioner.as_deref().is_none_or(is_code);
    fields.require(fits, "practitioner_code", Reason::Characters);
    let (area, (state, institution)) = wrong.finish(area.zip(state.zip(institution)))?;
    let own = caller.institution_code();
    let foreign = own.is_some() && institution.as_deref().is_some_and(|code| Some(code) != own);
    if foreign || own.is_none() && matches!(caller, Caller::Department { .. }) {
        return Err(ServiceError::area_not_owned(area.as_str()));
    }
    if own.is_none() {
        caller.check_reads(area.as_str())?;
    }
    Ok(Wanted {
        area,
        institution: own.map(str::to_owned).or(institution),
        practitioner,
        state: State::of(state.into()),
        is_overdue: request.overdue,
        today,
    })
}

/// Matters that may be wanted, as the caller sees them today; the entries of all their practitioners are one read.
async fn read(
    credit: &Credit,
    caller: &Caller,
    wanted: &Wanted,
    after: Option<[String; 1]>,
    limit: u64,
) -> Result<Vec<PointsMatter>, ServiceError> {
    let db = credit.db.reading();
    let rows = matters::page(&db, wanted, after, limit).await?;
    let codes = rows.iter().map(|row| row.practitioner_code.clone());
    let entries = ledger::of_subjects(&db, SubjectKind::Practitioner, codes).await?;
    let (schemes, on) = (credit.schemes.current(), (caller, wanted.today));
    let nothing = Vec::new();
    let told = rows.iter().map(|row| {
        let entries = entries.get(&row.practitioner_code).unwrap_or(&nothing);
        messages::matter(entries, &row.matter_id, &schemes, on)
    });
    told.collect()
}
