//! The findings that a case is about: each stands in one case, and goes with it.

use chrono::{DateTime, Utc};
use yizhan_proto::audit::v1::{CaseLine, Violation};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Reason, ServiceError};

use super::domain::{Actor, Case, State, Taken};
use crate::findings::State as FindingState;
use crate::findings::store::{self, Model, steps, violation_of};

/// 违规明细项目类型 of what is against the rule.
const AGAINST: &str = "1";

/// Open findings of the institution in the area, to be worked on in a case.
///
/// # Errors
/// FINDING_UNKNOWN, FINDING_IN_CASE, FINDING_NOT_OPEN, FINDING_OF_NO_VISIT: of the first that cannot be.
pub async fn find(
    tx: &DatabaseTransaction,
    (poolarea_no, fixmedins_code): (&str, &str),
    jr_ids: &[String],
) -> Result<Vec<Model>, ServiceError> {
    let rows = store::find_many(tx, jr_ids.to_vec()).await?;
    for jr_id in jr_ids {
        let found = rows.iter().find(|row| row.jr_id == *jr_id && !row.shadow);
        let found =
            found.filter(|row| row.poolarea_no == poolarea_no && row.fixmedins_code == fixmedins_code);
        let Some(row) = found else {
            let error = ServiceError::new(Reason::FindingUnknown, "no such finding of this institution");
            return Err(error.with("jr_id", jr_id));
        };
        let (reason, told) = match FindingState::of(row.state) {
            Some(FindingState::Open) if row.setl_id.is_empty() => {
                (Reason::FindingOfNoVisit, "the finding is of an institution's month, and names no visit")
            }
            Some(FindingState::Open) => continue,
            Some(FindingState::InCase) => (Reason::FindingInCase, "the finding stands in another case"),
            _ => (Reason::FindingNotOpen, "the finding is not open"),
        };
        let state = FindingState::of(row.state).map_or("", FindingState::name);
        let error = ServiceError::new(reason, told).with("jr_id", jr_id).with("state", state);
        return Err(error.with("case_id", &row.case_id));
    }
    Ok(rows)
}

/// The lines that a finding is about; where it names none, the visit as a whole.
pub fn lines(row: &Model) -> Result<Vec<CaseLine>, ServiceError> {
    let found: Violation = violation_of(row)?;
    let line = |setl_id: &str, feedetl_sn: &str, vola_amt_fen: i64| CaseLine {
        setl_id: if setl_id.is_empty() { row.setl_id.clone() } else { setl_id.to_owned() },
        feedetl_sn: feedetl_sn.to_owned(),
        jr_id: row.jr_id.clone(),
        rule_id: found.rule_id.clone(),
        vola_bhvr_type: found.vola_bhvr_type.clone(),
        vola_cont: found.vola_cont.clone(),
        vola_amt_fen,
        vola_evid: found.vola_evid.clone(),
        bilg_dr_codg: String::new(),
    };
    let details = found.judge_result_detail_dtos.iter().filter(|detail| detail.vola_item_type == AGAINST);
    let lines: Vec<CaseLine> =
        details.map(|one| line(&one.setl_id, &one.feedetl_sn, one.vola_amt_fen)).collect();
    Ok(if lines.is_empty() { vec![line("", "", found.vola_amt_fen)] } else { lines })
}

/// Moves the findings of a case to where a step leaves it; a step that leaves them where they are moves none. One that came to another case since
/// stays there.
pub async fn follow(tx: &DatabaseTransaction, taken: &Taken, at: DateTime<Utc>) -> Result<(), ServiceError> {
    let state = match taken.after.state() {
        State::Dismissed => FindingState::Dismissed,
        State::Archived => FindingState::Settled,
        _ => FindingState::InCase,
    };
    if taken.after.inside.findings.is_empty() {
        return Ok(());
    }
    let opened = taken.step.from_state == 0;
    let before = State::of(taken.step.from_state).is_some_and(State::is_closed) && !opened;
    if !opened && before == taken.after.state().is_closed() {
        return Ok(());
    }
    let jr_ids = taken.after.inside.findings.clone();
    let mut rows = store::find_many(tx, jr_ids).await?;
    rows.retain(|row| opened || row.case_id == taken.after.told.case_id);
    let actor = Actor { who: taken.step.actor.clone(), opter: taken.step.opter.clone() };
    move_to(tx, (rows, state), (&taken.after, &actor, &taken.step.reason), at).await
}

async fn move_to(
    tx: &DatabaseTransaction,
    (rows, state): (Vec<Model>, FindingState),
    (case, actor, reason): (&Case, &Actor, &str),
    at: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let next = |row: Model| Model {
        state: state.number(),
        case_id: case.told.case_id.clone(),
        version: row.version + 1,
        changed_at: at,
        ..row
    };
    let rows: Vec<Model> = rows.into_iter().map(next).collect();
    let step = |row: &Model| steps::Model {
        jr_id: row.jr_id.clone(),
        step_no: row.version,
        state: row.state,
        actor: actor.who.clone(),
        opter: actor.opter.clone(),
        reason: reason.to_owned(),
        recorded_at: at,
    };
    steps::append(tx, rows.iter().map(step).collect()).await?;
    store::write(tx, rows).await
}
