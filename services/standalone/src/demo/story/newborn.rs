//! A newborn (新生儿) registered in one call within 90 days: entitled from birth.

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::enrollment::v1::{Contribution, PersonRow, RegisterNewbornRequest};

use super::super::bills::{NEWBORN_STAY, Stay, visit};
use super::super::people::{NEWBORN, RESIDENT_RATE_FEN, ZHUZHOU};
use super::super::{Clients, ask, must};
use super::{eligibility, heading, info, settle};

const BORN: &str = "2026-05-11";
const DISCHARGED: &str = "2026-05-18";
/// Within 90 days of birth, after the stay.
const PAID: &str = "2026-06-22";

/// Tells it.
pub async fn tell(clients: &Clients) -> anyhow::Result<()> {
    heading(
        6,
        "A newborn (新生儿) of the 株洲 employee, registered and paid for weeks later: entitled from birth",
    );
    register(clients).await?;
    let answer = eligibility(clients, NEWBORN, BORN).await?;
    println!("   on the day of birth: entitled = {}, since {}", answer.entitled, answer.entitled_begndate);
    must(answer.entitled && answer.entitled_begndate == BORN, "the newborn is not entitled from birth")?;
    let stay = Stay {
        psn_no: NEWBORN,
        insutype: "390",
        med_type: "21",
        fixmedins_code: "H43020000001",
        begndate: BORN,
        enddate: DISCHARGED,
        account: false,
    };
    let mut visit = visit(&stay, "ZY2026-0006", NEWBORN_STAY)?;
    visit.dise_codg = vec!["P59.900".into()]; // 新生儿黄疸
    let (settlement, _) = settle(clients, "demo-newborn", visit, String::new()).await?;
    let info = info(&settlement);
    println!(
        "   stay {BORN} to {DISCHARGED} settles: {} yuan, fund {}, parents {}",
        Fen(info.medfee_sumamt_fen),
        Fen(info.fund_pay_sumamt_fen),
        Fen(info.psn_part_amt_fen)
    );
    must(info.fund_pay_sumamt_fen > 0, "nothing was paid for the newborn")
}

/// 出生一件事: person, coverage and payment in one call.
async fn register(clients: &Clients) -> anyhow::Result<()> {
    let person = PersonRow {
        psn_no: NEWBORN.into(),
        psn_cert_type: "99".into(),
        certno: format!("SAMPLE{NEWBORN}"),
        psn_name: "王小示".into(),
        gend: "2".into(),
        brdy: BORN.into(),
        poolarea_no: "430200".into(),
        ..PersonRow::default()
    };
    let payment = Contribution {
        accrym: "2026".into(),
        amount_fen: RESIDENT_RATE_FEN,
        clct_type: "10".into(),
        clct_flag: "1".into(),
        paid_date: PAID.into(),
        clct_way: "02".into(),
        ..Contribution::default()
    };
    let request = RegisterNewbornRequest {
        request_id: "demo-newborn".into(),
        person: Some(person),
        guardian_psn_no: ZHUZHOU.into(),
        payments: vec![payment],
    };
    let answer = clients.coverages.clone().register_newborn(ask(request)).await?.into_inner();
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
