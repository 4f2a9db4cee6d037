//! One filing with its steps, and the filings of a person.

use yizhan_proto::filing::v1::{
    FilingStep, GetFilingRequest, GetFilingResponse, ListFilingsRequest, ListFilingsResponse,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::page::paginated;
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::is_psn_no;

use crate::app::Register;
use crate::filings::actors::{filing_unknown, may_see};
use crate::filings::domain::filing::Filing;
use crate::filings::messages::filing_message;
use crate::filings::store;
use crate::filings::store::entities::filing_step;

/// Filings read at once at least: most persons have fewer.
const READ_AT_ONCE: u64 = 50;

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
    let ListFilingsRequest { psn_no, page_size, page_token } = request;
    if !is_psn_no(&psn_no) {
        return Err(ServiceError::invalid_field("psn_no", Reason::PsnNoInvalid));
    }
    let scope = format!("filings/{psn_no}");
    let older = |before: Option<[String; 1]>, limit| visible(register, caller, &psn_no, before, limit);
    let key = |last: &Filing| [last.filing_id.clone()];
    let (found, next_page_token) = paginated(&scope, (page_size, &page_token), older, key).await?;
    let rules = register.rules.current();
    let filings = found.iter().map(|filing| filing_message(filing, &rules, register.clock.today())).collect();
    Ok(ListFilingsResponse { filings, next_page_token })
}

/// So many of a person's filings that the caller may see, if there are. Pages are made of these alone: a token of a page that shows nothing
/// would tell that there is something.
async fn visible(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
    before: Option<[String; 1]>,
    wanted: u64,
) -> Result<Vec<Filing>, ServiceError> {
    let at_once = wanted.max(READ_AT_ONCE);
    let mut before = before.map(|[filing_id]| filing_id);
    let mut visible = Vec::new();
    loop {
        let read = store::of_person(&register.db, psn_no, before.take(), Some(at_once)).await?;
        before = read.last().map(|filing| filing.filing_id.clone()).filter(|_| read.len() as u64 == at_once);
        visible.extend(read.into_iter().filter(|filing| may_see(caller, filing)));
        if before.is_none() || visible.len() as u64 >= wanted {
            return Ok(visible);
        }
    }
}
