//! 期初, 调整: recorded once, on the person's year and account as they are.

use prost::Message;
use yizhan_proto::settlement::v1::{Opening, OpeningKind, RecordOpeningRequest, RecordOpeningResponse};
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::messages::entries::{Said, entries};
use super::messages::opening::{New, change_of, make};
use crate::app::App;
use crate::books::digest;
use crate::books::retries::{answer_again, attempts, contended};
use crate::books::store::commit::Committed;
use crate::books::store::load::{PersonState, Wanted, handled_request};
use crate::books::store::merged;
use crate::books::store::openings::standing_in;
use crate::settlements::reverse::MAX_REASON;

/// Records it, once however often it is asked.
pub async fn record_opening(
    app: &App,
    caller: &Caller,
    request: RecordOpeningRequest,
) -> Result<RecordOpeningResponse, ServiceError> {
    let new = check(app, caller, &request)?;
    caller.check_manages(&request.poolarea_no)?;
    let digest = digest::of_message(&request);
    let key = (caller.to_string(), request.request_id.clone());
    // A retry is answered as before, whatever enrollment would say now.
    if let Some(handled) = handled_request(&app.db, &key.0, &key.1).await? {
        return answer_again(&handled, &digest);
    }
    require_of_area(app, &request.psn_no, &request.poolarea_no).await?;
    let whose = (request.poolarea_no.as_str(), request.psn_no.as_str());
    let psn_nos = merged::numbers(&app.db, whose.1).await?;
    let _turn = app.turn_of(&[whose.1]).await;
    for _ in attempts() {
        let state = app.person_state(wanted(whose, &key)).await?;
        if let Some(handled) = &state.handled {
            return answer_again(handled, &digest);
        }
        let standing = match new.entries.policy_year {
            Some(year) => standing_in(&app.db, (whose.0, &psn_nos), year).await?,
            None => Vec::new(),
        };
        if new.head.kind() == OpeningKind::Opening {
            require_new(&new, &state, &standing)?;
        }
        let made = make(&new, &state)?;
        let answer = RecordOpeningResponse {
            opening: Some(made.opening.clone()),
            standing_setl_ids: standing,
            replayed: false,
        };
        let change = change_of(made, &state, (&key, &digest), answer.encode_to_vec(), new.at);
        if app.commit(change).await? == Committed::Done {
            return Ok(answer);
        }
    }
    Err(contended())
}

fn check(app: &App, caller: &Caller, request: &RecordOpeningRequest) -> Result<New, ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.area("poolarea_no", &request.poolarea_no);
    fields.psn_no("psn_no", &request.psn_no);
    let kind = request.kind();
    fields.require(kind != OpeningKind::Unspecified, "kind", Reason::CodeUnknown);
    let adjusts = kind == OpeningKind::Adjustment;
    let said = Said {
        poolarea_no: &request.poolarea_no,
        policy_year: &request.policy_year,
        additions: &request.accumulators,
        funds: &request.funds,
        signed: adjusts,
    };
    if !request.funds.is_empty() && request.policy_year.is_empty() && request.accumulators.is_empty() {
        fields.wrong("policy_year", Reason::Required);
    }
    let entries = entries(said, &app.policies.current(), &mut fields);
    fields.require(adjusts || request.acct_added_fen >= 0, "acct_added_fen", Reason::AmountNegative);
    let says = !request.accumulators.is_empty() || !request.funds.is_empty() || request.acct_added_fen != 0;
    fields.require(says, "accumulators", Reason::Required.saying("没有任何累计、基金支付或账户余额"));
    fields.text("source", &request.source, true);
    check_reason(&mut fields, &request.reason, adjusts);
    let head = Opening {
        kind: request.kind,
        poolarea_no: request.poolarea_no.clone(),
        psn_no: request.psn_no.clone(),
        acct_added_fen: request.acct_added_fen,
        source: request.source.clone(),
        reason: request.reason.clone(),
        recorded_by: caller.to_string(),
        ..Opening::default()
    };
    let entries = wrong.finish(entries)?;
    Ok(New { head, entries, at: app.clock.now() })
}

/// Why something is changed or taken back.
pub fn check_reason(fields: &mut Fields<'_>, reason: &str, needed: bool) {
    if needed && reason.trim().is_empty() {
        fields.wrong("reason", Reason::Required);
    }
    let fits = reason.chars().count() <= MAX_REASON;
    fields.require(fits, "reason", Reason::TooLong.saying(format!("最多 {MAX_REASON} 个字符")));
}

/// A person's state, and whether the request was handled before.
pub fn wanted((poolarea_no, psn_no): (&str, &str), key: &(String, String)) -> Wanted {
    Wanted {
        poolarea_no: poolarea_no.to_owned(),
        psn_no: psn_no.to_owned(),
        request: Some(key.clone()),
        ..Wanted::default()
    }
}

/// Nothing is opened for somebody nobody knows, nor in another area's books; what stands under merged numbers is the person's.
async fn require_of_area(app: &App, psn_no: &str, poolarea_no: &str) -> Result<(), ServiceError> {
    let known = app.known(psn_no, app.clock.today()).await?;
    if known.poolarea_no == poolarea_no {
        return app.bring_together(&known).await;
    }
    Err(ServiceError::invalid_field("poolarea_no", Reason::PersonInAnotherArea))
}

/// An opening is the first that the books say of the year, and of the account.
fn require_new(new: &New, state: &PersonState, standing: &[String]) -> Result<(), ServiceError> {
    let year = new.entries.policy_year.and_then(|year| state.years.get(&year));
    let year_is_new = standing.is_empty() && year.is_none_or(|(_, totals)| totals.is_empty());
    let account_is_new = new.head.acct_added_fen == 0 || state.own.version == 0;
    if year_is_new && account_is_new {
        return Ok(());
    }
    let error = ServiceError::new(
        Reason::YearHasEntries,
        "the books have something of this year or account already; record an adjustment",
    );
    let error = if year_is_new { error } else { error.with("setl_ids", standing.join(",")) };
    Err(error.with("of", if year_is_new { "account" } else { "policy_year" }))
}
