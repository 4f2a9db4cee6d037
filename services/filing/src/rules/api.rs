//! FilingRulesService as tonic sees it.

use yizhan_proto::filing::v1::filing_rules_service_server::FilingRulesService;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, GetFilingRulesRequest, GetFilingRulesResponse,
    ListFilingRulesRequest, ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_runtime::calls;

use super::documents::{self, Documents};

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct RulesApi(Documents);

impl RulesApi {
    /// Over these documents.
    pub fn new(documents: Documents) -> Self {
        RulesApi(documents)
    }
}

calls! { FilingRulesService for RulesApi, working with |api| &api.0;
    publish_filing_rules(PublishFilingRulesRequest) -> PublishFilingRulesResponse = documents::publish;
    list_filing_rules(ListFilingRulesRequest) -> ListFilingRulesResponse = documents::list;
    get_filing_rules(GetFilingRulesRequest) -> GetFilingRulesResponse = documents::get;
    add_working_days(AddWorkingDaysRequest) -> AddWorkingDaysResponse = documents::add_working_days;
}
