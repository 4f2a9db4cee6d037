//! One case with its steps, cases of an area or institution, and the queue.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::Condition;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::audit::v1::{
    Case as Told, CaseAction, CaseKind, CaseState, CaseStep, GetCaseRequest, GetCaseResponse, Inspection,
    ListCaseQueueRequest, ListCaseQueueResponse, ListCasesRequest, ListCasesResponse,
};
use yizhan_runtime::clock::day_text;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::{Overdue, overdue};

use super::asked::case_unknown;
use super::domain::{Action, Actor, Case, Kind, State, allowed, on};
use super::store::{self, Wanted};
use crate::app::Audit;
use crate::findings::check_sees_area;
use crate::records;

/// Steps of others that the institution is told of.
const TOLD: [CaseAction; 15] = {
    use CaseAction::{Accept, Appeal, Archive, Book, Confirm, Correct, Decide, Dismiss, Tell};
    use CaseAction::{Answer, Clear, GiveNotice, HandOver, Talk, TellResult};
    [
        Accept, Appeal, Archive, Book, Confirm, Correct, Decide, Dismiss, Tell, Answer, Clear, GiveNotice,
        HandOver, Talk, TellResult,
    ]
};

impl Audit {
    /// Today in China, and this moment.
    pub(super) fn now(&self) -> (NaiveDate, DateTime<Utc>) {
        (self.clock.today(), self.clock.now())
    }

    /// The last day for what a case waits for, as it is today, and the case.
    fn on_today(&self, case: &Case) -> (Case, Option<NaiveDate>) {
        let rules = self.plan_rules.current();
        let days = WorkingDays::of(&rules, case.inside.area);
        let add = |day, count| days.add(day, count).0;
        let (case, _) = on(case.clone(), self.now(), add);
        let counted = case.inside.working_days;
        let due = (counted > 0 && !case.state().is_closed()).then(|| add(case.inside.clock_from, counted));
        (case, due)
    }

    /// The last day for what a case waits for.
    pub(super) fn due(&self, case: &Case) -> Option<NaiveDate> {
        self.on_today(case).1
    }

    /// As much of a case as the caller sees today, with what they may do: the institution not who is asked, who reported it, nor what officers
    /// gathered.
    pub(crate) fn seen(&self, caller: &Caller, case: &Case) -> Told {
        let (case, due) = self.on_today(case);
        let overdue = due.is_some_and(|due| due < self.now().0);
        let steps = allowed(&case, &case.roles(caller, ""), &Actor::of(caller, ""), overdue);
        let told = Told {
            due_date: day_text(due),
            overdue,
            allowed_actions: steps.into_iter().map(Action::number).collect(),
            ..case.told.clone()
        };
        if !case.is_of(caller) {
            return told;
        }
        let hidden = |check| Inspection { basis: String::new(), recused: Vec::new(), ..check };
        Told {
            papers: Vec::new(),
            experts: Vec::new(),
            opinions: Vec::new(),
            inspection: told.inspection.map(hidden),
            ..told
        }
    }

    /// Since when what stands in some states is over, today.
    pub(super) async fn over(
        &self,
        area: Area,
        states: &[State],
    ) -> Result<Vec<Overdue<Area>>, ServiceError> {
        let (rules, today) = (self.plan_rules.current(), self.now().0);
        let wanted = Wanted { area: Some(area), ..Wanted::default() }.all().add(store::stand_at(states));
        let terms = records::terms(&self.db, wanted).await?;
        Ok(overdue(terms, |area, days| WorkingDays::of(&rules, *area).latest_start_overdue(today, days)))
    }
}

/// A case the caller may see.
pub async fn get_case(
    audit: &Audit,
    caller: &Caller,
    request: GetCaseRequest,
) -> Result<GetCaseResponse, ServiceError> {
    let found: Option<Case> = records::find(&audit.db, &request.case_id).await?;
    let case = found.filter(|case| case.is_seen_by(caller)).ok_or_else(|| case_unknown(&request.case_id))?;
    let steps = records::steps_of(&audit.db, &case.told.case_id).await?;
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
    let kind = kind(&mut fields, request.kind);
    fields.require(request.page_size >= 0, "page_size", Reason::PageSizeNegative);
    let ((area, state), kind) = wrong.finish(area.zip(state).zip(kind))?;
    let institution = Some(request.fixmedins_code.as_str()).filter(|code| !code.is_empty());
    match own {
        None => check_sees_area(caller, &request.poolarea_no)?,
        Some(own) if institution.is_some_and(|code| code != own) => {
            return Err(ServiceError::new(Reason::InstitutionNotOwn, "another institution's cases"));
        }
        Some(_) => {}
    }
    let parent = Some(request.parent_id.as_str()).filter(|id| !id.is_empty());
    let wanted = Wanted { area, institution: own.or(institution), is_told: own.is_some(), kind, parent };
    let wanted = wanted.all().add_option(state.map(|state| store::stand_at(&[state])));
    let db = audit.db.reading();
    let older = |before: Option<[String; 1]>, limit| records::newest(&db, &wanted, before, limit);
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

/// The kind that is asked for, if only one is: the outer `None` where it is none of these.
fn kind(fields: &mut Fields<'_>, number: i32) -> Option<Option<Kind>> {
    if number == i32::from(CaseKind::Unspecified) {
        return Some(None);
    }
    fields.some(Kind::of(number), "kind", Reason::CodeUnknown).map(Some)
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
    let state = state(&mut fields, request.state, &store::queued());
    let kind = kind(&mut fields, request.kind);
    fields.require(request.page_size >= 0, "page_size", Reason::PageSizeNegative);
    let ((area, state), kind) = wrong.finish(area.zip(state).zip(kind))?;
    check_sees_area(caller, &request.poolarea_no)?;
    let late = match request.overdue_only {
        true => Some(audit.over(area, &store::queued()).await?),
        false => None,
    };
    let silent = audit.over(area, &[State::Appealable]).await?;
    let silent = || store::silent(&silent);
    let waiting = match state {
        Some(State::Feedback) => Condition::any().add(store::stand_at(&[State::Feedback])).add(silent()),
        Some(state) => Condition::any().add(store::stand_at(&[state])),
        None => Condition::any().add(store::stand_at(&store::queued())).add(silent()),
    };
    let late = late.map(|late| records::late(&late).add(silent()));
    let parent = Some(request.parent_id.as_str()).filter(|id| !id.is_empty());
    let wanted = Wanted { area: Some(area), kind, parent, ..Wanted::default() };
    let wanted = wanted.all().add(waiting).add_option(late);
    let behind = |after: Option<[String; 2]>, limit| records::waiting(&audit.db, &wanted, after, limit);
    let key = |last: &Case| [last.inside.clock_from.to_string(), last.told.case_id.clone()];
    let asked = audit.pages.asked(caller, &request);
    let (found, next_page_token) = asked.page(behind, key).await?;
    let cases = found.iter().map(|case| audit.seen(caller, case)).collect();
    Ok(ListCaseQueueResponse { cases, next_page_token })
}
