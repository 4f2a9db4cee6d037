//! QualificationService as tonic sees it.

use yizhan_proto::credit::v1::qualification_service_server::QualificationService;
use yizhan_proto::credit::v1::{
    AdvancePointsRequest, AdvancePointsResponse, DecidePointsRequest, DecidePointsResponse,
    ExplainPointsRequest, ExplainPointsResponse, GetPointsMatterRequest, GetPointsMatterResponse,
    GetQualificationRequest, GetQualificationResponse, LeaveInstitutionRequest, LeaveInstitutionResponse,
    ListPointsMattersRequest, ListPointsMattersResponse, RegisterPractitionersRequest,
    RegisterPractitionersResponse, ReplayPointsRequest, ReplayPointsResponse,
};
use yizhan_runtime::calls;

use super::{advance, decide, explain, list, queries, register, replay};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct QualificationApi(Credit);

impl QualificationApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        QualificationApi(credit)
    }
}

calls! { QualificationService for QualificationApi, working with |api| &api.0;
    get_qualification(GetQualificationRequest) -> GetQualificationResponse = queries::get_qualification;
    register_practitioners(RegisterPractitionersRequest) -> RegisterPractitionersResponse = register::register_practitioners;
    leave_institution(LeaveInstitutionRequest) -> LeaveInstitutionResponse = register::leave_institution;
    decide_points(DecidePointsRequest) -> DecidePointsResponse = decide::decide_points;
    advance_points(AdvancePointsRequest) -> AdvancePointsResponse = advance::advance_points;
    get_points_matter(GetPointsMatterRequest) -> GetPointsMatterResponse = queries::get_points_matter;
    explain_points(ExplainPointsRequest) -> ExplainPointsResponse = explain::explain_points;
    list_points_matters(ListPointsMattersRequest) -> ListPointsMattersResponse = list::list_points_matters;
    replay_points(ReplayPointsRequest) -> ReplayPointsResponse = replay::replay_points;
}
