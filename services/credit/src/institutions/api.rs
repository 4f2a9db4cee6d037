//! GradeService as tonic sees it.

use yizhan_proto::credit::v1::grade_service_server::GradeService;
use yizhan_proto::credit::v1::{
    AdvanceGradeRequest, AdvanceGradeResponse, ExplainScoreRequest, ExplainScoreResponse,
    GetGradeMatterRequest, GetGradeMatterResponse, GetGradeRequest, GetGradeResponse,
    ImportGradeIndicatorsRequest, ImportGradeIndicatorsResponse, ProposeGradesRequest, ProposeGradesResponse,
    RecordConductRequest, RecordConductResponse,
};
use yizhan_runtime::calls;

use super::{advance, conduct, explain, grade, import, propose};
use crate::app::Credit;

/// The service as tonic sees it.
#[derive(Clone, Debug)]
pub struct GradeApi(Credit);

impl GradeApi {
    /// Over credit.
    pub fn new(credit: Credit) -> Self {
        GradeApi(credit)
    }
}

calls! { GradeService for GradeApi, working with |api| &api.0;
    import_grade_indicators(ImportGradeIndicatorsRequest) -> ImportGradeIndicatorsResponse = import::import;
    record_conduct(RecordConductRequest) -> RecordConductResponse = conduct::record_conduct;
    propose_grades(ProposeGradesRequest) -> ProposeGradesResponse = propose::propose_grades;
    advance_grade(AdvanceGradeRequest) -> AdvanceGradeResponse = advance::advance_grade;
    get_grade_matter(GetGradeMatterRequest) -> GetGradeMatterResponse = grade::get_grade_matter;
    get_grade(GetGradeRequest) -> GetGradeResponse = grade::get_grade;
    explain_score(ExplainScoreRequest) -> ExplainScoreResponse = explain::explain_score;
}
