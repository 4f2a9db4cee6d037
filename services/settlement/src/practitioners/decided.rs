//! What audit decided about lines of a bill: its cases go before what credit says later.

use sea_orm::DbErr;
use yizhan_proto::settlement::v1::{RecoveredLine, RecoveryKind};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Reason, ServiceError};

use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
use crate::books::store::recoveries::{holds, of_kinds, recovery_of};
use crate::recoveries::parts;

/// Lines of recoveries that stand, of a bill or of all parts of a stay.
pub struct Decided(Vec<RecoveredLine>);

impl Decided {
    /// As they stand in this transaction.
    pub async fn read(tx: &DatabaseTransaction, row: &settlement::Model) -> Result<Decided, ServiceError> {
        let parts = parts(tx, row).await?;
        let ids: Vec<&str> = parts.iter().map(|part| header(part).setl_id.as_str()).collect();
        let rows = of_kinds(tx, &ids, &[RecoveryKind::Booked, RecoveryKind::Refused]).await?;
        let lines = rows.iter().map(|row| Ok(recovery_of(row)?.lines));
        let lines: Vec<Vec<RecoveredLine>> = lines.collect::<Result<_, DbErr>>()?;
        Ok(Decided(lines.into_iter().flatten().collect()))
    }

    /// Whether something of a line is recovered: the institution bears it by audit's decision.
    pub fn recovered(&self, feedetl_sn: &str) -> bool {
        self.0.iter().any(|line| holds(line, feedetl_sn))
    }

    /// Whether a decision is against a line of which it recovered nothing because it was refused for its practitioner, or against the visit as a
    /// whole without it.
    pub fn waits_for(&self, feedetl_sn: &str) -> bool {
        let refused = Reason::PractitionerRefused.code();
        self.0.iter().any(|line| match line.feedetl_sn.as_str() {
            "" => line.vola_amt_fen > 0 && line.refusal.is_empty(),
            sn => sn == feedetl_sn && line.refusal == refused,
        })
    }
}
