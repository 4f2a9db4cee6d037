//! 异地就医备案: what the filing service is asked about a visit, and what its answer means for the case.

use rust_decimal::Decimal;
use yizhan_policy::case::RemoteRule;
use yizhan_proto::enrollment::v1::Eligibility;
use yizhan_proto::filing::v1::{self as filing, FilingAnswer, FilingClass, FindFilingRequest, TreatmentKind};
use yizhan_proto::settlement::v1::{FilingRecord, RemoteCitation, RemoteRule as Told, SettlementInfo};
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Filing;
use yizhan_terms::Treatment;

use super::super::domain::is_emergency;
use super::trace;
use super::visit::CheckedVisit;
use crate::reference::domain::Institution;

/// What the filing service answered, as the case applies it and the settlement records it.
#[derive(Clone, Debug, PartialEq)]
pub struct Filed {
    /// How the visit counts.
    pub class: Filing,
    /// What must be applied; nothing to care at home that is filed nowhere else.
    pub rule: Option<RemoteRule>,
    /// Whether the place of care lies in the province of the pooling area.
    pub in_province: bool,
    /// What the settlement keeps of the answer.
    pub record: FilingRecord,
}

/// The question of a visit.
pub fn question(
    visit: &CheckedVisit,
    eligibility: &Eligibility,
    institution: &Institution,
) -> FindFilingRequest {
    FindFilingRequest {
        psn_no: visit.reported.psn_no.clone(),
        poolarea_no: eligibility.poolarea_no.clone(),
        insutype: visit.insutype.code().to_owned(),
        mdtrtarea_admvs: institution.admdvs.clone(),
        begndate: visit.begin.to_string(),
        enddate: visit.end.to_string(),
        med_type: visit.med_type.code().to_owned(),
        fixmedins_lv: institution.level.code().to_owned(),
        contracted: institution.contracted,
        emergency: is_emergency(visit.reported.emergency, visit.med_type),
        referred: visit.reported.refl_flag,
    }
}

/// What an answer means.
///
/// # Errors
/// NOT_SETTLED_DIRECTLY where the visit is not; an internal one where the answer is none.
pub fn read(answer: FilingAnswer) -> Result<Filed, ServiceError> {
    if !answer.direct {
        return Err(not_direct(Reason::NotSettledDirectly, &answer));
    }
    let class = class_of(answer.filing_class()).ok_or_else(|| unreadable("filing_class"))?;
    let rule = match class {
        Filing::Local => None,
        _ => Some(answer.treatment.as_ref().and_then(rule_of).ok_or_else(|| unreadable("treatment"))?),
    };
    Ok(filed(answer, class, rule))
}

fn filed(answer: FilingAnswer, class: Filing, rule: Option<RemoteRule>) -> Filed {
    let basis = RemoteCitation { rule_id: answer.rule_id, title: answer.citation };
    let record = FilingRecord {
        answer_id: answer.answer_id,
        filing_class_name: answer.filing_class_name,
        filing_id: answer.filing_id,
        out_fil_type: answer.out_fil_type,
        basis: Some(basis).filter(|basis| !basis.rule_id.is_empty()),
        treatment: rule.as_ref().map(trace::remote_rule),
        way_out: answer.way_out,
        filings_version: answer.filings_version,
    };
    Filed { class, rule, in_province: answer.in_province, record }
}

/// The same of a visit that the person paid: where it is not settled directly, the area's own rate applies.
///
/// # Errors
/// MANUAL_RATE_MISSING where there is none.
pub fn read_paid(answer: FilingAnswer, rate: Option<RemoteRule>) -> Result<Filed, ServiceError> {
    if answer.direct {
        return read(answer);
    }
    let rate = rate.ok_or_else(|| not_direct(Reason::ManualRateMissing, &answer))?;
    let class = class_of(answer.filing_class()).ok_or_else(|| unreadable("filing_class"))?;
    Ok(filed(answer, class, Some(rate)))
}

/// How a visit counts as the contract tells it; empty for care at home.
pub fn code_of(class: Filing) -> &'static str {
    match class {
        Filing::Local => "",
        class => class.code(),
    }
}

/// Class and treatment of a settlement in one line, e.g. `temporary prepay 0.2`; empty where none was asked for.
pub fn summary(info: &SettlementInfo) -> String {
    let applied = info.filing.as_ref().and_then(|filing| filing.treatment.as_ref());
    let Told { treatment, value, .. } = applied.cloned().unwrap_or_default();
    let parts = [info.out_filing.clone(), treatment, value];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn class_of(class: FilingClass) -> Option<Filing> {
    Some(match class {
        FilingClass::Unspecified => return None,
        FilingClass::Local => Filing::Local,
        FilingClass::LongTerm => Filing::LongTerm,
        FilingClass::Referral => Filing::Referral,
        FilingClass::Emergency => Filing::Emergency,
        FilingClass::Temporary => Filing::Temporary,
        FilingClass::Unfiled => Filing::Unfiled,
        FilingClass::Exempt => Filing::Exempt,
        FilingClass::Returning => Filing::Returning,
    })
}

/// What must be applied; `None` where it cannot be read, or is out of the limits of its kind.
fn rule_of(told: &filing::Treatment) -> Option<RemoteRule> {
    let value = || told.value.parse::<Decimal>().ok();
    let treatment = match told.kind() {
        TreatmentKind::Unspecified => return None,
        TreatmentKind::Same => Treatment::Same,
        TreatmentKind::Points => Treatment::Points(value()?),
        TreatmentKind::Factor => Treatment::Factor(value()?),
        TreatmentKind::Prepay => Treatment::Prepay(value()?),
    };
    let cited = !told.rule_id.is_empty() && !told.citation.is_empty();
    let rule = RemoteRule { treatment, rule: told.rule_id.clone(), citation: told.citation.clone() };
    (cited && treatment.is_in_range()).then_some(rule)
}

fn not_direct(reason: Reason, answer: &FilingAnswer) -> ServiceError {
    let said = [answer.reason_text.as_str(), answer.way_out.as_str()];
    let text: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
    ServiceError::new(reason, format!("the visit is not settled directly: {}", answer.reason))
        .with_text(text.join("；"))
        .with("why", &answer.reason)
        .with("why_text", &answer.reason_text)
        .with("way_out", &answer.way_out)
}

fn unreadable(what: &str) -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("filing's answer has no readable {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(kind: TreatmentKind, value: &str) -> FilingAnswer {
        let mut answer = FilingAnswer {
            answer_id: "A".into(),
            rule_id: "national/kinds".into(),
            citation: "医保发〔2022〕22号".into(),
            direct: true,
            treatment: Some(filing::Treatment {
                value: value.into(),
                rule_id: "jiangxi/treatment#1".into(),
                citation: "明白卡".into(),
                ..filing::Treatment::default()
            }),
            ..FilingAnswer::default()
        };
        answer.set_filing_class(FilingClass::Temporary);
        answer.treatment.as_mut().unwrap().set_kind(kind);
        answer
    }

    #[test]
    fn each_mechanism_is_read_as_it_is_written() {
        let treatment =
            |kind, value| read(answer(kind, value)).unwrap().rule.map(|rule| (rule.treatment, rule.rule));
        let rule = || "jiangxi/treatment#1".to_owned();
        assert_eq!(treatment(TreatmentKind::Same, ""), Some((Treatment::Same, rule())));
        assert_eq!(treatment(TreatmentKind::Points, "-10"), Some((Treatment::Points((-10).into()), rule())));
        assert_eq!(
            treatment(TreatmentKind::Factor, "0.9"),
            Some((Treatment::Factor(Decimal::new(9, 1)), rule()))
        );
        assert_eq!(
            treatment(TreatmentKind::Prepay, "0.2"),
            Some((Treatment::Prepay(Decimal::new(2, 1)), rule()))
        );
    }

    #[test]
    fn what_cannot_be_read_is_never_applied_as_something_else() {
        for (kind, value) in [
            (TreatmentKind::Unspecified, ""),
            (TreatmentKind::Prepay, ""),
            (TreatmentKind::Prepay, "1.5"),
            (TreatmentKind::Points, "10"),
            (TreatmentKind::Factor, "-0.1"),
        ] {
            assert_eq!(read(answer(kind, value)).unwrap_err().reason(), "INTERNAL", "{kind:?} {value}");
        }
        let mut uncited = answer(TreatmentKind::Same, "");
        uncited.treatment.as_mut().unwrap().citation.clear();
        assert_eq!(read(uncited).unwrap_err().reason(), "INTERNAL");
        let mut classless = answer(TreatmentKind::Same, "");
        classless.set_filing_class(FilingClass::Unspecified);
        assert_eq!(read(classless).unwrap_err().reason(), "INTERNAL");
    }

    #[test]
    fn what_is_not_direct_says_why_and_what_to_do() {
        let refused = FilingAnswer {
            direct: false,
            reason: "FILING_REQUIRED".into(),
            reason_text: "未备案".into(),
            way_out: "请补办".into(),
            ..answer(TreatmentKind::Same, "")
        };
        let error = read(refused).unwrap_err();
        assert_eq!((error.reason().code(), error.text()), ("NOT_SETTLED_DIRECTLY", "未备案；请补办"));
        assert_eq!(error.metadata()["why"], "FILING_REQUIRED");
        assert_eq!(error.metadata()["why_text"], "未备案");
        assert_eq!(error.metadata()["way_out"], "请补办");
    }

    #[test]
    fn a_summary_names_class_and_treatment() {
        let filed = read(answer(TreatmentKind::Prepay, "0.20")).unwrap();
        let info = SettlementInfo {
            out_filing: code_of(filed.class).into(),
            filing: Some(filed.record),
            ..SettlementInfo::default()
        };
        assert_eq!(summary(&info), "temporary prepay 0.2");
        assert_eq!(summary(&SettlementInfo::default()), "");
    }
}
