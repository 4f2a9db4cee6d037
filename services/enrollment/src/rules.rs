//! The national rules on entitlement, and what areas made of them: dated documents ([`yizhan_rules`]) that a policy officer can
//! read (`services/enrollment/rules`).

mod load;

use std::sync::LazyLock;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};
use yizhan_rules::{families, texts};

pub use yizhan_rules::{Dated, NoRule};

use yizhan_rules::months::{day_after, day_before, first_of_month, last_day_after, last_day_from};

families! {
    /// What a document of entitlement rules may hold.
    pub struct Entitlement, called "待遇规则", embedded embedded_texts() => {
        enrolment: Enrolment = "resident_enrolment", read load::enrolment, keys load::ENROLMENT;
        waiting: WaitingRule = "resident_waiting", read load::waiting, keys load::WAITING;
        newborn: Newborn = "newborn", read load::newborn, keys load::NEWBORN;
        continuity: Continuity = "continuity", read load::continuity, keys load::CONTINUITY;
        employee: Employee = "employee", read load::employee, keys load::EMPLOYEE;
        reward: RewardRule = "reward", read load::reward, keys load::REWARD;
    }
}

/// The rules of entitlement, asked by area and day.
pub type Rules = yizhan_rules::Rules<Entitlement>;
/// The same in memory, as they are now.
pub type RulesBook = yizhan_rules::RulesBook<Entitlement>;

/// A day of the year, in the coverage year or the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfYear {
    /// Whether it lies in the year before the coverage year.
    pub year_before: bool,
    /// Month.
    pub month: u32,
    /// Day of the month.
    pub day: u32,
}

impl DayOfYear {
    /// The day, for a coverage year.
    pub fn of(self, coverage_year: i32) -> NaiveDate {
        let year = coverage_year - i32::from(self.year_before);
        NaiveDate::from_ymd_opt(year, self.month, self.day).unwrap_or(NaiveDate::MAX)
    }
}

/// A first day that follows from the day of payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstDay {
    /// That day.
    DayOfPayment,
    /// The next day.
    DayAfterPayment,
    /// The first of that month.
    FirstOfPaymentMonth,
}

impl FirstDay {
    /// Every one.
    pub const ALL: [FirstDay; 3] =
        [FirstDay::DayOfPayment, FirstDay::DayAfterPayment, FirstDay::FirstOfPaymentMonth];

    /// As it stands in documents.
    pub fn code(self) -> &'static str {
        match self {
            FirstDay::DayOfPayment => "day_of_payment",
            FirstDay::DayAfterPayment => "day_after_payment",
            FirstDay::FirstOfPaymentMonth => "first_of_payment_month",
        }
    }

    /// The day.
    pub fn after(self, paid: NaiveDate) -> NaiveDate {
        match self {
            FirstDay::DayOfPayment => paid,
            FirstDay::DayAfterPayment => day_after(paid),
            FirstDay::FirstOfPaymentMonth => first_of_month(paid),
        }
    }

    /// The first day after so many months that began on `begndate`, a first day of this kind.
    pub fn first_day_after(self, begndate: NaiveDate, months: u32) -> NaiveDate {
        day_after(match self {
            FirstDay::DayAfterPayment => last_day_after(day_before(begndate), months),
            FirstDay::DayOfPayment | FirstDay::FirstOfPaymentMonth => last_day_from(begndate, months),
        })
    }
}

/// 居民集中参保期 of a coverage year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// First day.
    pub opens: DayOfYear,
    /// Last day.
    pub closes: DayOfYear,
    /// From when those are entitled who pay within it, in the coverage year itself.
    pub paid_in_the_year: FirstDay,
}

/// 居民待遇等待期.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRule {
    /// 固定待遇等待期.
    pub fixed_months: u32,
    /// 变动待遇等待期 for each gap year.
    pub months_per_gap_year: u32,
    /// Gap years that add none.
    pub gap_years_without_variable_month: u32,
    /// The first year that counts as one.
    pub gap_years_count_from: i32,
    /// Variable months that each extra year paid takes off.
    pub repaired_months_per_year: u32,
    /// From so many gap years on …
    pub long_gap_years: u32,
    /// … fixed and variable months come to this at least, however much is repaired.
    pub long_gap_minimum_months: u32,
    /// The first day of waiting.
    pub begins: FirstDay,
    /// Names of identities that never wait.
    pub exempt_identities: Vec<String>,
    /// From when those are entitled.
    pub exempt_entitled: FirstDay,
}

/// 新生儿.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newborn {
    /// Paid within so many days after birth: entitled from birth. The day of birth is day 0.
    pub within_days: u32,
}

/// 待遇衔接 when somebody moves between areas or schemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuity {
    /// A gap of so many months can be made good.
    pub gap_months: u32,
    /// Years insured without a break before a switch of schemes with a gap.
    pub continuous_years: u32,
    /// Employees' waiting after a longer gap.
    pub waiting_months: u32,
}

/// 职工.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employee {
    /// From when those are entitled who pay.
    pub entitled: FirstDay,
}

/// 连续参保、零报销激励 on the cap of residents' critical-illness insurance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardRule {
    /// Consecutive years without reward; each further one raises the cap.
    pub years_before: u32,
    /// The first year that counts.
    pub years_count_from: i32,
    /// Raise of a further year, fen.
    pub per_year_fen: i64,
    /// Raise of a year without a claim, from the next year on, fen.
    pub per_zero_claim_year_fen: i64,
    /// All raises together at most, of the cap without them, per mille.
    pub limit_permille: u32,
    /// All raises together at most, fen.
    pub limit_fen: Option<i64>,
    /// Whether drawing on the raise takes the zero-claim part back.
    pub use_clears_zero_claim: bool,
    /// Whether an uninsured year does.
    pub break_clears_zero_claim: bool,
}

/// The embedded documents, as file name and text, in order of name.
pub fn embedded_texts() -> &'static [(&'static str, &'static str)] {
    static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");
    static FILES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| texts(&FOLDER));
    &FILES
}

#[cfg(test)]
mod tests {
    use yizhan_rules::load;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_family_is_in_force_everywhere_from_2025_on() {
        let rules = Rules::embedded();
        for area in ["110000", "360100", "430281", "411000"] {
            for year in [2025, 2026, 2040] {
                let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
                rules.find::<Enrolment>(area, day).unwrap();
                rules.find::<WaitingRule>(area, day).unwrap();
                rules.find::<Newborn>(area, day).unwrap();
                rules.find::<Continuity>(area, day).unwrap();
                rules.find::<Employee>(area, day).unwrap();
                rules.find::<RewardRule>(area, day).unwrap();
            }
        }
    }

    #[test]
    fn the_nearest_area_decides_and_the_rest_is_the_nation_s() {
        let rules = Rules::embedded();
        let reward = |area: &str| rules.find::<RewardRule>(area, day("2026-06-01")).unwrap();
        assert_eq!(reward("110000").rule.per_year_fen, 100_000);
        assert_eq!(reward("360100").rule.per_year_fen, 300_000);
        assert_eq!(
            (reward("411081").rule.limit_fen, reward("410100").rule.limit_fen),
            (Some(8_000_000), None)
        );
        assert!(reward("411081").citation.contains("许昌"));
        let waiting = rules.find::<WaitingRule>("360100", day("2026-06-01")).unwrap();
        assert_eq!(waiting.id, "national-entitlement@2024.38/resident_waiting/2025-01-01");
        assert!(waiting.citation.starts_with("国办发〔2024〕38号"));
        let before = rules.find::<WaitingRule>("360100", day("2024-12-31")).unwrap_err();
        assert_eq!(before.family, "resident_waiting");
        let opens = |year| {
            rules.find::<Enrolment>("360100", day(&format!("{year}-01-01"))).unwrap().rule.opens.of(year)
        };
        assert_eq!((opens(2025), opens(2026)), (day("2024-09-15"), day("2025-10-15")));
    }

    #[test]
    fn a_later_document_of_the_same_area_goes_first() {
        let mut rules = Rules::embedded();
        let text = "rules: x\nversion: \"1\"\ntitle: 江西修订\narea: \"360000\"\nsources:\n  s: { title: 新文件, quality: G }\n\
                    newborn:\n  - { from: 2026-07-01, source: s, within_days: 180 }\n";
        rules.publish(load("x.yaml", text).unwrap());
        let within = |area: &str, on: &str| rules.find::<Newborn>(area, day(on)).unwrap().rule.within_days;
        assert_eq!((within("360100", "2026-06-30"), within("360100", "2026-07-01")), (90, 180));
        assert_eq!(within("430200", "2026-07-01"), 90);
        assert!(rules.by_id::<Newborn>("x@1/newborn/2026-07-01").is_some());
    }
}
