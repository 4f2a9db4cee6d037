//! 手工报销: what was paid by hand for one visit, as a settlement.

use yizhan_proto::enrollment::v1::GetEligibilityRequest;
use yizhan_proto::settlement::v1::{
    RecordManualPaymentRequest, RecordManualPaymentResponse, Visit as ProtoVisit,
};
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::domain::Entries;
use super::messages::entries::{Said, entries};
use super::messages::payment::{LookedUp, Visit, settlement, too_much, visit};
use super::record_opening::wanted;
use crate::app::App;
use crate::books::digest;
use crate::books::messages::claims::owner_of;
use crate::books::messages::rows::change_of;
use crate::books::retries::{attempts, contended, stored_answer};
use crate::books::store::commit::Committed;
use crate::books::store::load::{Wanted, handled_request};
use crate::settlements::settle::new_identity;
use crate::settlements::standing::{self, is_own, met};

/// Records it, once however often it is asked.
pub async fn record_manual_payment(
    app: &App,
    caller: &Caller,
    request: RecordManualPaymentRequest,
) -> Result<RecordManualPaymentResponse, ServiceError> {
    let institution = app.reference.institution(&request.fixmedins_code).await?;
    let (visit, entries) = check(app, &request, institution.is_some())?;
    caller.check_manages(&request.poolarea_no)?;
    let digest = digest::of_message(&request);
    let key = (caller.to_string(), request.request_id.clone());
    // A retry is answered as before, whatever enrollment would say now.
    if let Some(handled) = handled_request(&app.db, &key.0, &key.1).await? {
        let settlement = stored_answer(&app.db, &handled, &digest).await?;
        return Ok(RecordManualPaymentResponse { settlement: Some(settlement), replayed: true });
    }
    let question = GetEligibilityRequest {
        psn_no: request.psn_no.clone(),
        as_of: request.enddate.clone(),
        insutype: request.insutype.clone(),
        med_type: request.med_type.clone(),
        ..GetEligibilityRequest::default()
    };
    let eligibility = app.enrollment.eligibility(question).await?;
    if eligibility.poolarea_no != request.poolarea_no {
        return Err(ServiceError::invalid_field("poolarea_no", Reason::PersonInAnotherArea));
    }
    app.bring_together(&eligibility).await?;
    let known = LookedUp { eligibility: &eligibility, institution: institution.as_deref() };
    let whose = (request.poolarea_no.as_str(), request.psn_no.as_str());
    let claimed = ProtoVisit {
        fixmedins_code: owner_of(&request.fixmedins_code, whose).into_owned(),
        mdtrt_id: request.mdtrt_id.clone(),
        ..ProtoVisit::default()
    };
    let _turn = app.turn_of(&[whose.1]).await;
    for _ in attempts() {
        let days = Some([request.begndate.clone(), request.enddate.clone()]);
        let wanted = Wanted { days, ..wanted(whose, &key) };
        let state = app.person_state(wanted).await?;
        if let Some(handled) = &state.handled {
            let settlement = stored_answer(&app.db, handled, &digest).await?;
            return Ok(RecordManualPaymentResponse { settlement: Some(settlement), replayed: true });
        }
        if state.visits.iter().any(|claim| is_own(&claimed, claim))
            && let Some(refusal) = standing::refusal(app, &claimed, &[]).await?
        {
            return Err(refusal);
        }
        let totals = entries.policy_year.and_then(|year| state.years.get(&year)).cloned().unwrap_or_default();
        let (_, before) = entries.on(totals.1).map_err(|name| too_much(&name))?;
        let identity = new_identity(app, &key.1, &state);
        let marks = state.visits.iter().filter_map(|other| met(visit.days, other)).map(|(_, mark)| mark);
        let said = (&visit, &entries, marks.collect());
        let settlement = settlement(&request, said, &known, &identity, before);
        let change = change_of(&settlement, String::new(), (&key, &digest), &state, app.clock.now())?;
        match app.commit(change).await? {
            Committed::Done => {
                return Ok(RecordManualPaymentResponse { settlement: Some(settlement), replayed: false });
            }
            Committed::Handled | Committed::Outdated | Committed::FeesChanged => {}
            Committed::Claimed => {
                if let Some(refusal) = standing::refusal(app, &claimed, &[]).await? {
                    return Err(refusal);
                }
            }
        }
    }
    Err(contended())
}

fn check(
    app: &App,
    request: &RecordManualPaymentRequest,
    known: bool,
) -> Result<(Visit, Entries), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let visit = visit(request, known, app.clock.today(), &mut wrong);
    let said = Said {
        poolarea_no: &request.poolarea_no,
        policy_year: &request.policy_year,
        additions: &request.accumulators,
        funds: &request.funds,
        signed: false,
    };
    let book = app.policies.current();
    let entries = entries(said, &book, &mut Fields::of(&mut wrong));
    wrong.finish(visit.zip(entries))
}
