//! Documents of entitlement rules: published, listed, read. A published version never changes.

use chrono::SecondsFormat;
use sea_orm::DatabaseTransaction;
use tonic::async_trait;
use yizhan_policy::load::Problems;
use yizhan_proto::enrollment::v1::{
    EntitlementRules, GetEntitlementRulesRequest, ListEntitlementRulesRequest, ListEntitlementRulesResponse,
    PublishEntitlementRulesRequest, PublishEntitlementRulesResponse,
};
use yizhan_runtime::caller::is_admdvs;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, ServiceError, Violations, page};

use crate::changes::Cause;
use crate::domain::rules::{Document, Rules, areas_around, embedded_texts, load};
use crate::once::{self, Done, Mutation, check_request_id, replayable};
use crate::register::Register;
use crate::store::entities::entitlement_rules::Model;
use crate::store::rules;

/// Longest name or version of a document.
const MAX_NAME: usize = 64;

/// Checks a document and publishes it.
pub async fn publish(
    register: &Register,
    caller: &Caller,
    mut request: PublishEntitlementRulesRequest,
) -> Result<PublishEntitlementRulesResponse, ServiceError> {
    let request_id = std::mem::take(&mut request.request_id);
    let mut violations = Violations::new();
    check_request_id(&request_id, &mut violations);
    let read = load("document", &request.document);
    if let Err(problems) = &read {
        tell(problems, &mut violations);
    }
    if let Ok(document) = &read {
        let short = [&document.id, &document.version].iter().all(|name| name.len() <= MAX_NAME);
        violations.require(short, "document", "TEXT_INVALID", "规则名称和版本最多 64 个字符");
    }
    violations.finish()?;
    let document = read.map_err(ServiceError::internal)?;
    if !caller.may_manage_area(&document.area) {
        return Err(ServiceError::permission_denied(
            "AREA_NOT_OWNED",
            "not the caller's area",
            "无权发布该地区的待遇规则",
        )
        .with("area", &document.area));
    }
    let key = once::request_key(caller, &request_id, "PublishEntitlementRules", &request);
    let answer = once::once(register, &key, &Publication { document, text: request.document }).await?;
    register.rules.refresh().await?;
    Ok(answer)
}

/// Every problem with its place.
fn tell(problems: &Problems, violations: &mut Violations) {
    for problem in &problems.0 {
        let text = format!("第 {} 行第 {} 列：{}", problem.line, problem.column, problem.message);
        let violation = violations.push("document", problem.kind.code(), text);
        violation.with("line", problem.line).with("column", problem.column);
    }
}

replayable!(PublishEntitlementRulesResponse);

struct Publication {
    document: Document,
    text: String,
}

#[async_trait]
impl Mutation for Publication {
    type Answer = PublishEntitlementRulesResponse;

    async fn write(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
        cause: &Cause,
    ) -> Result<Done<Self::Answer>, ServiceError> {
        let Document { id, version, area, digest, .. } = &self.document;
        let published = rules::find(tx, id.clone(), version.clone()).await?;
        let embedded = Rules::embedded();
        let known = match &published {
            Some(row) => Some(row.digest.clone()),
            None => embedded.version(id, version).map(|document| document.digest.clone()),
        };
        let recorded_at = published.as_ref().map(|row| row.recorded_at);
        if known.as_ref().is_some_and(|known| known != digest) {
            return Err(immutable(&self.document));
        }
        let replayed = known.is_some();
        let now = register.clock.now();
        if !replayed {
            rules::insert(
                tx,
                Model {
                    rules_id: id.clone(),
                    version: version.clone(),
                    ordinal: new_id(),
                    area: area.clone(),
                    digest: digest.clone(),
                    document: self.text.clone(),
                    caller: cause.caller.clone(),
                    recorded_at: now,
                },
            )
            .await?;
        }
        let recorded_at = if replayed { recorded_at } else { Some(now) };
        let rules = Some(summary(&self.document, recorded_at));
        Ok(Done { answer: PublishEntitlementRulesResponse { rules, replayed }, changed: Vec::new() })
    }
}

fn immutable(document: &Document) -> ServiceError {
    ServiceError::already_exists(
        "RULES_VERSION_IMMUTABLE",
        "this version is published with other content; publish a new version",
        "该版本已发布且内容不同，请使用新的版本号",
    )
    .with("rules_id", &document.id)
    .with("version", &document.version)
}

fn summary(document: &Document, recorded_at: Option<chrono::DateTime<chrono::Utc>>) -> EntitlementRules {
    EntitlementRules {
        rules_id: document.id.clone(),
        version: document.version.clone(),
        title: document.title.clone(),
        area: document.area.clone(),
        digest: document.digest.clone(),
        recorded_at: recorded_at
            .map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
            .unwrap_or_default(),
        document: String::new(),
    }
}

/// One page of documents, in the order they were published.
pub async fn list(
    register: &Register,
    request: ListEntitlementRulesRequest,
) -> Result<ListEntitlementRulesResponse, ServiceError> {
    let ListEntitlementRulesRequest { area, page_size, page_token } = request;
    if !area.is_empty() && !is_admdvs(&area) {
        let text = "应为 6 位行政区划代码";
        return Err(ServiceError::invalid_field("area", "POOLAREA_INVALID", text));
    }
    let limit = page::page_size(page_size)? as usize;
    let scope = format!("entitlement-rules/{area}");
    let after = page::decode_token::<2>(&scope, &page_token)?;
    let around = areas_around(&area);
    let all = everything(register).await?;
    let mut concerned = all.iter().filter(|rules| area.is_empty() || around.contains(&rules.area)).peekable();
    if let Some([id, version]) = after {
        while concerned.next().is_some_and(|rules| rules.rules_id != id || rules.version != version) {}
    }
    let rules: Vec<EntitlementRules> = concerned.by_ref().take(limit).cloned().collect();
    let next_page_token = match rules.last() {
        Some(last) if concerned.peek().is_some() => {
            page::encode_token(&scope, &[&last.rules_id, &last.version])
        }
        _ => String::new(),
    };
    Ok(ListEntitlementRulesResponse { rules, next_page_token })
}

async fn everything(register: &Register) -> Result<Vec<EntitlementRules>, ServiceError> {
    let rows = rules::recorded(&register.db).await?;
    let rules = rules::load(&register.db).await?;
    let recorded_at = |document: &Document| {
        let row = rows.iter().find(|(id, version, _)| *id == document.id && *version == document.version);
        row.map(|(_, _, at)| *at)
    };
    Ok(rules.documents().iter().map(|document| summary(document, recorded_at(document))).collect())
}

fn rules_unknown() -> ServiceError {
    ServiceError::not_found("RULES_UNKNOWN", "no such document of rules", "未查询到该待遇规则版本")
}

/// One document with its text.
pub async fn get(
    register: &Register,
    request: GetEntitlementRulesRequest,
) -> Result<EntitlementRules, ServiceError> {
    let GetEntitlementRulesRequest { rules_id, version } = request;
    let could_be = |name: &str| name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    if !could_be(&rules_id) || !could_be(&version) {
        return Err(rules_unknown());
    }
    if let Some(row) = rules::find(&register.db, rules_id.clone(), version.clone()).await? {
        let document = load("document", &row.document).map_err(ServiceError::internal)?;
        return Ok(EntitlementRules { document: row.document, ..summary(&document, Some(row.recorded_at)) });
    }
    let embedded = Rules::embedded();
    let document = embedded.version(&rules_id, &version).ok_or_else(rules_unknown)?;
    let text = embedded_texts()
        .iter()
        .find(|(name, text)| load(name, text).is_ok_and(|other| other.digest == document.digest));
    let text = text.map(|(_, text)| (*text).to_owned()).unwrap_or_default();
    Ok(EntitlementRules { document: text, ..summary(document, None) })
}
