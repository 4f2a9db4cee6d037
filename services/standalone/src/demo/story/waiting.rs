//! A resident whose coverage lapsed pays outside the centralised period: 待遇等待期, refused, then repaired.

use anyhow::Context;
use tonic::Status;
use yizhan_money::Fen;
use yizhan_proto::enrollment::v1::{
    Contribution, Eligibility, RecordContributionsRequest, RepairWaitingRequest, WaitingPeriod,
};
use yizhan_proto::settlement::v1::Visit;
use yizhan_runtime::error::RemoteError;

use super::super::bills::{SHORT_STAY, stay};
use super::super::people::{LAPSED, RESIDENT_RATE_FEN};
use super::super::{Clients, must};
use super::{amounts, eligibility, heading, info, settle};

/// Months after the centralised period of the coverage year 2026 closed.
const PAID: &str = "2026-03-02";
/// Behind the fixed and before the end of the variable months; the missed year is paid for on this day.
const ADMITTED: &str = "2026-06-08";
const DISCHARGED: &str = "2026-06-14";
/// The one missed year that counts: years before 2025 do not.
const MISSED: i32 = 2025;

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    heading(
        6,
        "A 株洲 resident whose coverage lapsed after 2023 pays late: a waiting period (待遇等待期), repaired",
    );
    let waiting = pay_late(clients).await?;
    let bill = stay(LAPSED, "390", "H43020000001", [ADMITTED, DISCHARGED], SHORT_STAY);
    let before = eligibility(clients, LAPSED, ADMITTED).await?;
    must(!before.entitled && before.reason == "WAITING_PERIOD", "somebody who waits is entitled")?;
    must(before.waiting.as_ref() == Some(&waiting), "the waiting period is not the one decided")?;
    println!(
        "   GetEligibility on {ADMITTED}: {}, {} fixed (固定) + {} variable (变动) months, {} to {}",
        before.reason, waiting.fixed_months, waiting.variable_months, waiting.begndate, waiting.enddate
    );
    println!("   by {}\n   {}", waiting.rule, waiting.citation);
    refused(clients, bill.clone(), &before).await?;

    repair(clients, &waiting).await?;
    let after = eligibility(clients, LAPSED, ADMITTED).await?;
    println!("   {ADMITTED} asked again: entitled = {}", after.entitled);
    must(after.entitled && after.person_version > before.person_version, "the repair did not entitle")?;
    let settlement = settle(clients, "demo-waiting", bill).await?;
    let [bill, fund, person] = amounts(&info(Some(settlement))?);
    println!("   the same bill settles: {bill} yuan, fund {fund}, person {person}");
    must(fund > Fen::ZERO, "the repaired resident was not paid for")
}

/// A resident's payment for 2026.
pub fn payment(psn_no: &str, paid_date: &str) -> Contribution {
    Contribution {
        psn_no: psn_no.into(),
        insutype: "390".into(),
        accrym: "2026".into(),
        amount_fen: RESIDENT_RATE_FEN,
        clct_type: "10".into(),
        clct_flag: "1".into(),
        paid_date: paid_date.into(),
        clct_way: "02".into(),
        ..Contribution::default()
    }
}

/// Pays for 2026 in March: enrolled, but waiting.
async fn pay_late(clients: &mut Clients) -> anyhow::Result<WaitingPeriod> {
    let rows = vec![payment(LAPSED, PAID)];
    let request = RecordContributionsRequest { request_id: "demo-late".into(), rows };
    let answer = clients.coverages.record_contributions(request).await?.into_inner();
    let decided = answer.coverages.into_iter().next().context("the payment enrolled nobody")?;
    let waiting = decided.waiting.context("no waiting period in the answer")?;
    println!(
        "   paid {} yuan for 2026 on {PAID}, after the centralised period (集中参保期)",
        Fen(RESIDENT_RATE_FEN)
    );
    let both = waiting.fixed_months > 0 && waiting.variable_months > 0;
    must(both && !waiting.rule.is_empty() && !waiting.citation.is_empty(), "no waiting, or not by a rule")?;
    Ok(waiting)
}

/// The hospital stay cannot be settled: why, and the way out, in words for the counter.
async fn refused(clients: &mut Clients, bill: Visit, asked: &Eligibility) -> anyhow::Result<()> {
    let Err(error) = settle(clients, "demo-waiting", bill).await else {
        return must(false, "a settlement within the waiting period was not refused");
    };
    let error = RemoteError::from(error.downcast::<Status>()?);
    println!("   stay {ADMITTED} to {DISCHARGED} refused, {}: {}", error.reason, error.text);
    let tells = |key: &str, what: &str| error.metadata.get(key).is_some_and(|told| told == what);
    let right_reason = error.reason == "NOT_ENTITLED" && tells("why", &asked.reason);
    must(right_reason, "the settlement was refused for another reason")?;
    let words = !asked.way_out.is_empty() && tells("way_out", &asked.way_out);
    must(words, "the refusal does not tell the way out")
}

/// Pays for the missed year on the day of admission.
async fn repair(clients: &mut Clients, before: &WaitingPeriod) -> anyhow::Result<()> {
    let request = RepairWaitingRequest {
        request_id: "demo-repair".into(),
        psn_no: LAPSED.into(),
        years: vec![MISSED],
        amount_per_year_fen: RESIDENT_RATE_FEN,
        paid_date: ADMITTED.into(),
        clct_way: "02".into(),
    };
    let answer = clients.coverages.repair_waiting(request).await?.into_inner();
    let decided = answer.coverage.context("no coverage in the answer")?;
    let waiting = decided.waiting.context("no waiting period in the answer")?;
    println!(
        "   paid {} yuan for the missed {MISSED} on {ADMITTED} (修复): {} month off, waiting ends {} instead of {}",
        Fen(RESIDENT_RATE_FEN),
        waiting.repaired_months,
        waiting.enddate,
        before.enddate
    );
    must(waiting.enddate < before.enddate, "the waiting period did not get shorter")
}
