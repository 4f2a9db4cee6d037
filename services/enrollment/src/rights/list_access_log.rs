//! Who looked at a person, page by page.

use chrono::DateTime;
use yizhan_runtime::page::paginated;
use yizhan_runtime::{Caller, ServiceError};

use crate::access::store::access_log::{self, Place};
use crate::access::store::chain::LogEntry;
use crate::app::Register;
use crate::register::keeper::for_self_or_keeper;

/// One page, newest first, and the token of the next (empty on the last).
pub async fn list_access_log(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
    asked: (i32, &str),
) -> Result<(Vec<LogEntry>, String), ServiceError> {
    for_self_or_keeper(register, caller, psn_no).await?;
    let scope = format!("access_log/{psn_no}");
    let older = |before: Option<[String; 3]>, limit| {
        access_log::of_person(&register.db, psn_no, before.and_then(place), limit)
    };
    let key = |last: &LogEntry| {
        [last.at.timestamp_micros().to_string(), last.poolarea_no.clone(), last.seq.to_string()]
    };
    paginated(&scope, asked, older, key).await
}

fn place([at, poolarea_no, seq]: [String; 3]) -> Option<Place> {
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    Some(Place { at, poolarea_no, seq: seq.parse().ok()? })
}
