//! The ranking of hospitals over a whole platform: imported, answered, tried, published and frozen, taken back.

use yizhan_integration_tests::*;
use yizhan_proto::credit::v1::ledger_service_client::LedgerServiceClient;
use yizhan_proto::credit::v1::ranking_service_client::RankingServiceClient;
use yizhan_proto::credit::v1::*;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::ids::new_id;
use yizhan_testkit::both_databases;

const INDICATORS: [&str; 4] = ["direct-settlement", "fund-use", "violations", "reform"];

fn rankings(client: &Client) -> RankingServiceClient<PeerChannel> {
    RankingServiceClient::new(client.to_credit())
}

fn told<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(|status| Box::new(status.into()))
}

fn hospital(number: u32) -> String {
    format!("H999900{number:05}")
}

fn values(hospitals: &[(u32, [&str; 4])]) -> ImportRankingIndicatorsRequest {
    let rows = hospitals.iter().flat_map(|(number, values)| {
        INDICATORS.iter().zip(values).map(|(indicator, value)| RankingIndicator {
            fixmedins_code: hospital(*number),
            indicator: (*indicator).into(),
            value: (*value).into(),
        })
    });
    ImportRankingIndicatorsRequest {
        request_id: new_id(),
        poolarea_no: "999900".into(),
        year: 2025,
        rows: rows.collect(),
        basis: "考核通报".into(),
        opter: "W1".into(),
    }
}

async fn import(client: &Client, request: ImportRankingIndicatorsRequest) -> Answer<i32> {
    told(rankings(client).import_ranking_indicators(request).await).map(|answer| answer.changed)
}

fn answers(number: u32, scores: &[(i32, usize)]) -> RecordSurveyRequest {
    let scores = scores.iter().flat_map(|(score, count)| std::iter::repeat_n(*score, *count));
    let rows = scores.enumerate().map(|(visit, score)| SurveyAnswer {
        setl_id: format!("S{number}-{visit}"),
        fixmedins_code: hospital(number),
        visited_on: "2025-12-31".into(),
        score,
    });
    RecordSurveyRequest { request_id: new_id(), poolarea_no: "999900".into(), rows: rows.collect() }
}

async fn answer(client: &Client, request: RecordSurveyRequest) -> Answer<i32> {
    told(rankings(client).record_survey(request).await).map(|answer| answer.recorded)
}

async fn rank(client: &Client, document: &str) -> Answer<RankInstitutionsResponse> {
    let request =
        RankInstitutionsRequest { poolarea_no: "999900".into(), year: 2025, document: document.into() };
    told(rankings(client).rank_institutions(request).await)
}

async fn publish(client: &Client, year: i32) -> Answer<InstitutionRanking> {
    let request = PublishRankingRequest {
        request_id: new_id(),
        poolarea_no: "999900".into(),
        year,
        opter: "W1".into(),
    };
    told(rankings(client).publish_ranking(request).await).map(|answer| answer.ranking.unwrap())
}

fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> String {
    answer.unwrap_err().reason
}

fn places(ranking: &InstitutionRanking) -> Vec<(&str, [i32; 3], &str)> {
    ranking
        .ranked
        .iter()
        .map(|one| (&one.fixmedins_code[7..], [one.rank, one.best_rank, one.worst_rank], one.score.as_str()))
        .collect()
}

both_databases! {
    /// A tie, a difference by chance, a sample that is too small, a value that lacks; a draft tried; frozen; taken back and published again.
    async fn hospitals_are_ranked_by_one_definition(db: TestDatabase) {
        let platform = TestPlatform::on(&db).start().await;
        let (agency, portal, citizen) = (platform.as_caller("agency:999900"), platform.as_caller("service:portal"), platform.as_caller("person:P1"));
        assert_eq!(reason(publish(&agency, 2025).await), "RANKING_EMPTY");
        let all = [
            (1, ["75", "65", "50", "50"]),
            (2, ["75", "65", "50", "50"]),
            (3, ["75", "65", "50", "50"]),
            (4, ["100", "90", "0", "100"]),
            (5, ["100", "90", "0", "100"]),
        ];
        assert_eq!(import(&agency, values(&all)).await.unwrap(), 20);
        assert_eq!(import(&agency, values(&all)).await.unwrap(), 0, "the same again is nothing new");
        let mut wrong = values(&[(6, ["x", "1", "1", "1"])]);
        wrong.rows[1].indicator = "nothing".into();
        wrong.rows[3] = RankingIndicator { value: "2".into(), ..wrong.rows[2].clone() };
        let wrong: Vec<_> = import(&agency, wrong).await.unwrap_err().violations.into_iter().map(|one| (one.field, one.reason)).collect();
        let expected = [("rows[0].value", "RANKING_VALUE_INVALID"), ("rows[1].indicator", "RANKING_INDICATOR_UNKNOWN"), ("rows[3].indicator", "DUPLICATE")];
        assert_eq!(wrong, expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        for (number, scores) in [(1, [(5, 31), (1, 19)]), (2, [(4, 30), (3, 20)]), (3, [(5, 30), (2, 20)]), (4, [(5, 40), (1, 0)]), (5, [(5, 29), (1, 0)])] {
            answer(&portal, answers(number, &scores)).await.unwrap();
        }
        assert_eq!(answer(&portal, answers(4, &[(5, 40)])).await.unwrap(), 0, "an answer a visit");
        let other = answer(&portal, answers(4, &[(1, 1)])).await.unwrap_err();
        assert_eq!(other.violations[0].reason, "SURVEY_ANSWERED_OTHERWISE");

        // Nobody outside sees it before it is published.
        assert_eq!(reason(rank(&citizen, "").await), "RANKING_UNKNOWN");
        let ranking = rank(&agency, "").await.unwrap().ranking.unwrap();
        let expected = [("00004", [1, 1, 1], "100.00"), ("00001", [2, 2, 4], "54.80"), ("00002", [3, 2, 4], "54.00"), ("00003", [3, 2, 4], "54.00")];
        assert_eq!(places(&ranking), expected);
        assert_eq!(ranking.scheme, "national-ranking@2026.1");
        let unranked = &ranking.unranked[0];
        assert_eq!((unranked.answers, unranked.explanation.as_str()), (29, "有效评价 29 份，少于 30 份；不参加排名"));

        // A draft: nothing is written, and who moves is told.
        let draft = "rules: try\nversion: \"1\"\ntitle: 试\narea: \"999900\"\nsources: { s: { title: 试〔2026〕1号, quality: G } }\n\
            ranking: [{ from: 2025-01-01, source: s, survey_weight: 100, satisfied_from: 5, min_answers: 29 }]\n";
        let tried = rank(&agency, draft).await.unwrap();
        let moves: Vec<_> = tried.moves.iter().map(|one| (&one.fixmedins_code[7..], one.rank_before, one.rank_after)).collect();
        assert_eq!(moves, [("00005", 0, 1), ("00002", 3, 5), ("00001", 2, 3), ("00003", 3, 4)]);
        assert!(tried.stability_index.parse::<rust_decimal::Decimal>().unwrap() > rust_decimal::Decimal::ZERO);
        let overweight = rank(&agency, &draft.replace("weight: 100", "weight: 99")).await.unwrap_err();
        assert_eq!(overweight.violations[0].field, "document");
        assert_eq!(reason(rank(&citizen, draft).await), "AREA_NOT_OWNED");

        assert_eq!(reason(publish(&platform.as_caller("agency:430200"), 2025).await), "AREA_NOT_OWNED");
        assert_eq!(reason(publish(&agency, 2026).await), "RANKING_YEAR_OPEN");
        let published = publish(&agency, 2025).await.unwrap();
        assert_eq!(places(&published), expected);
        assert_eq!(rank(&citizen, "").await.unwrap().ranking, Some(published), "as it was published, for everybody");
        assert_eq!(reason(import(&agency, values(&[(1, ["1", "1", "1", "1"])])).await), "RANKING_PUBLISHED");
        assert_eq!(reason(answer(&portal, answers(6, &[(5, 1)])).await), "RANKING_PUBLISHED");
        assert_eq!(reason(publish(&agency, 2025).await), "RANKING_PUBLISHED");

        let take_back = WithdrawRankingRequest { request_id: new_id(), poolarea_no: "999900".into(), year: 2025, note: "指标有误".into(), opter: "W1".into() };
        told(rankings(&agency).withdraw_ranking(take_back.clone()).await).unwrap();
        let twice = WithdrawRankingRequest { request_id: new_id(), ..take_back };
        assert_eq!(reason(told(rankings(&agency).withdraw_ranking(twice).await)), "RANKING_UNKNOWN");
        assert_eq!(import(&agency, values(&[(4, ["50", "40", "100", "0"])])).await.unwrap(), 4);
        let published = publish(&agency, 2025).await.unwrap();
        assert_eq!(places(&published)[0].0, "00001", "{published:?}");
        let subject = Some(Subject { kind: SubjectKind::Institution.into(), code: hospital(4) });
        let request = ListEntriesRequest { subject, ..ListEntriesRequest::default() };
        let entries = LedgerServiceClient::new(agency.to_credit()).list_entries(request).await.unwrap().into_inner().entries;
        let told: Vec<_> = entries.iter().filter(|entry| entry.kind() != EntryKind::RankingIndicator).map(|entry| (entry.kind(), entry.item.as_str())).collect();
        assert_eq!(told, [(EntryKind::Ranked, "4 4-4"), (EntryKind::RankingWithdrawn, "1 1-1"), (EntryKind::Ranked, "1 1-1")]);
    }
}
