//! `kill -9` in the middle of following settlement's feed, again and again, and while it is followed from its beginning a second time: what was
//! counted is what an uninterrupted run counts.

use std::time::Duration;

use yizhan_proto::credit::v1::InstitutionFigures;
use yizhan_proto::settlement::v1::SettlementInfo;
use yizhan_testkit::{ServiceProcess, TestDatabase};

use crate::desk::Desk;
use crate::feed::{Feed, reversal, stay, visit};

/// So many times.
const KILLS: usize = 6;
/// Events of the feed.
const EVENTS: usize = 180;
const TOKEN: &str = "SELECT resume_token FROM followed_feed WHERE feed = 'settlement.settlements'";
const BOTH: [&str; 2] = ["settlement.settlements", "audit.decisions"];

/// Visits and stays at few institutions over a year's end, every third of them reversed later on.
fn history() -> Vec<SettlementInfo> {
    let settled = |number: usize| {
        let month = ["2025-11", "2025-12", "2026-01"][number % 3];
        let (first, last) = (format!("{month}-01"), format!("{month}-{:02}", 2 + number % 20));
        let fee = 1000 + number as i64;
        let info = if number.is_multiple_of(2) { stay(&first, &last, fee) } else { visit(&last, fee) };
        SettlementInfo { fixmedins_code: format!("H9999000000{}", number % 5), ..info }
    };
    let event = |number: usize| match number % 4 {
        3 => reversal(&settled(number - 3)),
        _ => settled(number),
    };
    (0..EVENTS).map(event).collect()
}

/// Waits until so many of the feed are dealt with.
async fn reached(desk: &Desk, least: usize) {
    let dealt_with = async || desk.text(TOKEN).await.and_then(|token| token.parse().ok()).unwrap_or(0);
    let waiting = async {
        while dealt_with().await < least {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("credit follows");
}

async fn years(desk: &Desk) -> Vec<InstitutionFigures> {
    [desk.year(2025).await, desk.year(2026).await].concat()
}

async fn survives(db: TestDatabase) {
    let events = history();
    let other = TestDatabase::of(db.backend());
    let straight = Desk::open(&other).await;
    straight.follows(&BOTH).await;
    for event in &events {
        straight.settled(std::slice::from_ref(event), false).await;
    }
    let expected = years(&straight).await;
    assert_eq!(expected.len(), 10);
    let desk = Desk::open(&db).await;
    desk.follows(&BOTH).await;
    let feed = Feed::default();
    let settlement = feed.start().await;
    let credit = ServiceProcess::at(env!("CARGO_BIN_EXE_yizhan-credit"))
        .env("YIZHAN_DATABASE_URL", db.url())
        .env("YIZHAN_TELEMETRY_LOG_FILTER", "off")
        .env("YIZHAN_PEERS_SETTLEMENT_ADDRESS", settlement.url());
    let mut credit = credit.start().await;
    for (kill, some) in events.chunks(EVENTS / KILLS).enumerate() {
        feed.tell(some);
        // It has begun with them, and hears the rest of them a few at a time.
        reached(&desk, kill * some.len() + 1).await;
        credit.kill_9().await;
        credit.restart().await;
    }
    reached(&desk, EVENTS).await;
    assert_eq!(years(&desk).await, expected);
    // From the beginning again, and killed in the middle of that, too.
    credit.kill_9().await;
    desk.change("UPDATE followed_feed SET resume_token = '' WHERE feed = 'settlement.settlements'").await;
    credit.restart().await;
    reached(&desk, 5).await;
    credit.kill_9().await;
    credit.restart().await;
    reached(&desk, EVENTS).await;
    assert_eq!(years(&desk).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    survives(TestDatabase::postgres_durable()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    survives(TestDatabase::sqlite()).await;
}
