//! Is this person entitled on this day, and what else is true of them?

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate};
use yizhan_runtime::Reason;
use yizhan_terms::{Area, Insutype};

use crate::person::domain::basic_schemes::is_basic_normal;
use crate::person::domain::codes;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{
    AccountShare, Coverage, CoverageState, DiseaseEntitlement, Identity, Membership, Timeline,
};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The day.
    pub as_of: NaiveDate,
    /// The scheme; `None` for whichever basic scheme entitles.
    pub insutype: Option<Insutype>,
    /// The kind of care; `None` for care in general.
    pub med_type: Option<String>,
    /// The disease asked for; `None` for none.
    pub dise_codg: Option<String>,
    /// Where the care is given; `None` for in the pooling area.
    pub place: Option<Area>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Why not; `None` when entitled.
    pub refusal: Option<Refusal>,
    /// The coverage answered about.
    pub coverage: Option<&'a Coverage>,
    /// Whole years of age; 0 before birth.
    pub age: i32,
    /// Calendar years insured in a row.
    pub consecutive_years: i32,
    /// Identities that hold.
    pub identities: Vec<&'a Identity>,
    /// Memberships that hold, each with the first year of unbroken membership.
    pub memberships: Vec<(&'a Membership, i32)>,
    /// Relatives whose account may be used.
    pub account_sharers: BTreeSet<&'a str>,
    /// The shares of that day, those that were withdrawn later as well.
    pub account_shares: Vec<&'a AccountShare>,
    /// Entitlements to outpatient care of a disease that hold.
    pub diseases: Vec<&'a DiseaseEntitlement>,
}

/// Why somebody is not entitled. The dates are for the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No coverage of that kind is known.
    NoCoverage,
    /// It begins later.
    NotStarted(NaiveDate),
    /// It is paused.
    Paused,
    /// It is frozen.
    Frozen,
    /// It ended; the last day, if known.
    Ended(Option<NaiveDate>),
    /// The waiting period runs until the day before this.
    Waiting(NaiveDate),
    /// The coverage does not extend to this kind of care.
    MedTypeNotCovered,
    /// No entitlement to outpatient care of the disease.
    DiseaseNotEntitled,
    /// It should have been verified again by this day.
    ReverificationOverdue(NaiveDate),
    /// The person died before.
    Deceased,
    /// The person was born later.
    NotBorn,
}

impl Refusal {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Refusal::NoCoverage => Reason::NoCoverage,
            Refusal::NotStarted(_) => Reason::CoverageNotStarted,
            Refusal::Paused => Reason::CoveragePaused,
            Refusal::Frozen => Reason::CoverageFrozen,
            Refusal::Ended(_) => Reason::CoverageEnded,
            Refusal::Waiting(_) => Reason::WaitingPeriod,
            Refusal::MedTypeNotCovered => Reason::MedTypeNotCovered,
            Refusal::DiseaseNotEntitled => Reason::DiseaseNotEntitled,
            Refusal::ReverificationOverdue(_) => Reason::ReverificationOverdue,
            Refusal::Deceased => Reason::Deceased,
            Refusal::NotBorn => Reason::NotBorn,
        }
    }

    /// The reason in zh-CN.
    pub fn text(self) -> String {
        match self {
            Refusal::NotStarted(from) => format!("参保自 {from} 起生效，就诊日期尚未参保"),
            Refusal::Paused => "参保状态为暂停，暂不享受待遇".to_owned(),
            Refusal::Frozen => "参保关系已冻结，暂不享受待遇".to_owned(),
            Refusal::Ended(Some(last)) => format!("参保已于 {last} 终止"),
            Refusal::Waiting(from) => format!("处于待遇等待期，自 {from} 起享受待遇"),
            Refusal::MedTypeNotCovered => "参保类型为住院统筹，该医疗类别不在待遇范围内".to_owned(),
            Refusal::ReverificationOverdue(last) => format!("该病种待遇应于 {last} 前复审，已逾期"),
            _ => self.reason().text().to_owned(),
        }
    }

    /// What can be done, in zh-CN.
    pub fn way_out(self) -> &'static str {
        match self {
            Refusal::NoCoverage => "请核对险种类型，或到参保地经办机构办理参保登记",
            Refusal::NotStarted(_) => "请核对就诊日期；参保生效前的费用由个人承担",
            Refusal::Paused => "请用人单位或本人补缴后恢复参保，再申请结算",
            Refusal::Frozen => "请到参保地经办机构核实冻结原因，办理解冻后再申请结算",
            Refusal::Ended(_) => "请到参保地经办机构办理续保，或核对是否已在其他统筹区参保",
            Refusal::Waiting(_) => "等待期满后享受待遇；可变等待期可向参保地经办机构申请修复",
            Refusal::MedTypeNotCovered => "请核对医疗类别，或由个人承担本次费用",
            Refusal::DiseaseNotEntitled => "请到定点医疗机构或参保地经办机构办理病种待遇认定",
            Refusal::ReverificationOverdue(_) => "请到参保地经办机构办理复审，复审通过后恢复该病种待遇",
            Refusal::Deceased => "请核对就诊日期与人员信息，如登记有误请到参保地经办机构更正",
            Refusal::NotBorn => "请核对就诊日期与出生日期；新生儿可在出生后 90 日内办理参保",
        }
    }
}

/// Answers from the timeline.
pub fn answer<'a>(timeline: &'a Timeline, question: &Question) -> Answer<'a> {
    let day = question.as_of;
    let (coverage, refusal) = coverage_and_refusal(timeline, question);
    let account_shares = timeline.account_shares.iter().filter(|share| share.period.contains(day));
    let usable = account_shares.clone().filter(|share| share.holds(day));
    let account_sharers = usable.map(|share| share.sharer_psn_no.as_str()).collect();
    let memberships = timeline.memberships.iter().filter(|held| held.period.contains(day));
    Answer {
        refusal: refusal_of_person(timeline, day)
            .or(refusal)
            .or_else(|| refusal_of_disease(timeline, question)),
        coverage,
        age: day.years_since(timeline.person.brdy).unwrap_or(0) as i32,
        consecutive_years: consecutive_years(timeline, day),
        identities: timeline.identities.iter().filter(|identity| identity.period.contains(day)).collect(),
        memberships: memberships.map(|held| (held, timeline.member_since(held))).collect(),
        account_sharers,
        account_shares: account_shares.collect(),
        diseases: timeline.diseases.iter().filter(|disease| disease.holds(day)).collect(),
    }
}

/// Why not for the disease asked for.
pub fn refusal_of_disease(timeline: &Timeline, question: &Question) -> Option<Refusal> {
    let asked = question.dise_codg.as_ref()?;
    let day = question.as_of;
    let mut of_day =
        timeline.diseases.iter().filter(|held| held.dise_codg == *asked && held.period.contains(day));
    if of_day.clone().any(|held| held.holds(day)) {
        return None;
    }
    let overdue = of_day.find_map(|held| held.reverify_by);
    Some(overdue.map_or(Refusal::DiseaseNotEntitled, Refusal::ReverificationOverdue))
}

/// Why nobody of that birth and death is entitled.
pub fn refusal_of_person(timeline: &Timeline, day: NaiveDate) -> Option<Refusal> {
    if day < timeline.person.brdy {
        return Some(Refusal::NotBorn);
    }
    timeline.person.die_date.filter(|died| *died < day).map(|_| Refusal::Deceased)
}

/// The coverage answered about, and why it does not entitle.
pub fn coverage_and_refusal<'a>(
    timeline: &'a Timeline,
    question: &Question,
) -> (Option<&'a Coverage>, Option<Refusal>) {
    if let Some(insutype) = question.insutype {
        return in_scheme(timeline, insutype, question);
    }
    let answers: Vec<_> =
        Insutype::BASIC.iter().map(|insutype| in_scheme(timeline, *insutype, question)).collect();
    let entitled = answers.iter().find(|(_, refusal)| refusal.is_none());
    let covered = answers.iter().find(|(coverage, _)| coverage.is_some());
    entitled.or(covered).copied().unwrap_or((None, Some(Refusal::NoCoverage)))
}

/// Within one scheme: by the stretch of that day, else the last one before, else the first one after.
fn in_scheme<'a>(
    timeline: &'a Timeline,
    insutype: Insutype,
    question: &Question,
) -> (Option<&'a Coverage>, Option<Refusal>) {
    let day = question.as_of;
    let stretches: Vec<&Coverage> = timeline.coverages.iter().filter(|c| c.insutype == insutype).collect();
    if let Some(current) = stretches.iter().find(|stretch| stretch.period.contains(day)) {
        return (Some(current), refusal_of_stretch(current, question));
    }
    if let Some(last) = stretches.iter().rfind(|stretch| stretch.period.ended_before(day)) {
        return (Some(last), Some(Refusal::Ended(last.period.enddate)));
    }
    match stretches.first() {
        Some(first) => (Some(first), Some(Refusal::NotStarted(first.period.begndate))),
        None => (None, Some(Refusal::NoCoverage)),
    }
}

fn refusal_of_stretch(stretch: &Coverage, question: &Question) -> Option<Refusal> {
    match stretch.state {
        CoverageState::Paused => return Some(Refusal::Paused),
        CoverageState::Frozen => return Some(Refusal::Frozen),
        CoverageState::Ended => return Some(Refusal::Ended(None)),
        CoverageState::Normal => {}
    }
    if let Some(from) = stretch.entitled_begndate.filter(|from| question.as_of < *from) {
        return Some(Refusal::Waiting(from));
    }
    let outside = |med_type: &String| stretch.hi_type == "3" && codes::outside_inpatient_pooling(med_type);
    question.med_type.as_ref().filter(|med_type| outside(med_type)).map(|_| Refusal::MedTypeNotCovered)
}

/// Calendar years, back from the day's own, that have a day of normal coverage in a basic scheme up to the day.
fn consecutive_years(timeline: &Timeline, day: NaiveDate) -> i32 {
    let insured_in = |year: i32| {
        timeline.coverages.iter().any(|held| is_basic_normal(held) && held.period.has_day_in(year, day))
    };
    let years = (0..).take_while(|back| insured_in(day.year() - back)).count();
    years as i32
}

/// The areas that pay under a basic coverage within a year of a day, but for the one that pays on it: of somebody who moved. `home` keeps the
/// register.
pub fn other_areas(timeline: &Timeline, [home, paying]: [Area; 2], day: NaiveDate) -> BTreeSet<Area> {
    let year = Days::new(365);
    let around = Period { begndate: day - year, enddate: Some(day + year) };
    let near =
        timeline.coverages.iter().filter(|held| is_basic_normal(held) && held.period.overlaps(&around));
    near.map(|held| held.poolarea_no.unwrap_or(home)).filter(|area| *area != paying).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::domain::timeline::DiseaseKind;
    use crate::person::domain::timeline::examples::*;

    fn ask<'a>(timeline: &'a Timeline, as_of: &str, insutype: Option<&str>) -> Answer<'a> {
        let question = Question {
            as_of: as_of.parse().unwrap(),
            insutype: insutype.and_then(Insutype::from_code),
            med_type: Some("21".to_owned()),
            dise_codg: None,
            place: None,
        };
        answer(timeline, &question)
    }

    fn reason(timeline: &Timeline, as_of: &str) -> &'static str {
        ask(timeline, as_of, None).refusal.map_or("", |refusal| refusal.reason().code())
    }

    #[test]
    fn the_areas_of_a_mover_are_told() {
        let area = |code: &str| Area::parse(code).unwrap();
        let (old, new) = (area("430200"), area("360100"));
        let mut mover = person("1980-01-01");
        mover.put(coverage("310", "2020-01-01", "2026-05-31"));
        mover.put(Coverage { poolarea_no: None, ..coverage("310", "2026-06-01", "") });
        let others = |paying: Area, day: &str| -> Vec<Area> {
            other_areas(&mover, [new, paying], day.parse().unwrap()).into_iter().collect()
        };
        assert_eq!((others(new, "2026-09-01"), others(old, "2026-03-01")), (vec![old], vec![new]));
        assert_eq!((others(new, "2027-09-01"), others(old, "2025-03-01")), (vec![], vec![]));
    }

    #[test]
    fn the_state_of_the_day_decides() {
        let mut timeline = person("1980-01-01");
        assert_eq!(reason(&timeline, "2024-01-01"), "NO_COVERAGE");
        timeline.put(coverage("310", "2023-01-01", "2023-12-31"));
        let pause = Coverage { state: CoverageState::Paused, ..coverage("310", "2024-01-01", "2024-02-29") };
        timeline.put(pause);
        timeline.put(coverage("310", "2024-03-01", "2024-12-31"));
        for (day, expected) in [
            ("2022-12-31", "COVERAGE_NOT_STARTED"),
            ("2023-01-01", ""),
            ("2023-12-31", ""),
            ("2024-01-01", "COVERAGE_PAUSED"),
            ("2024-02-29", "COVERAGE_PAUSED"),
            ("2024-03-01", ""),
            ("2024-12-31", ""),
            ("2025-01-01", "COVERAGE_ENDED"),
        ] {
            assert_eq!(reason(&timeline, day), expected, "{day}");
        }
    }

    #[test]
    fn waiting_death_and_birth() {
        let mut timeline = person("1980-05-05");
        let waiting =
            Coverage { entitled_begndate: "2024-04-01".parse().ok(), ..coverage("390", "2024-01-01", "") };
        timeline.put(waiting);
        assert_eq!(reason(&timeline, "2024-03-31"), "WAITING_PERIOD");
        assert_eq!(reason(&timeline, "2024-04-01"), "");
        timeline.person.die_date = "2024-06-01".parse().ok();
        assert_eq!(reason(&timeline, "2024-06-01"), "");
        assert_eq!(reason(&timeline, "2024-06-02"), "DECEASED");
        assert_eq!(reason(&timeline, "1980-05-04"), "NOT_BORN");
    }

    #[test]
    fn the_scheme_that_entitles_is_found() {
        let mut timeline = person("1980-01-01");
        timeline.put(coverage("310", "2020-01-01", "2022-12-31"));
        timeline.put(coverage("390", "2023-01-01", "2023-12-31"));
        let found = |day: &str, insutype| ask(&timeline, day, insutype).coverage.map(|c| c.insutype.code());
        assert_eq!(found("2021-06-01", None), Some("310"));
        assert_eq!(found("2023-06-01", None), Some("390"));
        assert_eq!(found("2024-06-01", None), Some("310"), "nobody entitles: the first with a coverage");
        assert_eq!(ask(&timeline, "2023-06-01", Some("310")).refusal.unwrap().reason(), "COVERAGE_ENDED");
        assert_eq!(ask(&timeline, "2023-06-01", Some("510")).refusal, Some(Refusal::NoCoverage));
    }

    #[test]
    fn inpatient_pooling_leaves_outpatient_care_out() {
        let mut timeline = person("1980-01-01");
        timeline.put(Coverage { hi_type: "3".to_owned(), ..coverage("310", "2024-01-01", "") });
        let with = |med_type: Option<&str>| {
            let question = Question {
                as_of: "2024-05-01".parse().unwrap(),
                insutype: None,
                med_type: med_type.map(str::to_owned),
                dise_codg: None,
                place: None,
            };
            answer(&timeline, &question).refusal
        };
        assert_eq!((with(None), with(Some("21")), with(Some("14"))), (None, None, None));
        assert_eq!(with(Some("15")), Some(Refusal::MedTypeNotCovered));
    }

    #[test]
    fn a_disease_is_covered_while_recognised_and_verified_again() {
        let mut timeline = person("1960-01-01");
        timeline.put(coverage("390", "2024-01-01", ""));
        timeline.put(DiseaseEntitlement {
            kind: DiseaseKind::Chronic,
            dise_codg: "M03900".to_owned(),
            dise_name: "高血压".to_owned(),
            period: period("2024-02-01", "2024-12-31"),
            reverify_by: "2024-07-31".parse().ok(),
        });
        let ask = |day: &str, dise_codg: &str| {
            let question = Question {
                as_of: day.parse().unwrap(),
                insutype: None,
                med_type: Some("14".to_owned()),
                dise_codg: Some(dise_codg.to_owned()),
                place: None,
            };
            let found = answer(&timeline, &question);
            (found.refusal.map_or("", |refusal| refusal.reason().code()), found.diseases.len())
        };
        assert_eq!(ask("2024-01-31", "M03900"), ("DISEASE_NOT_ENTITLED", 0));
        assert_eq!(ask("2024-02-01", "M03900"), ("", 1));
        assert_eq!(ask("2024-07-31", "M03900"), ("", 1));
        assert_eq!(ask("2024-08-01", "M03900"), ("REVERIFICATION_OVERDUE", 0));
        assert_eq!(ask("2025-01-01", "M03900"), ("DISEASE_NOT_ENTITLED", 0));
        assert_eq!(ask("2024-03-01", "M01600"), ("DISEASE_NOT_ENTITLED", 1));
        assert_eq!(ask("2023-12-31", "M03900"), ("COVERAGE_NOT_STARTED", 0), "coverage comes first");
    }

    #[test]
    fn years_in_a_row_stop_at_the_first_gap() {
        let mut timeline = person("1980-01-01");
        timeline.put(coverage("310", "2019-07-01", "2020-03-31"));
        timeline.put(coverage("390", "2021-01-01", "2023-12-31"));
        timeline.put(coverage("510", "2024-01-01", ""));
        assert_eq!(ask(&timeline, "2023-06-01", None).consecutive_years, 5);
        assert_eq!(ask(&timeline, "2019-06-30", None).consecutive_years, 0);
        assert_eq!(ask(&timeline, "2024-01-01", None).consecutive_years, 0, "生育保险 is not a basic scheme");
    }

    #[test]
    fn age_is_whole_years() {
        let timeline = person("2004-02-29");
        assert_eq!(ask(&timeline, "2023-02-28", None).age, 18);
        assert_eq!(ask(&timeline, "2023-03-01", None).age, 19);
        assert_eq!(ask(&timeline, "2024-02-29", None).age, 20);
        assert_eq!(ask(&timeline, "2000-01-01", None).age, 0);
    }
}
