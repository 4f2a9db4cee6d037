//! Applications of the person that were taken in, for the calls about them.

use tonic::transport::Channel;
use yizhan_integration_tests::{CARE, visit};
use yizhan_proto::settlement::v1::reimbursement_service_client::ReimbursementServiceClient;
use yizhan_proto::settlement::v1::{
    ApplicantKind, ReimbursementApplication, ReimbursementBill, ReimbursementPaper,
    SubmitReimbursementRequest, Visit,
};
use yizhan_runtime::ids::new_id;

use super::by;

/// `$reimbursement`, and another one.
pub async fn known(settlement: Channel) -> [(&'static str, String); 2] {
    let mut window = ReimbursementServiceClient::new(settlement);
    let mut ids = Vec::new();
    for invono in ["1", "2"] {
        let paper = |kind: &str| ReimbursementPaper { kind: kind.to_owned(), file_id: "F1".to_owned() };
        let bill = ReimbursementBill {
            invono: invono.to_owned(),
            amount_fen: 2000,
            file_id: "F2".to_owned(),
            ..ReimbursementBill::default()
        };
        let application = ReimbursementApplication {
            visit: Some(Visit::from(visit("P1").outpatient("2026-01-08").line(CARE, "1", "20"))),
            manl_reim_rea: "02".to_owned(),
            bills: vec![bill],
            papers: vec![paper("FEE_LIST"), paper("DIAGNOSIS")],
            applicant: ApplicantKind::Person.into(),
            payee_account_ref: "acct-7".to_owned(),
            ..ReimbursementApplication::default()
        };
        let request = SubmitReimbursementRequest {
            request_id: new_id(),
            application: Some(application),
            opter: "A".to_owned(),
        };
        let taken = window.submit_reimbursement(by("agency:999900", request)).await.unwrap().into_inner();
        ids.push(taken.reimbursement.unwrap().reimbursement_id);
    }
    let [first, second] = ids.try_into().unwrap();
    [("$reimbursement", first), ("$other_reimbursement", second)]
}
