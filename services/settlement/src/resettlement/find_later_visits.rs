//! What a reversal changes for later visits, looking only.

use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{FindLaterVisitsRequest, FindLaterVisitsResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::App;
use crate::books::store::{merged, settlements};
use crate::looks::leave::{self, Look, check_purpose};
use crate::settlements::later::{Later, told, totals_of};
use crate::settlements::query::{find, unknown, whose};

/// What of later visits would be paid otherwise without a settlement, or as if it were reversed.
pub async fn find_later_visits(
    app: &App,
    caller: &Caller,
    request: FindLaterVisitsRequest,
) -> Result<FindLaterVisitsResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = check_purpose(caller, &request.purpose, false, &mut wrong);
    let row = find(app, &request.setl_id, wrong).await?;
    let agency = caller.may_read_area(Area::parse(&row.poolarea_no));
    let may = !matches!(caller, Caller::Department { .. }) && agency;
    if !may && !caller.may_act_for_institution(&row.fixmedins_code) {
        return Err(unknown());
    }
    if !row.reverses_setl_id.is_empty() {
        return Err(ServiceError::new(Reason::IsAReversal, "ask for what it reverses")
            .with("reverses_setl_id", row.reverses_setl_id));
    }
    let look =
        Look { kind: LookKind::Settlements, psn_no: &row.psn_no, subject: &row.setl_id, purpose: &purpose };
    leave::note(app, caller, whose(&row), look).await?;
    let reversed = settlements::reversal_of(&app.db, &row).await?.is_some();
    let psn_nos = merged::numbers(&app.db, &row.psn_no).await?;
    let later = match Later::read(app, &row, &psn_nos).await? {
        Some(later) => told(&later.plan(totals_of(app, &row).await?), caller.institution_code()),
        None => Default::default(),
    };
    Ok(FindLaterVisitsResponse { later: Some(later), reversed })
}
