//! What the families of entitlement rules say.

use chrono::NaiveDate;
use yizhan_documents::{Map, rule};
use yizhan_rules::months::{day_after, day_before, first_of_month, last_day_after, last_day_from};

use super::load::{
    amount, begun, day_of_year, fen, first_day, late, month_day, names, number, optional_year, permille,
    unconfirmed, whether, year,
};

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

rule! {
    /// 居民集中参保期 of a coverage year.
    pub struct Enrolment {
        /// First day.
        opens: DayOfYear = day_of_year;
        /// Last day.
        closes: DayOfYear = day_of_year;
        /// From when those are entitled who pay within it, in the coverage year itself.
        paid_in_the_year: FirstDay = first_day;
    }
}

rule! {
    /// 居民待遇等待期.
    pub struct WaitingRule {
        /// 固定待遇等待期.
        fixed_months: u32 = number(0, 12);
        /// 变动待遇等待期 for each gap year.
        months_per_gap_year: u32 = number(0, 12);
        /// Gap years that add none.
        gap_years_without_variable_month: u32 = number(0, 100);
        /// The first year that counts as one.
        gap_years_count_from: i32 = year;
        /// Variable months that each extra year paid takes off.
        repaired_months_per_year: u32 = number(0, 12);
        /// From so many gap years on …
        long_gap_years: u32 = number(1, 100);
        /// … fixed and variable months come to this at least, however much is repaired.
        long_gap_minimum_months: u32 = number(0, 24);
        /// The first day of waiting.
        begins: FirstDay = first_day;
        /// Names of identities that never wait.
        exempt_identities: Vec<String> = names;
        /// From when those are entitled.
        exempt_entitled: FirstDay = first_day;
    }
}

rule! {
    /// 新生儿.
    pub struct Newborn {
        /// Paid within so many days after birth: entitled from birth. The day of birth is day 0.
        within_days: u32 = number(0, 366);
        /// Paid later: who does not wait all the same. Without it they wait as others do.
        late: Option<LateNewborn> = late;
    }
}

/// 新生儿 paid for after the days of [`Newborn`]: excepted from waiting (国办发〔2024〕38号: “除新生儿等特殊群体外”).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateNewborn {
    /// A child is one up to so many days after birth.
    pub within_days: u32,
    /// From when it is entitled.
    pub entitled: FirstDay,
}

rule! {
    /// 入学新生: who enters school in the coverage year is entitled from a day of it, and does not wait.
    pub struct Student {
        /// 人员类别 it is about.
        psn_types: Vec<String> = names;
        /// Month and day of the year of entry.
        entitled: (u32, u32) = month_day;
    }
}

/// What a full refund (退费) does once the period it was paid for has begun to entitle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing is paid back any more, unless the coverage was ended before.
    Refused,
    /// The coverage ends: a resident's on the day of the refund, another's with the month before the one paid back.
    Ends,
}

impl Begun {
    /// Every one.
    pub const ALL: [Begun; 2] = [Begun::Refused, Begun::Ends];

    /// As it stands in documents.
    pub fn code(self) -> &'static str {
        match self {
            Begun::Refused => "refused",
            Begun::Ends => "ends",
        }
    }
}

rule! {
    /// 退费.
    pub struct Refund {
        /// After the period has begun to entitle. Before, a full refund always withdraws the coverage.
        begun: Begun = begun;
    }
}

/// What becomes of an account share (家庭共济) whose kinship the register of households does not confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// Nothing is said.
    Accepted,
    /// It pays, and that is told with what it pays.
    Marked,
    /// It does not pay.
    Refused,
}

impl Unconfirmed {
    /// Every one.
    pub const ALL: [Unconfirmed; 3] = [Unconfirmed::Accepted, Unconfirmed::Marked, Unconfirmed::Refused];

    /// As it stands in documents.
    pub fn code(self) -> &'static str {
        match self {
            Unconfirmed::Accepted => "accept",
            Unconfirmed::Marked => "mark",
            Unconfirmed::Refused => "refuse",
        }
    }
}

rule! {
    /// 家庭共济的亲属关系, by 户籍家庭.
    pub struct KinshipRule {
        /// The two are in one household, and something else to each other.
        contradicted: Unconfirmed = unconfirmed;
        /// They are not known to be in one household.
        not_shown: Unconfirmed = unconfirmed;
    }
}

rule! {
    /// 转移接续 on the clock, in working days.
    pub struct TransferDays {
        /// 转出地: from the application to its statement.
        sending: u32 = number(1, 90);
        /// 转入地: from the statement to the end.
        receiving: u32 = number(1, 90);
    }
}

rule! {
    /// 待遇衔接 when somebody moves between areas or schemes.
    pub struct Continuity {
        /// A gap of so many months can be made good.
        gap_months: u32 = number(0, 12);
        /// Years insured without a break before a switch of schemes with a gap.
        continuous_years: u32 = number(0, 10);
        /// Employees' waiting after a longer gap: at most 6 months (医保办发〔2021〕43号).
        waiting_months: u32 = number(0, 6);
    }
}

rule! {
    /// 职工.
    pub struct Employee {
        /// From when those are entitled who pay.
        entitled: FirstDay = first_day;
    }
}

rule! {
    /// 连续参保、零报销激励 on the cap of residents' critical-illness insurance.
    pub struct RewardRule {
        /// Consecutive years without reward; each further one raises the cap.
        years_before: u32 = number(0, 100);
        /// The first year that counts.
        years_count_from: i32 = year;
        /// Raise of a further year, fen.
        per_year_fen: i64 = fen, key "per_year";
        /// Raise of a year without a claim, from the next year on, fen.
        per_zero_claim_year_fen: i64 = fen, key "per_zero_claim_year";
        /// The first year of which settlement's books know every claim; without it they tell of none.
        books_from: Option<i32> = optional_year;
        /// All raises together at most, of the cap without them, per mille.
        limit_permille: u32 = permille, key "limit";
        /// All raises together at most, fen.
        limit_fen: Option<i64> = |map: &Map, key| map.optional(key, amount), key "limit_amount";
        /// Whether drawing on the raise takes the zero-claim part back.
        use_clears_zero_claim: bool = whether;
        /// Whether an uninsured year does.
        break_clears_zero_claim: bool = whether;
    }
}
