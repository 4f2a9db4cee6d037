//! Documents of plan rules: published, listed, read.

use yizhan_proto::audit::v1::{
    GetPlanRulesRequest, GetPlanRulesResponse, ListPlanRulesRequest, ListPlanRulesResponse,
    PublishPlanRulesRequest, PublishPlanRulesResponse,
};

use crate::app::Audit;

yizhan_rules::documents! { Audit, plan_rules:
    PublishPlanRulesRequest -> PublishPlanRulesResponse,
    ListPlanRulesRequest -> ListPlanRulesResponse,
    GetPlanRulesRequest -> GetPlanRulesResponse
}
