//! 预结算: the calculation without the commit, and a quote of it.

use yizhan_proto::settlement::v1::{PreviewRequest, PreviewResponse};
use yizhan_runtime::{Caller, ServiceError, Violations};

use super::calculate::{calculate, wanted};
use super::prepare::prepare;
use super::quote::Read;
use crate::app::App;

/// Calculates a visit as Settle would now; writes nothing.
pub async fn preview(
    app: &App,
    caller: &Caller,
    request: PreviewRequest,
) -> Result<PreviewResponse, ServiceError> {
    let prepared = prepare(app, caller, request.visit, Violations::new()).await?;
    let state = app.person_state(wanted(&prepared, None)).await?;
    let calculated = calculate(&prepared, &state, None)?;
    let read = Read {
        visit: &prepared.known.visit.reported,
        case: &calculated.case,
        settlement: &calculated.settlement,
    };
    let quote = read.quote(app.clock.now() + app.quote_ttl);
    Ok(PreviewResponse { quote: Some(quote), settlement: Some(calculated.settlement) })
}
