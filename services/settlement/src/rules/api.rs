//! SettlementRulesService.

use yizhan_proto::settlement::v1::settlement_rules_service_server::SettlementRulesService;
use yizhan_proto::settlement::v1::{
    GetSettlementRulesRequest, GetSettlementRulesResponse, ListSettlementRulesRequest,
    ListSettlementRulesResponse, PublishSettlementRulesRequest, PublishSettlementRulesResponse,
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

calls! { SettlementRulesService for RulesApi, working with |api| &api.0;
    publish_settlement_rules(PublishSettlementRulesRequest) -> PublishSettlementRulesResponse = documents::publish;
    list_settlement_rules(ListSettlementRulesRequest) -> ListSettlementRulesResponse = documents::list;
    get_settlement_rules(GetSettlementRulesRequest) -> GetSettlementRulesResponse = documents::get;
}
