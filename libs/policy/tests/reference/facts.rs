//! Which row decides: conditions, ranks and dates as docs/POLICY.md describes them.

use chrono::{Datelike, Days, NaiveDate};
use yizhan_documents::{Known, Period, Range};
use yizhan_policy::Case;
use yizhan_policy::case::Line;
use yizhan_policy::model::{Condition, Policy, Prepay, PreviousLevel, Row, Table};
use yizhan_terms::{DiseaseKind, Treatment};

use super::{Fraction, Refused};

/// What a table is asked about.
pub struct Facts<'a> {
    pub policy: &'a Policy,
    pub case: &'a Case,
    pub day: NaiveDate,
    pub policy_year: NaiveDate,
    /// The line, when one is asked about.
    pub line: Option<&'a Line>,
}

/// First day of the policy year: walk back to it.
pub fn policy_year(policy: &Policy, mut day: NaiveDate) -> NaiveDate {
    while (day.month(), day.day()) != policy.year_starts {
        day = day.pred_opt().expect("years have a first day");
    }
    day
}

/// Whether the person is entitled on a day of the visit.
pub fn is_covered(case: &Case, day: NaiveDate) -> bool {
    case.visit.not_covered.iter().all(|out| day < out.from || out.to < day)
}

/// The name an accumulator has for this case.
pub fn accumulator_key(policy: &Policy, case: &Case, day: NaiveDate, index: usize) -> String {
    let accumulator = &policy.accumulators[index];
    let month = if accumulator.by_month { day.format("/%Y-%m").to_string() } else { String::new() };
    match accumulator.by_level {
        true => format!("{}{month}@{}", accumulator.name, case.visit.level.code()),
        false => format!("{}{month}", accumulator.name),
    }
}

impl Facts<'_> {
    /// What earlier visits of the year left in an accumulator.
    pub fn before(&self, index: usize) -> i64 {
        let key = accumulator_key(self.policy, self.case, self.day, index);
        let year = self.case.accumulated.get(&self.policy_year);
        year.and_then(|year| year.get(&key)).copied().unwrap_or(0)
    }

    pub fn hold(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|condition| self.holds(condition))
    }

    fn holds(&self, condition: &Condition) -> bool {
        let (person, visit) = (&self.case.person, &self.case.visit);
        let has = |held: &std::collections::BTreeSet<String>, names: &[String]| {
            names.iter().filter(|name| held.contains(*name)).count() > 0
        };
        match condition {
            Condition::Care(of) => of.contains(&visit.care),
            Condition::Level(of) => of.contains(&visit.level),
            Condition::Status(of) => of.contains(&person.status),
            Condition::Filing(of) => of.contains(&visit.filing),
            Condition::Age(range) => within(range, i64::from(person.age)),
            Condition::YearsInsured(range) => within(range, i64::from(person.years_insured)),
            Condition::Previous(asked) => visit.previous.iter().any(|one| {
                let beside = if one.level == visit.level {
                    PreviousLevel::Same
                } else if one.level < visit.level {
                    PreviousLevel::Lower
                } else {
                    PreviousLevel::Higher
                };
                one.end + Days::new(asked.within_days as u64) >= visit.begin
                    && asked.transferred != Some(!one.transferred)
                    && (asked.levels.contains(&beside) || asked.levels.is_empty())
            }),
            Condition::Nth { counter, range } => within(range, self.before(*counter) + 1),
            Condition::Identity(of) => has(&person.identities, of),
            Condition::NoIdentity(of) => !has(&person.identities, of),
            Condition::Membership(of) => has(&person.memberships, of),
            Condition::NoMembership(of) => !has(&person.memberships, of),
            Condition::Tag(of) => has(&visit.tags, of),
            Condition::NoTag(of) => !has(&visit.tags, of),
            Condition::InProvince(wanted) => visit.in_province == *wanted,
            Condition::Contracted(wanted) => visit.contracted == *wanted,
            Condition::Diagnosis(of) => {
                visit.diagnoses.iter().any(|code| of.iter().any(|start| code.find(start.as_str()) == Some(0)))
            }
            Condition::Disease(of) => of.iter().any(|code| visit.disease.iter().any(|one| one.code == *code)),
            Condition::DiseaseKind(of) => {
                of.contains(&visit.disease.as_ref().map_or(DiseaseKind::Ordinary, |one| one.kind))
            }
            Condition::Class(of) => self.line.is_some_and(|line| of.contains(&line.class)),
            Condition::ListType(of) => self.line.is_some_and(|line| of.contains(&line.list_type)),
            Condition::Label(of) => {
                self.line.is_some_and(|line| line.labels.iter().any(|one| of.contains(one)))
            }
            Condition::NoLabel(of) => {
                self.line.is_some_and(|line| line.labels.iter().all(|one| !of.contains(one)))
            }
        }
    }

    /// What the filing register says.
    pub fn treatment(&self) -> Option<Treatment> {
        self.case.visit.remote.as_ref().map(|rule| rule.treatment)
    }

    /// Whether the bill's extra 先行自付 is the register's: the document says `remote`, or of care filed so only that nothing is published.
    pub fn register_prepays_bill(&self) -> bool {
        let Some(Prepay::Table(table)) = &self.policy.extra_prepay else {
            return self.policy.extra_prepay == Some(Prepay::Remote);
        };
        let of_layer = self.policy.layers.iter().any(|layer| layer.prepay == Some(Prepay::Remote));
        if of_layer || self.treatment().is_none() || self.value(table) != Err("POLICY_VALUE_UNKNOWN") {
            return false;
        }
        let rows = table.versions.iter().filter(|version| in_force(version.period, self.day));
        let rows: Vec<_> =
            rows.flat_map(|version| &version.rows).filter(|row| self.hold(&row.when)).collect();
        let highest = rows.iter().max_by_key(|row| row.rank);
        highest.is_some_and(|row| row.when.iter().any(|one| matches!(one, Condition::Filing(_))))
    }

    /// The part that is paid first: by a table, or as the filing register says.
    pub fn prepaid(&self, prepay: Option<&Prepay>) -> Result<Fraction, Refused> {
        let ratio = match (prepay, self.treatment()) {
            (Some(Prepay::Table(table)), _) => self.value(table)?.copied(),
            (Some(Prepay::Remote), Some(Treatment::Prepay(ratio))) => Some(ratio),
            (Some(Prepay::Remote) | None, _) => None,
        };
        Ok(ratio.map_or(Fraction::ZERO, Fraction::of))
    }

    /// The value that decides, where a case that no row matches is refused.
    pub fn needed<'t, T>(&self, table: &'t Table<T>) -> Result<&'t T, Refused> {
        self.value(table)?.ok_or("POLICY_NO_RULE")
    }

    /// The same with the number of the row among all rows of the table.
    pub fn needed_row<'t, T>(&self, table: &'t Table<T>) -> Result<(usize, &'t T), Refused> {
        let value = self.needed(table)?;
        let rows = table.versions.iter().flat_map(|version| &version.rows);
        let found = rows
            .enumerate()
            .find(|(_, row)| matches!(&row.value, Known::Value(one) if std::ptr::eq(one, value)));
        Ok((found.expect("it is of the table").0, value))
    }

    /// The value that decides, where no matching row means that nothing changes.
    pub fn value<'t, T>(&self, table: &'t Table<T>) -> Result<Option<&'t T>, Refused> {
        let on_the_day = table.versions.iter().filter(|version| in_force(version.period, self.day));
        let mut matching: Vec<&Row<T>> =
            on_the_day.flat_map(|version| &version.rows).filter(|row| self.hold(&row.when)).collect();
        matching.sort_by_key(|row| -i64::from(row.rank));
        match matching.as_slice() {
            [] => Ok(None),
            [first, second, ..] if first.rank == second.rank => Err("POLICY_AMBIGUOUS"),
            [first, ..] => match &first.value {
                Known::Value(value) => Ok(Some(value)),
                Known::Unknown(_) => Err("POLICY_VALUE_UNKNOWN"),
            },
        }
    }
}

/// Both days included.
pub fn in_force(period: Period, day: NaiveDate) -> bool {
    let last = period.to.unwrap_or(NaiveDate::MAX);
    (period.from..=last).contains(&day)
}

fn within(range: &Range, number: i64) -> bool {
    let (from, to) = (range.from.unwrap_or(i64::MIN), range.to.unwrap_or(i64::MAX));
    (from..=to).contains(&number)
}
