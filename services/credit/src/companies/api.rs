//! CompanyService as tonic sees it.

use yizhan_proto::credit::v1::company_service_server::CompanyService;
use yizhan_proto::credit::v1::{
    GetCompanyProfileRequest, GetCompanyProfileResponse, GiveConsentRequest, GiveConsentResponse,
    RecordCompanyEntryRequest, RecordCompanyEntryResponse, WithdrawCompanyEntryRequest,
    WithdrawCompanyEntryResponse, WithdrawConsentRequest, WithdrawConsentResponse,
};
use yizhan_runtime::calls;

use super::{consent, profile, record};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct CompanyApi(Credit);

impl CompanyApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        CompanyApi(credit)
    }
}

calls! { CompanyService for CompanyApi, working with |api| &api.0;
    record_company_entry(RecordCompanyEntryRequest) -> RecordCompanyEntryResponse = record::record;
    withdraw_company_entry(WithdrawCompanyEntryRequest) -> WithdrawCompanyEntryResponse = record::withdraw;
    give_consent(GiveConsentRequest) -> GiveConsentResponse = consent::give;
    withdraw_consent(WithdrawConsentRequest) -> WithdrawConsentResponse = consent::withdraw;
    get_company_profile(GetCompanyProfileRequest) -> GetCompanyProfileResponse = profile::get_company_profile;
}
