//! What credit answered about practitioners, put into an answer: lines that are refused, paid with a mark, or paid as an emergency.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use yizhan_documents::Dated;
use yizhan_proto::credit::v1::{Qualification, QualificationQuestion, QualificationStatus};
use yizhan_proto::settlement::v1::{
    Credited, CreditedLine, FeeLineResult, LineHandling, Settlement, SettlementInfo, SettlementMark,
};
use yizhan_runtime::clock::parse_date;
use yizhan_terms::{Area, MedType};

use super::marks::mark;
use crate::books::messages::parts::header;
use crate::books::messages::practitioners::{Key, PENDING, day_of, key, own};
use crate::rules::{Handling, Practitioners, Rules};
use crate::settlements::domain::is_emergency;

/// Everybody who gave a service of a bill, once for each day and place, where a rule of that day makes a difference of it.
pub fn questions(rules: &Rules, answer: &Settlement) -> Vec<QualificationQuestion> {
    let info = header(answer);
    let asked: BTreeSet<Key<'_>> = own(answer)
        .filter(|row| rule_of(rules, info, row).is_some_and(|rule| matters(&rule.rule)))
        .filter_map(|row| key(info, row))
        .collect();
    let question = |(code, day, place): Key<'_>| QualificationQuestion {
        practitioner_code: code.to_owned(),
        day: day.to_owned(),
        fixmedins_code: place.to_owned(),
    };
    asked.into_iter().map(question).collect()
}

/// Puts the answers, which are in the order of the questions, into the answer of a visit.
pub fn tell(
    rules: &Rules,
    mut answer: Settlement,
    asked: &[QualificationQuestion],
    found: &[Qualification],
) -> Settlement {
    let found: BTreeMap<Key<'_>, &Qualification> = asked.iter().map(key_of).zip(found).collect();
    let info = header(&answer);
    let line = |row: &FeeLineResult| {
        let qualification = *found.get(&key(info, row)?)?;
        let rule = rule_of(rules, info, row)?;
        Some(CreditedLine {
            feedetl_sn: row.feedetl_sn.clone(),
            handling: handled(&rule.rule, qualification.status(), info)?.into(),
            qualification: Some(qualification.clone()),
            rule: rule.id.clone(),
        })
    };
    let lines: Vec<CreditedLine> = match found.is_empty() {
        true => Vec::new(),
        false => own(&answer).filter_map(line).collect(),
    };
    answer.setlinfo.get_or_insert_default().marks.extend(marks(&lines));
    answer.credit = Some(Credited { lines, withheld_fen: 0 });
    answer
}

/// Credit did not say.
pub fn pending(mut answer: Settlement) -> Settlement {
    let text = "未能及时核对相关人员医保支付资格".to_owned();
    let info = answer.setlinfo.get_or_insert_default();
    info.marks.push(mark((PENDING, text), [], ""));
    answer
}

fn key_of(question: &QualificationQuestion) -> Key<'_> {
    (&question.practitioner_code, &question.day, &question.fixmedins_code)
}

/// The rule of the place of care on the day of a line; `None`: nothing is asked, as before there was 支付资格.
fn rule_of<'r>(
    rules: &'r Rules,
    info: &SettlementInfo,
    row: &FeeLineResult,
) -> Option<&'r Dated<Practitioners>> {
    rule_on(rules, &info.mdtrtarea_admvs, day_of(info, row))
}

fn rule_on<'r>(rules: &'r Rules, admdvs: &str, day: &str) -> Option<&'r Dated<Practitioners>> {
    let day: NaiveDate = parse_date(day)?;
    rules.find::<Practitioners>(Area::parse(admdvs)?, day).ok()
}

/// Whether lines of somebody who stands so are refused, but in an emergency.
pub fn refuses(rules: &Rules, admdvs: &str, day: &str, status: QualificationStatus) -> bool {
    rule_on(rules, admdvs, day).is_some_and(|rule| of_status(&rule.rule, status) == Some(Handling::Refuse))
}

/// What becomes of a line of somebody who stands so; `None`: it is paid as if nothing were.
pub fn handling_of(
    rules: &Rules,
    info: &SettlementInfo,
    row: &FeeLineResult,
    status: QualificationStatus,
) -> Option<LineHandling> {
    handled(&rule_of(rules, info, row)?.rule, status, info)
}

fn matters(rule: &Practitioners) -> bool {
    [rule.suspended, rule.terminated, rule.unregistered].iter().any(|handling| *handling != Handling::Accept)
}

/// What the rule says of a status; `None` of who is 正常.
fn of_status(rule: &Practitioners, status: QualificationStatus) -> Option<Handling> {
    Some(match status {
        QualificationStatus::Normal => return None,
        QualificationStatus::Suspended => rule.suspended,
        QualificationStatus::Terminated => rule.terminated,
        QualificationStatus::Unregistered => rule.unregistered,
        // A status of later: told, and looked at.
        QualificationStatus::Unspecified => Handling::Mark,
    })
}

/// What becomes of a line; `None`: it is paid as if nothing were.
fn handled(rule: &Practitioners, status: QualificationStatus, info: &SettlementInfo) -> Option<LineHandling> {
    let handling = of_status(rule, status)?;
    let emergency =
        || MedType::from_code(&info.med_type).is_some_and(|med_type| is_emergency(info.emergency, med_type));
    match handling {
        Handling::Refuse if emergency() => Some(LineHandling::Emergency),
        Handling::Refuse => Some(LineHandling::Refused),
        Handling::Mark => Some(LineHandling::Marked),
        Handling::Accept => None,
    }
}

/// A mark for each practitioner and what became of their lines.
fn marks(lines: &[CreditedLine]) -> Vec<SettlementMark> {
    let mut all: BTreeMap<(LineHandling, &str, String), Vec<&CreditedLine>> = BTreeMap::new();
    for line in lines {
        let Some(qualification) = &line.qualification else { continue };
        let (kind, text) = (line.handling(), told(qualification, line.handling()));
        all.entry((kind, &line.rule, text)).or_default().push(line);
    }
    let mark_of = |((handling, rule, text), lines): ((LineHandling, &str, String), Vec<&CreditedLine>)| {
        let kind = match handling {
            LineHandling::Refused => "PRACTITIONER_REFUSED",
            LineHandling::Emergency => "PRACTITIONER_EMERGENCY",
            LineHandling::Marked | LineHandling::Unspecified => "PRACTITIONER_MARKED",
        };
        mark((kind, text), lines.iter().map(|line| line.feedetl_sn.as_str()), rule)
    };
    all.into_iter().map(mark_of).collect()
}

/// Who stood how, and what follows, in Chinese.
fn told(qualification: &Qualification, handling: LineHandling) -> String {
    let follows = match handling {
        LineHandling::Refused => "基金不予支付，由医药机构承担，不影响个人负担",
        LineHandling::Emergency => "急诊抢救，照常支付",
        LineHandling::Marked | LineHandling::Unspecified => "照常支付，待核查",
    };
    format!("{}：{follows}", stood(qualification))
}

/// Who stood how, since when and by what, in Chinese.
pub fn stood(qualification: &Qualification) -> String {
    let Qualification { practitioner_code, day, from_date, ends_on, basis, .. } = qualification;
    let status = match qualification.status() {
        QualificationStatus::Suspended => "医保支付资格暂停",
        QualificationStatus::Terminated => "医保支付资格终止",
        QualificationStatus::Normal => "医保支付资格正常",
        _ => "未登记备案",
    };
    let since = if from_date.is_empty() { String::new() } else { format!("，自 {from_date} 起") };
    let until = if ends_on.is_empty() { String::new() } else { format!("至 {ends_on}") };
    let basis = if basis.is_empty() { String::new() } else { format!("，依据 {basis}") };
    format!("人员 {practitioner_code} 在 {day} {status}{since}{until}{basis}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settlements::messages::audited::withhold;

    fn rules() -> Rules {
        Rules::embedded()
    }

    fn row(feedetl_sn: &str, doctor: &str, day: &str) -> FeeLineResult {
        FeeLineResult {
            feedetl_sn: feedetl_sn.to_owned(),
            bilg_dr_codg: doctor.to_owned(),
            fee_ocur_date: day.to_owned(),
            inscp_scp_amt_fen: 100,
            ..FeeLineResult::default()
        }
    }

    fn answer(emergency: bool) -> Settlement {
        let info = SettlementInfo {
            setl_id: "S1".to_owned(),
            fixmedins_code: "H1".to_owned(),
            mdtrtarea_admvs: "430100".to_owned(),
            med_type: "21".to_owned(),
            enddate: "2026-01-20".to_owned(),
            dr_codg: "D2".to_owned(),
            inscp_scp_amt_fen: 500,
            fund_pay_sumamt_fen: 250,
            emergency,
            ..SettlementInfo::default()
        };
        let earlier = FeeLineResult { earlier_part: true, ..row("0", "D1", "2026-01-18") };
        let feedetail = vec![
            earlier,
            row("1", "D1", "2026-01-19"),
            row("2", "D1", "2026-01-20"),
            row("3", "D1", "2026-01-20"),
            row("4", "", ""),
            row("5", "D1", "2024-12-31"),
        ];
        Settlement { setlinfo: Some(info), feedetail, ..Settlement::default() }
    }

    fn said(answer: &Settlement, status: impl Fn(Key<'_>) -> QualificationStatus) -> Settlement {
        let asked = questions(&rules(), answer);
        let found = |question: &QualificationQuestion| Qualification {
            practitioner_code: question.practitioner_code.clone(),
            day: question.day.clone(),
            status: status(key_of(question)).into(),
            ..Qualification::default()
        };
        let found: Vec<_> = asked.iter().map(found).collect();
        withhold(tell(&rules(), answer.clone(), &asked, &found))
    }

    #[test]
    fn everybody_is_asked_about_once_a_day() {
        let asked = questions(&rules(), &answer(false));
        let asked: Vec<_> = asked.iter().map(key_of).collect();
        let expected = [("D1", "2026-01-19", "H1"), ("D1", "2026-01-20", "H1"), ("D2", "2026-01-20", "H1")];
        assert_eq!(
            asked, expected,
            "the doctor of the visit where the line names none; nothing before there was 支付资格"
        );
    }

    #[test]
    fn what_is_refused_is_the_institution_s() {
        let suspended = |(code, day, _): Key<'_>| match (code, day) {
            ("D1", "2026-01-20") => QualificationStatus::Suspended,
            ("D2", _) => QualificationStatus::Unregistered,
            _ => QualificationStatus::Normal,
        };
        let told = said(&answer(false), suspended);
        let credit = told.credit.as_ref().unwrap();
        let lines: Vec<_> =
            credit.lines.iter().map(|line| (line.feedetl_sn.as_str(), line.handling())).collect();
        assert_eq!(lines, [("2", LineHandling::Refused), ("3", LineHandling::Refused)]);
        assert_eq!(credit.withheld_fen, 100, "200 of 500 in scope, of which 250 are paid");
        let booked: Vec<_> = told.postings.iter().map(|one| (one.account.as_str(), one.amount_fen)).collect();
        assert_eq!(booked, [("institution/H1", -100), ("withheld/H1", 100)]);
        let marks = &told.setlinfo.as_ref().unwrap().marks;
        assert_eq!(
            (marks.len(), marks[0].kind.as_str(), marks[0].feedetl_sn.len()),
            (1, "PRACTITIONER_REFUSED", 2)
        );
        assert!(marks[0].text.contains("由医药机构承担"), "{}", marks[0].text);
    }

    #[test]
    fn an_emergency_is_paid() {
        let told = said(&answer(true), |_| QualificationStatus::Terminated);
        let credit = told.credit.as_ref().unwrap();
        assert!(credit.lines.iter().all(|line| line.handling() == LineHandling::Emergency));
        assert_eq!((credit.lines.len(), credit.withheld_fen, told.postings.len()), (4, 0, 0));
    }
}
