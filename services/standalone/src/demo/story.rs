//! What the demo shows, chapter by chapter. Every step checks what it shows.

mod away;
mod books;
mod case;
mod covered_days;
mod newborn;
mod pay_later;
mod practitioner;
mod published_example;
mod relative;
mod reversal;
mod seven_payers;
mod two_dates;
mod waiting;
mod zhuzhou;

use std::path::Path;

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::settlement::v1::{
    DepositRequest, PreviewRequest, SettleRequest, Settlement, SettlementInfo, Visit,
};

use super::Clients;

/// Tells it.
pub async fn tell(clients: &mut Clients, folder: &Path) -> anyhow::Result<()> {
    zhuzhou::tell(clients).await.context("a stay in 株洲")?;
    seven_payers::tell(clients, folder).await.context("seven payers")?;
    published_example::tell(clients).await.context("published example")?;
    two_dates::tell(clients).await.context("two dates")?;
    covered_days::tell(clients).await.context("covered days")?;
    reversal::tell(clients).await.context("reversal")?;
    waiting::tell(clients).await.context("waiting period")?;
    newborn::tell(clients).await.context("newborn")?;
    away::tell(clients).await.context("away from home")?;
    relative::tell(clients).await.context("relative's account")?;
    let decided = case::tell(clients).await.context("case")?;
    practitioner::tell(clients, &decided).await.context("practitioner")?;
    pay_later::tell(clients).await.context("paying later")?;
    books::tell(clients).await.context("books")?;
    println!("\nDone: everything shown was checked. `yizhan serve` keeps the servers running.");
    Ok(())
}

fn heading(number: u32, text: &str) {
    println!("\n{number}. {text}");
}

fn info(settlement: Option<Settlement>) -> anyhow::Result<SettlementInfo> {
    settlement.and_then(|settlement| settlement.setlinfo).context("no settlement in the answer")
}

/// What the bill, the funds and the person come to, in yuan.
fn amounts(info: &SettlementInfo) -> [Fen; 3] {
    [info.medfee_sumamt_fen, info.fund_pay_sumamt_fen, info.psn_part_amt_fen].map(Fen)
}

/// Settles, and says whether it was settled before.
async fn settle_quoted(
    clients: &mut Clients,
    request_id: &str,
    visit: Visit,
    quote_id: String,
) -> anyhow::Result<(Settlement, bool)> {
    let request =
        SettleRequest { request_id: request_id.into(), visit: Some(visit), quote_id, person_version: 0 };
    let response = clients.settlement.settle(request).await?.into_inner();
    Ok((response.settlement.context("no settlement in the answer")?, response.replayed))
}

async fn settle(clients: &mut Clients, request_id: &str, visit: Visit) -> anyhow::Result<Settlement> {
    Ok(settle_quoted(clients, request_id, visit, String::new()).await?.0)
}

/// What settling would come to, and the quote of it.
async fn preview(clients: &mut Clients, visit: &Visit) -> anyhow::Result<(SettlementInfo, String)> {
    let request = PreviewRequest { visit: Some(visit.clone()) };
    let answer = clients.settlement.preview(request).await?.into_inner();
    Ok((info(answer.settlement)?, answer.quote.context("no quote")?.quote_id))
}

async fn deposit(
    clients: &mut Clients,
    psn_no: &str,
    poolarea_no: &str,
    amount_fen: i64,
) -> anyhow::Result<()> {
    let request_id = format!("demo-deposit-{psn_no}");
    let (psn_no, poolarea_no) = (psn_no.into(), poolarea_no.into());
    clients.accounts.deposit(DepositRequest { request_id, psn_no, poolarea_no, amount_fen }).await?;
    Ok(())
}

/// What enrollment says of a resident (390) on a day.
async fn eligibility(clients: &mut Clients, psn_no: &str, as_of: &str) -> anyhow::Result<Eligibility> {
    let request = GetEligibilityRequest {
        psn_no: psn_no.into(),
        as_of: as_of.into(),
        insutype: "390".into(),
        ..GetEligibilityRequest::default()
    };
    let answer = clients.enrollment.get_eligibility(request).await?.into_inner();
    answer.eligibility.context("no eligibility in the answer")
}
