//! A scheme of points tried on what was decided, before it counts.

use yizhan_integration_tests::*;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::trial_service_client::TrialServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

use crate::graded::{SCHEME, grade};

const PLACE: &str = "H99990000003";
const NATIONAL: &str = include_str!("../../../services/credit/schemes/100000-points.yaml");

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

/// The national scheme for the area, with these changes.
fn draft(changes: &[(&str, &str)]) -> String {
    let own = NATIONAL
        .replace("rules: national-points", "rules: trial")
        .replace("area: \"100000\"", "area: \"999900\"");
    changes.iter().fold(own, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

async fn try_it(client: &Client, document: &str, day: &str) -> Answer<TrySchemeResponse> {
    let request =
        TrySchemeRequest { poolarea_no: COMPOSITE_AREA.into(), document: document.into(), day: day.into() };
    told(TrialServiceClient::new(client.to_credit()).try_scheme(request).await)
}

async fn register(client: &Client, codes: &[&str]) {
    let registration = |code: &&str| Registration {
        practitioner_code: (*code).into(),
        from_date: "2026-01-01".into(),
        file_ids: vec!["F1".into()],
    };
    let request = RegisterPractitionersRequest {
        request_id: new_id(),
        poolarea_no: COMPOSITE_AREA.into(),
        fixmedins_code: PLACE.into(),
        registrations: codes.iter().map(registration).collect(),
        opter: "A1".into(),
    };
    let mut credit = QualificationServiceClient::new(client.to_credit());
    told(credit.register_practitioners(request).await).unwrap();
}

async fn decide(client: &Client, code: &str, items: &[&str]) {
    let act = |(at, item): (usize, &&str)| PointsAct {
        items: vec![(*item).into()],
        responsibility: PointsResponsibility::Main.into(),
        act_id: format!("V{at}"),
        occurred_on: "2026-01-05".into(),
        ..PointsAct::default()
    };
    let request = DecidePointsRequest {
        request_id: new_id(),
        practitioner_code: code.into(),
        poolarea_no: COMPOSITE_AREA.into(),
        fixmedins_code: PLACE.into(),
        acts: items.iter().enumerate().map(act).collect(),
        basis: "试医保处〔2026〕1号".into(),
        decided_on: "2026-01-06".into(),
        opter: "A1".into(),
        ..DecidePointsRequest::default()
    };
    let mut credit = QualificationServiceClient::new(client.to_credit());
    told(credit.decide_points(request).await).unwrap();
}

fn cells(table: &Option<MigrationTable>) -> Vec<(&str, &str, i32)> {
    let cells = table.iter().flat_map(|table| &table.cells);
    cells.map(|cell| (cell.class_before.as_str(), cell.class_after.as_str(), cell.subjects)).collect()
}

both_databases! {
    /// The scheme as it is moves nobody; one item a band higher moves those who had it; an item that is gone is said; nothing is written.
    async fn a_scheme_is_tried_before_it_counts(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let agency = platform.as_caller("agency:999900");
        register(&agency, &["D1", "D2", "D3", "D4"]).await;
        decide(&agency, "D2", &["agreement"]).await;
        decide(&agency, "D3", &["article-38"]).await;
        decide(&agency, "D4", &["article-38", "agreement"]).await;

        let same = try_it(&agency, &draft(&[]), "2026-01-20").await.unwrap();
        assert_eq!((same.subjects, same.complete, same.moved, same.moves.len()), (4, true, 0, 0));
        assert_eq!(same.scheme, "trial@2026.1/points/2025-01-01");
        let statuses = [("NORMAL", "NORMAL", 3), ("SUSPENDED", "SUSPENDED", 1)];
        assert_eq!(cells(&same.statuses), statuses);
        let bands = [("0", "0", 1), ("1-3", "1-3", 1), ("4-6", "4-6", 1), ("7-9", "7-9", 1)];
        assert_eq!(cells(&same.bands), bands);
        assert_eq!(same.bands.as_ref().unwrap().stability_index, "0.0000");

        let higher = draft(&[("第三十八条行政处罚, band: 2", "第三十八条行政处罚, band: 3"), ("      - { item: agreement, name: 医保协议处理（涉及违约金）, band: 1 }\n", "")]);
        let tried = try_it(&agency, &higher, "2026-01-20").await.unwrap();
        let statuses = [("NORMAL", "NORMAL", 2), ("NORMAL", "SUSPENDED", 1), ("SUSPENDED", "TERMINATED", 1)];
        assert_eq!((tried.moved, cells(&tried.statuses)), (2, statuses.into()));
        let moves: Vec<_> = tried.moves.iter().map(|one| {
            (one.subject.as_ref().unwrap().code.as_str(), one.value_before.as_str(), one.value_after.as_str(), one.causes.len())
        }).collect();
        assert_eq!(moves, [("D3", "6", "9", 1), ("D4", "9", "12", 1)]);
        assert!(tried.moves[0].explanation.contains("正常 → 暂停"), "{}", tried.moves[0].explanation);
        let gone: Vec<_> = tried.not_in_draft.iter().map(|one| (one.item.as_str(), one.acts)).collect();
        assert_eq!(gone, [("agreement", 2)]);
        assert_ne!(tried.bands.as_ref().unwrap().stability_index, "0.0000");
        let before = try_it(&agency, &higher, "2026-01-05").await.unwrap();
        assert_eq!(before.moved, 0, "before anything was decided");

        // Only the standard is another: the points stay, the status does not.
        let stricter = draft(&[("suspended_from: 9", "suspended_from: 6"), ("{ \"9\": 2", "{ \"6\": 1, \"7\": 1, \"8\": 1, \"9\": 2")]);
        let tried = try_it(&agency, &stricter, "2026-01-20").await.unwrap();
        let first = &tried.moves[0];
        assert_eq!((tried.moved, first.value_after.as_str(), first.class_after.as_str(), first.causes.len()), (1, "6", "SUSPENDED", 0));

        // Nothing was written: all of them stand as before.
        let question = |code: &str| QualificationQuestion { practitioner_code: code.into(), day: "2026-01-20".into(), ..QualificationQuestion::default() };
        let request = GetQualificationRequest { questions: ["D1", "D2", "D3", "D4"].map(question).into() };
        let stand = self::told(QualificationServiceClient::new(agency.to_credit()).get_qualification(request).await).unwrap();
        let points: Vec<i32> = stand.qualifications.iter().map(|one| one.points).collect();
        assert_eq!(points, [0, 3, 6, 9]);

        let reason = |answer: Answer<TrySchemeResponse>| answer.unwrap_err().reason;
        assert_eq!(reason(try_it(&platform.as_caller("agency:430200"), &draft(&[]), "").await), "AREA_NOT_OWNED");
        assert_eq!(reason(try_it(&platform.as_caller("service:settlement"), &draft(&[]), "").await), "AREA_NOT_OWNED");
        assert_eq!(reason(try_it(&agency, "rules: x", "").await), "INVALID_REQUEST");
        let elsewhere = draft(&[("area: \"999900\"", "area: \"430200\"")]);
        assert_eq!(reason(try_it(&agency, &elsewhere, "").await), "RULES_NOT_IN_FORCE");
    }

    /// A penalty that costs ten points instead of thirty: who was D is A, and everybody else stays.
    async fn a_scorecard_is_tried_before_it_counts(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        grade(&platform).await;
        let agency = platform.as_caller("agency:999900");
        let try_it = async |client: &Client, document: &str, year: i32| {
            let request =
                TryScorecardRequest { poolarea_no: COMPOSITE_AREA.into(), document: document.into(), year };
            told(TrialServiceClient::new(client.to_credit()).try_scorecard(request).await)
        };
        let milder = SCHEME.replace("points: 30", "points: 10").replace("rules: test-scorecard", "rules: milder");
        let rows = platform.row_counts().await;
        let told = try_it(&agency, &milder, 2025).await.unwrap();
        assert_eq!((told.subjects, told.moved, told.complete), (5, 2, true));
        let table = told.grades.unwrap();
        assert_eq!(table.classes, ["A", "D", "-"]);
        let cells: Vec<(&str, &str, i32)> = table
            .cells
            .iter()
            .map(|cell| (cell.class_before.as_str(), cell.class_after.as_str(), cell.subjects))
            .collect();
        assert_eq!(cells, [("A", "A", 3), ("D", "A", 2)]);
        assert!(table.stability_index.parse::<rust_decimal::Decimal>().unwrap() > rust_decimal::Decimal::new(25, 2));
        let moves: Vec<[&str; 2]> =
            told.moves.iter().map(|one| [one.value_before.as_str(), one.value_after.as_str()]).collect();
        assert_eq!(moves, [["70.00", "90.00"]; 2]);
        let causes = &told.moves[0].causes;
        assert_eq!((causes.len(), causes[0].item.as_str(), causes[0].value_before.as_str()), (1, "fund-use", "-30"));

        // The same scheme moves nobody; a year before everything is of nobody else.
        let same = try_it(&agency, &SCHEME.replace("rules: test-scorecard", "rules: same"), 2025).await.unwrap();
        assert_eq!((same.moved, same.grades.unwrap().stability_index.as_str()), (0, "0.0000"));
        assert_eq!(platform.row_counts().await, rows, "nothing is written");
        let elsewhere = milder.replace("area: \"999900\"", "area: \"430200\"");
        assert_eq!(refused(try_it(&agency, &elsewhere, 2025).await).reason, "RULES_NOT_IN_FORCE");
        let other = platform.as_caller("agency:430200");
        assert_eq!(refused(try_it(&other, &milder, 2025).await).reason, "AREA_NOT_OWNED");
    }
}
