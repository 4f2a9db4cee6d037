//! Is the access log of an area still what was written?

use sea_orm::DbErr;
use tonic::async_trait;
use yizhan_proto::enrollment::v1::{VerifyAccessLogRequest, VerifyAccessLogResponse};
use yizhan_runtime::chain::{Asked, Chains, Log, verify};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};
use yizhan_terms::Area;

use crate::access::store::access_log;
use crate::access::store::chain::{ACCESS_LOG, LogEntry};
use crate::app::Register;
use crate::rights::messages;

/// For whoever may read the area.
pub async fn verify_access_log(
    register: &Register,
    caller: &Caller,
    request: VerifyAccessLogRequest,
) -> Result<VerifyAccessLogResponse, ServiceError> {
    let VerifyAccessLogRequest { poolarea_no, expected_entries, expected_head_hash, from_expected } = request;
    let mut violations = Violations::new();
    Fields::of(&mut violations).area("poolarea_no", &poolarea_no);
    let asked = Asked::new(poolarea_no, expected_entries, expected_head_hash, from_expected);
    asked.check(&mut violations);
    violations.none()?;
    // For the agency and the departments: no service audits.
    if !caller.may_read_area(Area::parse(&asked.chain)) || matches!(caller, Caller::Service { .. }) {
        return Err(ServiceError::area_not_owned(&asked.chain));
    }
    Ok(messages::verdict(verify(&AccessLog(&register.db), register.access_log.key(), &asked).await?))
}

struct AccessLog<'l>(&'l DatabaseConnection);

#[async_trait]
impl Log for AccessLog<'_> {
    type Entry = LogEntry;
    const CHAINS: Chains = ACCESS_LOG;

    fn db(&self) -> &DatabaseConnection {
        self.0
    }

    async fn page(&self, chain: &str, after: i64, until: i64, limit: u64) -> Result<Vec<LogEntry>, DbErr> {
        access_log::page(self.0, chain, after, until, limit).await
    }
}
