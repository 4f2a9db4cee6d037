//! 信用支付: two patients go home without paying. A child pays for one; the other does not pay, and is told so the next time.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{Days, TimeDelta};
use yizhan_money::Fen;
use yizhan_proto::credit::v1::person_credit_service_client::PersonCreditServiceClient;
use yizhan_proto::credit::v1::{GetPayLaterTermsRequest, PayLaterTerms};
use yizhan_proto::settlement::v1::deferral_service_client::DeferralServiceClient;
use yizhan_proto::settlement::v1::settlement_rules_service_client::SettlementRulesServiceClient;
use yizhan_proto::settlement::v1::{
    DeclareDefaultsRequest, DeferRequest, Deferral, DeferralState, PayLaterPayer,
    PublishSettlementRulesRequest, RepayRequest, SetPayLaterRequest,
};
use yizhan_runtime::Caller;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::error::RemoteError;

use super::super::bills::{Bill, stay};
use super::super::people::{CHILD, DEFAULTER, PARENT};
use super::super::{Clients, must};
use super::case::{AREA, HOSPITAL};
use super::{heading, info, settle};

/// A few days in bed, and a drug.
const SHORT: Bill<'static> = &[(0, 4), (7, 120)];
/// The same, with a drug outside the catalogue: more than half of what a person may owe.
const DEAR: Bill<'static> = &[(0, 4), (7, 120), (6, 2)];
/// What a person may owe, fen.
const LIMIT_FEN: i64 = 300_000;
/// The one bill that is dear.
const LAST: &str = "demo-later-6";
/// Days until a debt is due, and of grace.
const DAYS: [i64; 2] = [10, 5];

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(12, "Paying later (信用支付): one debt is paid by a child, another not at all");
    let agency = Caller::Agency { area: AREA.parse()? };
    publish(clients, &agency).await?;
    open(clients, PARENT, &[CHILD]).await?;
    open(clients, DEFAULTER, &[]).await?;
    let paid = defer(clients, ("demo-later-1", PARENT, "2026-05-25")).await?.map_err(unexpected)?;
    let unpaid = defer(clients, ("demo-later-2", DEFAULTER, "2026-05-25")).await?.map_err(unexpected)?;
    println!(
        "   two bills of 2026-05-25: the hospital collects nothing of {} yuan each, due {}; what it is paid by the funds does not change",
        Fen(paid.amount_fen),
        paid.due_date
    );
    pass(clients, DAYS[0] + 1);
    child_pays(clients, &paid).await?;
    pass(clients, DAYS[1]);
    is_in_default(clients, &agency, &unpaid).await?;
    repaid_late(clients, &agency, &unpaid).await
}

/// Overdue, then paid by who was authorised.
async fn child_pays(clients: &mut Clients, debt: &Deferral) -> anyhow::Result<()> {
    let refused = defer(clients, ("demo-later-3", PARENT, "2026-06-15")).await?.err().context("deferred")?;
    must(refused.reason == "PAY_LATER_OVERDUE", &refused.reason)?;
    println!("   after its due date the next one is refused, {}: {}", refused.reason, refused.text);
    let child = Caller::Person { psn_no: CHILD.into() };
    let repaid = repay(clients, &child, debt).await?;
    let by = repaid.repayments.first().context("no repayment in the answer")?.paid_by.clone();
    must(repaid.state() == DeferralState::Repaid && !repaid.defaulted, "a child's payment did not close it")?;
    println!("   paid by {by}: nothing is owed, and it was no default");
    let next = defer(clients, ("demo-later-4", PARENT, "2026-06-16")).await?.map_err(unexpected)?;
    let parent = Caller::Person { psn_no: PARENT.into() };
    let repaid = repay(clients, &parent, &next).await?;
    must(repaid.owed_fen == 0, "the person's own payment did not close it")?;
    Ok(())
}

/// Nobody paid: an entry of the person in credit, and the next one is refused.
async fn is_in_default(clients: &mut Clients, agency: &Caller, debt: &Deferral) -> anyhow::Result<()> {
    let request = DeclareDefaultsRequest { request_id: "demo-defaults".into(), poolarea_no: AREA.into() };
    let declared = deferrals(clients, agency)?.declare_defaults(request).await?.into_inner().deferral_ids;
    must(declared == [debt.deferral_id.clone()], "another debt than the unpaid one is in default")?;
    println!("   not repaid by the end of grace: {} debt is in default", declared.len());
    let terms = terms(clients, |terms| !terms.allowed).await?;
    println!("   credit: {}", terms.why);
    let refused =
        defer(clients, ("demo-later-5", DEFAULTER, "2026-06-20")).await?.err().context("deferred")?;
    must(refused.reason == "PAY_LATER_OVERDUE", &refused.reason)?;
    println!("   the next bill of that patient is refused, {}: {}", refused.reason, refused.text);
    Ok(())
}

/// What was repaid too late is remembered for a year.
async fn repaid_late(clients: &mut Clients, agency: &Caller, debt: &Deferral) -> anyhow::Result<()> {
    let repaid = repay(clients, agency, debt).await?;
    must(repaid.defaulted && repaid.owed_fen == 0, "a late repayment is no default any more")?;
    let terms = terms(clients, |terms| terms.allowed).await?;
    println!("   repaid too late: {}", terms.why);
    // The area itself keeps nobody out but on the day of repayment.
    pass(clients, 1);
    let refused = defer(clients, (LAST, DEFAULTER, "2026-06-21")).await?.err().context("deferred")?;
    must(refused.reason == "PAY_LATER_LIMIT", &refused.reason)?;
    println!(
        "   a bill above the {} yuan that are left is refused, {}",
        Fen(terms.limit_fen),
        refused.reason
    );
    Ok(())
}

fn unexpected(refused: RemoteError) -> anyhow::Error {
    anyhow::anyhow!("refused: {}", refused.reason)
}

/// Days go by.
fn pass(clients: &Clients, days: i64) {
    clients.hand.advance(TimeDelta::days(days));
}

/// DeferralService, as this caller reaches it.
fn deferrals(clients: &Clients, caller: &Caller) -> anyhow::Result<DeferralServiceClient<PeerChannel>> {
    Ok(DeferralServiceClient::new(clients.settlement_as(caller)?))
}

/// How much, for how long: there is no national rule.
async fn publish(clients: &Clients, agency: &Caller) -> anyhow::Result<()> {
    let [due, grace] = DAYS;
    let document = format!(
        "rules: zhuzhou-pay-later\nversion: \"demo\"\ntitle: 信用支付（示例）\narea: \"{AREA}\"\n\
         sources: {{ demo: {{ title: 演示假定，当地没有公布, quality: P }} }}\n\
         pay_later: [ {{ from: 2024-01-01, source: demo, limit_fen: {LIMIT_FEN}, due_days: {due}, grace_days: {grace}, barred_days: 0 }} ]\n"
    );
    let request = PublishSettlementRulesRequest { request_id: "demo-pay-later".into(), document };
    let mut rules = SettlementRulesServiceClient::new(clients.settlement_as(agency)?);
    rules.publish_settlement_rules(request).await?;
    println!("   株洲 lets people owe {} yuan for {due} days, and {grace} of grace", Fen(LIMIT_FEN));
    Ok(())
}

/// The person agrees, and says who may pay.
async fn open(clients: &Clients, psn_no: &str, payers: &[&str]) -> anyhow::Result<()> {
    let until = clients.clock.today() + Days::new(365);
    let payer = |psn_no: &&str| PayLaterPayer { psn_no: (*psn_no).to_owned(), until_date: until.to_string() };
    let request = SetPayLaterRequest {
        request_id: format!("demo-open-{psn_no}"),
        psn_no: psn_no.into(),
        open: true,
        payers: payers.iter().map(payer).collect(),
        ..SetPayLaterRequest::default()
    };
    let person = Caller::Person { psn_no: psn_no.into() };
    deferrals(clients, &person)?.set_pay_later(request).await?;
    Ok(())
}

/// A bill of a day is settled, and the hospital defers what would be paid in cash; or is told why not.
async fn defer(
    clients: &mut Clients,
    (request_id, psn_no, day): (&str, &str, &str),
) -> anyhow::Result<Result<Deferral, RemoteError>> {
    let bill = if request_id == LAST { DEAR } else { SHORT };
    let bill = stay(psn_no, "310", HOSPITAL, [day, day], bill);
    let settled = info(Some(settle(clients, request_id, bill).await?))?;
    let request = DeferRequest {
        request_id: format!("{request_id}-defer"),
        setl_id: settled.setl_id,
        psn_no: psn_no.into(),
    };
    let hospital = Caller::Institution { code: HOSPITAL.into() };
    match deferrals(clients, &hospital)?.defer(request).await {
        Ok(answer) => Ok(Ok(answer.into_inner().deferral.context("no debt in the answer")?)),
        Err(status) => Ok(Err(RemoteError::from(status))),
    }
}

/// The whole of a debt, today.
async fn repay(clients: &Clients, payer: &Caller, debt: &Deferral) -> anyhow::Result<Deferral> {
    let request = RepayRequest {
        request_id: format!("demo-repay-{}", debt.deferral_id),
        deferral_id: debt.deferral_id.clone(),
        amount_fen: debt.amount_fen,
        paid_on: String::new(),
        pay_reference: format!("DEMO{}", debt.setl_id),
    };
    let answer = deferrals(clients, payer)?.repay(request).await?.into_inner();
    answer.deferral.context("no debt in the answer")
}

/// What credit tells of the one who did not pay, once it has heard.
async fn terms(clients: &Clients, so: impl Fn(&PayLaterTerms) -> bool) -> anyhow::Result<PayLaterTerms> {
    let mut credit = PersonCreditServiceClient::new(clients.credit_as(&Caller::LocalAdministrator)?);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        let request = GetPayLaterTermsRequest {
            psn_nos: vec![DEFAULTER.into()],
            poolarea_no: AREA.into(),
            base_fen: LIMIT_FEN,
            ..GetPayLaterTermsRequest::default()
        };
        let answer = credit.get_pay_later_terms(request).await?.into_inner();
        let terms = answer.terms.into_iter().next().context("no terms in the answer")?;
        if so(&terms) {
            return Ok(terms);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("the demo found a defect: credit never heard of the debt")
}
