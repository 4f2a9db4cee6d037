//! A yearly plan: made, changed, covered by checks, and taken back.

use yizhan_proto::audit::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

fn change(plan: &Plan, put: Vec<PlanSubject>, remove: &[&str]) -> ChangePlanRequest {
    ChangePlanRequest {
        request_id: new_id(),
        plan_id: plan.plan_id.clone(),
        version: plan.version,
        put,
        remove: remove.iter().map(|code| (*code).to_owned()).collect(),
        reason: "机构变动".into(),
        opter: "officer1".into(),
    }
}

fn undo(plan: &Plan) -> UndoPlanChangeRequest {
    UndoPlanChangeRequest {
        request_id: new_id(),
        plan_id: plan.plan_id.clone(),
        version: plan.version,
        reason: "误调整".into(),
        opter: "officer1".into(),
    }
}

fn problems(plan: &Plan) -> String {
    let told: Vec<String> = plan
        .problems
        .iter()
        .map(|problem| format!("{} {}", problem.reason, problem.codes.join("+")))
        .collect();
    told.join(", ")
}

both_databases! {
    async fn a_plan_is_changed_and_every_change_is_taken_back(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let mut wrong = plan();
        wrong.year = 1990;
        wrong.opter = String::new();
        wrong.subjects[1].code = HOSPITAL.into();
        wrong.subjects[2].code = "430202".into();
        wrong.subjects[2].due_by = "2027-01-01".into();
        assert_eq!(
            why(client.make_plan(by(AGENCY, wrong)).await),
            "opter REQUIRED, year YEAR_INVALID, subjects[0].due_by DATE_INVALID, subjects[1].due_by DATE_INVALID, \
             subjects[1].code DUPLICATE, subjects[2].code CODE_UNKNOWN, subjects[2].due_by DATE_INVALID"
        );
        let request = plan();
        let made = told(client.make_plan(by(AGENCY, request.clone())).await).unwrap();
        let first = made.plan.unwrap();
        assert_eq!((first.subjects, first.planned, first.covered, first.version), (3, 2, 0, 1));
        assert_eq!(problems(&first), "NOT_COVERED H43020000003");
        assert!(told(client.make_plan(by(AGENCY, request)).await).unwrap().replayed);
        assert_eq!(why(client.make_plan(by(AGENCY, plan())).await), "PLAN_STANDS");

        let put = vec![subject("H43020000003", "2026-12-31")];
        let changed = told(client.change_plan(by(AGENCY, change(&first, put, &["H43020000002"]))).await).unwrap();
        let changed = changed.plan.unwrap();
        assert_eq!((changed.subjects, changed.planned, problems(&changed)), (2, 2, String::new()));
        assert_eq!(why(client.change_plan(by(AGENCY, change(&first, vec![], &[HOSPITAL]))).await), "PLAN_VERSION_STALE");
        assert_eq!(
            why(client.change_plan(by(AGENCY, change(&changed, vec![], &["H43020000002"]))).await),
            "remove[0] SUBJECT_NOT_PLANNED"
        );
        for stale in [0, 1] {
            let undo = UndoPlanChangeRequest { version: stale, ..undo(&changed) };
            assert_eq!(why(client.undo_plan_change(by(AGENCY, undo)).await), "PLAN_VERSION_STALE");
        }
        let undone = told(client.undo_plan_change(by(AGENCY, undo(&changed))).await).unwrap().plan.unwrap();
        assert_eq!((undone.subjects, undone.planned, undone.version, problems(&undone)),
            (3, 2, 3, "NOT_COVERED H43020000003".to_owned()));
        let gone = told(client.undo_plan_change(by(AGENCY, undo(&undone))).await).unwrap().plan.unwrap();
        assert!(gone.withdrawn && gone.subjects == 0);
        assert_eq!(why(client.undo_plan_change(by(AGENCY, undo(&gone))).await), "PLAN_STEP_REFUSED");
        let again = told(client.make_plan(by(AGENCY, plan())).await).unwrap().plan.unwrap();
        assert_ne!(again.plan_id, gone.plan_id, "the year is free again");
        let read = told(client.get_plan(by(AGENCY, GetPlanRequest { plan_id: gone.plan_id, as_of: String::new() })).await);
        let actions: Vec<CaseAction> = read.unwrap().steps.iter().map(|step| step.action()).collect();
        use CaseAction::{ChangePlan, MakePlan, UndoPlanChange};
        assert_eq!(actions, [MakePlan, ChangePlan, UndoPlanChange, UndoPlanChange]);
    }

    async fn what_is_open_is_told_on_any_day(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let plan = told(client.make_plan(by(AGENCY, plan())).await).unwrap().plan.unwrap();
        let mut request = check();
        request.inspection.as_mut().unwrap().plan_id = plan.plan_id.clone();
        let check = told(client.start_inspection(by(AGENCY, request)).await).unwrap().case.unwrap();
        let remove = change(&plan, vec![], &[HOSPITAL]);
        assert_eq!(why(client.change_plan(by(AGENCY, remove)).await), "PLAN_SUBJECT_CHECKED");
        for action in [CaseAction::GiveNotice, CaseAction::RecordOnSite, CaseAction::TellResult] {
            service.advance(AGENCY, step(&check.case_id, action)).await.unwrap();
        }
        let as_of = |day: &str| GetPlanRequest { plan_id: plan.plan_id.clone(), as_of: day.into() };
        let mut seen = Vec::new();
        for day in ["2026-03-01", "2026-03-02", "2026-07-01"] {
            let plan = told(client.get_plan(by(AGENCY, as_of(day))).await).unwrap().plan.unwrap();
            seen.push((plan.covered, problems(&plan)));
        }
        let left_out = "NOT_COVERED H43020000003";
        assert_eq!(
            seen,
            [(0, left_out.to_owned()), (1, left_out.to_owned()), (1, format!("OVERDUE H43020000002, {left_out}"))]
        );
        let open = ListPlanSubjectsRequest { plan_id: plan.plan_id.clone(), open_only: true, ..Default::default() };
        let open = told(client.list_plan_subjects(by(AGENCY, open)).await).unwrap();
        assert_eq!(open.subjects.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["H43020000002"]);
        let page = ListPlanSubjectsRequest { plan_id: plan.plan_id.clone(), page_size: 2, ..Default::default() };
        let first = told(client.list_plan_subjects(by(AGENCY, page.clone())).await).unwrap();
        assert_eq!((first.subjects[0].covered_on.as_str(), first.subjects.len()), ("2026-03-02", 2));
        let next = ListPlanSubjectsRequest { page_token: first.next_page_token, ..page };
        assert_eq!(told(client.list_plan_subjects(by(AGENCY, next)).await).unwrap().subjects.len(), 1);

        // The result was told by mistake: it covers nothing any more.
        let back = AdvanceCaseRequest { version: 4, ..step(&check.case_id, CaseAction::TakeBack) };
        let back = service.advance(AGENCY, back).await.unwrap();
        assert_eq!((back.state(), back.inspection.unwrap().result_on.as_str()), (CaseState::OnSite, ""));
        let now = told(client.get_plan(by(AGENCY, as_of(""))).await).unwrap().plan.unwrap();
        assert_eq!(now.covered, 0);
        assert_eq!(why(client.get_plan(by("agency:430300", as_of(""))).await), "PLAN_UNKNOWN");
        assert_eq!(why(client.change_plan(by("department:430200", change(&plan, vec![], &[HOSPITAL]))).await), "AREA_NOT_OWNED");
    }

    async fn counties_are_checked_by_thirds(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let county = |code: &str| subject(code, "");
        let made = plan_of(PlanKind::InternalControl, vec![
            subject("430202", "2026-12-31"), county("430203"), county("430204"), county("430211"),
        ]);
        let plan = told(client.make_plan(by(AGENCY, made)).await).unwrap().plan.unwrap();
        assert_eq!(problems(&plan), "SHARE_BELOW 430203+430204+430211");
        let second = vec![subject("430203", "2026-12-31")];
        let changed = told(client.change_plan(by(AGENCY, change(&plan, second, &[]))).await).unwrap().plan.unwrap();
        assert_eq!(problems(&changed), "");
        // Of a county nothing is drawn.
        let start = |code: &str| StartInspectionRequest {
            fixmedins_code: String::new(),
            case_souc: "4".into(),
            inspection: Some(Inspection {
                plan_id: plan.plan_id.clone(),
                admdvs: code.into(),
                officers: vec!["zhang".into(), "li".into()],
                ..Default::default()
            }),
            ..check()
        };
        told(client.start_inspection(by(AGENCY, start("430202"))).await).unwrap();
        assert_eq!(why(client.start_inspection(by(AGENCY, start("430299"))).await), "fixmedins_code SUBJECT_NOT_PLANNED");
        let checks = ListCasesRequest { poolarea_no: AREA.into(), parent_id: plan.plan_id.clone(), ..Default::default() };
        let checks = told(service.cases.clone().list_cases(by(AGENCY, checks)).await).unwrap().cases;
        assert_eq!((checks.len(), checks[0].kind()), (1, CaseKind::Inspection));
    }
}
