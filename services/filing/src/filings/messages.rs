//! The register's messages from what the domain knows, and the other way round.

use chrono::NaiveDate;
use yizhan_proto::filing::v1 as proto;
use yizhan_runtime::clock::timestamp;

use super::domain::filing::{Filing, Material, Referral, State, kinds};
use super::domain::filing_row::Row;
use super::domain::steps::due;
use super::domain::submission::{Asked, AskedReferral, Paper};
use crate::rules::calendar::WorkingDays;
use crate::rules::{Requirement, Rules};

fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A filing as of today.
pub fn filing_message(filing: &Filing, rules: &Rules, today: NaiveDate) -> proto::Filing {
    let state = filing.state_on(today);
    let days = WorkingDays::of(rules, &filing.poolarea_no);
    let due_date = due(filing, today, |day, working_days| days.add(day, working_days).0);
    let waits = state.is_open() || state == State::Provisional;
    let outstanding = |requirement: &&Requirement| waits && !requirement.is_met_by(kinds(&filing.materials));
    proto::Filing {
        filing_id: filing.filing_id.clone(),
        psn_no: filing.psn_no.clone(),
        insutype: filing.insutype.clone(),
        poolarea_no: filing.poolarea_no.clone(),
        out_fil_type: filing.kind.code().to_owned(),
        rloc_admdvs: filing.place.clone(),
        begndate: filing.begndate.to_string(),
        enddate: text(filing.enddate),
        state: state.number(),
        materials: filing.materials.iter().map(material).collect(),
        missing: filing.requirements.iter().filter(outstanding).map(missing).collect(),
        supply_by: text(
            filing.supply_by.filter(|_| state == State::Provisional && !filing.waits_for_a_look()),
        ),
        committed: filing.is_committed(),
        referral: filing.referral.as_ref().map(referral),
        replaces_filing_id: filing.replaces.clone().unwrap_or_default(),
        replaced_by_filing_id: filing.replaced_by.clone().unwrap_or_default(),
        ended_on: text(ended_on(filing, state)),
        locked_until: text(filing.locked_until.filter(|_| state.is_in_force())),
        handling_area: filing.handling_area.clone(),
        due_date: text(due_date),
        overdue: due_date.is_some_and(|due_date| due_date < today),
        submitted_at: Some(timestamp(filing.submitted_at)),
        decided_at: filing.decided_at.map(timestamp),
        dcla_souc: filing.dcla_souc.clone(),
        rule_id: filing.rule.clone(),
        citation: filing.citation.clone(),
        version: filing.version,
    }
}

/// The last day covered, where that came earlier than filed for.
fn ended_on(filing: &Filing, state: State) -> Option<NaiveDate> {
    match state {
        State::Lapsed => filing.last_day(),
        _ => filing.ended_on,
    }
}

fn material(paper: &Material) -> proto::Material {
    proto::Material {
        material: paper.material.code().to_owned(),
        file_id: paper.file_id.clone(),
        verified: paper.verified,
    }
}

fn missing(requirement: &Requirement) -> proto::MissingMaterial {
    proto::MissingMaterial {
        one_of: requirement.one_of.iter().map(|material| material.code().to_owned()).collect(),
        label: requirement.label(),
        may_be_promised: requirement.may_be_promised,
    }
}

fn referral(referral: &Referral) -> proto::Referral {
    proto::Referral {
        fixmedins_code: referral.fixmedins_code.clone(),
        reflin_medins_no: referral.reflin_medins_no.clone(),
        refl_date: referral.refl_date.to_string(),
    }
}

/// Papers as they are handed in.
pub fn papers(materials: &[proto::Material]) -> Vec<Paper<'_>> {
    materials.iter().map(|paper| Paper { material: &paper.material, file_id: &paper.file_id }).collect()
}

impl<'r> From<&'r proto::SubmitFilingRequest> for Asked<'r> {
    fn from(request: &'r proto::SubmitFilingRequest) -> Self {
        let referral = |referral: &'r proto::Referral| AskedReferral {
            fixmedins_code: &referral.fixmedins_code,
            reflin_medins_no: &referral.reflin_medins_no,
            refl_date: &referral.refl_date,
        };
        Asked {
            place: &request.rloc_admdvs,
            begndate: &request.begndate,
            enddate: &request.enddate,
            papers: papers(&request.materials),
            referral: request.referral.as_ref().map(referral),
        }
    }
}

impl<'r> From<&'r proto::FilingRow> for Row<'r> {
    fn from(row: &'r proto::FilingRow) -> Self {
        Row {
            foreign_id: &row.foreign_id,
            psn_no: &row.psn_no,
            insutype: &row.insutype,
            out_fil_type: &row.out_fil_type,
            rloc_admdvs: &row.rloc_admdvs,
            begndate: &row.begndate,
            enddate: &row.enddate,
        }
    }
}
