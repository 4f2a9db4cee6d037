//! `expect` of a case: amounts in yuan, by the words of the outcome.

use std::collections::BTreeMap;

use yizhan_documents::value::amount;
use yizhan_documents::{At, Kind, Map, QUALITY_MARKS};
use yizhan_money::Fen;

use crate::example::{Expect, Refused};

const BY_LAYER: &[&str] = &["paid", "bands", "deductible", "over_cap", "quality"];
/// What is told of the visit beside amounts.
const TOLD: &[&str] = &["old"];
const REFUSAL: &[&str] = &["refused", "because", "before"];

pub(super) fn expect(at: At) -> Option<Expect> {
    let map = at.map(&[Expect::AMOUNTS, BY_LAYER, TOLD, REFUSAL].concat())?;
    let amounts: Vec<_> = Expect::AMOUNTS
        .iter()
        .map(|word| Some(map.optional(word, fen)?.map(|amount| (*word, amount))))
        .collect();
    let paid = by_layer(&map, "paid", fen);
    let bands = by_layer(&map, "bands", |at| at.list_of(amount));
    let deductible = by_layer(&map, "deductible", amount);
    let over_cap = by_layer(&map, "over_cap", amount);
    let quality = by_layer(&map, "quality", mark);
    let old = map.optional("old", old);
    let refused = refused(&map);
    let expect = Expect {
        amounts: amounts.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect(),
        paid: paid?,
        bands: bands?,
        deductible: deductible?,
        over_cap: over_cap?,
        quality: quality?,
        old: old?,
        refused: refused?,
    };
    if expect == Expect::default() {
        return at.problem(Kind::MissingKey, "expects nothing: name an amount, `paid` or `refused`");
    }
    Some(expect)
}

fn fen(at: At) -> Option<Fen> {
    amount(at).and_then(Fen::try_round)
}

/// Sources, or `none`.
fn old(at: At) -> Option<Vec<String>> {
    match at.raw() {
        Some("none") => Some(Vec::new()),
        _ => at.list_of(|source| source.text().map(str::to_owned)),
    }
}

fn mark(at: At) -> Option<char> {
    let text = at.text()?;
    let one = text.chars().next().filter(|mark| text.len() == 1 && QUALITY_MARKS.contains(*mark));
    one.or_else(|| at.problem(Kind::UnknownCode, format!("`{text}` is no quality; one of {QUALITY_MARKS}")))
}

/// `{ LAYER: VALUE, … }`
fn by_layer<'a, T>(
    map: &Map<'a>,
    key: &str,
    read: impl Fn(At<'a>) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    let layers = map.optional(key, |at| {
        let entries = at.entries()?.into_iter().map(|(name, value)| {
            let (name, value) = (name.text(), read(value));
            Some((name?.to_owned(), value?))
        });
        entries.collect::<Vec<_>>().into_iter().collect()
    });
    layers.map(Option::unwrap_or_default)
}

/// A refusal has no amounts but those of the layers before it, and only a refusal has a reason: no expectation goes unread.
fn refused(map: &Map) -> Option<Option<Refused>> {
    let (code, because) = (map.optional("refused", |at| at.text()), map.optional("because", |at| at.text()));
    let before = map.get("before").map(|_| by_layer(map, "before", fen));
    let (code, because) = (code?, because?);
    let Some(code) = code else {
        let alone = ["because", "before"].into_iter().find_map(|key| Some((key, map.get(key)?)));
        return match alone {
            Some((key, at)) => {
                at.problem(Kind::MissingKey, format!("`{key}` is of a refusal: name its code with `refused`"))
            }
            None => Some(None),
        };
    };
    let before = match before {
        Some(before) => Some(before?),
        None => None,
    };
    let beside = Expect::AMOUNTS.iter().chain(BY_LAYER).chain(TOLD).find(|word| map.get(word).is_some());
    match beside {
        Some(word) => map.conflict("refused", word),
        None => Some(Some(Refused { code: code.to_owned(), because: because.map(str::to_owned), before })),
    }
}
