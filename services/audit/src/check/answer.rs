//! The institution's answer to a violation.

use sea_orm::{ActiveModelTrait, IntoActiveModel};
use yizhan_proto::audit::v1::{AnswerViolationRequest, AnswerViolationResponse, Violation};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::check_visit::{violations, visit_of};
use super::domain::answered;
use super::store::{self, Model};
use crate::app::Audit;
use crate::rules::{Stage, Visit};

/// Papers of one answer at most.
const MAX_FILES: usize = 20;
/// Characters of a paper's number at most.
const MAX_FILE_ID: usize = 64;
/// Characters of who answers at most.
const MAX_OPTER: usize = 30;

/// Answers a violation with a reason, once however often it is asked.
pub async fn answer_violation(
    audit: &Audit,
    caller: &Caller,
    mut request: AnswerViolationRequest,
) -> Result<AnswerViolationResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check(&request, &mut wrong);
    let visit = visit_of(audit, caller, request.encounter.take(), wrong)?;
    if !caller.may_act_for_institution(&visit.institution) {
        return Err(ServiceError::new(Reason::InstitutionNotOwn, "the institution answers itself"));
    }
    let answer = Answer { visit, request };
    once::once(audit, &key, |write| Box::pin(answer.write(write))).await
}

fn check(request: &AnswerViolationRequest, wrong: &mut Violations) {
    wrong.require(!request.jr_id.is_empty(), "jr_id", Reason::Required);
    let says_why = yizhan_workflow::is_reason(&request.reason) && !request.reason.trim().is_empty();
    wrong.require(says_why, "reason", Reason::ReasonInvalid);
    wrong.require(is_plain(&request.opter, MAX_OPTER), "opter", Reason::OpterInvalid);
    if request.file_ids.len() > MAX_FILES {
        let text = format!("最多 {MAX_FILES} 份材料");
        wrong.push("file_ids", Reason::TooMany.saying(text)).with("limit", MAX_FILES);
    }
    for (index, file_id) in request.file_ids.iter().take(MAX_FILES).enumerate() {
        wrong.require(is_plain(file_id, MAX_FILE_ID), format!("file_ids[{index}]"), Reason::FileIdInvalid);
    }
}

fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

struct Answer {
    visit: Visit,
    request: AnswerViolationRequest,
}

impl Answer {
    async fn write(
        &self,
        Write { tx, service: audit, cause }: Write<'_, '_, Audit>,
    ) -> Result<Done<AnswerViolationResponse, ()>, ServiceError> {
        let violation = self.violation(audit, tx).await?;
        if !violation.may_answer {
            let error = ServiceError::new(Reason::AnswerNotAllowed, "the rule lets nobody answer it");
            return Err(error.with("rule_id", violation.rule_id));
        }
        let AnswerViolationRequest { jr_id, reason, opter, file_ids, .. } = self.request.clone();
        let row = Model {
            answer_no: store::count(tx, &jr_id).await? + 1,
            poolarea_no: self.visit.area.to_string(),
            fixmedins_code: self.visit.institution.clone(),
            mdtrt_id: self.visit.mdtrt_id.clone(),
            psn_no: self.visit.psn_no.clone(),
            rule_id: violation.rule_id.clone(),
            opter,
            file_ids: serde_json::Value::from(file_ids).to_string(),
            answered_by: cause.caller.clone(),
            answered_at: audit.clock.now(),
            jr_id: jr_id.clone(),
            reason: reason.clone(),
        };
        row.into_active_model().insert(tx).await?;
        let violation = Some(answered(violation, &[(jr_id, reason)].into()));
        Ok(Done { answer: AnswerViolationResponse { violation, replayed: false }, changed: () })
    }

    /// As the second line of defence finds it, or else the first.
    async fn violation(
        &self,
        audit: &Audit,
        tx: &impl sea_orm::ConnectionTrait,
    ) -> Result<Violation, ServiceError> {
        for stage in [Stage::During, Stage::Before] {
            let found = violations(audit, tx, self.visit.clone(), stage).await?;
            if let Some(violation) = found.into_iter().find(|violation| violation.jr_id == self.request.jr_id)
            {
                return Ok(violation);
            }
        }
        Err(ServiceError::new(Reason::ViolationUnknown, "the visit is against no rule with this jr_id")
            .with("jr_id", &self.request.jr_id))
    }
}
