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
}
