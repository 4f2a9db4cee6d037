//! The filings (备案) of the chapter: at a window on a commitment, decided by the home area; on the phone, by the rules at once.

use anyhow::Context;
use chrono::{Days, NaiveDate};
use yizhan_proto::filing::v1::{
    AdvanceFilingRequest, Filing, FilingAction, FilingState, Material, SubmitFilingRequest,
};
use yizhan_runtime::Caller;

use super::super::super::{Clients, must};

/// 绍兴, which decides; 上海, where the person lives.
const HOME: &str = "330600";
const THERE: &str = "310000";
/// For the papers a commitment stands in for, from the day of completion.
const PROMISED_DAYS: u64 = 180;

/// 异地长期居住 (07) with a commitment (承诺书) in place of the residence proof: taken in by a window in 上海 (异地受理), completed by an
/// officer in 绍兴 (属地办理). The day from which on it covers.
pub async fn to_live_there(clients: &Clients, psn_no: &str) -> anyhow::Result<String> {
    let window = Caller::Agency { area: THERE.parse()? };
    let request = SubmitFilingRequest {
        out_fil_type: "07".into(),
        materials: papers(&["certificate", "filing_form", "commitment_letter"]),
        dcla_souc: "02".into(),
        opter: "SH-021".into(),
        ..request("demo-file-to-live-there", psn_no)
    };
    let submitted = clients.filing_as(&window)?.submit_filing(request).await?.into_inner();
    let submitted = submitted.filing.context("no filing in the answer")?;
    must(submitted.state() == FilingState::Accepted, "what a window submits is not accepted")?;
    must(
        submitted.committed && submitted.handling_area == HOME,
        "the filing does not wait for the home area",
    )?;
    println!(
        "   A window in 上海 takes in 07 异地长期居住 with a 承诺书 (异地受理): {}, 绍兴 decides by {}",
        state(&submitted),
        submitted.due_date
    );

    let agency = Caller::Agency { area: HOME.parse()? };
    let complete = AdvanceFilingRequest {
        request_id: "demo-complete".into(),
        filing_id: submitted.filing_id,
        action: FilingAction::Complete.into(),
        opter: "SX-007".into(),
        ..AdvanceFilingRequest::default()
    };
    let completed = clients.filing_as(&agency)?.advance_filing(complete).await?.into_inner();
    let completed = completed.filing.context("no filing in the answer")?;
    let missing: Vec<&str> = completed.missing.iter().map(|missing| missing.label.as_str()).collect();
    println!(
        "   Its officer completes it (属地办理): {} from {} on; still to come: {} by {}",
        state(&completed),
        completed.begndate,
        missing.join("、"),
        completed.supply_by
    );
    must(completed.state() == FilingState::Provisional, "a filing on a commitment is not provisional")?;
    let papers: Vec<&str> =
        completed.missing.iter().flat_map(|missing| &missing.one_of).map(String::as_str).collect();
    must(papers == ["residence_proof"], "not the residence proof is missing")?;
    let begun: NaiveDate = completed.begndate.parse()?;
    let supply_by = begun.checked_add_days(Days::new(PROMISED_DAYS)).context("no such day")?;
    must(completed.supply_by == supply_by.to_string(), "the commitment has another term")?;
    Ok(completed.begndate)
}

/// 其他临时外出 (11), by the person: nothing has to be looked at, so it is in force at once.
pub async fn on_the_phone(clients: &Clients, psn_no: &str) -> anyhow::Result<()> {
    let person = Caller::Person { psn_no: psn_no.into() };
    let request = SubmitFilingRequest {
        out_fil_type: "11".into(),
        materials: papers(&["certificate", "filing_form"]),
        dcla_souc: "04".into(),
        ..request("demo-file-on-the-phone", psn_no)
    };
    let submitted = clients.filing_as(&person)?.submit_filing(request).await?.into_inner();
    let filing = submitted.filing.context("no filing in the answer")?;
    let (begndate, enddate) = (&filing.begndate, &filing.enddate);
    println!(
        "   files 11 其他临时外出 on the phone (补办): {} at once, {begndate} to {enddate}",
        state(&filing)
    );
    must(filing.state() == FilingState::InForce, "the filing is not in force at once")
}

/// What every filing of the chapter says.
fn request(request_id: &str, psn_no: &str) -> SubmitFilingRequest {
    SubmitFilingRequest {
        request_id: request_id.into(),
        psn_no: psn_no.into(),
        insutype: "310".into(),
        rloc_admdvs: THERE.into(),
        ..SubmitFilingRequest::default()
    }
}

fn papers(codes: &[&str]) -> Vec<Material> {
    codes.iter().map(|code| Material { material: (*code).into(), ..Material::default() }).collect()
}

fn state(filing: &Filing) -> &'static str {
    filing.state().as_str_name().trim_start_matches("FILING_STATE_")
}
