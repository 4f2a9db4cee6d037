//! One request, one settlement, however often and from wherever it is sent.

use futures::future::join_all;
use tonic::Code;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_proto::settlement::v1::SettleResponse;
use yizhan_testkit::both_databases;

use crate::support::{assert_books_balance, clinic, ids, stay};

/// Retries at once of one request.
const RETRIES: usize = 1000;

both_databases! {
    async fn a_thousand_retries_make_one_settlement(db: TestDatabase) {
        let mut platform = TestPlatform::on(&db)
            .with_person(Person::employee("P1"))
            .with_requests_at_once(2 * RETRIES)
            .start()
            .await;
        let mut clients = vec![platform.client(), platform.client()];
        if db.backend() == yizhan_testkit::Backend::Postgres {
            clients.push(platform.another_instance().await);
        }
        let request = settle_request("R1", stay("P1", "2024-05-06", "2024-05-20", "10000"));
        let tasks = (0..RETRIES).map(|number| {
            let (client, request) = (clients[number % clients.len()].clone(), request.clone());
            tokio::spawn(async move { client.settle_stubbornly(request).await })
        });
        let answers = join_all(tasks.collect::<Vec<_>>()).await;
        let answers: Vec<SettleResponse> =
            answers.into_iter().map(|answer| answer.expect("no panic").expect("an answer")).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
        let settled = answers[0].settlement.clone().unwrap();
        for answer in &answers {
            assert_eq!(answer.settlement.as_ref(), Some(&settled));
        }
        assert_eq!(platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements.len(), 1);
        assert_books_balance(&platform).await;
    }

    async fn the_same_id_for_another_request_is_refused(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let visit = stay("P1", "2024-05-06", "2024-05-20", "10000");
        let settled = platform.settle("R1", visit.clone()).await.unwrap();
        let before = platform.row_counts().await;
        let other = visit.clone().but(|visit| visit.dise_codg.push("I10".to_owned()));
        let error = refused(platform.settle("R1", other).await);
        assert_eq!((error.code, error.reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        assert_eq!(error.metadata["request_id"], "R1");
        let error = refused(platform.reverse("R1", &settled).await);
        assert_eq!(error.reason, "REQUEST_ID_REUSED", "ids are shared by all mutations of the institution");
        assert_eq!(platform.row_counts().await, before);
        // Ids are the institution's: another one may use the same.
        let elsewhere = visit.inpatient("2024-06-06", "2024-06-20").at(SECOND_LEVEL);
        let elsewhere = platform.settle("R1", elsewhere).await.unwrap();
        assert_ne!(info(&elsewhere).setl_id, info(&settled).setl_id);
    }

    /// The answer stays what it was, whatever happened since.
    async fn a_retry_is_answered_as_then(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let request = settle_request("R1", stay("P1", "2024-05-06", "2024-05-20", "10000"));
        let first = platform.answer_to(request.clone()).await.unwrap();
        assert!(!first.replayed);
        platform.settle("R2", clinic("P1", "2024-06-01", "500")).await.unwrap();
        let ended = Person::employee("P1").insured_between("2010-01-01", "2023-12-31");
        platform.enrol(&[ended]).await;
        let retried = platform.answer_to(request.clone()).await.unwrap();
        assert_eq!((retried.replayed, &retried.settlement), (true, &first.settlement));
        // Reversed meanwhile: the answer given, with the state of now, wherever it is read.
        let first = first.settlement.unwrap();
        let reversal = platform.reverse("R3", &first).await.unwrap();
        let again = platform.answer_to(request).await.unwrap();
        let mut expected = first.clone();
        let header = expected.setlinfo.as_mut().unwrap();
        header.refd_setl_flag = "1".to_owned();
        header.reversed_by_setl_id = info(&reversal).setl_id.clone();
        assert_eq!((again.replayed, again.settlement.as_ref()), (true, Some(&expected)));
        assert_eq!(platform.get(&info(&first).setl_id).await.unwrap(), expected);
        assert_eq!(platform.statement(&info(&first).setl_id).await.unwrap().settlement.as_ref(), Some(&expected));
        let listed = platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements;
        assert!(listed.contains(info(&expected)), "{listed:?}");
        assert_eq!(platform.reverse("R3", &first).await.unwrap(), reversal);
    }

    /// A refusal is not remembered: the id is free for the corrected request.
    async fn a_refused_request_may_be_corrected(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        refused(platform.settle("R1", stay("P1", "2024-05-20", "2024-05-06", "10000")).await);
        platform.settle("R1", stay("P1", "2024-05-06", "2024-05-20", "10000")).await.expect("corrected");
    }

    async fn retries_and_rivals_of_a_reversal_make_one(db: TestDatabase) {
        let platform = TestPlatform::on(&db).with_person(Person::employee("P1")).start().await;
        let settled = platform.settle("R1", clinic("P1", "2024-03-01", "1000")).await.unwrap();
        // Fifty retries of one id, and fifty other ids.
        let tasks = (0..100).map(|number: i32| {
            let (client, settled) = (platform.client(), settled.clone());
            let request_id = if number % 2 == 0 { "V".to_owned() } else { format!("W{number}") };
            tokio::spawn(async move { client.reverse(&request_id, &settled).await })
        });
        let answers = join_all(tasks.collect::<Vec<_>>()).await;
        let mut reversals = Vec::new();
        for answer in answers {
            match answer.expect("no panic") {
                Ok(reversal) => reversals.push(reversal),
                Err(error) => assert_eq!(error.reason, "ALREADY_REVERSED"),
            }
        }
        assert_eq!(ids(&reversals).len(), 1);
        assert_eq!(platform.list("P1", COMPOSITE_AREA, 0, "").await.unwrap().settlements.len(), 2);
        assert_eq!(platform.accumulators("P1", COMPOSITE_AREA).await, []);
        assert_books_balance(&platform).await;
    }
}
