//! The books of every area are checked, and every settlement is recomputed.

use anyhow::Context;
use tokio_stream::StreamExt;
use yizhan_proto::settlement::v1::{CheckBooksRequest, ReplaySettlementRequest, WatchSettlementsRequest};

use super::super::{Clients, must};
use super::heading;

const AREAS: [&str; 6] = ["999900", "500112", "430200", "430100", "330800", "330600"];

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(13, "The books");
    let mut settlements = 0;
    for area in AREAS {
        let request = CheckBooksRequest { poolarea_no: area.into() };
        let books = clients.settlement.check_books(request).await?.into_inner();
        println!(
            "   {area}: {} settlements, {} postings, {} persons: {} discrepancies",
            books.settlements,
            books.postings,
            books.persons,
            books.discrepancies.len()
        );
        must(books.discrepancies.is_empty(), &books.discrepancies.join("; "))?;
        settlements += books.settlements;
    }
    let all = WatchSettlementsRequest::default();
    let mut feed = clients.settlement.watch_settlements(all).await?.into_inner();
    let mut told = 0;
    while told < settlements {
        let event = feed.next().await.context("the feed ended early")??;
        // What was recovered, and what is owed, is in the feed too.
        let Some(info) = event.settlement.and_then(|settlement| settlement.setlinfo) else { continue };
        told += 1;
        let request = ReplaySettlementRequest { setl_id: info.setl_id };
        let replay = clients.settlement.replay_settlement(request).await?.into_inner();
        must(replay.identical, "a settlement recomputed differs from the stored one")?;
    }
    println!("   The feed gave all {settlements}; recomputed, each is the stored one byte for byte.");
    Ok(())
}
