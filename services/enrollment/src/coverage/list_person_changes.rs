//! What was recorded of a person, by whom and when: so that a mistake is found, and taken back.

use yizhan_proto::enrollment::v1::{ListPersonChangesRequest, ListPersonChangesResponse, PersonChange};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Caller, ServiceError};

use crate::app::{Register, person_unknown};
use crate::person::store::timelines::{self, Recorded};
use crate::register::keeper::check_keeper;

/// One page, the latest first; for the agency that keeps the person's register.
pub async fn list_person_changes(
    register: &Register,
    caller: &Caller,
    request: ListPersonChangesRequest,
) -> Result<ListPersonChangesResponse, ServiceError> {
    check_keeper(caller)?;
    let psn_no = request.psn_no.clone();
    let person = timelines::find(&register.db, &psn_no).await?;
    person
        .filter(|person| caller.may_manage_area(person.poolarea_no))
        .ok_or_else(|| person_unknown(&psn_no))?;
    let asked = register.pages.asked(caller, &request);
    let behind = |after: Option<[String; 1]>, limit| {
        let before = after.and_then(|[version]| version.parse().ok()).unwrap_or(i64::MAX);
        timelines::recorded(&register.db, &psn_no, before, limit)
    };
    let (found, next_page_token) = asked.page(behind, |last: &Recorded| [last.0.to_string()]).await?;
    Ok(ListPersonChangesResponse { changes: found.into_iter().map(told).collect(), next_page_token })
}

fn told((person_version, recorded_at, cause): Recorded) -> PersonChange {
    let mut words = cause.splitn(3, ' ').map(str::to_owned);
    PersonChange {
        person_version,
        recorded_at: Some(timestamp(recorded_at)),
        method: words.next().unwrap_or_default(),
        caller: words.next().unwrap_or_default(),
        request_id: words.next().unwrap_or_default(),
    }
}
