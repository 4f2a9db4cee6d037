//! Who looked at a person, page by page.

use chrono::DateTime;
use yizhan_proto::enrollment::v1::{ListAccessLogRequest, ListAccessLogResponse};
use yizhan_runtime::{Caller, ServiceError, page};

use crate::access::store::access_log::{self, Place};
use crate::app::Register;
use crate::register::keeper::for_self_or_keeper;
use crate::rights::messages;

/// One page, newest first.
pub async fn list_access_log(
    register: &Register,
    caller: &Caller,
    request: ListAccessLogRequest,
) -> Result<ListAccessLogResponse, ServiceError> {
    let ListAccessLogRequest { psn_no, page_size, page_token } = &request;
    for_self_or_keeper(register, caller, psn_no).await?;
    let scope = format!("access_log/{psn_no}");
    let limit = page::page_size(*page_size)?;
    let before = page::decode_token::<3>(&scope, page_token)?.as_ref().and_then(place);
    let mut found = access_log::of_person(&register.db, psn_no, before, limit + 1).await?;
    let more = found.len() as u64 > limit;
    found.truncate(limit as usize);
    let next_page_token = match found.last() {
        Some(last) if more => {
            let at = last.at.timestamp_micros().to_string();
            page::encode_token(&scope, &[&at, &last.poolarea_no, &last.seq.to_string()])
        }
        _ => String::new(),
    };
    let entries = found.into_iter().map(messages::log_entry).collect();
    Ok(ListAccessLogResponse { entries, next_page_token })
}

fn place([at, poolarea_no, seq]: &[String; 3]) -> Option<Place> {
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    Some(Place { at, poolarea_no: poolarea_no.clone(), seq: seq.parse().ok()? })
}
