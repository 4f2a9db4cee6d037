//! 待遇等待期 in months: fixed, variable by gap years, and what paying takes off.

use chrono::NaiveDate;

use crate::person::domain::timeline::{Coverage, Timeline, Waiting};
use crate::rules::{FirstDay, WaitingRule};
use yizhan_terms::Insutype;

/// 变动待遇等待期 of so many gap years.
pub fn variable_months(rule: &WaitingRule, gap_years: u32) -> u32 {
    rule.months_per_gap_year * gap_years.saturating_sub(rule.gap_years_without_variable_month)
}

/// Variable months that so many extra years paid take off: never more than there are, and after a long gap never so many
/// that fixed and variable months come to less than the minimum.
pub fn repaired_months(
    rule: &WaitingRule,
    gap_years: u32,
    fixed_months: u32,
    variable_months: u32,
    extra_years_paid: u32,
) -> u32 {
    let repairable = if gap_years >= rule.long_gap_years {
        (fixed_months + variable_months).saturating_sub(rule.long_gap_minimum_months)
    } else {
        variable_months
    };
    extra_years_paid.saturating_mul(rule.repaired_months_per_year).min(variable_months).min(repairable)
}

/// Lets so many months of a resident's waiting be repaired, no more and no fewer: the coverage entitles from then on, but not before
/// a day. The next coverage year may carry the rest of the same waiting.
pub fn repaired(
    person: &mut Timeline,
    held: &Coverage,
    months: u32,
    begins: FirstDay,
    not_before: NaiveDate,
) -> Coverage {
    let waiting = held.waiting.clone().map(|waiting| Waiting { repaired_months: months, ..waiting });
    let entitled = waiting.as_ref().map(|waiting| waiting.entitled_begndate(begins).max(not_before));
    let carries = |other: &Coverage| {
        other.insutype == Insutype::Resident && other.entitled_begndate == held.entitled_begndate
    };
    for carried in person.coverages.iter_mut().filter(|other| carries(other)) {
        carried.entitled_begndate = entitled.map(|from| from.max(carried.period.begndate));
    }
    let entitled_begndate = entitled.map(|from| from.max(held.period.begndate));
    let after = Coverage { entitled_begndate, waiting, ..held.clone() };
    person.put(after.clone());
    after
}

impl Waiting {
    /// Months after repair.
    pub fn months(&self) -> u32 {
        self.fixed_months + self.variable_months.saturating_sub(self.repaired_months)
    }

    /// First day after it; `begins` is how its own first day was found.
    pub fn entitled_begndate(&self, begins: FirstDay) -> NaiveDate {
        begins.first_day_after(self.begndate, self.months())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::Rules;

    fn rule() -> WaitingRule {
        let rules = Rules::embedded();
        rules
            .find::<WaitingRule>(yizhan_terms::Area::NATION, "2025-01-01".parse().unwrap())
            .unwrap()
            .rule
            .clone()
    }

    /// 国办发〔2024〕38号: gap years, extra years paid, months after repair.
    #[test]
    fn months_after_repair() {
        for (gap_years, paid, months) in [
            (0, 0, 3), // 固定待遇等待期3个月
            (1, 0, 4), // 每多断保1年增加1个月
            (2, 0, 5),
            (2, 1, 4), // 每多缴纳1年减少1个月
            (3, 3, 3), // 变动等待期可全部修复，固定等待期不能
            (3, 9, 3),
            (4, 0, 7),
            (4, 1, 6), // 连续断缴4年及以上，修复后不少于6个月
            (4, 4, 6),
            (6, 2, 7),
            (6, 6, 6),
        ] {
            let (rule, fixed) = (rule(), 3);
            let variable = variable_months(&rule, gap_years);
            let repaired = repaired_months(&rule, gap_years, fixed, variable, paid);
            assert_eq!(fixed + variable - repaired, months, "{gap_years} gap years, {paid} paid");
        }
    }

    #[test]
    fn an_area_may_read_the_first_gap_year_as_fixed_months_only() {
        let rule = WaitingRule { gap_years_without_variable_month: 1, ..rule() };
        assert_eq!([0, 1, 2, 4].map(|years| variable_months(&rule, years)), [0, 0, 1, 3]);
        // 3 + 3 is the minimum already: nothing to repair.
        assert_eq!(repaired_months(&rule, 4, 3, 3, 2), 0);
    }

    proptest! {
        #[test]
        fn repair_never_makes_it_longer_nor_shorter_than_the_rule_lets_it(
            per_year in 0u32..3, free in 0u32..3, per_payment in 0u32..3, minimum in 0u32..12,
            gap_years in 0u32..12, paid in 0u32..12,
        ) {
            let rule = WaitingRule {
                months_per_gap_year: per_year,
                gap_years_without_variable_month: free,
                repaired_months_per_year: per_payment,
                long_gap_minimum_months: minimum,
                ..rule()
            };
            let variable = variable_months(&rule, gap_years);
            let after = |paid| 3 + variable - repaired_months(&rule, gap_years, 3, variable, paid);
            prop_assert!(after(paid) <= after(0));
            prop_assert!(after(paid + 1) <= after(paid));
            prop_assert!(after(paid) >= 3);
            if gap_years >= rule.long_gap_years {
                prop_assert!(after(paid) >= minimum.min(after(0)));
            }
        }
    }
}
