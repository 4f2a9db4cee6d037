//! A service that is asked stops, or its network does: calls fail within their deadline, and work again as soon as it can answer.

use std::time::{Duration, Instant};

use futures::future::join_all;
use yizhan_integration_tests::*;
use yizhan_testkit::{Proxy, ServiceProcess, TestDatabase};

use crate::support::clinic;

/// `peers.enrollment.deadline_ms`.
const DEADLINE: Duration = Duration::from_secs(1);
/// A busy machine's.
const SLACK: Duration = Duration::from_secs(3);
/// In which a connection that went dead without a word is replaced: noticed within 3 s.
const REPLACED: Duration = Duration::from_secs(10);

async fn preview(client: &Client) -> Answer<()> {
    client.preview(clinic("P1", "2024-03-01", "35.5")).await.map(drop)
}

/// Many at once, more than one call takes, are each told in time that enrollment is away.
async fn all_are_told_in_time(client: &Client) {
    assert!(all_in_time(client).await.into_iter().all(|answer| refused(answer).reason == "ENROLLMENT_AWAY"));
}

async fn all_in_time(client: &Client) -> Vec<Answer<()>> {
    let asked = Instant::now();
    let answers = join_all((0..200).map(|_| preview(client))).await;
    assert!(asked.elapsed() < DEADLINE + SLACK, "{:?}", asked.elapsed());
    answers
}

/// Who asks from then on is told at once, but for those with whom it is tried whether enrollment answers.
async fn most_are_told_at_once(client: &Client) {
    let mut waited = 0;
    for _ in 0..50 {
        let asked = Instant::now();
        assert_eq!(refused(preview(client).await).reason, "ENROLLMENT_AWAY");
        waited += usize::from(asked.elapsed() > DEADLINE / 2);
    }
    assert!(waited <= 10, "{waited} of 50 waited for the deadline");
}

async fn works_within(client: &Client, limit: Duration) {
    let began = Instant::now();
    while let Err(error) = preview(client).await {
        assert_eq!(error.reason, "ENROLLMENT_AWAY");
        assert!(began.elapsed() < limit, "still away");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_stands_still_or_is_lost_is_asked_again_at_once() {
    let quiet = |binary, db: &TestDatabase| {
        let process = ServiceProcess::of(binary).env("YIZHAN_DATABASE_URL", db.url());
        process.env("YIZHAN_TELEMETRY_LOG_FILTER", "error")
    };
    let [first, second] = [TestDatabase::sqlite(), TestDatabase::sqlite()];
    let mut enrollment = quiet("yizhan-enrollment", &first).start().await;
    let proxy = Proxy::before(&enrollment.url()).await;
    let settlement = quiet("yizhan-settlement", &second)
        .env("YIZHAN_PEERS_ENROLLMENT_ADDRESS", proxy.url())
        .env("YIZHAN_PEERS_ENROLLMENT_DEADLINE_MS", DEADLINE.as_millis().to_string())
        .start()
        .await;
    let client = Client::new([
        settlement.url(),
        enrollment.url(),
        NOBODY.to_owned(),
        NOBODY.to_owned(),
        NOBODY.to_owned(),
    ]);
    client.import_institutions("places", standard_institutions()).await.unwrap();
    client.import_catalogue("items", standard_catalogue()).await.unwrap();
    client.enrol(&[Person::employee("P1")]).await;
    preview(&client).await.unwrap();

    enrollment.pause();
    all_are_told_in_time(&client).await;
    most_are_told_at_once(&client).await;
    enrollment.resume();
    works_within(&client, SLACK).await;

    // The machine is gone without a word, and another takes its address.
    proxy.lose();
    enrollment.kill_9().await;
    enrollment.restart().await;
    // On a busy machine the connection is replaced before the last of them has asked.
    let answers = all_in_time(&client).await.into_iter();
    assert!(answers.filter_map(Result::err).all(|error| error.reason == "ENROLLMENT_AWAY"));
    works_within(&client, REPLACED).await;
}

/// Answers that are too large together are given one after another, and none of those who ask at the same time is told that enrollment is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_too_large_together_fail_nobody() {
    use yizhan_proto::enrollment::v1::{BatchGetEligibilitiesRequest, GetEligibilityRequest};
    let long = "困".repeat(46);
    let big = (0..500).fold(Person::employee("BIG"), |person, at| person.identity(&format!("{at:03}{long}")));
    let db = TestDatabase::sqlite();
    let platform = TestPlatform::on(&db).with_person(big).with_person(Person::employee("P1")).start().await;
    let question = |psn_no: &str| GetEligibilityRequest { psn_no: psn_no.to_owned(), ..Default::default() };
    let together = BatchGetEligibilitiesRequest { requests: vec![question("BIG"); 100] };
    let answer = platform.enrollment().batch_get_eligibilities(together).await.unwrap().into_inner();
    assert!((10..50).contains(&answer.responses.len()), "those that fit: {}", answer.responses.len());
    let asking = (0..160).map(|at| {
        let psn_no = if at % 5 < 3 { "BIG" } else { "P1" };
        let client = platform.client();
        tokio::spawn(async move { client.preview(clinic(psn_no, "2024-03-01", "35.5")).await.map(drop) })
    });
    for asked in join_all(asking.collect::<Vec<_>>()).await {
        asked.unwrap().expect("nobody is refused for whom they travel with");
    }
}
