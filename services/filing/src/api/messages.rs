//! The contract's messages from what the domain knows.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use yizhan_proto::filing::v1 as proto;
use yizhan_terms::Filing as Class;
use yizhan_terms::Treatment;

use crate::domain::calendar::WorkingDays;
use crate::domain::filing::{Filing, Material, Referral, State};
use crate::domain::find::{Answer, Basis, Outcome};
use crate::domain::rules::{Requirement, Rules};

/// A moment as the contract tells it.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A filing as of today.
pub fn filing_message(filing: &Filing, rules: &Rules, today: NaiveDate) -> proto::Filing {
    let state = filing.state_on(today);
    let due_date = due_date(filing, state, rules);
    let waits = state.is_open() || state == State::Provisional;
    let outstanding = |requirement: &&Requirement| waits && !requirement.is_met_by(&filing.materials);
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
        submitted_at: rfc3339(filing.submitted_at),
        decided_at: filing.decided_at.map(rfc3339).unwrap_or_default(),
        dcla_souc: filing.dcla_souc.clone(),
        rule_id: filing.rule.clone(),
        citation: filing.citation.clone(),
        version: filing.version,
    }
}

/// The last day on which it is decided in time; `None` where nobody has to decide it now.
fn due_date(filing: &Filing, state: State, rules: &Rules) -> Option<NaiveDate> {
    let waits = match state {
        State::Submitted | State::Accepted => true,
        // What was to come has come: the time for looking at it began on that day.
        State::Provisional => filing.waits_for_a_look(),
        _ => false,
    };
    let days = WorkingDays::of(rules, &filing.poolarea_no);
    waits.then(|| days.add(filing.clock_from, filing.working_days).0)
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

/// How the contract numbers a class.
pub fn class_number(class: Class) -> proto::FilingClass {
    match class {
        Class::Local => proto::FilingClass::Local,
        Class::LongTerm => proto::FilingClass::LongTerm,
        Class::Referral => proto::FilingClass::Referral,
        Class::Emergency => proto::FilingClass::Emergency,
        Class::Temporary => proto::FilingClass::Temporary,
        Class::Unfiled => proto::FilingClass::Unfiled,
        Class::Exempt => proto::FilingClass::Exempt,
        Class::Returning => proto::FilingClass::Returning,
    }
}

/// An answer; what names it and until when it holds is for the use case to say.
pub fn answer_message(answer: &Answer) -> proto::FilingAnswer {
    let basis = answer.basis.clone().unwrap_or(Basis { rule: String::new(), citation: String::new() });
    let mut message = proto::FilingAnswer {
        filing_class: class_number(answer.class).into(),
        filing_class_name: answer.class.label().to_owned(),
        rule_id: basis.rule,
        citation: basis.citation,
        way_out: answer.advice.clone(),
        ..proto::FilingAnswer::default()
    };
    if let Some(filing) = answer.filing {
        message.filing_id = filing.filing_id.clone();
        message.out_fil_type = filing.kind.code().to_owned();
        message.begndate = filing.begndate.to_string();
        message.enddate = text(filing.last_day);
    }
    match &answer.outcome {
        Outcome::Direct { treatment, basis } => {
            message.direct = true;
            message.treatment = Some(treatment_message(*treatment, basis));
        }
        Outcome::Refused(refused) => {
            message.reason = refused.reason.to_owned();
            message.reason_text = refused.text.clone();
            message.way_out = refused.way_out.clone();
        }
    }
    message
}

fn treatment_message(treatment: Treatment, basis: &Basis) -> proto::Treatment {
    use yizhan_terms::Treatment::{Factor, Points, Prepay, Same};
    let (kind, value) = match treatment {
        Same => (proto::TreatmentKind::Same, String::new()),
        Points(points) => (proto::TreatmentKind::Points, points.normalize().to_string()),
        Factor(ratio) => (proto::TreatmentKind::Factor, ratio.normalize().to_string()),
        Prepay(ratio) => (proto::TreatmentKind::Prepay, ratio.normalize().to_string()),
    };
    proto::Treatment {
        kind: kind.into(),
        value,
        rule_id: basis.rule.clone(),
        citation: basis.citation.clone(),
    }
}
