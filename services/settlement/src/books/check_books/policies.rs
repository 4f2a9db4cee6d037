//! What only a policy tells of the books: whether a total is read by anybody, and whether a settlement could be.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, Months, NaiveDate};
use rust_decimal::Decimal;
use yizhan_documents::Documents;
use yizhan_policy::model::Unit;
use yizhan_policy::{Key, Policy, find, visit_rules};
use yizhan_proto::settlement::v1::{Settlement, SettlementInfo};
use yizhan_runtime::clock::parse_date;
use yizhan_terms::{Area, Insutype, MedType, Tier};

use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;

/// The policies, and which accumulators of a year those in force read.
pub(super) struct Known<'p> {
    policies: &'p Documents<Policy>,
    area: Option<Area>,
    /// By first day of the policy year; `None` where no policy is known.
    read: BTreeMap<String, Option<BTreeSet<&'p str>>>,
}

impl<'p> Known<'p> {
    pub fn of(policies: &'p Documents<Policy>, poolarea_no: &str) -> Known<'p> {
        Known { policies, area: Area::parse(poolarea_no), read: BTreeMap::new() }
    }

    /// Those of a year's totals that no policy in force reads: what they limit begins anew.
    pub fn unread<'n>(&mut self, policy_year: &str, names: impl Iterator<Item = &'n String>) -> Vec<&'n str> {
        if !self.read.contains_key(policy_year) {
            let read = parse_date(policy_year).and_then(|year| self.names_read(year));
            self.read.insert(policy_year.to_owned(), read);
        }
        let Some(Some(read)) = self.read.get(policy_year) else { return Vec::new() };
        names.map(String::as_str).filter(|name| !read.contains(Key::of(name).name)).collect()
    }

    fn names_read(&self, year: NaiveDate) -> Option<BTreeSet<&'p str>> {
        let last = year.checked_add_months(Months::new(12))?.checked_sub_days(Days::new(1))?;
        let area = self.area?;
        let begins = self.policies.documents().iter().map(|policy| policy.period.from);
        let days: BTreeSet<NaiveDate> =
            begins.filter(|from| (year..=last).contains(from)).chain([year, last]).collect();
        let of_day = |day: NaiveDate| {
            Insutype::ALL.iter().filter_map(move |scheme| find(self.policies, area, *scheme, day).ok())
        };
        let in_force: Vec<&Policy> = days.into_iter().flat_map(of_day).collect();
        let names = |policy: &'p Policy| {
            let own = policy.accumulators.iter().map(|one| one.name.as_str());
            own.chain(policy.renames.iter().map(|(old, _)| old.as_str()))
        };
        (!in_force.is_empty()).then(|| in_force.into_iter().flat_map(names).collect())
    }

    /// What a settlement could not be, by the policy that decided it.
    pub fn faults(&self, row: &settlement::Model, answer: &Settlement) -> Vec<String> {
        let policy = self.policies.version(&row.policy_id, &row.policy_version);
        let Some(policy) = policy.filter(|_| row.reverses_setl_id.is_empty()) else { return Vec::new() };
        let counted =
            counts_nothing(policy, answer).then(|| "is counted, and no cost entered any layer".to_owned());
        counted.into_iter().chain(wrong_days(policy, header(answer))).collect()
    }
}

/// Whether a visit that claims nothing counts as one: the next deductible would be lower for it.
fn counts_nothing(policy: &Policy, answer: &Settlement) -> bool {
    let Some(trace) = &answer.trace else { return false };
    let is_zero =
        |amount: &str| amount.is_empty() || amount.parse::<Decimal>().is_ok_and(|base| base.is_zero());
    let claims = trace.layers.iter().any(|layer| layer.paid_fen != 0 || !is_zero(&layer.base));
    let counts = |name: &str| {
        policy.accumulators.iter().any(|one| one.name == Key::of(name).name && one.unit == Unit::Count)
    };
    !claims && trace.accumulators.iter().any(|change| change.added > 0 && counts(&change.accumulator))
}

/// Days that no visit of the person can have.
fn wrong_days(policy: &Policy, info: &SettlementInfo) -> Option<String> {
    let (begin, end) = (parse_date(&info.begndate)?, parse_date(&info.enddate)?);
    let med_type = MedType::from_code(&info.med_type)?;
    // The age is that of the last day.
    let years = u32::try_from(info.age).ok()? + 1;
    if end.checked_sub_months(Months::new(12 * years)).is_some_and(|born_after| begin <= born_after) {
        return Some(format!("begins on {begin}, before the person was born"));
    }
    let rules = Tier::ALL.iter().filter_map(|level| visit_rules(policy, med_type.care(), *level, end).ok());
    let limit = if med_type.is_stay() {
        rules.map(|rules| rules.stay_days).max()
    } else {
        rules.map(|rules| rules.outpatient_days).max()
    };
    // A part of a stay is as long as what came since the part before, see `settlements/part.rs`.
    let since = info.earlier_parts.last().and_then(|before| parse_date(&before.enddate));
    let days = (end - since.unwrap_or(begin)).num_days() + 1;
    (end < begin || limit.is_some_and(|limit| days > limit)).then(|| format!("is a visit of {days} days"))
}
