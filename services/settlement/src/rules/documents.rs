//! Documents of settlement rules: published, listed, read.

use yizhan_proto::settlement::v1::{
    GetSettlementRulesRequest, GetSettlementRulesResponse, ListSettlementRulesRequest,
    ListSettlementRulesResponse, PublishSettlementRulesRequest, PublishSettlementRulesResponse,
};
use yizhan_rules::Desk;

use super::domain::SettlementFamilies;

/// Where they are kept: `published_rules` holds the benefit policies.
pub const TABLE: &str = "published_settlement_rules";

/// Where documents of settlement rules are kept.
pub type Documents = Desk<yizhan_documents::RulesDocument<SettlementFamilies>>;

yizhan_rules::documents! { Documents, book:
    PublishSettlementRulesRequest -> PublishSettlementRulesResponse,
    ListSettlementRulesRequest -> ListSettlementRulesResponse,
    GetSettlementRulesRequest -> GetSettlementRulesResponse
}
