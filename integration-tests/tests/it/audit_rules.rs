//! Rules of audit over gRPC: published, listed, read, tried out and put in force; and everything wrong with a document at once.

use tonic::Code;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::check_service_client::CheckServiceClient;
use yizhan_proto::audit::v1::rules_service_client::RulesServiceClient;
use yizhan_proto::audit::v1::{
    Encounter, EncounterLine, GetAuditRuleRequest, ListAuditRulesRequest, ListCatalogueRequest,
    PreCheckRequest, PublishAuditRuleRequest, PublishAuditRuleResponse,
};
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::violations;

/// A rule of the area: X1 for children only.
fn document(version: &str, life: &str) -> String {
    format!(
        "rule: YZ-TEST\nversion: \"{version}\"\ntitle: 试\nclass: 药品政策限定类\narea: \"999900\"\n\
         sources: {{ s: {{ title: 试〔2026〕1号, quality: G }} }}\nsource: s\nfrom: 2026-01-01\nlife: {life}\n\
         result: 违规\nstages: [事前]\nconsequence: remind\nmay_answer: true\nbehaviour: 超医保支付范围\n\
         scope: line\nkind: only\npoints:\n  - {{ code: X1, allowed: {{ ages: {{ to: 13 }} }} }}\n"
    )
}

async fn publish(
    platform: &TestPlatform,
    document: String,
) -> Result<PublishAuditRuleResponse, tonic::Status> {
    let mut rules = RulesServiceClient::new(platform.to_audit());
    let request = PublishAuditRuleRequest { request_id: yizhan_runtime::ids::new_id(), document };
    rules.publish_audit_rule(request).await.map(tonic::Response::into_inner)
}

/// One of an item, or one taken back of a line before.
fn line(number: &str, code: &str, taken_back: &str) -> EncounterLine {
    let sign = if taken_back.is_empty() { 1 } else { -1 };
    EncounterLine {
        feedetl_sn: number.into(),
        hilist_code: code.into(),
        cnt: sign.to_string(),
        pric: "10".into(),
        det_item_fee_sumamt_fen: 1_000 * sign,
        fee_ocur_time: "2026-01-20".into(),
        init_feedetl_sn: taken_back.into(),
        ..EncounterLine::default()
    }
}

/// Rules that a grown-up's lines are told to be against.
async fn told(platform: &TestPlatform, lines: Vec<EncounterLine>) -> Vec<String> {
    let encounter = Encounter {
        psn_no: "P1".into(),
        brdy: "1980-03-01".into(),
        poolarea_no: "999900".into(),
        insutype: "310".into(),
        mdtrt_id: "M1".into(),
        med_type: "11".into(),
        fixmedins_code: "H99990000003".into(),
        medins_type: "1".into(),
        begndate: "2026-01-20".into(),
        enddate: "2026-01-20".into(),
        lines,
        ..Encounter::default()
    };
    let request = PreCheckRequest { encounter: Some(encounter), trig_scen: "2".into() };
    let answer = CheckServiceClient::new(platform.to_audit()).pre_check(request).await.unwrap();
    answer.into_inner().result.into_iter().map(|violation| violation.rule_version).collect()
}

both_databases! {
    async fn a_rule_is_tried_out_and_put_in_force(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let published = publish(&platform, document("1", "shadow")).await.unwrap();
        assert_eq!(published.rules.unwrap().rules_id, "YZ-TEST-999900");
        assert_eq!(told(&platform, vec![line("F1", "X1", "")]).await, Vec::<String>::new(), "what is in shadow is told to nobody");
        publish(&platform, document("2", "active")).await.unwrap();
        assert_eq!(told(&platform, vec![line("F1", "X1", "")]).await, ["YZ-TEST@2"]);
        publish(&platform, document("3", "retired")).await.unwrap();
        assert_eq!(told(&platform, vec![line("F1", "X1", "")]).await, Vec::<String>::new());
        assert!(publish(&platform, document("3", "retired")).await.unwrap().replayed);
        let changed = publish(&platform, document("3", "active")).await.unwrap_err();
        assert_eq!(changed.code(), Code::AlreadyExists);

        let mut rules = RulesServiceClient::new(platform.to_audit());
        let request = GetAuditRuleRequest { rules_id: "YZ-TEST-999900".into(), version: "2".into() };
        let read = rules.get_audit_rule(request).await.unwrap().into_inner().rules.unwrap();
        assert_eq!(read.document, document("2", "active"));
        let request = ListAuditRulesRequest { area: "999900".into(), page_size: 500, ..Default::default() };
        let listed = rules.list_audit_rules(request).await.unwrap().into_inner().rules;
        assert_eq!(listed.iter().filter(|document| document.rules_id == "YZ-TEST-999900").count(), 3);

        let request = ListCatalogueRequest { area: "999900".into() };
        let catalogue = rules.list_catalogue(request).await.unwrap().into_inner().rules;
        assert_eq!(catalogue.len(), 88);
        let of = |number: usize| &catalogue[number - 1];
        assert_eq!((of(67).rule_id.as_str(), of(67).kinds.as_slice()), ("GZ10000301004000", &["only".to_owned()][..]));
        assert_eq!((of(49).kinds.len(), of(49).kinds_in_shadow.as_slice()), (0, &["readmission".to_owned()][..]));
        assert_eq!((of(41).kinds.len(), of(41).datum.as_str()), (0, "费用上传时间"));
    }

    /// 退单后重新计费: a bed is charged, taken back and charged again.
    async fn what_was_taken_back_is_not_against_a_rule(db: TestDatabase) {
        const BED: &str = "001109000010000";
        let platform = TestPlatform::on(&db).start().await;
        let twice = || vec![line("F1", BED, ""), line("F2", BED, "")];
        assert_eq!(told(&platform, twice()).await, ["GZ10000102014000@2026.1"]);
        let again = [twice(), vec![line("F3", BED, "F1")]].concat();
        assert_eq!(told(&platform, again).await, Vec::<String>::new());
    }

    async fn everything_wrong_is_told_and_nothing_is_loaded(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let wrong = document("1", "asleep")
            .replace("kind: only", "kind: sometimes")
            .replace("from: 2026-01-01", "from: 2026-01-01\nto: 2025-01-01");
        let refused = publish(&platform, wrong).await.unwrap_err();
        let refused = RemoteError::from(refused);
        let wrong_at = violations(&refused);
        assert_eq!(wrong_at.len(), 3, "{wrong_at:?}");
        let twice = document("1", "active")+ "  - { code: [X0, X1], allowed: { sex: \"1\" }, from: 2026-06-01 }\n";
        let refused = publish(&platform, twice).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(violations(&refused.into()), [("document", "TABLE_OVERLAP")]);
        assert_eq!(told(&platform, vec![line("F1", "X1", "")]).await, Vec::<String>::new());
    }
}
