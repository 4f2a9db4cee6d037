//! A newborn (新生儿) registered in one call within 90 days: entitled from birth.

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::enrollment::v1::{Contribution, RegisterNewbornRequest};
use yizhan_proto::settlement::v1::Visit;

use super::super::bills::{NEWBORN_STAY, stay};
use super::super::people::{NEWBORN, RESIDENT_RATE_FEN, ZHUZHOU, person};
use super::super::{Clients, must};
use super::{amounts, eligibility, heading, info, settle, waiting};

const BORN: &str = "2026-05-11";
const DISCHARGED: &str = "2026-05-18";
/// Within 90 days of birth, after the stay.
const PAID: &str = "2026-06-22";

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(
        7,
        "A newborn (新生儿) of the 株洲 employee, registered and paid for weeks later: entitled from birth",
    );
    register(clients).await?;
    let answer = eligibility(clients, NEWBORN, BORN).await?;
    println!("   on the day of birth: entitled = {}, since {}", answer.entitled, answer.entitled_begndate);
    must(answer.entitled && answer.entitled_begndate == BORN, "the newborn is not entitled from birth")?;
    let jaundice = vec!["P59.900".into()]; // 新生儿黄疸
    let bill = stay(NEWBORN, "390", "H43020000001", [BORN, DISCHARGED], NEWBORN_STAY);
    let settlement = settle(clients, "demo-newborn", Visit { dise_codg: jaundice, ..bill }).await?;
    let [bill, fund, person] = amounts(&info(Some(settlement))?);
    println!("   stay {BORN} to {DISCHARGED} settles: {bill} yuan, fund {fund}, parents {person}");
    must(fund > Fen::ZERO, "nothing was paid for the newborn")
}

/// 出生一件事: person, coverage and payment in one call.
async fn register(clients: &mut Clients) -> anyhow::Result<()> {
    let request = RegisterNewbornRequest {
        request_id: "demo-newborn".into(),
        person: Some(person(NEWBORN, "王小示", "2", BORN, "430200")),
        guardian_psn_no: ZHUZHOU.into(),
        payments: vec![Contribution { insutype: String::new(), ..waiting::payment("", PAID) }],
    };
    let answer = clients.coverages.register_newborn(request).await?.into_inner();
    let decided = answer.coverages.into_iter().next().context("the newborn got no coverage")?;
    let coverage = decided.coverage.context("no coverage in the answer")?;
    println!(
        "   born {BORN}, paid {} yuan on {PAID}: insured ({}) {} to {}",
        Fen(RESIDENT_RATE_FEN),
        coverage.psn_type,
        coverage.begndate,
        coverage.enddate
    );
    println!("   by {}\n   {}", decided.rule, decided.citation);
    must(coverage.begndate == BORN, "the newborn is not insured from birth")?;
    must(decided.waiting.is_none(), "the newborn waits")?;
    must(!decided.rule.is_empty() && !decided.citation.is_empty(), "no rule decided")
}
