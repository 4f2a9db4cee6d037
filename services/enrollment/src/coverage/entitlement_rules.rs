//! Documents of entitlement rules: published, listed, read. A published version never changes.

use yizhan_documents::RulesDocument;
use yizhan_proto::enrollment::v1::{
    GetEntitlementRulesRequest, GetEntitlementRulesResponse, ListEntitlementRulesRequest,
    ListEntitlementRulesResponse, PublishEntitlementRulesRequest, PublishEntitlementRulesResponse,
};
use yizhan_proto::rules;
use yizhan_rules::{Publication, Summary};
use yizhan_runtime::{Caller, ServiceError, once};

use crate::app::{Done, Register, Write};
use crate::rules::Entitlement;

/// Checks a document and publishes it.
pub async fn publish(
    register: &Register,
    caller: &Caller,
    mut request: PublishEntitlementRulesRequest,
) -> Result<PublishEntitlementRulesResponse, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let publication = Publication::<RulesDocument<Entitlement>>::read(&request.document, violations)?;
    publication.check_area(caller)?;
    let publication = &publication;
    let answer = once::once(register, &key, |write| Box::pin(write_down(write, publication))).await?;
    register.rules.refresh().await?;
    Ok(answer)
}

async fn write_down(
    Write { tx, service: register, cause }: Write<'_>,
    publication: &Publication<RulesDocument<Entitlement>>,
) -> Result<Done<PublishEntitlementRulesResponse>, ServiceError> {
    let published = publication.write(tx, &register.rules, &cause.caller, register.clock.now()).await?;
    let rules = Some(published.summary.into());
    let answer = PublishEntitlementRulesResponse { rules, replayed: published.known };
    Ok(Done { answer, changed: Vec::new() })
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
