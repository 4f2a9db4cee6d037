//! A check of an institution through all its steps as a case, and each that is wrong where it stands.

use CaseAction::*;
use yizhan_proto::audit::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

/// Takes a step as the agency, after every action of checks that is not allowed was refused with those that are.
async fn go(service: &TestService, seen: &Case, action: CaseAction) -> Case {
    let all = (Assign as i32..=TakeBack as i32).map(|number| CaseAction::try_from(number).unwrap());
    let allowed: Vec<CaseAction> = seen.allowed_actions().collect();
    for wrong in all.filter(|action| !allowed.contains(action)) {
        let request = AdvanceCaseRequest { version: seen.version, ..step(&seen.case_id, wrong) };
        let refused = service.advance(AGENCY, request).await.expect_err(wrong.as_str_name());
        let name = |action: &CaseAction| action.as_str_name().trim_start_matches("CASE_ACTION_").to_owned();
        let names: Vec<String> = allowed.iter().map(name).collect();
        let of = (refused.reason.as_str(), &refused.metadata["state"], &refused.metadata["allowed_actions"]);
        let state = seen.state().as_str_name().trim_start_matches("CASE_STATE_").to_owned();
        assert_eq!(of, ("CASE_STEP_REFUSED", &state, &names.join(",")), "{wrong:?}");
    }
    let request = AdvanceCaseRequest { version: seen.version, ..step(&seen.case_id, action) };
    service.advance(AGENCY, request).await.unwrap_or_else(|error| panic!("{action:?}: {error:?}"))
}

async fn begun(service: &TestService) -> Case {
    told(service.client.clone().start_inspection(by(AGENCY, check())).await).unwrap().case.unwrap()
}

fn inspection(case: &Case) -> &Inspection {
    case.inspection.as_ref().unwrap()
}

both_databases! {
    async fn a_check_goes_from_preparation_to_the_archive(db: TestDatabase) {
        let service = start(&db).await;
        let hospital = format!("institution:{HOSPITAL}");
        let begun = begun(&service).await;
        let id = begun.case_id.as_str();
        assert_eq!((begun.state(), begun.kind()), (CaseState::Preparing, CaseKind::Inspection));
        assert_eq!(service.get(&hospital, id).await.unwrap_err().reason, "CASE_UNKNOWN", "not before its notice");
        let mut now = go(&service, &begun, Assign).await;
        let of = (inspection(&now).officers.clone(), inspection(&now).recused.clone());
        assert_eq!(of, (vec!["wang".into(), "li".into()], vec!["zhang".into()]));
        let stake = AdvanceCaseRequest { opter: "zhang".into(), ..step(id, GiveNotice) };
        assert_eq!(service.advance(AGENCY, stake).await.unwrap_err().reason, "OFFICER_HAS_STAKE");
        let bare = AdvanceCaseRequest { papers: Vec::new(), ..step(id, GiveNotice) };
        assert_eq!(service.advance(AGENCY, bare).await.unwrap_err().reason, "EVIDENCE_REQUIRED");
        now = go(&service, &now, GiveNotice).await;
        now = go(&service, &now, RecordOnSite).await;
        let theirs = service.get(&hospital, id).await.unwrap();
        let case = theirs.case.unwrap();
        assert_eq!((inspection(&case).basis.as_str(), inspection(&case).recused.len()), ("", 0), "not who reported it");
        assert_eq!(theirs.steps.iter().map(|step| step.action()).collect::<Vec<_>>(), [GiveNotice]);
        now = go(&service, &now, TellResult).await;
        // 10 working days from Monday 2 March.
        assert_eq!((now.due_date.as_str(), now.overdue), ("2026-03-16", false));
        let answer = || AdvanceCaseRequest { opter: String::new(), ..step(id, Answer) };
        assert_eq!(service.advance("institution:H43020000009", answer()).await.unwrap_err().reason, "CASE_UNKNOWN");
        let answered = service.advance(&hospital, answer()).await.unwrap();
        assert_eq!((answered.state(), inspection(&answered).answered_late), (CaseState::Considering, false));
        assert_eq!((answered.allowed_actions.len(), inspection(&answered).basis.as_str()), (0, ""), "it has said its word");
        now = service.get(AGENCY, id).await.unwrap().case.unwrap();
        assert!(!now.allowed_actions().any(|action| action == TakeBack), "what the institution said stays");
        now = go(&service, &now, Talk).await;
        assert_eq!(now.due_date, "2026-03-23", "约谈: 15 working days");
        service.on("2026-03-24");
        service.advance(&hospital, answer()).await.unwrap();
        now = service.get(AGENCY, id).await.unwrap().case.unwrap();
        assert!(inspection(&now).answered_late);
        let unknown = AdvanceCaseRequest { case_ids: vec!["C1".into()], ..step(id, HandOver) };
        assert_eq!(service.advance(AGENCY, unknown).await.unwrap_err().reason, "CASE_UNKNOWN");
        now = go(&service, &now, HandOver).await;
        assert_eq!(now.due_date, "2026-05-09", "30 working days behind 24 March; 清明, 劳动节, and a Saturday that is worked");
        for action in [ReportProgress, Finish] {
            now = go(&service, &now, action).await;
        }
        assert_eq!(now.due_date, "2026-03-31", "5 working days");
        assert_eq!(service.queue(CaseKind::Inspection, "", true).await.len(), 0);
        service.on("2026-04-01");
        let late = service.queue(CaseKind::Inspection, "", true).await;
        assert!(late.len() == 1 && late[0].overdue);
        for action in [Report, Archive] {
            now = go(&service, &now, action).await;
        }
        assert_eq!((now.state(), now.due_date.as_str()), (CaseState::Archived, ""));
        now = go(&service, &now, TakeBack).await;
        assert_eq!(now.state(), CaseState::Closing, "the archive too is taken back");
        let steps = service.get(AGENCY, id).await.unwrap().steps;
        assert_eq!((steps.len(), steps.last().unwrap().action()), (now.version as usize, TakeBack));
        let verified = VerifyCaseLogRequest { poolarea_no: AREA.into(), ..Default::default() };
        let verified = told(service.cases.clone().verify_case_log(by(AGENCY, verified)).await).unwrap();
        assert_eq!((verified.intact, verified.entries), (true, i64::from(now.version)), "every step is in the log");
    }

    async fn nothing_found_and_nothing_answered(db: TestDatabase) {
        let service = start(&db).await;
        let mut now = begun(&service).await;
        for action in [GiveNotice, RecordOnSite, TellResult] {
            now = go(&service, &now, action).await;
        }
        service.on("2026-03-17");
        now = service.get(AGENCY, &now.case_id).await.unwrap().case.unwrap();
        assert!(now.overdue);
        for action in [CloseAnswering, Clear, Archive] {
            now = go(&service, &now, action).await;
        }
        assert_eq!(now.state(), CaseState::Archived);
        let other = begun(&service).await;
        assert_eq!(go(&service, &other, Cancel).await.state(), CaseState::Cancelled);
    }

    async fn what_is_recorded_late_keeps_its_day_and_its_order(db: TestDatabase) {
        let service = start(&db).await;
        let begun = begun(&service).await;
        service.on("2026-03-10");
        let on = |action, day: &str| AdvanceCaseRequest { day: day.into(), ..step(&begun.case_id, action) };
        let wrong = async |action, day: &str| {
            let refused = service.advance(AGENCY, on(action, day)).await.unwrap_err();
            refused.violations.into_iter().map(|wrong| format!("{} {}", wrong.field, wrong.reason)).collect::<String>()
        };
        assert_eq!(wrong(GiveNotice, "2026-03-11").await, "day IN_THE_FUTURE");
        assert_eq!(wrong(GiveNotice, "2026-03-01").await, "day DATES_REVERSED");
        assert_eq!(wrong(Assign, "2026-03-03").await, "day FIELD_NOT_EXPECTED");
        let notice = on(GiveNotice, "2026-03-03");
        service.advance(AGENCY, notice.clone()).await.unwrap();
        assert_eq!(service.advance(AGENCY, notice.clone()).await.unwrap().version, 2, "once");
        let again = AdvanceCaseRequest { request_id: new_id(), ..notice };
        assert_eq!(service.advance(AGENCY, again).await.unwrap_err().reason, "CASE_STEP_REFUSED");
        service.advance(AGENCY, on(RecordOnSite, "2026-03-04")).await.unwrap();
        let result = service.advance(AGENCY, on(TellResult, "2026-03-05")).await.unwrap();
        assert_eq!((inspection(&result).result_on.as_str(), result.due_date.as_str()), ("2026-03-05", "2026-03-19"));
        let stale = AdvanceCaseRequest { version: 2, ..on(Answer, "") };
        assert_eq!(service.advance(AGENCY, stale).await.unwrap_err().reason, "CASE_VERSION_STALE");
        assert_eq!(service.advance(AGENCY, on(TakeBack, "")).await.unwrap_err().reason, "CASE_VERSION_STALE", "of what was seen");
    }

    async fn only_planned_checks_are_drawn_and_nobody_checks_with_a_stake(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let plan = told(client.make_plan(by(AGENCY, plan())).await).unwrap().plan.unwrap();
        let ids = [HOSPITAL, "H43020000002"].map(str::to_owned);
        let drawn_hospital = drawn(&mut client, list(SelectionPurpose::Institutions, ids, 1)).await;
        let officers = ["zhang", "li", "wang", "zhao"].map(str::to_owned);
        let drawn_officers = drawn(&mut client, list(SelectionPurpose::Officers, officers.clone(), 2)).await;
        let planned = || StartInspectionRequest {
            fixmedins_code: drawn_hospital.drawn[0].clone(),
            case_souc: "4".into(),
            inspection: Some(Inspection {
                plan_id: plan.plan_id.clone(),
                selection_id: drawn_hospital.selection_id.clone(),
                officer_selection_id: drawn_officers.selection_id.clone(),
                officers: drawn_officers.drawn.clone(),
                ..Default::default()
            }),
            ..check()
        };
        let with = |change: &dyn Fn(&mut Inspection)| {
            let mut request = planned();
            change(request.inspection.as_mut().unwrap());
            request
        };
        let mut start = async |request| why(client.start_inspection(by(AGENCY, request)).await);
        let other = if drawn_hospital.drawn[0] == HOSPITAL { "H43020000002" } else { HOSPITAL };
        let not_drawn = StartInspectionRequest { fixmedins_code: other.into(), ..planned() };
        assert_eq!(start(not_drawn).await, "inspection.selection_id NOT_DRAWN");
        assert_eq!(start(with(&|check| check.plan_id = "none".into())).await, "inspection.plan_id SUBJECT_NOT_PLANNED");
        assert_eq!(start(with(&|check| check.officers.truncate(1))).await, "officers OFFICERS_TOO_FEW");
        assert_eq!(
            start(with(&|check| check.recused = check.officers.clone())).await,
            "officers[0] OFFICER_RECUSED, officers[1] OFFICER_RECUSED, inspection.officer_selection_id NOT_DRAWN"
        );
        let reported = with(&|check| check.basis = "举报".into());
        assert_eq!(
            start(StartInspectionRequest { case_souc: "2".into(), ..reported }).await,
            "inspection.selection_id FIELD_NOT_EXPECTED, inspection.officer_selection_id FIELD_NOT_EXPECTED"
        );
        let reserves: Vec<String> = officers.iter().filter(|who| !drawn_officers.drawn.contains(who)).cloned().collect();
        let first = &drawn_officers.drawn[0];
        let stranger = with(&|check| check.officers = vec![first.clone(), reserves[0].clone()]);
        assert_eq!(start(stranger).await, "inspection.officer_selection_id NOT_DRAWN");
        // The second of the drawn has a stake: one of the two behind takes the place, whoever comes first.
        let begun = told(client.start_inspection(by(AGENCY, planned())).await).unwrap().case.unwrap();
        let mut taken = 0;
        for reserve in &reserves {
            let replaced = AdvanceCaseRequest {
                officers: vec![first.clone(), reserve.clone()],
                recused: vec![drawn_officers.drawn[1].clone()],
                ..step(&begun.case_id, Assign)
            };
            taken += i32::from(service.advance(AGENCY, replaced).await.is_ok());
        }
        assert_eq!(taken, 1);
    }
}
