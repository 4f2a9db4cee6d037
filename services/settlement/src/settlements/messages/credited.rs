//! What credit answered about practitioners, put into an answer: lines that are refused, paid with a mark, or paid as an emergency.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use yizhan_documents::Dated;
use yizhan_proto::credit::v1::{Qualification, QualificationQuestion, QualificationStatus};
use yizhan_proto::settlement::v1::{
    Credited, CreditedLine, FeeLineResult, LineHandling, Settlement, SettlementInfo, SettlementMark,
};
use yizhan_runtime::clock::parse_date;
use yizhan_terms::{Area, InstitutionType, MedType};

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

/// Puts the answers, which are in the order of the questions, into the answer of a visit, with what the rule says of lines that name nobody.
pub fn tell(
    rules: &Rules,
    mut answer: Settlement,
    asked: &[QualificationQuestion],
    found: &[Qualification],
) -> Settlement {
    let found: BTreeMap<Key<'_>, &Qualification> = asked.iter().map(key_of).zip(found).collect();
    let info = header(&answer);
    let line = |row: &FeeLineResult| {
        let qualification = match key(info, row) {
            Some(key) => Some(*found.get(&key)?),
            None => None,
        };
        let rule = rule_of(rules, info, row)?;
        let handling = handled(&rule.rule, qualification.map(Qualification::status), (info, row))?;
        let line = CreditedLine {
            feedetl_sn: row.feedetl_sn.clone(),
            handling: handling.into(),
            qualification: qualification.cloned(),
            rule: rule.id.clone(),
        };
        let text = format!("{}：{}", who(qualification), follows(handling, over(&rule.rule, info)));
        Some((line, text))
    };
    let lines: Vec<(CreditedLine, String)> = own(&answer).filter_map(line).collect();
    let marks = marks(&lines);
    answer.setlinfo.get_or_insert_default().marks.extend(marks);
    let lines = lines.into_iter().map(|(line, _)| line).collect();
    answer.credit = Some(Credited { lines, withheld_fen: 0 });
    answer
}

/// Credit did not say. What the rule says of lines that name nobody needs no answer of it.
pub fn pending(rules: &Rules, answer: Settlement) -> Settlement {
    let mut answer = tell(rules, answer, &[], &[]);
    answer.credit = answer.credit.filter(|credit| !credit.lines.is_empty());
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
    handled(&rule_of(rules, info, row)?.rule, Some(status), (info, row))
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

/// What becomes of a line, at the counter and whenever it is looked at again; `None`: it is paid as if nothing were. Without a status it names
/// nobody, which is nothing at a pharmacy.
fn handled(
    rule: &Practitioners,
    status: Option<QualificationStatus>,
    (info, row): (&SettlementInfo, &FeeLineResult),
) -> Option<LineHandling> {
    let handling = match status {
        Some(status) => of_status(rule, status)?,
        None if is_pharmacy(info) => return None,
        None => rule.unnamed,
    };
    match handling {
        Handling::Refuse if in_emergency(rule, info, row) => Some(LineHandling::Emergency),
        Handling::Refuse => Some(LineHandling::Refused),
        Handling::Mark => Some(LineHandling::Marked),
        Handling::Accept => None,
    }
}

fn is_pharmacy(info: &SettlementInfo) -> bool {
    info.medins_type == InstitutionType::Pharmacy.code() || info.med_type == MedType::Pharmacy.code()
}

/// Whether a line is 急诊抢救: its visit is, and its day is not behind those of a stay that the rule counts.
fn in_emergency(rule: &Practitioners, info: &SettlementInfo, row: &FeeLineResult) -> bool {
    let Some(days) = over(rule, info) else {
        return MedType::from_code(&info.med_type)
            .is_some_and(|med_type| is_emergency(info.emergency, med_type));
    };
    let since = parse_date(&info.begndate).zip(parse_date(day_of(info, row)));
    since.is_none_or(|(first, day)| (day - first).num_days() < days)
}

/// After how many days a stay that began as an emergency is none any more; `None` of one that stays one, and of any other visit.
fn over(rule: &Practitioners, info: &SettlementInfo) -> Option<i64> {
    let stay = MedType::from_code(&info.med_type).filter(|med_type| med_type.is_stay())?;
    rule.emergency_days.filter(|_| is_emergency(info.emergency, stay))
}

/// A mark for each practitioner, or those whom nobody named, and what became of their lines.
fn marks(lines: &[(CreditedLine, String)]) -> Vec<SettlementMark> {
    let mut all: BTreeMap<(LineHandling, &str, &str), Vec<&CreditedLine>> = BTreeMap::new();
    for (line, text) in lines {
        all.entry((line.handling(), &line.rule, text)).or_default().push(line);
    }
    let mark_of = |((handling, rule, text), lines): ((LineHandling, &str, &str), Vec<&CreditedLine>)| {
        let named = lines.iter().any(|line| line.qualification.is_some());
        let kind = match handling {
            LineHandling::Refused => "PRACTITIONER_REFUSED",
            _ if !named => "PRACTITIONER_UNNAMED",
            LineHandling::Emergency => "PRACTITIONER_EMERGENCY",
            LineHandling::Marked | LineHandling::Unspecified => "PRACTITIONER_MARKED",
        };
        mark((kind, text.to_owned()), lines.iter().map(|line| line.feedetl_sn.as_str()), rule)
    };
    all.into_iter().map(mark_of).collect()
}

/// Who stood how, in Chinese.
fn who(qualification: Option<&Qualification>) -> String {
    qualification.map_or_else(|| "未填开单人员，也未填就诊医师".to_owned(), stood)
}

/// What follows, in Chinese; `over`: after how many days a stay was no emergency any more.
fn follows(handling: LineHandling, over: Option<i64>) -> String {
    let refused = "基金不予支付，由医药机构承担，不影响个人负担";
    match (handling, over) {
        (LineHandling::Refused, Some(days)) => format!("急诊抢救计入院起 {days} 日，已过；{refused}"),
        (LineHandling::Refused, None) => refused.to_owned(),
        (LineHandling::Emergency, _) => "急诊抢救，照常支付".to_owned(),
        (LineHandling::Marked | LineHandling::Unspecified, _) => "照常支付，待核查".to_owned(),
    }
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
mod tests;
