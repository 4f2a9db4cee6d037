//! Documents of plan rules: published, listed, read.

use yizhan_proto::audit::v1::{
    GetPlanRulesRequest, GetPlanRulesResponse, ListPlanRulesRequest, ListPlanRulesResponse,
    PublishPlanRulesRequest, PublishPlanRulesResponse,
};
use yizhan_proto::rules::v1::RulesDocument;
use yizhan_rules::{Published, Summary};
use yizhan_runtime::{Caller, ServiceError, once};

use crate::app::Audit;

/// Checks a document and publishes it.
pub async fn publish(
    audit: &Audit,
    caller: &Caller,
    mut request: PublishPlanRulesRequest,
) -> Result<PublishPlanRulesResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let told = |published: Published| {
        let (rules, replayed) = (Some(published.summary.into()), published.known);
        PublishPlanRulesResponse { rules, replayed }
    };
    yizhan_rules::publish(audit, &audit.plan_rules, caller, opened, (&request.document, told)).await
}

/// One page of documents, in the order they were published.
pub async fn list(
    audit: &Audit,
    caller: &Caller,
    request: ListPlanRulesRequest,
) -> Result<ListPlanRulesResponse, ServiceError> {
    let page = audit.plan_rules.list(&request.area, &audit.pages.asked(caller, &request)).await?;
    let rules = page.documents.into_iter().map(Summary::into).collect();
    Ok(ListPlanRulesResponse { rules, next_page_token: page.next_page_token })
}

/// One document with its text.
pub async fn get(
    audit: &Audit,
    _: &Caller,
    request: GetPlanRulesRequest,
) -> Result<GetPlanRulesResponse, ServiceError> {
    let (summary, document) = audit.plan_rules.get(&request.rules_id, &request.version).await?;
    Ok(GetPlanRulesResponse { rules: Some(RulesDocument { document, ..summary.into() }) })
}
