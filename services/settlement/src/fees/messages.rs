//! What the calls of fees have alike.

use sea_orm::DbErr;
use yizhan_proto::settlement::v1::{FeeLine, VisitFees};
use yizhan_runtime::db::{DatabaseTransaction, upsert};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::books::store::uploaded::{VisitKey, line_of, uploaded_fee, visit_fees};
use crate::fields::check_id;
use crate::settlements::messages::refunds;

/// The visit that a request names, an institution's own where it names none.
pub fn visit_of(
    caller: &Caller,
    fixmedins_code: String,
    mdtrt_id: String,
    wrong: &mut Violations,
) -> VisitKey {
    let own = caller.institution_code().filter(|_| fixmedins_code.is_empty()).map(str::to_owned);
    let visit = VisitKey { fixmedins_code: own.unwrap_or(fixmedins_code), mdtrt_id };
    let mut fields = Fields::of(wrong);
    check_id(&mut fields, "fixmedins_code", &visit.fixmedins_code);
    check_id(&mut fields, "mdtrt_id", &visit.mdtrt_id);
    visit
}

/// Lines of a visit, refunds among them.
pub struct Lines(pub Vec<FeeLine>);

impl Lines {
    /// Of rows.
    pub fn of(rows: &[uploaded_fee::Model]) -> Result<Lines, DbErr> {
        rows.iter().map(line_of).collect::<Result<_, _>>().map(Lines)
    }

    /// Refuses refunds that have no line to take back from.
    pub fn require_matched(&self) -> Result<(), ServiceError> {
        let mut wrong = Violations::new();
        let name = |index: usize| format!("feedetl_sn={}", self.0[index].feedetl_sn);
        let netted = refunds::net(self.0.clone(), name, &mut wrong);
        netted
            .elsewhere
            .iter()
            .for_each(|(index, refund)| refunds::unmatched(&name(*index), refund, &mut wrong));
        wrong.none()
    }

    /// Writes the visit with these lines, in its next version.
    pub async fn write(
        &self,
        tx: &DatabaseTransaction,
        visit: visit_fees::Model,
    ) -> Result<VisitFees, ServiceError> {
        let amount = self.0.iter().try_fold(0i64, |sum, line| sum.checked_add(line.det_item_fee_sumamt_fen));
        let too_large = || ServiceError::invalid_field("feedetail", Reason::AmountTooLarge);
        let (lines, amount_fen) = (self.0.len() as i64, amount.ok_or_else(too_large)?);
        upsert::<visit_fees::Entity>(
            tx,
            vec![visit_fees::Model { version: visit.version + 1, lines, amount_fen, ..visit }],
        )
        .await?;
        Ok(VisitFees { lines: self.0.len() as i32, det_item_fee_sumamt_fen: amount_fen })
    }
}
