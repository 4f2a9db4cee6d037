//! Grades of institutions over a whole platform: imported, recorded, proposed from A to D, objected against, made final, repaired, taken back, explained.

use tonic::Code;
use yizhan_integration_tests::*;
use yizhan_proto::credit::v1::grade_service_client::GradeServiceClient;
use yizhan_proto::credit::v1::scheme_service_client::SchemeServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

const SCHEME: &str = r#"
rules: try-scorecard
version: "1"
title: 试行信用评价方案
area: "999900"
sources: { s: { title: 试〔2025〕1号, quality: G } }
scorecard:
  - from: 2024-01-01
    source: s
    full: 100
    base: 80
    min_months: 6
    notice_days: 5
    objection_days: 5
    decision_days: 15
    repair_after_months: 6
    repair_review_days: 15
    measured:
      - { code: settled, name: 直接结算率（%）, weight: 20, worst: 0, best: 100 }
    deductions:
      - code: agreement
        name: 协议履行
        cap: 40
        items:
          - { item: breach, name: 违反协议, points: 4, cycles: 2 }
          - { item: penalty, name: 支付违约金, points: 10 }
    vetoes:
      - { item: fraud, name: 欺诈骗保, grade: D }
    grades:
      - { grade: A, name: 优秀, from: 90 }
      - { grade: B, name: 良好, from: 80 }
      - { grade: C, name: 较差, from: 65 }
      - { grade: D, name: 差, from: 0 }
grade_effects:
  - from: 2024-01-01
    source: s
    effects:
      - { row: try-a, grade: A, sampling_rate: 2%, checks_per_year: 1, prepayment_share: 100%, deposit_share: 0%, renewal: renew }
      - { row: try-b, grade: B, sampling_rate: 5%, checks_per_year: 2, prepayment_share: 80%, deposit_share: 2%, renewal: renew }
      - { row: try-d, grade: D, sampling_rate: 30%, checks_per_year: 6, prepayment_share: 0%, deposit_share: 10%, renewal: do_not_renew }
"#;

fn grades(client: &Client) -> GradeServiceClient<PeerChannel> {
    GradeServiceClient::new(client.to_credit())
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    answer.unwrap_err().reason
}

fn place(number: u32) -> String {
    format!("H999900{number:05}")
}

fn number(code: &str) -> u32 {
    code[7..].parse().unwrap()
}

async fn publish(client: &Client, document: &str) -> Answer<()> {
    let request = PublishSchemeRequest { request_id: new_id(), document: document.into() };
    told(SchemeServiceClient::new(client.to_credit()).publish_scheme(request).await).map(drop)
}

/// Agreements, and values of 2025.
async fn import(client: &Client, agreements: &[(u32, &str, &str)], values: &[(u32, &str)]) -> Answer<i32> {
    let agreements = agreements.iter().map(|(number, signed_on, ended_on)| GradeAgreement {
        fixmedins_code: place(*number),
        signed_on: (*signed_on).into(),
        ended_on: (*ended_on).into(),
    });
    let rows = values.iter().map(|(number, value)| GradeIndicator {
        fixmedins_code: place(*number),
        indicator: "settled".into(),
        value: (*value).into(),
    });
    let request = ImportGradeIndicatorsRequest {
        request_id: new_id(),
        poolarea_no: COMPOSITE_AREA.into(),
        year: 2025,
        agreements: agreements.collect(),
        rows: rows.collect(),
        basis: "考核通报".into(),
        opter: "W1".into(),
    };
    told(grades(client).import_grade_indicators(request).await).map(|answer| answer.changed)
}

async fn record(client: &Client, number: u32, item: &str, day: &str, act_id: &str) -> Answer<GradeMatter> {
    let request = RecordConductRequest {
        request_id: new_id(),
        poolarea_no: COMPOSITE_AREA.into(),
        fixmedins_code: place(number),
        item: item.into(),
        act_id: act_id.into(),
        occurred_on: "2024-12-01".into(),
        decided_on: day.into(),
        basis: "试医保处〔2025〕1号".into(),
        opter: "W1".into(),
        ..RecordConductRequest::default()
    };
    told(grades(client).record_conduct(request).await).map(|answer| answer.matter.unwrap())
}

async fn propose(client: &Client, year: i32, day: &str) -> Answer<ProposeGradesResponse> {
    let request = ProposeGradesRequest {
        request_id: new_id(),
        poolarea_no: COMPOSITE_AREA.into(),
        year,
        opter: "W1".into(),
        day: day.into(),
        ..ProposeGradesRequest::default()
    };
    told(grades(client).propose_grades(request).await)
}

fn step(matter: &GradeMatter, action: GradeAction, day: &str) -> AdvanceGradeRequest {
    AdvanceGradeRequest {
        request_id: new_id(),
        matter_id: matter.matter_id.clone(),
        action: action.into(),
        version: matter.version,
        day: day.into(),
        reason: "据实".into(),
        file_ids: if action == GradeAction::ApplyRepair { vec!["F1".into()] } else { Vec::new() },
        opter: "W1".into(),
        ..AdvanceGradeRequest::default()
    }
}

async fn advance(client: &Client, request: AdvanceGradeRequest) -> Answer<GradeMatter> {
    told(grades(client).advance_grade(request).await).map(|answer| answer.matter.unwrap())
}

async fn take(client: &Client, matter: &GradeMatter, action: GradeAction, day: &str) -> GradeMatter {
    advance(client, step(matter, action, day)).await.unwrap()
}

async fn grade(client: &Client, number: u32, day: &str) -> InstitutionGrade {
    let request = GetGradeRequest {
        poolarea_no: COMPOSITE_AREA.into(),
        fixmedins_codes: vec![place(number)],
        day: day.into(),
    };
    told(grades(client).get_grade(request).await).unwrap().grades.remove(0)
}

async fn explain(client: &Client, number: u32, day: &str, document: &str) -> Answer<ExplainScoreResponse> {
    let request = ExplainScoreRequest {
        poolarea_no: COMPOSITE_AREA.into(),
        fixmedins_code: place(number),
        year: 2025,
        day: day.into(),
        document: document.into(),
    };
    told(grades(client).explain_score(request).await)
}

/// Everybody by the scheme above: A, B, C, D by veto; signed lately, ended, without a value.
async fn assessed(agency: &Client) -> ProposeGradesResponse {
    publish(agency, SCHEME).await.unwrap();
    let agreements: Vec<(u32, &str, &str)> = [1, 2, 3, 4, 7]
        .map(|number| (number, "2024-01-01", ""))
        .into_iter()
        .chain([(5, "2025-08-01", ""), (6, "2024-01-01", "2025-12-31")])
        .collect();
    let values = [(1, "100"), (2, "75"), (3, "100"), (4, "100"), (5, "100"), (6, "100")];
    assert_eq!(import(agency, &agreements, &values).await.unwrap(), 13);
    assert_eq!(import(agency, &agreements, &values).await.unwrap(), 0, "nothing is new");
    record(agency, 2, "penalty", "2025-03-01", "V1").await.unwrap();
    for (act, day) in [("V1", "2025-03-01"), ("V2", "2025-04-01"), ("V3", "2025-05-01")] {
        record(agency, 3, "penalty", day, act).await.unwrap();
    }
    record(agency, 4, "fraud", "2025-06-01", "V1").await.unwrap();
    propose(agency, 2025, "").await.unwrap()
}

fn codes(matters: &[GradeMatter]) -> Vec<(u32, &str, &str)> {
    matters.iter().map(|one| (number(&one.fixmedins_code), one.score.as_str(), one.grade.as_str())).collect()
}

both_databases! {
    /// From A to D, and who is not assessed; what is explained is what was stored; a veto; what is refused.
    async fn everybody_is_assessed_from_a_to_d(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let agency = platform.as_caller("agency:999900");
        assert_eq!(reason(import(&agency, &[(1, "2024-01-01", "")], &[]).await), "RULES_NOT_IN_FORCE");
        let overlap = SCHEME.replace("良好, from: 80", "良好, from: 95");
        assert_eq!(publish(&agency, &overlap).await.unwrap_err().code, Code::InvalidArgument);
        let light = SCHEME.replace("weight: 20", "weight: 10");
        assert_eq!(publish(&agency, &light).await.unwrap_err().code, Code::InvalidArgument);

        let all = assessed(&agency).await;
        let expected = [(1, "100.00", "A"), (2, "85.00", "B"), (3, "70.00", "C"), (4, "100.00", "D")];
        assert_eq!(codes(&all.proposed), expected);
        let why = all.unassessed.iter().map(|one| (number(&one.fixmedins_code), one.reason()));
        let expected = [(5, NotEvaluated::SignedLately), (6, NotEvaluated::AgreementEnded), (7, NotEvaluated::ValuesMissing)];
        assert_eq!(why.collect::<Vec<_>>(), expected);
        assert_eq!(all.unassessed[2].missing, ["settled"]);
        let again = propose(&agency, 2025, "").await.unwrap();
        assert_eq!((again.proposed.len(), again.skipped, again.unassessed.len()), (0, 4, 3));
        assert_eq!(reason(propose(&agency, 2999, "").await), "GRADE_YEAR_OPEN");

        for matter in &all.proposed {
            let told = explain(&agency, number(&matter.fixmedins_code), "", "").await.unwrap();
            assert_eq!((&told.score, &told.grade), (&matter.score, &matter.grade), "recalculated");
            assert_eq!((&told.assessed_score, &told.assessed_grade, &told.matter_id), (&matter.score, &matter.grade, &matter.matter_id));
            assert_eq!((&told.scheme, told.scheme.as_str()), (&matter.scheme, "try-scorecard@1/scorecard/2024-01-01"));
        }
        let second = explain(&agency, 2, "", "").await.unwrap();
        let parts: Vec<_> = second.parts.iter().map(|part| (part.indicator.as_str(), part.value.as_str(), part.points.as_str())).collect();
        assert_eq!(parts, [("", "", "80"), ("settled", "75", "15"), ("agreement", "", "-10")]);
        let words: Vec<_> = second.advice.iter().map(|one| one.explanation.as_str()).collect();
        assert_eq!(words, ["修复5分可恢复A级", "“直接结算率（%）”达到100可恢复A级"]);
        assert_eq!((second.entries[0].points.as_str(), second.repair_from.as_str()), ("10", "2025-09-02"));
        assert_eq!(explain(&agency, 2, "2025-02-28", "").await.unwrap().unassessed.unwrap().reason(), NotEvaluated::ValuesMissing, "as of a day before the import");
        let fourth = explain(&agency, 4, "", "").await.unwrap();
        assert_eq!((fourth.entries[0].best_grade.as_str(), fourth.advice[0].explanation.as_str()), ("D", "修复“欺诈骗保”可恢复A级"));
        // A draft: nothing is written.
        let milder = SCHEME.replace("支付违约金, points: 10", "支付违约金, points: 5").replace("try-scorecard", "milder");
        let tried = explain(&agency, 2, "", &milder).await.unwrap();
        assert_eq!((tried.score.as_str(), tried.grade.as_str(), tried.assessed_grade.as_str()), ("90.00", "A", "B"));
        assert_eq!(tried.scheme, "milder@1/scorecard/2024-01-01");

        assert_eq!(reason(record(&agency, 2, "breach", "2025-03-01", "V1").await), "ACT_COUNTED");
        assert_eq!(reason(record(&agency, 99, "breach", "2025-03-01", "V1").await), "SUBJECT_UNKNOWN");
        assert_eq!(reason(import(&agency, &[], &[(99, "1")]).await), "SUBJECT_UNKNOWN");
        let unknown = record(&agency, 2, "theft", "2025-03-01", "V9").await.unwrap_err();
        assert_eq!((unknown.violations[0].field.as_str(), unknown.violations[0].reason.as_str()), ("item", "GRADE_ITEM_UNKNOWN"));
        let nobody = grade(&agency, 1, "").await;
        assert_eq!((nobody.not_evaluated(), nobody.explanation.as_str()), (NotEvaluated::NoFinal, "尚无已定级的评价"));
        assert_eq!(grade(&agency, 99, "").await.not_evaluated(), NotEvaluated::NoAgreement);
    }

    /// Told, objected against, decided: the score follows from what is left; final, with what it changes; each step taken back.
    async fn an_objection_that_is_upheld_changes_the_grade(db: TestDatabase) {
        use GradeAction::*;
        let platform = TestPlatform::on(&db).start().await;
        let agency = platform.as_caller("agency:999900");
        let institution = platform.as_caller("institution:H99990000002");
        let second = assessed(&agency).await.proposed.remove(1);
        let early = advance(&agency, step(&second, Finalise, "")).await.unwrap_err();
        assert_eq!((early.code, early.reason.as_str()), (Code::FailedPrecondition, "GRADE_STEP_REFUSED"));
        let noticed = take(&agency, &second, Notice, "").await;
        assert_eq!((noticed.state(), noticed.due_date.is_empty(), noticed.overdue), (GradeState::Noticed, false, false));
        let early = advance(&agency, step(&noticed, Finalise, "")).await.unwrap_err();
        assert_eq!(early.reason, "GRADE_STEP_REFUSED", "who was told may still object: {early:?}");
        let another = platform.as_caller("institution:H99990000003");
        assert_eq!(reason(advance(&another, step(&noticed, Object, "")).await), "GRADE_MATTER_UNKNOWN");
        let seen = told(grades(&institution).get_grade_matter(GetGradeMatterRequest { matter_id: noticed.matter_id.clone() }).await).unwrap();
        assert_eq!(seen.matter.unwrap().allowed_actions().collect::<Vec<_>>(), [Object]);
        let objected = take(&institution, &noticed, Object, "").await;
        assert_eq!(reason(advance(&institution, step(&objected, DecideObjection, "")).await), "GRADE_STEP_REFUSED");
        let conduct = explain(&institution, 2, "", "").await.unwrap().entries.remove(0).entry_id;
        let request = AdvanceGradeRequest { undone_entry_ids: vec![conduct.clone()], ..step(&objected, DecideObjection, "") };
        let stale = AdvanceGradeRequest { version: 1, ..request.clone() };
        assert_eq!(reason(advance(&agency, stale).await), "CASE_VERSION_STALE");
        let foreign = AdvanceGradeRequest { undone_entry_ids: vec!["x".into()], request_id: new_id(), ..request.clone() };
        assert_eq!(advance(&agency, foreign).await.unwrap_err().violations[0].field, "undone_entry_ids[0]");
        let decided = advance(&agency, request.clone()).await.unwrap();
        assert_eq!((decided.score.as_str(), decided.grade.as_str()), ("95.00", "A"));
        assert_eq!(advance(&agency, request).await.unwrap(), decided, "idempotent");
        let made_final = take(&agency, &decided, Finalise, "").await;
        assert_eq!((made_final.state(), made_final.grade.as_str()), (GradeState::Final, "A"));

        let held = grade(&institution, 2, "").await;
        assert_eq!((held.grade.as_str(), held.score.as_str(), held.year, held.scheme.as_str()), ("A", "95.00", 2025, "try-scorecard@1/scorecard/2024-01-01"));
        let effects = held.effects.unwrap();
        let row = (effects.row.as_str(), effects.sampling_rate.as_str(), effects.checks_per_year, effects.prepayment_share.as_str(), effects.deposit_share.as_str(), effects.renewal());
        assert_eq!(row, ("try-a", "0.02", 1, "1", "0", RenewalAdvice::Renew));
        assert_eq!(effects.scheme, "try-scorecard@1/grade_effects/2024-01-01");
        assert_eq!(grade(&agency, 2, "2025-12-31").await.not_evaluated(), NotEvaluated::NoFinal);

        // Taken back step by step: the conduct counts again with the decision that undid it.
        let back = take(&agency, &made_final, TakeBack, "").await;
        assert_eq!((back.state(), grade(&agency, 2, "").await.grade.as_str()), (GradeState::ObjectionDecided, ""));
        let back = take(&agency, &back, TakeBack, "").await;
        assert_eq!((back.state(), back.score.as_str()), (GradeState::Objected, "85.00"));
        assert_eq!(explain(&agency, 2, "", "").await.unwrap().entries[0].entry_id, conduct);
        let overruled = take(&agency, &back, DecideObjection, "").await;
        let made_final = take(&agency, &overruled, Finalise, "").await;
        assert_eq!((made_final.score.as_str(), made_final.grade.as_str()), ("85.00", "B"));
        let mut back = made_final;
        for state in [GradeState::ObjectionDecided, GradeState::Objected, GradeState::Noticed, GradeState::Proposed, GradeState::Withdrawn] {
            back = take(&agency, &back, TakeBack, "").await;
            assert_eq!(back.state(), state);
        }
        assert_eq!(codes(&propose(&agency, 2025, "").await.unwrap().proposed), [(2, "85.00", "B")]);
    }

    /// Out of time; repair after six clean months with papers, used by the next assessment; who may.
    async fn repair_waits_for_clean_months_and_counts_from_the_next_assessment(db: TestDatabase) {
        use GradeAction::*;
        let platform = TestPlatform::on(&db).start().await;
        let agency = platform.as_caller("agency:999900");
        let institution = platform.as_caller("institution:H99990000002");
        publish(&agency, SCHEME).await.unwrap();
        import(&agency, &[(2, "2024-01-01", "")], &[(2, "75")]).await.unwrap();
        let conduct = record(&agency, 2, "breach", "2025-03-01", "V1").await.unwrap();
        assert_eq!((conduct.points.as_str(), conduct.repaired.as_str(), conduct.year), ("4", "0", 2025));
        record(&agency, 2, "breach", "2025-03-02", "V2").await.unwrap();
        // Values were imported today, so an earlier assessment finds none.
        let none = propose(&agency, 2025, "2026-01-05").await.unwrap();
        assert_eq!(none.unassessed[0].reason(), NotEvaluated::ValuesMissing);

        let without = AdvanceGradeRequest { file_ids: Vec::new(), ..step(&conduct, ApplyRepair, "2025-09-03") };
        let without = advance(&agency, without).await.unwrap_err();
        assert_eq!((without.violations[0].field.as_str(), without.violations[0].reason.as_str()), ("file_ids", "RECTIFICATION_MISSING"));
        let early = advance(&agency, step(&conduct, ApplyRepair, "2025-09-02")).await.unwrap_err();
        assert_eq!(early.reason, "GRADE_STEP_REFUSED", "{early:?}");
        let applied = take(&agency, &conduct, ApplyRepair, "2025-09-03").await;
        assert_eq!((applied.state(), applied.overdue), (GradeState::Repairing, true));
        let refused = take(&agency, &applied, RefuseRepair, "2025-09-10").await;
        assert_eq!(refused.state(), GradeState::Recorded);
        let applied = take(&institution, &refused, ApplyRepair, "").await;
        let points = |points: &str| AdvanceGradeRequest { repaired_points: points.into(), ..step(&applied, Repair, "") };
        let much = advance(&agency, points("4.5")).await.unwrap_err();
        assert_eq!(much.violations[0].reason, "REPAIR_TOO_MUCH");
        let repaired = advance(&agency, points("3")).await.unwrap();
        assert_eq!((repaired.state(), repaired.repaired.as_str()), (GradeState::Repaired, "3"));
        let proposed = propose(&agency, 2025, "").await.unwrap().proposed.remove(0);
        assert_eq!((proposed.score.as_str(), proposed.grade.as_str()), ("90.00", "A"), "87 and the 3 repaired");
        let back = take(&agency, &repaired, TakeBack, "").await;
        assert_eq!(back.state(), GradeState::Repairing);
        let now = explain(&agency, 2, "", "").await.unwrap();
        assert_eq!((now.score.as_str(), now.assessed_score.as_str()), ("87.00", "90.00"), "an assessment stays what it was");
        assert_eq!(now.advice[0].explanation, "修复3分可恢复A级");

        // Nobody objected: too late for it, and time to make it final.
        let noticed = take(&agency, &proposed, Notice, "").await;
        assert_eq!(noticed.due_date, "2026-02-06", "five working days behind Sunday, 1 February");
        platform.clock.set("2026-02-07T04:00:00Z".parse().unwrap());
        let late = advance(&institution, step(&noticed, Object, "")).await.unwrap_err();
        assert_eq!((late.code, late.reason.as_str()), (Code::FailedPrecondition, "APPEAL_TOO_LATE"));
        let made_final = take(&agency, &noticed, Finalise, "").await;
        assert_eq!((made_final.grade.as_str(), grade(&agency, 2, "").await.since.as_str()), ("A", "2026-02-07"));
        assert_eq!(grade(&agency, 2, "2026-02-06").await.grade, "");

        // Who may.
        let elsewhere = platform.as_caller("agency:430200");
        assert_eq!(reason(record(&elsewhere, 2, "breach", "2025-03-01", "V7").await), "AREA_NOT_OWNED");
        assert_eq!(reason(record(&institution, 2, "breach", "2025-03-01", "V7").await), "AREA_NOT_OWNED");
        assert_eq!(reason(advance(&elsewhere, step(&conduct, TakeBack, "")).await), "GRADE_MATTER_UNKNOWN");
        assert_eq!(reason(explain(&platform.as_caller("institution:H99990000003"), 2, "", "").await), "AREA_NOT_OWNED");
        assert_eq!(reason(explain(&platform.as_caller("person:P1"), 2, "", "").await), "AREA_NOT_OWNED");
        let request = GetGradeRequest { poolarea_no: COMPOSITE_AREA.into(), fixmedins_codes: vec![place(2), place(3)], ..Default::default() };
        assert_eq!(reason(told(grades(&institution).get_grade(request.clone()).await)), "AREA_NOT_OWNED");
        assert_eq!(told(grades(&platform.as_caller("service:settlement")).get_grade(request).await).unwrap().grades.len(), 2);
    }
}
