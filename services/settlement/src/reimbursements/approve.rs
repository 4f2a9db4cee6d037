//! 复审通过 settles the visit by the engine, 撤销 takes that back: each in one transaction with the step.

use yizhan_proto::settlement::v1::{
    AdvanceReimbursementResponse, PreviewReimbursementRequest, PreviewReimbursementResponse, Reimbursement,
    ReimbursementApplication, Settlement, Visit,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::once::{self, Done, RequestKey, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::advance::{Step, rule_at};
use super::application::{paid_visit, unknown};
use super::domain::steps::{Said, settled, state, take};
use super::domain::table::State;
use super::queries::{may_read, seen};
use super::{pay, store};
use crate::app::App;
use crate::books::messages::claims::owner_of;
use crate::books::messages::parts::header;
use crate::books::messages::rows::change_of;
use crate::books::retries::{attempts, contended};
use crate::books::store::commit::{Change, Committed, write_in};
use crate::books::store::entities::claim;
use crate::books::store::load::PersonState;
use crate::books::store::settlements;
use crate::settlements::calculate::{Calculated, calculate, wanted};
use crate::settlements::messages::answer::Identity;
use crate::settlements::paid_visit::prepare_paid;
use crate::settlements::prepare::Prepared;
use crate::settlements::previous;
use crate::settlements::reverse::{Attempt, Back, Undo};
use crate::settlements::settle::{new_identity, require_answerable};
use crate::settlements::standing::{self, is_own};

/// A visit of an application, ready for the engine.
struct Ready {
    prepared: Prepared,
    /// The visit as what is paid once knows it.
    claimed: Visit,
}

impl Ready {
    async fn of(app: &App, caller: &Caller, of: &Reimbursement) -> Result<Ready, ServiceError> {
        let asked: &ReimbursementApplication = of.application.as_ref().ok_or_else(|| unknown(""))?;
        let stays = app.merged_into(&of.psn_no).await?;
        let received = parse_date(&of.received_date).unwrap_or_else(|| app.clock.today());
        let mut wrong = Violations::new();
        let paid = paid_visit(app, asked, (&of.reimbursement_id, stays, received), &mut wrong).await?;
        let prepared = prepare_paid(app, caller, paid, wrong).await?;
        let eligibility = &prepared.known.stay.eligibility;
        if eligibility.poolarea_no != of.poolarea_no {
            return Err(ServiceError::invalid_field("psn_no", Reason::PersonInAnotherArea));
        }
        let visit = &prepared.known.visit.reported;
        let owner = owner_of(&visit.fixmedins_code, (&of.poolarea_no, &visit.psn_no)).into_owned();
        Ok(Ready { claimed: Visit { fixmedins_code: owner, ..visit.clone() }, prepared })
    }

    async fn calculate(
        &self,
        app: &App,
        identity: Option<&str>,
    ) -> Result<(PersonState, Calculated), ServiceError> {
        let state = app.person_state(wanted(&self.prepared, None)).await?;
        if let Some(held) = state.visits.iter().find(|claim| is_own(&self.claimed, claim)) {
            return Err(visit_settled(held));
        }
        let before = previous::find(app, &self.prepared, &state).await?;
        let identity: Option<Identity> = identity.map(|request_id| new_identity(app, request_id, &state));
        let calculated = calculate(&self.prepared, None, (&state, before), identity.as_ref())?;
        Ok((state, calculated))
    }
}

fn visit_settled(held: &claim::Model) -> ServiceError {
    ServiceError::new(Reason::VisitSettled, format!("settlement {} of the visit stands", held.held_by))
        .with("setl_id", &held.held_by)
        .with("mdtrt_id", &held.number)
}

/// What the second review would settle now.
pub async fn preview_reimbursement(
    app: &App,
    caller: &Caller,
    request: PreviewReimbursementRequest,
) -> Result<PreviewReimbursementResponse, ServiceError> {
    let of = seen(app, caller, &request.reimbursement_id).await?;
    if !may_read(caller, &of.poolarea_no) {
        return Err(ServiceError::area_not_owned(&of.poolarea_no));
    }
    if !matches!(state(&of), State::Waiting | State::FirstReview | State::SecondReview) {
        let error = ServiceError::new(Reason::ReimbursementStepRefused, "it was decided");
        return Err(error.with("state", state(&of).name()).with("allowed_actions", ""));
    }
    let (_, calculated) = Ready::of(app, caller, &of).await?.calculate(app, None).await?;
    Ok(PreviewReimbursementResponse { settlement: Some(calculated.settlement) })
}

/// Settles it, with the step.
pub async fn approve(
    step: &Step<'_>,
    key: &RequestKey,
    of: &Reimbursement,
) -> Result<AdvanceReimbursementResponse, ServiceError> {
    let app = step.app;
    let ready = Ready::of(app, step.caller, of).await?;
    let _turn = app.turn_of(&[&ready.claimed.psn_no]).await;
    for _ in attempts() {
        let (state, calculated) = ready.calculate(app, Some(&key.cause.request_id)).await?;
        let Calculated { case, settlement } = calculated;
        let case_json = serde_json::to_string(&case).map_err(ServiceError::internal)?;
        let own = (String::new(), String::new());
        let change = change_of(&settlement, case_json, (&own, ""), &state, app.clock.now())?;
        // The step is the request.
        let change = Change { request: None, ..change };
        require_answerable(change.settlement.as_ref().map_or(0, |row| row.answer.len()))?;
        let writing = Writing { step, version: of.version, settlement, change };
        match once::once(app, key, |write| Box::pin(writing.approve(write))).await {
            Err(other) if other.reason() == Reason::ConcurrentChange => {}
            // Somebody else holds what it claims: the visit, which the next round sees, or a line.
            Err(other) if other.reason() == Reason::LineSettled => {
                if let Some(refusal) = standing::refusal(app, &ready.claimed, &[]).await? {
                    return Err(refusal);
                }
            }
            outcome => return outcome,
        }
    }
    Err(contended())
}

/// Takes the settlement back, with the step: what was not paid is not owed any more, what was paid is owed by the person.
pub async fn reverse(
    step: &Step<'_>,
    key: &RequestKey,
    of: &Reimbursement,
) -> Result<AdvanceReimbursementResponse, ServiceError> {
    let app = step.app;
    let missing = || ServiceError::internal(anyhow::anyhow!("an application has no settlement"));
    let row = settlements::by_id(&app.db, &of.setl_id).await?.ok_or_else(missing)?;
    let back = Back::of(app, &row).await?;
    let _turn = back.turn(app).await;
    let request = (step.caller.to_string(), key.cause.request_id.clone());
    for _ in attempts() {
        let undo = Undo { key: &request, digest: "", reason: &step.request.reason };
        let Attempt::Made(settlement, change) = back.attempt(app, undo).await? else { continue };
        let change = Change { request: None, ..*change };
        let writing = Writing { step, version: of.version, settlement: *settlement, change };
        match once::once(app, key, |write| Box::pin(writing.reverse(write))).await {
            Err(other) if other.reason() == Reason::ConcurrentChange => {}
            outcome => return outcome,
        }
    }
    Err(contended())
}

/// A settlement, or a reversal, that is written with its step.
struct Writing<'s> {
    step: &'s Step<'s>,
    /// Of the application that it was calculated from.
    version: i32,
    settlement: Settlement,
    change: Change,
}

impl Writing<'_> {
    async fn approve(
        &self,
        Write { tx, service: app, .. }: Write<'_, '_, App>,
    ) -> Result<Done<AdvanceReimbursementResponse, ()>, ServiceError> {
        let mut of = self.hold(tx).await?;
        let info = header(&self.settlement);
        (of.setl_id, of.psn_no) = (info.setl_id.clone(), info.psn_no.clone());
        of.approved_fen = info.fund_pay_sumamt_fen;
        let said = Said { owed_fen: of.approved_fen, ..self.step.said() };
        let to = settled(&of, of.approved_fen);
        take(&mut of, (self.step.action, to), &self.step.actor, said, app.clock.now());
        self.written(tx, of).await
    }

    async fn reverse(
        &self,
        Write { tx, service: app, .. }: Write<'_, '_, App>,
    ) -> Result<Done<AdvanceReimbursementResponse, ()>, ServiceError> {
        pay::lock_runs(tx, &header(&self.settlement).poolarea_no).await?;
        let mut of = self.hold(tx).await?;
        of.reversal_setl_id.clone_from(&header(&self.settlement).setl_id);
        pay::strike(tx, &mut of, "").await?;
        let said = Said { owed_fen: -of.approved_fen, ..self.step.said() };
        let to = settled(&of, of.owed_fen - of.approved_fen);
        take(&mut of, (self.step.action, to), &self.step.actor, said, app.clock.now());
        store::release_bills(tx, &of.reimbursement_id).await?;
        self.written(tx, of).await
    }

    /// It is as it was seen, and allows the step.
    async fn hold(
        &self,
        tx: &yizhan_runtime::db::DatabaseTransaction,
    ) -> Result<Reimbursement, ServiceError> {
        let id = &self.step.request.reimbursement_id;
        let of = store::hold(tx, id).await?.ok_or_else(|| unknown(id))?;
        self.step.require(&of)?;
        if of.version == self.version {
            return Ok(of);
        }
        let error = ServiceError::new(Reason::ReimbursementVersionStale, "it has had another step meanwhile");
        Err(error.with("known", self.version).with("current", of.version))
    }

    async fn written(
        &self,
        tx: &yizhan_runtime::db::DatabaseTransaction,
        of: Reimbursement,
    ) -> Result<Done<AdvanceReimbursementResponse, ()>, ServiceError> {
        let rules = self.step.app.rules.current();
        store::write(tx, &of, rule_at(&rules, &of)?).await?;
        match write_in(tx, &self.change).await? {
            Committed::Done => {}
            Committed::Claimed => return Err(ServiceError::new(Reason::LineSettled, "it is claimed")),
            Committed::Handled | Committed::Outdated | Committed::FeesChanged => return Err(contended()),
        }
        let settlement = Some(self.settlement.clone());
        let answer = AdvanceReimbursementResponse { reimbursement: Some(of), settlement, replayed: false };
        Ok(Done { answer, changed: () })
    }
}
