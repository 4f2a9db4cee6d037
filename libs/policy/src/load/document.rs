//! The document as a whole.

use rust_decimal::Decimal;
use yizhan_documents::value::{area, month_and_day, name, period, version};
use yizhan_documents::{
    At, Document, Documents, Head, Kind, Map, Period, Problem, Problems, Source, Sources, closest, digest,
};
use yizhan_terms::{Care, Fund, Insutype, Payer};

use super::condition::{OF_CASE, OF_LINE, OF_VISIT, Scope};
use super::layer::{id_of, layer};
use super::names::{Declared, Names, Used};
use super::quantity::PARTS;
use super::steps::{is_remote, prepay};
use super::values::{RATIO, REACH, VISITS, WHETHER};
use super::{MAX_LAYERS, beside, findings, set, silent};
use crate::model::{
    AccountRules, Accumulator, AccumulatorIndex, AcrossYears, Base, Benefit, Books, CutOn, Fed, Handling,
    Layer, Policy, Prepay, Quantity, Rename, SameDays, Table, Together, Unit, VisitRules,
};

const KEYS: &[&str] = &[
    "policy",
    "version",
    "title",
    "areas",
    "scheme",
    "schemes",
    "from",
    "to",
    "composite",
    "beside",
    "year_starts",
    "across_years",
    "visits",
    "sources",
    "accumulators",
    "renames",
    "class_prepay",
    "extra_prepay",
    "filing_at_home",
    "covers",
    "not_published",
    "layers",
    "account",
    "same_days",
];

/// What a document says of the scheme as a whole: never a product that stands beside it.
const OF_BASE: &[&str] = &[
    "year_starts",
    "across_years",
    "visits",
    "class_prepay",
    "extra_prepay",
    "filing_at_home",
    "covers",
    "not_published",
    "account",
    "same_days",
];

/// Reads a policy document, with products beside it whose layers are its last ones; `None` after everything wrong with it was reported.
pub(super) fn policy(root: &At, text: &str, products: &[&Policy]) -> Option<Policy> {
    let map = not_cases(root)?.map(KEYS)?;
    let beside = map.optional("beside", |at| named_layers(&at));
    if map.get("beside").is_some() {
        OF_BASE.iter().filter(|key| map.get(key).is_some()).for_each(|key| {
            map.conflict::<()>(key, "beside");
        });
    }
    let id = map.required("policy", |at| name(&at).map(str::to_owned));
    let version = map.required("version", |at| version(&at).map(str::to_owned));
    let title = map.required("title", |at| at.text());
    let areas = map.required("areas", |at| at.set_of(|at| area(&at, "a pooling area (admdvs)")));
    let schemes = schemes(&map);
    let period = period(&map, None);
    let composite = map.optional("composite", |at| at.text());
    let year_starts = map.optional("year_starts", month_and_day);
    let across_years = map.optional("across_years", |at| {
        at.code(&[AcrossYears::Whole, AcrossYears::SplitByDays], across_years_code)
    });
    let filing_at_home = map.optional("filing_at_home", |at| at.code(&["asked"], |word| word));
    let same_days = map.optional("same_days", |at| same_days(&at));
    let covers = map.optional("covers", |at| at.set_of(|at| at.code(Care::ALL, Care::code)));
    let not_published = map.optional("not_published", |at| not_published(&at));
    let body = Body::read(&map, period, (beside.clone().flatten().unwrap_or_default(), products));
    check_books(&map, year_starts.flatten(), body.layers.as_deref().unwrap_or_default());
    check_quarters(&map, year_starts.flatten(), body.accumulators.as_deref().unwrap_or_default());
    let (sources, accumulators) = (body.sources, body.accumulators);
    let (beside, period) = (beside?, period?);
    let foreign = beside.iter().flatten().map(|id| foreign_layer(id, period));
    let layers: Option<Vec<Layer>> = body.layers.map(|own| foreign.chain(own).collect());
    let renames = body.renames?.unwrap_or_default();
    let (moved, renames): (Vec<_>, Vec<_>) =
        renames.into_iter().partition(|(_, to)| matches!(to, Renamed::Beside));
    let policy = Policy {
        file: String::new(),
        id: id?,
        version: version?,
        digest: digest(text),
        title: title?.to_owned(),
        areas: areas?,
        schemes: schemes?,
        period,
        composite: composite?.map(str::to_owned),
        year_starts: year_starts?.unwrap_or((1, 1)),
        across_years: across_years?.unwrap_or(AcrossYears::Whole),
        visits: body.visits?,
        sources: sources?,
        accumulators: accumulators?,
        renames: renamed(renames),
        accumulators_line: line_of(&map, &["renames", "accumulators"]),
        class_prepay: body.class_prepay?,
        extra_prepay: body.extra_prepay?,
        filing_at_home: filing_at_home?.is_some(),
        layers: layers?,
        account: body.account?,
        same_days: same_days?.unwrap_or_default(),
        covers: covers?,
        not_published: not_published?.unwrap_or_default(),
        found: Vec::new(),
        looks_back: body.looks_back,
        together: Together { beside, moved: names_of(moved), text: text.into(), of: Vec::new() },
    };
    silent::check(&map, &policy);
    Some(policy)
}

fn not_cases<'r, 'd>(root: &'r At<'d>) -> Option<&'r At<'d>> {
    if root.find("layers").is_none() && (root.is_list() || root.find("person").is_some()) {
        let message = "these are cases, not a policy: `yizhan policy test` settles them";
        return root.problem(Kind::WrongType, message);
    }
    Some(root)
}

/// `beside: [basic, critical]`: the layers it names of the documents it stands beside; `beside: any`, where it names none.
fn named_layers(at: &At) -> Option<Vec<String>> {
    if at.raw() == Some("any") {
        return Some(Vec::new());
    }
    at.set_of(|at| name(&at).map(str::to_owned))
}

/// A layer of a document that a product stands beside, of which the product knows no more than the name.
fn foreign_layer(id: &str, period: Period) -> Layer {
    let bands = Table { path: String::new(), versions: Vec::new() };
    Layer {
        id: id.to_owned(),
        line: 1,
        title: id.to_owned(),
        payer: Payer::Basic,
        fund_pay_type: Fund::EmployeePool,
        period,
        when: Vec::new(),
        base: Base { terms: Vec::new() },
        base_factor: None,
        prepay: None,
        cost_cap: None,
        deductible: None,
        benefit: Benefit::Scale { cut_on: CutOn::Net, reached: None, bands },
        adjust: Vec::new(),
        same_when_remote: true,
        minimum: None,
        cap: None,
        feeds: Vec::new(),
        counts_paid: Vec::new(),
    }
}

/// Kinds of care, each with what is said about its not being published: `{ maternity: 所用来源没有给出 }`.
fn not_published(at: &At) -> Option<Vec<(Care, String)>> {
    let read = |(key, value): (At, At)| {
        let care = key.code(Care::ALL, Care::code);
        let reason = value.text();
        Some((care?, reason?.to_owned()))
    };
    let read: Vec<Option<_>> = at.entries()?.into_iter().map(read).collect();
    read.into_iter().collect()
}

/// Totals of months stand in the books of their policy year: no quarter lies in two.
fn check_quarters(map: &Map, year_starts: Option<(u32, u32)>, accumulators: &[Accumulator]) {
    let with_a_quarter = year_starts.is_none_or(|(month, day)| day == 1 && month % 3 == 1);
    let by_month = accumulators.iter().any(|one| one.by_month);
    if let Some(at) = map.get("year_starts").filter(|_| by_month && !with_a_quarter) {
        let message = "what adds up by the month needs a policy year that begins with a quarter: 01-01, 04-01, 07-01 or 10-01";
        at.problem::<()>(Kind::ConflictingKeys, message);
    }
}

impl Document for Policy {
    const NAME: &'static str = "待遇政策";

    fn read(file_name: &str, text: &str) -> Result<Policy, Problems> {
        super::load(file_name, text)
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: &self.id,
            version: &self.version,
            title: &self.title,
            areas: &self.areas,
            digest: &self.digest,
            scheme: self.only_scheme(),
            period: Some(self.period),
            composite: self.composite.as_deref(),
        }
    }

    /// None: settlement publishes them at its start, because a settlement is replayed under the version it was made with, and
    /// the next program may come with another.
    fn embedded() -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn findings(&self) -> Vec<Problem> {
        findings(self)
    }

    fn conflicts(&self, published: &Documents<Policy>) -> Vec<Problem> {
        set::conflicts(self, published)
    }

    fn joined(&self, published: &Documents<Policy>) -> Vec<Policy> {
        beside::joined(self, published.documents()).into_iter().filter_map(Result::ok).collect()
    }
}

/// `scheme: "310"`, `scheme: any`, or `schemes: ["310", "390"]`.
fn schemes(map: &Map) -> Option<Vec<Insutype>> {
    let scheme = |at: At| at.code(&Insutype::SETTLED, Insutype::code);
    if map.get("schemes").is_some() {
        return match map.get("scheme") {
            Some(_) => map.conflict("scheme", "schemes"),
            None => map.required("schemes", |at| at.set_of(scheme)),
        };
    }
    map.required("scheme", |at| match at.raw() {
        Some("any") => Some(Insutype::SETTLED.to_vec()),
        _ => scheme(at).map(|scheme| vec![scheme]),
    })
}

/// What the books tell of years without a claim is true only if they tell it of calendar years, and hold what every fund of basic and
/// critical-illness insurance paid.
fn check_books(map: &Map, year_starts: Option<(u32, u32)>, layers: &[Layer]) {
    let told = layers.iter().filter_map(|layer| layer.cap.as_ref()?.plus?.books);
    for Books { claims, .. } in told {
        if let Some(at) = map.get("year_starts").filter(|_| year_starts.is_some_and(|start| start != (1, 1)))
        {
            at.problem::<()>(
                Kind::ConflictingKeys,
                "years without a claim are calendar years: `plus` needs 01-01",
            );
        }
        let of_fund = |layer: &Layer| matches!(layer.payer, Payer::Basic | Payer::CriticalIllness);
        let feeds = |layer: &Layer| {
            layer.feeds.iter().any(|feed| feed.accumulator == claims && feed.what == Fed::Paid)
        };
        let items = map.get("layers").and_then(|at| at.list()).unwrap_or_default();
        for (at, _) in items.iter().zip(layers).filter(|(_, layer)| of_fund(layer) && !feeds(layer)) {
            let message = "feeds not what it pays to the `claims` of a `plus`: a year with a claim on it would count as one without";
            at.problem::<()>(Kind::AccumulatorNotFed, message);
        }
    }
}

fn across_years_code(across_years: AcrossYears) -> &'static str {
    match across_years {
        AcrossYears::Whole => "whole",
        AcrossYears::SplitByDays => "split_by_days",
    }
}

/// A document that does not mention the personal account lets it pay nothing.
const NO_ACCOUNT: AccountRules =
    AccountRules { pays: Vec::new(), sharing: false, reach: None, contributions: None };

/// Everything that cites sources or uses accumulators.
struct Body {
    sources: Option<Vec<Source>>,
    accumulators: Option<Vec<Accumulator>>,
    renames: Option<Option<Vec<(String, Renamed)>>>,
    visits: Option<Option<Table<VisitRules>>>,
    class_prepay: Option<Option<Table<Decimal>>>,
    extra_prepay: Option<Option<Prepay>>,
    layers: Option<Vec<Layer>>,
    account: Option<AccountRules>,
    looks_back: Option<i64>,
}

impl Body {
    fn read(map: &Map, period: Option<Period>, (foreign, products): (Vec<String>, &[&Policy])) -> Body {
        let layers = map.required("layers", |at| at.list()).filter(|layers| few_enough(map, layers.len()));
        let sources = map.required("sources", |at| Sources::read(&at));
        let accumulators = map.optional("accumulators", |at| declared(&at, accumulator));
        let readable = layers.is_some() && sources.is_some() && accumulators.is_some();
        let sources = sources.unwrap_or_default();
        let names = Names {
            accumulators: accumulators.flatten().unwrap_or_default(),
            layers: foreign.iter().cloned().chain(layers.iter().flatten().map(id_of)).collect(),
            used: Used::default(),
        };
        let renames = map.optional("renames", |at| renames(&at, &names));
        let scope =
            |asked| Scope { sources: &sources, names: &names, source: None, period, when: Vec::new(), asked };
        let visits = map.optional("visits", |at| Table::read(at, &scope(OF_VISIT), &VISITS));
        let class_prepay = map.optional("class_prepay", |at| Table::read(at, &scope(OF_LINE), &RATIO));
        let extra_prepay = map.optional("extra_prepay", |at| prepay(at, &scope(OF_CASE)));
        if map.get("extra_prepay").is_some_and(|at| is_remote(&at)) {
            layers.iter().flatten().for_each(refuse_second_prepay);
        }
        let layers = layers.and_then(|layers| {
            let periods = periods(layers.len(), period, products);
            read_layers(layers, (foreign.len(), &periods), &scope(OF_CASE))
        });
        let account = map.optional("account", |at| account(&at, &scope(&[])));
        if readable {
            sources.report_unused();
            names.check_use();
        }
        Body {
            renames,
            visits,
            class_prepay,
            extra_prepay,
            layers,
            account: account.map(|rules| rules.unwrap_or(NO_ACCOUNT)),
            looks_back: names.used.looks_back(),
            sources: sources.finish(),
            accumulators: names.accumulators.into_iter().map(|accumulator| accumulator.value).collect(),
        }
    }
}

/// Where the whole bill is prepaid by the filing register's rule, no layer prepays by it again.
fn refuse_second_prepay(layer: &At) {
    let Some((at, _)) = layer.find("prepay").filter(|(_, value)| is_remote(value)) else { return };
    let message = "`extra_prepay: remote` takes effect already: the register's prepay would be taken twice";
    at.problem::<()>(Kind::RemoteTwice, message);
}

fn few_enough(map: &Map, layers: usize) -> bool {
    if layers > MAX_LAYERS {
        map.at.problem::<()>(Kind::TooLarge, format!("more than {MAX_LAYERS} layers"));
    }
    layers <= MAX_LAYERS
}

/// The period of the document that each of so many layers stands in: the last ones are those of the products.
fn periods(layers: usize, base: Option<Period>, products: &[&Policy]) -> Vec<Option<Period>> {
    let of_products = products
        .iter()
        .flat_map(|product| vec![Some(product.period); product.layers.len() - product.foreign_layers()]);
    let of_products: Vec<Option<Period>> = of_products.collect();
    let mut periods = vec![base; layers.saturating_sub(of_products.len())];
    periods.extend(of_products);
    periods
}

fn read_layers<'a>(
    layers: Vec<At<'a>>,
    (foreign, periods): (usize, &[Option<Period>]),
    scope: &Scope<'_, 'a>,
) -> Option<Vec<Layer>> {
    let read = |((index, at), period): ((usize, At<'a>), &Option<Period>)| {
        let number = foreign + index;
        let id = &scope.names.layers[number];
        let at = if id.is_empty() { at } else { at.named(format!("layers.{id}")) };
        layer(at, number, &Scope { period: *period, when: Vec::new(), ..*scope })
    };
    let layers: Vec<Option<Layer>> = layers.into_iter().enumerate().zip(periods).map(read).collect();
    layers.into_iter().collect()
}

fn declared<'a, T>(at: &At<'a>, read: fn(&At<'a>, &At<'a>) -> Option<T>) -> Option<Vec<Declared<'a, T>>> {
    let declare = |(key, value): (At<'a>, At<'a>)| Declared {
        name: key.raw().unwrap_or_default().to_owned(),
        value: read(&key, &value),
        at: key,
    };
    let entries = at.entries()?;
    if entries.is_empty() {
        return at.problem(Kind::EmptyList, "nothing is declared here");
    }
    Some(entries.into_iter().map(declare).collect())
}

fn accumulator(key: &At, at: &At) -> Option<Accumulator> {
    let name = name(key);
    let map = at.map(&["label", "unit", "by", "per"])?;
    let label = map.required("label", |at| at.text());
    let unit = map.required("unit", |at| at.code(&[Unit::Fen, Unit::Count, Unit::Days], unit_code));
    let by = map.optional("by", |at| at.code(&[()], |()| "level"));
    let by_month =
        map.optional("per", |at| at.code(&[true, false], |month| if month { "month" } else { "year" }));
    Some(Accumulator {
        name: name?.to_owned(),
        label: label?.to_owned(),
        unit: unit?,
        by_level: by?.is_some(),
        by_month: by_month?.unwrap_or(false),
    })
}

/// What became of an accumulator of a version before.
#[derive(Clone, Copy)]
enum Renamed {
    /// It is called otherwise.
    To(AccumulatorIndex),
    /// It is given up.
    None,
    /// A product beside goes on with it.
    Beside,
}

fn renamed(all: Vec<(String, Renamed)>) -> Vec<Rename> {
    let now = |renamed| match renamed {
        Renamed::To(index) => Some(index),
        Renamed::None | Renamed::Beside => None,
    };
    all.into_iter().map(|(old, renamed)| (old, now(renamed))).collect()
}

fn names_of(all: Vec<(String, Renamed)>) -> Vec<String> {
    all.into_iter().map(|(old, _)| old).collect()
}

/// Earlier names of accumulators, each with what it is called now; `none` where it is given up, `beside` where a product goes on with it.
fn renames(at: &At, names: &Names) -> Option<Vec<(String, Renamed)>> {
    let declared = |name: &str| names.accumulators.iter().position(|accumulator| accumulator.name == name);
    let rename = |(key, value): (At, At)| {
        let old = name(&key)?.to_owned();
        if value.raw() == Some("beside") {
            return Some((old, Renamed::Beside));
        }
        if declared(&old).is_some() {
            return key.problem(Kind::ConflictingKeys, format!("`{old}` is declared: it has its name still"));
        }
        let text = value.text()?;
        if text == "none" {
            return Some((old, Renamed::None));
        }
        match declared(text) {
            Some(index) => Some((old, Renamed::To(index))),
            None => {
                let hint =
                    closest(text, names.accumulators.iter().map(|accumulator| accumulator.name.as_str()));
                value.problem(Kind::UnknownAccumulator, format!("no accumulator `{text}` is declared{hint}"))
            }
        }
    };
    let read: Vec<Option<_>> = at.entries()?.into_iter().map(rename).collect();
    read.into_iter().collect()
}

/// The line of the first of these keys that is there.
fn line_of(map: &Map, keys: &[&str]) -> usize {
    keys.iter().find_map(|key| map.get(key)).map_or(1, |at| at.line())
}

fn unit_code(unit: Unit) -> &'static str {
    match unit {
        Unit::Fen => "fen",
        Unit::Count => "count",
        Unit::Days => "days",
    }
}

fn account<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<AccountRules> {
    let map = at.map(&["pays", "sharing", "reach", "contributions"])?;
    let pays = map.required("pays", |at| at.set_of(|at| account_part(&at)));
    let sharing = map.optional("sharing", |at| at.boolean());
    let reach = map.optional("reach", |at| Table::read(at, scope, &REACH));
    let contributions = map.optional("contributions", |at| Table::read(at, scope, &WHETHER));
    let (sharing, reach) = (sharing?.unwrap_or(false), reach?);
    if let Some(at) = map.get("reach").filter(|_| !sharing) {
        return at.problem(Kind::MissingKey, "`reach` tells how far `sharing: true` goes");
    }
    Some(AccountRules { pays: pays?, sharing, reach, contributions: contributions? })
}

fn same_days(at: &At) -> Option<SameDays> {
    let map = at.map(&["two_stays", "in_stay", "around_visit"])?;
    let handling = |key| map.optional(key, |at| at.code(&[Handling::Refuse, Handling::Mark], Handling::code));
    let (two_stays, in_stay, around_visit) =
        (handling("two_stays"), handling("in_stay"), handling("around_visit"));
    let default = SameDays::default();
    Some(SameDays {
        two_stays: two_stays?.unwrap_or(default.two_stays),
        in_stay: in_stay?.unwrap_or(default.in_stay),
        around_visit: around_visit?.unwrap_or(default.around_visit),
    })
}

fn account_part(at: &At) -> Option<Quantity> {
    let text = at.text()?;
    let parts = || PARTS.iter().filter(|(_, part)| *part != Quantity::Total);
    let part = parts().find(|(name, _)| *name == text).map(|(_, part)| *part);
    part.or_else(|| {
        let names: Vec<&str> = parts().map(|(name, _)| *name).collect();
        at.problem(Kind::NotAPart, format!("`{text}` is not one of the four parts: {}", names.join(", ")))
    })
}
