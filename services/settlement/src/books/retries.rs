//! What settle, reverse and deposit share: being asked again, and coming second.

use std::time::Instant;

use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::db::{DatabaseConnection, KEEP_TRYING};
use yizhan_runtime::once::reused;
use yizhan_runtime::{Reason, ServiceError};

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

/// The settlement a handled request made, with whether it has been reversed since.
///
/// # Errors
/// REQUEST_ID_REUSED when it was another request.
pub async fn stored_answer(
    db: &DatabaseConnection,
    handled: &request::Model,
    digest: &str,
) -> Result<Settlement, ServiceError> {
    if handled.digest != digest || handled.setl_id.is_empty() {
        return Err(reused(&handled.request_id));
    }
    let row = settlements::by_id(db, &handled.setl_id).await?;
    let row =
        row.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a handled request has no settlement")))?;
    Ok(settlements::as_now(db, &row).await?)
}
