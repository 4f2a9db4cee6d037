//! Documents of entitlement rules: published, listed, read. A published version never changes.

use yizhan_proto::enrollment::v1::{
    GetEntitlementRulesRequest, GetEntitlementRulesResponse, ListEntitlementRulesRequest,
    ListEntitlementRulesResponse, PublishEntitlementRulesRequest, PublishEntitlementRulesResponse,
};

use crate::app::Register;

yizhan_rules::documents! { Register, rules:
    PublishEntitlementRulesRequest -> PublishEntitlementRulesResponse,
    ListEntitlementRulesRequest -> ListEntitlementRulesResponse,
    GetEntitlementRulesRequest -> GetEntitlementRulesResponse
}
