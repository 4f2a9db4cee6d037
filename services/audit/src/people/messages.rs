//! Items as the contract tells them.

use yizhan_proto::audit::v1::{Assistance, PersonItem, PersonStep};
use yizhan_runtime::Caller;
use yizhan_runtime::clock::timestamp;
use yizhan_terms::Area;

use super::domain::{ITEMS, Kind, Need, Role, State};
use super::store::{Model, item_of, steps};
use crate::plan_rules::Assistances;
use sea_orm::DbErr;
use yizhan_documents::Dated;
use yizhan_money::Fen;

/// Whether a need of a step of it is met.
pub fn is_met(row: &Model, need: Need) -> bool {
    match need {
        Need::Stands => row.stands,
        Need::OwnShare => row.kind == Kind::OwnShare.number(),
    }
}

/// An item, as this caller sees it.
pub fn item(row: &Model, caller: &Caller) -> Result<PersonItem, DbErr> {
    let said = item_of(row)?;
    let allowed = ITEMS.case(State::stored(row.state), |need| is_met(row, need)).allowed(&[Role::Officer]);
    // Who is registered elsewhere is told to whoever may read it there.
    let reads_other = caller.may_read_area(Area::parse(&said.other_poolarea_no));
    Ok(PersonItem {
        item_id: row.item_id.clone(),
        kind: row.kind,
        state: row.state,
        stands: row.stands,
        poolarea_no: row.poolarea_no.clone(),
        psn_no: row.psn_no.clone(),
        other_psn_no: if reads_other { said.other_psn_no } else { String::new() },
        allowed_actions: allowed.into_iter().map(|action| action.number()).collect(),
        found_at: Some(timestamp(row.found_at)),
        changed_at: Some(timestamp(row.changed_at)),
        ..said
    })
}

/// What somebody may be entitled to who holds these identities and bears so much.
pub fn assistances(rule: &Dated<Assistances>, held: &[String], own_share: Fen) -> Vec<Assistance> {
    let fitting = rule.rule.all.iter().filter(|one| one.is_for(held, own_share));
    let told = fitting.map(|one| Assistance {
        name: one.name.clone(),
        way: one.way.name().to_owned(),
        department: one.department.clone(),
        identities: one.identities.iter().filter(|name| held.contains(name)).cloned().collect(),
        note: one.note.clone(),
        citation: if one.citation.is_empty() { &rule.citation } else { &one.citation }.clone(),
    });
    told.collect()
}

/// Steps in their order.
pub fn steps(rows: Vec<steps::Model>) -> Vec<PersonStep> {
    let step = |row: steps::Model| PersonStep {
        step_no: row.step_no,
        action: row.action,
        state: row.state,
        stands: row.stands,
        why: row.why,
        note: row.note,
        actor: row.actor,
        opter: row.opter,
        recorded_at: Some(timestamp(row.recorded_at)),
    };
    rows.into_iter().map(step).collect()
}
