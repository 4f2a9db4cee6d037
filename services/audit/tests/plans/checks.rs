//! A check of an institution through all its steps, and each that is wrong where it stands.

use InspectionAction::*;
use yizhan_proto::audit::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::support::*;

const ALL: [InspectionAction; 18] = [
    Assign,
    GiveNotice,
    RecordOnSite,
    TellResult,
    AddFinding,
    NameCase,
    DropFinding,
    Answer,
    CloseAnswering,
    Handle,
    Clear,
    ReportProgress,
    Finish,
    Report,
    Archive,
    Cancel,
    TakeBack,
    Talk,
];

/// Takes a step as the agency, after every action that is not allowed was refused with those that are.
async fn go(service: &TestService, seen: &Inspection, action: InspectionAction) -> Inspection {
    let mut client = service.client.clone();
    let allowed: Vec<InspectionAction> = seen.allowed_actions().collect();
    for wrong in ALL.into_iter().filter(|action| !allowed.contains(action)) {
        let request = AdvanceInspectionRequest { version: seen.version, ..step(&seen.inspection_id, wrong) };
        let refused =
            told(client.advance_inspection(by(AGENCY, request)).await).expect_err(wrong.as_str_name());
        let names: Vec<String> = allowed
            .iter()
            .map(|action| action.as_str_name().trim_start_matches("INSPECTION_ACTION_").to_owned())
            .collect();
        let of = (refused.reason.as_str(), &refused.metadata["state"], &refused.metadata["allowed_actions"]);
        let state = seen.state().as_str_name().trim_start_matches("INSPECTION_STATE_").to_owned();
        assert_eq!(of, ("PLAN_STEP_REFUSED", &state, &names.join(",")), "{wrong:?}");
    }
    let request = AdvanceInspectionRequest { version: seen.version, ..step(&seen.inspection_id, action) };
    told(client.advance_inspection(by(AGENCY, request)).await)
        .unwrap_or_else(|error| panic!("{action:?}: {error:?}"))
        .inspection
        .unwrap()
}

both_databases! {
    async fn a_check_goes_from_preparation_to_the_archive(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let hospital = format!("institution:{HOSPITAL}");
        let begun = told(client.start_inspection(by(AGENCY, check())).await).unwrap().inspection.unwrap();
        let get = || GetInspectionRequest { inspection_id: begun.inspection_id.clone() };
        assert_eq!(why(client.get_inspection(by(&hospital, get())).await), "INSPECTION_UNKNOWN", "not before its notice");
        let mut now = go(&service, &begun, Assign).await;
        assert_eq!((now.officers.clone(), now.recused.clone()), (vec!["wang".into(), "li".into()], vec!["zhang".into()]));
        now = go(&service, &now, GiveNotice).await;
        assert_eq!(told(client.get_inspection(by(&hospital, get())).await).unwrap().inspection.unwrap().state(), InspectionState::Noticed);
        now = go(&service, &now, RecordOnSite).await;
        now = go(&service, &now, AddFinding).await;
        let theirs = told(client.get_inspection(by(&hospital, get())).await).unwrap().inspection.unwrap();
        assert_eq!((theirs.basis.as_str(), theirs.recused.len(), theirs.findings.len()), ("", 0, 0), "not who reported it");
        now = go(&service, &now, TellResult).await;
        // 10 working days from Monday 2 March.
        assert_eq!((now.due.as_str(), now.overdue), ("2026-03-16", false));
        let answer = AdvanceInspectionRequest { opter: String::new(), ..step(&now.inspection_id, Answer) };
        let other = client.advance_inspection(by("institution:H43020000009", answer.clone())).await;
        assert_eq!(why(other), "INSPECTION_UNKNOWN");
        let answered = told(client.advance_inspection(by(&hospital, answer)).await).unwrap().inspection.unwrap();
        assert_eq!((answered.state(), answered.answered_late), (InspectionState::Handling, false));
        assert_eq!(answered.allowed_actions, [0; 0], "the institution has said its word");
        assert_eq!((answered.basis.as_str(), answered.findings.len()), ("", 1));
        now = told(client.get_inspection(by(AGENCY, get())).await).unwrap().inspection.unwrap();
        assert!(!now.allowed_actions().any(|action| matches!(action, TakeBack | Handle | Clear)),
            "what the institution said stays, and a finding without its case is not handled");
        now = go(&service, &now, NameCase).await;
        now = go(&service, &now, Talk).await;
        assert_eq!(now.due, "2026-03-23", "约谈: 15 working days");
        service.on("2026-03-24");
        let late = AdvanceInspectionRequest { opter: String::new(), ..step(&now.inspection_id, Answer) };
        now = told(client.advance_inspection(by(&hospital, late)).await).unwrap().inspection.unwrap();
        assert!(now.answered_late);
        now = told(client.get_inspection(by(AGENCY, get())).await).unwrap().inspection.unwrap();
        now = go(&service, &now, Handle).await;
        assert_eq!(now.due, "2026-05-09", "30 working days behind 24 March; 清明, 劳动节, and a Saturday that is worked");
        for action in [ReportProgress, Finish] {
            now = go(&service, &now, action).await;
        }
        assert_eq!(now.due, "2026-03-31", "5 working days");
        let overdue = ListInspectionsRequest { area: "430000".into(), overdue_only: true, ..Default::default() };
        let list = told(client.list_inspections(by("agency:430000", overdue.clone())).await).unwrap();
        assert!(list.inspections.is_empty());
        service.on("2026-04-01");
        let list = told(client.list_inspections(by("agency:430000", overdue)).await).unwrap();
        assert!(list.inspections.len() == 1 && list.inspections[0].overdue);
        for action in [Report, Archive] {
            now = go(&service, &now, action).await;
        }
        assert_eq!((now.state(), now.due.as_str()), (InspectionState::Archived, ""));
        now = go(&service, &now, TakeBack).await;
        assert_eq!(now.state(), InspectionState::Closing, "the archive too is taken back");
        let steps = told(client.get_inspection(by(AGENCY, get())).await).unwrap().steps;
        assert_eq!((steps.len(), steps.last().unwrap().action.as_str()), (now.version as usize, "TAKE_BACK"));
        assert!(told(client.get_inspection(by(&hospital, get())).await).unwrap().steps.is_empty());
    }

    async fn nothing_found_and_nothing_answered(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let mut now = told(client.start_inspection(by(AGENCY, check())).await).unwrap().inspection.unwrap();
        for action in [GiveNotice, RecordOnSite, AddFinding, DropFinding, TellResult] {
            now = go(&service, &now, action).await;
        }
        service.on("2026-03-17");
        now = told(client.get_inspection(by(AGENCY, GetInspectionRequest { inspection_id: now.inspection_id })).await)
            .unwrap().inspection.unwrap();
        assert!(now.overdue);
        for action in [CloseAnswering, Clear, Archive] {
            now = go(&service, &now, action).await;
        }
        assert_eq!(now.state(), InspectionState::Archived);
        // Another is called off, and the calling off taken back.
        let mut other = told(client.start_inspection(by(AGENCY, check())).await).unwrap().inspection.unwrap();
        other = go(&service, &other, Cancel).await;
        other = go(&service, &other, TakeBack).await;
        assert_eq!(other.state(), InspectionState::Preparing);
    }

    async fn what_is_recorded_late_keeps_its_day_and_its_order(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let begun = told(client.start_inspection(by(AGENCY, check())).await).unwrap().inspection.unwrap();
        service.on("2026-03-10");
        let on = |action, day: &str| AdvanceInspectionRequest { day: day.into(), ..step(&begun.inspection_id, action) };
        assert_eq!(why(client.advance_inspection(by(AGENCY, on(GiveNotice, "2026-03-11"))).await), "day IN_THE_FUTURE");
        assert_eq!(why(client.advance_inspection(by(AGENCY, on(GiveNotice, "2026-03-01"))).await), "day DATES_REVERSED");
        assert_eq!(why(client.advance_inspection(by(AGENCY, on(Assign, "2026-03-03"))).await), "day FIELD_NOT_EXPECTED");
        let notice = on(GiveNotice, "2026-03-03");
        told(client.advance_inspection(by(AGENCY, notice.clone())).await).unwrap();
        assert!(told(client.advance_inspection(by(AGENCY, notice.clone())).await).unwrap().replayed);
        let again = AdvanceInspectionRequest { request_id: new_id(), ..notice };
        assert_eq!(why(client.advance_inspection(by(AGENCY, again)).await), "PLAN_STEP_REFUSED");
        told(client.advance_inspection(by(AGENCY, on(RecordOnSite, "2026-03-04"))).await).unwrap();
        let result = told(client.advance_inspection(by(AGENCY, on(TellResult, "2026-03-05"))).await).unwrap();
        let result = result.inspection.unwrap();
        assert_eq!((result.result_on.as_str(), result.due.as_str()), ("2026-03-05", "2026-03-19"));
        let stale = AdvanceInspectionRequest { version: 2, ..on(Answer, "") };
        assert_eq!(why(client.advance_inspection(by(AGENCY, stale)).await), "PLAN_VERSION_STALE");
        let bare = AdvanceInspectionRequest { file_id: String::new(), case_id: "C".into(), ..on(Answer, "") };
        assert_eq!(why(client.advance_inspection(by(AGENCY, bare)).await), "file_id REQUIRED, case_id FIELD_NOT_EXPECTED");
    }

    async fn only_planned_checks_are_drawn_and_nobody_checks_with_a_stake(db: TestDatabase) {
        let service = start(&db).await;
        let mut client = service.client.clone();
        let plan = told(client.make_plan(by(AGENCY, plan())).await).unwrap().plan.unwrap();
        let ids = [HOSPITAL, "H43020000002"].map(str::to_owned);
        let drawn_hospital = drawn(&mut client, list(SelectionPurpose::Institutions, ids, 1)).await;
        let officers = ["zhang", "li", "wang", "zhao"].map(str::to_owned);
        let drawn_officers = drawn(&mut client, list(SelectionPurpose::Officers, officers.clone(), 2)).await;
        let planned = StartInspectionRequest {
            subject: drawn_hospital.drawn[0].clone(),
            start: InspectionStart::Plan.into(),
            basis: String::new(),
            plan_id: plan.plan_id.clone(),
            selection_id: drawn_hospital.selection_id.clone(),
            officer_selection_id: drawn_officers.selection_id.clone(),
            officers: drawn_officers.drawn.clone(),
            ..check()
        };
        let with = |change: fn(&mut StartInspectionRequest)| {
            let mut request = StartInspectionRequest { request_id: new_id(), ..planned.clone() };
            change(&mut request);
            request
        };
        let other = ids_but(&drawn_hospital.drawn[0]);
        let not_drawn = StartInspectionRequest { subject: other, ..with(|_| ()) };
        assert_eq!(why(client.start_inspection(by(AGENCY, not_drawn)).await), "selection_id NOT_DRAWN");
        assert_eq!(
            why(client.start_inspection(by(AGENCY, with(|request| request.plan_id = "none".into()))).await),
            "plan_id SUBJECT_NOT_PLANNED"
        );
        assert_eq!(
            why(client.start_inspection(by(AGENCY, with(|request| request.officers.truncate(1)))).await),
            "officers OFFICERS_TOO_FEW"
        );
        assert_eq!(
            why(client.start_inspection(by(AGENCY, with(|request| request.recused = request.officers.clone()))).await),
            "officers[0] OFFICER_RECUSED, officers[1] OFFICER_RECUSED, officer_selection_id NOT_DRAWN"
        );
        assert_eq!(
            why(client.start_inspection(by(AGENCY, with(|request| {
                request.start = InspectionStart::Report.into();
                request.basis = "举报".into();
            }))).await),
            "selection_id FIELD_NOT_EXPECTED, officer_selection_id FIELD_NOT_EXPECTED"
        );
        let reserves: Vec<String> = officers.iter().filter(|who| !drawn_officers.drawn.contains(who)).cloned().collect();
        let stranger = StartInspectionRequest {
            officers: vec![drawn_officers.drawn[0].clone(), reserves[0].clone()], ..with(|_| ())
        };
        assert_eq!(why(client.start_inspection(by(AGENCY, stranger.clone())).await), "officer_selection_id NOT_DRAWN");
        // The second of the drawn has a stake: one of the two behind takes the place, whoever comes first.
        let mut taken = 0;
        for reserve in &reserves {
            let replaced = StartInspectionRequest {
                request_id: new_id(),
                officers: vec![drawn_officers.drawn[0].clone(), reserve.clone()],
                recused: vec![drawn_officers.drawn[1].clone()],
                ..planned.clone()
            };
            taken += i32::from(client.start_inspection(by(AGENCY, replaced)).await.is_ok());
        }
        assert_eq!(taken, 1);
        told(client.start_inspection(by(AGENCY, planned.clone())).await).unwrap();
        assert!(told(client.start_inspection(by(AGENCY, planned)).await).unwrap().replayed);
    }
}

fn ids_but(drawn: &str) -> String {
    if drawn == HOSPITAL { "H43020000002".to_owned() } else { HOSPITAL.to_owned() }
}
