//! `kill -9` in the middle of the feed, again and again: what is found is what an uninterrupted run finds.

use std::time::Duration;

use yizhan_audit::findings::add_up;
use yizhan_testkit::{ServiceProcess, TestDatabase};

use crate::chaos::{Draws, history};
use crate::desk::{Desk, Told};
use crate::feed::Feed;
use crate::following::FREQUENT;

/// So many times.
const KILLS: usize = 8;
/// Settlements of the feed.
const SETTLEMENTS: usize = 240;

/// Waits until so many of the feed are dealt with.
async fn reached(desk: &Desk, least: usize) {
    let token = "SELECT resume_token FROM followed_feed WHERE feed = 'settlement.settlements'";
    let dealt_with = async || desk.text(token).await.and_then(|token| token.parse().ok()).unwrap_or(0);
    let waiting = async {
        while dealt_with().await < least {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("audit follows");
}

async fn survives(db: TestDatabase) -> (Vec<Told>, Vec<Told>) {
    let settlements = history(&mut Draws::new(7), SETTLEMENTS);
    let other = TestDatabase::of(db.backend());
    let straight = Desk::open(&other).await;
    straight.publish(FREQUENT).await;
    Desk::open(&db).await.publish(FREQUENT).await;
    for event in Feed::of(settlements.clone()).events(0) {
        straight.deal_with(vec![event], false).await;
    }
    let feed = Feed::of(Vec::new());
    let settlement = feed.start().await;
    let audit = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-audit"))
        .env("YIZHAN_DATABASE_URL", db.url())
        .env("YIZHAN_TELEMETRY_LOG_FILTER", "off")
        .env("YIZHAN_PEERS_SETTLEMENT_ADDRESS", settlement.url());
    let mut audit = audit.start().await;
    let desk = Desk::open(&db).await;
    for (kill, some) in settlements.chunks(SETTLEMENTS / KILLS).enumerate() {
        feed.tell(some);
        // It has begun with them, and hears the rest of them a few at a time.
        reached(&desk, kill * some.len() + 1).await;
        audit.kill_9().await;
        audit.restart().await;
    }
    reached(&desk, SETTLEMENTS).await;
    // The service adds up when it starts, and then every ten minutes.
    for desk in [&straight, &desk] {
        add_up(&desk.audit).await.unwrap();
    }
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
