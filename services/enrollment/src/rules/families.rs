//! What the families of entitlement rules say.

use chrono::NaiveDate;
use yizhan_rules::months::{day_after, day_before, first_of_month, last_day_after, last_day_from};

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
