//! SettlementRulesService.

use yizhan_proto::settlement::v1::settlement_rules_service_server::SettlementRulesService;
use yizhan_proto::settlement::v1::{
    GetSettlementRulesRequest, GetSettlementRulesResponse, ListSettlementRulesRequest,
    ListSettlementRulesResponse, PublishSettlementRulesRequest, PublishSettlementRulesResponse,
};
use yizhan_runtime::calls;

use super::documents::{self, Documents};

calls! { SettlementRulesService for Documents, working with |desk| desk;
    publish_settlement_rules(PublishSettlementRulesRequest) -> PublishSettlementRulesResponse = documents::publish;
    list_settlement_rules(ListSettlementRulesRequest) -> ListSettlementRulesResponse = documents::list;
    get_settlement_rules(GetSettlementRulesRequest) -> GetSettlementRulesResponse = documents::get;
}
