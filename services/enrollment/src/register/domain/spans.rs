//! A stay is asked about whole: what is true of the person on each of its days.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_terms::Insutype;

use super::eligibility::{Question, Refusal, coverage_and_refusal, refusal_of_disease, refusal_of_person};
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, Identity, Membership, MembershipKind, Timeline};

/// Days of a stay on which the same is true.
#[derive(Clone, Debug)]
pub struct Span<'a> {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// Why not entitled; `None` when entitled.
    pub refusal: Option<Refusal>,
    /// The coverage answered about.
    pub coverage: Option<&'a Coverage>,
    /// Identities that hold.
    pub identities: Vec<&'a Identity>,
    /// Memberships that hold, each with the first year of unbroken membership.
    pub memberships: Vec<(&'a Membership, i32)>,
}

/// The days from `begndate` to the day of the question, in order and without gap. Days on which the same is told are one span, also
/// where it is told by another row: a coverage that is renewed every year is no change.
pub fn spans<'a>(timeline: &'a Timeline, question: &Question, begndate: NaiveDate) -> Vec<Span<'a>> {
    let end = question.as_of;
    let mut spans: Vec<Span> = Vec::new();
    for day in days_of_change(timeline, begndate, end) {
        let next = on(timeline, &Question { as_of: day, ..question.clone() });
        match spans.last_mut() {
            Some(before) if same(before, &next) => {}
            Some(before) => {
                before.last = day.pred_opt().unwrap_or(day);
                spans.push(next);
            }
            None => spans.push(next),
        }
    }
    if let Some(last) = spans.last_mut() {
        last.last = end;
    }
    spans
}

/// The first day, and every later one on which something may be otherwise than on the day before.
fn days_of_change(timeline: &Timeline, begndate: NaiveDate, end: NaiveDate) -> BTreeSet<NaiveDate> {
    let after = |last: Option<NaiveDate>| last.and_then(|last| last.succ_opt());
    let bounds = |period: &Period| [Some(period.begndate), after(period.enddate)];
    let Timeline { person, coverages, identities, memberships, diseases, .. } = timeline;
    let coverages =
        coverages.iter().flat_map(|held| [bounds(&held.period), [held.entitled_begndate, None]]).flatten();
    let identities = identities.iter().flat_map(|held| bounds(&held.period));
    let memberships = memberships.iter().flat_map(|held| bounds(&held.period));
    let diseases =
        diseases.iter().flat_map(|held| [bounds(&held.period), [after(held.reverify_by), None]]).flatten();
    let all = coverages.chain(identities).chain(memberships).chain(diseases);
    let all = all.chain([Some(person.brdy), after(person.die_date)]).flatten();
    all.filter(|day| begndate < *day && *day <= end).chain([begndate]).collect()
}

/// One day.
fn on<'a>(timeline: &'a Timeline, question: &Question) -> Span<'a> {
    let day = question.as_of;
    let (coverage, refusal) = entitling(timeline, question);
    let memberships = timeline.memberships.iter().filter(|held| held.period.contains(day));
    Span {
        first: day,
        last: day,
        refusal: refusal_of_person(timeline, day)
            .or(refusal)
            .or_else(|| refusal_of_disease(timeline, question)),
        coverage,
        identities: timeline.identities.iter().filter(|held| held.period.contains(day)).collect(),
        memberships: memberships.map(|held| (held, timeline.member_since(held))).collect(),
    }
}

/// The scheme asked for where it entitles; else another basic scheme that does, because a change of scheme in the middle of a stay is no
/// end of being insured; else the scheme asked for, and why not.
fn entitling<'a>(timeline: &'a Timeline, question: &Question) -> (Option<&'a Coverage>, Option<Refusal>) {
    let asked = coverage_and_refusal(timeline, question);
    if asked.1.is_none() || !question.insutype.is_some_and(Insutype::is_basic) {
        return asked;
    }
    let other = coverage_and_refusal(timeline, &Question { insutype: None, ..question.clone() });
    if other.1.is_none() { other } else { asked }
}

/// Whether the same is told of both.
fn same(one: &Span<'_>, other: &Span<'_>) -> bool {
    let coverage =
        |span: &Span<'_>| span.coverage.map(|held| (held.insutype, held.psn_type.clone(), held.poolarea_no));
    let identities = |span: &Span<'_>| -> Vec<(String, String)> {
        span.identities.iter().map(|held| (held.psn_idet_type.clone(), held.name.clone())).collect()
    };
    let memberships = |span: &Span<'_>| -> Vec<(MembershipKind, String)> {
        span.memberships.iter().map(|(held, _)| (held.kind, held.category.clone())).collect()
    };
    one.refusal == other.refusal
        && coverage(one) == coverage(other)
        && identities(one) == identities(other)
        && memberships(one) == memberships(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::domain::timeline::CoverageState;
    use crate::person::domain::timeline::examples::*;

    fn question(as_of: &str, insutype: &str) -> Question {
        Question {
            as_of: as_of.parse().unwrap(),
            insutype: Insutype::from_code(insutype),
            med_type: Some("21".to_owned()),
            dise_codg: None,
            place: None,
        }
    }

    /// First day, last day, and why not or under which scheme and psn_type.
    fn told(timeline: &Timeline, begndate: &str, as_of: &str, insutype: &str) -> Vec<[String; 3]> {
        let spans = spans(timeline, &question(as_of, insutype), begndate.parse().unwrap());
        let what = |span: &Span| match (span.refusal, span.coverage) {
            (Some(refusal), _) => refusal.reason().code().to_owned(),
            (None, Some(held)) => format!("{} {}", held.insutype.code(), held.psn_type),
            (None, None) => String::new(),
        };
        spans.iter().map(|span| [span.first.to_string(), span.last.to_string(), what(span)]).collect()
    }

    #[test]
    fn the_days_of_a_stay_outside_the_coverage_are_spans_of_their_own() {
        let mut timeline = person("1980-01-01");
        timeline.put(coverage("310", "2024-06-10", "2024-06-20"));
        assert_eq!(
            told(&timeline, "2024-06-01", "2024-06-30", "310"),
            [
                ["2024-06-01", "2024-06-09", "COVERAGE_NOT_STARTED"],
                ["2024-06-10", "2024-06-20", "310 11"],
                ["2024-06-21", "2024-06-30", "COVERAGE_ENDED"],
            ]
        );
        assert_eq!(
            told(&timeline, "2024-06-12", "2024-06-20", "310"),
            [["2024-06-12", "2024-06-20", "310 11"]]
        );
        assert_eq!(
            told(&timeline, "2024-06-20", "2024-06-20", "310"),
            [["2024-06-20", "2024-06-20", "310 11"]]
        );
    }

    #[test]
    fn waiting_pauses_and_death_inside_a_stay() {
        let mut timeline = person("1980-01-01");
        let waited = Coverage {
            entitled_begndate: "2024-06-03".parse().ok(),
            ..coverage("390", "2024-01-01", "2024-06-09")
        };
        timeline.put(waited);
        timeline
            .put(Coverage { state: CoverageState::Paused, ..coverage("390", "2024-06-10", "2024-06-14") });
        timeline.put(coverage("390", "2024-06-15", ""));
        timeline.person.die_date = "2024-06-20".parse().ok();
        let ends = |spans: Vec<[String; 3]>| -> Vec<(String, String)> {
            spans.into_iter().map(|[_, last, what]| (last, what)).collect()
        };
        let expected = [
            ("2024-06-02", "WAITING_PERIOD"),
            ("2024-06-09", "390 11"),
            ("2024-06-14", "COVERAGE_PAUSED"),
            ("2024-06-20", "390 11"),
            ("2024-06-25", "DECEASED"),
        ];
        let expected = expected.map(|(last, what)| (last.to_owned(), what.to_owned()));
        assert_eq!(ends(told(&timeline, "2024-06-01", "2024-06-25", "390")), expected);
    }

    #[test]
    fn a_renewed_coverage_is_no_change_and_another_scheme_is() {
        let mut timeline = person("1980-01-01");
        timeline.put(coverage("390", "2023-01-01", "2023-12-31"));
        timeline.put(coverage("390", "2024-01-01", "2024-01-05"));
        timeline.put(coverage("310", "2024-01-06", ""));
        assert_eq!(
            told(&timeline, "2023-12-20", "2024-01-05", "390"),
            [["2023-12-20", "2024-01-05", "390 11"]]
        );
        let changed = [["2023-12-20", "2024-01-05", "390 11"], ["2024-01-06", "2024-01-10", "310 11"]];
        for asked in ["390", "310", ""] {
            assert_eq!(told(&timeline, "2023-12-20", "2024-01-10", asked), changed, "asked for {asked}");
        }
    }

    #[test]
    fn retirement_and_an_identity_begin_spans() {
        let mut timeline = person("1964-06-15");
        timeline.put(coverage("310", "2010-01-01", "2024-06-14"));
        timeline.put(Coverage { psn_type: "12".to_owned(), ..coverage("310", "2024-06-15", "") });
        timeline.identities.push(Identity {
            psn_idet_type: "2303".to_owned(),
            name: "低保".to_owned(),
            period: period("2024-06-20", ""),
            department: String::new(),
        });
        let spans = spans(&timeline, &question("2024-06-30", "310"), "2024-06-01".parse().unwrap());
        let told: Vec<_> = spans
            .iter()
            .map(|span| {
                (span.last.to_string(), span.coverage.unwrap().psn_type.as_str(), span.identities.len())
            })
            .collect();
        let expected = [("2024-06-14", "11", 0), ("2024-06-19", "12", 0), ("2024-06-30", "12", 1)];
        assert_eq!(told, expected.map(|(last, status, held)| (last.to_owned(), status, held)));
    }

    #[test]
    fn nobody_is_entitled_before_birth() {
        let mut timeline = person("2024-06-05");
        timeline.put(coverage("390", "2024-01-01", ""));
        let spans = told(&timeline, "2024-06-01", "2024-06-10", "390");
        assert_eq!(
            spans,
            [["2024-06-01", "2024-06-04", "NOT_BORN"], ["2024-06-05", "2024-06-10", "390 11"],]
        );
    }
}
