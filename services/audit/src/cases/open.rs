//! 立案: an officer opens a case on findings or by hand.

use yizhan_proto::audit::v1::{
    Case as Told, CaseAmount, CaseLine, CaseStep, OpenCaseRequest, OpenCaseResponse,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};
use yizhan_terms::Area;

use super::asked::{MAX_LINES, check_opter, jr_ids, lines, number, papers};
use super::domain::{Action, Actor, Case, Inside, Kind, State, Taken};
use super::known::Known;
use super::{changes, findings};
use crate::app::Audit;
use crate::plan_rules::{self, Sampling};

/// 案件来源
pub const SOURCES: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "9"];

/// Opens a case, which is to be screened.
pub async fn open_case(
    audit: &Audit,
    caller: &Caller,
    mut request: OpenCaseRequest,
) -> Result<OpenCaseResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    check_opter(caller, &request.opter, &mut wrong);
    lines(&request.lines, request.jr_ids.is_empty(), &mut wrong);
    jr_ids(&request.jr_ids, &mut wrong);
    papers(&request.papers, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    fields.text("title", &request.title, true);
    fields.require(SOURCES.contains(&request.case_souc.as_str()), "case_souc", Reason::CodeUnknown);
    number(&mut fields, "fixmedins_code", &request.fixmedins_code, true);
    let area = wrong.finish(area)?;
    caller.check_manages(&request.poolarea_no)?;
    let actor = Actor::of(caller, &request.opter);
    let given = (!request.lines.is_empty() || !request.papers.is_empty()).then(|| actor.clone());
    let inside = Inside {
        found: request.lines.is_empty(),
        findings: request.jr_ids,
        entered: given.into_iter().collect(),
        ..inside(audit, area)?
    };
    let told = Told {
        poolarea_no: request.poolarea_no,
        fixmedins_code: request.fixmedins_code,
        case_souc: request.case_souc,
        title: request.title,
        lines: request.lines,
        papers: request.papers,
        ..Told::default()
    };
    let opened = opened(audit, Case { told, inside }, Kind::Recovery, &actor);
    once::once(audit, &key, |write| Box::pin(write_opened((caller, &opened), write))).await
}

/// What a case begins with: the rules of today.
pub fn inside(audit: &Audit, area: Area) -> Result<Inside, ServiceError> {
    let (rules, today) = (audit.plan_rules.current(), audit.now().0);
    let sampling: Sampling = plan_rules::find(&rules, area, today)?;
    Ok(Inside {
        area,
        found: false,
        findings: Vec::new(),
        terms: plan_rules::find(&rules, area, today)?,
        checks: plan_rules::find(&rules, area, today)?,
        review_days: sampling.review_days,
        clock_from: today,
        working_days: 0,
        entered: Vec::new(),
        screened_by: None,
        decided_by: Vec::new(),
        confirmed_fen: Vec::new(),
        silent_since: None,
        drawn: Vec::new(),
        standing: Vec::new(),
        answered_itself: false,
    })
}

/// A case of a kind as it is opened today.
pub fn opened(audit: &Audit, mut case: Case, kind: Kind, actor: &Actor) -> Taken {
    let (today, now) = audit.now();
    let state = match kind {
        Kind::Recovery => State::Screening,
        Kind::Inspection => State::Preparing,
        Kind::Sample => State::Sampled,
    };
    case.told.case_id = new_id();
    case.told.kind = kind.number();
    case.told.version = 1;
    case.told.opened_at = Some(timestamp(now));
    case.inside.standing = if kind == Kind::Recovery { Vec::new() } else { vec![1] };
    case.move_to(state, today);
    let step = CaseStep {
        step_no: 1,
        action: Action::Open.number(),
        to_state: state.number(),
        actor: actor.who.clone(),
        opter: actor.opter.clone(),
        recorded_at: Some(timestamp(now)),
        ..CaseStep::default()
    };
    Taken { after: case, step }
}

async fn write_opened(
    (caller, opened): (&Caller, &Taken),
    Write { tx, service: audit, .. }: Write<'_, '_, Audit>,
) -> Result<Done<OpenCaseResponse, ()>, ServiceError> {
    let mut opened = opened.clone();
    let Case { told, inside } = &mut opened.after;
    let of = (told.poolarea_no.as_str(), told.fixmedins_code.as_str());
    for found in findings::find(tx, of, &inside.findings).await? {
        told.lines.extend(findings::lines(&found)?);
    }
    let known = Known::of(tx, &told.lines).await?;
    told.lines = std::mem::take(&mut told.lines).into_iter().map(|line| known.complete(line)).collect();
    // What several findings say of a line is one line, and as much as most of them says.
    told.lines.sort_by(|a, b| (key(a), b.vola_amt_fen).cmp(&(key(b), a.vola_amt_fen)));
    told.lines.dedup_by(|a, b| key(a) == key(b));
    if told.lines.len() > MAX_LINES {
        return Err(ServiceError::invalid_field("jr_ids", Reason::TooMany));
    }
    told.amounts = told.lines.iter().map(amount_of).collect();
    changes::record(tx, audit, vec![opened.clone()]).await?;
    let answer = OpenCaseResponse { case: Some(audit.seen(caller, &opened.after)), replayed: false };
    Ok(Done { answer, changed: () })
}

fn key(line: &CaseLine) -> (&str, &str) {
    (&line.setl_id, &line.feedetl_sn)
}

fn amount_of(line: &CaseLine) -> CaseAmount {
    let CaseLine { setl_id, feedetl_sn, vola_amt_fen, .. } = line.clone();
    CaseAmount { setl_id, feedetl_sn, amount_fen: vola_amt_fen }
}
