//! 医保协议: who is suspended or has no contract does not settle; what was settled before that was recorded does not stay unknown.

use tonic::Code;
use yizhan_integration_tests::checks::{assert_adds_up, info};
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::{
    ContractStatus, ListContractStatusesRequest, RecordContractStatusRequest,
};
use yizhan_testkit::both_databases;

use crate::support::{clinic, stay, violations};

const AGENCY: &str = "agency:999900";

/// A status of the hospital, or of a department of it.
fn status(dept: &str, status: &str, begndate: &str, enddate: &str) -> RecordContractStatusRequest {
    RecordContractStatusRequest {
        fixmedins_code: THIRD_LEVEL.to_owned(),
        bilg_dept_codg: dept.to_owned(),
        status: status.to_owned(),
        begndate: begndate.to_owned(),
        enddate: enddate.to_owned(),
        reason: "重复收费".to_owned(),
        basis: "合医保处〔2024〕1号".to_owned(),
        ..RecordContractStatusRequest::default()
    }
}

/// The hospital or a department of it has this status now.
async fn recorded(client: &Client, request: RecordContractStatusRequest) -> ContractStatus {
    client.as_caller(AGENCY).record_contract(request).await.unwrap().status.unwrap()
}

fn rules(version: &str, contracts: &str) -> String {
    format!(
        "rules: contracts-of-999900\nversion: '{version}'\ntitle: 试\narea: '999900'\n\
         sources: {{ s: {{ title: 试〔2024〕1号, quality: G }} }}\ncontracts: [{{ from: 2024-01-01, source: s, {contracts} }}]\n"
    )
}

fn kinds(settlement: &yizhan_proto::settlement::v1::Settlement) -> Vec<(&str, &str)> {
    info(settlement).marks.iter().map(|mark| (mark.kind.as_str(), mark.rule.as_str())).collect()
}

both_databases! {
    async fn a_suspended_hospital_settles_nothing_of_those_days(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let suspended = recorded(&platform, status("", "suspended", "2024-06-01", "2024-06-30")).await;
        let on = async |id: &str, day: &str| platform.settle(id, clinic("P1", day, "100")).await;
        on("A1", "2024-05-31").await.unwrap();
        for (id, day) in [("A2", "2024-06-01"), ("A3", "2024-06-30")] {
            let error = refused(on(id, day).await);
            assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "INSTITUTION_SUSPENDED"));
            assert_eq!((error.metadata["day"].as_str(), error.metadata["since"].as_str()), (day, "2024-06-01"));
            assert!(error.text.contains("自2024-06-01起中止"), "{}", error.text);
        }
        let error = refused(platform.preview(clinic("P1", "2024-06-15", "100")).await);
        assert_eq!(error.reason, "INSTITUTION_SUSPENDED");
        let error = refused(platform.settle("E", clinic("P1", "2024-06-15", "100").emergency()).await);
        assert!(error.metadata["way_out"].starts_with("急诊抢救费用"), "no rule of the area: {error:?}");
        platform.settle("B", clinic("P1", "2024-06-15", "100").at(SECOND_LEVEL)).await.expect("the other one settles");
        on("A4", "2024-07-01").await.expect("resumed");

        platform.as_caller(AGENCY).withdraw_contract(&suspended).await.unwrap();
        on("A5", "2024-06-15").await.expect("it was recorded wrongly");
        let error = refused(platform.as_caller(AGENCY).withdraw_contract(&suspended).await);
        assert_eq!(error.reason, "CONTRACT_STATUS_WITHDRAWN");
        let request = ListContractStatusesRequest { fixmedins_code: THIRD_LEVEL.to_owned(), ..Default::default() };
        let listed = platform.institutions().list_contract_statuses(request).await.unwrap().into_inner().statuses;
        assert_eq!((listed.len(), listed[0].recorded_by.as_str(), listed[0].withdrawn_by.as_str()), (1, AGENCY, AGENCY));
        assert!(listed[0].withdrawn_at.is_some() && listed[0].withdrawn_reason == "误记" && listed[0].reason == "重复收费");
    }

    /// The days before are settled by themselves; or all of it with a mark, where the area says so.
    async fn an_open_stay_and_an_emergency_by_the_rule_of_the_area(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        recorded(&platform, status("", "suspended", "2024-06-01", "")).await;
        let open = || stay("P1", "2024-05-20", "2024-06-10", "5000");
        let error = refused(platform.settle("S1", open()).await);
        assert_eq!((error.reason.as_str(), error.metadata["day"].as_str()), ("INSTITUTION_SUSPENDED", "2024-06-01"));
        assert!(error.metadata["way_out"].contains("填为2024-05-31"), "{error:?}");
        let before = platform.settle("S2", stay("P1", "2024-05-20", "2024-05-31", "5000")).await.unwrap();
        platform.reverse("S3", &before).await.unwrap();

        let agency = platform.as_caller(AGENCY);
        agency.publish_settlement_rules(&rules("1", "emergency: mark, open_stay: refuse, department: refuse")).await.unwrap();
        let settled = platform.settle("E1", clinic("P1", "2024-06-15", "100").emergency()).await.unwrap();
        assert_eq!(kinds(&settled), [("EMERGENCY_WITHOUT_CONTRACT", "contracts-of-999900@1/contracts/2024-01-01")]);
        platform.preview(open().emergency()).await.expect("an emergency makes nothing worse");
        assert_eq!(refused(platform.settle("S4", open()).await).reason, "INSTITUTION_SUSPENDED");
        agency.publish_settlement_rules(&rules("2", "emergency: refuse, open_stay: mark, department: refuse")).await.unwrap();
        let settled = platform.settle("S5", open()).await.unwrap();
        assert_eq!(kinds(&settled), [("STAY_WITHOUT_CONTRACT", "contracts-of-999900@2/contracts/2024-01-01")]);
        assert_adds_up(&settled);
        assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        assert_eq!(refused(platform.settle("C", clinic("P1", "2024-06-20", "100")).await).reason, "INSTITUTION_SUSPENDED");

        recorded(&platform, status("", "ended", "2024-07-01", "")).await;
        agency.publish_settlement_rules(&rules("3", "emergency: accept, open_stay: accept, department: accept")).await.unwrap();
        let ended = platform.settle("E3", clinic("P1", "2024-07-01", "100").emergency()).await;
        assert_eq!(refused(ended).reason, "INSTITUTION_NOT_SIGNED", "no contract, no emergency by contract");
    }

    /// Recorded late: what was settled stands, and is counted and named; not what was reversed, and none once it is withdrawn.
    async fn what_was_settled_before_it_was_recorded_is_named(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settle = async |id: &str, visit: VisitBuilder| platform.settle(id, visit).await.unwrap();
        settle("A", clinic("P1", "2024-05-10", "100")).await;
        let stay = settle("B", stay("P1", "2024-05-20", "2024-06-02", "5000")).await;
        let within = settle("C", clinic("P1", "2024-06-15", "100")).await;
        let reversed = settle("D", clinic("P1", "2024-06-16", "100")).await;
        platform.reverse("R", &reversed).await.unwrap();
        settle("F", clinic("P1", "2024-07-01", "100")).await;
        let agency = platform.as_caller(AGENCY);
        let answer = agency.record_contract(status("", "suspended", "2024-06-01", "2024-06-30")).await.unwrap();
        assert_eq!(answer.settled_without_contract, 2);
        let named = platform.settled_without_contract(THIRD_LEVEL).await;
        let told: Vec<_> = named.iter().map(|row| (row.setl_id.as_str(), row.from.as_str(), row.medfee_sumamt_fen)).collect();
        assert_eq!(told, [
            (info(&stay).setl_id.as_str(), "2024-06-01", 500_000),
            (info(&within).setl_id.as_str(), "2024-06-15", 10_000),
        ]);
        assert!(named.iter().all(|row| !row.marked && row.fund_pay_sumamt_fen >= 0));
        let withdrawn = agency.withdraw_contract(&answer.status.unwrap()).await.unwrap();
        assert_eq!(withdrawn.settled_without_contract, 0);
        assert!(platform.settled_without_contract(THIRD_LEVEL).await.is_empty());
        let error = refused(platform.as_caller("agency:430200").record_contract(status("", "ended", "2024-06-01", "")).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "AREA_NOT_OWNED"));
    }

    async fn lines_of_a_suspended_department(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        recorded(&platform, status("D7", "suspended", "2024-06-01", "2024-06-30")).await;
        let bill = |days: [&str; 2]| {
            let bill = visit("P1").inpatient("2024-05-20", "2024-06-10").line(CARE, "1", "100").line(CARE, "1", "200");
            let depts = [("D7", days[0]), ("D8", days[1])];
            bill.but(|visit| {
                for (line, (dept, day)) in visit.feedetail.iter_mut().zip(depts) {
                    line.bilg_dept_codg = dept.to_owned();
                    line.fee_ocur_date = day.to_owned();
                }
            })
        };
        let error = refused(platform.settle("S1", bill(["2024-06-02", "2024-06-02"])).await);
        assert_eq!(violations(&error), [("visit.feedetail[0].bilg_dept_codg", "DEPARTMENT_SUSPENDED")]);
        platform.preview(bill(["2024-05-31", "2024-06-02"])).await.expect("before it was suspended");
        let marked = rules("1", "emergency: refuse, open_stay: refuse, department: mark");
        platform.as_caller(AGENCY).publish_settlement_rules(&marked).await.unwrap();
        let settled = platform.settle("S2", bill(["2024-06-02", "2024-06-02"])).await.unwrap();
        assert_eq!(info(&settled).marks[0].feedetl_sn, [settled.feedetail[0].feedetl_sn.as_str()]);
        let named = platform.settled_without_contract(THIRD_LEVEL).await;
        assert_eq!((named.len(), named[0].medfee_sumamt_fen, named[0].from.as_str(), named[0].marked), (1, 10_000, "2024-06-02", true));
    }

    /// An institution is none before the first day of its first contract and after the last; importing it again changes nothing of that.
    async fn before_and_after_the_contract(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        recorded(&platform, status("", "signed", "2024-01-01", "2024-12-31")).await;
        platform.import_institutions("again", standard_institutions()).await.unwrap();
        for (day, since) in [("2023-12-31", "2024-01-01"), ("2025-01-01", "2025-01-01")] {
            let error = refused(platform.preview(clinic("P1", day, "100")).await);
            assert_eq!((error.reason.as_str(), error.metadata["since"].as_str()), ("INSTITUTION_NOT_SIGNED", since));
        }
        for day in ["2024-01-01", "2024-12-31"] {
            platform.preview(clinic("P1", day, "100")).await.unwrap();
        }
        let twice = refused(platform.as_caller(AGENCY).record_contract(status("", "signed", "2024-01-01", "2024-12-31")).await);
        assert_eq!((twice.code, twice.reason.as_str()), (Code::AlreadyExists, "CONTRACT_STATUS_KNOWN"));
        let mut wrong = status("", "ended", "2024-13-01", "2024-12-31");
        wrong.reason = " ".to_owned();
        let error = refused(platform.as_caller(AGENCY).record_contract(wrong).await);
        assert_eq!(violations(&error), [("begndate", "DATE_INVALID"), ("enddate", "FIELD_NOT_EXPECTED"), ("reason", "REQUIRED")]);
    }
}
