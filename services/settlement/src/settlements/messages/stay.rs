//! The days of a visit as enrollment answered about them: which are covered, and whose facts count when something changes in the middle
//! of a stay.

use yizhan_clients::require_entitled;
use yizhan_policy::case::DaysOut;
use yizhan_policy::model::{InStay, VisitRules};
use yizhan_proto::enrollment::v1::{Eligibility, EntitlementSpan};
use yizhan_proto::settlement::v1::CoverageSpan;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::{Insutype, Status};

use super::case::names_of;
use super::visit::CheckedVisit;

/// A visit's days, of which at least one is covered.
#[derive(Clone, Debug)]
pub struct Days {
    eligibility: Eligibility,
    /// In order and without gap; never empty.
    spans: Vec<EntitlementSpan>,
}

/// What counts of them.
#[derive(Clone, Debug)]
pub struct Stay {
    /// Enrollment's answer, with the facts about the person that count.
    pub eligibility: Eligibility,
    /// Days that are not covered.
    pub not_covered: Vec<DaysOut>,
    /// What the settlement tells of its days: nothing where all are covered and nothing changes.
    pub told: Vec<CoverageSpan>,
}

/// Enrollment's answer about a visit. Asked about one day, it has no spans: that day is the only one.
///
/// # Errors
/// NOT_ENTITLED where the person is on none of the days, with what is said of the last.
pub fn read(visit: &CheckedVisit, mut eligibility: Eligibility) -> Result<Days, ServiceError> {
    let mut spans = std::mem::take(&mut eligibility.spans);
    if spans.is_empty() {
        require_entitled(&eligibility)?;
        spans.push(EntitlementSpan {
            begndate: visit.begin.to_string(),
            enddate: visit.end.to_string(),
            entitled: true,
            insutype: eligibility.insutype.clone(),
            psn_type: eligibility.psn_type.clone(),
            poolarea_no: eligibility.poolarea_no.clone(),
            ..EntitlementSpan::default()
        });
    }
    if !spans.iter().any(|span| span.entitled) {
        require_entitled(&eligibility)?;
        return Err(unreadable());
    }
    Ok(Days { eligibility, spans })
}

impl Days {
    /// The first covered span.
    pub fn admitted(&self) -> &EntitlementSpan {
        self.covered().next().unwrap_or(&self.spans[0])
    }

    fn covered(&self) -> impl DoubleEndedIterator<Item = &EntitlementSpan> {
        self.spans.iter().filter(|span| span.entitled)
    }

    /// What counts, by the rules of the area that pays.
    ///
    /// # Errors
    /// CHANGED_IN_STAY where the rules let nothing count, and where the paying area changes: neither area's rules say that it pays for the
    /// days of the other. SCHEME_OF_STAY where the visit is reported under another scheme than the one that counts.
    pub fn counted(self, visit: &CheckedVisit, rules: &VisitRules) -> Result<Stay, ServiceError> {
        let Days { mut eligibility, spans } = self;
        let covered: Vec<&EntitlementSpan> = spans.iter().filter(|span| span.entitled).collect();
        let scheme =
            pick(&covered, rules.scheme, "insutype", |span| span.insutype.as_str())?.insutype.clone();
        if scheme != visit.insutype.code() {
            return Err(other_scheme(&eligibility, &covered, &scheme));
        }
        let of_scheme: Vec<&EntitlementSpan> =
            covered.iter().copied().filter(|span| span.insutype == scheme).collect();
        pick(&covered, InStay::Refused, "poolarea_no", |span| span.poolarea_no.as_str())?;
        if spans.len() > 1 {
            let status = |span: &EntitlementSpan| Status::from_psn_type(&span.psn_type);
            let status = pick(&of_scheme, rules.status, "psn_type", status)?;
            let names = |span: &EntitlementSpan| names_of(&span.identities, &span.memberships);
            let held = pick(&covered, rules.identity, "identity", names)?;
            eligibility.poolarea_no = status.poolarea_no.clone();
            eligibility.psn_type = status.psn_type.clone();
            eligibility.identities = held.identities.clone();
            eligibility.memberships = held.memberships.clone();
        }
        Ok(Stay { eligibility, not_covered: not_covered(&spans)?, told: told(&spans) })
    }
}

/// The covered span whose facts count; any where nothing changes.
fn pick<'s, F: PartialEq>(
    covered: &[&'s EntitlementSpan],
    rule: InStay,
    what: &str,
    fact: impl Fn(&'s EntitlementSpan) -> F,
) -> Result<&'s EntitlementSpan, ServiceError> {
    let [first, .., last] = covered else { return covered.first().copied().ok_or_else(unreadable) };
    let of_first = fact(first);
    let changed = covered.iter().find(|span| fact(span) != of_first);
    match (changed, rule) {
        (None, _) | (_, InStay::Admission) => Ok(first),
        (_, InStay::Discharge) => Ok(last),
        (Some(changed), InStay::Refused) => Err(ServiceError::new(
            Reason::ChangedInStay,
            format!("{what} changes on {} in the middle of the stay", changed.begndate),
        )
        .with_text(format!("住院期间{}自 {} 起变更，请按变更日期分段结算", label_of(what), changed.begndate))
        .with("what", what)
        .with("since", &changed.begndate)),
    }
}

fn label_of(what: &str) -> &'static str {
    match what {
        "insutype" => "险种",
        "poolarea_no" => "参保统筹区",
        "psn_type" => "人员类别",
        _ => "人员身份",
    }
}

/// Refuses a visit that is reported under another scheme than the one it is settled by.
fn other_scheme(eligibility: &Eligibility, covered: &[&EntitlementSpan], scheme: &str) -> ServiceError {
    let one_scheme = covered.iter().all(|span| span.insutype == scheme);
    if let (true, Err(not_entitled)) = (one_scheme, require_entitled(eligibility)) {
        return not_entitled;
    }
    let label = Insutype::from_code(scheme).map_or(scheme, |insutype| insutype.label());
    ServiceError::new(Reason::SchemeOfStay, format!("the stay is settled by scheme {scheme}"))
        .with_text(format!("住院期间险种有变更，本次住院按{label}（{scheme}）结算"))
        .with("insutype", scheme)
}

fn not_covered(spans: &[EntitlementSpan]) -> Result<Vec<DaysOut>, ServiceError> {
    let out = |span: &EntitlementSpan| {
        let (from, to) = (parse_date(&span.begndate)?, parse_date(&span.enddate)?);
        Some(DaysOut { from, to, reason: span.reason.clone() })
    };
    let out = spans.iter().filter(|span| !span.entitled).map(out);
    out.collect::<Option<Vec<_>>>().ok_or_else(unreadable)
}

/// What is told of the days: of spans that say the same as one, and nothing where all are covered and nothing changes.
fn told(spans: &[EntitlementSpan]) -> Vec<CoverageSpan> {
    let mut told: Vec<CoverageSpan> = Vec::new();
    if spans.len() == 1 && spans[0].entitled {
        return told;
    }
    for span in spans.iter().map(span_told) {
        match told.last_mut() {
            Some(before) if undated(before) == undated(&span) => before.enddate = span.enddate,
            _ => told.push(span),
        }
    }
    if told.len() == 1 && told[0].covered { Vec::new() } else { told }
}

fn span_told(span: &EntitlementSpan) -> CoverageSpan {
    let (identities, memberships) = names_of(&span.identities, &span.memberships);
    CoverageSpan {
        begndate: span.begndate.clone(),
        enddate: span.enddate.clone(),
        covered: span.entitled,
        reason: span.reason.clone(),
        reason_text: span.reason_text.clone(),
        insutype: span.insutype.clone(),
        psn_type: span.psn_type.clone(),
        identities: identities.into_iter().chain(memberships).collect(),
    }
}

fn undated(span: &CoverageSpan) -> CoverageSpan {
    CoverageSpan { begndate: String::new(), enddate: String::new(), ..span.clone() }
}

fn unreadable() -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("enrollment's answer has no readable days"))
}

#[cfg(test)]
mod tests {
    use yizhan_proto::enrollment::v1::{Identity, Membership, MembershipKind};
    use yizhan_proto::settlement::v1::Visit;
    use yizhan_terms::MedType;

    use super::*;

    fn visit(insutype: Insutype) -> CheckedVisit {
        CheckedVisit {
            reported: Visit::default(),
            insutype,
            med_type: MedType::Inpatient,
            begin: "2024-06-01".parse().unwrap(),
            end: "2024-06-30".parse().unwrap(),
            lines: Vec::new(),
        }
    }

    fn span(begndate: &str, enddate: &str, insutype: &str, psn_type: &str) -> EntitlementSpan {
        EntitlementSpan {
            begndate: begndate.to_owned(),
            enddate: enddate.to_owned(),
            entitled: true,
            insutype: insutype.to_owned(),
            psn_type: psn_type.to_owned(),
            poolarea_no: "430200".to_owned(),
            ..EntitlementSpan::default()
        }
    }

    /// 居民 until 06-10, in waiting until 06-14, then 职工, retired from 06-20 on and 低保 as well.
    fn days() -> Vec<EntitlementSpan> {
        let poor = Identity { name: "低保".to_owned(), ..Identity::default() };
        let waiting = EntitlementSpan {
            entitled: false,
            reason: "WAITING_PERIOD".to_owned(),
            ..span("2024-06-11", "2024-06-14", "310", "11")
        };
        vec![
            span("2024-06-01", "2024-06-10", "390", "15"),
            waiting,
            span("2024-06-15", "2024-06-19", "310", "11"),
            EntitlementSpan { identities: vec![poor], ..span("2024-06-20", "2024-06-30", "310", "12") },
        ]
    }

    fn counted(
        insutype: Insutype,
        spans: Vec<EntitlementSpan>,
        rules: VisitRules,
    ) -> Result<Stay, ServiceError> {
        let eligibility = Eligibility { entitled: true, spans, ..Eligibility::default() };
        read(&visit(insutype), eligibility)?.counted(&visit(insutype), &rules)
    }

    fn facts(stay: &Stay) -> (&str, usize) {
        (stay.eligibility.psn_type.as_str(), stay.eligibility.identities.len())
    }

    #[test]
    fn what_was_true_at_admission_counts_where_the_area_says_nothing_else() {
        let stay = counted(Insutype::Resident, days(), VisitRules::default()).unwrap();
        assert_eq!(facts(&stay), ("15", 0));
        let out: Vec<_> =
            stay.not_covered.iter().map(|out| (out.from.to_string(), out.reason.as_str())).collect();
        assert_eq!(out, [("2024-06-11".to_owned(), "WAITING_PERIOD")]);
        assert_eq!(stay.told.len(), 4);
        let refused = counted(Insutype::Employee, days(), VisitRules::default()).unwrap_err();
        assert_eq!(refused.reason(), Reason::SchemeOfStay);
    }

    #[test]
    fn the_area_may_say_discharge_or_refuse() {
        let rules = VisitRules { scheme: InStay::Discharge, ..VisitRules::default() };
        // Under the scheme of discharge its first days are those from 06-15 on.
        assert_eq!(facts(&counted(Insutype::Employee, days(), rules).unwrap()), ("11", 0));
        let status = VisitRules { status: InStay::Discharge, ..rules };
        assert_eq!(facts(&counted(Insutype::Employee, days(), status).unwrap()), ("12", 0));
        let identity = VisitRules { identity: InStay::Discharge, ..status };
        assert_eq!(facts(&counted(Insutype::Employee, days(), identity).unwrap()), ("12", 1));
        for refuse in [
            VisitRules { scheme: InStay::Refused, ..rules },
            VisitRules { status: InStay::Refused, ..rules },
            VisitRules { identity: InStay::Refused, ..rules },
        ] {
            let refused = counted(Insutype::Employee, days(), refuse).unwrap_err();
            assert_eq!(refused.reason(), Reason::ChangedInStay);
        }
    }

    #[test]
    fn another_paying_area_in_the_middle_of_a_stay_is_refused() {
        let mut moved = days();
        moved[3].poolarea_no = "430100".to_owned();
        let refused = counted(Insutype::Resident, moved, VisitRules::default()).unwrap_err();
        assert_eq!(refused.reason(), Reason::ChangedInStay);
    }

    #[test]
    fn what_no_policy_asks_for_is_no_change() {
        let mut spans = vec![
            span("2024-06-01", "2024-06-10", "310", "11"),
            span("2024-06-11", "2024-06-30", "310", "11"),
        ];
        let kind = MembershipKind::ZeroClaimYear.into();
        spans[1].memberships = vec![Membership { kind, ..Membership::default() }];
        let rules =
            VisitRules { identity: InStay::Refused, status: InStay::Refused, ..VisitRules::default() };
        let stay = counted(Insutype::Employee, spans, rules).unwrap();
        assert!(stay.told.is_empty() && stay.not_covered.is_empty());
    }

    #[test]
    fn nobody_is_settled_for_who_is_entitled_on_no_day() {
        let out = EntitlementSpan { entitled: false, ..span("2024-06-01", "2024-06-30", "310", "11") };
        let eligibility =
            Eligibility { reason: "COVERAGE_ENDED".to_owned(), spans: vec![out], ..Eligibility::default() };
        assert_eq!(read(&visit(Insutype::Employee), eligibility).unwrap_err().reason(), Reason::NotEntitled);
    }
}
