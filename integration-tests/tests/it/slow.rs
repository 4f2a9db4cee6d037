//! Services whose every answer takes a second, or three: who asks them is told within the deadline, whoever else asks, and all is as before when
//! they are quick again.

use std::time::{Duration, Instant};

use futures::future::join_all;
use yizhan_integration_tests::checks::info;
use yizhan_integration_tests::*;
use yizhan_runtime::config::Service;

use crate::suite::{Suite, databases};
use crate::support::{assert_books_balance, clinic, stay};

const SECOND: Duration = Duration::from_secs(1);
/// What a call may take beyond what it waits for, on a busy machine.
const SLACK: Duration = Duration::from_millis(1500);
/// By default `peers.enrollment.deadline_ms`, `peers.filing.deadline_ms`.
const DEADLINE: Duration = Duration::from_secs(2);
/// After this a peer that is quick again is used.
const AGAIN_WITHIN: Duration = Duration::from_secs(6);
/// Calls at once.
const AT_ONCE: usize = 24;

async fn timed<T>(call: impl Future<Output = Answer<T>>) -> (Answer<T>, Duration) {
    let begun = Instant::now();
    (call.await, begun.elapsed())
}

/// Many at once, each told one of these reasons, the empty one is none, within a time; how many were settled.
async fn many(client: &Client, round: usize, within: Duration, reasons: &[&str]) -> usize {
    let asking = (0..AT_ONCE).map(|number| {
        let visit = clinic(&format!("L{}-{}", number % 4, number % 3), "2024-03-01", "35.5");
        let request = settle_request(&format!("M{round}-{number}"), visit);
        timed(async move { client.answer_to(request).await })
    });
    let answers = join_all(asking).await;
    for (answer, took) in &answers {
        let reason = answer.as_ref().err().map_or("", |error| error.reason.as_str());
        assert!(reasons.contains(&reason), "{answer:?}");
        assert!(*took < within, "{took:?}: {answer:?}");
    }
    answers.iter().filter(|(answer, _)| answer.is_ok()).count()
}

/// What the databases are is nothing to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_that_take_their_time() {
    let folder = tempfile::tempdir().unwrap();
    let databases = databases(|service| format!("sqlite://{}/{service}.db", folder.path().display()));
    let suite = Suite::start(databases, 1).await;
    suite.furnish(4).await;
    // Asked itself, not by way of the doors that are slow.
    let client = suite.client_of_processes();
    many(&client, 0, SLACK * 4, &[""]).await;
    let away = |number: &str| {
        settle_request(number, stay("L0-0", "2024-05-01", "2024-05-01", "2000").at(SHANGHAI_HOSPITAL))
    };

    // Enrollment, asked before anything is settled.
    suite.door(Service::Enrollment).slows_down(SECOND);
    let (answer, took) = timed(client.settle("one", clinic("L0-0", "2024-03-01", "9"))).await;
    assert!(answer.is_ok() && took > SECOND && took < SECOND + SLACK, "{took:?}: {answer:?}");
    // Two questions are under way at a time, the others wait for their turn, which counts.
    let settled = many(&client, 1, DEADLINE + SLACK, &["", "ENROLLMENT_AWAY"]).await;
    println!("{settled} of {AT_ONCE} settled while enrollment takes a second");
    assert!(settled > 0);
    suite.door(Service::Enrollment).slows_down(3 * SECOND);
    many(&client, 2, DEADLINE + SLACK, &["ENROLLMENT_AWAY"]).await;
    suite.door(Service::Enrollment).slows_down(Duration::ZERO);
    let begun = Instant::now();
    for number in 0.. {
        if client.settle(&format!("again-{number}"), clinic("L0-0", "2024-03-01", "9")).await.is_ok() {
            break;
        }
        assert!(begun.elapsed() < AGAIN_WITHIN, "enrollment is quick again");
    }

    // Filing, for care elsewhere; care at home does not ask it.
    suite.door(Service::Filing).slows_down(3 * SECOND);
    let (answer, took) = timed(client.answer_to(away("A1"))).await;
    // Enrollment is asked before, and has a deadline of its own.
    assert!(refused(answer).reason == "FILING_AWAY" && took < 2 * DEADLINE + SLACK, "{took:?}");
    many(&client, 3, SLACK * 4, &[""]).await;
    suite.door(Service::Filing).slows_down(Duration::ZERO);
    let begun = Instant::now();
    while client.answer_to(away("A1")).await.is_err_and(|error| error.reason == "FILING_AWAY") {
        assert!(begun.elapsed() < AGAIN_WITHIN, "filing is quick again");
    }

    // Audit and credit: settled without them, at once.
    for time in [SECOND, 3 * SECOND] {
        suite.door(Service::Audit).slows_down(time);
        suite.door(Service::Credit).slows_down(time);
        let visit = clinic("L0-1", "2026-01-20", "50").but(|visit| visit.dr_codg = "D1".into());
        let request = settle_request(&format!("S{}", time.as_secs()), visit);
        let (answer, took) = timed(client.answer_to(request)).await;
        let settled = answer.unwrap().settlement.unwrap();
        let marks: Vec<&str> = info(&settled).marks.iter().map(|mark| mark.kind.as_str()).collect();
        assert!(info(&settled).audit_pending && marks.contains(&"CREDIT_PENDING"), "{marks:?}");
        assert!(took < SECOND + SLACK, "{took:?}");
    }
    for service in [Service::Audit, Service::Credit] {
        suite.door(service).slows_down(Duration::ZERO);
    }
    let begun = Instant::now();
    for number in 0.. {
        let settled = client.settle(&format!("Q{number}"), clinic("L0-2", "2024-03-01", "9")).await.unwrap();
        if !info(&settled).audit_pending {
            break;
        }
        assert!(begun.elapsed() < AGAIN_WITHIN, "audit is quick again");
    }
    assert_books_balance(&client).await;
}
