//! The biggest answers, whole: whatever changes in one of them is seen. They lie in `snapshots/`; `INSTA_UPDATE=always` writes them anew.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Serializer, Value};
use yizhan_integration_tests::{COMPOSITE_AREA, SHANGHAI, TestPlatform};
use yizhan_proto::enrollment::v1::rights_service_client::RightsServiceClient;
use yizhan_proto::enrollment::v1::{GetEligibilityRequest, GetRightsRequest};
use yizhan_proto::filing::v1::{FindFilingRequest, GetFilingRequest};
use yizhan_testkit::TestDatabase;

use crate::support::{everybodys_insured, seven_payer_stay};

/// Ids are drawn anew each time; all else comes from what was asked and from the test's clock.
const DRAWN: [&str; 4] = ["setl_id", "filing_id", "eligibility_id", "answer_id"];

/// A message as JSON with the names of the contract, every field in its place.
fn whole(name: &str, message: &impl Message) -> String {
    let pool = DescriptorPool::decode(yizhan_proto::FILE_DESCRIPTOR_SET).unwrap();
    let descriptor = pool.get_message_by_name(&format!("yizhan.{name}")).unwrap();
    let message = DynamicMessage::decode(descriptor, &message.encode_to_vec()[..]).unwrap();
    let mut json = Serializer::new(Vec::new());
    message.serialize_with_options(&mut json, &SerializeOptions::new().use_proto_field_name(true)).unwrap();
    let mut value: Value = serde_json::from_slice(&json.into_inner()).unwrap();
    redact(&mut value);
    serde_json::to_string_pretty(&value).unwrap()
}

fn redact(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::Object(fields) => {
            for (name, value) in fields {
                if DRAWN.contains(&name.as_str()) {
                    *value = "…".into();
                }
                redact(value);
            }
        }
        _ => {}
    }
}

async fn platform(db: &TestDatabase) -> TestPlatform {
    TestPlatform::on(db).with_person(everybodys_insured("P1")).with_distant_institutions().start().await
}

#[tokio::test]
async fn a_settlement_and_its_trace() {
    let db = TestDatabase::sqlite();
    let platform = platform(&db).await;
    let mut settled = platform.settle("R1", seven_payer_stay("P1").numbered("M1")).await.unwrap();
    let trace = settled.trace.take().unwrap();
    insta::assert_snapshot!("settlement", whole("settlement.v1.Settlement", &settled));
    insta::assert_snapshot!("trace", whole("settlement.v1.Trace", &trace));
}

#[tokio::test]
async fn the_rights_of_a_person() {
    let db = TestDatabase::sqlite();
    let platform = platform(&db).await;
    platform.settle("R1", seven_payer_stay("P1").numbered("M1")).await.unwrap();
    let mut rights = RightsServiceClient::connect(platform.url_of("enrollment")).await.unwrap();
    let mut request =
        tonic::Request::new(GetRightsRequest { psn_no: "P1".into(), ..GetRightsRequest::default() });
    request.metadata_mut().insert("yizhan-caller", "person:P1".parse().unwrap());
    let answer = rights.get_rights(request).await.unwrap().into_inner();
    insta::assert_snapshot!("rights", whole("enrollment.v1.GetRightsResponse", &answer));
}

#[tokio::test]
async fn a_filing_and_what_is_found() {
    let db = TestDatabase::sqlite();
    let platform = platform(&db).await;
    let filing = platform.file_long_term("P1", "310", SHANGHAI, COMPOSITE_AREA).await;
    let request = GetFilingRequest { filing_id: filing.filing_id };
    let answer = platform.filings().get_filing(request).await.unwrap().into_inner();
    insta::assert_snapshot!("filing", whole("filing.v1.GetFilingResponse", &answer));
    let request = FindFilingRequest {
        psn_no: "P1".into(),
        poolarea_no: COMPOSITE_AREA.into(),
        insutype: "310".into(),
        mdtrtarea_admvs: "310115".into(),
        begndate: "2026-02-01".into(),
        enddate: "2026-02-01".into(),
        med_type: "21".into(),
        fixmedins_lv: "third".into(),
        ..FindFilingRequest::default()
    };
    let answer = platform.filings().find_filing(request).await.unwrap().into_inner();
    insta::assert_snapshot!("filing_found", whole("filing.v1.FindFilingResponse", &answer));
}

#[tokio::test]
async fn an_eligibility() {
    let db = TestDatabase::sqlite();
    let platform = platform(&db).await;
    let request = GetEligibilityRequest { psn_no: "P1".into(), ..GetEligibilityRequest::default() };
    let answer = platform.enrollment().get_eligibility(request).await.unwrap().into_inner();
    insta::assert_snapshot!("eligibility", whole("enrollment.v1.GetEligibilityResponse", &answer));
}
