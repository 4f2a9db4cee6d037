//! What is wrong with a request about coverages is told at once, and changes nothing; who may not, does not; entitlements to
//! outpatient care of a disease.

use tonic::Code;
use yizhan_proto::enrollment::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::coverage::*;
use crate::support::*;

fn diabetes(begndate: &str, enddate: &str, reverify_by: &str) -> DiseaseEntitlementRow {
    DiseaseEntitlementRow {
        psn_no: "P1".into(),
        entitlement: Some(DiseaseEntitlement {
            kind: DiseaseKind::TwoDiseases.into(),
            dise_codg: "M01601".into(),
            dise_name: "糖尿病".into(),
            begndate: begndate.into(),
            enddate: enddate.into(),
            reverify_by: reverify_by.into(),
        }),
        ..DiseaseEntitlementRow::default()
    }
}

fn import(rows: impl IntoIterator<Item = DiseaseEntitlementRow>) -> ImportDiseaseEntitlementsRequest {
    ImportDiseaseEntitlementsRequest { request_id: new_id(), rows: rows.into_iter().collect() }
}

both_databases! {
    async fn everything_wrong_with_contributions_is_told_at_once(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let right = paid("P1", "390", "2026", 40000, "2026-05-20");
        let wrong = [
            right.clone(),
            Contribution { psn_no: "张三".into(), insutype: "999".into(), ..right.clone() },
            Contribution { accrym: "2026-05".into(), amount_fen: -1, clct_type: "1".into(), ..right.clone() },
            Contribution { clct_flag: "2".into(), paid_date: "2026-05-21".into(), clct_way: "10".into(), ..right.clone() },
            Contribution { clct_flag: "0".into(), clct_type: "20".into(), psn_type: "1101".into(), ..right.clone() },
            Contribution { insutype: "310".into(), accrym: "2026-13".into(), clct_type: "991".into(), contribution_id: "X".into(), ..right.clone() },
            Contribution { paid_date: String::new(), amount_fen: 10_000_000_001, ..right.clone() },
        ];
        let refused = record(&mut client, wrong).await.unwrap_err();
        let told: Vec<_> = refused.violations.iter().map(|found| format!("{} {}", found.field, found.reason)).collect();
        assert_eq!(told, [
            "rows[1].psn_no PSN_NO_INVALID", "rows[1].insutype CODE_UNKNOWN",
            "rows[2].accrym ACCRYM_INVALID", "rows[2].amount_fen AMOUNT_OUT_OF_RANGE", "rows[2].clct_type CODE_UNKNOWN",
            "rows[3].clct_flag CODE_UNKNOWN", "rows[3].paid_date IN_THE_FUTURE", "rows[3].clct_way CODE_UNKNOWN",
            "rows[4].clct_flag REFUND_NOT_DUE", "rows[4].paid_date PAID_DATE_OF_DUE", "rows[4].psn_type PSN_TYPE_NOT_RESIDENT",
            "rows[5].accrym ACCRYM_INVALID", "rows[5].clct_type CODE_UNKNOWN", "rows[5].contribution_id TOLD_ONLY",
            "rows[6].amount_fen AMOUNT_OUT_OF_RANGE", "rows[6].paid_date DATE_INVALID",
        ]);
        let refused = record(&mut client, [right.clone(), paid("P9", "390", "2026", 1, "2026-05-20")]).await.unwrap_err();
        assert_eq!((refused.violation_reasons(), refused.violations[0].field.as_str()), (vec!["PERSON_UNKNOWN"], "rows[1].psn_no"));
        let refund = Contribution { clct_type: "20".into(), ..paid("P1", "390", "2026", 40001, "2026-05-20") };
        let refused = record(&mut client, [right.clone(), refund]).await.unwrap_err();
        assert_eq!((refused.violation_reasons(), refused.violations[0].field.as_str()), (vec!["REFUND_EXCEEDS_PAID"], "rows[1].amount_fen"));
        let old = record(&mut client, [Contribution { insutype: "310".into(), ..paid("P1", "310", "1989-12", 1, "2026-05-20") }]).await.unwrap_err();
        assert_eq!(old.violation_reasons(), ["ACCRYM_INVALID"]);
        let many = (0..1001).map(|_| due("P1", "310", "2026-01", 1));
        assert_eq!(record(&mut client, many).await.unwrap_err().violation_reasons(), ["TOO_MANY_ROWS"]);
        assert_eq!(record(&mut client, []).await.unwrap_err().violation_reasons(), ["ROWS_EMPTY"]);
        let person = service.get_person("P1").await.unwrap();
        assert_eq!((person.person_version, person.coverages.len()), (1, 0), "nothing was written");
        let listed = client.list_contributions(ListContributionsRequest { psn_no: "P1".into(), ..Default::default() }).await.unwrap().into_inner();
        assert_eq!(listed.contributions, []);
    }

    async fn the_same_request_is_done_once(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let request = RecordContributionsRequest {
            request_id: new_id(),
            rows: vec![due("P1", "390", "2026", 40000), paid("P1", "390", "2026", 40000, "2026-05-20")],
        };
        let first = client.record_contributions(request.clone()).await.unwrap().into_inner();
        let again = client.record_contributions(request.clone()).await.unwrap().into_inner();
        assert_eq!(again, RecordContributionsResponse { replayed: true, ..first });
        let other = RecordContributionsRequest { rows: vec![due("P1", "390", "2026", 1)], ..request };
        assert_eq!(error(client.record_contributions(other).await.unwrap_err()).reason, "REQUEST_ID_REUSED");
        // Page by page, in the order they were recorded.
        let mut list = ListContributionsRequest { psn_no: "P1".into(), page_size: 1, ..Default::default() };
        let one = client.list_contributions(list.clone()).await.unwrap().into_inner();
        list.page_token = one.next_page_token.clone();
        let two = client.list_contributions(list.clone()).await.unwrap().into_inner();
        assert_eq!((one.contributions[0].clct_flag.as_str(), two.contributions[0].clct_flag.as_str(), two.next_page_token.as_str()), ("0", "1", ""));
        list.insutype = "390".into();
        assert_eq!(error(client.list_contributions(list).await.unwrap_err()).violation_reasons(), ["PAGE_TOKEN_INVALID"]);
        assert_eq!(service.get_person("P1").await.unwrap().person_version, 2);
    }

    async fn everything_wrong_with_a_change_is_told_at_once(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        let wrong = ChangeCoverageRequest {
            request_id: String::new(),
            psn_type: "99".into(),
            hi_type: "4".into(),
            poolarea_no: "43".into(),
            switch_from: "310".into(),
            payment: Some(due("P2", "310", "2026-05", 1)),
            ..change("", "310", "13", "2026-5-1")
        };
        let refused = done(&mut client, wrong).await.unwrap_err();
        let told: Vec<_> = refused.violations.iter().map(|found| format!("{} {}", found.field, found.reason)).collect();
        assert_eq!(told, [
            "request_id REQUEST_ID_INVALID", "payment.psn_no PAYMENT_OF_ANOTHER", "payment.clct_flag PAYMENT_EXPECTED",
            "psn_no PSN_NO_INVALID", "psn_chg_type CODE_UNKNOWN", "chg_date DATE_INVALID", "psn_type CODE_UNKNOWN",
            "hi_type CODE_UNKNOWN", "poolarea_no AREA_INVALID", "switch_from CODE_UNKNOWN",
        ]);
        for (psn_chg_type, psn_type, reason) in [("11", "", "PSN_TYPE_REQUIRED"), ("27", "", "PSN_TYPE_REQUIRED"), ("25", "1101", "PSN_TYPE_NOT_RETIRED")] {
            let wrong = ChangeCoverageRequest { psn_type: psn_type.into(), ..change("P1", "310", psn_chg_type, "2026-05-01") };
            assert_eq!(done(&mut client, wrong).await.unwrap_err().violation_reasons(), [reason], "{psn_chg_type}");
        }
        let wrong = ChangeCoverageRequest { switch_from: "390".into(), ..change("P1", "310", "21", "2026-05-01") };
        assert_eq!(done(&mut client, wrong).await.unwrap_err().violation_reasons(), ["FIELD_NOT_EXPECTED"]);
        let unknown = done(&mut client, change("P9", "310", "21", "2026-05-01")).await.unwrap_err();
        assert_eq!((unknown.code, unknown.reason.as_str()), (Code::NotFound, "PERSON_UNKNOWN"));
        // Before the rules: nobody can say what it would entitle to.
        let early = ChangeCoverageRequest { psn_type: "15".into(), payment: Some(paid("", "", "2023", 1, "2023-05-01")), ..change("P1", "390", "11", "2023-05-01") };
        assert_eq!(done(&mut client, early).await.unwrap_err().reason, "ENTITLEMENT_RULE_MISSING");
        assert_eq!(service.get_person("P1").await.unwrap().person_version, 1);
    }

    async fn only_the_area_s_own_agency_changes_coverages(db: TestDatabase) {
        let (_service, mut client) = start_in_2026(&db).await;
        for (caller, allowed) in [
            ("agency:430200", true), ("department:430200", false),
            ("institution:H43020000001", false), ("person:P1", false), ("service:settlement", false),
        ] {
            let rows = vec![due("P1", "390", "2026", 1)];
            let answer = client.record_contributions(as_caller(caller, RecordContributionsRequest { request_id: new_id(), rows })).await;
            assert_eq!(answer.map_err(|status| error(status).reason).err().as_deref(), (!allowed).then_some("AREA_NOT_OWNED"), "{caller}");
            let answer = client.change_coverage(as_caller(caller, change("P1", "310", "22", "2026-05-01"))).await;
            let expected = if allowed { "CHANGE_NOT_ALLOWED" } else { "AREA_NOT_OWNED" };
            assert_eq!(error(answer.unwrap_err()).reason, expected, "{caller}");
        }
        for (caller, allowed) in [("person:P1", true), ("person:P2", false), ("department:430000", true), ("agency:430100", false), ("institution:H43020000001", false)] {
            let request = ListContributionsRequest { psn_no: "P1".into(), ..Default::default() };
            let answer = client.list_contributions(as_caller(caller, request)).await;
            assert_eq!(answer.map_err(|status| error(status).reason).err().as_deref(), (!allowed).then_some("PERSON_UNKNOWN"), "{caller}");
        }
    }

    async fn disease_entitlements_hold_until_they_are_to_be_verified(db: TestDatabase) {
        let (mut service, mut client) = start_in_2026(&db).await;
        service.import_coverages(coverages([coverage("P1", "390", "2026-01-01", "2026-12-31")])).await.unwrap();
        let outcome = client.import_disease_entitlements(import([diabetes("2025-11-30", "", "2026-05-19")])).await.unwrap().into_inner().outcome.unwrap();
        assert_eq!((outcome.created_count, outcome.changed_person_count), (1, 1));
        let ask = |as_of: &str| GetEligibilityRequest { psn_no: "P1".into(), as_of: as_of.into(), dise_codg: "M01601".into(), ..Default::default() };
        assert!(service.ask(ask("2026-05-19")).await.unwrap().entitled);
        assert_eq!(service.ask(ask("2026-05-20")).await.unwrap().reason, "REVERIFICATION_OVERDUE");
        let verify = |verified_on: &str, reverify_by: &str| ReverifyDiseaseEntitlementRequest {
            request_id: new_id(), psn_no: "P1".into(), kind: DiseaseKind::TwoDiseases.into(), dise_codg: "M01601".into(),
            verified_on: verified_on.into(), reverify_by: reverify_by.into(),
        };
        let request = verify("2026-05-20", "");
        let verified = client.reverify_disease_entitlement(request.clone()).await.unwrap().into_inner();
        assert_eq!(verified.entitlement.unwrap().reverify_by, "2026-11-20", "half-yearly");
        assert!(client.reverify_disease_entitlement(request).await.unwrap().into_inner().replayed);
        assert!(service.ask(ask("2026-11-20")).await.unwrap().entitled);
        for (verified_on, reverify_by, reason) in [
            ("2026-05-21", "2027-01-01", "IN_THE_FUTURE"), ("2026-05-20", "2026-05-20", "DATES_REVERSED"), ("2026-05-20", "2026-11-20", "DATES_REVERSED"),
        ] {
            let refused = error(client.reverify_disease_entitlement(verify(verified_on, reverify_by)).await.unwrap_err());
            assert_eq!(refused.violation_reasons(), [reason], "{verified_on} {reverify_by}");
        }
        let before = error(client.reverify_disease_entitlement(verify("2025-11-29", "2026-12-31")).await.unwrap_err());
        assert_eq!((before.code, before.reason.as_str()), (Code::NotFound, "DISEASE_ENTITLEMENT_UNKNOWN"));

        let mut wrong = diabetes("2026-01-01", "2025-12-31", "x");
        wrong.entitlement.as_mut().unwrap().kind = 9;
        let refused = error(client.import_disease_entitlements(import([wrong, diabetes("2026-01-01", "", "2025-12-31")])).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["CODE_UNKNOWN", "DATES_REVERSED", "DATE_INVALID", "DATES_REVERSED"]);
        let refused = error(client.import_disease_entitlements(import([diabetes("2026-01-01", "", "")])).await.unwrap_err());
        assert_eq!(refused.violation_reasons(), ["ENTITLEMENT_OVERLAP"]);
        assert_eq!(service.get_person("P1").await.unwrap().diseases.len(), 1);
    }
}
