//! 家庭共济: a relative's account of another city pays, from there.

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::enrollment::v1::{GrantAccountShareRequest, Kinship};
use yizhan_proto::settlement::v1::{GetAccountRequest, GetStatementRequest, Visit};

use super::super::bills::{SHORT_STAY, stay};
use super::super::people::{RELATIVE, ZHUZHOU};
use super::super::{Clients, must};
use super::{deposit, heading, info, settle};

/// Where the account is kept.
const CHANGSHA: &str = "430100";
const PAID_IN_FEN: i64 = 500_000;

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(9, "A stay in 株洲, helped by the personal account of a parent insured in 长沙 (家庭共济)");
    deposit(clients, RELATIVE, CHANGSHA, PAID_IN_FEN).await?;
    let request = GrantAccountShareRequest {
        request_id: "demo-share".into(),
        psn_no: ZHUZHOU.into(),
        sharer_psn_no: RELATIVE.into(),
        kinship: Kinship::Child.into(),
        begndate: "2026-01-01".into(),
        ..GrantAccountShareRequest::default()
    };
    clients.shares.grant_account_share(request).await?;
    let bill = stay(ZHUZHOU, "310", "H43020000001", ["2026-05-11", "2026-05-16"], SHORT_STAY);
    let bill = Visit { acct_used_flag: true, mulaid_psn_no: RELATIVE.into(), ..bill };
    let settlement = settle(clients, "demo-relative", bill).await?;
    println!("   postings, and in whose books:");
    for posting in &settlement.postings {
        let books = if posting.poolarea_no.is_empty() { "430200" } else { &posting.poolarea_no };
        println!("   {books}  {:<24}{:>12}", posting.account, Fen(posting.amount_fen).to_string());
    }
    let info = info(Some(settlement))?;
    must(info.acct_mulaid_pay_fen > 0 && info.mulaid_poolarea_no == CHANGSHA, "长沙 did not pay")?;
    let request = GetAccountRequest { psn_no: RELATIVE.into(), poolarea_no: CHANGSHA.into() };
    let left = clients.accounts.get_account(request).await?.into_inner().balc_fen;
    must(left == PAID_IN_FEN - info.acct_mulaid_pay_fen, "the account was not debited where it is kept")?;
    let request = GetStatementRequest { setl_id: info.setl_id, ..GetStatementRequest::default() };
    let page = clients.settlement.get_statement(request).await?.into_inner().text;
    let told = page
        .lines()
        .find(|line| line.contains("共济账户"))
        .context("the statement does not say whose account paid")?;
    println!("   {told}");
    Ok(())
}
