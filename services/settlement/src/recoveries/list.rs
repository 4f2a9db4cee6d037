//! Recoveries of an area, of an institution, a settlement or a case.

use yizhan_proto::settlement::v1::{ListRecoveriesRequest, ListRecoveriesResponse};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::app::App;
use crate::books::store::recoveries::{self, Wanted, recovery, recovery_of};

/// One page.
pub async fn list_recoveries(
    app: &App,
    caller: &Caller,
    request: ListRecoveriesRequest,
) -> Result<ListRecoveriesResponse, ServiceError> {
    let own = caller.institution_code();
    let mut wrong = Violations::new();
    let area = match request.poolarea_no.as_str() {
        "" if own.is_some() => Some(None),
        given => Fields::of(&mut wrong).area("poolarea_no", given).map(Some),
    };
    let area = wrong.finish(area)?;
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let institution = given(&request.fixmedins_code);
    match own {
        None if matches!(caller, Caller::Department { .. }) => {
            return Err(ServiceError::area_not_owned(&request.poolarea_no));
        }
        None => caller.check_reads(&request.poolarea_no)?,
        Some(own) if institution.as_ref().is_some_and(|code| code != own) => {
            return Err(ServiceError::new(Reason::InstitutionNotOwn, "another institution's recoveries"));
        }
        Some(_) => {}
    }
    let wanted = Wanted {
        area_prefix: area.map(|area| area.prefix().to_owned()),
        institution: own.map(str::to_owned).or(institution),
        setl_id: given(&request.setl_id),
        case_id: given(&request.case_id),
    };
    let db = app.db.reading();
    let read = |before, limit| recoveries::list(&db, &wanted, before, limit);
    let key = |last: &recovery::Model| [last.recovery_id.clone()];
    let (rows, next_page_token) = app.pages.asked(caller, &request).page(read, key).await?;
    let recoveries = rows.iter().map(recovery_of).collect::<Result<_, _>>()?;
    Ok(ListRecoveriesResponse { recoveries, next_page_token })
}
