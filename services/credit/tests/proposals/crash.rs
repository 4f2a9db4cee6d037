//! `kill -9` in the middle of following audit's feed, again and again: what waits for points is what an uninterrupted run leaves.

use std::time::Duration;

use yizhan_proto::audit::v1::{DecisionKind, WatchDecisionsResponse};
use yizhan_testkit::{ServiceProcess, TestDatabase};

use crate::desk::{Desk, Told};
use crate::feed::{Feed, decision, line};

/// So many times.
const KILLS: usize = 6;
/// Events of the feed.
const EVENTS: usize = 180;

/// Cases of few doctors, some of them decided anew.
fn history() -> Vec<WatchDecisionsResponse> {
    let event = |number: usize| {
        let (case, doctor) = (format!("C{}", number / 3), format!("D{}", number * 7 % 11));
        let lines = vec![line("1", &doctor, "重复收费", number as i64 + 1), line("2", "D0", "超量开药", 5)];
        match number % 3 {
            0 => decision(DecisionKind::Decided, (&case, 1), lines),
            1 => decision(DecisionKind::Withdrawn, (&case, 1), vec![]),
            _ => decision(DecisionKind::Decided, (&case, 2), lines),
        }
    };
    (0..EVENTS).map(event).collect()
}

/// Waits until so many of the feed are dealt with.
async fn reached(desk: &Desk, least: usize) {
    let token = "SELECT resume_token FROM followed_feed WHERE feed = 'audit.decisions'";
    let dealt_with = async || desk.text(token).await.and_then(|token| token.parse().ok()).unwrap_or(0);
    let waiting = async {
        while dealt_with().await < least {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("credit follows");
}

/// Institutions' figures of the decisions: how many stand, their lines and amounts.
async fn counted(desk: &Desk) -> Option<String> {
    let number = |sum: &str| format!("CAST({sum} AS text)");
    let sums = ["COUNT(*)", "SUM(lines)", "SUM(fee_fen)"].map(number).join(" || ' ' || ");
    desk.text(&format!("SELECT {sums} FROM figure_decision WHERE stands")).await
}

async fn survives(db: TestDatabase) -> [(Vec<Told>, (bool, i64), Option<String>); 2] {
    let events = history();
    let other = TestDatabase::of(db.backend());
    let straight = Desk::open(&other).await;
    for event in &events {
        straight.hear(vec![event.clone()], false).await;
    }
    let desk = Desk::open(&db).await;
    let feed = Feed::default();
    let audit = feed.start().await;
    let credit = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-credit"))
        .env("YIZHAN_DATABASE_URL", db.url())
        .env("YIZHAN_TELEMETRY_LOG_FILTER", "off")
        .env("YIZHAN_PEERS_AUDIT_ADDRESS", audit.url());
    let mut credit = credit.start().await;
    for (kill, some) in events.chunks(EVENTS / KILLS).enumerate() {
        feed.tell(some);
        // It has begun with them, and hears the rest of them a few at a time.
        reached(&desk, kill * some.len() + 1).await;
        credit.kill_9().await;
        credit.restart().await;
    }
    reached(&desk, EVENTS).await;
    let [straight, desk] = [&straight, &desk]
        .map(|desk| async { (desk.proposals().await, desk.verify().await, counted(desk).await) });
    [straight.await, desk.await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let [straight, killed] = survives(TestDatabase::postgres_durable()).await;
    assert!(straight.1.0 && straight.1.1 > 200);
    assert!(straight.2.as_ref().is_some_and(|told| told.starts_with("60 120 ")), "{:?}", straight.2);
    assert_eq!(straight, killed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let [straight, killed] = survives(TestDatabase::sqlite()).await;
    assert_eq!(straight, killed);
}
