//! Who sees what of other people's settlements, and that every look is in the access log.

use tonic::Code;
use yizhan_integration_tests::checks::{info, yuan};
use yizhan_integration_tests::*;
use yizhan_proto::enrollment::v1::{
    AccessGrant, AccessLogEntry, AccessScope, GrantAccessRequest, ListAccessLogRequest,
    VerifyAccessLogRequest, WithdrawGrantRequest,
};
use yizhan_proto::settlement::v1::{
    GetBenefitsRequest, GetSettlementRequest, ListSettlementsRequest, Settlement, SettlementInfo,
};
use yizhan_testkit::{both_databases, moment};

use crate::feed::read_events;
use crate::support::{everybodys_insured, seven_payer_stay, stay};

const INSURER: &str = "insurer:PICC-QZ";
const CIVIL_AFFAIRS: &str = "department:999900.civil-affairs";

/// P1 with a stay that all seven payers paid for.
async fn settled(db: &yizhan_testkit::TestDatabase) -> (TestPlatform, Settlement) {
    let platform = TestPlatform::on(db).with_person(everybodys_insured("P1")).start().await;
    let visit = seven_payer_stay("P1").but(|visit| visit.dise_codg = vec!["C34.900".to_owned()]);
    let settled = platform.settle("R1", visit).await.unwrap();
    (platform, settled)
}

/// P1 lets the insurer look from one day to another of 2024 to 2026.
async fn granted(platform: &TestPlatform, scopes: &[AccessScope], begins: &str, ends: &str) -> AccessGrant {
    let request = GrantAccessRequest {
        request_id: format!("G{begins}{}", scopes.len()),
        psn_no: "P1".to_owned(),
        grantee: INSURER.to_owned(),
        purpose: "理赔".to_owned(),
        scopes: scopes.iter().map(|scope| i32::from(*scope)).collect(),
        begins_at: moment(&format!("{begins}T00:00:00+08:00")),
        ends_at: moment(&format!("{ends}T00:00:00+08:00")),
        consent_reference: String::new(),
    };
    let answer = platform.as_caller("person:P1").rights().grant_access(request).await.unwrap();
    answer.into_inner().grant.unwrap()
}

fn by(grant: &AccessGrant, setl_id: &str) -> GetSettlementRequest {
    let (setl_id, grant_id) = (setl_id.to_owned(), grant.grant_id.clone());
    GetSettlementRequest { setl_id, purpose: "理赔".to_owned(), grant_id }
}

fn benefits_by(grant: &AccessGrant) -> GetBenefitsRequest {
    let grant_id = grant.grant_id.clone();
    GetBenefitsRequest { grant_id, purpose: "理赔".to_owned(), ..GetBenefitsRequest::default() }
}

fn benefits_of(psn_no: &str, purpose: &str) -> GetBenefitsRequest {
    let (psn_no, purpose) = (psn_no.to_owned(), purpose.to_owned());
    GetBenefitsRequest { psn_no, purpose, ..GetBenefitsRequest::default() }
}

/// The looks at P1, oldest first: who, how, which one, what came of it.
async fn looks(platform: &TestPlatform) -> Vec<(String, String, String, String)> {
    let request = ListAccessLogRequest { psn_no: "P1".into(), page_size: 500, page_token: String::new() };
    let log = platform.as_caller("person:P1").rights().list_access_log(request).await.unwrap().into_inner();
    let told = |entry: AccessLogEntry| (entry.actor, entry.action, entry.subject, entry.outcome);
    log.entries.into_iter().rev().map(told).collect()
}

fn look(actor: &str, action: &str, subject: &str, outcome: &str) -> (String, String, String, String) {
    (actor.to_owned(), action.to_owned(), subject.to_owned(), outcome.to_owned())
}

async fn assert_chain_holds(platform: &TestPlatform) {
    let request = VerifyAccessLogRequest { poolarea_no: COMPOSITE_AREA.to_owned(), ..Default::default() };
    let verdict = platform.rights().verify_access_log(request).await.unwrap().into_inner();
    assert!(verdict.intact && verdict.complete, "{verdict:?}");
}

/// Fees and what basic insurance made of them; nothing else of the stay.
fn assert_fees(seen: &SettlementInfo, whole: &SettlementInfo) {
    let expected = SettlementInfo {
        setl_id: whole.setl_id.clone(),
        mdtrt_id: whole.mdtrt_id.clone(),
        psn_no: whole.psn_no.clone(),
        psn_name_masked: whole.psn_name_masked.clone(),
        insutype: "310".to_owned(),
        setl_time: whole.setl_time,
        med_type: "21".to_owned(),
        begndate: "2024-05-06".to_owned(),
        enddate: "2024-05-20".to_owned(),
        fixmedins_code: THIRD_LEVEL.to_owned(),
        fixmedins_name: whole.fixmedins_name.clone(),
        poolarea_no: COMPOSITE_AREA.to_owned(),
        mdtrtarea_admvs: COMPOSITE_AREA.to_owned(),
        medfee_sumamt_fen: yuan("182500"),
        fulamt_ownpay_amt_fen: yuan("32000"),
        preselfpay_amt_fen: yuan("500"),
        inscp_scp_amt_fen: yuan("150000"),
        act_pay_dedc_fen: yuan("1100"),
        hifp_pay_fen: yuan("126565"),
        pool_prop_selfpay: "0.8438".to_owned(),
        clr_optins: COMPOSITE_AREA.to_owned(),
        clr_type: "21".to_owned(),
        refd_setl_flag: "0".to_owned(),
        ..SettlementInfo::default()
    };
    assert_eq!(seen, &expected);
}

both_databases! {
    /// 衢州's 商保 interface: with the person's grant, fees and the result of basic insurance.
    async fn an_insurer_sees_what_the_person_granted(db: TestDatabase) {
        let (platform, settled) = settled(&db).await;
        let setl_id = &info(&settled).setl_id;
        let insurer = platform.as_caller(INSURER);
        assert_eq!(refused(insurer.look_at(GetSettlementRequest { setl_id: setl_id.clone(), purpose: "理赔".into(), ..Default::default() }).await).reason, "SETTLEMENT_UNKNOWN");
        assert_eq!(refused(insurer.benefits(benefits_of("P1", "理赔")).await).reason, "PERSON_NOT_OWN");

        // From before to after the stay and now; what was granted for the year after shows nothing of the stay.
        platform.clock.set("2024-06-01T04:00:00Z".parse().unwrap());
        let grant = granted(&platform, &[AccessScope::Settlements], "2024-05-01", "2024-07-01").await;
        let seen = insurer.look_at(by(&grant, setl_id)).await.unwrap();
        assert_fees(info(&seen), info(&settled));
        let rows: Vec<_> = seen.setldetail.iter().map(|row| (row.fund_pay_type.as_str(), row.fund_payamt_fen, row.setl_proc_info.as_str())).collect();
        assert_eq!(rows, [("310100", yuan("126565"), "")]);
        assert!(seen.feedetail.is_empty() && seen.trace.is_none() && seen.postings.is_empty());
        let benefits = insurer.benefits(benefits_by(&grant)).await.unwrap();
        assert_eq!((benefits.psn_no.as_str(), benefits.accumulators.len(), benefits.settlements.len()), ("P1", 0, 1));
        assert_fees(&benefits.settlements[0], info(&settled));

        let later = granted(&platform, &[AccessScope::Settlements, AccessScope::Benefits], "2024-05-21", "2024-07-01").await;
        let benefits = insurer.benefits(benefits_by(&later)).await.unwrap();
        assert!(benefits.settlements.is_empty(), "the stay ended the day before");
        assert!(benefits.accumulators.iter().any(|total| total.accumulator == "basic_paid" && total.total == yuan("126565") && total.poolarea_no == COMPOSITE_AREA));
        assert_eq!(refused(insurer.look_at(by(&later, setl_id)).await).reason, "SETTLEMENT_UNKNOWN");
        let totals = granted(&platform, &[AccessScope::Benefits], "2024-05-02", "2024-07-01").await;
        let error = refused(insurer.look_at(by(&totals, setl_id)).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "GRANT_OUT_OF_SCOPE"));

        let other_purpose = GetSettlementRequest { purpose: "核保".into(), ..by(&grant, setl_id) };
        assert_eq!(refused(insurer.look_at(other_purpose).await).reason, "GRANT_OTHER_PURPOSE");
        let no_purpose = GetBenefitsRequest { purpose: String::new(), ..benefits_by(&grant) };
        assert_eq!(refused(insurer.benefits(no_purpose).await).violation_reasons(), ["TEXT_REQUIRED"]);
        assert_eq!(refused(platform.as_caller("insurer:AIA").benefits(benefits_by(&grant)).await).reason, "GRANT_UNKNOWN");
        let withdrawal = WithdrawGrantRequest { request_id: "W1".into(), grant_id: grant.grant_id.clone() };
        platform.as_caller("person:P1").rights().withdraw_grant(withdrawal).await.unwrap();
        assert_eq!(refused(insurer.look_at(by(&grant, setl_id)).await).reason, "GRANT_WITHDRAWN");
        assert_eq!(refused(insurer.benefits(benefits_by(&grant)).await).reason, "GRANT_WITHDRAWN");
        platform.clock.set("2024-07-01T04:00:00Z".parse().unwrap());
        assert_eq!(refused(insurer.benefits(benefits_by(&later)).await).reason, "GRANT_ENDED");

        assert_eq!(looks(&platform).await, [
            look(INSURER, "SETTLEMENT", setl_id, "GIVEN"),
            look(INSURER, "BENEFITS", "", "GIVEN"),
            look(INSURER, "BENEFITS", "", "GIVEN"),
            look(INSURER, "SETTLEMENT", setl_id, "GIVEN"),
            look(INSURER, "SETTLEMENT", setl_id, "GRANT_OUT_OF_SCOPE"),
            look(INSURER, "SETTLEMENT", setl_id, "GRANT_OTHER_PURPOSE"),
            look("insurer:AIA", "BENEFITS", "", "GRANT_OF_ANOTHER"),
            look(INSURER, "SETTLEMENT", setl_id, "GRANT_WITHDRAWN"),
            look(INSURER, "BENEFITS", "", "GRANT_WITHDRAWN"),
            look(INSURER, "BENEFITS", "", "GRANT_ENDED"),
        ]);
        assert_chain_holds(&platform).await;
    }

    /// A department sees what its own funds paid: no lines, no diagnoses, no other payer.
    async fn a_department_sees_its_own_payments_and_nothing_else(db: TestDatabase) {
        let (platform, settled) = settled(&db).await;
        let plain = platform.settle("R2", stay("P1", "2024-06-01", "2024-06-02", "600")).await.unwrap();
        let setl_id = &info(&settled).setl_id;
        let civil_affairs = platform.as_caller(CIVIL_AFFAIRS);
        let at = |setl_id: &str, purpose: &str| GetSettlementRequest { setl_id: setl_id.to_owned(), purpose: purpose.to_owned(), grant_id: String::new() };
        assert_eq!(refused(civil_affairs.look_at(at(setl_id, "")).await).violation_reasons(), ["TEXT_REQUIRED"]);
        let seen = civil_affairs.look_at(at(setl_id, "救助资金核对")).await.unwrap();
        let expected = SettlementInfo {
            setl_id: setl_id.clone(),
            psn_no: "P1".to_owned(),
            psn_name_masked: "张**".to_owned(),
            setl_time: info(&settled).setl_time,
            poolarea_no: COMPOSITE_AREA.to_owned(),
            maf_pay_fen: yuan("62.38"),
            fund_pay_sumamt_fen: yuan("62.38"),
            clr_optins: COMPOSITE_AREA.to_owned(),
            refd_setl_flag: "0".to_owned(),
            ..SettlementInfo::default()
        };
        assert_eq!(info(&seen), &expected);
        let rows: Vec<_> = seen.setldetail.iter().map(|row| (row.fund_pay_type.as_str(), row.fund_payamt_fen)).collect();
        assert_eq!(rows, [("610100", yuan("62.38"))]);
        assert!(seen.feedetail.is_empty() && seen.trace.is_none() && seen.postings.is_empty());
        assert_eq!(refused(civil_affairs.look_at(at(&info(&plain).setl_id, "救助资金核对")).await).reason, "SETTLEMENT_UNKNOWN", "it paid nothing there");
        let list = ListSettlementsRequest { psn_no: "P1".into(), poolarea_no: COMPOSITE_AREA.into(), purpose: "救助资金核对".into(), ..Default::default() };
        assert_eq!(civil_affairs.look_through(list.clone()).await.unwrap().settlements, vec![expected.clone()]);
        let benefits = civil_affairs.benefits(benefits_of("P1", "救助资金核对")).await.unwrap();
        assert_eq!((benefits.settlements, benefits.accumulators.len()), (vec![expected.clone()], 0));
        let mut feed = civil_affairs.watch_for("", "救助资金核对").await.unwrap();
        assert_eq!(info(&read_events(&mut feed, 1).await[0].settlement), &expected);
        let union = platform.as_caller("department:999900.union").look_at(at(setl_id, "互助金核对")).await.unwrap();
        assert_eq!((info(&union).oth_pay_fen, info(&union).maf_pay_fen), (yuan("10246.10"), 0), "its own, not all that falls into oth_pay");

        let statement = refused(platform.as_caller(CIVIL_AFFAIRS).settlements().get_statement(yizhan_proto::settlement::v1::GetStatementRequest { setl_id: setl_id.clone(), purpose: "x".into() }).await.map(drop).map_err(|status| Box::new(status.into())));
        assert_eq!((statement.code, statement.reason.as_str()), (Code::PermissionDenied, "ONLY_PART_VISIBLE"));
        assert_eq!(refused(civil_affairs.replay(setl_id).await).reason, "SETTLEMENT_UNKNOWN");
        for stranger in ["department:999900.health", "department:999900", "department:430200.civil-affairs"] {
            let stranger = platform.as_caller(stranger);
            assert_eq!(refused(stranger.look_at(at(setl_id, "x")).await).reason, "SETTLEMENT_UNKNOWN");
            assert!(stranger.look_through(ListSettlementsRequest { purpose: "x".into(), ..list.clone() }).await.unwrap().settlements.is_empty());
            assert_eq!(refused(stranger.benefits(benefits_of("P1", "x")).await).reason, "PERSON_NOT_OWN");
        }
        assert_eq!(looks(&platform).await, [
            look(CIVIL_AFFAIRS, "SETTLEMENT", setl_id, "GIVEN"),
            look(CIVIL_AFFAIRS, "SETTLEMENTS", "", "GIVEN"),
            look(CIVIL_AFFAIRS, "BENEFITS", "", "GIVEN"),
            look(CIVIL_AFFAIRS, "SETTLEMENT", setl_id, "GIVEN"),
            look("department:999900.union", "SETTLEMENT", setl_id, "GIVEN"),
        ]);
        assert_chain_holds(&platform).await;
    }

    /// Person and institution see their own, unlogged; the agency sees the case, logged.
    async fn who_handles_the_case_sees_it_whole(db: TestDatabase) {
        let (platform, settled) = settled(&db).await;
        let setl_id = &info(&settled).setl_id;
        let (person, agency) = (platform.as_caller("person:P1"), platform.as_caller("agency:999900"));
        let institution = platform.as_caller(&format!("institution:{THIRD_LEVEL}"));
        for own in [&person, &institution] {
            assert_eq!(own.get(setl_id).await.unwrap(), settled);
            own.statement(setl_id).await.unwrap();
            assert_eq!(own.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements, [info(&settled).clone()]);
        }
        let mut feed = institution.watch("").await.unwrap();
        read_events(&mut feed, 1).await;
        let benefits = person.benefits(benefits_of("P1", "")).await.unwrap();
        assert_eq!(benefits.settlements, [info(&settled).clone()]);
        assert!(!benefits.accumulators.is_empty());
        assert_eq!(looks(&platform).await, [], "their own");

        assert_eq!(agency.get(setl_id).await.unwrap(), settled);
        agency.statement(setl_id).await.unwrap();
        agency.list("P1", COMPOSITE_AREA, 0, "").await.unwrap();
        agency.accumulators("P1", COMPOSITE_AREA).await;
        assert_eq!(agency.benefits(benefits_of("P1", "零星报销")).await.unwrap().settlements.len(), 1);
        let mut feed = agency.watch("").await.unwrap();
        read_events(&mut feed, 1).await;
        institution.accumulators("P1", COMPOSITE_AREA).await;
        for stranger in ["agency:430200", "person:P2", "operator:alice", "institution:H99990000002"] {
            let error = refused(platform.as_caller(stranger).benefits(benefits_of("P1", "x")).await);
            assert_eq!((error.code, error.reason.as_str()), (Code::PermissionDenied, "PERSON_NOT_OWN"), "{stranger}");
        }
        let institution = format!("institution:{THIRD_LEVEL}");
        assert_eq!(looks(&platform).await, [
            look("agency:999900", "SETTLEMENT", setl_id, "GIVEN"),
            look("agency:999900", "STATEMENT", setl_id, "GIVEN"),
            look("agency:999900", "SETTLEMENTS", "", "GIVEN"),
            look("agency:999900", "ACCUMULATORS", "", "GIVEN"),
            look("agency:999900", "BENEFITS", "", "GIVEN"),
            look("agency:999900", "SETTLEMENT", setl_id, "GIVEN"),
            look(&institution, "ACCUMULATORS", "", "GIVEN"),
        ]);
        assert_chain_holds(&platform).await;
    }
}
