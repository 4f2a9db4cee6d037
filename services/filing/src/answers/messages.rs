//! Answers as the contract tells them.

use yizhan_proto::filing::v1 as proto;
use yizhan_runtime::clock::day_text;
use yizhan_terms::Filing as Class;
use yizhan_terms::Treatment;

use super::domain::{Answer, Basis, Outcome};

/// How the contract numbers a class.
fn class_number(class: Class) -> proto::FilingClass {
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
        message.enddate = day_text(filing.last_day);
    }
    match &answer.outcome {
        Outcome::Direct { treatment, basis } => {
            message.direct = true;
            message.treatment = Some(treatment_message(*treatment, basis));
        }
        Outcome::Refused(refused) => {
            message.reason = refused.reason.to_string();
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
