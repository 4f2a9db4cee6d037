//! CheckService as tonic sees it.

use yizhan_proto::audit::v1::check_service_server::CheckService;
use yizhan_proto::audit::v1::{
    AnswerViolationRequest, AnswerViolationResponse, CheckRequest, CheckResponse, PreCheckRequest,
    PreCheckResponse,
};
use yizhan_runtime::calls;

use super::{answer, check_visit};
use crate::app::Audit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct CheckApi(Audit);

impl CheckApi {
    /// Over audit.
    pub fn new(audit: Audit) -> Self {
        CheckApi(audit)
    }
}

calls! { CheckService for CheckApi, working with |api| &api.0;
    pre_check(PreCheckRequest) -> PreCheckResponse = check_visit::pre_check;
    check(CheckRequest) -> CheckResponse = check_visit::check;
    answer_violation(AnswerViolationRequest) -> AnswerViolationResponse = answer::answer_violation;
}
