//! Are the log of an area, and its cases, plans and selections by it, still what was written?

use yizhan_proto::audit::v1::{VerifyCaseLogRequest, VerifyCaseLogResponse};
use yizhan_runtime::chain::{Asked, Verdict};
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use crate::app::Audit;
use crate::findings::check_sees_area;
use crate::records::{page, verify_log};

/// For whoever may read the area.
pub async fn verify_case_log(
    audit: &Audit,
    caller: &Caller,
    request: VerifyCaseLogRequest,
) -> Result<VerifyCaseLogResponse, ServiceError> {
    let VerifyCaseLogRequest { poolarea_no, expected_entries, expected_head_hash, from_expected } = request;
    let mut wrong = Violations::new();
    Fields::of(&mut wrong).area("poolarea_no", &poolarea_no);
    let asked = Asked::new(poolarea_no, expected_entries, expected_head_hash, from_expected);
    asked.check(&mut wrong);
    wrong.none()?;
    check_sees_area(caller, &asked.chain)?;
    if matches!(caller, Caller::Service { .. }) {
        return Err(ServiceError::area_not_owned(&asked.chain));
    }
    let db = &audit.db;
    let Verdict { reached, complete, broken } = verify_log(db, &audit.log_key, &asked).await?;
    let place = broken.map_or((0, 0), |broken| (broken.seq - 1, broken.seq));
    let at = if broken.is_some() { page(db, &asked.chain, place, 1).await? } else { Vec::new() };
    Ok(VerifyCaseLogResponse {
        intact: broken.is_none(),
        complete,
        entries: reached.seq,
        head_hash: reached.hash,
        fault: broken.map_or(0, |broken| broken.fault as i32),
        broken_seq: broken.map_or(0, |broken| broken.seq),
        written_seq: broken.and_then(|broken| broken.written_at).unwrap_or_default(),
        case_id: at.into_iter().next().map(|entry| entry.id).unwrap_or_default(),
        explanation: broken.map(|broken| broken.told("稽核日志")).unwrap_or_default(),
    })
}
