//! What those learn who may not ask about a person: nothing, not even by how they are refused.

use yizhan_proto::enrollment::v1::MergePersonsRequest;
use yizhan_proto::enrollment::v1::merge_service_client::MergeServiceClient;
use yizhan_proto::filing::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::{TestDatabase, both_databases};

use crate::office::*;
use crate::support::*;

const STRANGERS: [&str; 5] =
    ["person:P9", "insurer:PICC", "operator:alice", "institution:H31010000001", "department:310115"];

/// A stay of somebody whose area the caller does not tell.
fn question(psn_no: &str) -> FindFilingRequest {
    FindFilingRequest { poolarea_no: String::new(), ..stay(psn_no, "2025-06-18", "2025-06-18") }
}

async fn list(service: &TestService, caller: &str, page_token: String) -> ListFilingsResponse {
    let request = ListFilingsRequest { psn_no: "P1".into(), page_size: 1, page_token };
    told(service.client.clone().list_filings(by(caller, request)).await).unwrap()
}

/// P1 is insured in 南昌; P3 was, and is P1 now; nobody is P404.
async fn with_somebody_merged(db: &TestDatabase) -> TestService {
    let service = start(db).await;
    service.insure("P1").await;
    service.insure("P3").await;
    let merge = MergePersonsRequest {
        request_id: new_id(),
        keep_psn_no: "P1".into(),
        merged_psn_no: "P3".into(),
        reason: "重复建档".into(),
    };
    let mut merges = MergeServiceClient::connect(service.enrollment.url()).await.unwrap();
    merges.merge_persons(merge).await.unwrap();
    service
}

async fn ask(service: &TestService, caller: &str, psn_no: &str) -> Result<FindFilingResponse, RemoteError> {
    told(service.client.clone().find_filing(by(caller, question(psn_no))).await)
}

both_databases! {
    /// Pages are made of what the caller may see: a stranger's hold nothing and name nothing, and nobody's tell of what lies between.
    async fn a_list_tells_strangers_nothing(db: TestDatabase) {
        let service = start(&db).await;
        service.insure("P1").await;
        let hospital = "institution:H36010000001";
        let mut own = Vec::new();
        for (caller, place) in [
            (hospital, "310115"), ("person:P1", "330100"), (hospital, "320100"), ("person:P1", "330200"),
        ] {
            let kind = if caller == hospital { referral("P1", &["referral_certificate"]) } else { temporary("P1") };
            let request = SubmitFilingRequest { rloc_admdvs: place.into(), ..kind };
            own.push(service.submit(caller, request).await.unwrap().filing_id);
        }
        own.reverse();
        for stranger in STRANGERS {
            assert_eq!(list(&service, stranger, String::new()).await, ListFilingsResponse::default(), "{stranger}");
        }
        for (caller, expected) in [("person:P1", own.clone()), (hospital, vec![own[1].clone(), own[3].clone()])] {
            let (mut seen, mut token) = (Vec::new(), String::new());
            loop {
                let page = list(&service, caller, token).await;
                assert_eq!(page.filings.len(), 1, "{caller}");
                seen.push(page.filings[0].filing_id.clone());
                token = page.next_page_token;
                if token.is_empty() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{caller}");
        }
    }

    /// A number somebody has, one nobody has, and one that another took the place of are the same to them.
    async fn a_question_tells_strangers_nothing(db: TestDatabase) {
        let service = with_somebody_merged(&db).await;
        for stranger in ["person:P9", "insurer:PICC", "operator:alice", "department:310115"] {
            let mut refusals = Vec::new();
            for psn_no in ["P1", "P3", "P404"] {
                let mut refused = ask(&service, stranger, psn_no).await.unwrap_err();
                assert_eq!(refused.metadata.remove("psn_no").as_deref(), Some(psn_no));
                refusals.push((refused.code, refused.reason, refused.message, refused.text, refused.metadata.len()));
            }
            assert_eq!(refusals[0].1, "PERSON_UNKNOWN", "{stranger}");
            assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{stranger}: {refusals:?}");
        }
        // Who has to do with persons of every area is told what to ask.
        for caller in [HOME, AWAY, "institution:H31010000001", "local-administrator", "service:settlement", "person:P3"] {
            let merged = ask(&service, caller, "P3").await.unwrap_err();
            assert_eq!((merged.reason.as_str(), merged.metadata["merged_into"].as_str()), ("PERSON_MERGED", "P1"), "{caller}");
        }
        assert_eq!(ask(&service, HOME, "P404").await.unwrap_err().reason, "PERSON_UNKNOWN");
    }

    /// Of many questions, one of whom nothing can be said has no answer, and stops nobody else. Where enrollment is away nothing is answered;
    /// strangers are refused as ever, for it is not asked about them.
    async fn one_unknown_number_stops_nobody(db: TestDatabase) {
        let service = with_somebody_merged(&db).await;
        let client = service.client.clone();
        let batch = async |caller: &str| {
            let requests = ["P404", "P1", "P3"].map(question).to_vec();
            let answers = client.clone().batch_find_filing(by(caller, BatchFindFilingRequest { requests })).await;
            told(answers).map(|told| told.responses.iter().map(|one| one.answer.is_some()).collect::<Vec<_>>())
        };
        for caller in [HOME, "institution:H31010000001", "service:settlement", "person:P1"] {
            assert_eq!(batch(caller).await.unwrap(), [false, true, false], "{caller}");
        }
        let TestService { server: _server, enrollment, .. } = service;
        enrollment.shutdown().await;
        assert_eq!(batch(HOME).await.unwrap_err().reason, "ENROLLMENT_AWAY");
        for stranger in ["person:P9", "insurer:PICC", "operator:alice"] {
            assert_eq!(batch(stranger).await.unwrap(), [false; 3], "{stranger}");
            let refused = told(client.clone().find_filing(by(stranger, question("P1"))).await).unwrap_err();
            assert_eq!(refused.reason, "PERSON_UNKNOWN", "{stranger}");
        }
    }
}
