//! 医保支付资格 (驾照式记分): the case puts points on a doctor, the ninth suspends, and what that doctor orders then is the hospital's to bear.

use anyhow::Context;
use yizhan_money::Fen;
use yizhan_proto::credit::v1::qualification_service_client::QualificationServiceClient;
use yizhan_proto::credit::v1::{
    DecidePointsRequest, GetQualificationRequest, PointsAct, PointsResponsibility, Qualification,
    QualificationQuestion, QualificationStatus, RegisterPractitionersRequest, Registration,
};
use yizhan_proto::settlement::v1::{Settlement, Visit};
use yizhan_runtime::Caller;
use yizhan_runtime::client::PeerChannel;

use super::super::bills::{DAY_IN_HOSPITAL, stay};
use super::super::people::ZHUZHOU;
use super::super::{Clients, must};
use super::case::{AREA, HOSPITAL};
use super::{heading, settle};

/// 医保医师代码, invented.
const DOCTOR: &str = "D430200000001";
/// Colleague of the same ward.
const COLLEAGUE: &str = "D430200000002";

/// Tells it; `case_id` is the case that was decided.
pub async fn tell(clients: &mut Clients, case_id: &str) -> anyhow::Result<()> {
    heading(11, "Points (驾照式记分): the doctor who ordered the beds, and what the ninth point does");
    let mut credit =
        QualificationServiceClient::new(clients.credit_as(&Caller::Agency { area: AREA.parse()? })?);
    register(&mut credit).await?;
    let three = decided(&mut credit, ("agreement", "2026-06-20"), case_id).await?;
    must(three.points == 3 && three.status() == QualificationStatus::Normal, "three points suspend")?;
    let before = settle(clients, "demo-before-nine", day_in_hospital("2026-06-22")).await?;
    must(refused(&before).is_empty(), "a line was refused with three points")?;
    println!("   3 points for the beds of the case: 正常, and a stay of 2026-06-22 is paid as ever");
    let nine = decided(&mut credit, ("article-38", "2026-06-25"), "").await?;
    must(nine.points == 9 && nine.status() == QualificationStatus::Suspended, "nine points do not suspend")?;
    println!("   6 more from 2026-06-25, 9 in all: 暂停, by {}, until {}", nine.basis, nine.ends_on);
    let settled = settle(clients, "demo-suspended", day_in_hospital("2026-06-28")).await?;
    told(&settled)?;
    let emergency = Visit { emergency: true, ..day_in_hospital("2026-07-01") };
    let paid = settle(clients, "demo-suspended-emergency", emergency).await?;
    must(refused(&paid).is_empty(), "a line of an emergency was refused")?;
    println!("   2026-07-01, the same as 急诊抢救: every line is paid, with a mark for audit");
    Ok(())
}

/// Both work at the hospital.
async fn register(credit: &mut QualificationServiceClient<PeerChannel>) -> anyhow::Result<()> {
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
    credit.register_practitioners(request).await?;
    Ok(())
}

/// Points for an act under a row of the scheme, 主要责任; how the doctor stands then.
async fn decided(
    credit: &mut QualificationServiceClient<PeerChannel>,
    (item, day): (&str, &str),
    case_id: &str,
) -> anyhow::Result<Qualification> {
    let act = PointsAct {
        items: vec![item.into()],
        responsibility: PointsResponsibility::Main.into(),
        act_id: format!("demo-{item}"),
        occurred_on: "2026-06-10".into(),
        ..PointsAct::default()
    };
    let request = DecidePointsRequest {
        request_id: format!("demo-points-{item}"),
        practitioner_code: DOCTOR.into(),
        poolarea_no: AREA.into(),
        fixmedins_code: HOSPITAL.into(),
        acts: vec![act],
        basis: format!("株医保处（示例）{item}"),
        decided_on: day.into(),
        case_id: case_id.into(),
        decision_no: i32::from(!case_id.is_empty()),
        opter: "ZZ-001".into(),
    };
    credit.decide_points(request).await?;
    let question = QualificationQuestion {
        practitioner_code: DOCTOR.into(),
        day: day.into(),
        fixmedins_code: HOSPITAL.into(),
    };
    let request = GetQualificationRequest { questions: vec![question] };
    let answer = credit.get_qualification(request).await?.into_inner();
    answer.qualifications.into_iter().next().context("no qualification in the answer")
}

/// A day in hospital; the first line is the doctor's, everything else the colleague's.
fn day_in_hospital(day: &str) -> Visit {
    let mut visit = stay(ZHUZHOU, "310", HOSPITAL, [day, day], DAY_IN_HOSPITAL);
    visit.dr_codg = COLLEAGUE.into();
    visit.feedetail.iter_mut().take(1).for_each(|line| line.bilg_dr_codg = DOCTOR.into());
    visit
}

/// Lines that the institution bears.
fn refused(settlement: &Settlement) -> Vec<&str> {
    let of_kind = settlement.setlinfo.iter().flat_map(|info| &info.marks);
    let refused = of_kind.filter(|mark| mark.kind == "PRACTITIONER_REFUSED");
    refused.flat_map(|mark| &mark.feedetl_sn).map(String::as_str).collect()
}

fn told(settled: &Settlement) -> anyhow::Result<()> {
    let lines = refused(settled);
    let withheld = settled.credit.as_ref().context("credit did not answer")?.withheld_fen;
    must(lines.len() == 1 && withheld > 0, "what the suspended doctor ordered was paid")?;
    let info = settled.setlinfo.as_ref().context("no settlement in the answer")?;
    let mark = info.marks.iter().find(|mark| mark.kind == "PRACTITIONER_REFUSED").context("no mark")?;
    println!(
        "   2026-06-28: line {} is refused to the hospital, {} yuan of what the fund pays:",
        lines[0],
        Fen(withheld)
    );
    println!("      {}", mark.text);
    Ok(())
}
