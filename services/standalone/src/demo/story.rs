//! What the demo shows, chapter by chapter. Every step checks what it shows.

mod away;
mod books;
mod newborn;
mod published_example;
mod reversal;
mod seven_payers;
mod two_dates;
mod waiting;

use std::path::Path;

use anyhow::Context;
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::settlement::v1::{DepositRequest, SettleRequest, Settlement, SettlementInfo, Visit};

use super::{Clients, ask};

/// Tells it.
pub async fn tell(clients: &Clients, folder: &Path) -> anyhow::Result<()> {
    seven_payers::tell(clients, folder).await.context("seven payers")?;
    published_example::tell(clients).await.context("published example")?;
    two_dates::tell(clients).await.context("two dates")?;
    reversal::tell(clients).await.context("reversal")?;
    waiting::tell(clients).await.context("waiting period")?;
    newborn::tell(clients).await.context("newborn")?;
    away::tell(clients).await.context("away from home")?;
    books::tell(clients).await.context("books")?;
    println!("\nDone: everything shown was checked. `yizhan serve` keeps the servers running.");
    Ok(())
}

fn heading(number: u32, text: &str) {
    println!("\n{number}. {text}");
}

fn info(settlement: &Settlement) -> SettlementInfo {
    settlement.setlinfo.clone().unwrap_or_default()
}

async fn settle(
    clients: &Clients,
    request_id: &str,
    visit: Visit,
    quote_id: String,
) -> anyhow::Result<(Settlement, bool)> {
    let request =
        SettleRequest { request_id: request_id.into(), visit: Some(visit), quote_id, person_version: 0 };
    let response = clients.settlement.clone().settle(ask(request)).await?.into_inner();
    Ok((response.settlement.context("no settlement in the answer")?, response.replayed))
}

async fn deposit(clients: &Clients, psn_no: &str, poolarea_no: &str, amount_fen: i64) -> anyhow::Result<()> {
    let request = DepositRequest {
        request_id: format!("demo-deposit-{psn_no}"),
        psn_no: psn_no.into(),
        poolarea_no: poolarea_no.into(),
        amount_fen,
    };
    clients.accounts.clone().deposit(ask(request)).await?;
    Ok(())
}

/// What enrollment says of a resident (390) on a day.
async fn eligibility(clients: &Clients, psn_no: &str, as_of: &str) -> anyhow::Result<Eligibility> {
    let request = GetEligibilityRequest {
        psn_no: psn_no.into(),
        as_of: as_of.into(),
        insutype: "390".into(),
        ..GetEligibilityRequest::default()
    };
    let answer = clients.enrollment.clone().get_eligibility(ask(request)).await?.into_inner();
    answer.eligibility.context("no eligibility in the answer")
}
