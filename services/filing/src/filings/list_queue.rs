//! The work queue of an office: what waits for it and what its own persons filed and nobody accepted, longest waiting first; or only what is
//! overdue.

use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::filing::v1::{FilingState, ListQueueRequest, ListQueueResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::overdue;

use crate::app::Register;
use crate::filings::domain::filing::Filing;
use crate::filings::domain::steps::is_under_way;
use crate::filings::messages::filing_message;
use crate::filings::store::queue::{self, Wanted};
use crate::standings::State;

/// One page.
pub async fn list_queue(
    register: &Register,
    caller: &Caller,
    request: ListQueueRequest,
) -> Result<ListQueueResponse, ServiceError> {
    let (area, state) = check(&request)?;
    check_office(caller, &request.area)?;
    let (rules, today) = (register.rules.current(), register.clock.today());
    let overdue = match request.overdue_only {
        true => {
            let terms = queue::terms(&register.db, area, today).await?;
            Some(overdue(terms, |area, days| {
                WorkingDays::of(&rules, *area).latest_start_overdue(today, days)
            }))
        }
        false => None,
    };
    let wanted = Wanted { area, state, today, overdue };
    let behind = |after: Option<[String; 2]>, limit| queue::page(&register.db, &wanted, after, limit);
    let key = |last: &Filing| [last.clock_from.to_string(), last.filing_id.clone()];
    let asked = register.pages.asked(caller, &request);
    let (found, next_page_token) = asked.page(behind, key).await?;
    let filings = found.iter().map(|filing| filing_message(filing, &rules, today)).collect();
    Ok(ListQueueResponse { filings, next_page_token })
}

/// The area, and the state if only one is asked for.
fn check(request: &ListQueueRequest) -> Result<(Area, Option<State>), ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("area", &request.area);
    let asked = request.state != i32::from(FilingState::Unspecified);
    let queued = State::of(request.state);
    let state = queued.filter(|state| is_under_way(*state));
    wrong.require(!asked || state.is_some(), "state", Reason::StateNotQueued);
    wrong.require(request.page_size >= 0, "page_size", Reason::PageSizeNegative);
    wrong.finish(area.map(|area| (area, state)))
}

/// A queue is for those who work it off, and who oversees them.
fn check_office(caller: &Caller, area: &str) -> Result<(), ServiceError> {
    let works =
        matches!(caller, Caller::Agency { .. } | Caller::Department { .. } | Caller::LocalAdministrator);
    if works && caller.may_read_area(Area::parse(area)) {
        return Ok(());
    }
    Err(ServiceError::area_not_owned(area))
}
