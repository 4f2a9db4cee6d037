//! Reads a rule; everything wrong is reported at its place.

use std::collections::HashMap;

use yizhan_documents::{At, Kind, Map, Period, SourceIndex, Sources, digest, value};

use super::catalogue::{class_of, entry_of};
use super::condition::{Ask, asks};
use super::document::{AuditRule, Consequence, Life, Point, Severity, Subject};
use super::items::{Items, Pattern};
use super::kinds::{KINDS, KindEntry};
use super::{Stage, Window};

const KEYS: [&str; 24] = [
    "rule",
    "part",
    "version",
    "title",
    "class",
    "area",
    "sources",
    "source",
    "from",
    "to",
    "life",
    "result",
    "stages",
    "consequence",
    "may_answer",
    "behaviour",
    "scope",
    "paid_only",
    "when",
    "unless",
    "kind",
    "values",
    "points",
    "note",
];
const POINT: [&str; 9] = ["code", "diagnosis", "operation", "name", "from", "to", "source", "when", "note"];
const SUBJECTS: [&str; 3] = ["code", "diagnosis", "operation"];
const STAGES: [Stage; 3] = [Stage::Before, Stage::During, Stage::After];
/// What rules of the whole nation are about.
const NATIONAL: [&str; 2] = ["GZ", "ZB"];

/// 违规行为分类, after the Regulation on the supervision of the use of medical security funds (国务院令第735号), articles 38 and 40.
const BEHAVIOURS: [&str; 12] = [
    "分解住院、挂床住院",
    "过度诊疗、过度检查",
    "分解处方、超量开药、重复开药",
    "重复收费",
    "超标准收费",
    "分解项目收费",
    "串换药品、医用耗材、诊疗项目和服务设施",
    "超医保支付范围",
    "虚假就医、购药",
    "倒卖药品",
    "信息数据不实",
    "其他",
];

/// What surrounds the points of a document while they are read.
struct Around<'s, 'a> {
    sources: &'s Sources<'a>,
    /// The source of points that name none.
    source: Option<SourceIndex>,
    period: Option<Period>,
    kind: KindEntry,
    /// Values that points need not repeat.
    values: Option<Map<'a>>,
    scope: Option<Window>,
}

/// The values of a point: its own, else those the document gives for all.
pub struct Values<'v, 'a> {
    /// The point; the document itself where the rule has none.
    own: &'v Map<'a>,
    shared: Option<&'v Map<'a>>,
    /// The scope of the document, which is the window of points that name none.
    pub scope: Option<Window>,
    /// What may be cited.
    pub sources: &'v Sources<'a>,
}

impl<'a> Values<'_, 'a> {
    /// A value.
    pub fn get(&self, key: &str) -> Option<At<'a>> {
        self.own.get(key).or_else(|| self.shared?.get(key))
    }

    /// Reads a value that must be there.
    pub fn required<T>(&self, key: &str, read: impl FnOnce(At<'a>) -> Option<T>) -> Option<T> {
        match self.get(key) {
            Some(value) => read(value),
            None => {
                self.own.at.problem(Kind::MissingKey, format!("`{key}` is missing, here and in `values`"))
            }
        }
    }

    /// Reads a value that may be absent; the outer `None` is a reported problem.
    pub fn optional<T>(&self, key: &str, read: impl FnOnce(At<'a>) -> Option<T>) -> Option<Option<T>> {
        match self.get(key) {
            Some(value) => read(value).map(Some),
            None => Some(None),
        }
    }

    /// Reports what is wrong with the values together.
    pub fn missing<T>(&self, kind: Kind, message: &str) -> Option<T> {
        self.own.at.problem(kind, message)
    }

    /// Reads conditions.
    pub fn asks(&self, key: &str) -> Option<Vec<Ask>> {
        self.optional(key, |at| asks(&at, self.sources)).map(Option::unwrap_or_default)
    }

    /// Reads a window; without one it is the scope of the document.
    pub fn window(&self, key: &str) -> Option<Window> {
        self.optional(key, |at| Window::read(&at))?.or(self.scope)
    }
}

/// Reads a document; `None` after everything wrong with it was reported.
pub fn rule(root: &At, text: &str) -> Option<AuditRule> {
    let map = root.map(&KEYS)?;
    let code = map.required("rule", |at| rule_code(&at));
    let part = map.optional("part", |at| value::name(&at).map(str::to_owned));
    let version = map.required("version", |at| value::version(&at).map(str::to_owned));
    let title = map.required("title", |at| at.text().map(str::to_owned));
    let class = class(&map, code.as_deref());
    let area = map.required("area", |at| value::area(&at, "an area (admdvs)"));
    let sources = map.required("sources", |at| Sources::read(&at));
    let period = value::period(&map, None);
    let life = map.required("life", |at| at.code(Life::ALL, Life::word));
    let result = map.required("result", |at| at.code(Severity::ALL, Severity::word));
    let stages = map.required("stages", |at| at.set_of(|at| at.code(&STAGES, Stage::word)));
    let consequence = map.required("consequence", |at| at.code(Consequence::ALL, Consequence::word));
    let may_answer = map.required("may_answer", |at| at.boolean());
    let behaviour = map.required("behaviour", |at| at.code(&BEHAVIOURS, |word| word));
    let paid_only = map.optional("paid_only", |at| at.boolean());
    let note = map.optional("note", |at| at.text().map(str::to_owned));
    let known = sources.unwrap_or_default();
    let when = map.optional("when", |at| asks(&at, &known));
    let unless = map.optional("unless", |at| asks(&at, &known));
    let kind = map.required("kind", |at| at.code(KINDS, |kind| kind.name));
    let points = points(&map, &known, period, kind);
    check_consequence(&map, result, consequence);
    known.report_unused();
    note?;
    let (rule, part, area) = (code?, part?, area?);
    let suffix = part.as_ref().map_or_else(String::new, |part| format!("-{part}"));
    Some(AuditRule {
        id: format!("{rule}-{area}{suffix}"),
        rule,
        part,
        version: version?,
        title: title?,
        class: class?,
        area,
        digest: digest(text),
        line: map.key("rule").map_or(1, |key| key.line()),
        sources: known.finish()?,
        period: period?,
        life: life?,
        result: result?,
        stages: stages?,
        consequence: consequence?,
        may_answer: may_answer?,
        behaviour: behaviour?,
        paid_only: paid_only?.unwrap_or_default(),
        when: when?.unwrap_or_default(),
        unless: unless?.unwrap_or_default(),
        kind: kind?.name,
        points: points?,
    })
}

/// A code of the national list, or one of the area's own, which does not look like one of the nation's.
fn rule_code(at: &At) -> Option<String> {
    let code = value::name(at)?;
    let national = NATIONAL.iter().any(|beginning| code.starts_with(beginning));
    if national && entry_of(code).is_none() {
        return at.problem(Kind::UnknownCode, format!("`{code}` is not in the national list of rules"));
    }
    Some(code.to_owned())
}

/// A rule of the list is of the class it has there; any other says its class.
fn class(map: &Map, code: Option<&str>) -> Option<&'static str> {
    let given = map.optional("class", |at| {
        let name = at.text()?;
        class_of(name).or_else(|| {
            at.problem(Kind::UnknownCode, format!("`{name}` is no class of the national list of rules"))
        })
    })?;
    match (code.and_then(entry_of).map(|entry| entry.class), given) {
        (Some(listed), Some(given)) if listed != given => {
            let at = map.key("class").unwrap_or_else(|| map.at.clone());
            at.problem(Kind::ConflictingKeys, format!("the national list has this rule in {listed}"))
        }
        (Some(class), _) | (None, Some(class)) => Some(class),
        (None, None) => map.required("class", |_| None),
    }
}

/// 可疑 lets a visit pass.
fn check_consequence(map: &Map, result: Option<Severity>, consequence: Option<Consequence>) {
    let refuses = matches!(consequence, Some(Consequence::Block | Consequence::Withhold));
    if refuses && matches!(result, Some(Severity::Suspicion | Severity::Hint)) {
        map.conflict::<()>("result", "consequence");
    }
}

fn points(
    map: &Map,
    sources: &Sources,
    period: Option<Period>,
    kind: Option<KindEntry>,
) -> Option<Vec<Point>> {
    let scope = map.required("scope", |at| scope(&at));
    let source = map.optional("source", |at| sources.cite(&at))?;
    let kind = kind?;
    let values = map.optional("values", |at| at.map(kind.keys))?;
    let around = Around { sources, source, period, kind, values, scope };
    match map.get("points") {
        None => point(map, &around).map(|point| vec![point]),
        Some(at) => {
            let places = at.list()?;
            let points: Vec<Option<Point>> = places.iter().map(|at| listed_point(at, &around)).collect();
            report_twice(&places, &points);
            points.into_iter().collect()
        }
    }
}

fn scope(at: &At) -> Option<Window> {
    let words = ["line", "visit", "day", "month", "year"];
    let word = at.code(&words, |word| word)?;
    Window::read(at).filter(|_| words.contains(&word))
}

fn listed_point(at: &At, around: &Around) -> Option<Point> {
    let keys = [&POINT[..], around.kind.keys].concat();
    point(&at.map(&keys)?, around)
}

/// Reads a point; without a list of points the document itself is the one.
fn point(map: &Map, around: &Around) -> Option<Point> {
    let is_listed = map.get("kind").is_none();
    let subject = if is_listed { subject(map, &around.kind) } else { no_subject(map, &around.kind) };
    let name = map.optional("name", |at| at.text().map(str::to_owned));
    let source = match is_listed {
        true => map.optional("source", |at| around.sources.cite(&at))?.or(around.source),
        false => around.source,
    };
    let from = around.period.map(|period| period.from);
    let period = if is_listed { value::period(map, from) } else { around.period };
    if period.zip(around.period).is_some_and(|(own, all)| !own.overlaps(&all)) {
        map.at.problem::<()>(Kind::OutsidePeriod, "this point lies outside the days of its document");
    }
    let when = match is_listed {
        true => map.optional("when", |at| asks(&at, around.sources))?.unwrap_or_default(),
        false => Vec::new(),
    };
    let scope = around.scope;
    let values = Values { own: map, shared: around.values.as_ref(), scope, sources: around.sources };
    let test = (around.kind.read)(&values);
    let Some(source) = source else {
        return map
            .at
            .problem(Kind::MissingKey, "`source` is missing: give it to the document or to the point");
    };
    Some(Point {
        subject: subject?,
        name: name?.unwrap_or_default(),
        period: period?,
        source,
        when,
        test: test?,
    })
}

fn subject(map: &Map, kind: &KindEntry) -> Option<Subject> {
    let about: Vec<&'static str> = SUBJECTS.into_iter().filter(|key| kind.about.contains(key)).collect();
    if kind.about.is_empty() && SUBJECTS.iter().all(|key| map.get(key).is_none()) {
        return Some(Subject::Visit);
    }
    let key = map.one_of(&about)?;
    let items = map.required(key, |at| Items::read(&at))?;
    Some(match key {
        "diagnosis" => Subject::Diagnoses(items),
        "operation" => Subject::Operations(items),
        _ => Subject::Lines(items),
    })
}

fn no_subject(map: &Map, kind: &KindEntry) -> Option<Subject> {
    match kind.about.is_empty() {
        true => Some(Subject::Visit),
        false => map.at.problem(Kind::MissingKey, "`points` is missing: this kind is about items"),
    }
}

/// Whether two points speak of one item on one day, and not of different cases of it.
pub fn same_days_twice(one: &Point, other: &Point) -> bool {
    let share = |a: &[Pattern], b: &[Pattern]| a.iter().any(|pattern| b.contains(pattern));
    let same = match (&one.subject, &other.subject) {
        (Subject::Lines(a), Subject::Lines(b))
        | (Subject::Diagnoses(a), Subject::Diagnoses(b))
        | (Subject::Operations(a), Subject::Operations(b)) => share(a.patterns(), b.patterns()),
        _ => false,
    };
    same && one.period.overlaps(&other.period)
        && one.when == other.when
        && (!one.test.may_repeat() || (one.test == other.test && one.subject == other.subject))
}

/// Reports points of one item whose days overlap. Only points that share a pattern are compared.
fn report_twice(places: &[At], points: &[Option<Point>]) {
    let mut earlier: HashMap<&Pattern, Vec<usize>> = HashMap::new();
    for (index, point) in points.iter().enumerate() {
        let Some(point) = point else { continue };
        let (Subject::Lines(items) | Subject::Diagnoses(items) | Subject::Operations(items)) = &point.subject
        else {
            continue;
        };
        let known = items.patterns().iter().flat_map(|pattern| earlier.get(pattern)).flatten();
        let mut known = known.filter_map(|other| Some((*other, points[*other].as_ref()?)));
        if let Some((other, _)) = known.find(|(_, other)| same_days_twice(point, other)) {
            let message = format!(
                "a point of the same item on some of these days stands on line {}",
                places[other].line()
            );
            places[index].problem::<()>(Kind::TableOverlap, message);
        }
        items.patterns().iter().for_each(|pattern| earlier.entry(pattern).or_default().push(index));
    }
}
