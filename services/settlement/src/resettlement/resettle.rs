//! Later visits are reversed and settled again in order, all in one transaction.

use std::collections::BTreeSet;

use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{ResettleRequest, ResettleResponse};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::make::{By, make};
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::MANUAL;
use crate::books::retries::{answer_again, attempts, contended};
use crate::books::store::commit::{Committed, finish, write_together};
use crate::books::store::entities::settlement;
use crate::books::store::load::{Wanted, handled_request};
use crate::books::store::{merged, settlements};
use crate::fields::check_id;
use crate::looks::leave::{self, Look, check_purpose};
use crate::settlements::later::{Later, MAX_LATER, Plan, Totals};
use crate::settlements::query::{find, unknown, whose};
use crate::settlements::reverse::MAX_REASON;
use crate::worklist::store::settled_again;

/// Visits settled again by one request, at most.
const MAX_AGAIN: usize = 100;

/// Settles later visits again, once however often it is asked.
pub async fn resettle(
    app: &App,
    caller: &Caller,
    request: ResettleRequest,
) -> Result<ResettleResponse, ServiceError> {
    check(&request)?;
    let digest = digest::of_message(&request);
    let owner = caller.institution_code().map_or_else(|| caller.to_string(), str::to_owned);
    let key = (owner, request.request_id.clone());
    if let Some(handled) = handled_request(&app.db, &key.0, &key.1).await? {
        return answer_again(&handled, &digest);
    }
    let row = allowed(app, caller, &request).await?;
    let psn_nos = merged::numbers(&app.db, &row.psn_no).await?;
    let _turn = app.turn_of(&[&row.psn_no]).await;
    for _ in attempts() {
        let wanted = Wanted {
            poolarea_no: row.poolarea_no.clone(),
            psn_no: row.psn_no.clone(),
            request: Some(key.clone()),
            ..Wanted::default()
        };
        // The state first: what is settled between it and the reading is in the way of the commit.
        let state = app.person_state(wanted).await?;
        if let Some(handled) = &state.handled {
            return answer_again(handled, &digest);
        }
        let later = Later::read(app, &row, &psn_nos).await?;
        let totals: Totals = state.years.iter().map(|(year, (_, totals))| (*year, totals.clone())).collect();
        let plan = later.as_ref().map(|later| later.plan(totals)).unwrap_or_default();
        require_possible(caller, &plan, &request.later_setl_ids)?;
        let by = By { key: &key, digest: &digest, reason: &request.reason };
        let made = make(app, (&row, &psn_nos), state, (later.as_ref(), &plan), by).await?;
        let Some(made) = made else { return Ok(ResettleResponse::default()) };
        let Some(tx) = write_together(&app.db, made.changes).await? else { continue };
        settled_again(&tx, &made.replaced, app.clock.now()).await?;
        if finish(tx).await? == Committed::Done {
            app.feed.wake();
            return Ok(made.answer);
        }
    }
    Err(contended())
}

fn check(request: &ResettleRequest) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    check_id(&mut fields, "setl_id", &request.setl_id);
    let many = request.later_setl_ids.len() > MAX_LATER;
    fields.require(!many, "later_setl_ids", Reason::TooManyRows.saying(format!("最多 {MAX_LATER} 个")));
    let named = if many { [].as_slice() } else { request.later_setl_ids.as_slice() };
    for (at, setl_id) in named.iter().enumerate() {
        check_id(&mut fields, &format!("later_setl_ids[{at}]"), setl_id);
    }
    let fits = request.reason.chars().count() <= MAX_REASON;
    fields.require(fits, "reason", Reason::TooLong.saying(format!("最多 {MAX_REASON} 个字符")));
    wrong.none()
}

/// The row of the settlement, under the number that stays: the caller's to settle again, and one that can be. A look of the agency is logged.
async fn allowed(
    app: &App,
    caller: &Caller,
    request: &ResettleRequest,
) -> Result<settlement::Model, ServiceError> {
    let then = settlements::by_id(&app.db, &request.setl_id).await?.ok_or_else(unknown)?;
    let row = find(app, &request.setl_id, Violations::new()).await?;
    let may = caller.may_act_for_institution(&row.fixmedins_code)
        || caller.may_manage_area(Area::parse(&row.poolarea_no));
    if !may || ![&then.psn_no, &row.psn_no].contains(&&request.psn_no) {
        return Err(unknown());
    }
    if !row.reverses_setl_id.is_empty() {
        return Err(ServiceError::new(Reason::IsAReversal, "name what it reverses")
            .with("reverses_setl_id", row.reverses_setl_id));
    }
    if row.setl_type == MANUAL && settlements::reversal_of(&app.db, &row).await?.is_none() {
        return Err(ServiceError::new(Reason::PaidByHand, "the agency that paid cancels it first")
            .with("setl_id", row.setl_id));
    }
    let purpose = check_purpose(caller, "", false, &mut Violations::new());
    let look =
        Look { kind: LookKind::Settlements, psn_no: &row.psn_no, subject: &row.setl_id, purpose: &purpose };
    leave::note(app, caller, whose(&row), look).await?;
    Ok(row)
}

/// Refuses what the caller may not, what is not what they named, and what we cannot.
fn require_possible(caller: &Caller, plan: &Plan, named: &[String]) -> Result<(), ServiceError> {
    // A manual payment stays as the agency decided it, where the order does not matter.
    let by_hand = Reason::PaidByHand.code();
    let unknown: Vec<_> = plan.unknown.iter().filter(|(_, why)| why.code != by_hand).collect();
    let again = plan.again.iter().map(|(visit, ..)| visit);
    let touched = again.chain(&plan.between).chain(unknown.iter().map(|(visit, _)| visit));
    let others =
        touched.filter(|visit| caller.institution_code().is_some_and(|own| own != visit.row.fixmedins_code));
    let count = others.count();
    if count > 0 {
        return Err(ServiceError::new(
            Reason::OthersVisitsTouched,
            "later visits at other institutions would be settled again",
        )
        .with("count", count));
    }
    require_named(plan, named)?;
    let blocked = |why: &str, setl_ids: Vec<&str>| {
        ServiceError::new(Reason::ResettleBlocked, "later visits cannot be settled again by us")
            .with("why", why)
            .with("setl_ids", setl_ids.join(","))
    };
    if plan.too_many || plan.again.len() > MAX_AGAIN {
        let limit = if plan.too_many { MAX_LATER } else { MAX_AGAIN };
        return Err(blocked("TOO_MANY", Vec::new()).with("limit", limit));
    }
    if let Some((_, why)) = unknown.first() {
        return Err(blocked(
            &why.code,
            unknown.iter().map(|(visit, _)| visit.row.setl_id.as_str()).collect(),
        ));
    }
    if !plan.between.is_empty() {
        return Err(blocked(by_hand, plan.between.iter().map(|visit| visit.row.setl_id.as_str()).collect()));
    }
    Ok(())
}

fn require_named(plan: &Plan, named: &[String]) -> Result<(), ServiceError> {
    if named.is_empty() {
        return Ok(());
    }
    let wanted: BTreeSet<&str> = plan.again.iter().map(|(visit, ..)| visit.row.setl_id.as_str()).collect();
    let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    if wanted == named {
        return Ok(());
    }
    let ids = |ids: Vec<&str>| ids.join(",");
    Err(ServiceError::new(
        Reason::LaterVisitsDiffer,
        "these are not the visits that have to be settled again",
    )
    .with("missing", ids(wanted.difference(&named).copied().collect()))
    .with("surplus", ids(named.difference(&wanted).copied().collect())))
}
