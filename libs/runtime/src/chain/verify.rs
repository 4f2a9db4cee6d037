//! Is a log still what was written?

use sea_orm::DbErr;
use tonic::async_trait;

use super::{Anchor, Break, ChainCheck, Chains, Fault, Link, LogKey};
use crate::db::DatabaseConnection;
use crate::metrics;
use crate::{Reason, ServiceError, Violations};

/// Entries read at once.
const PAGE: u64 = 1000;
/// Entries verified by one call at most: what is left is verified from there on by the next.
const MAX_ENTRIES_PER_CALL: i64 = 100_000;

/// What to verify.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Which chain.
    pub chain: String,
    /// How far the chain reached, as somebody noted it earlier.
    noted: Option<Anchor>,
    /// Whether everything up to there was verified before and is not read again.
    from_noted: bool,
}

impl Asked {
    /// As a request says it: the number of entries and the hash of an earlier answer, 0 and empty without one.
    pub fn new(
        chain: String,
        expected_entries: i64,
        expected_head_hash: String,
        from_expected: bool,
    ) -> Asked {
        let noted = Anchor { seq: expected_entries, hash: expected_head_hash };
        let noted = Some(noted).filter(|noted| noted.seq != 0 || !noted.hash.is_empty());
        Asked { chain, noted, from_noted: from_expected }
    }

    /// What nobody can have been told earlier is refused: it could never be met, and the log would pass as intact.
    pub fn check(&self, violations: &mut Violations) {
        let Some(noted) = &self.noted else { return };
        let text = "应为之前核验结果中的条数，大于 0";
        violations.require(noted.seq > 0, "expected_entries", Reason::CountInvalid.saying(text));
        let is_hash =
            noted.hash.len() == 64 && noted.hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let text = "应为之前核验结果中的 64 位十六进制摘要";
        violations.require(is_hash, "expected_head_hash", Reason::TextInvalid.saying(text));
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Up to where it holds.
    pub reached: Anchor,
    /// Whether that is its end.
    pub complete: bool,
    /// Where it is broken first.
    pub broken: Option<Break>,
}

/// A log that can be read.
#[async_trait]
pub trait Log: Send + Sync {
    /// What it is made of.
    type Entry: Link + Send + Sync;
    /// Its tables.
    const CHAINS: Chains;

    /// Where they are.
    fn db(&self) -> &DatabaseConnection;

    /// Up to `limit` entries of a chain behind a number, up to another, in order.
    async fn page(&self, chain: &str, after: i64, until: i64, limit: u64) -> Result<Vec<Self::Entry>, DbErr>;

    /// What else is wrong first with entries that hold, in order.
    async fn also(&self, _entries: &[Self::Entry]) -> Result<Option<Break>, DbErr> {
        Ok(None)
    }
}

/// Walks along a chain. Where it is broken is counted.
pub async fn verify<L: Log>(log: &L, key: &LogKey, asked: &Asked) -> Result<Verdict, ServiceError> {
    let verdict = walk(log, key, asked).await?;
    metrics::chain_checked(L::CHAINS.entries, verdict.broken.is_some());
    Ok(verdict)
}

async fn walk<L: Log>(log: &L, key: &LogKey, asked: &Asked) -> Result<Verdict, ServiceError> {
    let (head, last_seq) = L::CHAINS.extent(log.db(), &asked.chain).await?;
    let broken = |reached, broken| Ok(Verdict { reached, complete: false, broken: Some(broken) });
    let mut check = match asked.noted.clone().filter(|_| asked.from_noted) {
        None => ChainCheck::from_start(key, asked.noted.clone()),
        Some(noted) => {
            let found = log.page(&asked.chain, noted.seq.saturating_sub(1), noted.seq, 1).await?;
            match ChainCheck::from_anchor(key, noted, found.first()) {
                Ok(check) => check,
                Err(fault) => return broken(Anchor::default(), fault),
            }
        }
    };
    let until = last_seq.min(check.reached().seq.saturating_add(MAX_ENTRIES_PER_CALL));
    while check.reached().seq < until {
        let after = check.reached().clone();
        let entries = log.page(&asked.chain, after.seq, until, PAGE).await?;
        let fault = entries.iter().try_for_each(|entry| check.step(entry)).err();
        // Entries are never removed; who removes one while it is read shows here, not in an endless loop.
        let fault = fault.or_else(|| entries.is_empty().then(|| Break::new(after.seq + 1, Fault::Missing)));
        if let Some(fault) = fault {
            return broken(check.reached().clone(), fault);
        }
        if let Some(fault) = log.also(&entries).await? {
            let at = entries.iter().map(Link::linked).find(|linked| linked.seq + 1 == fault.seq);
            let reached = at.map_or(after, |linked| Anchor { seq: linked.seq, hash: linked.hash });
            return broken(reached, fault);
        }
    }
    let complete = until == last_seq.max(check.reached().seq);
    let fault = if complete { check.finish(head.as_ref()).err() } else { None };
    Ok(Verdict { reached: check.reached().clone(), complete: complete && fault.is_none(), broken: fault })
}
