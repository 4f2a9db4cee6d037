//! RulesService as tonic sees it.

use yizhan_proto::audit::v1::rules_service_server::RulesService;
use yizhan_proto::audit::v1::{
    GetAuditRuleRequest, GetAuditRuleResponse, ListAuditRulesRequest, ListAuditRulesResponse,
    ListCatalogueRequest, ListCatalogueResponse, PublishAuditRuleRequest, PublishAuditRuleResponse,
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

calls! { RulesService for RulesApi, working with |api| &api.0;
    publish_audit_rule(PublishAuditRuleRequest) -> PublishAuditRuleResponse = documents::publish;
    list_audit_rules(ListAuditRulesRequest) -> ListAuditRulesResponse = documents::list;
    get_audit_rule(GetAuditRuleRequest) -> GetAuditRuleResponse = documents::get;
    list_catalogue(ListCatalogueRequest) -> ListCatalogueResponse = documents::list_catalogue;
}
