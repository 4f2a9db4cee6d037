//! The register's messages from what the domain knows, and the other way round.

use chrono::NaiveDate;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::filing::v1 as proto;
use yizhan_runtime::clock::{day_text, timestamp};

use super::domain::filing::{Filing, Material, Referral, State};
use super::domain::steps::{due, is_under_way};
use crate::rules::{Requirement, Rules};

/// A filing as of today.
pub fn filing_message(filing: &Filing, rules: &Rules, today: NaiveDate) -> proto::Filing {
    let state = filing.state_on(today);
    let days = WorkingDays::of(rules, filing.poolarea_no);
    let due_date = due(filing, today, |day, working_days| days.add(day, working_days).0);
    let under_way = is_under_way(state);
    proto::Filing {
        filing_id: filing.filing_id.clone(),
        psn_no: filing.psn_no.clone(),
        insutype: filing.insutype.code().to_owned(),
        poolarea_no: filing.poolarea_no.into(),
        out_fil_type: filing.kind.code().to_owned(),
        rloc_admdvs: filing.place.into(),
        begndate: filing.begndate.to_string(),
        enddate: day_text(filing.enddate),
        state: state.number(),
        materials: filing.materials.iter().map(material).collect(),
        missing: filing.missing().filter(|_| under_way).map(missing).collect(),
        supply_by: day_text(
            filing.supply_by.filter(|_| state == State::Provisional && !filing.waits_for_a_look()),
        ),
        committed: filing.is_committed(),
        referral: filing.referral.as_ref().map(referral),
        replaces_filing_id: filing.replaces.clone().unwrap_or_default(),
        replaced_by_filing_id: filing.replaced_by.clone().unwrap_or_default(),
        ended_on: day_text(ended_on(filing, state)),
        locked_until: day_text(filing.locked_until.filter(|_| state.is_in_force())),
        handling_area: filing.handling_area.into(),
        due_date: day_text(due_date),
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
