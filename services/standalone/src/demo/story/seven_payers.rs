//! A hospital stay across seven payers.

use std::path::Path;

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{GetStatementRequest, PreviewRequest};

use super::super::bills::{LONG_STAY, Stay, visit};
use super::super::people::SEVEN_PAYERS;
use super::super::{Clients, ask, must};
use super::{deposit, heading, info, settle};

/// Tells it.
pub async fn tell(clients: &Clients, folder: &Path) -> anyhow::Result<()> {
    heading(1, "A hospital stay across seven payers (composite policy, no area's real one)");
    let stay = Stay {
        psn_no: SEVEN_PAYERS,
        insutype: "310",
        med_type: "21",
        fixmedins_code: "H99990000001",
        begndate: "2025-03-03",
        enddate: "2025-03-15",
        account: true,
    };
    deposit(clients, SEVEN_PAYERS, "999900", 300_000).await?;
    let visit = visit(&stay, "ZY2025-0001", LONG_STAY)?;
    let preview = PreviewRequest { visit: Some(visit.clone()) };
    let preview = clients.settlement.clone().preview(ask(preview)).await?.into_inner();
    let quote = preview.quote.context("no quote")?;
    let (settlement, _) = settle(clients, "demo-7-payers", visit.clone(), quote.quote_id.clone()).await?;
    let info = info(&settlement);
    let request = GetStatementRequest { setl_id: info.setl_id.clone(), ..Default::default() };
    let statement = clients.settlement.clone().get_statement(ask(request)).await?.into_inner();
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

    let (again, replayed) = settle(clients, "demo-7-payers", visit, quote.quote_id).await?;
    println!("The same request once more: the same answer, replayed = {replayed}; nothing is paid twice.");
    must(replayed && again == settlement, "a retry was not answered with the stored settlement")
}
