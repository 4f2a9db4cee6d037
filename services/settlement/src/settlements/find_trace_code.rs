//! Where a code stands, as far as the caller may know.

use std::collections::BTreeSet;

use yizhan_proto::settlement::v1::{FindTraceCodeRequest, FindTraceCodeResponse, TraceCodeUse};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::messages::visit::is_trace_code;
use crate::app::App;
use crate::books::domain::trace_codes::Use;
use crate::books::store::trace_codes;

/// The lines a code stands on: for agencies those that their area pays or whose institution lies in it, for institutions their own.
pub async fn find_trace_code(
    app: &App,
    caller: &Caller,
    request: FindTraceCodeRequest,
) -> Result<FindTraceCodeResponse, ServiceError> {
    let code = request.drug_trac_codg;
    let mut wrong = Violations::new();
    let fits = is_trace_code(&code);
    Fields::of(&mut wrong).require(fits, "drug_trac_codg", Reason::TraceCodeInvalid);
    wrong.none()?;
    let looks = caller.institution_code().is_some()
        || (caller.readable_area().is_some() && !matches!(caller, Caller::Department { .. }));
    if !looks {
        return Err(ServiceError::area_not_owned("").with_text("只有经办机构和定点医药机构可以查询追溯码"));
    }
    let mut held = trace_codes::held(&app.db, BTreeSet::from([code.clone()])).await?;
    let mut answer = FindTraceCodeResponse::default();
    let uses = held.remove(&code).unwrap_or_default().uses;
    for stands in uses.into_iter().filter(|stands| stands.back_in.is_empty()) {
        if sees(app, caller, &stands).await? {
            answer.uses.push(told(stands));
        } else {
            answer.stands_elsewhere = true;
        }
    }
    Ok(answer)
}

async fn sees(app: &App, caller: &Caller, stands: &Use) -> Result<bool, ServiceError> {
    if caller.may_act_for_institution(&stands.fixmedins_code)
        || caller.may_read_area(Area::parse(&stands.poolarea_no))
    {
        return Ok(true);
    }
    let institution = app.reference.institution(&stands.fixmedins_code).await?;
    Ok(institution.is_some_and(|institution| caller.may_read_area(Area::parse(&institution.admdvs))))
}

fn told(stands: Use) -> TraceCodeUse {
    let Use { setl_id, feedetl_sn, fixmedins_code, poolarea_no, split, .. } = stands;
    TraceCodeUse { setl_id, feedetl_sn, trdn_flag: split, fixmedins_code, poolarea_no }
}
