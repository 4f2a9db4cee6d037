//! Documents of audit rules: published, listed, read; and the national list of rules.

use std::collections::BTreeMap;

use yizhan_proto::audit::v1::{
    CatalogueEntry, GetAuditRuleRequest, GetAuditRuleResponse, ListAuditRulesRequest, ListAuditRulesResponse,
    ListCatalogueRequest, ListCatalogueResponse, PublishAuditRuleRequest, PublishAuditRuleResponse,
};
use yizhan_proto::rules::v1::RulesDocument;
use yizhan_rules::{Desk, Published, Summary};
use yizhan_runtime::{Caller, Fields, ServiceError, Violations, once};
use yizhan_terms::Area;

use super::domain::{AuditRule, Entry, Life, catalogue, rulebook};

/// Where documents of audit rules are kept.
pub type Documents = Desk<AuditRule>;

/// Checks a document and publishes it.
pub async fn publish(
    desk: &Documents,
    caller: &Caller,
    mut request: PublishAuditRuleRequest,
) -> Result<PublishAuditRuleResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let told = |published: Published| {
        let (rules, replayed) = (Some(published.summary.into()), published.known);
        PublishAuditRuleResponse { rules, replayed }
    };
    yizhan_rules::publish(desk, &desk.book, caller, opened, (&request.document, told)).await
}

/// One page of documents, in the order they were published.
pub async fn list(
    desk: &Documents,
    caller: &Caller,
    request: ListAuditRulesRequest,
) -> Result<ListAuditRulesResponse, ServiceError> {
    let page = desk.book.list(&request.area, &desk.pages.asked(caller, &request)).await?;
    Ok(ListAuditRulesResponse {
        rules: page.documents.into_iter().map(Summary::into).collect(),
        next_page_token: page.next_page_token,
    })
}

/// One document with its text.
pub async fn get(
    desk: &Documents,
    _: &Caller,
    request: GetAuditRuleRequest,
) -> Result<GetAuditRuleResponse, ServiceError> {
    let (summary, document) = desk.book.get(&request.rules_id, &request.version).await?;
    Ok(GetAuditRuleResponse { rules: Some(RulesDocument { document, ..summary.into() }) })
}

/// The national list, with what decides each rule in an area today.
pub async fn list_catalogue(
    desk: &Documents,
    _: &Caller,
    request: ListCatalogueRequest,
) -> Result<ListCatalogueResponse, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("area", &request.area);
    let area: Area = wrong.finish(area)?;
    let today = desk.clock.today();
    let book = rulebook(&desk.book.current(), area);
    let mut kinds: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for (rule, days) in book.rules() {
        if days.iter().any(|days| days.contains(today)) {
            let (active, shadow) = kinds.entry(&rule.rule).or_default();
            let of_life = if rule.life == Life::Active { active } else { shadow };
            if !of_life.iter().any(|kind| kind == rule.kind) {
                of_life.push(rule.kind.to_owned());
            }
        }
    }
    let entry = |entry: &Entry| {
        let (kinds, kinds_in_shadow) = kinds.get(entry.code).cloned().unwrap_or_default();
        CatalogueEntry {
            rule_id: entry.code.to_owned(),
            rule_name: entry.name.to_owned(),
            rule_class: entry.class.to_owned(),
            new_in_2025: entry.is_new,
            kinds,
            kinds_in_shadow,
            datum: entry.datum.to_owned(),
        }
    };
    Ok(ListCatalogueResponse { rules: catalogue().iter().map(entry).collect() })
}
