//! What becomes of a proposal: points are decided on, or taken back; it is closed, or that was a mistake.

use yizhan_proto::credit::v1::{
    CloseProposalRequest, CloseProposalResponse, Entry, EntryKind, Proposal, ProposedAct,
    ReopenProposalRequest, ReopenProposalResponse, SubjectKind,
};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::is_reason;

use super::domain::State;
use super::store::{self, Model};
use crate::app::Credit;
use crate::ledger::{append, is_code, make_known, subject};
use crate::officer::check_opter;

/// Acts by their `act_id`, as a decision names them.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// That give points.
    pub acts: Vec<String>,
    /// That give none.
    pub dismissed: Vec<String>,
}

/// Points were decided on what a decision of audit found of a practitioner, by this matter.
///
/// # Errors
/// PROPOSAL_CLOSED where it does not wait for points, PROPOSAL_ACTS_LEFT where nothing was said of some of its acts, a violation where one is dismissed that it does not
/// have; those of the database. Where audit proposed nothing nothing happens.
pub async fn decided(
    tx: &DatabaseTransaction,
    practitioner: &str,
    (case_id, decision_no): (&str, i32),
    matter_id: &str,
    named: Named,
) -> Result<(), ServiceError> {
    let found = store::of_decision(tx, (case_id, decision_no), Some(practitioner)).await?;
    let Some(row) = found.into_iter().next() else { return named.answers(&[]) };
    if State::of(row.state) != Some(State::Open) {
        return Err(not_so(Reason::ProposalClosed, &row));
    }
    named.answers(&row.clone().told()?.acts)?;
    let row = Model { matter_id: matter_id.to_owned(), ..row };
    Ok(store::write(tx, vec![row.settled()]).await?)
}

impl Named {
    /// Whether something is said of each act that was proposed.
    fn answers(&self, proposed: &[ProposedAct]) -> Result<(), ServiceError> {
        let mut wrong = Violations::new();
        for (at, act_id) in self.dismissed.iter().enumerate() {
            let known = proposed.iter().any(|act| act.act_id == *act_id);
            wrong.require(known, format!("dismissed[{at}].act_id"), Reason::CodeUnknown);
        }
        wrong.none()?;
        let said =
            |act: &&ProposedAct| self.acts.contains(&act.act_id) || self.dismissed.contains(&act.act_id);
        let left: Vec<&ProposedAct> = proposed.iter().filter(|act| !said(act)).collect();
        if left.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = left.iter().map(|act| act.act_id.as_str()).collect();
        let kinds: Vec<&str> = left.iter().map(|act| act.vola_bhvr_type.as_str()).collect();
        let told =
            format!("该待记分事项还有未处理的行为：{}；逐个记分，或者说明不予记分的理由", kinds.join("、"));
        let error =
            ServiceError::new(Reason::ProposalActsLeft, "nothing was said of some acts of the proposal");
        Err(error.with_text(told).with("act_ids", ids.join(",")))
    }
}

/// The points of a matter were taken back as a whole: what it was decided on waits again, if it stands.
///
/// # Errors
/// Those of the database.
pub async fn undecided(tx: &DatabaseTransaction, matter_id: &str) -> Result<(), ServiceError> {
    let Some(row) = store::of_matter(tx, matter_id).await? else { return Ok(()) };
    let row = Model { matter_id: String::new(), ..row };
    Ok(store::write(tx, vec![row.settled()]).await?)
}

/// What an officer says of a proposal.
struct Said<'s> {
    caller: &'s Caller,
    proposal_id: &'s str,
    reason: &'s str,
    opter: &'s str,
}

/// No points are given, or they stand.
pub async fn close_proposal(
    credit: &Credit,
    caller: &Caller,
    mut request: CloseProposalRequest,
) -> Result<CloseProposalResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    let CloseProposalRequest { proposal_id, reason, opter, .. } = &request;
    let said = Said { caller, proposal_id, reason, opter };
    said.check(wrong)?;
    once::once(credit, &key, |write| Box::pin(said.close(write))).await
}

/// That was a mistake.
pub async fn reopen_proposal(
    credit: &Credit,
    caller: &Caller,
    mut request: ReopenProposalRequest,
) -> Result<ReopenProposalResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    let ReopenProposalRequest { proposal_id, reason, opter, .. } = &request;
    let said = Said { caller, proposal_id, reason, opter };
    said.check(wrong)?;
    once::once(credit, &key, |write| Box::pin(said.reopen(write))).await
}

impl Said<'_> {
    fn check(&self, mut wrong: Violations) -> Result<(), ServiceError> {
        wrong.require(is_code(self.proposal_id), "proposal_id", Reason::Characters);
        wrong.require(!self.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
        wrong.require(is_reason(self.reason), "reason", Reason::ReasonInvalid);
        check_opter(self.caller, self.opter, &mut wrong);
        wrong.none()
    }

    async fn close(
        &self,
        write: Write<'_, '_, Credit>,
    ) -> Result<Done<CloseProposalResponse, ()>, ServiceError> {
        let row = self.held(&write).await?;
        if !State::of(row.state).is_some_and(State::waits) {
            return Err(not_so(Reason::ProposalClosed, &row));
        }
        let (reason, opter) = (self.reason.to_owned(), self.opter.to_owned());
        let row = Model { is_closed: true, reason, opter, ..row };
        let proposal = Some(self.enter(&write, row, EntryKind::ActClosed).await?);
        Ok(Done { answer: CloseProposalResponse { proposal, replayed: false }, changed: () })
    }

    async fn reopen(
        &self,
        write: Write<'_, '_, Credit>,
    ) -> Result<Done<ReopenProposalResponse, ()>, ServiceError> {
        let row = self.held(&write).await?;
        if !row.is_closed {
            return Err(not_so(Reason::ProposalNotClosed, &row));
        }
        let row = Model { is_closed: false, reason: String::new(), opter: String::new(), ..row };
        let proposal = Some(self.enter(&write, row, EntryKind::ActReopened).await?);
        Ok(Done { answer: ReopenProposalResponse { proposal, replayed: false }, changed: () })
    }

    /// Of others' areas there is none.
    async fn held(&self, write: &Write<'_, '_, Credit>) -> Result<Model, ServiceError> {
        let found = store::hold(write.tx, self.proposal_id).await?;
        let own = found.filter(|row| self.caller.may_manage_area(Area::parse(&row.poolarea_no)));
        own.ok_or_else(|| ServiceError::new(Reason::ProposalUnknown, "no such proposal"))
    }

    async fn enter(
        &self,
        write: &Write<'_, '_, Credit>,
        row: Model,
        kind: EntryKind,
    ) -> Result<Proposal, ServiceError> {
        let practitioner = subject(SubjectKind::Practitioner, &row.practitioner_code);
        let mut known = make_known(write.tx, &practitioner, &row.poolarea_no).await?;
        let entry = Entry {
            poolarea_no: row.poolarea_no.clone(),
            kind: kind.into(),
            matter_id: row.proposal_id.clone(),
            case_id: row.case_id.clone(),
            decision_no: row.decision_no,
            decided_on: write.service.clock.today().to_string(),
            fixmedins_code: row.fixmedins_code.clone(),
            opter: self.opter.to_owned(),
            actor: self.caller.to_string(),
            note: self.reason.to_owned(),
            ..Entry::default()
        };
        append(write.tx, write.service, &mut known, vec![entry]).await?;
        let row = row.settled();
        store::write(write.tx, vec![row.clone()]).await?;
        Ok(row.told()?)
    }
}

fn not_so(reason: Reason, row: &Model) -> ServiceError {
    let state = State::of(row.state).map_or("", State::name);
    ServiceError::new(reason, format!("the proposal is {state}")).with("state", state)
}
