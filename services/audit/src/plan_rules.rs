//! What the rules of cases and plans say (`services/audit/plan_rules`, docs/AUDIT.md): those of the area that pays and checks.

mod people;

use std::sync::LazyLock;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use yizhan_documents::calendar::{Calendar, NATIONAL};
use yizhan_documents::{Family, Map, rule, value};
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Area;

pub use people::{Assistances, Counts, OwnShare, Span};

yizhan_workflow::named! {
    /// What is drawn from.
    #[derive(PartialOrd, Ord, Serialize, Deserialize)]
    Purpose {
        Institutions = 1, "institutions", "检查对象";
        Officers = 2, "officers", "检查人员";
        ManualPayments = 3, "manual_payments", "零星报销";
        PassedBills = 4, "passed_bills", "初审通过";
        Large = 5, "large", "大额病历";
        SingleDisease = 6, "single_disease", "单病种";
        Suspicious = 7, "suspicious", "可疑病历";
        SpecialGroup = 8, "special_group", "特殊人群";
    }
}

impl Purpose {
    /// Whether audit itself lists what was settled.
    pub fn is_listed(self) -> bool {
        matches!(self, Purpose::ManualPayments | Purpose::PassedBills | Purpose::Large | Purpose::Suspicious)
    }

    /// Whether what is drawn is reviewed, item by item.
    pub fn is_sample(self) -> bool {
        !matches!(self, Purpose::Institutions | Purpose::Officers)
    }

    /// Whether it is drawn by quarters only.
    pub fn is_quarterly(self) -> bool {
        self.number() >= Purpose::Large.number()
    }
}

/// The rules of plans.
pub type Rules = yizhan_documents::Rules<PlanFamilies>;
/// The same while the service runs.
pub type PlanRules = yizhan_rules::RulesBook<PlanFamilies>;

yizhan_documents::families! {
    /// What a document of plan rules may hold.
    pub struct PlanFamilies, called "稽核计划规则", embedded embedded_texts() => {
        cases: Terms = "cases", read Terms::read, keys Terms::KEYS;
        checks: Checks = "checks", read Checks::read, keys Checks::KEYS;
        sampling: Sampling = "sampling", read Sampling::read, keys Sampling::KEYS;
        internal_control: InternalControl = "internal_control", read InternalControl::read, keys InternalControl::KEYS;
        own_share: OwnShare = "own_share", read OwnShare::read, keys OwnShare::KEYS;
        assistance: Assistances = "assistance", read Assistances::read, keys Assistances::KEYS;
        calendar: Calendar = "calendar", read Calendar::read, keys Calendar::KEYS;
    }
}

fn embedded_texts() -> &'static [(&'static str, &'static str)] {
    static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/plan_rules");
    static FILES: LazyLock<Vec<(&str, &str)>> =
        LazyLock::new(|| [vec![NATIONAL], yizhan_documents::texts(&FOLDER)].concat());
    &FILES
}

rule! {
    /// Cases: working days for each step, and opinions of a joint review.
    #[derive(Copy, Serialize, Deserialize)]
    pub struct Terms {
        /// 初审
        screening_days: u32 = number(1, 250);
        /// 复核
        review_days: u32 = number(1, 250);
        /// 申诉, from the day after the institution was told.
        appeal_days: u32 = number(1, 250);
        /// 复审, with a joint review.
        re_review_days: u32 = number(1, 250);
        /// 反馈
        feedback_days: u32 = number(1, 250);
        /// 处理
        handling_days: u32 = number(1, 250);
        /// 会审: so many opinions at least.
        opinions: u32 = number(1, 20);
    }
}

rule! {
    /// Checks of institutions.
    #[derive(Copy, Serialize, Deserialize)]
    pub struct Checks {
        /// So many officers at least.
        officers: u32 = number(2, 20);
        /// Working days to answer a result (陈述申辩).
        answer_days: u32 = number(1, 250);
        /// To answer a talk (约谈).
        talk_days: u32 = number(1, 250);
        /// To tell how putting right goes, from the day it was decided and handed over.
        progress_days: u32 = number(1, 250);
        /// To report in writing, from the day all was put right.
        report_days: u32 = number(1, 250);
    }
}

rule! {
    /// How much is drawn at least, and reviewed.
    pub struct Sampling {
        /// Of manual payments.
        manual_payments: Decimal = ratio;
        /// Of bills that passed 初审.
        passed_bills: Decimal = ratio;
        /// Of large bills, in a quarter.
        large: u32 = number(1, 20_000);
        /// Of single diseases, in a quarter.
        single_disease: u32 = number(1, 20_000);
        /// Of suspicious ones, in a quarter.
        suspicious: u32 = number(1, 20_000);
        /// Of special groups, in a quarter.
        special_group: u32 = number(1, 20_000);
        /// 大额病历: of so much, 医疗费总额 in fen, and more.
        large_from_fen: u32 = number(1, 1_000_000_000);
        /// What two different people review.
        two_people: Vec<Purpose> = purposes;
        /// Working days for a review, and to say what becomes of a rejection.
        review_days: u32 = number(1, 250);
    }
}

rule! {
    /// How often a city checks the internal control of its counties.
    pub struct InternalControl {
        /// One of so many counties a year at least.
        one_in: u32 = number(1, 10);
        /// All of them within so many years.
        round_years: u32 = number(1, 10);
    }
}

impl Sampling {
    /// How many of so many are drawn at least; `None` for what is no sample.
    pub fn needed(&self, purpose: Purpose, listed: u32) -> Option<u32> {
        let of_quarter = |count: u32| Some(count.min(listed));
        match purpose {
            Purpose::Institutions | Purpose::Officers => None,
            Purpose::ManualPayments => Some(part_of(listed, self.manual_payments)),
            Purpose::PassedBills => Some(part_of(listed, self.passed_bills)),
            Purpose::Large => of_quarter(self.large),
            Purpose::SingleDisease => of_quarter(self.single_disease),
            Purpose::Suspicious => of_quarter(self.suspicious),
            Purpose::SpecialGroup => of_quarter(self.special_group),
        }
    }
}

/// A part of so many, rounded up.
pub fn part_of(count: u32, part: Decimal) -> u32 {
    let whole = (Decimal::from(count) * part).ceil();
    u32::try_from(whole).unwrap_or(count).min(count)
}

/// The rule of an area on a day.
///
/// # Errors
/// Where no document speaks of it.
pub fn find<R: Family<PlanFamilies> + Clone>(
    rules: &Rules,
    area: Area,
    day: NaiveDate,
) -> Result<R, ServiceError> {
    let found = rules.find::<R>(area, day).map(|dated| dated.rule.clone());
    found.map_err(|missing| {
        ServiceError::new(Reason::RulesNotInForce, "no plan rules hold there on that day")
            .with_text("该地区当日没有生效的稽核计划规则")
            .with("family", missing.family)
            .with("area", missing.area)
            .with("day", missing.day)
    })
}

fn number(lowest: i64, highest: i64) -> impl Fn(&Map, &str) -> Option<u32> {
    move |map, key| map.required(key, |at| value::whole(at, lowest, highest))?.try_into().ok()
}

fn ratio(map: &Map, key: &str) -> Option<Decimal> {
    map.required(key, value::ratio)
}

fn purposes(map: &Map, key: &str) -> Option<Vec<Purpose>> {
    let read = map.optional(key, |at| at.set_of(|at| at.code(Purpose::ALL, Purpose::name)));
    read.map(Option::unwrap_or_default)
}
