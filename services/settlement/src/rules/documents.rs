//! Documents of settlement rules: published, listed, read.

use yizhan_proto::rules::v1::RulesDocument;
use yizhan_proto::settlement::v1::{
    GetSettlementRulesRequest, GetSettlementRulesResponse, ListSettlementRulesRequest,
    ListSettlementRulesResponse, PublishSettlementRulesRequest, PublishSettlementRulesResponse,
};
use yizhan_rules::{Desk, Published, Summary};
use yizhan_runtime::once;
use yizhan_runtime::{Caller, ServiceError};

use super::domain::SettlementFamilies;

/// Where they are kept: `published_rules` holds the benefit policies.
pub const TABLE: &str = "published_settlement_rules";

/// Where documents of settlement rules are kept.
pub type Documents = Desk<yizhan_documents::RulesDocument<SettlementFamilies>>;

/// Checks a document and publishes it.
pub async fn publish(
    desk: &Documents,
    caller: &Caller,
    mut request: PublishSettlementRulesRequest,
) -> Result<PublishSettlementRulesResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let told = |published: Published| {
        let (rules, replayed) = (Some(published.summary.into()), published.known);
        PublishSettlementRulesResponse { rules, replayed }
    };
    yizhan_rules::publish(desk, &desk.book, caller, opened, (&request.document, told)).await
}

/// One page of documents, in the order they were published.
pub async fn list(
    desk: &Documents,
    caller: &Caller,
    request: ListSettlementRulesRequest,
) -> Result<ListSettlementRulesResponse, ServiceError> {
    let page = desk.book.list(&request.area, &desk.pages.asked(caller, &request)).await?;
    Ok(ListSettlementRulesResponse {
        rules: page.documents.into_iter().map(Summary::into).collect(),
        next_page_token: page.next_page_token,
    })
}

/// One document with its text.
pub async fn get(
    desk: &Documents,
    _: &Caller,
    request: GetSettlementRulesRequest,
) -> Result<GetSettlementRulesResponse, ServiceError> {
    let (summary, document) = desk.book.get(&request.rules_id, &request.version).await?;
    Ok(GetSettlementRulesResponse { rules: Some(RulesDocument { document, ..summary.into() }) })
}
