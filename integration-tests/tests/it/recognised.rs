//! What the register recognises reaches the money: 两病, and the years behind the cap of critical-illness insurance.

use yizhan_integration_tests::checks::{assert_adds_up, info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::{MembershipKind, MembershipRow, PublishEntitlementRulesRequest};
use yizhan_testkit::both_databases;

use crate::support::stay;

/// 二级 in 南昌.
const SECOND_IN_NANCHANG: &str = "H36010000002";

fn of_nanchang(psn_no: &str) -> Person {
    Person::resident(psn_no).of_area(NANCHANG)
}

/// The agency knows that 2025 ended without a claim.
fn without_claim_in_2025(mut person: Person) -> Person {
    person.memberships.push(MembershipRow {
        psn_no: person.row.psn_no.clone(),
        kind: MembershipKind::ZeroClaimYear.into(),
        begndate: "2025-01-01".to_owned(),
        enddate: "2025-12-31".to_owned(),
        ..MembershipRow::default()
    });
    person
}

/// Drugs of so many yuan of an outpatient, for a disease or none.
fn drugs(disease: &str, pric: &str) -> VisitBuilder {
    let visit = visit("P1").insutype("390").outpatient("2026-02-01").at(SECOND_IN_NANCHANG);
    visit.line(FACTOR_VIII, "1", pric).but(|visit| visit.opsp_dise_code = disease.to_owned())
}

/// A stay of 1,000,000 that begins on a day of 2026.
fn long_stay(psn_no: &str) -> VisitBuilder {
    stay(psn_no, "2026-01-10", "2026-02-01", "1000000").insutype("390").at(NANCHANG_HOSPITAL)
}

both_databases! {
    /// 南昌 residents, 两病 at the second level: 50 %, 400 a year for high blood pressure and 500 for diabetes.
    async fn each_of_the_two_diseases_by_its_own_table(db: TestDatabase) {
        let hospital = institution(SECOND_IN_NANCHANG, "南昌某二级医院", "second");
        let setup = TestPlatform::on(&db).with_institution(hospital).with_person(of_nanchang("P1"));
        let platform = setup.start().await;
        let error = refused(platform.settle("R0", drugs("M03900", "600")).await);
        assert_eq!((error.reason.as_str(), error.metadata["why"].as_str()), ("NOT_ENTITLED", "DISEASE_NOT_ENTITLED"));
        platform.entitle_to_two_diseases("P1", "M03900", "2026-01-01").await;
        platform.entitle_to_two_diseases("P1", "M01600", "2026-01-01").await;
        for (request_id, disease, expected) in
            [("R1", "M03900", "300"), ("R2", "M03900", "100"), ("R3", "M01600", "300"), ("R4", "M01600", "200")]
        {
            let settled = platform.settle(request_id, drugs(disease, "600")).await.unwrap();
            assert_adds_up(&settled);
            assert_eq!(info(&settled).hifp_pay_fen, yuan(expected), "{request_id}");
            assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        }
        // Without the disease it is an ordinary visit, whose limit nobody published.
        assert_eq!(refused(platform.settle("R5", drugs("", "600")).await).reason, "POLICY_VALUE_UNKNOWN");
    }

    /// 38号: of 529,800 the cap of 300,000 is paid, 303,000 to whom 2025 was without a claim; by the agency's word, or by the books.
    async fn years_without_a_claim_raise_the_cap(db: TestDatabase) {
        let people = [of_nanchang("P1"), without_claim_in_2025(of_nanchang("P2")), of_nanchang("P3")];
        let platform = TestPlatform::on(&db).with_distant_institutions().with_persons(people).start().await;
        let critical = async |request_id: &str, visit: VisitBuilder| {
            let settled = platform.settle(request_id, visit).await.unwrap();
            assert_adds_up(&settled);
            assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
            (info(&settled).hifmi_pay_fen, settled)
        };
        // Nobody says since when the books know every claim: they tell of none.
        let (paid, settled) = critical("R1", long_stay("P1")).await;
        assert_eq!(paid, yuan("300000"));
        platform.reverse("V1", &settled).await.unwrap();
        let (paid, settled) = critical("R2", long_stay("P2")).await;
        assert_eq!(paid, yuan("303000"));
        let cap = settled.trace.as_ref().unwrap().layers.iter().find_map(|layer| {
            layer.cap.clone().filter(|cap| !cap.raise.is_empty())
        });
        let cap = cap.expect("a limit that was raised");
        assert_eq!((cap.raise.as_str(), cap.zero_claim_years.as_slice()), ("3000.00", [2025].as_slice()));
        assert!(cap.raised_by.unwrap().title.contains("零报销激励"));
        let statement = platform.statement(&info(&settled).setl_id).await.unwrap();
        assert!(statement.text.replace('\n', "").contains("零报销"), "{}", statement.text);

        let text = include_str!("../../../services/enrollment/rules/360000-jiangxi.yaml")
            .replace("area: \"360000\"", "area: \"360100\"")
            .replace("rules: jiangxi-entitlement", "rules: nanchang-entitlement")
            .replace("    limit: 20%\n", "    limit: 20%\n    books_from: 2025\n");
        let request = PublishEntitlementRulesRequest { request_id: "RULES".to_owned(), document: text };
        platform.coverage().publish_entitlement_rules(request).await.unwrap();
        let (paid, _) = critical("R3", long_stay("P1")).await;
        assert_eq!(paid, yuan("303000"), "2025 holds nothing");
        let claim = stay("P3", "2025-03-01", "2025-03-10", "5000").insutype("390").at(NANCHANG_HOSPITAL);
        platform.settle("R4", claim).await.unwrap();
        let (paid, _) = critical("R5", long_stay("P3")).await;
        assert_eq!(paid, yuan("300000"), "2025 holds a claim");
    }
}
