//! 事前提醒, 事中审核: visits checked by audit's rules, answered by institutions, and settled by what the rules say.

use tonic::Code;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::check_service_client::CheckServiceClient;
use yizhan_proto::audit::v1::rules_service_client::RulesServiceClient;
use yizhan_proto::audit::v1::*;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::error::RemoteError;
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, violations};

/// The area's rule: nobody is paid this drug.
struct Rule {
    version: u32,
    life: &'static str,
    consequence: &'static str,
    may_answer: bool,
}

const BLOCKS: Rule = Rule { version: 1, life: "active", consequence: "block", may_answer: true };

async fn publish(platform: &TestPlatform, rule: Rule) {
    publish_kind(platform, rule, ("line", "never", "")).await;
}

async fn publish_kind(platform: &TestPlatform, rule: Rule, (scope, kind, values): (&str, &str, &str)) {
    let Rule { version, life, consequence, may_answer } = rule;
    let document = format!(
        "rule: GZ10000101002000\nversion: \"{version}\"\ntitle: 试\narea: \"999900\"\n\
         sources: {{ s: {{ title: 试〔2026〕1号, quality: G }} }}\nsource: s\nfrom: 2026-01-01\nlife: {life}\n\
         result: 违规\nstages: [事前, 事中]\nconsequence: {consequence}\nmay_answer: {may_answer}\n\
         behaviour: 超医保支付范围\nscope: {scope}\nkind: {kind}\npoints:\n  - {{ code: {ALTEPLASE}, name: 注射用阿替普酶{values} }}\n"
    );
    let request = PublishAuditRuleRequest { request_id: format!("rule-{version}"), document };
    RulesServiceClient::new(platform.to_audit()).publish_audit_rule(request).await.expect("published");
}

fn checks_by(platform: &TestPlatform, caller: &str) -> CheckServiceClient<PeerChannel> {
    CheckServiceClient::new(platform.as_caller(caller).to_audit())
}

/// A visit with 100 yuan of care and a drug of 400.
fn visit_with_drug(mdtrt_id: &str) -> VisitBuilder {
    let visit = visit("P1").outpatient("2026-01-20").line(CARE, "1", "100").line(ALTEPLASE, "1", "400");
    visit.numbered(mdtrt_id).but(|visit| {
        visit
            .feedetail
            .iter_mut()
            .for_each(|line| line.feedetl_sn = format!("{mdtrt_id}-{}", line.feedetl_sn));
    })
}

/// The same as the institution sends it to audit.
fn encounter(mdtrt_id: &str) -> Encounter {
    let visit: yizhan_proto::settlement::v1::Visit = visit_with_drug(mdtrt_id).into();
    let line = |line: yizhan_proto::settlement::v1::FeeLine| EncounterLine {
        feedetl_sn: line.feedetl_sn,
        hilist_code: line.hilist_code,
        cnt: line.cnt,
        pric: line.pric,
        det_item_fee_sumamt_fen: line.det_item_fee_sumamt_fen,
        ..EncounterLine::default()
    };
    Encounter {
        psn_no: visit.psn_no,
        poolarea_no: COMPOSITE_AREA.to_owned(),
        insutype: visit.insutype,
        mdtrt_id: visit.mdtrt_id,
        med_type: visit.med_type,
        fixmedins_code: visit.fixmedins_code,
        medins_type: "1".to_owned(),
        begndate: visit.begndate,
        enddate: visit.enddate,
        lines: visit.feedetail.into_iter().map(line).collect(),
        ..Encounter::default()
    }
}

fn answer_to(request_id: &str, jr_id: &str) -> AnswerViolationRequest {
    AnswerViolationRequest {
        request_id: request_id.to_owned(),
        encounter: Some(encounter("V1")),
        jr_id: jr_id.to_owned(),
        reason: "急性脑梗死溶栓".to_owned(),
        opter: "D1".to_owned(),
        file_ids: vec!["F-1".to_owned()],
    }
}

/// What is found against a visit, once audit has heard of those before it.
async fn heard_of(platform: &TestPlatform, visit: VisitBuilder) -> Violation {
    let begun = std::time::Instant::now();
    loop {
        let preview = platform.preview(visit.clone()).await.unwrap().settlement.unwrap();
        if let Some(violation) = preview.audit.unwrap().result.first() {
            return violation.clone();
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "audit never hears of it");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Those of audit.
fn marks(settlement: &Settlement) -> Vec<&str> {
    let kinds = info(settlement).marks.iter().map(|mark| mark.kind.as_str());
    kinds.filter(|kind| kind.starts_with("AUDIT_")).collect()
}

both_databases! {
    async fn what_a_rule_blocks_is_settled_when_the_institution_has_answered(db: TestDatabase) {
        let platform = TestPlatform::on(&db).asking_audit().with_person(Person::employee("P1")).start().await;
        publish(&platform, BLOCKS).await;
        let hospital = format!("institution:{THIRD_LEVEL}");
        let mut checks = checks_by(&platform, &hospital);
        let before = PreCheckRequest { encounter: Some(encounter("V1")), trig_scen: "2".into() };
        let found = checks.pre_check(before.clone()).await.unwrap().into_inner().result;
        let violation = &found[0];
        assert_eq!((found.len(), violation.consequence(), violation.may_answer), (1, Consequence::Block, true));
        assert_eq!(violation.judge_result_detail_dtos[0].feedetl_sn, "V1-F2");

        let error = refused(platform.settle("R1", visit_with_drug("V1")).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::FailedPrecondition, "AUDIT_VIOLATION"));
        assert_eq!(error.metadata["jr_id"], violation.jr_id, "the same, whoever sends the visit");

        // Another institution neither checks nor answers it, and what is not there is not answered.
        let mut others = checks_by(&platform, "institution:H43020000003");
        let error = RemoteError::from(others.pre_check(before).await.unwrap_err());
        assert_eq!(error.reason, "INSTITUTION_NOT_OWN");
        let error = RemoteError::from(others.answer_violation(answer_to("A0", &violation.jr_id)).await.unwrap_err());
        assert_eq!(error.reason, "INSTITUTION_NOT_OWN");
        let error = RemoteError::from(checks.answer_violation(answer_to("A0", "J")).await.unwrap_err());
        assert_eq!((error.code, error.reason.as_str()), (Code::NotFound, "VIOLATION_UNKNOWN"));
        let wrong = AnswerViolationRequest {
            reason: String::new(), opter: "张".into(), file_ids: vec![String::new()], ..answer_to("A0", "")
        };
        let error = RemoteError::from(checks.answer_violation(wrong).await.unwrap_err());
        let told = [("jr_id", "REQUIRED"), ("reason", "REASON_INVALID"), ("opter", "OPTER_INVALID"), ("file_ids[0]", "FILE_ID_INVALID")];
        assert_eq!(violations(&error), told);

        let request = answer_to("A1", &violation.jr_id);
        let answered = checks.answer_violation(request.clone()).await.unwrap().into_inner();
        let told = answered.violation.clone().unwrap();
        assert_eq!((told.consequence(), told.answer_reason.as_str()), (Consequence::Mark, "急性脑梗死溶栓"));
        let again = checks.answer_violation(request).await.unwrap().into_inner();
        assert_eq!((again.violation, again.replayed), (answered.violation, true));

        let settled = platform.settle("R1", visit_with_drug("V1")).await.expect("it was answered");
        assert_eq!((marks(&settled), info(&settled).audit_pending), (vec!["AUDIT_ANSWERED"], false));
        assert!(platform.replay(&info(&settled).setl_id).await.unwrap().identical);
        assert_eq!(refused(platform.settle("R2", visit_with_drug("V2")).await).reason, "AUDIT_VIOLATION", "that visit");

        // Where the rule takes no answer any more, the one that was given counts no more.
        publish(&platform, Rule { version: 2, may_answer: false, ..BLOCKS }).await;
        platform.reverse("W1", &settled).await.unwrap();
        assert_eq!(refused(platform.settle("R3", visit_with_drug("V1")).await).reason, "AUDIT_VIOLATION");
        let error = RemoteError::from(checks.answer_violation(answer_to("A2", &violation.jr_id)).await.unwrap_err());
        assert_eq!(error.reason, "ANSWER_NOT_ALLOWED");
    }

    /// Audit follows settlement: the person's other visits count when it has heard of them.
    async fn earlier_visits_count_and_parts_of_a_stay_are_one(db: TestDatabase) {
        let platform = TestPlatform::on(&db).asking_audit().with_person(Person::employee("P1")).start().await;
        let most = |version, within| {
            let rule = Rule { version, consequence: "mark", ..BLOCKS };
            publish_kind(&platform, rule, (within, "most", ", of: quantity, most: 2"))
        };
        most(1, "visit").await;
        let until = |day: &str, cnt: &str, sn: &str| {
            let stay = visit("P1").inpatient("2026-01-05", day).line(ALTEPLASE, cnt, "400").numbered("V1");
            stay.but(|visit| {
                let line = &mut visit.feedetail[0];
                (line.feedetl_sn, line.fee_ocur_date) = (sn.to_owned(), day.to_owned());
            })
        };
        let first = until("2026-01-10", "2", "A1").but(|visit| visit.mid_setl_flag = true);
        let first = platform.settle("R1", first).await.unwrap();
        assert_eq!((marks(&first), info(&first).audit_pending), (vec![], false), "as many as may be");
        let told = heard_of(&platform, until("2026-01-12", "1", "A2")).await;
        let against = |line: &&ViolationDetail| line.vola_item_type == "1";
        let lines = told.judge_result_detail_dtos.iter().filter(against).map(|line| line.feedetl_sn.as_str());
        assert_eq!(lines.collect::<Vec<_>>(), ["A2"], "of the stay so far");
        platform.settle("R2", until("2026-01-12", "1", "A2")).await.unwrap();

        most(2, "month").await;
        let elsewhere = visit("P1").outpatient("2026-01-20").at(SECOND_LEVEL).line(ALTEPLASE, "1", "400");
        let told = heard_of(&platform, elsewhere).await;
        assert!(told.judge_result_detail_dtos.iter().all(|line| line.setl_id.is_empty()), "no other institution's line");
    }

    async fn a_rule_withholds_what_the_funds_pay_of_a_line_and_in_shadow_says_nothing(db: TestDatabase) {
        let platform = TestPlatform::on(&db).asking_audit().with_person(Person::employee("P1")).start().await;
        publish(&platform, Rule { life: "shadow", ..BLOCKS }).await;
        let without = platform.settle("R1", visit_with_drug("V1")).await.unwrap();
        let told = without.audit.as_ref().map(|audit| (audit.result.len(), audit.withheld_fen));
        assert_eq!((told, info(&without).audit_pending), (Some((0, 0)), false));
        platform.reverse("W1", &without).await.unwrap();

        publish(&platform, Rule { version: 2, consequence: "withhold", ..BLOCKS }).await;
        let settled = platform.settle("R2", visit_with_drug("V2")).await.unwrap();
        let own = info(&settled);
        assert_eq!((own.psn_part_amt_fen, own.fund_pay_sumamt_fen), (info(&without).psn_part_amt_fen, info(&without).fund_pay_sumamt_fen));
        let in_scope = settled.feedetail[1].inscp_scp_amt_fen;
        let (whole, funds) = (own.inscp_scp_amt_fen, own.fund_pay_sumamt_fen);
        let withheld = settled.audit.as_ref().unwrap().withheld_fen;
        assert_eq!((in_scope, withheld), (36_000, (2 * in_scope * funds + whole) / (2 * whole)), "乙类, 10 % self-paid");
        assert_eq!(marks(&settled), ["AUDIT_WITHHELD"]);
        platform.reverse("W2", &settled).await.unwrap();
        assert_books_balance(&platform).await;
    }
}
