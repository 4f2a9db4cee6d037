//! Are the log of an area's cases, and the cases by it, still what was written?

use std::collections::BTreeMap;

use sea_orm::DbErr;
use tonic::async_trait;
use yizhan_proto::audit::v1::{VerifyCaseLogRequest, VerifyCaseLogResponse};
use yizhan_runtime::chain::{Asked, Break, Chains, Fault, Log, Verdict, verify};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use super::store::log::{CASE_LOG, Model as Entry, digest};
use super::store::{self, log};
use crate::app::Audit;
use crate::findings::check_sees_area;

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
    let Verdict { reached, complete, broken } = verify(&CaseLog(db), &audit.log_key, &asked).await?;
    let place = broken.map_or((0, 0), |broken| (broken.seq - 1, broken.seq));
    let at = if broken.is_some() { log::page(db, &asked.chain, place, 1).await? } else { Vec::new() };
    Ok(VerifyCaseLogResponse {
        intact: broken.is_none(),
        complete,
        entries: reached.seq,
        head_hash: reached.hash,
        fault: broken.map_or(0, |broken| broken.fault as i32),
        broken_seq: broken.map_or(0, |broken| broken.seq),
        written_seq: broken.and_then(|broken| broken.written_at).unwrap_or_default(),
        case_id: at.into_iter().next().map(|entry| entry.case_id).unwrap_or_default(),
        explanation: broken.map(|broken| broken.told("案件日志")).unwrap_or_default(),
    })
}

struct CaseLog<'l>(&'l DatabaseConnection);

#[async_trait]
impl Log for CaseLog<'_> {
    type Entry = Entry;
    const CHAINS: Chains = CASE_LOG;

    fn db(&self) -> &DatabaseConnection {
        self.0
    }

    async fn page(&self, chain: &str, after: i64, until: i64, limit: u64) -> Result<Vec<Entry>, DbErr> {
        log::page(self.0, chain, (after, until), limit).await
    }

    /// A case is as its last step left it, and not behind any of its steps.
    async fn also(&self, entries: &[Entry]) -> Result<Option<Break>, DbErr> {
        let ids: BTreeMap<&str, ()> = entries.iter().map(|entry| (entry.case_id.as_str(), ())).collect();
        let rows = store::rows(self.0, ids.into_keys().map(str::to_owned).collect()).await?;
        let rows: BTreeMap<&str, &store::Model> =
            rows.iter().map(|row| (row.case_id.as_str(), row)).collect();
        let holds = |entry: &&Entry| {
            rows.get(entry.case_id.as_str()).is_some_and(|row| {
                row.version > entry.step_no || row.version == entry.step_no && digest(row) == entry.digest
            })
        };
        let altered = entries.iter().find(|entry| !holds(entry));
        Ok(altered.map(|entry| Break::new(entry.seq, Fault::SubjectAltered)))
    }
}
