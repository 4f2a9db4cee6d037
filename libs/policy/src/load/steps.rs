//! The steps of a layer: deductible, scale or lump sum, adjustments, limits, feeds.

use yizhan_documents::value::whole;
use yizhan_documents::{At, Kind, Known, Map};
use yizhan_terms::Care;

use super::condition::{OF_LINE, Scope};
use super::names::Names;
use super::quantity::line_filter;
use super::values::{AMOUNT, BANDS, DAYS, DEDUCTIBLE, LIMIT, MAX_DAYS, POINTS, RATIO};
use crate::model::{
    Adjust, Benefit, Books, Cap, Condition, CutOn, DayCount, Deductible, DeductibleAmount, Fed, Feed, Per,
    Plus, Prepay, Span, Table, Unit, Unsaid,
};

pub(super) fn deductible<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Deductible> {
    let map = at.map(&["per", "amount", "factor", "less_previous", "year_cap", "used"])?;
    let per = map.required("per", |at| per(&at, &[Per::Visit, Per::Year], per_code));
    let per_line = map.get("per").map_or(0, |at| at.line());
    let amount = map.required("amount", |at| Table::read(at, scope, &DEDUCTIBLE));
    let factor = map.optional("factor", |at| Table::read(at, scope, &RATIO));
    let less_previous = map.optional("less_previous", |at| Table::read(at, scope, &RATIO));
    let year_cap = map.optional("year_cap", |at| Table::read(at, scope, &AMOUNT));
    let used = map.optional("used", |at| scope.names.read(at, Unit::Fen));
    let needed_by = if per == Some(Known::Value(Per::Year)) {
        Some("per")
    } else {
        map.get("year_cap").map(|_| "year_cap")
    };
    if let (Some(key), None) = (needed_by, map.get("used")) {
        let message = "`used` is missing: the accumulator that holds what was charged in the year";
        return map.key(key).and_then(|key| key.problem(Kind::UsedMissing, message));
    }
    check_less_previous(&map, per.as_ref(), amount.as_ref());
    Some(Deductible {
        per: per?,
        per_line,
        amount: amount?,
        factor: factor?,
        less_previous: less_previous?,
        year_cap: year_cap?,
        used: used?,
    })
}

/// A deductible of the year goes on by itself; one that is a part of the bill, in each part of a split stay anew.
fn check_less_previous(map: &Map, per: Option<&Known<Per>>, amount: Option<&Table<DeductibleAmount>>) {
    if map.get("less_previous").is_none() {
        return;
    }
    let mut rows = amount.into_iter().flat_map(|table| &table.versions).flat_map(|version| &version.rows);
    let part = rows.any(|row| matches!(row.value, Known::Value(DeductibleAmount::PartOf(..))));
    if per == Some(&Known::Value(Per::Year)) || part {
        map.conflict::<()>("less_previous", if part { "amount" } else { "per" });
    }
}

/// `visit`, `year` …, or `{ unknown: why }` where the paper does not say.
fn per<T: Copy>(at: &At, all: &[T], code: fn(T) -> &'static str) -> Option<Known<T>> {
    if at.is_map() {
        let why = at.map(&["unknown"])?.required("unknown", |at| at.text());
        return why.map(|why| Known::Unknown(why.to_owned()));
    }
    if at.raw() == Some("unknown") {
        let message = "`unknown` says why: write `{ unknown: 文件没有写每次还是每年度 }`";
        return at.problem(Kind::WrongType, message);
    }
    at.code(all, code).map(Known::Value)
}

fn per_code(per: Per) -> &'static str {
    match per {
        Per::Visit => "visit",
        Per::Year => "year",
    }
}

pub(super) fn benefit<'a>(map: &Map<'a>, scope: &Scope<'_, 'a>) -> Option<Benefit> {
    match map.one_of(&["scale", "lump_sum", "per_day", "per_item"])? {
        "scale" => map.required("scale", |at| scale(&at, scope)),
        "per_day" => map.required("per_day", |at| per_day(&at, scope)),
        "per_item" => map.required("per_item", |at| per_item(&at, scope)),
        _ => {
            let amount = map.required("lump_sum", |at| Table::read(at, scope, &AMOUNT))?;
            Some(Benefit::LumpSum { amount })
        }
    }
}

fn scale<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Benefit> {
    let map = at.map(&["cut_on", "reached", "bands", "by_item"])?;
    if map.get("by_item").is_some() {
        for key in ["cut_on", "reached", "bands"].into_iter().filter(|key| map.get(key).is_some()) {
            map.conflict::<()>("by_item", key);
        }
        let scope = Scope { when: scope.when.clone(), asked: OF_LINE, ..*scope };
        return map
            .required("by_item", |at| Table::read(at, &scope, &RATIO))
            .map(|ratios| Benefit::ByItem { ratios });
    }
    let cut_on = map.required("cut_on", |at| at.code(&[CutOn::Absolute, CutOn::Net], cut_on_code));
    let reached = map.optional("reached", |at| scope.names.read(at, Unit::Fen));
    let bands = map.required("bands", |at| Table::read(at, scope, &BANDS));
    Some(Benefit::Scale { cut_on: cut_on?, reached: reached?, bands: bands? })
}

/// 住院津贴: `{ count: nights, from_day: 4, amount: TABLE, most_days: TABLE, used: … }`.
fn per_day<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Benefit> {
    let map = at.map(&["count", "from_day", "amount", "most_days", "per", "used"])?;
    let count = map.required("count", |at| at.code(&[DayCount::Nights, DayCount::Days], day_count_code));
    let from_day = map.optional("from_day", |at| whole(at, 1, MAX_DAYS));
    let amount = map.required("amount", |at| Table::read(at, scope, &AMOUNT));
    let most_days = map.optional("most_days", |at| Table::read(at, scope, &DAYS));
    let used = map.optional("used", |at| scope.names.read(at, Unit::Days));
    if let Some(at) = map.key("used").filter(|_| map.get("most_days").is_none()) {
        return at.problem(Kind::MissingKey, "`used` holds what was used of `most_days`, which is missing");
    }
    if let Some(at) = map.key("per").filter(|_| map.get("most_days").is_none()) {
        return at.problem(Kind::MissingKey, "`per` is of `most_days`, which is missing");
    }
    let per = map.optional("per", |at| per(&at, &[Per::Visit, Per::Year], per_code));
    let unsaid = match per? {
        Some(Known::Unknown(why)) => Some(unsaid(&map, why)),
        Some(Known::Value(per)) => {
            check_per(&map, Some((per == Per::Year).then_some(Span::Year)))?;
            None
        }
        None => None,
    };
    let only_stays = scope.when.iter().any(|one| match one {
        Condition::Care(any) => any.iter().all(|care| matches!(care, Care::Inpatient | Care::Maternity)),
        _ => false,
    });
    if !only_stays {
        let message = "`per_day` is for stays: the layer asks for them, `when: { care: [inpatient] }`";
        at.problem::<()>(Kind::MissingKey, message);
    }
    Some(Benefit::PerDay {
        amount: amount?,
        count: count?,
        from_day: from_day?.unwrap_or(1),
        most_days: most_days?,
        used: used?,
        unsaid,
    })
}

fn day_count_code(count: DayCount) -> &'static str {
    match count {
        DayCount::Nights => "nights",
        DayCount::Days => "days",
    }
}

/// A sum for each operation: `{ lines: { label: [手术] }, amount: TABLE }`.
fn per_item<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Benefit> {
    let map = at.map(&["lines", "amount"])?;
    let lines = map.required("lines", |at| line_filter(&at));
    let amount = map.required("amount", |at| Table::read(at, scope, &AMOUNT));
    Some(Benefit::PerItem { amount: amount?, lines: lines? })
}

fn cut_on_code(cut_on: CutOn) -> &'static str {
    match cut_on {
        CutOn::Absolute => "absolute",
        CutOn::Net => "net",
    }
}

/// A place where the filing register's rule takes effect is the one word.
const REMOTE: &str = "remote";

pub(super) fn is_remote(at: &At) -> bool {
    at.raw() == Some(REMOTE)
}

/// `remote`, or a table of ratios.
pub(super) fn prepay<'a>(at: At<'a>, scope: &Scope<'_, 'a>) -> Option<Prepay> {
    match at.raw() {
        Some(word) if word == REMOTE || scope.source.is_none() => {
            at.code(&[()], |()| REMOTE).map(|()| Prepay::Remote)
        }
        _ => Table::read(at, scope, &RATIO).map(Prepay::Table),
    }
}

/// Changes to the ratio; what the filing register says takes effect once.
pub(super) fn adjustments<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Vec<Adjust>> {
    let adjust = at.list_of(|at| adjust(&at, scope))?;
    let mut places = at.list()?.into_iter().filter(is_remote);
    match (places.next(), places.next()) {
        (Some(_), Some(second)) => {
            second.problem(Kind::RemoteTwice, "`remote` stands in this list already: it would lower twice")
        }
        _ => Some(adjust),
    }
}

fn adjust<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Adjust> {
    const KINDS: &[&str] = &["points", "factor", "personal_factor"];
    if at.raw().is_some() {
        return at.code(&[()], |()| REMOTE).map(|()| Adjust::Remote);
    }
    let map = at.map(KINDS)?;
    match map.one_of(KINDS)? {
        "points" => map.required("points", |at| Table::read(at, scope, &POINTS)).map(Adjust::Points),
        "factor" => map.required("factor", |at| Table::read(at, scope, &RATIO)).map(Adjust::Factor),
        _ => map.required("personal_factor", |at| Table::read(at, scope, &RATIO)).map(Adjust::PersonalFactor),
    }
}

/// A limit on the cost that enters: on all of it, or on what of it lies above the deductible (`counts: net`).
pub(super) fn cost_cap<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Cap> {
    let map = at.map(&["per", "carry", "amount", "used", "counts"])?;
    let cap = limit(&map, scope);
    let net = map.optional("counts", |at| at.code(&[false, true], |net| if net { "net" } else { "base" }));
    Some(Cap { net: net?.unwrap_or(false), ..cap? })
}

/// A limit on the payment, which may be raised.
pub(super) fn cap<'a>(at: &At<'a>, scope: &Scope<'_, 'a>) -> Option<Cap> {
    let map = at.map(&["per", "carry", "amount", "used", "plus"])?;
    let cap = limit(&map, scope);
    let plus = map.optional("plus", |at| plus(&at, scope.names));
    if let (Some(key), None) = (map.key("plus"), map.get("used")) {
        let message = "`used` is missing: what is raised is a limit of the year";
        return key.problem(Kind::UsedMissing, message);
    }
    let cap = cap?;
    if let Some(key) = map.key("plus").filter(|_| cap.per != Span::Year || cap.unsaid.is_some()) {
        return key.problem(Kind::ConflictingKeys, "what is raised is a limit of the year: `per: year`");
    }
    Some(Cap { plus: plus?, ..cap })
}

/// The time a limit is of; `None` is a visit.
type Of = Option<Span>;

fn limit<'a>(map: &Map<'a>, scope: &Scope<'_, 'a>) -> Option<Cap> {
    const ALL: &[Of] = &[None, Some(Span::Month), Some(Span::Quarter), Some(Span::Year)];
    let amount = map.required("amount", |at| Table::read(at, scope, &LIMIT));
    let used = map.optional("used", |at| scope.names.read_limit(at, Unit::Fen));
    let per = map.optional("per", |at| per(&at, ALL, of_code));
    let carry = map.optional("carry", |at| at.code(&[Some(Span::Quarter), Some(Span::Year)], of_code));
    let (per, used, carry) = (per?, used?, carry?.flatten());
    let by_month = used.and_then(|used| scope.names.by_month(used));
    let (per, unsaid) = match per {
        // Whatever the paper means, no more than the year's total was used of it.
        Some(Known::Unknown(why)) => {
            check_months(map, Some(Span::Year), by_month)?;
            (Some(Span::Year), Some(unsaid(map, why)))
        }
        said => {
            let per = match said {
                Some(Known::Value(of)) => Some(of),
                _ => None,
            };
            check_months(map, per.flatten(), by_month)?;
            check_per(map, per)?;
            (per.flatten(), None)
        }
    };
    let per = per.unwrap_or(Span::Year);
    Some(Cap { amount: amount?, used, per, carry, plus: None, net: false, unsaid })
}

/// Of a limit whose time the paper does not say. Without `used` nobody knows what is left of it either.
fn unsaid(map: &Map, why: String) -> Unsaid {
    let per = map.key("per").unwrap_or_else(|| map.at.clone());
    if map.get("used").is_none() {
        let message = "whoever this limit holds for is refused: name with `used` what adds up over the year, and who cannot have reached it \
                       either way is paid";
        per.finding(Kind::EverybodyRefused, message);
    }
    Unsaid { why, line: per.line() }
}

fn of_code(of: Of) -> &'static str {
    match of {
        None => "visit",
        Some(Span::Month) => "month",
        Some(Span::Quarter) => "quarter",
        Some(Span::Year) => "year",
    }
}

/// Months and quarters are told apart by an accumulator that is; and what carries over is of the month.
fn check_months(map: &Map, per: Of, by_month: Option<bool>) -> Option<()> {
    if let (Some(Span::Month | Span::Quarter), Some(false), Some(at)) = (per, by_month, map.key("per")) {
        let message = "`used` adds up over the year: declare it with `per: month`";
        return at.problem(Kind::ConflictingKeys, message);
    }
    if let (None, Some(true), Some(used)) = (per, by_month, map.key("used")) {
        let message = "`used` adds up by the month: say `per: month`, `quarter` or `year`";
        return used.problem(Kind::MissingKey, message);
    }
    match map.key("carry") {
        Some(key) if per != Some(Span::Month) => {
            let message = "what carries over is what is not used of a month: `per: month`";
            key.problem(Kind::ConflictingKeys, message)
        }
        _ => Some(()),
    }
}

/// A limit of the year has `used`, one of a visit none. Documents of before did not say it: `used` says it of them.
fn check_per(map: &Map, per: Option<Of>) -> Option<()> {
    let used = map.key("used");
    match (per, used) {
        (Some(Some(_)), None) => {
            let message = "`used` is missing: the accumulator that holds what was used of it in the year";
            map.key("per").and_then(|at| at.problem(Kind::UsedMissing, message))
        }
        (Some(None), Some(used)) => {
            let message = "`used` adds up over the year: with it the limit is `per: year`";
            used.problem(Kind::ConflictingKeys, message)
        }
        (None, used) => {
            let per = used.map_or("visit", |_| "year");
            let message = format!("`per` is missing: write `per: {per}`, as it is read, or what is meant");
            map.at.finding(Kind::LimitPerMissing, message);
            Some(())
        }
        _ => Some(()),
    }
}

/// `continuity`, or with what the books tell of it: `{ continuity: { claims: …, drawn: … } }`.
fn plus<'a>(at: &At<'a>, names: &Names<'a>) -> Option<Plus> {
    if at.raw().is_some() {
        return at.code(&[()], |()| "continuity").map(|()| Plus { books: None });
    }
    let map = at.map(&["continuity"])?;
    let books = map.required("continuity", |at| {
        let map = at.map(&["claims", "drawn"])?;
        let claims = map.required("claims", |at| names.read(at, Unit::Fen));
        let drawn = map.required("drawn", |at| names.read(at, Unit::Fen));
        Some(Books { claims: claims?, drawn: drawn? })
    });
    Some(Plus { books: Some(books?) })
}

pub(super) fn feeds<'a>(at: &At<'a>, names: &Names<'a>) -> Option<Vec<Feed>> {
    const ALL: &[Fed] =
        &[Fed::Paid, Fed::Deductible, Fed::Base, Fed::Net, Fed::Raised, Fed::Visit, Fed::Days];
    let read = |(key, value): (At<'a>, At<'a>)| {
        let what = value.code(ALL, fed_code);
        let unit = match value.raw() {
            Some("visit") => Unit::Count,
            Some("days") => Unit::Days,
            _ => Unit::Fen,
        };
        let accumulator = names.feed(&key, unit);
        Some(Feed { accumulator: accumulator?, what: what? })
    };
    let feeds: Vec<Option<Feed>> = at.entries()?.into_iter().map(read).collect();
    feeds.into_iter().collect()
}

pub(super) fn fed_code(fed: Fed) -> &'static str {
    match fed {
        Fed::Paid => "paid",
        Fed::Deductible => "deductible",
        Fed::Base => "base",
        Fed::Net => "net",
        Fed::Raised => "raised",
        Fed::Visit => "visit",
        Fed::Days => "days",
    }
}
