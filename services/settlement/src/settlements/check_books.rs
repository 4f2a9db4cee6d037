//! The books of a pooling area are checked, for who keeps them.

use yizhan_proto::settlement::v1::{CheckBooksRequest, CheckBooksResponse};
use yizhan_runtime::{Caller, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::App;
use crate::books::check_books;
use crate::fields::check_area;

/// Discrepancies name persons and settlements: a department, which sees of those nothing but its own payments, is not told.
pub async fn check_books(
    app: &App,
    caller: &Caller,
    request: CheckBooksRequest,
) -> Result<CheckBooksResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_area(&request.poolarea_no, "poolarea_no", &mut wrong);
    wrong.none()?;
    let keeps = caller.may_read_area(Area::parse(&request.poolarea_no))
        && !matches!(caller, Caller::Department { .. });
    if !keeps && !matches!(caller, Caller::Operator { .. }) {
        return Err(ServiceError::area_not_owned(&request.poolarea_no));
    }
    Ok(check_books::check_books(&app.db, &request.poolarea_no).await?)
}
