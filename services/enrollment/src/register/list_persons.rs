//! The persons of an area, page by page.

use std::ops::RangeInclusive;

use yizhan_proto::enrollment::v1::{ListPersonsRequest, ListPersonsResponse};
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::Area;

use crate::app::Register;
use crate::person::store::entities::person;
use crate::person::store::registered::RegisteredPerson;
use crate::person::store::{persons, timelines};
use crate::register::messages;

/// One page.
pub async fn list_persons(
    register: &Register,
    caller: &Caller,
    request: ListPersonsRequest,
) -> Result<ListPersonsResponse, ServiceError> {
    let asked = register.pages.asked(caller, &request);
    let areas = listed(caller, &request.poolarea_no)?;
    let behind = |after: Option<[String; 2]>, limit| persons::page(&register.db, &areas, after, limit);
    let key = |last: &person::Model| [last.poolarea_no.clone(), last.psn_no.clone()];
    let (found, next_page_token) = asked.page(behind, key).await?;
    let psn_nos = found.iter().map(|person| person.psn_no.clone());
    let mut stored = timelines::find_many(&register.db, psn_nos).await?;
    let together = found.into_iter().filter_map(|person| {
        let stored = stored.remove(&person.psn_no)?;
        Some(RegisteredPerson::new(&register.vault, person, stored).map(messages::person))
    });
    let persons = together.collect::<Result<_, _>>().map_err(ServiceError::internal)?;
    Ok(ListPersonsResponse { persons, next_page_token })
}

/// What to list: the area asked for, if the caller may read it; else everything the caller owns.
fn listed(caller: &Caller, poolarea_no: &str) -> Result<RangeInclusive<Area>, ServiceError> {
    let refused = || ServiceError::area_not_owned(poolarea_no);
    if poolarea_no.is_empty() {
        return caller.readable_area().map(Area::codes).ok_or_else(refused);
    }
    let Some(area) = Area::parse(poolarea_no) else {
        return Err(ServiceError::invalid_field("poolarea_no", Reason::AreaInvalid));
    };
    if caller.may_read_area(area) { Ok(area..=area) } else { Err(refused().with("poolarea_no", area)) }
}
