//! Findings listed, and one with the lines it is about.

use yizhan_proto::audit::v1::{
    Encounter, Finding, FindingState, GetFindingRequest, GetFindingResponse, ListFindingsRequest,
    ListFindingsResponse, Violation,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::is_fixmedins_code;

use super::domain::State;
use super::looks::{self, may_see, may_see_area};
use super::messages;
use super::store::{self, Model, Wanted, steps};
use crate::app::Audit;
use crate::visits::{lines_of, store::of_visits, together};

/// Longest jr_id and rule_id.
const MAX_NUMBER: usize = 64;

/// One page.
pub async fn list_findings(
    audit: &Audit,
    caller: &Caller,
    request: ListFindingsRequest,
) -> Result<ListFindingsResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = looks::check_purpose(&request.purpose, &mut wrong);
    let wanted = wanted(caller, &request, &mut wrong);
    let wanted = wrong.finish(wanted)?;
    let own =
        caller.institution_code().is_some() && caller.institution_code() == wanted.institution.as_deref();
    if !(own || may_see_area(caller, &request.poolarea_no)) {
        return Err(ServiceError::area_not_owned(&request.poolarea_no));
    }
    let db = audit.db.reading();
    let read = |after, limit| store::page(&db, &wanted, after, limit);
    let key = |last: &Model| [&last.poolarea_no, &last.enddate, &last.jr_id].map(String::clone);
    let (rows, next_page_token) = audit.pages.asked(caller, &request).page(read, key).await?;
    let findings = messages::with_answers(&db, &rows).await?;
    looks::note(audit, caller, &purpose, findings.iter().filter_map(about)).await?;
    Ok(ListFindingsResponse { findings, next_page_token })
}

fn about(finding: &Finding) -> Option<(&str, &Violation)> {
    Some((&finding.setl_id, finding.violation.as_ref()?))
}

/// What is asked for. An institution sees its own, and none of rules that are being tried.
fn wanted(caller: &Caller, request: &ListFindingsRequest, wrong: &mut Violations) -> Option<Wanted> {
    let institution = caller.institution_code();
    let mut fields = Fields::of(wrong);
    let area = fields.optional("poolarea_no", &request.poolarea_no, Fields::area);
    let required = institution.is_some() || !request.poolarea_no.is_empty();
    fields.require(required, "poolarea_no", Reason::Required);
    let code = fields.optional("fixmedins_code", &request.fixmedins_code, |fields, name, code| {
        fields.code(name, code, is_fixmedins_code)
    });
    let rule_id = fields.optional("rule_id", &request.rule_id, id);
    let state = FindingState::try_from(request.state).ok();
    let state = fields.some(state, "state", Reason::CodeUnknown);
    fields.require(!request.shadow || institution.is_none(), "shadow", Reason::FieldNotExpected);
    let code = code?.or_else(|| institution.map(str::to_owned));
    Some(Wanted {
        area: area?,
        institution: code,
        rule_id: rule_id?,
        state: State::of(state?.into()),
        shadow: request.shadow,
    })
}

/// An id as audit makes them, or as a rule has it.
pub fn id(fields: &mut Fields<'_>, name: &str, value: &str) -> Option<String> {
    fields.require(!value.is_empty(), name, Reason::Required).then_some(())?;
    fields.require(value.len() <= MAX_NUMBER, name, Reason::TooLong).then_some(())?;
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic());
    fields.require(plain, name, Reason::Characters).then(|| value.to_owned())
}

/// One that the caller may see.
pub async fn get_finding(
    audit: &Audit,
    caller: &Caller,
    request: GetFindingRequest,
) -> Result<GetFindingResponse, ServiceError> {
    let mut wrong = Violations::new();
    let purpose = looks::check_purpose(&request.purpose, &mut wrong);
    let jr_id = id(&mut Fields::of(&mut wrong), "jr_id", &request.jr_id);
    let jr_id = wrong.finish(jr_id)?;
    let row = store::find(&audit.db, &jr_id).await?.filter(|row| may_see(caller, row)).ok_or_else(unknown)?;
    let finding = messages::with_answers(&audit.db, std::slice::from_ref(&row)).await?;
    let finding = finding.into_iter().next().ok_or_else(unknown)?;
    looks::note(audit, caller, &purpose, about(&finding).into_iter()).await?;
    let encounter = encounter(audit, &row, &finding).await?;
    let steps = messages::steps(steps::of(&audit.db, &jr_id).await?);
    Ok(GetFindingResponse { finding: Some(finding), encounter, steps })
}

/// The visit as it stands, with the lines that the finding is about; `None` where nothing of it stands.
async fn encounter(audit: &Audit, row: &Model, finding: &Finding) -> Result<Option<Encounter>, ServiceError> {
    let key = [row.fixmedins_code.clone(), row.mdtrt_id.clone()];
    let known = together(of_visits(&audit.db, vec![key]).await?)?;
    let details = finding.violation.iter().flat_map(|found| &found.judge_result_detail_dtos);
    let own = details.filter(|detail| detail.setl_id.is_empty());
    let numbers: Vec<&str> = own.map(|detail| detail.feedetl_sn.as_str()).collect();
    let about = known.into_iter().find(|one| one.rests_on(&row.setl_id)).map(|one| {
        let lines = lines_of(&one.encounter, &numbers).cloned().collect();
        Encounter { lines, ..one.encounter }
    });
    Ok(about)
}

/// Nobody has this finding, or the caller may not know of it.
pub fn unknown() -> ServiceError {
    ServiceError::new(Reason::FindingUnknown, "no such finding")
}
