//! What the demo shows, step by step. Every step checks what it shows.

use std::path::Path;

use anyhow::Context;
use tokio_stream::StreamExt;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    CheckBooksRequest, DepositRequest, GetAccountRequest, GetAccumulatorsRequest, GetStatementRequest,
    PreviewRequest, ReplaySettlementRequest, ReverseRequest, SettleRequest, Settlement, SettlementInfo,
    Visit, WatchSettlementsRequest,
};

use super::bills::{LONG_STAY, OUTPATIENT, SHORT_STAY, Stay, line, visit, visit_of};
use super::people::{QUZHOU, SEVEN_PAYERS, YUBEI, ZHUZHOU};
use super::{Clients, ask, must};

const AREAS: [&str; 4] = ["999900", "500112", "430200", "330800"];

/// Tells it.
pub async fn tell(clients: &Clients, folder: &Path) -> anyhow::Result<()> {
    seven_payers(clients, folder).await.context("seven payers")?;
    published_example(clients).await.context("published example")?;
    two_dates(clients).await.context("two dates")?;
    reversal(clients).await.context("reversal")?;
    books(clients).await.context("books")?;
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

async fn seven_payers(clients: &Clients, folder: &Path) -> anyhow::Result<()> {
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
    let request = GetStatementRequest { setl_id: info.setl_id.clone() };
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

async fn published_example(clients: &Clients) -> anyhow::Result<()> {
    heading(
        2,
        "A published example: 重庆渝北 2023, a low-margin family, 52,000 yuan of which 50,000 in scope",
    );
    let stay = Stay {
        psn_no: YUBEI,
        insutype: "390",
        med_type: "21",
        fixmedins_code: "H50011200001",
        begndate: "2023-06-01",
        enddate: "2023-06-20",
        account: false,
    };
    let lines = vec![
        line("1", "XC05CAQ005B014010204139", 100, "500")?,
        line("2", "XJ06AAA006B001020178976", 2, "1000")?,
    ];
    let mut visit = visit_of(&stay, "ZY2023-0002", lines)?;
    visit.tags = vec!["规范转诊".into(), "市内就医".into()];
    let (settlement, _) = settle(clients, "demo-yubei", visit, String::new()).await?;
    for row in settlement.setldetail.iter().filter(|row| row.fund_payamt_fen != 0) {
        println!("   {:>10}  {} {}", Fen(row.fund_payamt_fen), row.fund_pay_type_name, row.layer_id);
    }
    let paid = info(&settlement).fund_pay_sumamt_fen;
    println!("   {:>10}  in all; the district published 46374.80 (2023-10-30).", Fen(paid));
    must(paid == 4_637_480, "the published example is not reproduced")
}

async fn two_dates(clients: &Clients) -> anyhow::Result<()> {
    heading(3, "The same bill of the same 衢州 employee on two dates: the policy of the day decides");
    let mut paid = Vec::new();
    for (year, begndate, enddate) in
        [("2018", "2018-05-02", "2018-05-08"), ("2020", "2020-05-02", "2020-05-08")]
    {
        let stay = Stay {
            psn_no: QUZHOU,
            insutype: "310",
            med_type: "21",
            fixmedins_code: "H33080000001",
            begndate,
            enddate,
            account: false,
        };
        let visit = visit(&stay, &format!("ZY{year}-0003"), SHORT_STAY)?;
        let (settlement, _) = settle(clients, &format!("demo-quzhou-{year}"), visit, String::new()).await?;
        let info = info(&settlement);
        println!(
            "   {year}: of {} yuan basic insurance pays {}, deductible {}",
            Fen(info.medfee_sumamt_fen),
            Fen(info.hifp_pay_fen),
            Fen(info.act_pay_dedc_fen)
        );
        paid.push(info.hifp_pay_fen);
    }
    must(paid[0] != paid[1], "the two policies gave the same amount")
}

async fn reversal(clients: &Clients) -> anyhow::Result<()> {
    heading(4, "Three outpatient visits in 株洲; the first is reversed while the later ones stand");
    deposit(clients, ZHUZHOU, "430200", 100_000).await?;
    let mut settled = Vec::new();
    for day in ["2025-04-01", "2025-04-08", "2025-04-15"] {
        let stay = Stay {
            psn_no: ZHUZHOU,
            insutype: "310",
            med_type: "11",
            fixmedins_code: "H43020000001",
            begndate: day,
            enddate: day,
            account: true,
        };
        let visit = visit(&stay, &format!("MZ{day}"), OUTPATIENT)?;
        let (settlement, _) = settle(clients, &format!("demo-mz-{day}"), visit, String::new()).await?;
        let info = info(&settlement);
        println!(
            "   {day}: {} yuan, deductible {}, fund {}, account {}",
            Fen(info.medfee_sumamt_fen),
            Fen(info.act_pay_dedc_fen),
            Fen(info.fund_pay_sumamt_fen),
            Fen(info.acct_pay_fen)
        );
        settled.push(info);
    }
    let before = totals(clients).await?;
    let request = ReverseRequest {
        request_id: "demo-reverse".into(),
        psn_no: ZHUZHOU.into(),
        setl_id: settled[0].setl_id.clone(),
        reason: "demo".into(),
    };
    let reversal = clients.settlement.clone().reverse(ask(request)).await?.into_inner();
    let reversal = info(&reversal.settlement.context("no reversal in the answer")?);
    println!("   reversed {}: {} yuan", settled[0].begndate, Fen(reversal.medfee_sumamt_fen));
    must(reversal.medfee_sumamt_fen == -settled[0].medfee_sumamt_fen, "the reversal is not the negative")?;
    let after = totals(clients).await?;
    println!("   accumulators before {before:?}, after {after:?}");
    let request = GetAccountRequest { psn_no: ZHUZHOU.into(), poolarea_no: "430200".into() };
    let balance = clients.accounts.clone().get_account(ask(request)).await?.into_inner().balc_fen;
    let expected = 100_000 - settled[1].acct_pay_fen - settled[2].acct_pay_fen;
    println!("   personal account: {} yuan", Fen(balance));
    must(balance == expected, "the account was not refunded")
}

async fn totals(clients: &Clients) -> anyhow::Result<Vec<(String, i64)>> {
    let request = GetAccumulatorsRequest { psn_no: ZHUZHOU.into(), poolarea_no: "430200".into() };
    let answer = clients.settlement.clone().get_accumulators(ask(request)).await?.into_inner();
    Ok(answer.accumulators.into_iter().map(|row| (row.accumulator, row.total)).collect())
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

async fn books(clients: &Clients) -> anyhow::Result<()> {
    heading(5, "The books");
    let mut settlements = 0;
    for area in AREAS {
        let request = CheckBooksRequest { poolarea_no: area.into() };
        let books = clients.settlement.clone().check_books(ask(request)).await?.into_inner();
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
    let mut feed = clients
        .settlement
        .clone()
        .watch_settlements(ask(WatchSettlementsRequest::default()))
        .await?
        .into_inner();
    for _ in 0..settlements {
        let event = feed.next().await.context("the feed ended early")??;
        let setl_id = info(&event.settlement.context("no settlement in the event")?).setl_id;
        let request = ReplaySettlementRequest { setl_id };
        let replay = clients.settlement.clone().replay_settlement(ask(request)).await?.into_inner();
        must(replay.identical, "a settlement recomputed differs from the stored one")?;
    }
    println!("   The feed gave all {settlements}; recomputed, each is the stored one byte for byte.");
    Ok(())
}
