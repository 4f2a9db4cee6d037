//! 结算: one visit, every payer, one commit.

use std::collections::BTreeMap;

use prost::Message;
use yizhan_proto::settlement::v1::{SettleRequest, SettleResponse, Settlement};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, ServiceError, Violations};

use super::calculate::{Calculated, Prepared, calculate, prepare, wanted};
use crate::app::App;
use crate::domain::answer::Identity;
use crate::domain::digest;
use crate::domain::quote::{self, Read};
use crate::domain::visit::check_id;
use crate::store::commit::{Change, Committed};
use crate::store::entities::{account, accumulated, posting, request, settlement};
use crate::store::load::{Balance, PersonState, handled_request};
use crate::store::settlements;

/// How often a settlement is calculated again because the person's state moved on. Requests of
/// one process take turns, so this counts processes, not requests.
const ATTEMPTS: usize = 16;

/// Settles a visit, once however often it is asked.
pub async fn settle(
    app: &App,
    caller: &Caller,
    request: SettleRequest,
) -> Result<SettleResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_id(&request.request_id, "request_id", &mut wrong);
    wrong.finish()?;
    let digest = digest::of_message(&request);
    let owner = owner_of(caller, &request);
    let request_id = request.request_id.clone();
    match settle_new(app, caller, request, &digest).await {
        Ok(response) => Ok(response),
        // A retry is answered as before even when what it would do now is refused.
        Err(refusal) => replay(app, &owner, &request_id, &digest).await?.ok_or(refusal),
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
    let prepared = prepare(app, caller, request.visit).await?;
    require_version(&prepared, request.person_version)?;
    let visit = &prepared.visit.reported;
    let _turn = app.turn_of(&prepared.eligibility.poolarea_no, &[&visit.psn_no, &visit.mulaid_psn_no]).await;
    let key = (visit.fixmedins_code.clone(), request.request_id);
    for _ in 0..ATTEMPTS {
        let state = app.person_state(wanted(&prepared, Some(key.clone()))).await?;
        if let Some(handled) = &state.handled {
            return answer_again(app, handled, digest).await;
        }
        let identity = new_identity(app, &key.1);
        let calculated = calculate(&prepared, &state, Some(&identity))?;
        require_quoted(app, &prepared, &calculated, &request.quote_id)?;
        let change = change(app, &prepared, &calculated, &state, (&key, digest))?;
        match app.commit(change).await? {
            Committed::Done => {
                return Ok(SettleResponse { settlement: Some(calculated.settlement), replayed: false });
            }
            // Somebody else was first: the next round sees their request or their state.
            Committed::Handled | Committed::Outdated => {}
        }
    }
    Err(contended())
}

/// Too many others settle for this person at once.
pub fn contended() -> ServiceError {
    ServiceError::aborted(
        "CONCURRENT_CHANGE",
        "other settlements of this person came between; retry with the same request_id",
        "该参保人有其他结算正在进行，请用同一报文ID重试",
    )
}

/// The id and time of a settlement that is about to be made.
pub fn new_identity(app: &App, request_id: &str) -> Identity {
    Identity { setl_id: new_id(), request_id: request_id.to_owned(), time: quote::timestamp(app.clock.now()) }
}

fn require_version(prepared: &Prepared, known: i64) -> Result<(), ServiceError> {
    let current = prepared.eligibility.person_version;
    if known == 0 || known == current {
        return Ok(());
    }
    Err(ServiceError::failed_precondition(
        "PERSON_VERSION_STALE",
        format!("the register is at version {current}, the request at {known}"),
        "参保信息已变更，请重新获取后再结算",
    )
    .with("known", known)
    .with("current", current))
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
    let read =
        Read { visit: &prepared.visit.reported, case: &calculated.case, settlement: &calculated.settlement };
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
    Ok(SettleResponse { settlement: Some(stored_answer(app, handled, digest).await?), replayed: true })
}

/// The settlement a handled request made.
///
/// # Errors
/// REQUEST_ID_REUSED when it was another request.
pub async fn stored_answer(
    app: &App,
    handled: &request::Model,
    digest: &str,
) -> Result<Settlement, ServiceError> {
    if handled.digest != digest || handled.setl_id.is_empty() {
        return Err(reused(&handled.request_id));
    }
    let row = settlements::by_id(&app.db, &handled.setl_id).await?;
    let row =
        row.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a handled request has no settlement")))?;
    Ok(settlements::answer_of(&row)?)
}

/// The request id belongs to another request.
pub fn reused(request_id: &str) -> ServiceError {
    ServiceError::already_exists(
        "REQUEST_ID_REUSED",
        "this request_id was used for another request",
        "该报文ID已用于另一请求",
    )
    .with("request_id", request_id)
}

/// Everything the settlement changes.
fn change(
    app: &App,
    prepared: &Prepared,
    calculated: &Calculated,
    state: &PersonState,
    (key, digest): (&(String, String), &str),
) -> Result<Change, ServiceError> {
    let settlement = &calculated.settlement;
    let case_json = serde_json::to_string(&calculated.case).map_err(ServiceError::internal)?;
    let visit = &prepared.visit.reported;
    let info = settlement.setlinfo.clone().unwrap_or_default();
    let own = (visit.psn_no.as_str(), state.own, -(info.acct_pay_fen - info.acct_mulaid_pay_fen));
    let shared = (visit.mulaid_psn_no.as_str(), state.shared, -info.acct_mulaid_pay_fen);
    Ok(Change {
        request: request_row(key, digest, settlement),
        years: years_after(settlement, state)?,
        accounts: accounts_after(&info.poolarea_no, [own, shared]),
        postings: posting_rows(settlement),
        settlement: Some(settlement_row(settlement, case_json)),
        kind: "SETTLED",
        at: app.clock.now(),
    })
}

/// The row of a handled request.
pub fn request_row(key: &(String, String), digest: &str, settlement: &Settlement) -> request::Model {
    let info = settlement.setlinfo.clone().unwrap_or_default();
    request::Model {
        owner: key.0.clone(),
        request_id: key.1.clone(),
        digest: digest.to_owned(),
        poolarea_no: info.poolarea_no,
        psn_no: info.psn_no,
        setl_id: info.setl_id,
        answer: Vec::new(),
    }
}

/// The years a settlement read or changed, one version on: every year whose totals it changed,
/// and the year of the visit even when it changed nothing there, because it rests on it.
pub fn years_after(
    settlement: &Settlement,
    state: &PersonState,
) -> Result<Vec<accumulated::Model>, ServiceError> {
    let info = settlement.setlinfo.clone().unwrap_or_default();
    let trace = settlement.trace.clone().unwrap_or_default();
    let mut years: BTreeMap<String, BTreeMap<String, i64>> =
        trace.layers.iter().map(|layer| (layer.policy_year.clone(), BTreeMap::new())).collect();
    for change in &trace.accumulators {
        *years
            .entry(change.policy_year.clone())
            .or_default()
            .entry(change.accumulator.clone())
            .or_insert(0) += change.added;
    }
    years
        .into_iter()
        .map(|(policy_year, added)| {
            let known = policy_year.parse().ok().and_then(|year| state.years.get(&year));
            let (version, mut totals) = known.cloned().unwrap_or_default();
            added.into_iter().for_each(|(name, added)| *totals.entry(name).or_insert(0) += added);
            totals.retain(|_, total| *total != 0);
            Ok(accumulated::Model {
                poolarea_no: info.poolarea_no.clone(),
                psn_no: info.psn_no.clone(),
                policy_year,
                version: version + 1,
                totals: serde_json::to_string(&totals).map_err(ServiceError::internal)?,
            })
        })
        .collect()
}

/// The accounts that change, one version on.
pub fn accounts_after(poolarea_no: &str, changes: [(&str, Balance, i64); 2]) -> Vec<account::Model> {
    let changed = changes.into_iter().filter(|(_, _, added)| *added != 0);
    changed
        .map(|(psn_no, balance, added)| account::Model {
            poolarea_no: poolarea_no.to_owned(),
            psn_no: psn_no.to_owned(),
            version: balance.version + 1,
            balance_fen: balance.fen + added,
        })
        .collect()
}

/// The rows of a settlement's postings.
pub fn posting_rows(settlement: &Settlement) -> Vec<posting::Model> {
    let info = settlement.setlinfo.clone().unwrap_or_default();
    let numbered = (0i64..).zip(&settlement.postings);
    numbered
        .map(|(seq, posting)| posting::Model {
            poolarea_no: info.poolarea_no.clone(),
            psn_no: info.psn_no.clone(),
            setl_id: info.setl_id.clone(),
            seq,
            account: posting.account.clone(),
            amount_fen: posting.amount_fen,
        })
        .collect()
}

/// The row of a settlement.
pub fn settlement_row(settlement: &Settlement, case_json: String) -> settlement::Model {
    let info = settlement.setlinfo.clone().unwrap_or_default();
    let policy = settlement.trace.as_ref().and_then(|trace| trace.policy.clone()).unwrap_or_default();
    let time = info.setl_time.unwrap_or_default();
    settlement::Model {
        poolarea_no: info.poolarea_no,
        psn_no: info.psn_no,
        setl_id: info.setl_id,
        fixmedins_code: info.fixmedins_code,
        med_type: info.med_type,
        enddate: info.enddate,
        reverses_setl_id: info.reverses_setl_id,
        setl_time_us: time.seconds * 1_000_000 + i64::from(time.nanos) / 1000,
        medfee_sumamt_fen: info.medfee_sumamt_fen,
        fund_pay_sumamt_fen: info.fund_pay_sumamt_fen,
        psn_part_amt_fen: info.psn_part_amt_fen,
        policy_id: policy.policy_id,
        policy_version: policy.version,
        case_json,
        answer: settlement.encode_to_vec(),
    }
}
