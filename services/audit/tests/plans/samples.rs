//! Samples: listed from what was settled, never below the floor, each reviewed to its end as a case, and what is overdue told.

use yizhan_proto::audit::v1::*;
use yizhan_runtime::error::RemoteError;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

fn sample(purpose: SelectionPurpose, rate: &str) -> FreezeListRequest {
    FreezeListRequest {
        period: "2026Q1".into(),
        sizes: Vec::new(),
        rate: rate.into(),
        public_on: String::new(),
        ..list(purpose, [], 1)
    }
}

async fn review(
    service: &TestService,
    case: &Case,
    opter: &str,
    view: ExpertView,
) -> Result<Case, RemoteError> {
    let request = GiveOpinionRequest {
        request_id: new_id(),
        case_id: case.case_id.clone(),
        view: view.into(),
        reason: "已核对单据".into(),
        papers: papers(),
        opter: opter.into(),
    };
    Ok(told(service.cases.clone().give_opinion(by(AGENCY, request)).await)?.case.unwrap())
}

async fn back(service: &TestService, case: &Case) -> Result<Case, RemoteError> {
    let request = AdvanceCaseRequest { version: case.version, ..step(&case.case_id, CaseAction::TakeBack) };
    service.advance(AGENCY, request).await
}

both_databases! {
    async fn a_sample_below_the_floor_is_refused_by_the_rules_of_the_area_and_day(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let payments = |rate: &str| sample(SelectionPurpose::ManualPayments, rate);
        assert_eq!(why(client.freeze_list(by(AGENCY, payments("5%"))).await), "period ROWS_EMPTY");
        settled(&db, 101, true, 100).await;
        settled(&db, 40, false, 5_000_000).await;
        let refused = told(client.freeze_list(by(AGENCY, payments("4.95%"))).await).unwrap_err();
        let [wrong] = &refused.violations[..] else { panic!("{refused:?}") };
        assert_eq!((wrong.field.as_str(), wrong.reason.as_str()), ("rate", "SAMPLE_RATE_BELOW_FLOOR"));
        assert_eq!((refused.metadata["rate.floor"].as_str(), refused.metadata["rate.drawn"].as_str()), ("6", "5"));
        let few = FreezeListRequest {
            rate: String::new(),
            sizes: vec![StratumSize { stratum: String::new(), count: 5 }],
            ..payments("")
        };
        assert_eq!(why(client.freeze_list(by(AGENCY, few)).await), "sizes SAMPLE_RATE_BELOW_FLOOR");
        // Neither: as the rules say. Of experts' samples so many in a quarter. Everything is listed that was settled of the kind.
        for (purpose, listed, drawn) in
            [(SelectionPurpose::ManualPayments, 101, 6), (SelectionPurpose::PassedBills, 40, 2), (SelectionPurpose::Large, 40, 30)]
        {
            let by_rule = told(client.freeze_list(by(AGENCY, sample(purpose, ""))).await).unwrap().selection.unwrap();
            assert_eq!((by_rule.listed, by_rule.sizes[0].count), (listed, drawn), "{purpose:?}");
        }
        assert_eq!(why(client.freeze_list(by(AGENCY, sample(SelectionPurpose::Suspicious, ""))).await), "period ROWS_EMPTY");
        let given = FreezeListRequest { entries: entries(["M00001".into()]), ..payments("") };
        assert_eq!(why(client.freeze_list(by(AGENCY, given)).await), "entries FIELD_NOT_EXPECTED");
        let special = |ids: [&str; 2]| FreezeListRequest {
            entries: entries(ids.map(str::to_owned)),
            ..sample(SelectionPurpose::SpecialGroup, "")
        };
        assert_eq!(why(client.freeze_list(by(AGENCY, special(["S00001", "S99999"]))).await), "entries[1].id SAMPLE_UNKNOWN");
        told(client.freeze_list(by(AGENCY, special(["S00001", "S00002"]))).await).unwrap();
        let day = FreezeListRequest { period: "2026-02-01".into(), ..payments("") };
        assert_eq!(told(client.freeze_list(by(AGENCY, day)).await).unwrap().selection.unwrap().listed, 11);
        for (purpose, period) in [(SelectionPurpose::Large, "2026-01"), (SelectionPurpose::ManualPayments, "2026Q2")] {
            let wrong = FreezeListRequest { period: period.into(), ..sample(purpose, "") };
            assert_eq!(why(client.freeze_list(by(AGENCY, wrong)).await), "period DATE_INVALID");
        }
        // From March on the area samples one in ten.
        let document = "rules: zhuzhou-plans\nversion: \"1\"\ntitle: 株洲\narea: \"430200\"\nsources: { s: { title: 株医保〔2026〕1号, quality: G } }\n\
            sampling: [{ from: 2026-03-01, source: s, manual_payments: 10%, passed_bills: 5%, large: 10, single_disease: 10, \
            suspicious: 10, special_group: 10, large_from_fen: 3000000, review_days: 5 }]\n";
        let publish = PublishPlanRulesRequest { request_id: new_id(), document: document.into() };
        assert_eq!(why(client.publish_plan_rules(by("agency:430300", publish.clone())).await), "AREA_NOT_OWNED");
        told(client.publish_plan_rules(by(AGENCY, publish)).await).unwrap();
        assert_eq!(why(client.freeze_list(by(AGENCY, payments("9%"))).await), "rate SAMPLE_RATE_BELOW_FLOOR");
        let february = FreezeListRequest { period: "2026-02".into(), ..payments("5%") };
        told(client.freeze_list(by(AGENCY, february)).await).unwrap();
    }

    async fn every_sample_is_reviewed_by_two_people_to_its_end(db: TestDatabase) {
        use ExpertView::{NoViolation, Violation};
        let service = start(&db).await;
        let mut client = service.client.clone();
        settled(&db, 40, true, 100).await;
        let sample = drawn(&mut client, sample(SelectionPurpose::ManualPayments, "")).await;
        let samples = service.queue(CaseKind::Sample, &sample.selection_id, false).await;
        let [first, second] = &samples[..] else { panic!("{samples:?}") };
        assert_eq!((first.state(), first.due_date.as_str()), (CaseState::Sampled, "2026-03-30"), "20 working days");
        assert_eq!((first.fixmedins_code.as_str(), first.case_souc.as_str()), (HOSPITAL, "6"));
        let drawn: Vec<&str> = samples.iter().map(|one| one.lines[0].setl_id.as_str()).collect();
        assert!(sample.drawn.iter().all(|id| drawn.contains(&id.as_str())));

        let one = review(&service, first, "a", NoViolation).await.unwrap();
        assert_eq!(review(&service, &one, "a", Violation).await.unwrap_err().reason, "OPINION_GIVEN");
        let two = review(&service, &one, "b", Violation).await.unwrap();
        assert_eq!((two.state(), two.opinions_needed), (CaseState::Sampled, 3), "a third decides");
        let three = review(&service, &two, "c", Violation).await.unwrap();
        assert_eq!((three.state(), three.papers.len()), (CaseState::Screening, 3), "what is rejected goes on as a case");
        let mut now = three;
        for opinions in [2, 1, 0] {
            now = back(&service, &now).await.unwrap();
            assert_eq!((now.state(), now.opinions.len()), (CaseState::Sampled, opinions));
        }
        assert_eq!(back(&service, &now).await.unwrap_err().reason, "CASE_STEP_REFUSED");
        for who in ["a", "b"] {
            now = review(&service, &now, who, Violation).await.unwrap();
        }
        assert_eq!((now.state(), now.due_date.as_str()), (CaseState::Screening, "2026-03-16"));
        let by_officer = |opter: &str| AdvanceCaseRequest { opter: opter.into(), ..step(&now.case_id, CaseAction::Screen) };
        assert_eq!(service.advance(AGENCY, by_officer("a")).await.unwrap_err().reason, "OWN_CASE");
        let screened = service.advance(AGENCY, by_officer("d")).await.unwrap();
        assert_eq!(screened.state(), CaseState::Review);
        assert_eq!(back(&service, &screened).await.unwrap_err().reason, "CASE_STEP_REFUSED", "now a case like any other");

        // What nobody does is overdue when its day is over.
        service.on("2026-03-31");
        assert_eq!(service.queue(CaseKind::Sample, &sample.selection_id, true).await.len(), 2);
        // A selection that was wrong: what nobody has reviewed is reviewed no more.
        let give_up = AbandonSelectionRequest {
            request_id: new_id(),
            selection_id: sample.selection_id.clone(),
            reason: "名单有误".into(),
            opter: "officer1".into(),
        };
        told(client.abandon_selection(by(AGENCY, give_up)).await).unwrap();
        assert_eq!(review(&service, second, "a", NoViolation).await.unwrap_err().reason, "CASE_STEP_REFUSED");
        let get = GetSelectionRequest { selection_id: sample.selection_id };
        assert_eq!(why(client.get_selection(by("person:P1", get)).await), "SELECTION_UNKNOWN");
        let passed = service.get(AGENCY, &second.case_id).await.unwrap().case.unwrap();
        assert_eq!(passed.state(), CaseState::Cancelled);
    }
}
