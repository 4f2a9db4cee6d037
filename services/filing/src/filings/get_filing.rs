//! One filing with its steps, and the filings of a person.

use yizhan_proto::filing::v1::{
    FilingStep, GetFilingRequest, GetFilingResponse, ListFilingsRequest, ListFilingsResponse,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::is_psn_no;

use crate::app::Register;
use crate::filings::actors::{filing_unknown, may_see};
use crate::filings::domain::filing::Filing;
use crate::filings::messages::filing_message;
use crate::filings::store;
use crate::filings::store::entities::filing_step;

/// A filing the caller may see.
pub async fn get_filing(
    register: &Register,
    caller: &Caller,
    request: GetFilingRequest,
) -> Result<GetFilingResponse, ServiceError> {
    let filing_id = request.filing_id;
    let filing = store::find(&register.db, &filing_id).await?.filter(|filing| may_see(caller, filing));
    let filing = filing.ok_or_else(|| filing_unknown(&filing_id))?;
    let steps = store::steps(&register.db, &filing_id).await?;
    let rules = register.rules.current();
    Ok(GetFilingResponse {
        filing: Some(filing_message(&filing, &rules, register.clock.today())),
        steps: steps.into_iter().map(step_message).collect(),
    })
}

fn step_message(step: filing_step::Model) -> FilingStep {
    FilingStep {
        step_no: step.step_no,
        action: step.action,
        from_state: step.from_state,
        to_state: step.to_state,
        actor: step.actor,
        opter: step.opter,
        recorded_at: Some(timestamp(step.recorded_at)),
        reason: step.reason,
        handling_area: step.handling_area,
    }
}

/// A page of a person's filings, newest first. What the caller may not see is left out.
pub async fn list_filings(
    register: &Register,
    caller: &Caller,
    request: ListFilingsRequest,
) -> Result<ListFilingsResponse, ServiceError> {
    let asked = register.pages.asked(caller, &request);
    let psn_no = request.psn_no;
    if !is_psn_no(&psn_no) {
        return Err(ServiceError::invalid_field("psn_no", Reason::PsnNoInvalid));
    }
    let older = |before: Option<[String; 1]>, limit| {
        let before = before.map(|[filing_id]| filing_id);
        store::of_person(&register.db, &psn_no, before, Some(limit))
    };
    let key = |last: &Filing| [last.filing_id.clone()];
    let (rules, today) = (register.rules.current(), register.clock.today());
    let see = |filing: Filing| Ok(may_see(caller, &filing).then(|| filing_message(&filing, &rules, today)));
    let (filings, next_page_token) = asked.visible(older, key, see).await?;
    Ok(ListFilingsResponse { filings, next_page_token })
}
