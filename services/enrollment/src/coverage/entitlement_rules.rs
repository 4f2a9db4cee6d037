//! Documents of entitlement rules: published, listed, read. A published version never changes.

use yizhan_proto::enrollment::v1::{
    GetEntitlementRulesRequest, GetEntitlementRulesResponse, ListEntitlementRulesRequest,
    ListEntitlementRulesResponse, PublishEntitlementRulesRequest, PublishEntitlementRulesResponse,
};
use yizhan_proto::rules;
use yizhan_rules::{Published, Summary};
use yizhan_runtime::{Caller, ServiceError, once};

use crate::app::Register;

/// Checks a document and publishes it.
pub async fn publish(
    register: &Register,
    caller: &Caller,
    mut request: PublishEntitlementRulesRequest,
) -> Result<PublishEntitlementRulesResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let told = |published: Published| {
        let (rules, replayed) = (Some(published.summary.into()), published.known);
        PublishEntitlementRulesResponse { rules, replayed }
    };
    yizhan_rules::publish(register, &register.rules, caller, opened, (&request.document, told)).await
}

/// One page of documents, in the order they were published.
pub async fn list(
    register: &Register,
    caller: &Caller,
    request: ListEntitlementRulesRequest,
) -> Result<ListEntitlementRulesResponse, ServiceError> {
    let page = register.rules.list(&request.area, &register.pages.asked(caller, &request)).await?;
    let rules = page.documents.into_iter().map(Summary::into).collect();
    Ok(ListEntitlementRulesResponse { rules, next_page_token: page.next_page_token })
}

/// One document with its text.
pub async fn get(
    register: &Register,
    _: &Caller,
    request: GetEntitlementRulesRequest,
) -> Result<GetEntitlementRulesResponse, ServiceError> {
    let (summary, document) = register.rules.get(&request.rules_id, &request.version).await?;
    let rules = Some(rules::v1::RulesDocument { document, ..summary.into() });
    Ok(GetEntitlementRulesResponse { rules })
}
