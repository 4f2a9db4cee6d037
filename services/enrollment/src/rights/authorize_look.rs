//! A look at what another service keeps of a person: checked against the grant, and logged, before that service answers.

use std::collections::BTreeSet;

use yizhan_proto::enrollment::v1::{AuthorizeLookRequest, AuthorizeLookResponse, LookKind};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::grants::{find_grant, grant_unknown, refused};
use super::messages::{self, scope_codes};
use crate::access::domain::grant::{Scope, WantedLook};
use crate::access::log::{Action, Look};
use crate::app::{Register, person_merged, person_unknown};
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::keeper::is_self;

/// Lets a service show somebody what it keeps of a person; a look by anybody but the person is logged first.
pub async fn authorize_look(
    register: &Register,
    caller: &Caller,
    request: AuthorizeLookRequest,
) -> Result<AuthorizeLookResponse, ServiceError> {
    if !matches!(caller, Caller::Service { .. } | Caller::LocalAdministrator) {
        let denied = "only services ask on behalf of others";
        return Err(ServiceError::new(Reason::PersonNotOwn, denied).with_text("仅限系统内服务调用"));
    }
    let asked = Asked::of(&request)?;
    if request.grant_id.is_empty() {
        let person = timelines::find(&register.db, &request.psn_no).await?;
        let person = person.ok_or_else(|| person_unknown(&request.psn_no))?;
        if !is_self(&asked.looker, &request.psn_no) {
            register.access_log.note(asked.look(&person, &request, BTreeSet::new())).await?;
        }
        return Ok(answer(person));
    }
    by_grant(register, &request, asked).await
}

/// As by LookUpByGrant: refused looks are logged, too.
async fn by_grant(
    register: &Register,
    request: &AuthorizeLookRequest,
    asked: Asked,
) -> Result<AuthorizeLookResponse, ServiceError> {
    // What a grant is for never changes: it may be read before the transaction that decides.
    let grant = find_grant(register, &request.grant_id).await?;
    if !request.psn_no.is_empty() && request.psn_no != grant.psn_no {
        return Err(grant_unknown());
    }
    let person = timelines::find(&register.db, &grant.psn_no).await?.ok_or_else(grant_unknown)?;
    let given: BTreeSet<Scope> = asked.scopes.intersection(&grant.scope_set()).copied().collect();
    let wanted = if given.is_empty() { asked.scopes.clone() } else { given.clone() };
    if let Some(refusal) = register.access_log.note(asked.look(&person, request, wanted)).await? {
        return Err(refused(refusal, &grant));
    }
    if let Some(merged_into) = &person.timeline.merged_into {
        return Err(person_merged(&grant.psn_no, merged_into));
    }
    Ok(AuthorizeLookResponse {
        scopes: scope_codes(&given),
        begins_at: Some(timestamp(grant.begins_at)),
        ends_at: Some(timestamp(grant.ends_at)),
        ..answer(person)
    })
}

/// What is asked, as far as it has to be understood.
struct Asked {
    looker: Caller,
    action: Action,
    scopes: BTreeSet<Scope>,
}

impl Asked {
    fn of(request: &AuthorizeLookRequest) -> Result<Asked, ServiceError> {
        let mut violations = Violations::new();
        let unknown = Reason::CodeUnknown.saying("查询人不在约定的格式内");
        let looker = violations.some(Caller::parse(&request.on_behalf_of), "on_behalf_of", unknown);
        let action = match request.kind() {
            LookKind::Unspecified => None,
            LookKind::Settlement => Some(Action::Settlement),
            LookKind::Settlements => Some(Action::Settlements),
            LookKind::Statement => Some(Action::Statement),
            LookKind::Accumulators => Some(Action::Accumulators),
            LookKind::Benefits => Some(Action::Benefits),
        };
        let action = violations.some(action, "kind", Reason::CodeUnknown);
        let own = looker.as_ref().is_some_and(|looker| is_self(looker, &request.psn_no));
        let mut check = Fields::of(&mut violations);
        check.text("subject", &request.subject, false);
        check.text("purpose", &request.purpose, !own);
        let scopes = messages::scopes(&request.scopes, &mut violations);
        let fits = scopes.is_empty() == request.grant_id.is_empty();
        violations.require(fits, "scopes", Reason::ScopeInvalid.saying("凭授权查询时至少一项，否则为空"));
        violations.finish(looker.zip(action).map(|(looker, action)| Asked { looker, action, scopes }))
    }

    fn look(&self, person: &StoredTimeline, request: &AuthorizeLookRequest, scopes: BTreeSet<Scope>) -> Look {
        Look {
            poolarea_no: person.poolarea_no.to_string(),
            psn_no: person.psn_no.clone(),
            action: self.action,
            subject: request.subject.clone(),
            grant_id: request.grant_id.clone(),
            wanted: WantedLook { actor: self.looker.to_string(), purpose: request.purpose.clone(), scopes },
        }
    }
}

fn answer(person: StoredTimeline) -> AuthorizeLookResponse {
    let insured = person.timeline.coverages.iter().filter_map(|coverage| coverage.poolarea_no);
    let areas: BTreeSet<Area> = insured.chain([person.poolarea_no]).collect();
    AuthorizeLookResponse {
        poolareas_no: areas.into_iter().map(String::from).collect(),
        psn_no: person.psn_no,
        ..AuthorizeLookResponse::default()
    }
}
