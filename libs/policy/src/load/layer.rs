//! Layers: who pays which part of what, in order.

use rust_decimal::Decimal;
use yizhan_terms::{Fund, Payer};

use yizhan_documents::value::{name, period};
use yizhan_documents::{At, Kind, Map, Period, Region, closest, when};

use super::condition::Scope;
use super::names::Names;
use super::quantity::{PARTS, base};
use super::steps::{adjustments, benefit, cap, cost_cap, deductible, feeds, is_remote, prepay};
use super::values::{AMOUNT, RATIO};
use crate::model::{Adjust, Base, Benefit, Cap, Condition, Deductible, Layer, LayerIndex, Prepay, Table};

const KEYS: &[&str] = &[
    "id",
    "title",
    "payer",
    "fund_pay_type",
    "from",
    "to",
    "source",
    "when",
    "base",
    "base_factor",
    "prepay",
    "cost_cap",
    "deductible",
    "scale",
    "lump_sum",
    "per_day",
    "per_item",
    "adjust",
    "remote",
    "minimum",
    "cap",
    "feeds",
    "counts_paid",
];

/// Benefits that are paid beside the bill.
const BESIDE_BILL: &[&str] = &["lump_sum", "per_day", "per_item"];

/// Parts of a layer that a sum beside the bill has no use for.
const ONLY_WITH_SCALE: &[&str] =
    &["base", "base_factor", "prepay", "cost_cap", "deductible", "adjust", "remote", "minimum"];

/// The id of a layer before the layer itself is read; empty when it has none.
pub(super) fn id_of(at: &At) -> String {
    at.find("id").and_then(|(_, id)| id.raw()).unwrap_or_default().to_owned()
}

/// Reads the layer of this number, in the scope of the document, whose period it must lie in.
pub(super) fn layer<'a>(at: At<'a>, number: LayerIndex, document: &Scope<'_, 'a>) -> Option<Layer> {
    let names = document.names;
    let map = at.map(KEYS)?;
    let id = map.required("id", |at| unique_id(&at, number, names));
    let title = map.required("title", |at| at.text());
    let payer = map.required("payer", |at| at.code(Payer::ALL, Payer::code));
    let fund_pay_type = map.required("fund_pay_type", |at| fund(&at, payer));
    let period = layer_period(&map, document.period);
    let source = map.optional("source", |at| document.sources.cite(&at));
    // One that is not declared was told; its tables are not told to lack one as well.
    let mut scope = Scope { period, when: Vec::new(), source: source.unwrap_or(Some(0)), ..*document };
    let conditions = map.optional("when", |at| layer_when(&at, &scope));
    scope.when = conditions.clone().flatten().unwrap_or_default();
    let benefit = benefit(&map, &scope);
    let parts = Parts::read(&map, number, &scope);
    let cap = map.optional("cap", |at| cap(&at, &scope));
    check_beside_bill(&map);
    check_days(&map, benefit.as_ref());
    check_by_item(&map, benefit.as_ref(), parts.as_ref());
    check_plus(&map, payer);
    check_less_previous(&map, payer);
    check_counts(&map);
    let feeds = map.optional("feeds", |at| feeds(&at, names));
    let counts_paid =
        map.optional("counts_paid", |at| at.set_of(|at| names.earlier_layer(at.text()?, number, &at)));
    let parts = parts?;
    source?;
    Some(Layer {
        id: id?,
        title: title?.to_owned(),
        payer: payer?,
        fund_pay_type: fund_pay_type?,
        period: period?,
        when: conditions?.unwrap_or_default(),
        line: map.key("when").unwrap_or_else(|| map.at.clone()).line(),
        base: parts.base,
        base_factor: parts.base_factor,
        prepay: parts.prepay,
        cost_cap: parts.cost_cap,
        deductible: parts.deductible,
        benefit: benefit?,
        adjust: parts.adjust,
        same_when_remote: parts.same_when_remote,
        minimum: parts.minimum,
        cap: cap?,
        feeds: feeds?.unwrap_or_default(),
        counts_paid: counts_paid?.unwrap_or_default(),
    })
}

/// What stands between the bill and the scale.
struct Parts {
    base: Base,
    base_factor: Option<Table<Decimal>>,
    prepay: Option<Prepay>,
    cost_cap: Option<Cap>,
    deductible: Option<Deductible>,
    adjust: Vec<Adjust>,
    same_when_remote: bool,
    minimum: Option<Table<Decimal>>,
}

impl Parts {
    fn read<'a>(map: &Map<'a>, number: LayerIndex, scope: &Scope<'_, 'a>) -> Option<Parts> {
        let base = |at| base(at, scope.names, number);
        let base = if BESIDE_BILL.iter().any(|key| map.get(key).is_some()) {
            map.optional("base", base).map(|base| base.unwrap_or(Base { terms: Vec::new() }))
        } else {
            map.required("base", base)
        };
        let base_factor = map.optional("base_factor", |at| Table::read(at, scope, &RATIO));
        let prepay = map.optional("prepay", |at| prepay(at, scope));
        let cost_cap = map.optional("cost_cap", |at| cost_cap(&at, scope));
        let deductible = map.optional("deductible", |at| deductible(&at, scope));
        let adjust = map.optional("adjust", |at| adjustments(&at, scope));
        let same_when_remote = map.optional("remote", |at| at.code(&[()], |()| "none"));
        check_remote(map);
        let minimum = map.optional("minimum", |at| Table::read(at, scope, &AMOUNT));
        Some(Parts {
            base: base?,
            base_factor: base_factor?,
            prepay: prepay?,
            cost_cap: cost_cap?,
            deductible: deductible?,
            adjust: adjust?.unwrap_or_default(),
            same_when_remote: same_when_remote?.is_some(),
            minimum: minimum?,
        })
    }
}

fn unique_id(at: &At, number: LayerIndex, names: &Names) -> Option<String> {
    let id = name(at)?;
    if names.layers[..number].iter().any(|earlier| earlier == id) {
        return at.problem(Kind::DuplicateLayer, format!("an earlier layer is called `{id}` already"));
    }
    Some(id.to_owned())
}

fn fund(at: &At, payer: Option<Payer>) -> Option<Fund> {
    let code = at.text()?;
    let Some(fund) = Fund::from_code(code).filter(|fund| fund.field().is_some()) else {
        return at.problem(
            Kind::UnknownCode,
            format!("unknown fund_pay_type `{code}`{}", closest(code, [].into_iter())),
        );
    };
    match payer {
        Some(payer) if !payer.funds().contains(&fund) => {
            let funds = payer.funds().iter().map(|fund| fund.code()).collect::<Vec<_>>().join(", ");
            let (fund, payer) = (fund.label(), payer.code());
            at.problem(Kind::FundMismatch, format!("{code} ({fund}) is not a fund of `{payer}`: {funds}"))
        }
        _ => Some(fund),
    }
}

/// A layer's own dates, or the document's; they lie within the document's.
fn layer_period(map: &Map, document: Option<Period>) -> Option<Period> {
    let first_day = document.map_or(chrono::NaiveDate::MIN, |document| document.from);
    let mut period = period(map, Some(first_day))?;
    let document = document?;
    period.to = period.to.or(document.to);
    if period.from < document.from {
        let message = format!("begins before the document does, on {}", document.from);
        return map.get("from").and_then(|at| at.problem(Kind::OutsidePeriod, message));
    }
    let last_day = document.to.filter(|last| period.from > *last || period.to.is_some_and(|to| to > *last));
    if let Some(last) = last_day {
        let at = map.get("to").or(map.get("from")).unwrap_or_else(|| map.at.clone());
        return at.problem(Kind::OutsidePeriod, format!("lies after the end of the document, {last}"));
    }
    Some(period)
}

fn layer_when<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Vec<Condition>> {
    let conditions = when(at, scope)?;
    if !Region::default().and(&conditions).is_possible() {
        return at.problem(Kind::UnreachableRow, "no case can meet these conditions together");
    }
    Some(conditions)
}

/// `remote: none` says that nothing changes: it excludes a place where something does.
fn check_remote(map: &Map) {
    if map.get("remote").is_none() {
        return;
    }
    let is_place = |key: &str| {
        map.get(key).is_some_and(|at| match at.is_list() {
            true => at.list().is_some_and(|items| items.iter().any(is_remote)),
            false => is_remote(&at),
        })
    };
    for key in ["prepay", "adjust"].into_iter().filter(|key| is_place(key)) {
        map.conflict::<()>(key, "remote");
    }
}

/// What the state raises is the cap of critical-illness insurance (国办发〔2024〕38号).
fn check_plus(map: &Map, payer: Option<Payer>) {
    let cap = map.get("cap").filter(|_| payer.is_some_and(|payer| payer != Payer::CriticalIllness));
    if let Some((at, _)) = cap.as_ref().and_then(|cap| cap.find("plus")) {
        at.problem::<()>(
            Kind::ConflictingKeys,
            "`plus` raises the limit of `critical_illness`, no other payer's",
        );
    }
}

/// What is known of the stay before is the deductible of basic insurance.
fn check_less_previous(map: &Map, payer: Option<Payer>) {
    let deductible = map.get("deductible").filter(|_| payer.is_some_and(|payer| payer != Payer::Basic));
    if let Some((at, _)) = deductible.as_ref().and_then(|deductible| deductible.find("less_previous")) {
        at.problem::<()>(
            Kind::ConflictingKeys,
            "`less_previous` is of a deductible of `basic`, no other payer's",
        );
    }
}

/// A limit on the cost above the deductible needs one; and its accumulator holds the same cost.
fn check_counts(map: &Map) {
    let Some(cost_cap) = map.get("cost_cap") else { return };
    let counts = cost_cap.find("counts").filter(|(_, value)| value.raw() == Some("net"));
    if let Some((at, _)) = counts.as_ref().filter(|_| map.get("deductible").is_none()) {
        at.problem::<()>(
            Kind::MissingKey,
            "`counts: net` is of the cost above a `deductible`, which is missing",
        );
    }
    let Some((_, used)) = cost_cap.find("used") else { return };
    let fed = map.get("feeds").and_then(|feeds| used.raw().and_then(|name| feeds.find(name)));
    let (right, wrong) = if counts.is_some() { ("net", "base") } else { ("base", "net") };
    if let Some((_, what)) = fed.filter(|(_, what)| what.raw() == Some(wrong)) {
        let message = format!(
            "the limit counts `{right}`, and its accumulator is fed `{wrong}`: write `{right}`, or the other `counts`"
        );
        what.problem::<()>(Kind::ConflictingKeys, message);
    }
}

/// What a payer pays by items is spread over the lines of the bill: the base adds lines.
fn check_by_item(map: &Map, benefit: Option<&Benefit>, parts: Option<&Parts>) {
    let (Some(Benefit::ByItem { .. }), Some(parts)) = (benefit, parts) else { return };
    let is_part = |quantity| PARTS.iter().any(|(_, part)| *part == quantity);
    let mut added = parts.base.terms.iter().filter(|term| term.times.is_sign_positive());
    if let (Some(at), true) = (map.get("base"), added.any(|term| !is_part(term.quantity))) {
        let message =
            "`by_item` pays lines: the base adds parts of the bill only, and takes away what it will";
        at.problem::<()>(Kind::NotAPart, message);
    }
}

/// Days are fed by who pays days.
fn check_days(map: &Map, benefit: Option<&Benefit>) {
    let pays_days = matches!(benefit, Some(Benefit::PerDay { .. }) | None);
    let feeds = map.get("feeds").filter(|_| !pays_days).and_then(|feeds| feeds.entries());
    for (_, what) in feeds.into_iter().flatten().filter(|(_, what)| what.raw() == Some("days")) {
        what.problem::<()>(Kind::ConflictingKeys, "`days` is what `per_day` pays: this layer pays no days");
    }
}

/// A sum beside the bill uses nothing of it; one that is paid at every visit or for every item must be limited in the year.
fn check_beside_bill(map: &Map) {
    let Some(key) = BESIDE_BILL.iter().copied().find(|key| map.get(key).is_some()) else { return };
    for other in ONLY_WITH_SCALE.iter().filter(|other| map.get(other).is_some()) {
        map.conflict::<()>(key, other);
    }
    // Days end with the stay.
    let Some(lump_sum) = map.key(key).filter(|_| key != "per_day") else { return };
    let limited = map.get("cap").is_some_and(|cap| cap.find("used").is_some());
    if !limited {
        let message = match key {
            "lump_sum" => "without a `cap` with `used` the lump sum would be paid again at every visit",
            _ => "without a `cap` with `used` nothing limits how many items of the year are paid",
        };
        lump_sum.problem::<()>(Kind::LumpSumUnbounded, message);
    }
}
