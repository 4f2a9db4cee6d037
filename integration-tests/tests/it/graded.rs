//! What a grade of credit changes in audit: how many institutions are drawn, and how often each is checked.

use yizhan_integration_tests::*;
use yizhan_proto::audit::v1::plan_service_client::PlanServiceClient;
use yizhan_proto::audit::v1::*;
use yizhan_proto::credit::v1::grade_service_client::GradeServiceClient;
use yizhan_proto::credit::v1::scheme_service_client::SchemeServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::violations;

const AGENCY: &str = "agency:999900";
pub const GOOD: [&str; 3] = ["H99990000001", "H99990000002", "H99990000003"];
pub const BAD: [&str; 2] = ["H99990000004", "H99990000005"];
const NEW: &str = "H99990000006";

/// Of those who lost nothing one in three is drawn and nobody has to be checked; of all others everybody, and twice a year.
pub const SCHEME: &str = r#"rules: test-scorecard
version: "1"
title: 试点
area: "999900"
sources:
  project: { title: 本项目假定, quality: P }
scorecard:
  - from: 2025-01-01
    source: project
    full: 100
    base: 100
    min_months: 6
    notice_days: 10
    objection_days: 10
    decision_days: 15
    repair_after_months: 6
    repair_review_days: 15
    deductions:
      - { code: fund-use, name: 基金使用, cap: 60, items: [ { item: penalty, name: 行政处罚, points: 30 } ] }
    grades:
      - { grade: A, name: 优秀, from: 80 }
      - { grade: D, name: 差, from: 0 }
grade_effects:
  - from: 2025-01-01
    source: project
    effects:
      - { row: test-a, grade: A, sampling_rate: 33%, checks_per_year: 0, prepayment_share: 100%, deposit_share: 0%, renewal: renew }
      - { row: test-d, grade: D, sampling_rate: 100%, checks_per_year: 2, prepayment_share: 0%, deposit_share: 10%, renewal: do_not_renew }
"#;

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

fn plans(client: &Client) -> PlanServiceClient<PeerChannel> {
    PlanServiceClient::new(client.to_audit())
}

/// The grades of 2025 are in force: A of the good ones, D of the bad ones.
pub async fn grade(platform: &TestPlatform) {
    let agency = platform.as_caller(AGENCY);
    let mut schemes = SchemeServiceClient::new(platform.to_credit());
    let document = SCHEME.to_owned();
    told(schemes.publish_scheme(PublishSchemeRequest { request_id: new_id(), document }).await).unwrap();
    let mut grades = GradeServiceClient::new(agency.to_credit());
    let agreement = |code: &str| GradeAgreement {
        fixmedins_code: code.to_owned(),
        signed_on: "2020-01-01".into(),
        ended_on: String::new(),
    };
    let request = ImportGradeIndicatorsRequest {
        request_id: new_id(),
        poolarea_no: COMPOSITE_AREA.into(),
        year: 2025,
        agreements: GOOD.iter().chain(&BAD).map(|code| agreement(code)).collect(),
        basis: "协议库".into(),
        opter: "A1".into(),
        ..ImportGradeIndicatorsRequest::default()
    };
    told(grades.import_grade_indicators(request).await).unwrap();
    for code in BAD {
        let request = RecordConductRequest {
            request_id: new_id(),
            poolarea_no: COMPOSITE_AREA.into(),
            fixmedins_code: code.into(),
            item: "penalty".into(),
            act_id: format!("2025-{code}"),
            occurred_on: "2025-05-01".into(),
            decided_on: "2025-06-01".into(),
            basis: "试医保处〔2025〕1号".into(),
            opter: "A1".into(),
            ..RecordConductRequest::default()
        };
        told(grades.record_conduct(request).await).unwrap();
    }
    let request = ProposeGradesRequest {
        request_id: new_id(),
        poolarea_no: COMPOSITE_AREA.into(),
        year: 2025,
        opter: "A1".into(),
        ..ProposeGradesRequest::default()
    };
    let proposed = told(grades.propose_grades(request).await).unwrap().proposed;
    assert_eq!(proposed.len(), GOOD.len() + BAD.len());
    let step = |matter: &GradeMatter, action: GradeAction| AdvanceGradeRequest {
        request_id: new_id(),
        matter_id: matter.matter_id.clone(),
        action: action.into(),
        opter: "A1".into(),
        ..AdvanceGradeRequest::default()
    };
    for matter in &proposed {
        told(grades.advance_grade(step(matter, GradeAction::Notice)).await).unwrap();
    }
    platform.clock.advance(chrono::TimeDelta::days(40));
    for matter in &proposed {
        told(grades.advance_grade(step(matter, GradeAction::Finalise)).await).unwrap();
    }
}

fn list(codes: &[&str], rate: &str) -> FreezeListRequest {
    let entry = |code: &&str| ListEntry { id: (*code).to_owned(), stratum: String::new() };
    FreezeListRequest {
        request_id: new_id(),
        area: COMPOSITE_AREA.into(),
        purpose: SelectionPurpose::Institutions.into(),
        entries: codes.iter().map(entry).collect(),
        rate: rate.into(),
        public_source: "福彩双色球下一期".into(),
        public_on: "2026-12-31".into(),
        opter: "A1".into(),
        by_grade: true,
        ..FreezeListRequest::default()
    }
}

both_databases! {
    async fn as_many_are_drawn_and_checked_as_grades_say(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db).start().await;
        grade(&platform).await;
        let agency = platform.as_caller(AGENCY);
        let mut plans = plans(&agency);
        let graded: Vec<&str> = GOOD.into_iter().chain(BAD).collect();
        let all: Vec<&str> = graded.iter().copied().chain([NEW]).collect();

        // Somebody without a grade needs a rate of their own.
        let wrong = refused(told(plans.freeze_list(list(&all, "")).await));
        assert_eq!(violations(&wrong), [("rate", "COUNT_INVALID")]);
        let given = FreezeListRequest {
            sizes: vec![StratumSize { stratum: String::new(), count: 1 }],
            purpose: SelectionPurpose::Officers.into(),
            ..list(&graded, "")
        };
        let wrong = refused(told(plans.freeze_list(given).await));
        assert_eq!(violations(&wrong), [("by_grade", "FIELD_NOT_EXPECTED"), ("sizes", "FIELD_NOT_EXPECTED")]);

        let frozen = told(plans.freeze_list(list(&all, "100%")).await).unwrap().selection.unwrap();
        let sizes: Vec<(&str, i32)> = frozen.sizes.iter().map(|size| (size.stratum.as_str(), size.count)).collect();
        assert_eq!(sizes, [("-", 1), ("A", 1), ("D", 2)]);
        let rows: Vec<[&str; 3]> = frozen.grade_rows.iter().map(|row| [row.grade.as_str(), &row.row, &row.sampling_rate]).collect();
        assert_eq!(rows, [["A", "test-a", "0.33"], ["D", "test-d", "1"]]);
        let draw = DrawSelectionRequest {
            request_id: new_id(),
            selection_id: frozen.selection_id,
            public_value: "03 08 11".into(),
            opter: "A1".into(),
        };
        let drawn = told(plans.draw_selection(draw).await).unwrap().selection.unwrap().drawn;
        assert!(drawn.len() == 4 && BAD.iter().chain([&NEW]).all(|code| drawn.iter().any(|drawn| drawn == code)), "{drawn:?}");

        // A plan in which nobody has a day lacks those whose grade asks for checks.
        let subject = |code: &&str| PlanSubject { code: (*code).to_owned(), name: "某".into(), ..PlanSubject::default() };
        let request = MakePlanRequest {
            request_id: new_id(),
            area: COMPOSITE_AREA.into(),
            year: 2026,
            kind: PlanKind::Institutions.into(),
            subjects: all.iter().map(subject).collect(),
            opter: "A1".into(),
        };
        let plan_id = told(plans.make_plan(request).await).unwrap().plan.unwrap().plan_id;
        let mut lacking = async || {
            let request = GetPlanRequest { plan_id: plan_id.clone(), as_of: String::new() };
            let plan = told(plans.get_plan(request).await).unwrap().plan.unwrap();
            let told = plan.problems.into_iter().map(|problem| format!("{} {}", problem.reason, problem.codes.join("+")));
            told.collect::<Vec<_>>()
        };
        let bad = format!("GRADE_NOT_PLANNED {}", BAD.join("+"));
        assert_eq!(lacking().await, [format!("NOT_COVERED {}", all.join("+")), bad]);

        // Nothing is drawn by what is not known.
        platform.stop_credit().await;
        assert_eq!(lacking().await[1], "GRADES_UNKNOWN ");
        let wrong = refused(told(self::plans(&agency).freeze_list(list(&graded, "")).await));
        assert_eq!(wrong.reason, "CREDIT_AWAY");
    }
}
