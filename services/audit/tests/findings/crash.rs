//! `kill -9` in the middle of the feed, again and again: what is found is what an uninterrupted run finds.

use std::time::Duration;

use yizhan_testkit::{ServiceProcess, TestDatabase};

use crate::chaos::{Draws, history};
use crate::desk::{Desk, Told};
use crate::feed::Feed;
use crate::following::FREQUENT;

/// So many times.
const KILLS: usize = 8;
/// Settlements of the feed.
const SETTLEMENTS: usize = 240;

async fn followed(desk: &Desk, until: usize) -> bool {
    let token = "SELECT resume_token FROM followed_feed WHERE feed = 'settlement.settlements'";
    desk.text(token).await.is_some_and(|token| token.parse() == Ok(until))
}

async fn survives(db: TestDatabase) -> (Vec<Told>, Vec<Told>) {
    let feed = Feed::of(history(&mut Draws::new(7), SETTLEMENTS));
    let other = TestDatabase::of(db.backend());
    let straight = Desk::open(&other).await;
    straight.publish(FREQUENT).await;
    Desk::open(&db).await.publish(FREQUENT).await;
    for event in feed.events(0) {
        straight.deal_with(vec![event], false).await;
    }
    let settlement = feed.start().await;
    let audit = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-audit"))
        .env("YIZHAN_DATABASE_URL", db.url())
        .env("YIZHAN_TELEMETRY_LOG_FILTER", "off")
        .env("YIZHAN_PEERS_SETTLEMENT_ADDRESS", settlement.url());
    let mut audit = audit.start().await;
    let desk = Desk::open(&db).await;
    let mut interrupted = 0;
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(5 + kill as u64 * 17 % 40)).await;
        audit.kill_9().await;
        interrupted += usize::from(!followed(&desk, SETTLEMENTS).await);
        audit.restart().await;
    }
    let all = async {
        while !followed(&desk, SETTLEMENTS).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("audit follows to the end");
    assert!(interrupted > KILLS / 2, "killed in the middle of the feed {interrupted} times");
    (straight.findings().await, desk.findings().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let (straight, killed) = survives(TestDatabase::postgres_durable()).await;
    assert_eq!(straight, killed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let (straight, killed) = survives(TestDatabase::sqlite()).await;
    assert_eq!(straight, killed);
}
