//! Is the access log of an area still what was written?

use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::access::store::access_log;
use crate::access::store::chain::{Anchor, Break, ChainCheck, LogKey};
use crate::app::Register;

/// Entries read at once.
const PAGE: u64 = 1000;
/// Entries verified by one call at most: what is left is verified from there on by the next.
const MAX_ENTRIES_PER_CALL: i64 = 100_000;

/// What to verify.
#[derive(Clone, Debug)]
pub struct Verification {
    /// 统筹区.
    pub poolarea_no: String,
    /// How far the chain reached, as somebody noted it earlier.
    pub noted: Option<Anchor>,
    /// Whether everything up to there was verified before and is not read again.
    pub from_noted: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Up to where the chain holds.
    pub reached: Anchor,
    /// Whether that is its end.
    pub complete: bool,
    /// Where it is broken first.
    pub broken: Option<Break>,
}

/// For whoever may read the area.
pub async fn verify_access_log(
    register: &Register,
    caller: &Caller,
    asked: Verification,
) -> Result<Verdict, ServiceError> {
    check(&asked)?;
    // For the agency and the departments: no service audits.
    if !caller.may_read_area(Area::parse(&asked.poolarea_no)) || matches!(caller, Caller::Service { .. }) {
        let refused = ServiceError::new(
            Reason::AreaNotOwned,
            "the caller may not read the register of this pooling area",
        )
        .with_text("无权查询该统筹区的参保信息");
        return Err(refused.with("poolarea_no", &asked.poolarea_no));
    }
    walk(register, &asked).await
}

/// What nobody can have been told earlier is refused: it could never be met, and the log would pass as intact.
fn check(asked: &Verification) -> Result<(), ServiceError> {
    let mut violations = Violations::new();
    let text = "统筹区应为 6 位行政区划代码";
    violations.require(
        Area::parse(&asked.poolarea_no).is_some(),
        "poolarea_no",
        Reason::PoolareaInvalid,
        text,
    );
    if let Some(noted) = &asked.noted {
        let text = "应为之前核验结果中的条数，大于 0";
        violations.require(noted.seq > 0, "expected_entries", Reason::CountInvalid, text);
        let is_hash =
            noted.hash.len() == 64 && noted.hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let text = "应为之前核验结果中的 64 位十六进制摘要";
        violations.require(is_hash, "expected_head_hash", Reason::TextInvalid, text);
    }
    violations.finish()
}

async fn walk(register: &Register, asked: &Verification) -> Result<Verdict, ServiceError> {
    let key = register.access_log.key();
    let extent = access_log::extent(&register.db, &asked.poolarea_no).await?;
    let mut check = match begin(register, key, asked).await? {
        Ok(check) => check,
        Err(broken) => {
            return Ok(Verdict { reached: Anchor::default(), complete: false, broken: Some(broken) });
        }
    };
    let until = extent.last_seq.min(check.reached().seq.saturating_add(MAX_ENTRIES_PER_CALL));
    while check.reached().seq < until {
        let after = check.reached().seq;
        let entries = access_log::page(&register.db, &asked.poolarea_no, after, until, PAGE).await?;
        let broken = entries.iter().try_for_each(|entry| check.step(entry)).err();
        // Entries are never removed; who removes one while it is read shows here, not in an endless loop.
        let broken = broken.or_else(|| entries.is_empty().then(|| Break::missing(after + 1)));
        if broken.is_some() {
            return Ok(Verdict { reached: check.reached().clone(), complete: false, broken });
        }
    }
    let complete = until == extent.last_seq.max(check.reached().seq);
    let broken = if complete { check.finish(extent.head.as_ref()).err() } else { None };
    Ok(Verdict { reached: check.reached().clone(), complete: complete && broken.is_none(), broken })
}

/// From the first entry, or from the one that was noted.
async fn begin<'a>(
    register: &Register,
    key: &'a LogKey,
    asked: &Verification,
) -> Result<Result<ChainCheck<'a>, Break>, ServiceError> {
    let Some(noted) = asked.noted.clone().filter(|_| asked.from_noted) else {
        return Ok(Ok(ChainCheck::from_start(key, asked.noted.clone())));
    };
    let found =
        access_log::page(&register.db, &asked.poolarea_no, noted.seq.saturating_sub(1), noted.seq, 1).await?;
    Ok(ChainCheck::from_anchor(key, noted, found.first()))
}
