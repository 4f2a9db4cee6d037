//! Holes in tables: cases that a layer applies to and for which no row of a table decides. They would be refused at the counter; better to know
//! them when the table is written. Cases are tried, made of the values that the rows speak of and of one that they do not speak of. So is found
//! what refuses everybody: a layer that pays, of which a limit or deductible is `unknown` to all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use yizhan_documents::{Facts as _, Kind, Known, Problem, Range, decide};
use yizhan_terms::{Care, DiseaseKind, Filing, Insutype, Status, Tier};

use crate::case::{Account, Case, Counted, Disease, Person, Visit};
use crate::engine::facts::Facts;
use crate::engine::policy_year;
use crate::load::condition::RECOGNISED;
use crate::model::{Adjust, Benefit, Condition, Layer, Policy, Prepay, Row, Table};

mod layers;

/// Most cases tried of one layer on one day. Beyond, two facts at a time are varied, the others stay as they are first.
const MAX_CASES: usize = 20_000;
/// Most cases tried of a document. What is left then is told not to have been searched.
pub const MAX_CASES_IN_ALL: usize = 200_000;
/// Of more identities or memberships than these no two are tried together.
const MAX_PAIRED: usize = 5;

/// The holes of all tables in which a case must find a row, the first of each table, with an example.
pub(super) fn of(policy: &Policy) -> Vec<Problem> {
    let mut left = MAX_CASES_IN_ALL;
    // Of what stands beside another document that one's holes were told before.
    let beside = policy.foreign_layers();
    let mut problems = if beside == 0 { layers::of(policy, &mut left) } else { Vec::new() };
    let own = policy.layers.iter().skip(beside);
    problems.extend(own.flat_map(|layer| of_layer(policy, layer, &mut left)));
    problems
}

/// Every condition that a policy asks.
pub(super) fn conditions(policy: &Policy) -> Vec<&Condition> {
    let mut all = Vec::new();
    policy.class_prepay.iter().for_each(|table| asked_by(table, &mut all));
    policy.extra_prepay.iter().filter_map(Prepay::table).for_each(|table| asked_by(table, &mut all));
    policy.layers.iter().for_each(|layer| all.extend(asked_of(layer)));
    all
}

/// What a table says of a case.
enum Said {
    /// No row decides.
    Nothing,
    /// The row that decides has no value: the case is refused with its words.
    Unknown,
    /// A value.
    Value,
}

/// A table of a layer, whatever its values are.
struct Asked<'p> {
    path: &'p str,
    /// Whether a case that no row decides is refused.
    required: bool,
    /// Whether it says what the layer pays: where that is `unknown` to all, the layer is there to say so.
    of_benefit: bool,
    /// First day and line of each version.
    versions: Vec<(NaiveDate, usize)>,
    said: Box<dyn Fn(&Facts<'_>) -> Said + 'p>,
    conditions: Vec<&'p Condition>,
}

impl<'p> Asked<'p> {
    fn new<T>(table: &'p Table<T>, required: bool) -> Asked<'p> {
        let line = |rows: &[Row<T>]| rows.first().map_or(1, |row| row.line);
        let mut conditions = Vec::new();
        asked_by(table, &mut conditions);
        Asked {
            path: &table.path,
            required,
            of_benefit: false,
            versions: table.versions.iter().map(|one| (one.period.from, line(&one.rows))).collect(),
            said: Box::new(move |facts| said(table, facts)),
            conditions,
        }
    }

    fn line_on(&self, day: NaiveDate) -> usize {
        self.versions.iter().rfind(|(from, _)| *from <= day).map_or(1, |(_, line)| *line)
    }
}

fn said<T>(table: &Table<T>, facts: &Facts<'_>) -> Said {
    let Some(version) = table.versions.iter().find(|version| version.period.contains(facts.day)) else {
        // Told as a gap.
        return Said::Value;
    };
    match decide(&version.rows, facts) {
        Ok(None) => Said::Nothing,
        Ok(Some(Row { value: Known::Unknown(_), .. })) => Said::Unknown,
        _ => Said::Value,
    }
}

fn asked_by<'p, T>(table: &'p Table<T>, to: &mut Vec<&'p Condition>) {
    let rows = table.versions.iter().flat_map(|version| &version.rows);
    to.extend(rows.flat_map(|row| &row.when));
}

/// Its tables in the order in which a case asks them.
fn tables(layer: &Layer) -> Vec<Asked<'_>> {
    let mut tables = Vec::new();
    let optional = |table| Asked::new(table, false);
    tables.extend(layer.base_factor.as_ref().map(optional));
    tables.extend(layer.prepay.as_ref().and_then(Prepay::table).map(optional));
    tables.extend(layer.cost_cap.as_ref().map(|cap| Asked::new(&cap.amount, true)));
    if let Some(deductible) = &layer.deductible {
        tables.push(Asked::new(&deductible.amount, true));
        let steps = [&deductible.factor, &deductible.less_previous, &deductible.year_cap];
        tables.extend(steps.into_iter().flatten().map(optional));
    }
    let benefit = match &layer.benefit {
        Benefit::Scale { bands, .. } => Asked::new(bands, true),
        // Its rows ask lines, of which there are too many kinds to try.
        Benefit::ByItem { ratios } => Asked::new(ratios, false),
        Benefit::LumpSum { amount } | Benefit::PerDay { amount, .. } | Benefit::PerItem { amount, .. } => {
            Asked::new(amount, true)
        }
    };
    tables.push(Asked { of_benefit: true, ..benefit });
    if let Benefit::PerDay { most_days: Some(most), .. } = &layer.benefit {
        tables.push(Asked::new(most, true));
    }
    tables.extend(layer.adjust.iter().filter_map(Adjust::table).map(optional));
    tables.extend(layer.minimum.as_ref().map(optional));
    tables.extend(layer.cap.as_ref().map(|cap| Asked::new(&cap.amount, true)));
    tables
}

fn asked_of(layer: &Layer) -> Vec<&Condition> {
    let of_tables = tables(layer).into_iter().flat_map(|table| table.conditions);
    layer.when.iter().chain(of_tables.collect::<Vec<_>>()).collect()
}

fn of_layer(policy: &Policy, layer: &Layer, left: &mut usize) -> Vec<Problem> {
    let tables = tables(layer);
    let axes = Axes::of(policy, layer, &tables);
    let starts = tables.iter().flat_map(|table| table.versions.iter().map(|(from, _)| *from));
    let days: BTreeSet<NaiveDate> =
        starts.chain([layer.period.from]).map(|day| day.max(layer.period.from)).collect();
    let mut told = BTreeSet::new();
    let (mut problems, mut everybody) = (Vec::new(), Vec::new());
    for day in days.into_iter().filter(|day| layer.period.contains(*day)) {
        let mut refused = Refused::default();
        let all = axes.each(left, |values| {
            let case = case_of(policy, day, values);
            let facts = Facts::on(policy, &case, day);
            if !facts.all_hold(&layer.when) {
                return;
            }
            let end = end(&tables, &facts);
            refused.count(case.visit.care, &end);
            let End::Hole(table) = end else { return };
            if !told.insert(table.path) {
                return;
            }
            let example = values.iter().filter_map(Value::words).collect::<Vec<_>>().join(", ");
            let message = format!("no row decides a case as `{{ {example} }}` on {day}: it would be refused");
            problems.push(told_at(policy, table, day, Kind::TableHole, message));
        });
        everybody = refused.of_everybody(policy, day);
        if let Some(table) = tables.first().filter(|_| !all) {
            let message =
                format!("too many combinations: not all cases of layer `{}` were tried on {day}", layer.id);
            problems.push(told_at(policy, table, day, Kind::TableHole, message));
            break;
        }
    }
    problems.extend(everybody);
    problems
}

fn told_at(policy: &Policy, table: &Asked<'_>, day: NaiveDate, kind: Kind, message: String) -> Problem {
    let (file, path) = (policy.file.clone(), table.path.to_owned());
    Problem { file, line: table.line_on(day), column: 1, path, kind, message }
}

/// How a case comes through the tables of a layer.
enum End<'t, 'p> {
    /// It is refused at this table without a word why.
    Hole(&'t Asked<'p>),
    /// It is refused at this table with its words.
    Unknown(&'t Asked<'p>),
    /// Each says a value.
    Settled,
}

fn end<'t, 'p>(tables: &'t [Asked<'p>], facts: &Facts<'_>) -> End<'t, 'p> {
    for table in tables {
        match (table.said)(facts) {
            Said::Unknown => return End::Unknown(table),
            Said::Nothing if table.required => return End::Hole(table),
            _ => {}
        }
    }
    End::Settled
}

/// By kind of care: the first table that refused a case of it for an `unknown`, while every one was refused.
#[derive(Default)]
struct Refused<'t, 'p>(BTreeMap<Care, Option<&'t Asked<'p>>>);

impl<'t, 'p> Refused<'t, 'p> {
    fn count(&mut self, care: Care, end: &End<'t, 'p>) {
        let at = match end {
            End::Unknown(table) => Some(*table),
            // A hole is told as such.
            End::Hole(_) | End::Settled => None,
        };
        let first = self.0.entry(care).or_insert(at);
        match at {
            // Rather one that is not the benefit's own: that one only says that nothing is known.
            Some(_) if first.is_some_and(|first| first.of_benefit) => *first = at,
            Some(_) => {}
            None => *first = None,
        }
    }

    fn of_everybody(&self, policy: &Policy, day: NaiveDate) -> Vec<Problem> {
        let refusing = self.0.iter().filter_map(|(care, table)| Some((care, (*table)?)));
        let told = |(care, table): (&Care, &'t Asked<'p>)| {
            let (code, label) = (care.code(), care.label());
            let message = format!(
                "every case of `{code}` ({label}) that this layer pays for is refused from {day} on: `{}` is `unknown` to all of them",
                table.path
            );
            told_at(policy, table, day, Kind::EverybodyRefused, message)
        };
        refusing.filter(|(_, table)| !table.of_benefit).map(told).collect()
    }
}

/// A value of a fact, or several that go together.
#[derive(Clone, Debug)]
enum Value<'p> {
    Care(Care, DiseaseKind, Option<&'p str>),
    Level(Tier),
    /// With whether the age is asked.
    Status(Status, u32, bool),
    Identity(Vec<&'p str>),
    Membership(Vec<&'p str>),
    Years(u32),
    Filing(Filing),
    InProvince(bool),
    Contracted(bool),
    Diagnosis(&'p str),
    Tag(Vec<&'p str>),
    Nth(&'p str, bool, i64),
}

impl Value<'_> {
    /// As a case says it.
    fn words(&self) -> Option<String> {
        Some(match self {
            Value::Care(care, _, None) => format!("care: {}", care.code()),
            Value::Care(care, kind, Some(code)) => {
                format!("care: {}, disease: {{ code: {code}, kind: {} }}", care.code(), kind.code())
            }
            Value::Level(level) => format!("level: {}", level.code()),
            Value::Status(status, age, true) => format!("status: {}, age: {age}", status.code()),
            Value::Status(status, _, false) => format!("status: {}", status.code()),
            Value::Identity(names) | Value::Membership(names) | Value::Tag(names) if names.is_empty() => {
                return None;
            }
            Value::Identity(names) => format!("identity: [{}]", names.join(", ")),
            Value::Membership(names) => format!("membership: [{}]", names.join(", ")),
            Value::Tag(names) => format!("tag: [{}]", names.join(", ")),
            Value::Years(years) => format!("years_insured: {years}"),
            Value::Filing(filing) => format!("filing: {}", filing.code()),
            Value::InProvince(so) => format!("in_province: {so}"),
            Value::Contracted(so) => format!("contracted: {so}"),
            Value::Diagnosis("") => return None,
            Value::Diagnosis(code) => format!("diagnosis: [{code}]"),
            Value::Nth(counter, _, before) => format!("visits: {{ {counter}: {before} }}"),
        })
    }

    fn put_into(&self, case: &mut Case, year: NaiveDate) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (person, visit) = (&mut case.person, &mut case.visit);
        match self {
            Value::Care(care, kind, code) => {
                visit.care = *care;
                visit.disease = code.map(|code| Disease { code: code.to_owned(), kind: *kind, since: None });
            }
            Value::Level(level) => visit.level = *level,
            Value::Status(status, age, _) => (person.status, person.age) = (*status, *age),
            Value::Identity(names) => person.identities = owned(names),
            Value::Membership(names) => person.memberships = owned(names),
            Value::Tag(names) => visit.tags = owned(names),
            Value::Years(years) => person.years_insured = *years,
            Value::Filing(filing) => visit.filing = *filing,
            Value::InProvince(so) => visit.in_province = *so,
            Value::Contracted(so) => visit.contracted = *so,
            Value::Diagnosis(code) => visit.diagnoses = vec![(*code).to_owned()],
            Value::Nth(counter, by_level, before) => {
                let year = case.accumulated.entry(year).or_default();
                match by_level {
                    true => year.extend(
                        Tier::ALL.iter().map(|level| (format!("{counter}@{}", level.code()), *before)),
                    ),
                    false => drop(year.insert((*counter).to_owned(), *before)),
                }
            }
        }
    }
}

fn case_of(policy: &Policy, day: NaiveDate, values: &[Value<'_>]) -> Case {
    let person = Person {
        status: Status::InService,
        age: 40,
        identities: BTreeSet::new(),
        memberships: BTreeSet::new(),
        years_insured: 10,
        continuity: None,
    };
    let visit = Visit {
        care: Care::Inpatient,
        level: Tier::First,
        begin: day,
        end: day,
        filing: Filing::Local,
        remote: None,
        in_province: true,
        contracted: true,
        diagnoses: Vec::new(),
        disease: None,
        tags: BTreeSet::new(),
        not_covered: Vec::new(),
        previous: None,
    };
    let mut case = Case {
        area: policy.areas[0],
        scheme: policy.schemes[0],
        person,
        visit,
        lines: Vec::new(),
        accumulated: Default::default(),
        paid_elsewhere: Vec::new(),
        account: Account::default(),
        counted: Counted::Claims,
        earlier: None,
    };
    let year = policy_year(policy, day);
    values.iter().for_each(|value| value.put_into(&mut case, year));
    case
}

/// The facts that a layer and its tables ask, each with the values to try.
struct Axes<'p>(Vec<Vec<Value<'p>>>);

impl<'p> Axes<'p> {
    fn of(policy: &'p Policy, layer: &'p Layer, tables: &[Asked<'p>]) -> Axes<'p> {
        let asked: Vec<&'p Condition> = layer
            .when
            .iter()
            .chain(tables.iter().flat_map(|table| table.conditions.iter().copied()))
            .collect();
        Axes::over(policy, cares(policy, layer, &asked), &asked)
    }

    /// These kinds of care with every other fact that is asked.
    fn over(policy: &'p Policy, cares: Vec<Value<'p>>, asked: &[&'p Condition]) -> Axes<'p> {
        let asks = |is: fn(&Condition) -> bool| asked.iter().any(|one| is(one));
        let mut axes = vec![cares];
        if asks(|one| matches!(one, Condition::Level(_))) {
            axes.push(Tier::ALL.iter().map(|level| Value::Level(*level)).collect());
        }
        axes.push(policy.schemes.iter().flat_map(|scheme| statuses(*scheme, asked)).collect());
        axes.extend(of_names(asked, Value::Identity, |one| match one {
            Condition::Identity(names) | Condition::NoIdentity(names) => Some(names),
            _ => None,
        }));
        axes.extend(of_names(asked, Value::Membership, |one| match one {
            Condition::Membership(names) | Condition::NoMembership(names) => Some(names),
            _ => None,
        }));
        axes.extend(of_names(asked, Value::Tag, |one| match one {
            Condition::Tag(names) | Condition::NoTag(names) => Some(names),
            _ => None,
        }));
        axes.extend(of_numbers(asked));
        if asks(|one| matches!(one, Condition::Filing(_))) {
            let possible = |filing: &&Filing| **filing != Filing::Returning || policy.filing_at_home;
            axes.push(Filing::ALL.iter().filter(possible).map(|filing| Value::Filing(*filing)).collect());
        }
        if asks(|one| matches!(one, Condition::InProvince(_))) {
            axes.push(vec![Value::InProvince(true), Value::InProvince(false)]);
        }
        if asks(|one| matches!(one, Condition::Contracted(_))) {
            axes.push(vec![Value::Contracted(true), Value::Contracted(false)]);
        }
        axes.extend(of_diagnoses(asked));
        axes.extend(counters(policy, asked));
        Axes(axes)
    }

    /// Every combination, or beyond [`MAX_CASES`] those of two facts at a time. Answers whether they were tried, which ends with what is left.
    fn each(&self, left: &mut usize, mut visit: impl FnMut(&[Value<'p>])) -> bool {
        let all = self.0.iter().try_fold(1usize, |all, axis| all.checked_mul(axis.len()));
        let every: Vec<usize> = (0..self.0.len()).collect();
        if all.is_some_and(|all| all <= MAX_CASES) {
            return self.vary(&every, left, &mut visit);
        }
        let pairs = every.iter().flat_map(|first| (0..*first).map(move |second| [second, *first]));
        pairs.collect::<Vec<_>>().iter().all(|pair| self.vary(pair, left, &mut visit))
    }

    /// Every combination of these facts, the others as they are first.
    fn vary(&self, facts: &[usize], left: &mut usize, visit: &mut impl FnMut(&[Value<'p>])) -> bool {
        let mut values: Vec<Value<'p>> = self.0.iter().filter_map(|axis| axis.first().cloned()).collect();
        let mut at = vec![0usize; facts.len()];
        loop {
            let Some(fewer) = left.checked_sub(1) else { return false };
            *left = fewer;
            visit(&values);
            let mut turned = false;
            for (place, fact) in facts.iter().enumerate() {
                at[place] = (at[place] + 1) % self.0[*fact].len();
                values[*fact] = self.0[*fact][at[place]].clone();
                if at[place] > 0 {
                    turned = true;
                    break;
                }
            }
            if !turned {
                return true;
            }
        }
    }
}

/// Kinds of care that the policy speaks of and the layer lets in, with the diseases that are asked.
fn cares<'p>(policy: &Policy, layer: &Layer, asked: &[&'p Condition]) -> Vec<Value<'p>> {
    let let_in = Care::ALL.iter().filter(|care| spoken_of(policy, **care) && layer.may_cover(**care));
    let mut values: Vec<Value> = let_in.flat_map(|care| of_care(policy, *care, asked)).collect();
    if values.is_empty() {
        values.push(Value::Care(Care::Inpatient, DiseaseKind::Ordinary, None));
    }
    values
}

/// Whether the policy settles such care.
fn spoken_of(policy: &Policy, care: Care) -> bool {
    match &policy.covers {
        Some(covers) => covers.contains(&care),
        None => !policy.not_published.iter().any(|(left, _)| *left == care),
    }
}

/// A kind of care with the diseases that are asked. 门诊慢特病 is of one; an outpatient visit may be of one that is recognised as 两病 or as
/// 慢特病, for the register tells how it is recognised whatever the visit is reported as.
fn of_care<'p>(policy: &Policy, care: Care, asked: &[&'p Condition]) -> Vec<Value<'p>> {
    let mut codes: BTreeSet<&str> = BTreeSet::new();
    let mut by_disease = false;
    for one in asked {
        match one {
            Condition::Disease(any) => codes.extend(any.iter().map(String::as_str)),
            Condition::DiseaseKind(_) => by_disease = true,
            _ => {}
        }
    }
    by_disease |= !codes.is_empty();
    // One that no row speaks of.
    codes.insert("M99999");
    let of_two = policy.schemes.iter().any(|scheme| scheme.is_of_residents());
    let kinds: &[DiseaseKind] = match (care, of_two) {
        (Care::Chronic | Care::Outpatient, true) => &RECOGNISED,
        (Care::Chronic | Care::Outpatient, false) => &[DiseaseKind::Chronic],
        _ => &[],
    };
    let mut values = Vec::new();
    if care != Care::Chronic || !by_disease {
        values.push(Value::Care(care, DiseaseKind::Ordinary, None));
    }
    if by_disease {
        let of_kind = |kind: &DiseaseKind| {
            codes.iter().map(|code| Value::Care(care, *kind, Some(*code))).collect::<Vec<_>>()
        };
        values.extend(kinds.iter().flat_map(of_kind));
    }
    values
}

/// The statuses that somebody of a scheme can have, each with the lowest, highest and usual age.
pub(super) fn statuses_of(scheme: Insutype) -> &'static [(Status, u32, u32, u32)] {
    const EMPLOYEES: &[(Status, u32, u32, u32)] =
        &[(Status::InService, 16, 65, 40), (Status::Retired, 45, 120, 66)];
    const CADRES: &[(Status, u32, u32, u32)] = &[(Status::VeteranCadre, 60, 120, 92)];
    const RESIDENTS: &[(Status, u32, u32, u32)] = &[
        (Status::Adult, 18, 59, 40),
        (Status::Senior, 60, 120, 70),
        (Status::Child, 0, 17, 8),
        (Status::Student, 17, 30, 20),
    ];
    match scheme {
        Insutype::VeteranCadre => CADRES,
        scheme if scheme.is_of_residents() => RESIDENTS,
        _ => EMPLOYEES,
    }
}

/// The statuses of a scheme, with ages at which a row begins or ends that somebody of it can have.
fn statuses<'p>(scheme: Insutype, asked: &[&'p Condition]) -> Vec<Value<'p>> {
    let ages = edges(asked, |one| match one {
        Condition::Age(range) => Some(range),
        _ => None,
    });
    let status = |(status, lowest, highest, usual): &(Status, u32, u32, u32)| {
        let edges = ages.iter().filter_map(|age| u32::try_from(*age).ok());
        let possible = edges.filter(|age| lowest <= age && age <= highest);
        let all: BTreeSet<u32> = possible.chain([*usual]).collect();
        all.into_iter().map(|age| Value::Status(*status, age, !ages.is_empty())).collect::<Vec<_>>()
    };
    statuses_of(scheme).iter().flat_map(status).collect()
}

/// Numbers just inside and outside the ranges that are asked.
fn edges<'p>(asked: &[&'p Condition], of: fn(&'p Condition) -> Option<&'p Range>) -> BTreeSet<i64> {
    let ranges = asked.iter().filter_map(|one| of(one));
    let of_range = |range: &Range| {
        let from = range.from.map(|from| [from, from - 1]);
        let to = range.to.map(|to| [to, to + 1]);
        from.into_iter().chain(to).flatten().collect::<Vec<_>>()
    };
    ranges.flat_map(of_range).filter(|number| *number >= 0).collect()
}

fn of_numbers<'p>(asked: &[&'p Condition]) -> Option<Vec<Value<'p>>> {
    let years = edges(asked, |one| match one {
        Condition::YearsInsured(range) => Some(range),
        _ => None,
    });
    let values: Vec<Value> =
        years.into_iter().filter_map(|years| u32::try_from(years).ok()).map(Value::Years).collect();
    (!values.is_empty()).then_some(values)
}

/// None of the names, each alone, and two together where there are few.
fn of_names<'p>(
    asked: &[&'p Condition],
    value: fn(Vec<&'p str>) -> Value<'p>,
    of: fn(&'p Condition) -> Option<&'p Vec<String>>,
) -> Option<Vec<Value<'p>>> {
    let names: BTreeSet<&str> =
        asked.iter().filter_map(|one| of(one)).flatten().map(String::as_str).collect();
    if names.is_empty() {
        return None;
    }
    let mut sets = vec![Vec::new()];
    sets.extend(names.iter().map(|name| vec![*name]));
    if names.len() <= MAX_PAIRED {
        let pairs = names
            .iter()
            .flat_map(|one| names.iter().filter(move |other| one < *other).map(|other| vec![*one, *other]));
        sets.extend(pairs);
    }
    Some(sets.into_iter().map(value).collect())
}

fn of_diagnoses<'p>(asked: &[&'p Condition]) -> Option<Vec<Value<'p>>> {
    let prefixes: BTreeSet<&str> = asked
        .iter()
        .filter_map(|one| match one {
            Condition::Diagnosis(any) => Some(any),
            _ => None,
        })
        .flatten()
        .map(String::as_str)
        .collect();
    let all = || [""].into_iter().chain(prefixes.iter().copied()).map(Value::Diagnosis).collect();
    (!prefixes.is_empty()).then(all)
}

/// For each counter that is asked, how many visits lie before.
fn counters<'p>(policy: &'p Policy, asked: &[&'p Condition]) -> Vec<Vec<Value<'p>>> {
    let of = |index: usize| {
        let ranges = asked.iter().filter_map(|one| match one {
            Condition::Nth { counter, range } if *counter == index => Some(range),
            _ => None,
        });
        let edges = ranges.flat_map(|range| range.from.into_iter().chain(range.to.map(|to| to + 1)));
        let before: BTreeSet<i64> = edges.map(|nth| nth - 1).filter(|before| *before > 0).collect();
        let accumulator = &policy.accumulators[index];
        let value = |before| Value::Nth(&accumulator.name, accumulator.by_level, before);
        (!before.is_empty()).then(|| [0].into_iter().chain(before).map(value).collect::<Vec<_>>())
    };
    (0..policy.accumulators.len()).filter_map(of).collect()
}
