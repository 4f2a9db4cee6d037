//! Reading the lines of a visit back.

use chrono::DateTime;
use yizhan_proto::settlement::v1::{ListFeesRequest, ListFeesResponse, UploadedFee};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Caller, ServiceError, Violations};
use yizhan_terms::Area;

use super::messages::visit_of;
use crate::app::App;
use crate::books::store::merged;
use crate::books::store::uploaded::{self, line_of, uploaded_fee};
use crate::fields::require_own_institution;

/// The lines of a visit by number.
pub async fn list_fees(
    app: &App,
    caller: &Caller,
    request: ListFeesRequest,
) -> Result<ListFeesResponse, ServiceError> {
    let asked = app.pages.asked(caller, &request);
    let mut wrong = Violations::new();
    let visit = visit_of(caller, request.fixmedins_code, request.mdtrt_id, &mut wrong);
    wrong.none()?;
    let institution = app.reference.institution(&visit.fixmedins_code).await?;
    let managed = institution.is_some_and(|place| caller.may_manage_area(Area::parse(&place.admdvs)));
    if !managed {
        require_own_institution(caller, &visit.fixmedins_code)?;
    }
    let behind = |after: Option<[String; 1]>, limit| uploaded::page(&app.db, &visit, after, limit);
    let key = |last: &uploaded_fee::Model| [last.feedetl_sn.clone()];
    let (rows, next_page_token) = asked.page(behind, key).await?;
    let psn_no = uploaded::visit(&app.db, &visit).await?.map(|visit| visit.psn_no);
    let psn_no = merged::stays(&app.db, &psn_no.unwrap_or_default()).await?;
    let told = |row: uploaded_fee::Model| {
        Ok(UploadedFee {
            line: Some(line_of(&row)?),
            psn_no: psn_no.clone(),
            setl_id: row.setl_id,
            uploaded_at: DateTime::from_timestamp_micros(row.uploaded_at_us).map(timestamp),
        })
    };
    let fees = rows.into_iter().map(told).collect::<Result<_, ServiceError>>()?;
    Ok(ListFeesResponse { fees, next_page_token })
}
