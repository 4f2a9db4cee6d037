//! Whether the institution's contract lets a visit be settled.

use chrono::NaiveDate;
use yizhan_proto::settlement::v1::SettlementMark;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::super::messages::marks::mark;
use crate::reference::domain::{Contract, Institution, Standing};
use crate::rules::{Contracts, Handling, Rules};
use crate::settlements::domain::is_emergency;
use crate::settlements::messages::visit::CheckedVisit;

/// The marks with which it is settled; `wrong` gets the lines of departments that are suspended.
///
/// # Errors
/// INSTITUTION_SUSPENDED, INSTITUTION_NOT_SIGNED.
pub fn check(
    rules: &Rules,
    visit: &CheckedVisit,
    institution: &Institution,
    wrong: &mut Violations,
) -> Result<Vec<SettlementMark>, ServiceError> {
    let mut marks = Vec::new();
    marks.extend(days(rules, visit, institution)?);
    if institution.contract.tells_of_departments() {
        marks.extend(departments(rules, visit, institution, wrong));
    }
    Ok(marks)
}

fn days(
    rules: &Rules,
    visit: &CheckedVisit,
    institution: &Institution,
) -> Result<Option<SettlementMark>, ServiceError> {
    let Some((day, standing)) = institution.contract.first_without(visit.begin, visit.end) else {
        return Ok(None);
    };
    let suspended = matches!(standing, Standing::Suspended(_));
    let emergency = suspended && is_emergency(visit.reported.emergency, visit.med_type);
    let began_before = visit.begin < day;
    let mut found = None;
    // Without a rule nothing is settled.
    if let Some(rule) = rule_of(rules, institution, day) {
        let by_emergency = emergency.then_some(("EMERGENCY_WITHOUT_CONTRACT", rule.rule.emergency));
        let by_stay = began_before.then_some(("STAY_WITHOUT_CONTRACT", rule.rule.open_stay));
        // Of the two the better: an emergency makes nothing worse.
        let handlings = [by_emergency, by_stay].into_iter().flatten();
        found = handlings.max_by_key(|(_, handling)| *handling).map(|found| (found, rule));
    }
    match found {
        Some(((_, Handling::Accept), _)) => Ok(None),
        Some(((kind, Handling::Mark), rule)) => {
            let text = format!("{}医保协议{}", institution.name, standing.told());
            Ok(Some(mark((kind, text), [], &rule.id)))
        }
        _ => Err(refusal(institution, (day, standing), began_before, emergency)),
    }
}

fn refusal(
    institution: &Institution,
    (day, standing): (NaiveDate, Standing),
    began_before: bool,
    emergency: bool,
) -> ServiceError {
    let by_hand = "向参保地经办机构申请手工（零星）报销";
    let way_out = match day.pred_opt() {
        Some(before) if began_before => format!(
            "请将出院（结束）日期填为{before}，先结算此前的费用；{day}起的费用本机构不能联网结算，请为参保人办理转院，或告知其{by_hand}"
        ),
        _ if emergency => format!("急诊抢救费用请保存票据和病历，{by_hand}"),
        _ => "请到其他定点机构就医；已由参保人垫付费用的，请其向参保地经办机构咨询能否手工（零星）报销"
            .to_owned(),
    };
    let (reason, since) = match standing {
        Standing::Suspended(since) => (Reason::InstitutionSuspended, since),
        Standing::Ended(since) | Standing::NotYet(since) => (Reason::InstitutionNotSigned, since),
        Standing::Signed => (Reason::InstitutionNotSigned, day),
    };
    ServiceError::new(reason, format!("{} has no contract in force on {day}", institution.code))
        .with_text(format!("该机构医保协议{}，{day}的就诊不能联网结算。{way_out}", standing.told()))
        .with("day", day)
        .with("since", since)
        .with("way_out", way_out)
}

/// Lines of departments on days on which they are suspended.
fn departments(
    rules: &Rules,
    visit: &CheckedVisit,
    institution: &Institution,
    wrong: &mut Violations,
) -> Option<SettlementMark> {
    let mut marked = Vec::new();
    let mut by = None;
    for (index, line) in visit.reported.feedetail.iter().enumerate() {
        let day = parse_date(&line.fee_ocur_date).unwrap_or(visit.end);
        let Some(since) = suspended(&institution.contract, &line.bilg_dept_codg, day) else { continue };
        let rule = rule_of(rules, institution, day);
        match rule.map_or(Handling::Refuse, |rule| rule.rule.department) {
            Handling::Refuse => {
                let field = format!("visit.feedetail[{index}].bilg_dept_codg");
                wrong.push(field, Reason::DepartmentSuspended).with("since", since);
            }
            Handling::Mark => {
                marked.push(line.feedetl_sn.as_str());
                by = by.or(rule);
            }
            Handling::Accept => {}
        }
    }
    by.map(|rule| mark(("DEPARTMENT_SUSPENDED", "开单科室当日已中止医保结算".to_owned()), marked, &rule.id))
}

/// Since when a department is suspended by itself.
fn suspended(contract: &Contract, dept: &str, day: NaiveDate) -> Option<NaiveDate> {
    let signed = dept.is_empty() || contract.standing("", day) != Standing::Signed;
    match contract.standing(dept, day) {
        Standing::Suspended(since) | Standing::Ended(since) | Standing::NotYet(since) if !signed => {
            Some(since)
        }
        _ => None,
    }
}

fn rule_of<'r>(
    rules: &'r Rules,
    institution: &Institution,
    day: NaiveDate,
) -> Option<&'r yizhan_documents::Dated<Contracts>> {
    rules.find::<Contracts>(Area::parse(&institution.admdvs)?, day).ok()
}
