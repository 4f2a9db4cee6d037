//! 预结算: the calculation without the commit, and a quote of it.

use yizhan_proto::settlement::v1::{PreviewRequest, PreviewResponse};
use yizhan_runtime::{Caller, ServiceError, Violations};

use super::audited::{Audit, Moment};
use super::calculate::{Calculated, calculate, wanted};
use super::credited::{Credit, judged};
use super::part;
use super::prepare::prepare;
use super::previous;
use super::quote::Read;
use super::standing::{self, claims_of};
use crate::app::App;
use crate::books::store::load::Wanted;

/// Calculates a visit as Settle would now; writes nothing.
pub async fn preview(
    app: &App,
    caller: &Caller,
    request: PreviewRequest,
) -> Result<PreviewResponse, ServiceError> {
    let prepared = prepare(app, caller, request.visit, Violations::new()).await?;
    let visit = &prepared.known.visit.reported;
    let state = app.person_state(Wanted { claims: claims_of(visit, &[]), ..wanted(&prepared, None) }).await?;
    let so_far = part::behind(app, &prepared, &state, None).await?;
    let part = prepared.part(so_far.as_ref());
    let more = part.map(|part| part.more_numbers()).unwrap_or_default();
    if (state.claimed || !more.is_empty())
        && let Some(refusal) = standing::refusal(app, visit, &more).await?
    {
        return Err(refusal);
    }
    let before = previous::find(app, &prepared, &state).await?;
    let Calculated { case, settlement } = calculate(&prepared, part, (&state, before), None)?;
    let (mut credit, mut audit) = (Credit::default(), Audit::at(Moment::Preview));
    let settlement = judged(app, (&mut credit, &mut audit), settlement).await;
    let read = Read { visit, case: &case, settlement: &settlement };
    let quote = read.quote(app.clock.now() + app.quote_ttl);
    Ok(PreviewResponse { quote: Some(quote), settlement: Some(settlement) })
}
