//! Is the ledger of an area still what was written?

use sea_orm::DbErr;
use tonic::async_trait;
use yizhan_proto::credit::v1::{VerifyLedgerRequest, VerifyLedgerResponse};
use yizhan_runtime::chain::{Asked, Chains, Log, Verdict, verify};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use super::store::{LEDGER, Model, of_area};
use crate::app::Credit;

/// For whoever may change the area.
pub async fn verify_ledger(
    credit: &Credit,
    caller: &Caller,
    request: VerifyLedgerRequest,
) -> Result<VerifyLedgerResponse, ServiceError> {
    let VerifyLedgerRequest { poolarea_no, expected_entries, expected_head_hash, from_expected } = request;
    let mut wrong = Violations::new();
    Fields::of(&mut wrong).area("poolarea_no", &poolarea_no);
    let asked = Asked::new(poolarea_no, expected_entries, expected_head_hash, from_expected);
    asked.check(&mut wrong);
    wrong.none()?;
    caller.check_manages(&asked.chain)?;
    let verdict = verify(&Ledger(&credit.db), &credit.log_key, &asked).await?;
    let Verdict { reached, complete, broken } = verdict;
    let place = broken.map_or((0, 0), |broken| (broken.seq - 1, broken.seq));
    let at = if broken.is_some() { of_area(&credit.db, &asked.chain, place, 1).await? } else { Vec::new() };
    Ok(VerifyLedgerResponse {
        intact: broken.is_none(),
        complete,
        entries: reached.seq,
        head_hash: reached.hash,
        fault: broken.map_or(0, |broken| broken.fault as i32),
        broken_seq: broken.map_or(0, |broken| broken.seq),
        written_seq: broken.and_then(|broken| broken.written_at).unwrap_or_default(),
        entry_id: at.into_iter().next().map(|entry| entry.entry_id).unwrap_or_default(),
        explanation: broken.map(|broken| broken.told("信用台账")).unwrap_or_default(),
    })
}

struct Ledger<'l>(&'l DatabaseConnection);

#[async_trait]
impl Log for Ledger<'_> {
    type Entry = Model;
    const CHAINS: Chains = LEDGER;

    fn db(&self) -> &DatabaseConnection {
        self.0
    }

    async fn page(&self, chain: &str, after: i64, until: i64, limit: u64) -> Result<Vec<Model>, DbErr> {
        of_area(self.0, chain, (after, until), limit).await
    }
}
