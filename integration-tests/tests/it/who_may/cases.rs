//! A case of the institution in the area that was told to it, for the calls about cases.

use tonic::transport::Channel;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::{AdvanceCaseRequest, CaseAction, CaseLine, CasePaper, OpenCaseRequest};
use yizhan_runtime::ids::new_id;

use super::by;

/// `$case`.
pub async fn known(audit: Channel) -> [(&'static str, String); 1] {
    let mut cases = CaseServiceClient::new(audit);
    let request = OpenCaseRequest {
        request_id: new_id(),
        poolarea_no: "999900".into(),
        fixmedins_code: "H99990000003".into(),
        case_souc: "2".into(),
        title: "举报".into(),
        lines: vec![CaseLine { setl_id: "S1".into(), vola_amt_fen: 1, ..CaseLine::default() }],
        papers: vec![CasePaper { file_id: "F1".into(), note: String::new() }],
        opter: "A".into(),
        ..OpenCaseRequest::default()
    };
    let opened = cases.open_case(by("agency:999900", request)).await.unwrap().into_inner();
    let case_id = opened.case.unwrap().case_id;
    for (opter, action) in [("B", CaseAction::Screen), ("C", CaseAction::Confirm)] {
        let request = AdvanceCaseRequest {
            request_id: new_id(),
            case_id: case_id.clone(),
            action: action.into(),
            opter: opter.into(),
            ..AdvanceCaseRequest::default()
        };
        cases.advance_case(by("agency:999900", request)).await.unwrap();
    }
    [("$case", case_id)]
}
