//! Who looked at a person, page by page.

use chrono::DateTime;
use yizhan_proto::enrollment::v1::{ListAccessLogRequest, ListAccessLogResponse};
use yizhan_runtime::{Caller, ServiceError};

use crate::access::store::access_log::{self, Place};
use crate::access::store::chain::LogEntry;
use crate::app::Register;
use crate::register::keeper::for_self_or_keeper;
use crate::rights::messages;

/// One page, newest first.
pub async fn list_access_log(
    register: &Register,
    caller: &Caller,
    request: ListAccessLogRequest,
) -> Result<ListAccessLogResponse, ServiceError> {
    let asked = register.pages.asked(caller, &request);
    let psn_no = request.psn_no.as_str();
    for_self_or_keeper(register, caller, psn_no).await?;
    let older = |before: Option<[String; 3]>, limit| {
        access_log::of_person(&register.db, psn_no, before.and_then(place), limit)
    };
    let key = |last: &LogEntry| {
        [last.at.timestamp_micros().to_string(), last.poolarea_no.clone(), last.seq.to_string()]
    };
    let (found, next_page_token) = asked.page(older, key).await?;
    let entries = found.into_iter().map(messages::log_entry).collect();
    Ok(ListAccessLogResponse { entries, next_page_token })
}

fn place([at, poolarea_no, seq]: [String; 3]) -> Option<Place> {
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    Some(Place { at, poolarea_no, seq: seq.parse().ok()? })
}
