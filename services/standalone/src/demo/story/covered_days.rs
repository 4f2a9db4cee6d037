//! The cover of an employee ends in the middle of a stay: the days before are paid, the days after are not.

use anyhow::Context;
use tonic::Status;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::CoverageSpan;
use yizhan_runtime::error::RemoteError;

use super::super::bills::{SHORT_STAY, stay};
use super::super::people::{LEAVES, LEAVES_ON};
use super::super::{Clients, must};
use super::{info, settle};

const ADMITTED: &str = "2026-03-26";
const DISCHARGED: &str = "2026-04-04";
/// Three of the four lines of the bill are of covered days.
const CHARGED: [&str; 4] = ["2026-03-26", "2026-03-27", "2026-03-31", "2026-04-02"];

/// Tells it.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<()> {
    println!(
        "   A 株洲 employee's cover ends on {LEAVES_ON}, in the middle of a stay from {ADMITTED} to {DISCHARGED}:"
    );
    let mut visit = stay(LEAVES, "310", "H43020000001", [ADMITTED, DISCHARGED], SHORT_STAY);
    let Err(error) = settle(clients, "demo-leaves", visit.clone()).await else {
        return must(false, "a part of a stay without dates was paid");
    };
    let error = RemoteError::from(error.downcast::<Status>()?);
    let undated = error.violations.first().context("nothing is wrong with lines without dates")?;
    println!("   lines without dates are refused, {}: {}", undated.reason, undated.description);
    must(undated.reason == "LINE_DATE_REQUIRED", "refused for another reason")?;
    for (line, day) in visit.feedetail.iter_mut().zip(CHARGED) {
        line.fee_ocur_date = day.into();
    }
    let info = info(Some(settle(clients, "demo-leaves", visit).await?))?;
    for CoverageSpan { begndate, enddate, covered, reason_text, .. } in &info.coverage_spans {
        println!("   {begndate} to {enddate}: {}", if *covered { "covered" } else { reason_text });
    }
    println!(
        "   of {} yuan {} are of days not covered; the fund pays {}",
        Fen(info.medfee_sumamt_fen),
        Fen(info.fulamt_ownpay_amt_fen),
        Fen(info.fund_pay_sumamt_fen)
    );
    let [before, after] = info.coverage_spans.as_slice() else {
        return must(false, "not two stretches of days");
    };
    must(before.covered && before.enddate == LEAVES_ON && !after.covered, "the wrong days are covered")?;
    let part = info.fulamt_ownpay_amt_fen > 0 && info.fund_pay_sumamt_fen > 0;
    must(part, "nothing is paid, or all of it")
}
