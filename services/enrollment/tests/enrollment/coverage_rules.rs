//! Entitlement rules: published for an area, in use at once, and never rewriting what was decided.

use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::coverage::*;
use crate::support::*;

const LONGER: &str = "rules: zhuzhou-newborn\nversion: \"1\"\ntitle: 株洲新生儿\narea: \"430200\"\nsources:\n  doc: { title: 株医保发〔2026〕1号, quality: G }\nnewborn:\n  - { from: 2026-01-01, source: doc, within_days: 180 }\n";

fn publish(document: &str) -> PublishEntitlementRulesRequest {
    PublishEntitlementRulesRequest { request_id: new_id(), document: document.into() }
}

both_databases! {
    async fn an_area_s_own_rules_decide_from_then_on(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let newborn = |psn_no: &str| RegisterNewbornRequest {
            request_id: new_id(),
            person: Some(PersonRow {
                psn_no: psn_no.into(), psn_cert_type: "99".into(), certno: format!("O43{psn_no}"), psn_name: "张宝宝".into(),
                gend: "1".into(), brdy: "2026-01-10".into(), poolarea_no: "430200".into(), ..Default::default()
            }),
            guardian_psn_no: "P1".into(),
            payments: vec![paid("", "", "2026", 40000, "2026-05-11")],
        };
        let before = client.register_newborn(newborn("N1")).await.unwrap().into_inner();
        assert_eq!(before.coverages[0].coverage.as_ref().unwrap().begndate, "2026-05-11", "121 days after birth");
        let request = publish(LONGER);
        let first = client.publish_entitlement_rules(request.clone()).await.unwrap().into_inner();
        let rules = first.rules.clone().unwrap();
        assert_eq!((rules.rules_id.as_str(), rules.areas.as_slice(), first.replayed), ("zhuzhou-newborn", &["430200".to_owned()][..], false));
        let again = client.publish_entitlement_rules(request).await.unwrap().into_inner();
        assert_eq!(again, PublishEntitlementRulesResponse { replayed: true, ..first.clone() });
        let anew = client.publish_entitlement_rules(publish(LONGER)).await.unwrap().into_inner();
        assert_eq!(anew, PublishEntitlementRulesResponse { replayed: true, ..first }, "by its content");
        let after = client.register_newborn(newborn("N2")).await.unwrap().into_inner();
        assert_eq!((after.coverages[0].waiting.clone(), after.coverages[0].citation.as_str()), (None, "株医保发〔2026〕1号"));
        assert!(service.eligibility("N2", "2026-01-10").await.entitled);
        assert_eq!(service.eligibility("N1", "2026-05-10").await.reason, "COVERAGE_NOT_STARTED", "decided then, and kept");

        let other = LONGER.replace("180", "365");
        let refused = error(client.publish_entitlement_rules(publish(&other)).await.unwrap_err());
        assert_eq!((refused.code, refused.reason.as_str()), (Code::AlreadyExists, "RULES_VERSION_IMMUTABLE"));
        let refused = client.publish_entitlement_rules(as_caller("agency:430100", publish(&other))).await.unwrap_err();
        assert_eq!(error(refused).reason, "AREA_NOT_OWNED");
        let national = "rules: national-entitlement\nversion: \"2024.38\"\ntitle: 全国\narea: \"100000\"\nsources:\n  doc: { title: x, quality: G }\nnewborn:\n  - { from: 2026-01-01, source: doc, within_days: 1 }\n";
        let refused = error(client.publish_entitlement_rules(publish(national)).await.unwrap_err());
        assert_eq!(refused.reason, "RULES_VERSION_IMMUTABLE", "what comes with the service is published too");
    }

    async fn every_problem_of_a_document_is_told_with_its_place(db: TestDatabase) {
        let (_service, mut client) = start_in_2026(&db).await;
        let wrong = LONGER.replace("430200", "4302").replace("180", "many").replace("source: doc", "source: nobody");
        let refused = error(client.publish_entitlement_rules(publish(&wrong)).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["INVALID_VALUE", "UNUSED_SOURCE", "UNKNOWN_SOURCE", "INVALID_VALUE"]);
        assert!(refused.violations[0].description.starts_with("第 4 行第 7 列"), "{}", refused.violations[0].description);
        let too_long = LONGER.replace("zhuzhou-newborn", &"z".repeat(65));
        let refused = error(client.publish_entitlement_rules(publish(&too_long)).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["TEXT_INVALID"]);
        let refused = error(client.publish_entitlement_rules(publish("")).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["YAML_SYNTAX"]);
        let listed = client.list_entitlement_rules(ListEntitlementRulesRequest::default()).await.unwrap().into_inner();
        assert_eq!(listed.rules.len(), 6, "nothing was published");
    }

    async fn everybody_may_read_the_rules(db: TestDatabase) {
        let (_service, mut client) = start_in_2026(&db).await;
        client.publish_entitlement_rules(publish(LONGER)).await.unwrap();
        let list = |area: &str, page_size, page_token: &str| {
            let request = ListEntitlementRulesRequest { area: area.into(), page_size, page_token: page_token.into() };
            as_caller("person:P1", request)
        };
        let of_area = client.list_entitlement_rules(list("430203", 0, "")).await.unwrap().into_inner();
        let names: Vec<_> = of_area.rules.iter().map(|rules| rules.rules_id.as_str()).collect();
        let national = ["national-calendar", "national-departments", "national-entitlement", "national-entitlement"];
        assert_eq!(names, [&national[..], &["zhuzhou-newborn"]].concat());
        assert!(of_area.rules[3].recorded_at.is_none() && of_area.rules[4].recorded_at.is_some());
        let (mut token, mut all) = (String::new(), Vec::new());
        loop {
            let page = client.list_entitlement_rules(list("", 3, &token)).await.unwrap().into_inner();
            all.extend(page.rules.into_iter().map(|rules| rules.rules_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(all, [&national[..], &["jiangxi-entitlement", "xuchang-entitlement", "zhuzhou-newborn"]].concat());
        for rules in &of_area.rules[2..] {
            let request = GetEntitlementRulesRequest { rules_id: rules.rules_id.clone(), version: rules.version.clone() };
            let got = client.get_entitlement_rules(request).await.unwrap().into_inner().rules.unwrap();
            assert_eq!(got.digest, rules.digest);
            assert!(got.document.contains("newborn:"));
        }
        let unknown = GetEntitlementRulesRequest { rules_id: "x".into(), version: "1".into() };
        assert_eq!(error(client.get_entitlement_rules(unknown).await.unwrap_err()).reason, "RULES_UNKNOWN");
    }
}
