//! Writes dated account shares (个账共济): who lets whom use their personal account.

use yizhan_proto::enrollment::v1::{
    AccountShareRow, ImportAccountSharesRequest, ImportAccountSharesResponse,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::Register;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::AccountShare;
use crate::register::import::{DatedRow, Row, import};

/// All rows or none; both persons must be registered.
pub async fn import_account_shares(
    register: &Register,
    caller: &Caller,
    mut request: ImportAccountSharesRequest,
) -> Result<ImportAccountSharesResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    Ok(ImportAccountSharesResponse { outcome: Some(import(register, caller, opened, &request.rows).await?) })
}

impl Row for AccountShareRow {
    type Entry = AccountShare;

    fn key(&self) -> impl Ord {
        (&self.psn_no, &self.sharer_psn_no, &self.begndate)
    }

    fn read(&self, mut fields: Fields) -> Option<DatedRow<AccountShare>> {
        let psn_no = fields.psn_no("psn_no", &self.psn_no);
        let sharer_psn_no = fields.psn_no("sharer_psn_no", &self.sharer_psn_no);
        let period = fields.period(&self.begndate, &self.enddate).map(Period::from);
        fields.require(self.psn_no != self.sharer_psn_no, "sharer_psn_no", Reason::SharerIsSelf);
        let entry = AccountShare { sharer_psn_no: sharer_psn_no?, period: period? };
        Some(DatedRow { psn_no: psn_no?, entry, withdrawn: self.withdrawn })
    }

    /// Whose account is shared may be registered elsewhere.
    fn other(entry: &AccountShare) -> Option<(&'static str, &str)> {
        Some(("sharer_psn_no", &entry.sharer_psn_no))
    }
}
