//! A settlement is reversed while later ones stand.

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    GetAccountRequest, GetAccumulatorsRequest, ReverseRequest, ReverseResponse, Visit,
};

use super::super::bills::{OUTPATIENT, stay};
use super::super::people::ZHUZHOU;
use super::super::{Clients, must};
use super::{deposit, heading, info, settle};

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(5, "Three outpatient visits in 株洲; the first is reversed while the later ones stand");
    deposit(clients, ZHUZHOU, "430200", 100_000).await?;
    let mut settled = Vec::new();
    for day in ["2025-04-01", "2025-04-08", "2025-04-15"] {
        let visit = stay(ZHUZHOU, "310", "H43020000001", [day, day], OUTPATIENT);
        let visit = Visit { med_type: "11".into(), acct_used_flag: true, ..visit };
        let info = info(Some(settle(clients, &format!("demo-mz-{day}"), visit).await?))?;
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
    let ReverseResponse { settlement, later, .. } = clients.settlement.reverse(request).await?.into_inner();
    let reversal = info(settlement)?;
    println!("   reversed {}: {} yuan", settled[0].begndate, Fen(reversal.medfee_sumamt_fen));
    must(reversal.medfee_sumamt_fen == -settled[0].medfee_sumamt_fen, "the reversal is not the negative")?;
    for visit in later.iter().flat_map(|later| &later.visits) {
        let (paid, would) = (Fen(visit.paid_fen), Fen(visit.would_pay_fen));
        println!(
            "   {}: without it the fund would pay {would}, not {paid}; Resettle settles it again",
            visit.begndate
        );
    }
    let after = totals(clients).await?;
    println!("   accumulators before {before:?}, after {after:?}");
    let request = GetAccountRequest { psn_no: ZHUZHOU.into(), poolarea_no: "430200".into() };
    let balance = clients.accounts.get_account(request).await?.into_inner().balc_fen;
    let expected = 100_000 - settled[1].acct_pay_fen - settled[2].acct_pay_fen;
    println!("   personal account: {} yuan", Fen(balance));
    must(balance == expected, "the account was not refunded")
}

async fn totals(clients: &mut Clients) -> anyhow::Result<Vec<(String, i64)>> {
    let request =
        GetAccumulatorsRequest { psn_no: ZHUZHOU.into(), poolarea_no: "430200".into(), ..Default::default() };
    let answer = clients.settlement.get_accumulators(request).await?.into_inner();
    Ok(answer.accumulators.into_iter().map(|row| (row.accumulator, row.total)).collect())
}
