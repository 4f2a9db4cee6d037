//! Takes a step in a case. Of two that take one at once, one does, and the other is told what it finds.

use chrono::NaiveDate;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::audit::v1::{
    AdvanceCaseRequest, AdvanceCaseResponse, AppealCaseRequest, AppealCaseResponse, Case as Told, CaseStep,
    ExpertView, GiveOpinionRequest, GiveOpinionResponse,
};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::once::{self, Done, Replayable, RequestKey, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_workflow::is_reason;

use super::asked::{MAX_LINES, amounts, case_unknown, check_opter, experts, officers, papers};
use super::changes;
use super::domain::{Action, Actor, CASES, Case, Kind, on, take};
use crate::app::Audit;
use crate::records;

/// Steps that have a call of their own.
const ELSEWHERE: [Action; 2] = [Action::Appeal, Action::GiveOpinion];

/// A step of AdvanceCase.
pub async fn advance_case(
    audit: &Audit,
    caller: &Caller,
    mut request: AdvanceCaseRequest,
) -> Result<AdvanceCaseResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let action = Action::asked(request.action).filter(|action| !ELSEWHERE.contains(action));
    wrong.some(action, "action", Reason::ActionUnknown);
    let is = |actions: &[Action]| action.is_some_and(|action| actions.contains(&action));
    let named = is(&[Action::Screen, Action::Confirm, Action::Decide]) || request.amounts.is_empty();
    wrong.require(named, "amounts", Reason::FieldNotExpected);
    let named = is(&[Action::Convene]) || request.experts.is_empty() && request.opinions_needed == 0;
    wrong.require(named, "experts", Reason::FieldNotExpected);
    let named = is(&[Action::Assign]) || request.officers.is_empty() && request.recused.is_empty();
    wrong.require(named, "officers", Reason::FieldNotExpected);
    let named = is(&[Action::HandOver]) || request.case_ids.is_empty();
    wrong.require(named, "case_ids", Reason::FieldNotExpected);
    wrong.require(request.case_ids.len() <= MAX_LINES, "case_ids", Reason::TooMany);
    officers(&request.officers, &request.recused, &mut wrong);
    amounts(&request.amounts, &mut wrong);
    experts(&request.experts, request.opinions_needed, &mut wrong);
    let step = CaseStep {
        reason: request.reason,
        amounts: request.amounts,
        papers: request.papers,
        experts: request.experts,
        opinions_needed: request.opinions_needed,
        officers: request.officers,
        recused: request.recused,
        case_ids: request.case_ids,
        day: request.day,
        ..CaseStep::default()
    };
    let asked = (request.case_id.as_str(), request.version, request.opter.as_str());
    let told = |case| AdvanceCaseResponse { case: Some(case), replayed: false };
    run((audit, caller), (key, wrong), asked, (action, step), told).await
}

/// 申诉
pub async fn appeal_case(
    audit: &Audit,
    caller: &Caller,
    mut request: AppealCaseRequest,
) -> Result<AppealCaseResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let AppealCaseRequest { case_id, reason, papers, opter, .. } = request;
    let step = CaseStep { reason, papers, ..CaseStep::default() };
    let told = |case| AppealCaseResponse { case: Some(case), replayed: false };
    run((audit, caller), opened, (&case_id, 0, &opter), (Some(Action::Appeal), step), told).await
}

/// 会审意见
pub async fn give_opinion(
    audit: &Audit,
    caller: &Caller,
    mut request: GiveOpinionRequest,
) -> Result<GiveOpinionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    wrong.require(request.view() != ExpertView::Unspecified, "view", Reason::Required);
    let GiveOpinionRequest { case_id, view, reason, papers, opter, .. } = request;
    let step = CaseStep { reason, papers, view, ..CaseStep::default() };
    let told = |case| GiveOpinionResponse { case: Some(case), replayed: false };
    run((audit, caller), (key, wrong), (&case_id, 0, &opter), (Some(Action::GiveOpinion), step), told).await
}

/// Checks what can be checked without the case, and takes the step. Who may not know of the case is told that before anything else.
async fn run<A: Replayable + Send>(
    (audit, caller): (&Audit, &Caller),
    (key, mut wrong): (RequestKey, Violations),
    (case_id, version, opter): (&str, i32, &str),
    (action, step): (Option<Action>, CaseStep),
    told: impl Fn(Told) -> A + Sync,
) -> Result<A, ServiceError> {
    if let Some(answer) = once::answered(audit, &key).await? {
        return Ok(answer);
    }
    let found: Option<Case> = records::find(&audit.db, case_id).await?;
    let case = found.filter(|case| case.is_seen_by(caller)).ok_or_else(|| case_unknown(case_id))?;
    if case.roles(caller, opter).is_empty() {
        return Err(ServiceError::area_not_owned(case.inside.area));
    }
    check_opter(caller, opter, &mut wrong);
    papers(&step.papers, &mut wrong);
    let says_why = action.is_some_and(|action| CASES.says_why(action));
    wrong.require(!says_why || !step.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(&step.reason), "reason", Reason::ReasonInvalid);
    let today = audit.now().0;
    let past = |fields: &mut Fields<'_>, field: &str, day: &str| fields.past_date(field, day, today);
    let day = Fields::of(&mut wrong).optional("day", &step.day, past);
    let officer = step.day.is_empty() || !case.is_of(caller);
    wrong.require(officer, "day", Reason::FieldNotExpected);
    let (action, day) = wrong.finish(action.zip(day))?;
    let advance =
        Advance { caller, case_id, version, opter, day: day.unwrap_or(today), step: (action, step) };
    let told = &told;
    once::once(audit, &key, |write| Box::pin(advance.write(write, told))).await
}

struct Advance<'a> {
    caller: &'a Caller,
    case_id: &'a str,
    version: i32,
    opter: &'a str,
    day: NaiveDate,
    step: (Action, CaseStep),
}

impl Advance<'_> {
    async fn write<A>(
        &self,
        Write { tx, service: audit, .. }: Write<'_, '_, Audit>,
        told: &(impl Fn(Told) -> A + Sync),
    ) -> Result<Done<A, ()>, ServiceError> {
        let case: Case = records::hold(tx, self.case_id).await?.ok_or_else(|| case_unknown(self.case_id))?;
        check_version(&case, self.version, self.step.0 == Action::TakeBack)?;
        let rules = audit.plan_rules.current();
        let days = WorkingDays::of(&rules, case.inside.area);
        let (case, silence) = on(case, audit.now(), |day, count| days.add(day, count).0);
        self.check_cases(tx, &case).await?;
        let (roles, actor) = (case.roles(self.caller, self.opter), Actor::of(self.caller, self.opter));
        let (due, standing) = (audit.due(&case), case.inside.standing.clone());
        let moment = (self.day, audit.clock.now());
        let mut taken = take(case, self.step.clone(), (&roles, &actor), moment, due)?;
        if let (Action::TakeBack, [.., before, _]) = (self.step.0, &standing[..]) {
            let before = records::at_step::<Case>(tx, self.case_id, *before).await?;
            taken.put_back(before.ok_or_else(|| case_unknown(self.case_id))?);
        }
        let answer = told(audit.seen(self.caller, &taken.after));
        changes::record(tx, audit, silence.into_iter().chain([taken]).collect()).await?;
        Ok(Done { answer, changed: () })
    }

    /// What a check led to is of its area and institution.
    async fn check_cases(&self, tx: &DatabaseTransaction, check: &Case) -> Result<(), ServiceError> {
        for case_id in &self.step.1.case_ids {
            let found: Option<Case> = records::find(tx, case_id).await?;
            let found = found.filter(|found| {
                let of_it = found.told.fixmedins_code == check.told.fixmedins_code;
                of_it && found.inside.area == check.inside.area && found.kind() != Kind::Inspection
            });
            found.ok_or_else(|| case_unknown(case_id))?;
        }
        Ok(())
    }
}

/// Who decides decides on what they saw. 0: whatever it is now, unless it must be said.
fn check_version(case: &Case, known: i32, must: bool) -> Result<(), ServiceError> {
    let current = case.told.version;
    if known == current || known == 0 && !must {
        return Ok(());
    }
    let told = format!("the case is at version {current}, the request at {known}");
    Err(ServiceError::new(Reason::CaseVersionStale, told).with("known", known).with("current", current))
}
