//! The person lets somebody look at parts of their register.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use yizhan_proto::enrollment::v1::{GrantAccessRequest, GrantAccessResponse};
use yizhan_runtime::clock::moment;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};

use crate::access::domain::grant::{MAX_DAYS, Scope};
use crate::access::store::access_grants;
use crate::access::store::entities::access_grant::Model;
use crate::app::{Done, Register, Write, person_merged};
use crate::register::keeper::{for_self_or_keeper, is_self};
use crate::rights::messages;

/// Grants of one person in force at once.
const MAX_STANDING: u64 = 100;

/// By the person, or by the agency on the person's signed request.
pub async fn grant_access(
    register: &Register,
    caller: &Caller,
    mut request: GrantAccessRequest,
) -> Result<GrantAccessResponse, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    let now = register.clock.now();
    let terms = checked(&request, violations, caller, now)?;
    let person = for_self_or_keeper(register, caller, &request.psn_no).await?;
    if let Some(merged_into) = &person.timeline.merged_into {
        return Err(person_merged(&request.psn_no, merged_into));
    }
    let grant = Model {
        grant_id: new_id(),
        poolarea_no: person.poolarea_no.to_string(),
        psn_no: request.psn_no.clone(),
        grantee: request.grantee.clone(),
        purpose: request.purpose.clone(),
        scopes: access_grants::scope_text(&terms.scopes),
        begins_at: terms.begins_at,
        ends_at: terms.ends_at,
        granted_by: caller.to_string(),
        consent_reference: request.consent_reference.clone(),
        granted_at: now,
        withdrawn_at: None,
        withdrawn_by: String::new(),
    };
    once::once(register, &key, |tools| Box::pin(write(tools, &grant))).await
}

struct Terms {
    scopes: BTreeSet<Scope>,
    begins_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

fn checked(
    request: &GrantAccessRequest,
    mut violations: Violations,
    caller: &Caller,
    now: DateTime<Utc>,
) -> Result<Terms, ServiceError> {
    Fields::of(&mut violations).text("purpose", &request.purpose, true);
    let grantee = Caller::parse(&request.grantee);
    let third_party = grantee.is_some_and(|grantee| {
        matches!(grantee, Caller::Insurer { .. } | Caller::Institution { .. } | Caller::Department { .. })
    });
    violations.require(third_party, "grantee", Reason::GranteeInvalid);
    if is_self(caller, &request.psn_no) {
        let own = Reason::TextInvalid.saying("本人授权无需填写书面申请编号");
        violations.require(request.consent_reference.is_empty(), "consent_reference", own);
    } else {
        Fields::of(&mut violations).text("consent_reference", &request.consent_reference, true);
    }
    let scopes = messages::scopes(&request.scopes, &mut violations);
    let none = Reason::ScopeInvalid.saying("至少选择一项授权内容");
    violations.require(!request.scopes.is_empty(), "scopes", none);
    let begins_at = request.begins_at.map_or(Some(now), moment);
    let begins_at = violations.some(begins_at, "begins_at", Reason::TimeInvalid);
    let ends_at = violations.some(request.ends_at.and_then(moment), "ends_at", Reason::TimeInvalid);
    let terms = begins_at.zip(ends_at).map(|(begins_at, ends_at)| Terms { scopes, begins_at, ends_at });
    if let Some(Terms { begins_at, ends_at, .. }) = &terms {
        let ordered = begins_at < ends_at && now < *ends_at;
        violations.require(ordered, "ends_at", Reason::DatesReversed.saying("结束时间应晚于开始时间和现在"));
        let short = *ends_at - *begins_at <= TimeDelta::days(MAX_DAYS);
        violations.require(short, "ends_at", Reason::GrantTooLong);
    }
    violations.finish(terms)
}

async fn write(
    Write { tx, .. }: Write<'_>,
    grant: &Model,
) -> Result<Done<GrantAccessResponse>, ServiceError> {
    if access_grants::count_standing(tx, &grant.psn_no, grant.granted_at).await? >= MAX_STANDING {
        let text = format!("同时有效的授权最多 {MAX_STANDING} 项，请先撤回不再需要的授权");
        let refused =
            ServiceError::new(Reason::TooManyGrants, "too many grants stand already").with_text(text);
        return Err(refused.with("limit", MAX_STANDING));
    }
    access_grants::insert(tx, grant).await?;
    let answer = GrantAccessResponse { grant: Some(messages::grant(grant.clone())), replayed: false };
    Ok(Done { answer, changed: Vec::new() })
}
