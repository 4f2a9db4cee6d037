//! Figures as the contract tells them.

use rust_decimal::{Decimal, RoundingStrategy};
use yizhan_proto::filing::v1::{KindFigures, RemoteFigures};

use super::domain::{OF_KIND, OF_VISITS};

/// Filings of a kind.
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

/// Visits away from home.
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
