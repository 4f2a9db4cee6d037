//! What is counted: filings by kind, and visits away from home.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use yizhan_proto::filing::v1::{FilingAction, KindFigures, RemoteFigures};

use super::calendar::WorkingDays;
use super::filing::State;
use super::rules::Rules;
use super::step::Taken;

/// What is counted of filings of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of KindFigures")]
pub enum OfKind {
    Submitted,
    Completed,
    SelfService,
    Provisional,
    Rejected,
    Lapsed,
    InTime,
    Late,
    SecondsToDecide,
}

/// How many of them.
pub const OF_KIND: usize = 9;

/// What is counted of visits away from home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of RemoteFigures")]
pub enum OfVisits {
    StaysDirect,
    StaysManual,
    VisitsDirect,
    VisitsManual,
    DirectMedfeeFen,
    ManualMedfeeFen,
}

/// How many of them.
pub const OF_VISITS: usize = 6;

/// A month as it is counted under: `2025-06`.
pub fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// What a step adds; `None`: nothing. Filings taken over from an earlier system were submitted and decided there, and are not counted here;
/// completing a second time, when the papers came, is no decision any more.
pub fn of_step(step: &Taken, rules: &Rules, today: NaiveDate, now: DateTime<Utc>) -> Option<[i64; OF_KIND]> {
    let mut sums = [0; OF_KIND];
    let mut add = |what: OfKind, number: i64| sums[what as usize] += number;
    let filing = &step.filing;
    match step.action {
        FilingAction::Submit if filing.state == State::Submitted => add(OfKind::Submitted, 1),
        FilingAction::Lapse => add(OfKind::Lapsed, 1),
        FilingAction::Complete | FilingAction::Reject if step.from.is_some_and(State::is_open) => {
            let completed = step.action == FilingAction::Complete;
            add(if completed { OfKind::Completed } else { OfKind::Rejected }, 1);
            add(OfKind::SelfService, i64::from(completed && step.actor.who == "rule"));
            add(OfKind::Provisional, i64::from(filing.state == State::Provisional));
            let (days, _) = WorkingDays::of(rules, &filing.poolarea_no).between(filing.clock_from, today);
            add(if days <= filing.working_days { OfKind::InTime } else { OfKind::Late }, 1);
            add(OfKind::SecondsToDecide, (now - filing.submitted_at).num_seconds());
        }
        _ => return None,
    }
    Some(sums)
}

/// What a visit adds: `number` is -1 for one that is taken back.
pub fn of_visit(direct: bool, stay: bool, number: i64, medfee_fen: i64) -> [i64; OF_VISITS] {
    let mut sums = [0; OF_VISITS];
    let (count, fee) = match (direct, stay) {
        (true, true) => (OfVisits::StaysDirect, OfVisits::DirectMedfeeFen),
        (true, false) => (OfVisits::VisitsDirect, OfVisits::DirectMedfeeFen),
        (false, true) => (OfVisits::StaysManual, OfVisits::ManualMedfeeFen),
        (false, false) => (OfVisits::VisitsManual, OfVisits::ManualMedfeeFen),
    };
    sums[count as usize] = number;
    sums[fee as usize] = medfee_fen;
    sums
}

/// As the contract tells it.
pub fn kind_figures(out_fil_type: &str, sums: [i64; OF_KIND]) -> KindFigures {
    let [submitted, completed, self_service, provisional, rejected, lapsed, in_time, late, seconds_to_decide] =
        sums;
    KindFigures {
        out_fil_type: out_fil_type.to_owned(),
        submitted,
        completed,
        self_service,
        provisional,
        rejected,
        lapsed,
        in_time,
        late,
        seconds_to_decide,
        average_hours: ratio(seconds_to_decide, (completed + rejected) * 3600, 2),
    }
}

/// As the contract tells it.
pub fn remote_figures(sums: [i64; OF_VISITS]) -> RemoteFigures {
    let [stays_direct, stays_manual, visits_direct, visits_manual, direct_medfee_fen, manual_medfee_fen] =
        sums;
    RemoteFigures {
        stays_direct,
        stays_manual,
        stays_direct_rate: ratio(stays_direct, stays_direct + stays_manual, 4),
        visits_direct,
        visits_manual,
        visits_direct_rate: ratio(visits_direct, visits_direct + visits_manual, 4),
        direct_medfee_fen,
        manual_medfee_fen,
    }
}

/// One over the other with so many places, half up; nothing where there is nothing to divide by.
fn ratio(part: i64, whole: i64, places: u32) -> String {
    if whole <= 0 {
        return String::new();
    }
    let exact = Decimal::from(part) / Decimal::from(whole);
    let mut rounded = exact.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(places);
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_half_up_and_empty_where_there_is_nothing() {
        assert_eq!(ratio(2, 3, 4), "0.6667");
        assert_eq!(ratio(1, 1, 4), "1.0000");
        assert_eq!(ratio(0, 7, 4), "0.0000");
        assert_eq!(ratio(12_345, 20_000, 4), "0.6173");
        assert_eq!(ratio(0, 0, 4), "");
    }
}
