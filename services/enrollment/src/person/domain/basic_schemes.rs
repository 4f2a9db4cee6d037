//! A person is insured by one basic scheme on a day: what two at once look like.

use super::timeline::{Coverage, CoverageState, Timeline};

/// Whether it is normal coverage by a basic scheme.
pub fn is_basic_normal(coverage: &Coverage) -> bool {
    coverage.state == CoverageState::Normal && coverage.insutype.is_basic()
}

/// Another basic scheme that is normal on a day of a stretch that is.
pub fn second_basic_scheme<'a>(person: &'a Timeline, coverage: &Coverage) -> Option<&'a Coverage> {
    person.coverages.iter().find(|held| {
        is_basic_normal(coverage)
            && is_basic_normal(held)
            && held.insutype != coverage.insutype
            && held.period.overlaps(&coverage.period)
    })
}

/// Two stretches of different basic schemes that are normal on one day, if there are any: there never should be.
pub fn doubled(person: &Timeline) -> Option<(&Coverage, &Coverage)> {
    let basic = || person.coverages.iter().filter(|held| held.insutype.is_basic());
    basic().find_map(|held| second_basic_scheme(person, held).map(|other| (held, other)))
}
