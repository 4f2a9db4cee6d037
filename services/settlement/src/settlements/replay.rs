//! Computes a stored settlement again, and compares to the byte.

use prost::Message;
use yizhan_policy::case::Case;
use yizhan_proto::settlement::v1::{
    AccumulatorChange, ReplaySettlementRequest, ReplaySettlementResponse, Settlement,
};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::calculate::refused;
use super::messages::answer::Identity;
use super::messages::{answer, reversal};
use super::query::{find, require_whole};
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::MANUAL;
use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
use crate::books::store::settlements;

/// Computes a settlement again from its recorded case and policy version.
pub async fn replay(
    app: &App,
    caller: &Caller,
    request: ReplaySettlementRequest,
) -> Result<ReplaySettlementResponse, ServiceError> {
    let row = find(app, &request.setl_id, Violations::new()).await?;
    require_whole(caller, &row)?;
    if row.setl_type == MANUAL && row.case_json.is_empty() && row.reverses_setl_id.is_empty() {
        return Err(ServiceError::new(
            Reason::PaidByHand,
            "the agency decided the amounts; there is nothing to compute",
        ));
    }
    let stored = settlements::answer_of(&row)?;
    let recomputed = if row.reverses_setl_id.is_empty() {
        settle_again(app, &row, &stored)?
    } else {
        reverse_again(app, &row, &stored).await?
    };
    let recomputed = recomputed.encode_to_vec();
    Ok(ReplaySettlementResponse {
        identical: recomputed == row.answer,
        stored_digest: digest::of_bytes(&row.answer),
        recomputed_digest: digest::of_bytes(&recomputed),
    })
}

fn settle_again(app: &App, row: &settlement::Model, stored: &Settlement) -> Result<Settlement, ServiceError> {
    let case: Case = serde_json::from_str(&row.case_json).map_err(ServiceError::internal)?;
    let book = app.policies.current();
    let policy = book.version(&row.policy_id, &row.policy_version).ok_or_else(|| {
        ServiceError::internal(anyhow::anyhow!("a settlement's policy version is not published"))
    })?;
    let outcome = yizhan_policy::replay(policy, &case).map_err(refused)?;
    let again = answer::again(stored, &case, policy, &outcome)?;
    let kept = reversal::kept_then(&again, stored);
    Ok(reversal::where_kept(again, &kept))
}

/// A reversal is its original, negative; what the years added up to then is in its trace.
async fn reverse_again(
    app: &App,
    row: &settlement::Model,
    stored: &Settlement,
) -> Result<Settlement, ServiceError> {
    let original = settlements::by_id(&app.db, &row.reverses_setl_id).await?;
    let original =
        original.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a reversal has no original")))?;
    let original = settlements::answer_of(&original)?;
    let info = header(stored).clone();
    let original = reversal::under(original, &reversal::numbers_of(stored));
    let kept = reversal::kept_then(&original, stored);
    let original = reversal::where_kept(original, &kept);
    let identity = Identity {
        setl_id: info.setl_id,
        request_id: info.medins_setl_id,
        time: info.setl_time.unwrap_or_default(),
    };
    let mut told = stored.trace.iter().flat_map(|trace| &trace.accumulators);
    let before = |_: &AccumulatorChange| told.next().map_or(0, |change| change.before);
    let mut reversal = reversal::of(&original, &identity, &info.reversal_reason, before, info.balc_fen);
    reversal::replaced_by(&mut reversal, &info.replaced_by_setl_id);
    Ok(reversal)
}
