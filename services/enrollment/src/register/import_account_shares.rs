//! Writes dated account shares (个账共济): who lets whom use their personal account. A share is the owner's to give: the agency that keeps
//! the owner's register decides, wherever the person who may use the account is registered.

use yizhan_proto::enrollment::v1::{
    AccountShareRow, ImportAccountSharesRequest, ImportAccountSharesResponse,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, once};

use crate::app::Register;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{AccountShare, Consent, Kinship};
use crate::register::import::{DatedRow, Row, import};

/// All rows or none; both persons must be registered.
pub async fn import_account_shares(
    register: &Register,
    caller: &Caller,
    mut request: ImportAccountSharesRequest,
) -> Result<ImportAccountSharesResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    for (at, row) in request.rows.iter_mut().enumerate() {
        let mut fields = Fields::row(at, &mut violations);
        fields.require(row.granted_by.is_empty(), "granted_by", Reason::ToldOnly);
        fields.require(row.withdrawn_date.is_empty(), "withdrawn_date", Reason::ToldOnly);
        fields.require(row.kinship_evidence == 0, "kinship_evidence", Reason::ToldOnly);
        fields.require(row.kinship_mark.is_empty(), "kinship_mark", Reason::ToldOnly);
        fields.require(row.kinship_rule.is_empty(), "kinship_rule", Reason::ToldOnly);
        let today = register.clock.today();
        fields.optional("consent_date", &row.consent_date, |fields, name, day| {
            fields.past_date(name, day, today)
        });
        row.granted_by = caller.to_string();
    }
    let outcome = import(register, caller, (key, violations), &request.rows).await?;
    Ok(ImportAccountSharesResponse { outcome: Some(outcome) })
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
        let kinship = Kinship::from_code(self.kinship);
        fields.require(kinship.is_some() || self.kinship == 0, "kinship", Reason::CodeUnknown);
        let consent =
            parse_date(&self.consent_date).map(|day| Consent { granted_by: self.granted_by.clone(), day });
        let entry = AccountShare {
            sharer_psn_no: sharer_psn_no?,
            period: period?,
            kinship,
            consent,
            withdrawn: None,
        };
        Some(DatedRow { psn_no: psn_no?, entry, withdrawn: self.withdrawn })
    }

    fn keeper(row: &DatedRow<AccountShare>) -> (&'static str, &str) {
        ("sharer_psn_no", &row.entry.sharer_psn_no)
    }

    /// Who may use the account may be registered elsewhere.
    fn other(row: &DatedRow<AccountShare>) -> Option<(&'static str, &str)> {
        Some(("psn_no", &row.psn_no))
    }

    /// What the row does not tell stays, and who recorded the same consent first; what the owner withdrew is not given again by a list.
    fn over(told: &AccountShare, held: &AccountShare) -> AccountShare {
        let same_day = |consent: &Consent| told.consent.as_ref().is_none_or(|told| told.day == consent.day);
        AccountShare {
            period: if held.withdrawn.is_some() { held.period } else { told.period },
            kinship: told.kinship.or(held.kinship),
            consent: held.consent.clone().filter(same_day).or_else(|| told.consent.clone()),
            withdrawn: held.withdrawn,
            ..told.clone()
        }
    }
}
