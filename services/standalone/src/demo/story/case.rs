//! A case of audit (稽核案件): from what was found behind settlement to money returned and the archive.

use std::time::{Duration, Instant};

use anyhow::Context;
use tonic::Status;
use yizhan_money::Fen;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::audit::v1::finding_service_client::FindingServiceClient;
use yizhan_proto::audit::v1::{
    AdvanceCaseRequest, AppealCaseRequest, Case, CaseAction, CaseAmount, CasePaper, CaseState, Finding,
    GetCaseRequest, ListFindingsRequest, OpenCaseRequest, VerifyCaseLogRequest,
};
use yizhan_proto::settlement::v1::{FeeLine, ReverseRequest, SettlementInfo, Visit};
use yizhan_runtime::Caller;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::error::RemoteError;

use super::super::bills::{SHORT_STAY, stay};
use super::super::people::ZHUZHOU;
use super::super::{Clients, must};
use super::practitioner::{COLLEAGUE, DOCTOR, register};
use super::{heading, info, settle};

/// 株洲, whose fund paid and whose officers decide.
pub const AREA: &str = "430200";
/// The hospital.
pub const HOSPITAL: &str = "H43020000001";
/// 床位费每日 1 次.
const RULE: &str = "GZ10000102014000";
/// 床位费, of which 50 yuan are in scope.
const BED_FEN: i64 = 5_500;
const IN_SCOPE_FEN: i64 = 5_000;
/// On these days two were charged; on the first that was in order.
pub const TWO_BEDS: [&str; 3] = ["2026-06-10", "2026-06-11", "2026-06-12"];
const ONE_BED: [&str; 3] = ["2026-06-13", "2026-06-14", "2026-06-15"];
/// How long is waited for what follows from a feed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Tells it; the case that was decided, with what is against the rules by line.
pub async fn tell(clients: &mut Clients) -> anyhow::Result<Case> {
    heading(10, "A case of audit (稽核): a hospital in 株洲 charged two beds a day, three days long");
    register(clients).await?;
    let settled = info(Some(settle(clients, "demo-two-beds", bill()).await?))?;
    let agency = clients.audit_as(&Caller::Agency { area: AREA.parse()? })?;
    let case = open(agency.clone(), &settled).await?;
    let office = Office { cases: CaseServiceClient::new(agency) };
    let case = reviewed(&office, &case).await?;
    let case = appealed(clients, &office, &case).await?;
    let case = recovered(&office, &case, &settled).await?;
    kept(clients, &office, &case, settled).await?;
    Ok(case)
}

/// Six days in hospital, the beds day by day, ordered by one doctor; everything else is by the doctor of the visit.
fn bill() -> Visit {
    let mut bill = stay(ZHUZHOU, "310", HOSPITAL, [TWO_BEDS[0], ONE_BED[2]], SHORT_STAY);
    bill.dr_codg = COLLEAGUE.into();
    let bed = bill.feedetail.remove(0);
    let on = |number: usize, day: &str, beds: i64| FeeLine {
        feedetl_sn: format!("{}-{number}", bed.feedetl_sn),
        cnt: beds.to_string(),
        det_item_fee_sumamt_fen: beds * BED_FEN,
        fee_ocur_date: day.into(),
        bilg_dr_codg: DOCTOR.into(),
        ..bed.clone()
    };
    let beds = TWO_BEDS.map(|day| (day, 2)).into_iter().chain(ONE_BED.map(|day| (day, 1)));
    bill.feedetail.extend(beds.zip(1..).map(|((day, beds), number)| on(number, day, beds)));
    bill
}

/// What screening found, and a case opened on it.
async fn open(audit: PeerChannel, settled: &SettlementInfo) -> anyhow::Result<Case> {
    let found = found(&audit, settled).await?;
    let violation =
        found.iter().find_map(|found| found.violation.as_ref()).context("a finding of nothing")?;
    println!("   {} findings behind settlement: {}", found.len(), violation.vola_cont);
    println!("      by {RULE} {}, {}", violation.rule_name, violation.vola_evid);
    let request = OpenCaseRequest {
        request_id: "demo-case".into(),
        poolarea_no: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        case_souc: "1".into(),
        title: "一天收两张床位费".into(),
        jr_ids: found.into_iter().map(|found| found.jr_id).collect(),
        opter: "ZZ-001".into(),
        ..OpenCaseRequest::default()
    };
    let case = CaseServiceClient::new(audit).open_case(request).await?.into_inner().case;
    let case = case.context("no case in the answer")?;
    must(amount(&case) == 3 * BED_FEN, &format!("{} were found, not three beds", Fen(amount(&case))))?;
    Ok(case)
}

/// The findings, once audit has heard of the settlement.
async fn found(audit: &PeerChannel, settled: &SettlementInfo) -> anyhow::Result<Vec<Finding>> {
    let mut findings = FindingServiceClient::new(audit.clone());
    let request = ListFindingsRequest {
        poolarea_no: AREA.into(),
        rule_id: RULE.into(),
        ..ListFindingsRequest::default()
    };
    let begun = Instant::now();
    loop {
        let mut found = findings.list_findings(request.clone()).await?.into_inner().findings;
        found.retain(|found| found.setl_id == settled.setl_id);
        if !found.is_empty() {
            return Ok(found);
        }
        must(begun.elapsed() < PATIENCE, "what was charged too much was not found")?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// 初审 and 复核, by two officers.
async fn reviewed(office: &Office, case: &Case) -> anyhow::Result<Case> {
    office.step("ZZ-001", CaseAction::Screen, case, []).await?;
    let own = refused(office.step("ZZ-001", CaseAction::Confirm, case, []).await)?;
    must(own.reason == "REVIEWED_BEFORE", "both reviews by one officer")?;
    let case = office.step("ZZ-002", CaseAction::Confirm, case, []).await?;
    println!("   初审 ZZ-001; a second review by the same officer is refused, {}: {}", own.reason, own.text);
    println!("   复核 ZZ-002: {} yuan told to the hospital, appeal by {}", Fen(amount(&case)), case.due_date);
    Ok(case)
}

/// 申诉 by the hospital, 复审 by a third officer: upheld for the first day, refused for the others.
async fn appealed(clients: &Clients, office: &Office, case: &Case) -> anyhow::Result<Case> {
    let hospital = clients.audit_as(&Caller::Institution { code: HOSPITAL.into() })?;
    let request = AppealCaseRequest {
        request_id: "demo-appeal".into(),
        case_id: case.case_id.clone(),
        reason: "当日为隔离加床，见医嘱".into(),
        papers: vec![CasePaper { file_id: "demo-orders".into(), note: "医嘱".into() }],
        ..AppealCaseRequest::default()
    };
    CaseServiceClient::new(hospital).appeal_case(request).await?;
    let amounts = case.amounts.iter().zip([0, BED_FEN, BED_FEN]);
    let amounts = amounts.map(|(amount, amount_fen)| CaseAmount { amount_fen, ..amount.clone() });
    let case = office.step("ZZ-003", CaseAction::Decide, case, amounts).await?;
    println!(
        "   申诉 with the doctor's orders; 复审 ZZ-003: upheld for one day (in isolation), refused for two,"
    );
    println!("      {} yuan are against the rules instead of {}", Fen(amount(&case)), Fen(3 * BED_FEN));
    Ok(case)
}

/// 反馈, 处理, 归档: settlement follows the decision and books what the fund paid of it.
async fn recovered(office: &Office, case: &Case, settled: &SettlementInfo) -> anyhow::Result<Case> {
    office.step("ZZ-001", CaseAction::Tell, case, []).await?;
    let begun = Instant::now();
    let case = loop {
        let case = office.get(case).await?;
        if case.state() == CaseState::Archived {
            break case;
        }
        must(begun.elapsed() < PATIENCE, "nothing was recovered")?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    println!("   反馈, 处理: off what the hospital is owed, back to the fund that paid:");
    for told in &case.recoveries {
        for fund in &told.funds {
            let (line, fen) = (&told.feedetl_sn, Fen(fund.amount_fen));
            println!("      {line}  fund/{} {fen}", fund.fund_pay_type);
        }
    }
    let recovered: i64 = case.recoveries.iter().map(|told| told.recovered_fen).sum();
    // Of each bed the share that the fund paid of everything in scope, half up.
    let [paid, scope] = [settled.fund_pay_sumamt_fen, settled.inscp_scp_amt_fen];
    let of_bed = (2 * paid * IN_SCOPE_FEN + scope) / (2 * scope);
    must(recovered == 2 * of_bed, &format!("{} came back, not twice {}", Fen(recovered), Fen(of_bed)))?;
    Ok(case)
}

/// 归档: the settlement says what was recovered of it, and is not reversed any more; the log holds.
async fn kept(
    clients: &mut Clients,
    office: &Office,
    case: &Case,
    settled: SettlementInfo,
) -> anyhow::Result<()> {
    let request = ReverseRequest {
        request_id: "demo-reverse-recovered".into(),
        psn_no: ZHUZHOU.into(),
        setl_id: settled.setl_id,
        reason: "demo".into(),
    };
    let refusal = refused(clients.settlement.reverse(request).await.map_err(Into::into))?;
    must(refusal.reason == "RECOVERED", "what was recovered can be reversed")?;
    println!("   归档. Reversing that settlement is refused, {}: {}", refusal.reason, refusal.text);
    let request = VerifyCaseLogRequest { poolarea_no: AREA.into(), ..VerifyCaseLogRequest::default() };
    let log = office.cases.clone().verify_case_log(request).await?.into_inner();
    println!("   The log of {} steps is as it was written: {}", log.entries, log.intact);
    must(log.intact && log.entries == i64::from(case.version), "the log does not hold")
}

/// The officers of the agency.
struct Office {
    cases: CaseServiceClient<PeerChannel>,
}

impl Office {
    /// A step of one of them.
    async fn step(
        &self,
        opter: &str,
        action: CaseAction,
        case: &Case,
        amounts: impl IntoIterator<Item = CaseAmount>,
    ) -> anyhow::Result<Case> {
        let request = AdvanceCaseRequest {
            request_id: format!("demo-{opter}-{}", action.as_str_name()),
            case_id: case.case_id.clone(),
            action: action.into(),
            reason: "经审核".into(),
            amounts: amounts.into_iter().collect(),
            opter: opter.into(),
            ..AdvanceCaseRequest::default()
        };
        let answer = self.cases.clone().advance_case(request).await?.into_inner();
        answer.case.context("no case in the answer")
    }

    async fn get(&self, case: &Case) -> anyhow::Result<Case> {
        let request = GetCaseRequest { case_id: case.case_id.clone() };
        let answer = self.cases.clone().get_case(request).await?.into_inner();
        answer.case.context("no case in the answer")
    }
}

fn amount(case: &Case) -> i64 {
    case.amounts.iter().map(|amount| amount.amount_fen).sum()
}

fn refused<T>(answer: anyhow::Result<T>) -> anyhow::Result<RemoteError> {
    let error = answer.map(drop).err().context("it was not refused")?;
    Ok(RemoteError::from(error.downcast::<Status>()?))
}
