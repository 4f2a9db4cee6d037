//! A debt of the person, for the calls about it.

use tonic::transport::Channel;
use yizhan_proto::settlement::v1::deferral_service_client::DeferralServiceClient;
use yizhan_proto::settlement::v1::settlement_rules_service_client::SettlementRulesServiceClient;
use yizhan_proto::settlement::v1::{DeferRequest, PublishSettlementRulesRequest, SetPayLaterRequest};
use yizhan_runtime::ids::new_id;

use super::by;

const RULES: &str = "rules: who-may-defer\nversion: \"1\"\ntitle: 试\narea: \"999900\"\n\
    sources: { s: { title: 试, quality: P } }\n\
    pay_later: [ { from: 2024-01-01, source: s, limit_fen: 100000, due_days: 10, grace_days: 5, barred_days: 30 } ]\n";

/// `$deferral`, of a settlement.
pub async fn known(settlement: Channel, setl_id: &str) -> (&'static str, String) {
    let mut rules = SettlementRulesServiceClient::new(settlement.clone());
    let published = PublishSettlementRulesRequest { request_id: new_id(), document: RULES.to_owned() };
    rules.publish_settlement_rules(by("agency:999900", published)).await.unwrap();
    let mut deferrals = DeferralServiceClient::new(settlement);
    let (psn_no, setl_id) = ("P1".to_owned(), setl_id.to_owned());
    let open = SetPayLaterRequest {
        request_id: new_id(),
        psn_no: psn_no.clone(),
        open: true,
        ..SetPayLaterRequest::default()
    };
    deferrals.set_pay_later(by("person:P1", open)).await.unwrap();
    let asked = DeferRequest { request_id: new_id(), setl_id, psn_no };
    let answer = deferrals.defer(by("institution:H99990000003", asked)).await.unwrap();
    ("$deferral", answer.into_inner().deferral.unwrap().deferral_id)
}
