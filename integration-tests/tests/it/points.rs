//! The point system over a whole platform: registered, nine points, suspended, appealed against, taken back; and what is refused.

use tonic::Code;
use yizhan_integration_tests::*;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

/// Who gets points.
pub const DOCTOR: &str = "D999900000001";
const PLACE: &str = "H99990000003";

/// Credit, as somebody.
pub fn credit(client: &Client) -> QualificationServiceClient<PeerChannel> {
    QualificationServiceClient::new(client.to_credit())
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

async fn status(client: &Client, day: &str) -> (QualificationStatus, i32) {
    let question = QualificationQuestion {
        practitioner_code: DOCTOR.into(),
        day: day.into(),
        fixmedins_code: PLACE.into(),
    };
    let request = GetQualificationRequest { questions: vec![question] };
    let answer = told(credit(client).get_qualification(request).await).unwrap().qualifications.remove(0);
    (answer.status(), answer.points)
}

/// An act of the main responsible.
pub fn act(item: &str, act_id: &str) -> PointsAct {
    PointsAct {
        items: vec![item.into()],
        responsibility: PointsResponsibility::Main.into(),
        act_id: act_id.into(),
        occurred_on: "2026-01-05".into(),
        ..PointsAct::default()
    }
}

/// Points of 2026-01-06.
pub async fn decide(client: &Client, acts: Vec<PointsAct>) -> Answer<PointsMatter> {
    let request = DecidePointsRequest {
        request_id: new_id(),
        practitioner_code: DOCTOR.into(),
        poolarea_no: COMPOSITE_AREA.into(),
        fixmedins_code: PLACE.into(),
        acts,
        basis: "试医保处〔2026〕1号".into(),
        decided_on: "2026-01-06".into(),
        opter: "A1".into(),
        ..DecidePointsRequest::default()
    };
    told(credit(client).decide_points(request).await).map(|answer| answer.matter.unwrap())
}

/// The next step of a points matter.
pub async fn advance(
    client: &Client,
    matter: &PointsMatter,
    action: PointsAction,
    day: &str,
    points: Vec<RevisedPoints>,
) -> Answer<PointsMatter> {
    let request = AdvancePointsRequest {
        request_id: new_id(),
        matter_id: matter.matter_id.clone(),
        action: action.into(),
        version: matter.version,
        day: day.into(),
        reason: "据实".into(),
        file_ids: if action == PointsAction::Appeal { vec!["F1".into()] } else { Vec::new() },
        points,
        opter: "A1".into(),
        ..AdvancePointsRequest::default()
    };
    told(credit(client).advance_points(request).await).map(|answer| answer.matter.unwrap())
}

/// 登记备案 at the institution, from the first day of the year on.
pub async fn register(client: &Client, practitioner_code: &str) {
    let registration = Registration {
        practitioner_code: practitioner_code.into(),
        from_date: "2026-01-01".into(),
        file_ids: vec!["F1".into()],
    };
    let request = RegisterPractitionersRequest {
        request_id: new_id(),
        poolarea_no: COMPOSITE_AREA.into(),
        fixmedins_code: PLACE.into(),
        registrations: vec![registration],
        opter: "A1".into(),
    };
    told(credit(client).register_practitioners(request).await).unwrap();
}

async fn explain(client: &Client, day: &str, year: i32) -> Answer<ExplainPointsResponse> {
    let request = ExplainPointsRequest { practitioner_code: DOCTOR.into(), day: day.into(), year };
    told(credit(client).explain_points(request).await)
}

/// Of all pages.
async fn listed(client: &Client, mut request: ListPointsMattersRequest) -> Answer<Vec<String>> {
    let mut all = Vec::new();
    loop {
        let page = told(credit(client).list_points_matters(request.clone()).await)?;
        all.extend(page.matters.into_iter().map(|matter| matter.matter_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(all);
        }
    }
}

both_databases! {
    /// Nine points suspend from the day of the decision; an appeal that is upheld undoes it from the beginning; taken back, it is there again.
    async fn nine_points_suspend_and_an_appeal_undoes_it(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let agency = platform.as_caller("agency:999900");
        let unknown = decide(&agency, vec![act("article-38", "V1")]).await.unwrap_err();
        assert_eq!((unknown.code, unknown.reason.as_str()), (Code::NotFound, "SUBJECT_UNKNOWN"));
        register(&agency, DOCTOR).await;
        assert_eq!(status(&agency, "2026-01-06").await, (QualificationStatus::Normal, 0));

        let above = PointsAct { points: 7, ..act("article-38", "V1") };
        let above = decide(&agency, vec![above]).await.unwrap_err();
        assert_eq!(above.code, Code::InvalidArgument, "{above:?}");
        let matter = decide(&agency, vec![act("article-38", "V1"), act("agreement", "V2")]).await.unwrap();
        assert_eq!((matter.points, matter.state()), (9, PointsState::Decided));
        assert_eq!(status(&agency, "2026-01-05").await, (QualificationStatus::Normal, 0));
        assert_eq!(status(&agency, "2026-01-06").await, (QualificationStatus::Suspended, 9));
        let again = decide(&agency, vec![act("agreement", "V2")]).await.unwrap_err();
        assert_eq!((again.code, again.reason.as_str()), (Code::AlreadyExists, "ACT_COUNTED"));

        let matter = advance(&agency, &matter, PointsAction::Notice, "2026-01-07", Vec::new()).await.unwrap();
        let matter = advance(&agency, &matter, PointsAction::Deliver, "2026-01-08", Vec::new()).await.unwrap();
        let told = (matter.state(), matter.due_date.as_str());
        assert_eq!(told, (PointsState::Settled, ""), "by today nobody has appealed; what was entered late still counts");
        let late = advance(&agency, &matter, PointsAction::Appeal, "2026-01-23", Vec::new()).await.unwrap_err();
        assert_eq!(late.reason, "APPEAL_TOO_LATE", "{late:?}");
        let appealed = advance(&agency, &matter, PointsAction::Appeal, "2026-01-22", Vec::new()).await.unwrap();
        let struck = vec![RevisedPoints { entry_id: appealed.acts[1].entry_id.clone(), points: 0 }];
        let upheld = advance(&agency, &appealed, PointsAction::DecideAppeal, "2026-01-30", struck).await.unwrap();
        assert_eq!((upheld.points, upheld.state()), (6, PointsState::Settled));
        assert_eq!(status(&agency, "2026-01-10").await, (QualificationStatus::Normal, 6));

        let back = advance(&agency, &upheld, PointsAction::TakeBack, "", Vec::new()).await.unwrap();
        assert_eq!((back.points, back.state()), (9, PointsState::Appealed));
        assert_eq!(status(&agency, "2026-01-10").await, (QualificationStatus::Suspended, 9));
    }

    /// What 11 points are made of, what an appeal and a repair take off, what is advised, and who sees how much of it; following the advice leads where it says.
    async fn points_are_explained_and_what_is_advised_works(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let agency = platform.as_caller("agency:999900");
        register(&agency, DOCTOR).await;
        let first = decide(&agency, vec![act("article-38", "V1"), act("agreement", "V2")]).await.unwrap();
        let second = PointsAct { responsibility: PointsResponsibility::Important.into(), ..act("agreement", "V3") };
        let second = decide(&agency, vec![second]).await.unwrap();

        let told = explain(&agency, "2026-02-01", 0).await.unwrap();
        let stands = told.qualification.as_ref().unwrap();
        assert_eq!((stands.status(), stands.points, told.points, told.year), (QualificationStatus::Suspended, 11, 11, 2026));
        let decided: Vec<_> = told.decisions.iter().map(|one| (one.matter_id.as_str(), one.points, one.counted, one.acts.len())).collect();
        assert_eq!(decided, [(first.matter_id.as_str(), 9, 9, 2), (second.matter_id.as_str(), 2, 2, 1)]);
        assert_eq!(told.decisions[0].acts[0].item_name, "《医疗保障基金使用监督管理条例》第三十八条行政处罚");
        let costliest: Vec<_> = [&first.acts[0], &first.acts[1], &second.acts[0]].map(|act| act.entry_id.clone()).into();
        assert_eq!(told.costliest, costliest);
        let ways: Vec<_> = told.advice.iter().map(|one| (one.kind(), one.points, one.status(), one.from_date.as_str(), one.is_least)).collect();
        use PointsAdviceKind::{Appeal, Restore, YearEnd};
        use QualificationStatus::{Normal, Suspended};
        // Of two points none is enough: nine are left. Of nine three are, with the two others.
        let expected = [
            (Appeal, 3, Normal, "2026-01-06", true),
            (Appeal, 2, Suspended, "2026-02-01", false),
            (Restore, 0, Normal, "2026-07-07", false),
            (YearEnd, 11, Suspended, "2027-01-01", false),
        ];
        assert_eq!(ways, expected, "{:?}", told.advice);
        assert!(told.advice[0].text.contains("核减 3 分"), "{}", told.advice[0].text);

        // Followed: three points struck, and how they stand is what was promised.
        let advised = told.advice[0].clone();
        let matter = advance(&agency, &first, PointsAction::Notice, "2026-01-07", Vec::new()).await.unwrap();
        let matter = advance(&agency, &matter, PointsAction::Deliver, "2026-01-20", Vec::new()).await.unwrap();
        let open = explain(&agency, "", 0).await.unwrap().advice;
        let of_it = open.iter().find(|one| one.matter_id == first.matter_id).unwrap();
        assert_eq!((of_it.until_date.as_str(), of_it.points), (matter.due_date.as_str(), 3));
        let matter = advance(&agency, &matter, PointsAction::Appeal, "2026-01-22", Vec::new()).await.unwrap();
        let less = |fewer: i32| vec![RevisedPoints { entry_id: matter.acts[1].entry_id.clone(), points: 3 - fewer }];
        let struck = advance(&agency, &matter, PointsAction::DecideAppeal, "2026-01-30", less(advised.points)).await.unwrap();
        assert_eq!(status(&agency, &advised.from_date).await, (advised.status(), 8));
        let told = explain(&agency, "2026-02-01", 2026).await.unwrap();
        let reductions: Vec<_> = told.decisions[0].reductions.iter().map(|one| (one.kind(), one.points, one.about_entry_id.as_str())).collect();
        assert_eq!((reductions, told.decisions[0].counted), (vec![(PointsReductionKind::Appeal, 3, matter.acts[1].entry_id.as_str())], 6));
        let repair = told.advice.iter().find(|one| one.kind() == PointsAdviceKind::Repair).unwrap();
        assert_eq!((repair.points, repair.points_left, repair.day.as_str()), (3, 5, "2026-02-05"));
        assert_eq!(struck.points, 6);

        // Of another agency's decisions others see what they cost, and no more; who may not ask is refused.
        let foreign = explain(&platform.as_caller("agency:430200"), "", 0).await.unwrap();
        assert_eq!((foreign.points, foreign.decisions[0].counted, foreign.decisions[0].matter_id.as_str()), (8, 6, ""));
        assert!(foreign.costliest.is_empty() && foreign.advice.iter().all(|one| one.matter_id.is_empty()));
        let own = explain(&platform.as_caller(&format!("institution:{PLACE}")), "", 0).await.unwrap();
        assert_eq!(own.decisions.len(), 2);
        assert_eq!(own.decisions[0].acts.len(), 2);
        for caller in ["person:P1", "insurer:PICC", "department:999900.civil-affairs"] {
            assert_eq!(explain(&platform.as_caller(caller), "", 0).await.unwrap_err().reason, "AREA_NOT_OWNED", "{caller}");
        }
        let wrong = explain(&agency, "2026-02-01", 2027).await.unwrap_err();
        assert_eq!((wrong.violations[0].field.as_str(), wrong.violations[0].reason.as_str()), ("year", "DATE_INVALID"));
        let past = explain(&agency, "2026-02-01", 2025).await.unwrap();
        assert_eq!((past.points, past.decisions.len()), (0, 0));

        // What is stored is what the entries come to.
        let request = ReplayPointsRequest { poolarea_no: COMPOSITE_AREA.into(), ..ReplayPointsRequest::default() };
        let replayed = self::told(credit(&agency).replay_points(request.clone()).await).unwrap();
        assert_eq!((replayed.compared, replayed.differing.len(), replayed.next_page_token.as_str()), (1, 0, ""));
        let refused = self::told(credit(&platform.as_caller("agency:430200")).replay_points(request).await).unwrap_err();
        assert_eq!(refused.reason, "AREA_NOT_OWNED");
    }

    /// By state, what is overdue, whose, where, page by page; and who sees what.
    async fn officers_find_what_is_next(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let agency = platform.as_caller("agency:999900");
        register(&agency, DOCTOR).await;
        let mut matters = Vec::new();
        for act_id in ["V1", "V2", "V3", "V4"] {
            let ordinary = PointsAct { responsibility: PointsResponsibility::Ordinary.into(), ..act("agreement", act_id) };
            matters.push(decide(&agency, vec![ordinary]).await.unwrap());
        }
        // The first as it was, the second noticed and told yesterday, the third told long ago, the fourth taken back.
        let noticed = advance(&agency, &matters[1], PointsAction::Notice, "2026-01-07", Vec::new()).await.unwrap();
        advance(&agency, &noticed, PointsAction::Deliver, "2026-01-30", Vec::new()).await.unwrap();
        let noticed = advance(&agency, &matters[2], PointsAction::Notice, "2026-01-07", Vec::new()).await.unwrap();
        advance(&agency, &noticed, PointsAction::Deliver, "2026-01-08", Vec::new()).await.unwrap();
        advance(&agency, &matters[3], PointsAction::TakeBack, "", Vec::new()).await.unwrap();

        let all = ListPointsMattersRequest { poolarea_no: COMPOSITE_AREA.into(), ..ListPointsMattersRequest::default() };
        let ids = |numbers: &[usize]| -> Vec<String> { numbers.iter().map(|at| matters[*at].matter_id.clone()).collect() };
        let of_state = |state: PointsState| ListPointsMattersRequest { state: state.into(), ..all.clone() };
        let cases = [
            (all.clone(), ids(&[0, 1, 2, 3])),
            (of_state(PointsState::Decided), ids(&[0])),
            (of_state(PointsState::Delivered), ids(&[1])),
            (of_state(PointsState::Settled), ids(&[2])),
            (of_state(PointsState::Withdrawn), ids(&[3])),
            (ListPointsMattersRequest { overdue: true, ..all.clone() }, ids(&[0])),
            (ListPointsMattersRequest { overdue: true, ..of_state(PointsState::Delivered) }, ids(&[])),
            (ListPointsMattersRequest { practitioner_code: DOCTOR.into(), ..all.clone() }, ids(&[0, 1, 2, 3])),
            (ListPointsMattersRequest { practitioner_code: "D0".into(), ..all.clone() }, ids(&[])),
            (ListPointsMattersRequest { fixmedins_code: "H99990000001".into(), ..all.clone() }, ids(&[])),
        ];
        for (request, expected) in cases {
            assert_eq!(listed(&agency, request.clone()).await.unwrap(), expected, "{request:?}");
            let paged = ListPointsMattersRequest { page_size: 1, ..request.clone() };
            assert_eq!(listed(&agency, paged).await.unwrap(), expected, "{request:?} by one");
        }
        let at_place = platform.as_caller(&format!("institution:{PLACE}"));
        assert_eq!(listed(&at_place, all.clone()).await.unwrap(), ids(&[0, 1, 2, 3]));
        assert_eq!(listed(&platform.as_caller("institution:H43020000003"), all.clone()).await.unwrap(), ids(&[]));
        let foreign = ListPointsMattersRequest { fixmedins_code: "H43020000003".into(), ..all.clone() };
        assert_eq!(listed(&at_place, foreign).await.unwrap_err().reason, "AREA_NOT_OWNED");
        for caller in ["agency:430200", "person:P1", "department:999900.civil-affairs"] {
            assert_eq!(listed(&platform.as_caller(caller), all.clone()).await.unwrap_err().reason, "AREA_NOT_OWNED", "{caller}");
        }
    }
}
