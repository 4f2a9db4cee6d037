//! What holds of every timeline, whatever was done to it.

use super::basic_schemes::doubled;
use super::entry::Entry;
use super::household::HouseholdMember;
use super::period::Period;
use super::timeline::{AccountShare, Coverage, DiseaseEntitlement, Identity, Membership, Timeline};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Two basic schemes are normal on one day.
    TwoBasicSchemes,
    /// Two stretches of one scheme share a day.
    CoveragesOverlap,
    /// Two entitlements for one disease share a day.
    DiseasesOverlap,
    /// In two households on one day.
    HouseholdsOverlap,
    /// A list is not in its order, or holds one entry twice.
    Disorder,
}

/// Everything that is broken; every write refuses before it would be.
pub fn broken(timeline: &Timeline) -> Vec<Broken> {
    let in_order = in_order::<Coverage>(timeline)
        && in_order::<Identity>(timeline)
        && in_order::<Membership>(timeline)
        && in_order::<AccountShare>(timeline)
        && in_order::<HouseholdMember>(timeline)
        && in_order::<DiseaseEntitlement>(timeline);
    let schemes = timeline.coverages.iter().map(|held| (held.insutype, held.period));
    let diseases = timeline.diseases.iter().map(|held| ((held.kind, &held.dise_codg), held.period));
    let households = timeline.households.iter().map(|held| ((), held.period));
    let checks = [
        (doubled(timeline).is_some(), Broken::TwoBasicSchemes),
        (overlap(schemes), Broken::CoveragesOverlap),
        (overlap(diseases), Broken::DiseasesOverlap),
        (overlap(households), Broken::HouseholdsOverlap),
        (!in_order, Broken::Disorder),
    ];
    checks.into_iter().filter(|(is_broken, _)| *is_broken).map(|(_, broken)| broken).collect()
}

fn in_order<E: Entry>(timeline: &Timeline) -> bool {
    E::list(timeline).is_sorted_by(|one, next| one.key() < next.key())
}

/// Whether two periods of one thing share a day. In the order of their first days, one that overlaps any later one overlaps the next.
fn overlap<T: Ord>(held: impl Iterator<Item = (T, Period)>) -> bool {
    let mut held: Vec<(T, Period)> = held.collect();
    held.sort();
    held.windows(2).any(|two| two[0].0 == two[1].0 && two[0].1.overlaps(&two[1].1))
}

#[cfg(test)]
mod tests {
    use super::super::timeline::DiseaseKind;
    use super::super::timeline::examples::{coverage, period, person};
    use super::*;

    fn with_coverages(coverages: &[Coverage]) -> Timeline {
        Timeline { coverages: coverages.to_vec(), ..person("1980-01-01") }
    }

    #[test]
    fn what_holds_and_what_is_broken() {
        let employee = coverage("310", "2024-01-01", "2024-06-30");
        let next = coverage("310", "2024-07-01", "");
        let resident = coverage("390", "2024-06-30", "2024-12-31");
        assert_eq!(broken(&person("1980-01-01")), []);
        assert_eq!(broken(&with_coverages(&[employee.clone(), next.clone()])), []);
        assert_eq!(broken(&with_coverages(&[next, employee.clone()])), [Broken::Disorder]);
        assert_eq!(broken(&with_coverages(&[employee.clone(), resident])), [Broken::TwoBasicSchemes]);
        let overlapping = coverage("310", "2024-06-30", "");
        assert_eq!(broken(&with_coverages(&[employee.clone(), overlapping])), [Broken::CoveragesOverlap]);
        let twice = with_coverages(&[employee.clone(), employee]);
        assert_eq!(broken(&twice), [Broken::CoveragesOverlap, Broken::Disorder]);
    }

    #[test]
    fn entitlements_for_one_disease_do_not_overlap() {
        let disease = |dise_codg: &str, begndate: &str| DiseaseEntitlement {
            kind: DiseaseKind::Chronic,
            dise_codg: dise_codg.to_owned(),
            dise_name: "高血压".to_owned(),
            period: period(begndate, ""),
            reverify_by: None,
        };
        let with = |diseases| Timeline { diseases, ..person("1980-01-01") };
        assert_eq!(broken(&with(vec![disease("M1", "2024-01-01"), disease("M2", "2024-01-01")])), []);
        let twice = with(vec![disease("M1", "2024-01-01"), disease("M1", "2024-02-01")]);
        assert_eq!(broken(&twice), [Broken::DiseasesOverlap]);
    }
}
