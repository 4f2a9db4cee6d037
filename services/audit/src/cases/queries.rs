//! One case with its steps, cases of an area or institution, and the queue.

use chrono::{DateTime, NaiveDate, Utc};
use prost::Message;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::audit::v1::{
    Case as Told, CaseAction, CaseState, CaseStep, GetCaseRequest, GetCaseResponse, ListCaseQueueRequest,
    ListCaseQueueResponse, ListCasesRequest, ListCasesResponse,
};
use yizhan_runtime::clock::day_text;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::{Overdue, overdue};

use super::asked::case_unknown;
use super::domain::{Case, State, on};
use super::store::{self, log, queue};
use crate::app::Audit;
use crate::findings::check_sees_area;

/// Steps of others that the institution is told of.
const TOLD: [CaseAction; 9] = {
    use CaseAction::{Accept, Appeal, Archive, Book, Confirm, Correct, Decide, Dismiss, Tell};
    [Accept, Appeal, Archive, Book, Confirm, Correct, Decide, Dismiss, Tell]
};

impl Audit {
    /// Today in China, and this moment.
    pub(super) fn now(&self) -> (NaiveDate, DateTime<Utc>) {
        (self.clock.today(), self.clock.now())
    }

    /// A case as it is told today.
    pub(super) fn as_of_today(&self, case: &Case) -> Told {
        let rules = self.plan_rules.current();
        let days = WorkingDays::of(&rules, case.inside.area);
        let add = |day, count| days.add(day, count).0;
        let (case, _) = on(case.clone(), self.now(), add);
        let due = (!case.state().is_closed()).then(|| add(case.inside.clock_from, case.working_days()));
        let overdue = due.is_some_and(|due| due < self.now().0);
        Told { due_date: day_text(due), overdue, ..case.told }
    }

    /// As much of it as the caller sees: the institution not who is asked, nor what officers gathered.
    fn seen(&self, caller: &Caller, case: &Case) -> Told {
        let told = self.as_of_today(case);
        if case.is_of(caller) {
            return Told { papers: Vec::new(), experts: Vec::new(), opinions: Vec::new(), ..told };
        }
        told
    }

    /// Since when what stands in some states is over, today.
    pub(super) async fn over(
        &self,
        area: Area,
        states: &[State],
    ) -> Result<Vec<Overdue<Area>>, ServiceError> {
        let (rules, today) = (self.plan_rules.current(), self.now().0);
        let terms = queue::terms(&self.db, area, states).await?;
        Ok(overdue(terms, |area, days| WorkingDays::of(&rules, *area).latest_start_overdue(today, days)))
    }
}

/// A case the caller may see.
pub async fn get_case(
    audit: &Audit,
    caller: &Caller,
    request: GetCaseRequest,
) -> Result<GetCaseResponse, ServiceError> {
    let found = store::find(&audit.db, &request.case_id).await?;
    let case = found.filter(|case| case.is_seen_by(caller)).ok_or_else(|| case_unknown(&request.case_id))?;
    let steps = log::of_case(&audit.db, &case.told.case_id).await?;
    let steps = steps.iter().map(|entry| CaseStep::decode(entry.step.as_slice()));
    let steps: Vec<CaseStep> = steps.collect::<Result<_, _>>().map_err(ServiceError::internal)?;
    let (own, is_own) = (caller.to_string(), case.is_of(caller));
    let told = |step: CaseStep| match step {
        step if !is_own || step.actor == own => Some(step),
        step if TOLD.contains(&step.action()) => {
            Some(CaseStep { actor: String::new(), opter: String::new(), ..step })
        }
        _ => None,
    };
    let steps = steps.into_iter().filter_map(told).collect();
    Ok(GetCaseResponse { case: Some(audit.seen(caller, &case)), steps })
}

/// A page of cases of an area, or of the institution that asks.
pub async fn list_cases(
    audit: &Audit,
    caller: &Caller,
    request: ListCasesRequest,
) -> Result<ListCasesResponse, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let own = caller.institution_code();
    let area = match request.poolarea_no.as_str() {
        "" if own.is_some() => Some(None),
        given => fields.area("poolarea_no", given).map(Some),
    };
    let state = state(&mut fields, request.state, State::ALL);
    fields.require(request.page_size >= 0, "page_size", Reason::PageSizeNegative);
    let (area, state) = wrong.finish(area.zip(state))?;
    let institution = Some(request.fixmedins_code.as_str()).filter(|code| !code.is_empty());
    match own {
        None => check_sees_area(caller, &request.poolarea_no)?,
        Some(own) if institution.is_some_and(|code| code != own) => {
            return Err(ServiceError::new(Reason::InstitutionNotOwn, "another institution's cases"));
        }
        Some(_) => {}
    }
    let institution = own.or(institution).map(str::to_owned);
    let wanted = store::Wanted { area, institution, is_told: own.is_some(), state: state.map(State::number) };
    let older = |before: Option<[String; 1]>, limit| store::list(&audit.db, &wanted, before, limit);
    let key = |last: &Case| [last.told.case_id.clone()];
    let asked = audit.pages.asked(caller, &request);
    let (found, next_page_token) = asked.page(older, key).await?;
    let cases = found.iter().map(|case| audit.seen(caller, case)).collect();
    Ok(ListCasesResponse { cases, next_page_token })
}

/// The state that is asked for, if only one is: the outer `None` where it is none of these.
fn state(fields: &mut Fields<'_>, number: i32, of: &[State]) -> Option<Option<State>> {
    if number == i32::from(CaseState::Unspecified) {
        return Some(None);
    }
    let state = of.iter().copied().find(|state| state.number() == number);
    fields.some(state, "state", Reason::CaseStateNotQueued).map(Some)
}

/// What waits for the officers of an area.
pub async fn list_case_queue(
    audit: &Audit,
    caller: &Caller,
    request: ListCaseQueueRequest,
) -> Result<ListCaseQueueResponse, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let state = state(&mut fields, request.state, &queue::queued());
    fields.require(request.page_size >= 0, "page_size", Reason::PageSizeNegative);
    let (area, state) = wrong.finish(area.zip(state))?;
    check_sees_area(caller, &request.poolarea_no)?;
    let late = match request.overdue_only {
        true => Some(audit.over(area, &queue::queued()).await?),
        false => None,
    };
    let silent = audit.over(area, &[State::Appealable]).await?;
    let wanted = queue::Wanted { area, state, overdue: late, silent };
    let behind = |after: Option<[String; 2]>, limit| queue::page(&audit.db, &wanted, after, limit);
    let key = |last: &Case| [last.inside.clock_from.to_string(), last.told.case_id.clone()];
    let asked = audit.pages.asked(caller, &request);
    let (found, next_page_token) = asked.page(behind, key).await?;
    let cases = found.iter().map(|case| audit.seen(caller, case)).collect();
    Ok(ListCaseQueueResponse { cases, next_page_token })
}
