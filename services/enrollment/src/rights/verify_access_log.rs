//! Is the access log of an area still what was written?

use yizhan_proto::enrollment::v1::{VerifyAccessLogRequest, VerifyAccessLogResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::access::store::access_log;
use crate::access::store::chain::{Anchor, Break, ChainCheck, LogKey};
use crate::app::Register;
use crate::rights::messages;

/// Entries read at once.
const PAGE: u64 = 1000;
/// Entries verified by one call at most: what is left is verified from there on by the next.
const MAX_ENTRIES_PER_CALL: i64 = 100_000;

/// What to verify.
struct Asked {
    poolarea_no: String,
    /// How far the chain reached, as somebody noted it earlier.
    noted: Option<Anchor>,
    /// Whether everything up to there was verified before and is not read again.
    from_noted: bool,
}

impl Asked {
    fn of(request: VerifyAccessLogRequest) -> Asked {
        let noted = Anchor { seq: request.expected_entries, hash: request.expected_head_hash };
        let noted = Some(noted).filter(|noted| noted.seq != 0 || !noted.hash.is_empty());
        Asked { poolarea_no: request.poolarea_no, noted, from_noted: request.from_expected }
    }
}

/// For whoever may read the area.
pub async fn verify_access_log(
    register: &Register,
    caller: &Caller,
    request: VerifyAccessLogRequest,
) -> Result<VerifyAccessLogResponse, ServiceError> {
    let asked = Asked::of(request);
    check(&asked)?;
    // For the agency and the departments: no service audits.
    if !caller.may_read_area(Area::parse(&asked.poolarea_no)) || matches!(caller, Caller::Service { .. }) {
        return Err(ServiceError::area_not_owned(&asked.poolarea_no));
    }
    walk(register, &asked).await
}

/// What nobody can have been told earlier is refused: it could never be met, and the log would pass as intact.
fn check(asked: &Asked) -> Result<(), ServiceError> {
    let mut violations = Violations::new();
    violations.require(Area::parse(&asked.poolarea_no).is_some(), "poolarea_no", Reason::AreaInvalid);
    if let Some(noted) = &asked.noted {
        let text = "应为之前核验结果中的条数，大于 0";
        violations.require(noted.seq > 0, "expected_entries", Reason::CountInvalid.saying(text));
        let is_hash =
            noted.hash.len() == 64 && noted.hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let text = "应为之前核验结果中的 64 位十六进制摘要";
        violations.require(is_hash, "expected_head_hash", Reason::TextInvalid.saying(text));
    }
    violations.none()
}

async fn walk(register: &Register, asked: &Asked) -> Result<VerifyAccessLogResponse, ServiceError> {
    let key = register.access_log.key();
    let extent = access_log::extent(&register.db, &asked.poolarea_no).await?;
    let mut check = match begin(register, key, asked).await? {
        Ok(check) => check,
        Err(broken) => return Ok(messages::verdict(Anchor::default(), false, Some(broken))),
    };
    let until = extent.last_seq.min(check.reached().seq.saturating_add(MAX_ENTRIES_PER_CALL));
    while check.reached().seq < until {
        let after = check.reached().seq;
        let entries = access_log::page(&register.db, &asked.poolarea_no, after, until, PAGE).await?;
        let broken = entries.iter().try_for_each(|entry| check.step(entry)).err();
        // Entries are never removed; who removes one while it is read shows here, not in an endless loop.
        let broken = broken.or_else(|| entries.is_empty().then(|| Break::missing(after + 1)));
        if broken.is_some() {
            return Ok(messages::verdict(check.reached().clone(), false, broken));
        }
    }
    let complete = until == extent.last_seq.max(check.reached().seq);
    let broken = if complete { check.finish(extent.head.as_ref()).err() } else { None };
    Ok(messages::verdict(check.reached().clone(), complete && broken.is_none(), broken))
}

/// From the first entry, or from the one that was noted.
async fn begin<'a>(
    register: &Register,
    key: &'a LogKey,
    asked: &Asked,
) -> Result<Result<ChainCheck<'a>, Break>, ServiceError> {
    let Some(noted) = asked.noted.clone().filter(|_| asked.from_noted) else {
        return Ok(Ok(ChainCheck::from_start(key, asked.noted.clone())));
    };
    let found =
        access_log::page(&register.db, &asked.poolarea_no, noted.seq.saturating_sub(1), noted.seq, 1).await?;
    Ok(ChainCheck::from_anchor(key, noted, found.first()))
}
