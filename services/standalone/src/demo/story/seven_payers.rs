//! A hospital stay across seven payers.

use std::path::Path;

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{GetStatementRequest, SettleRequest, Visit};
use yizhan_runtime::error::RemoteError;

use super::super::bills::{LONG_STAY, stay};
use super::super::people::SEVEN_PAYERS;
use super::super::{Clients, must};
use super::{deposit, heading, info, preview, settle_quoted};

/// Tells it.
pub async fn tell(clients: &mut Clients, folder: &Path) -> anyhow::Result<()> {
    heading(2, "A hospital stay across seven payers (composite policy, no area's real one)");
    deposit(clients, SEVEN_PAYERS, "999900", 300_000).await?;
    let visit = stay(SEVEN_PAYERS, "310", "H99990000001", ["2025-03-03", "2025-03-15"], LONG_STAY);
    let visit = Visit { acct_used_flag: true, ..visit };
    let (_, quote_id) = preview(clients, &visit).await?;
    let (settlement, _) = settle_quoted(clients, "demo-7-payers", visit.clone(), quote_id.clone()).await?;
    let info = info(Some(settlement.clone()))?;
    let request = GetStatementRequest { setl_id: info.setl_id, ..Default::default() };
    let statement = clients.settlement.get_statement(request).await?.into_inner();
    println!("\n{}", statement.text);
    let page = folder.join("statement.html");
    std::fs::write(&page, statement.html)?;
    println!("The same for paper: {}", page.display());

    let shares: i64 = settlement.setldetail.iter().map(|row| row.fund_payamt_fen).sum();
    println!("Shares add up: {} of {} yuan.", Fen(shares), Fen(info.medfee_sumamt_fen));
    must(shares == info.medfee_sumamt_fen, "the shares do not add up to the bill")?;
    let layers = settlement.trace.iter().flat_map(|trace| &trace.layers);
    let mut payers: Vec<&str> =
        layers.filter(|layer| layer.paid_fen > 0).map(|layer| layer.payer.as_str()).collect();
    payers.dedup();
    must(payers.len() == 7, "not every one of the seven payers paid")?;

    let (again, replayed) = settle_quoted(clients, "demo-7-payers", visit.clone(), quote_id).await?;
    println!("The same request once more: the same answer, replayed = {replayed}; nothing is paid twice.");
    must(replayed && again == settlement, "a retry was not answered with the stored settlement")?;
    let request =
        SettleRequest { request_id: "demo-twice".into(), visit: Some(visit), ..SettleRequest::default() };
    let refusal = clients.settlement.settle(request).await.map(drop);
    let refusal = refusal.err().map(RemoteError::from).context("a discharge was settled twice")?;
    println!("The same discharge under another request: {}, {}.", refusal.reason, refusal.text);
    must(refusal.reason == "VISIT_SETTLED", "a discharge was refused for another reason")
}
