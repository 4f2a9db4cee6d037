//! What a person was paid so far, in every pooling area.

use yizhan_proto::enrollment::v1::{AccessScope, LookKind};
use yizhan_proto::settlement::v1::{GetBenefitsRequest, GetBenefitsResponse};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Caller, ServiceError, Violations};

use super::query::{accumulated, page_of};
use crate::app::App;
use crate::books::store::merged;
use crate::books::store::settlements::Wanted;
use crate::looks::domain::{View, Whose, not_own, view_of};
use crate::looks::leave::{self, Look, check_purpose};

/// Accumulators and settlements, as far as the caller may see them.
pub async fn get_benefits(
    app: &App,
    caller: &Caller,
    request: GetBenefitsRequest,
) -> Result<GetBenefitsResponse, ServiceError> {
    let mut wrong = Violations::new();
    let by_grant = !request.grant_id.is_empty();
    if !by_grant || !request.psn_no.is_empty() {
        Fields::of(&mut wrong).psn_no("psn_no", &request.psn_no);
    }
    let purpose = check_purpose(caller, &request.purpose, by_grant, &mut wrong);
    wrong.none()?;
    let look = Look { kind: LookKind::Benefits, psn_no: &request.psn_no, subject: "", purpose: &purpose };
    if by_grant { granted(app, caller, look, &request).await } else { own(app, caller, look, &request).await }
}

/// By a grant: what it is for, and the visits that end within its dates.
async fn granted(
    app: &App,
    caller: &Caller,
    look: Look<'_>,
    request: &GetBenefitsRequest,
) -> Result<GetBenefitsResponse, ServiceError> {
    let scopes = [AccessScope::Benefits, AccessScope::Settlements];
    let granted = leave::by_grant(app, caller, look, &request.grant_id, &scopes).await?;
    let mut answer = GetBenefitsResponse { psn_no: granted.psn_no, ..GetBenefitsResponse::default() };
    if granted.scopes.contains(&AccessScope::Benefits) {
        for area in &granted.areas {
            answer.accumulators.extend(accumulated(app, area, &answer.psn_no).await?);
        }
    }
    if granted.scopes.contains(&AccessScope::Settlements) {
        let psn_nos = merged::numbers(&app.db, &answer.psn_no).await?;
        let wanted =
            Wanted { areas: &granted.areas, psn_nos: &psn_nos, institution: None, days: Some(granted.days) };
        let asked = app.pages.asked(caller, request);
        let page = page_of(&app.db, &wanted, &asked, |_| Some(View::Fees)).await?;
        (answer.settlements, answer.next_page_token) = page;
    }
    Ok(answer)
}

/// Without one: the person themselves, the agency of their area, and a department for its own funds.
async fn own(
    app: &App,
    caller: &Caller,
    look: Look<'_>,
    request: &GetBenefitsRequest,
) -> Result<GetBenefitsResponse, ServiceError> {
    let psn_nos = merged::numbers(&app.db, &request.psn_no).await?;
    let psn_no = psn_nos[0].as_str();
    let look = Look { psn_no, ..look };
    let view = |poolarea_no: &str| view_of(caller, Whose { poolarea_no, psn_no, fixmedins_code: "" });
    if caller.readable_area().is_some() {
        let area = app.poolarea_of(psn_no, app.clock.today()).await?;
        view(&area).ok_or_else(not_own)?;
    } else if view("").is_none() {
        return Err(not_own());
    }
    let mut areas = leave::areas_of(app, caller, look).await?;
    areas.retain(|area| view(area).is_some());
    let mut answer = GetBenefitsResponse { psn_no: psn_no.to_owned(), ..GetBenefitsResponse::default() };
    for area in areas.iter().filter(|area| view(area) == Some(View::Whole)) {
        answer.accumulators.extend(accumulated(app, area, psn_no).await?);
    }
    let wanted = Wanted { areas: &areas, psn_nos: &psn_nos, institution: None, days: None };
    let page =
        page_of(&app.db, &wanted, &app.pages.asked(caller, request), |whose| view_of(caller, whose)).await?;
    (answer.settlements, answer.next_page_token) = page;
    Ok(answer)
}
