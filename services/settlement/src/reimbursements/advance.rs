//! Takes a step of an application. Of two that take one at once, one does, and the other is told what it finds.

use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::settlement::v1::{
    AdvanceReimbursementRequest, AdvanceReimbursementResponse, Reimbursement,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{self, Done, RequestKey, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_workflow::{To, is_reason};

use super::application::{MAX_PAPERS, area_of, check_account, check_opter, check_papers, lacking, unknown};
use super::domain::clock;
use super::domain::steps::{Actor, Said, next, roles, settled, state, take};
use super::domain::table::{Action, REIMBURSEMENTS, State};
use super::queries::seen;
use super::{approve, store, submit};
use crate::app::App;
use crate::fields::reference;
use crate::rules::{Reimbursements, Rules};
use crate::settlements::paid_visit::rule_of;

/// Takes it, once however often it is asked.
pub async fn advance_reimbursement(
    app: &App,
    caller: &Caller,
    mut request: AdvanceReimbursementRequest,
) -> Result<AdvanceReimbursementResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    match taken(app, caller, (&key, wrong), &request).await {
        // Where the database is away it cannot be asked either.
        Err(away) if away.reason() == Reason::DatabaseUnavailable => Err(away),
        // Sent twice at once, it is the first that stands in the way of the second.
        Err(refusal) => once::answered(app, &key).await?.ok_or(refusal),
        done => done,
    }
}

async fn taken(
    app: &App,
    caller: &Caller,
    (key, mut wrong): (&RequestKey, Violations),
    request: &AdvanceReimbursementRequest,
) -> Result<AdvanceReimbursementResponse, ServiceError> {
    let of = seen(app, caller, &request.reimbursement_id).await?;
    if roles(&of, caller).is_empty() {
        return Err(ServiceError::area_not_owned(&of.poolarea_no));
    }
    let action = check(caller, request, &mut wrong);
    let action = wrong.finish(action)?;
    let step = Step { app, caller, request, action, actor: Actor::of(caller, &request.opter) };
    step.require(&of)?;
    match action {
        Action::Approve => approve::approve(&step, key, &of).await,
        Action::Reverse => approve::reverse(&step, key, &of).await,
        _ => {
            if let Some(asked) = &request.application {
                let received = parse_date(&of.received_date).unwrap_or_else(|| app.clock.today());
                let same = asked.visit.as_ref().is_some_and(|visit| visit.psn_no == of.psn_no);
                let mut wrong = Violations::new();
                wrong.require(same, "application.visit.psn_no", Reason::VisitOfAnother);
                submit::check(app, caller, asked, (Some(&of.poolarea_no), received), wrong).await?;
            }
            once::once(app, key, |write| Box::pin(step.write(write))).await
        }
    }
}

fn check(caller: &Caller, request: &AdvanceReimbursementRequest, wrong: &mut Violations) -> Option<Action> {
    let action = wrong.some(Action::asked(request.action), "action", Reason::ActionUnknown);
    check_opter(caller, &request.opter, wrong);
    let says_why = action.is_some_and(|action| REIMBURSEMENTS.says_why(action));
    wrong.require(!says_why || !request.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(&request.reason), "reason", Reason::ReasonInvalid);
    let is = |one: Action| action == Some(one);
    for (field, given, expected) in [
        ("papers", !request.papers.is_empty(), is(Action::Supplement)),
        ("application", request.application.is_some(), is(Action::Supplement)),
        ("payee_account_ref", !request.payee_account_ref.is_empty(), is(Action::ChangeAccount)),
        ("repaid_fen", request.repaid_fen != 0, is(Action::Repay)),
        ("file_id", !request.file_id.is_empty(), is(Action::Repay)),
    ] {
        wrong.require(!given || expected, field, Reason::FieldNotExpected);
    }
    if is(Action::Supplement) {
        let given = !request.papers.is_empty() || request.application.is_some();
        wrong.require(given, "papers", Reason::Required.saying("请补充材料，或更正申请"));
    }
    check_papers("papers", &request.papers, wrong);
    let mut fields = Fields::of(wrong);
    if is(Action::ChangeAccount) {
        check_account(&mut fields, &request.payee_account_ref);
    }
    if is(Action::Repay) {
        fields.require(request.repaid_fen > 0, "repaid_fen", Reason::AmountInvalid);
        reference(&mut fields, "file_id", &request.file_id, true);
    }
    action
}

/// A step that somebody takes.
pub struct Step<'s> {
    /// The service.
    pub app: &'s App,
    /// Who asks.
    pub caller: &'s Caller,
    /// What is asked, its form checked.
    pub request: &'s AdvanceReimbursementRequest,
    /// The step.
    pub action: Action,
    /// As whom.
    pub actor: Actor,
}

impl Step<'_> {
    /// Where it would lead from how an application stands.
    ///
    /// # Errors
    /// Where it has moved on since it was seen, or does not allow the step.
    pub fn require(&self, of: &Reimbursement) -> Result<To<State>, ServiceError> {
        let known = self.request.version;
        if known != 0 && known != of.version {
            let told = format!("the application is at version {}, the request at {known}", of.version);
            let error = ServiceError::new(Reason::ReimbursementVersionStale, told);
            return Err(error.with("known", known).with("current", of.version));
        }
        next(of, self.action, (&roles(of, self.caller), &self.actor), self.app.clock.today())
    }

    /// What the step says.
    pub fn said(&self) -> Said<'_> {
        Said { reason: &self.request.reason, file_id: &self.request.file_id, owed_fen: 0 }
    }

    async fn write(
        &self,
        Write { tx, .. }: Write<'_, '_, App>,
    ) -> Result<Done<AdvanceReimbursementResponse, ()>, ServiceError> {
        let id = &self.request.reimbursement_id;
        let mut of = store::hold(tx, id).await?.ok_or_else(|| unknown(id))?;
        let to = self.require(&of)?;
        let rules = self.app.rules.current();
        let rule = rule_at(&rules, &of)?;
        let (to, owed_fen) = self.apply(&mut of, &rules, rule, to)?;
        take(&mut of, (self.action, to), &self.actor, Said { owed_fen, ..self.said() }, self.app.clock.now());
        if matches!(to, State::Refused | State::Withdrawn) {
            store::release_bills(tx, id).await?;
        } else if self.request.application.is_some() {
            let bills = of.application.iter().flat_map(|asked| asked.bills.clone()).collect::<Vec<_>>();
            store::hold_bills(tx, id, &bills).await?;
        }
        if owed_fen != 0 {
            let booked = (of.poolarea_no.as_str(), of.psn_no.as_str(), new_id());
            store::pay::book(tx, (booked.0, booked.1, &booked.2), -owed_fen).await?;
        }
        store::write(tx, &of, rule).await?;
        let answer =
            AdvanceReimbursementResponse { reimbursement: Some(of), settlement: None, replayed: false };
        Ok(Done { answer, changed: () })
    }

    /// What the step does besides; where it leads, and what it does to what is owed.
    fn apply(
        &self,
        of: &mut Reimbursement,
        rules: &Rules,
        rule: &Reimbursements,
        to: To<State>,
    ) -> Result<(State, i64), ServiceError> {
        let (days, today) = (&WorkingDays::of(rules, area_of(of)?), self.app.clock.today());
        match self.action {
            Action::Supplement => {
                self.supplement(of)?;
                of.lacking = lacking(of, rule);
                clock::begin(of, rule, days, today);
            }
            Action::Ask => clock::wait(of, rule, days, today),
            Action::ChangeAccount => {
                if let Some(asked) = &mut of.application {
                    asked.payee_account_ref.clone_from(&self.request.payee_account_ref);
                }
            }
            Action::Repay => {
                let repaid = self.request.repaid_fen;
                if repaid > -of.owed_fen {
                    let said = Reason::AmountInvalid.saying(format!("最多 {} 分", -of.owed_fen));
                    return Err(ServiceError::invalid_field("repaid_fen", said));
                }
                return Ok((settled(of, of.owed_fen + repaid), repaid));
            }
            _ => {}
        }
        let to = match to {
            To::State(to) => to,
            To::Stay | To::OneOf(_) => state(of),
        };
        Ok((to, 0))
    }

    fn supplement(&self, of: &mut Reimbursement) -> Result<(), ServiceError> {
        if let Some(asked) = &self.request.application {
            of.application = Some(asked.clone());
        }
        let Some(application) = &mut of.application else { return Ok(()) };
        application.papers.extend(self.request.papers.iter().cloned());
        let said = Reason::TooMany.saying(format!("最多 {MAX_PAPERS} 份"));
        let fits = application.papers.len() <= MAX_PAPERS;
        fits.then_some(()).ok_or_else(|| ServiceError::invalid_field("papers", said))
    }
}

/// The rule of the day an application was taken in.
pub fn rule_at<'r>(rules: &'r Rules, of: &Reimbursement) -> Result<&'r Reimbursements, ServiceError> {
    let day = parse_date(&of.received_date);
    let day = day.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("an application has no day")))?;
    Ok(&rule_of(rules, area_of(of)?, day)?.rule)
}
