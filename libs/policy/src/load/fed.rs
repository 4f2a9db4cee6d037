//! What layers feed beside what they read: a limit whose accumulator adds up something else never ends, or ends too soon.

use yizhan_documents::{At, Kind, Map, Region};

use super::steps::fed_code;
use crate::model::{AccumulatorIndex, Benefit, CutOn, Fed, Layer, LayerIndex, Policy};

/// Checks the feeds of all layers, each of which stands at its place.
pub(super) fn check(map: &Map, policy: &Policy) {
    let items = map.get("layers").and_then(|at| at.list()).unwrap_or_default();
    for (index, at) in items.iter().enumerate() {
        check_reads(at, policy, &policy.layers[index]);
        check_feeds(at, policy, index);
    }
}

/// An accumulator that a layer reads, where, and as what; the first is what to write.
type Read = (AccumulatorIndex, [&'static str; 2], &'static [Fed]);

fn reads(layer: &Layer) -> Vec<Read> {
    let mut reads: Vec<Read> = Vec::new();
    let mut add = |used: Option<AccumulatorIndex>, at: [&'static str; 2], as_what: &'static [Fed]| {
        reads.extend(used.map(|used| (used, at, as_what)));
    };
    add(layer.cap.as_ref().and_then(|cap| cap.used), ["cap", "used"], &[Fed::Paid]);
    let cost: &'static [Fed] = match &layer.cost_cap {
        Some(cap) if cap.net => &[Fed::Net],
        _ => &[Fed::Base],
    };
    add(layer.cost_cap.as_ref().and_then(|cap| cap.used), ["cost_cap", "used"], cost);
    add(layer.deductible.as_ref().and_then(|one| one.used), ["deductible", "used"], &[Fed::Deductible]);
    match &layer.benefit {
        Benefit::Scale { reached, cut_on: CutOn::Net, .. } => {
            add(*reached, ["scale", "reached"], &[Fed::Net])
        }
        Benefit::Scale { reached, .. } => add(*reached, ["scale", "reached"], &[Fed::Net, Fed::Base]),
        Benefit::PerDay { used, .. } => add(*used, ["per_day", "used"], &[Fed::Days]),
        _ => {}
    }
    reads
}

/// What a layer reads as what it paid, charged or let in, it feeds as that.
fn check_reads(at: &At, policy: &Policy, layer: &Layer) {
    for (used, place, as_what) in reads(layer) {
        let feeds =
            |what: &Fed| layer.feeds.iter().any(|feed| feed.accumulator == used && feed.what == *what);
        if as_what.iter().any(feeds) {
            continue;
        }
        let (name, what) =
            (&policy.accumulators[used].name, as_what.first().map_or("", |what| fed_code(*what)));
        let message = format!(
            "`{name}` is read here as what this layer's visits of before added, and the layer does not add it: write \
             `feeds: {{ {name}: {what} }}`"
        );
        let read = place.iter().try_fold(at.clone(), |at, key| at.find(key).map(|(_, value)| value));
        read.unwrap_or_else(|| at.clone()).finding(Kind::FeedDiffers, message);
    }
}

/// An accumulator adds up one kind of thing, and a visit once.
fn check_feeds(at: &At, policy: &Policy, index: LayerIndex) {
    let layer = &policy.layers[index];
    let fed = at.find("feeds").map(|(_, feeds)| feeds);
    for feed in &layer.feeds {
        let name = &policy.accumulators[feed.accumulator].name;
        let before = policy.layers[..index].iter().flat_map(|earlier| {
            let same = earlier.feeds.iter().filter(|other| other.accumulator == feed.accumulator);
            same.map(move |other| (earlier, other.what))
        });
        let twice = |earlier: &Layer, what| what == Fed::Visit && may_both_apply(earlier, layer);
        let differs = before.clone().find(|(_, what)| *what != feed.what);
        let message = match (differs, before.clone().find(|(earlier, what)| twice(earlier, *what))) {
            (Some((earlier, what)), _) => format!(
                "`{name}` is fed `{}` here and `{}` by layer `{}`: it adds up two kinds of things",
                fed_code(feed.what),
                fed_code(what),
                earlier.id
            ),
            (_, Some((earlier, _))) => {
                format!("layer `{}` feeds `{name}` the same visit: it would count as two", earlier.id)
            }
            _ => continue,
        };
        let here = fed.as_ref().and_then(|fed| fed.find(name)).map(|(_, value)| value);
        here.unwrap_or_else(|| at.clone()).finding(Kind::FeedDiffers, message);
    }
}

pub(super) fn may_both_apply(earlier: &Layer, later: &Layer) -> bool {
    earlier.period.overlaps(&later.period)
        && Region::default().and(&earlier.when).and(&later.when).is_possible()
}
