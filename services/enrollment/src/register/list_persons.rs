//! The persons of an area, page by page.

use std::ops::RangeInclusive;

use yizhan_runtime::page::paginated;
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::Area;

use crate::app::Register;
use crate::person::store::entities::person;
use crate::person::store::registered::RegisteredPerson;
use crate::person::store::{persons, timelines};

/// One page, and the token of the next (empty on the last).
pub async fn list_persons(
    register: &Register,
    caller: &Caller,
    poolarea_no: &str,
    asked: (i32, &str),
) -> Result<(Vec<RegisteredPerson>, String), ServiceError> {
    let areas = listed(caller, poolarea_no)?;
    let scope = format!("persons/{}-{}", areas.start(), areas.end());
    let behind = |after: Option<[String; 2]>, limit| persons::page(&register.db, &areas, after, limit);
    let key = |last: &person::Model| [last.poolarea_no.clone(), last.psn_no.clone()];
    let (found, next) = paginated(&scope, asked, behind, key).await?;
    let psn_nos = found.iter().map(|person| person.psn_no.clone());
    let mut stored = timelines::find_many(&register.db, psn_nos).await?;
    let together = found.into_iter().filter_map(|person| {
        let stored = stored.remove(&person.psn_no)?;
        Some(RegisteredPerson::new(&register.vault, person, stored))
    });
    Ok((together.collect::<Result<_, _>>().map_err(ServiceError::internal)?, next))
}

/// What to list: the area asked for, if the caller may read it; else everything the caller owns.
fn listed(caller: &Caller, poolarea_no: &str) -> Result<RangeInclusive<Area>, ServiceError> {
    let refused = || {
        ServiceError::new(Reason::AreaNotOwned, "the caller may not read the register of this pooling area")
            .with_text("无权查询该统筹区的参保信息")
    };
    if poolarea_no.is_empty() {
        return caller.readable_area().map(Area::codes).ok_or_else(refused);
    }
    let Some(area) = Area::parse(poolarea_no) else {
        let text = "统筹区应为 6 位行政区划代码";
        return Err(ServiceError::invalid_field("poolarea_no", Reason::PoolareaInvalid, text));
    };
    if caller.may_read_area(area) { Ok(area..=area) } else { Err(refused().with("poolarea_no", area)) }
}
