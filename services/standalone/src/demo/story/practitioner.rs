//! 医保支付资格 (驾照式记分): audit's case proposes points for a doctor, the ninth suspends, and what that doctor orders then is the hospital's to bear.

use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{NaiveDate, TimeDelta};
use yizhan_money::Fen;
use yizhan_proto::audit::v1::Case;
use yizhan_proto::credit::v1::proposal_service_client::ProposalServiceClient;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::{
    DecidePointsRequest, EntryLine, GetQualificationRequest, ListProposalsRequest, PointsAct, PointsMatter,
    PointsResponsibility, Proposal, ProposalState, Qualification, QualificationQuestion, QualificationStatus,
    RegisterPractitionersRequest, Registration,
};
use yizhan_proto::settlement::v1::{Credited, LineHandling, Settlement, SettlementMark, Visit};
use yizhan_runtime::Caller;
use yizhan_runtime::client::PeerChannel;

use super::super::bills::{DAY_IN_HOSPITAL, stay};
use super::super::people::ZHUZHOU;
use super::super::{Clients, must};
use super::case::{AREA, HOSPITAL, PATIENCE, TWO_BEDS};
use super::{amounts, heading, info, preview, settle};

/// 医保医师代码, invented: who orders the beds.
pub const DOCTOR: &str = "D430200000001";
/// Colleague of the same ward.
pub const COLLEAGUE: &str = "D430200000002";
/// Row of the scheme for what the case found: 医保协议处理.
const BY_AGREEMENT: &str = "agreement";
/// Row of the scheme for another act: 《医疗保障基金使用监督管理条例》第三十八条行政处罚.
const BY_PENALTY: &str = "article-38";
/// Mark of a settlement that credit did not answer for in time.
const LATE: &str = "CREDIT_PENDING";

/// Both work at the hospital: 登记备案.
pub async fn register(clients: &Clients) -> anyhow::Result<()> {
    let registration = |code: &str| Registration {
        practitioner_code: code.into(),
        from_date: "2026-01-01".into(),
        file_ids: vec!["demo-promise".into()],
    };
    let request = RegisterPractitionersRequest {
        request_id: "demo-practitioners".into(),
        poolarea_no: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        registrations: [DOCTOR, COLLEAGUE].map(registration).into(),
        opter: "ZZ-001".into(),
    };
    QualificationServiceClient::new(agency(clients)?).register_practitioners(request).await?;
    println!("   {DOCTOR} ordered the beds, everything else {COLLEAGUE}; both are 登记备案 there");
    Ok(())
}

/// Tells it; `case` is the one that was decided.
pub async fn tell(clients: &mut Clients, case: &Case) -> anyhow::Result<()> {
    heading(11, "Points (驾照式记分): the doctor who ordered the beds, and what the ninth point does");
    let found = proposed(clients, case).await?;
    told(&found, case)?;
    three_points(clients, &found).await?;
    six_more(clients).await?;
    next_day(clients);
    refused(clients).await?;
    next_day(clients);
    emergency(clients).await
}

/// Credit, as the agency of the area.
fn agency(clients: &Clients) -> anyhow::Result<PeerChannel> {
    clients.credit_as(&Caller::Agency { area: AREA.parse()? })
}

/// What of the case waits to be decided on in points, once credit has heard of it by audit's feed.
async fn proposed(clients: &Clients, case: &Case) -> anyhow::Result<Proposal> {
    let begun = Instant::now();
    loop {
        let mut waiting = proposals(clients, ProposalState::Open).await?;
        if let Some(found) = waiting.pop() {
            must(waiting.is_empty(), "more than one proposal waits")?;
            must(found.case_id == case.case_id, "another case was proposed")?;
            return Ok(found);
        }
        must(begun.elapsed() < PATIENCE, "credit never proposed points for what audit found")?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Of the area, that stand so.
async fn proposals(clients: &Clients, state: ProposalState) -> anyhow::Result<Vec<Proposal>> {
    let request = ListProposalsRequest {
        poolarea_no: AREA.into(),
        state: state.into(),
        ..ListProposalsRequest::default()
    };
    let mut credit = ProposalServiceClient::new(agency(clients)?);
    Ok(credit.list_proposals(request).await?.into_inner().proposals)
}

/// It is of who ordered the beds, and of the lines that the case found, and of no other.
fn told(found: &Proposal, case: &Case) -> anyhow::Result<()> {
    let against: Vec<_> = case.amounts.iter().filter(|amount| amount.amount_fen > 0).collect();
    let lines = against
        .iter()
        .map(|amount| EntryLine { setl_id: amount.setl_id.clone(), feedetl_sn: amount.feedetl_sn.clone() });
    let lines: Vec<EntryLine> = lines.collect();
    let fen: i64 = against.iter().map(|amount| amount.amount_fen).sum();
    let [act] = found.acts.as_slice() else { anyhow::bail!("{} acts, not one", found.acts.len()) };
    must(found.practitioner_code == DOCTOR, "another than who ordered the beds is proposed")?;
    must(act.lines == lines && act.vola_amt_fen == fen, "what is proposed is not what the case found")?;
    println!(
        "   credit follows audit's decisions: nobody typed it, and points are for an officer to decide on"
    );
    println!(
        "   待记分 of {}: {}, {} yuan in {} lines of the case",
        found.practitioner_code,
        act.vola_bhvr_type,
        Fen(act.vola_amt_fen),
        act.lines.len()
    );
    println!("   nobody else of the bill is proposed");
    Ok(())
}

/// The officer decides on the proposal; a stay of that day is paid as ever.
async fn three_points(clients: &mut Clients, found: &Proposal) -> anyhow::Result<()> {
    let acts = found.acts.iter().map(|one| act(BY_AGREEMENT, &one.act_id, TWO_BEDS[1])).collect();
    let request = DecidePointsRequest {
        case_id: found.case_id.clone(),
        decision_no: found.decision_no,
        ..decision(clients, BY_AGREEMENT, acts)
    };
    let (matter, three) = decided(clients, request).await?;
    must(three.points == 3 && three.status() == QualificationStatus::Normal, "three points suspend")?;
    let closed = proposals(clients, ProposalState::Decided).await?;
    let closed =
        closed.iter().any(|one| one.proposal_id == found.proposal_id && one.matter_id == matter.matter_id);
    let waiting = proposals(clients, ProposalState::Unspecified).await?;
    must(closed && waiting.is_empty(), "the proposal still waits")?;
    let day = clients.clock.today();
    let settled = settle(clients, "demo-before-nine", day_in_hospital(day, DOCTOR)).await?;
    let lines = &answered(&settled)?.lines;
    must(lines.is_empty() && marks(&settled).is_empty(), "a line was refused or marked with three points")?;
    println!(
        "   3 points decided on that proposal, 已记分: 正常. A stay of {day} is paid as ever, credit was asked"
    );
    Ok(())
}

/// The doctor's points of the year come from more than one act.
async fn six_more(clients: &Clients) -> anyhow::Result<()> {
    let acts = vec![act(BY_PENALTY, "demo-penalty", "2026-05-18")];
    let (_, nine) = decided(clients, decision(clients, BY_PENALTY, acts)).await?;
    must(nine.points == 9 && nine.status() == QualificationStatus::Suspended, "nine points do not suspend")?;
    println!(
        "   6 more for another act, which is not of the case: a penalty (行政处罚) that an officer enters by hand,"
    );
    println!("   9 in all: 暂停 since {}, by {}, until {}", nine.from_date, nine.basis, nine.ends_on);
    Ok(())
}

/// The next settlement: the doctor's line is the hospital's to bear, and no yuan of it the patient's.
async fn refused(clients: &mut Clients) -> anyhow::Result<()> {
    let day = clients.clock.today();
    let (without, _) = preview(clients, &day_in_hospital(day, COLLEAGUE)).await?;
    let settled = settle(clients, "demo-suspended", day_in_hospital(day, DOCTOR)).await?;
    let credited = answered(&settled)?;
    let [line] = credited.lines.as_slice() else { anyhow::bail!("{} lines, not one", credited.lines.len()) };
    let mark = marked(&settled, "PRACTITIONER_REFUSED", "what the suspended doctor ordered was paid")?;
    must(
        mark.feedetl_sn == [line.feedetl_sn.clone()],
        "another line was refused than credit's answer is of",
    )?;
    must(line.handling() == LineHandling::Refused && credited.withheld_fen > 0, "nothing was withheld")?;
    println!(
        "   {day}: line {} is refused to the hospital, {} yuan of what the fund pays:",
        line.feedetl_sn,
        Fen(credited.withheld_fen)
    );
    println!("      {}", mark.text);
    let info = info(Some(settled.clone()))?;
    must(amounts(&info) == amounts(&without), "the patient or the fund's share changed by it")?;
    let [_, fund, person] = amounts(&info);
    println!("      the patient bears {person} yuan and the funds {fund};");
    let [_, fund, person] = amounts(&without);
    println!("      by the same bill all of the colleague's {person} and {fund}: the patient pays no more");
    Ok(())
}

/// The same as 急诊抢救 is paid, and audit sees it.
async fn emergency(clients: &mut Clients) -> anyhow::Result<()> {
    let day = clients.clock.today();
    let visit = Visit { emergency: true, ..day_in_hospital(day, DOCTOR) };
    let paid = settle(clients, "demo-suspended-emergency", visit).await?;
    let credited = answered(&paid)?;
    let [line] = credited.lines.as_slice() else { anyhow::bail!("{} lines, not one", credited.lines.len()) };
    let mark = marked(&paid, "PRACTITIONER_EMERGENCY", "an emergency has no mark for audit")?;
    must(mark.feedetl_sn == [line.feedetl_sn.clone()], "another line is marked than credit's answer is of")?;
    let is_paid = line.handling() == LineHandling::Emergency && credited.withheld_fen == 0;
    must(is_paid && marks(&paid).len() == 1, "a line of an emergency was refused")?;
    println!("   {day}, the same as 急诊抢救: nothing is withheld, mark {}: {}", mark.kind, mark.text);
    Ok(())
}

/// An act of the main responsible, 主要责任.
fn act(item: &str, act_id: &str, day: &str) -> PointsAct {
    PointsAct {
        items: vec![item.into()],
        responsibility: PointsResponsibility::Main.into(),
        act_id: act_id.into(),
        occurred_on: day.into(),
        ..PointsAct::default()
    }
}

/// Points of today by a paper under that row; by no case.
fn decision(clients: &Clients, item: &str, acts: Vec<PointsAct>) -> DecidePointsRequest {
    DecidePointsRequest {
        request_id: format!("demo-points-{item}"),
        practitioner_code: DOCTOR.into(),
        poolarea_no: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        acts,
        basis: format!("株医保处（示例）{item}"),
        decided_on: clients.clock.today().to_string(),
        opter: "ZZ-001".into(),
        ..DecidePointsRequest::default()
    }
}

/// What it became, and how the doctor stands on the day of it.
async fn decided(
    clients: &Clients,
    request: DecidePointsRequest,
) -> anyhow::Result<(PointsMatter, Qualification)> {
    let question = QualificationQuestion {
        practitioner_code: DOCTOR.into(),
        day: request.decided_on.clone(),
        fixmedins_code: HOSPITAL.into(),
    };
    let mut credit = QualificationServiceClient::new(agency(clients)?);
    let matter =
        credit.decide_points(request).await?.into_inner().matter.context("no matter in the answer")?;
    let request = GetQualificationRequest { questions: vec![question] };
    let answer = credit.get_qualification(request).await?.into_inner();
    Ok((matter, answer.qualifications.into_iter().next().context("no qualification in the answer")?))
}

/// A day in hospital; the first line is by this doctor, everything else by the colleague.
fn day_in_hospital(day: NaiveDate, doctor: &str) -> Visit {
    let day = day.to_string();
    let mut visit = stay(ZHUZHOU, "310", HOSPITAL, [&day, &day], DAY_IN_HOSPITAL);
    visit.dr_codg = COLLEAGUE.into();
    visit.feedetail.iter_mut().take(1).for_each(|line| line.bilg_dr_codg = doctor.into());
    visit
}

/// A day goes by.
fn next_day(clients: &Clients) {
    clients.hand.advance(TimeDelta::days(1));
}

/// What a settlement says of practitioners, and whether credit was late.
fn marks(settled: &Settlement) -> Vec<&SettlementMark> {
    let all = settled.setlinfo.iter().flat_map(|info| &info.marks);
    all.filter(|mark| mark.kind.starts_with("PRACTITIONER_") || mark.kind == LATE).collect()
}

/// What credit said in time.
fn answered(settled: &Settlement) -> anyhow::Result<&Credited> {
    let late = marks(settled).iter().any(|mark| mark.kind == LATE);
    must(!late, "credit did not answer in time (CREDIT_PENDING): what is paid shows nothing")?;
    settled.credit.as_ref().context("credit was not asked")
}

/// The mark of that kind.
fn marked<'s>(settled: &'s Settlement, kind: &str, otherwise: &str) -> anyhow::Result<&'s SettlementMark> {
    let mark = marks(settled).into_iter().find(|mark| mark.kind == kind);
    mark.with_context(|| format!("the demo found a defect: {otherwise}"))
}
