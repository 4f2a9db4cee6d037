//! The books of a pooling area are checked, for who keeps them.

use yizhan_proto::settlement::v1::{CheckBooksRequest, CheckBooksResponse};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Caller, ServiceError, Violations, metrics};

use crate::app::App;
use crate::books::check_books;

/// Discrepancies name persons and settlements: a department, which sees of those nothing but its own payments, is not told.
pub async fn check_books(
    app: &App,
    caller: &Caller,
    request: CheckBooksRequest,
) -> Result<CheckBooksResponse, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("poolarea_no", &request.poolarea_no);
    let area = wrong.finish(area)?;
    let keeps = caller.may_read_area(area) && !matches!(caller, Caller::Department { .. });
    if !keeps && !matches!(caller, Caller::Operator { .. }) {
        return Err(ServiceError::area_not_owned(area));
    }
    let policies = app.policies.current();
    let found = check_books::check_books(&app.db.patient(), &policies, area.as_str()).await?;
    metrics::books_checked(area.as_str(), found.discrepancies.len(), app.clock.now().timestamp());
    Ok(found)
}
