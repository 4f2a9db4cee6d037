//! 结算: one visit, every payer, one commit.

use std::collections::BTreeSet;
use std::time::Instant;

use yizhan_proto::settlement::v1::{SettleRequest, SettleResponse};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::ids::new_id_after;
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::server::MAX_MESSAGE_BYTES;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, metrics};

use super::audited::{Audit, Moment};
use super::calculate::{Calculated, calculate, wanted};
use super::credited::{Credit, judged};
use super::messages::answer::Identity;
use super::messages::audited;
use super::messages::part::SoFar;
use super::prepare::{Prepared, prepare};
use super::previous;
use super::quote::Read;
use super::{part, standing};
use crate::app::App;
use crate::books::digest;
use crate::books::messages::rows::change_of;
use crate::books::retries::{attempts, contended, stored_answer};
use crate::books::store::commit::{Change, Committed};
use crate::books::store::entities::request;
use crate::books::store::load::{PersonState, handled_request};

/// Bytes of an answer, and of an event of the feed, beside the settlement.
const ANSWER_ROOM: usize = 1024;

/// Settles a visit, once however often it is asked.
pub async fn settle(
    app: &App,
    caller: &Caller,
    request: SettleRequest,
) -> Result<SettleResponse, ServiceError> {
    let digest = digest::of_message(&request);
    let owner = owner_of(caller, &request);
    let request_id = request.request_id.clone();
    match settle_new(app, caller, request, &digest).await {
        // Where the database is away it cannot be asked either.
        Err(away) if away.reason() == Reason::DatabaseUnavailable => Err(away),
        // A retry is answered as before even when what it would do now is refused.
        Err(refusal) if caller.may_act_for_institution(&owner) => {
            replay(app, &owner, &request_id, &digest).await?.ok_or(refusal)
        }
        outcome => outcome,
    }
}

/// Whose request ids these are: the institution's.
fn owner_of(caller: &Caller, request: &SettleRequest) -> String {
    let named =
        request.visit.as_ref().map(|visit| visit.fixmedins_code.as_str()).filter(|code| !code.is_empty());
    named.or(caller.institution_code()).unwrap_or_default().to_owned()
}

async fn settle_new(
    app: &App,
    caller: &Caller,
    request: SettleRequest,
    digest: &str,
) -> Result<SettleResponse, ServiceError> {
    let begun = Instant::now();
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let prepared = prepare(app, caller, request.visit, wrong).await?;
    require_version(&prepared, request.person_version)?;
    let visit = &prepared.known.visit.reported;
    let _turn = app.turn_of(&[&visit.psn_no, &visit.mulaid_psn_no]).await;
    let key = (visit.fixmedins_code.clone(), request.request_id);
    let (mut so_far, mut back) = (None, BTreeSet::new());
    let (mut credit, mut audit) = (Credit::default(), Audit::at(Moment::Settle));
    for _ in attempts() {
        let mut wanted = wanted(&prepared, Some(key.clone()));
        wanted.codes.extend(back.iter().cloned());
        let state = app.person_state(wanted).await?;
        if let Some(handled) = &state.handled {
            return answer_again(app, handled, digest).await;
        }
        so_far = part::behind(app, &prepared, &state, so_far).await?;
        // What stands of codes that come back is read with the person's state.
        let come_back = so_far.as_ref().map(SoFar::codes_back).unwrap_or_default();
        if !come_back.is_subset(&back) {
            back = come_back;
            continue;
        }
        let part = prepared.part(so_far.as_ref());
        let identity = new_identity(app, &key.1, &state);
        let before = previous::find(app, &prepared, &state).await?;
        let Calculated { case, settlement } = calculate(&prepared, part, (&state, before), Some(&identity))?;
        let settlement = judged(app, (&mut credit, &mut audit), settlement).await;
        let calculated = Calculated { case, settlement };
        audited::refusal(&calculated.settlement).map_or(Ok(()), Err)?;
        require_quoted(app, &prepared, &calculated, &request.quote_id)?;
        let case_json = serde_json::to_string(&calculated.case).map_err(ServiceError::internal)?;
        let fees = prepared.fees.clone();
        let change = change_of(&calculated.settlement, case_json, (&key, digest), &state, app.clock.now())?;
        let change = Change { fees, ..change };
        let answer = change.settlement.as_ref().map(|row| row.answer.clone()).unwrap_or_default();
        require_answerable(answer.len())?;
        let payers = payers(&calculated);
        // What is answered are these bytes.
        drop(calculated);
        match app.commit(change).await? {
            Committed::Done => {
                metrics::settle_took(begun.elapsed(), payers);
                return Ok(SettleResponse::stored(answer));
            }
            // Somebody else was first: the next round sees their request or their state.
            Committed::Handled | Committed::Outdated => {}
            Committed::FeesChanged => {
                return Err(ServiceError::new(
                    Reason::FeesChanged,
                    "the lines of the visit have just changed",
                ));
            }
            Committed::Claimed => {
                let more = part.map(|part| part.more_numbers()).unwrap_or_default();
                if let Some(refusal) = standing::refusal(app, visit, &more).await? {
                    return Err(refusal);
                }
            }
        }
    }
    Err(contended())
}

/// How many pay a part.
fn payers(calculated: &Calculated) -> usize {
    let details = calculated.settlement.setldetail.iter().filter(|detail| detail.fund_payamt_fen != 0);
    details.map(|detail| detail.fund_pay_type.as_str()).collect::<BTreeSet<_>>().len()
}

/// The id and time of a settlement that is about to be made. The id sorts behind those the person has: which of two is the later is
/// decided by the order they were committed in, whatever the clocks of two processes say.
pub fn new_identity(app: &App, request_id: &str, state: &PersonState) -> Identity {
    let setl_id = new_id_after(&state.last_setl_id);
    Identity { setl_id, request_id: request_id.to_owned(), time: timestamp(app.clock.now()) }
}

fn require_version(prepared: &Prepared, known: i64) -> Result<(), ServiceError> {
    let current = prepared.known.stay.eligibility.person_version;
    if known == 0 || known == current {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::PersonVersionStale,
        format!("the register is at version {current}, the request at {known}"),
    )
    .with_text("参保信息已变更，请重新获取后再结算")
    .with("known", known)
    .with("current", current))
}

/// What is settled must fit into an answer: nobody would learn of it.
pub fn require_answerable(bytes: usize) -> Result<(), ServiceError> {
    if bytes + ANSWER_ROOM <= MAX_MESSAGE_BYTES {
        return Ok(());
    }
    let error = ServiceError::new(Reason::FeesTooMany, "the settlement does not fit into an answer");
    Err(error.with("bytes", bytes).with("limit", MAX_MESSAGE_BYTES))
}

fn require_quoted(
    app: &App,
    prepared: &Prepared,
    calculated: &Calculated,
    quote_id: &str,
) -> Result<(), ServiceError> {
    if quote_id.is_empty() {
        return Ok(());
    }
    let read = Read {
        visit: &prepared.known.visit.reported,
        case: &calculated.case,
        settlement: &calculated.settlement,
    };
    read.keep(quote_id, app.clock.now())
}

/// The stored answer to a request, if it was handled before.
async fn replay(
    app: &App,
    owner: &str,
    request_id: &str,
    digest: &str,
) -> Result<Option<SettleResponse>, ServiceError> {
    match handled_request(&app.db, owner, request_id).await? {
        Some(handled) => answer_again(app, &handled, digest).await.map(Some),
        None => Ok(None),
    }
}

async fn answer_again(
    app: &App,
    handled: &request::Model,
    digest: &str,
) -> Result<SettleResponse, ServiceError> {
    let settlement = stored_answer(&app.db, handled, digest).await?;
    Ok(SettleResponse::again(settlement))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_settled_that_cannot_be_answered() {
        let refused = |bytes| require_answerable(bytes).map_err(|error| error.reason()).err();
        assert_eq!(refused(MAX_MESSAGE_BYTES - ANSWER_ROOM), None);
        assert_eq!(refused(MAX_MESSAGE_BYTES), Some(Reason::FeesTooMany));
    }
}
