//! Documents of audit rules: published, listed, read; and the national list of rules.

use std::collections::BTreeMap;

use yizhan_proto::audit::v1::{
    CatalogueEntry, GetAuditRuleRequest, GetAuditRuleResponse, ListAuditRulesRequest, ListAuditRulesResponse,
    ListCatalogueRequest, ListCatalogueResponse, PublishAuditRuleRequest, PublishAuditRuleResponse,
};
use yizhan_rules::Desk;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::{AuditRule, Entry, Life, catalogue, rulebook};

/// Where documents of audit rules are kept.
pub type Documents = Desk<AuditRule>;

yizhan_rules::documents! { Documents, book:
    PublishAuditRuleRequest -> PublishAuditRuleResponse,
    ListAuditRulesRequest -> ListAuditRulesResponse,
    GetAuditRuleRequest -> GetAuditRuleResponse
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
