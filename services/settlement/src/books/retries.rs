//! What settle, reverse and deposit share: being asked again, and coming second.

use std::time::Instant;

use chrono::{DateTime, Utc};
use yizhan_proto::Replayable;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::db::{DatabaseConnection, KEEP_TRYING};
use yizhan_runtime::once::reused;
use yizhan_runtime::{Reason, ServiceError};

use super::digest;
use super::store::claims::Claims;
use super::store::commit::Change;
use super::store::entities::request;
use super::store::settlements;

/// How often a change is made again because the person's state moved on. Requests of one process
/// take turns, so this counts processes, not requests.
const ATTEMPTS: usize = 16;

/// The attempts at one change: so many, within the time in which a transaction is tried again.
pub fn attempts() -> impl Iterator<Item = usize> {
    let began = Instant::now();
    (0..ATTEMPTS).take_while(move |_| began.elapsed() < KEEP_TRYING)
}

/// Too many others settle for this person at once.
pub fn contended() -> ServiceError {
    ServiceError::new(
        Reason::ConcurrentChange,
        "other settlements of this person came between; retry with the same request_id",
    )
    .with_text("该参保人有其他结算正在进行，请用同一报文ID重试")
}

/// What takes the id of a message that has not arrived, so that it makes nothing when it does.
pub fn block(owner: &str, request_id: &str, at: DateTime<Utc>) -> Change {
    let request = request::Model {
        owner: owner.to_owned(),
        request_id: request_id.to_owned(),
        digest: digest_of_block(owner, request_id),
        poolarea_no: String::new(),
        psn_no: String::new(),
        setl_id: String::new(),
        answer: Vec::new(),
    };
    only_request(request, at)
}

/// A handled request, and nothing else.
pub fn only_request(request: request::Model, at: DateTime<Utc>) -> Change {
    Change {
        request: Some(request),
        settlement: None,
        opening: None,
        amounts: None,
        postings: Vec::new(),
        years: Vec::new(),
        accounts: Vec::new(),
        bookings: Vec::new(),
        claims: Claims::default(),
        released: Claims::default(),
        codes: Vec::new(),
        fees: None,
        practitioners: Vec::new(),
        kind: "",
        at,
    }
}

/// Whether a handled request is no request but [`block`].
pub fn is_blocked(handled: &request::Model) -> bool {
    handled.digest == digest_of_block(&handled.owner, &handled.request_id)
}

/// Whether a handled request of an institution settled visits again: it made several settlements, and names none.
pub fn is_resettlement(handled: &request::Model) -> bool {
    handled.setl_id.is_empty() && !is_blocked(handled)
}

/// Refuses a message whose id was taken before it arrived.
fn require_not_blocked(handled: &request::Model) -> Result<(), ServiceError> {
    if !is_blocked(handled) {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::MessageReversed,
        "this message was reversed (2601) before it arrived; send what is to be settled under a new request_id",
    ))
}

/// No request has it: what is blocked is not a message of ours.
fn digest_of_block(owner: &str, request_id: &str) -> String {
    digest::of_bytes(format!("2601 {owner} {request_id}").as_bytes())
}

/// The stored answer of a handled request that made no settlement, `replayed` set.
///
/// # Errors
/// REQUEST_ID_REUSED when it was another request; MESSAGE_REVERSED when its id was taken before it arrived.
pub fn answer_again<A: Replayable>(handled: &request::Model, digest: &str) -> Result<A, ServiceError> {
    require_not_blocked(handled)?;
    if handled.digest != digest {
        return Err(reused(&handled.request_id));
    }
    let mut answer = A::decode(handled.answer.as_slice()).map_err(ServiceError::internal)?;
    answer.set_replayed();
    Ok(answer)
}

/// The settlement a handled request made, with whether it has been reversed since.
///
/// # Errors
/// REQUEST_ID_REUSED when it was another request; MESSAGE_REVERSED when its id was taken before it arrived.
pub async fn stored_answer(
    db: &DatabaseConnection,
    handled: &request::Model,
    digest: &str,
) -> Result<Settlement, ServiceError> {
    require_not_blocked(handled)?;
    if handled.digest != digest || handled.setl_id.is_empty() {
        return Err(reused(&handled.request_id));
    }
    let row = settlements::by_id(db, &handled.setl_id).await?;
    let row =
        row.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a handled request has no settlement")))?;
    Ok(settlements::as_now(db, &row).await?)
}
