//! Walks over everything in a policy that names a source, an accumulator, or a place in a
//! document.

use std::sync::Arc;

use yizhan_policy::model::{Adjust, Benefit, Condition, Fed, Feed, Policy, Prepay, Table};

/// What the rows of all tables have in common, whatever their value is.
struct AnyRow<'p> {
    when: &'p mut Vec<Condition>,
    source: &'p mut usize,
    line: &'p mut usize,
}

/// Forgets where things stand in the document, so that two policies can be compared.
pub fn without_places(mut policy: Policy) -> Policy {
    policy.digest.clear();
    policy.together.text = Arc::default();
    policy.found.clear();
    every_row(&mut policy).into_iter().for_each(|row| *row.line = 0);
    policy.accumulators_line = 1;
    policy.layers.iter_mut().for_each(|layer| layer.line = 1);
    policy.layers.iter_mut().filter_map(|layer| layer.deductible.as_mut()).for_each(|one| one.per_line = 0);
    for layer in &mut policy.layers {
        let caps = [&mut layer.cap, &mut layer.cost_cap].into_iter().flatten().map(|cap| &mut cap.unsaid);
        let days = match &mut layer.benefit {
            Benefit::PerDay { unsaid, .. } => Some(unsaid),
            _ => None,
        };
        caps.chain(days).flatten().for_each(|unsaid| unsaid.line = 0);
    }
    policy
}

/// Drops what the loader would call unused, and feeds the counter where it is read.
pub fn keep_what_is_used(policy: &mut Policy) {
    let asks_nth = |when: &[Condition]| when.iter().any(|one| matches!(one, Condition::Nth { .. }));
    let mut counted = policy.layers.iter().any(|layer| asks_nth(&layer.when));
    let mut sources = [false; 2];
    for row in every_row(policy) {
        counted |= asks_nth(row.when);
        sources[*row.source] = true;
    }
    if sources != [true, true] {
        policy.sources.truncate(1);
        every_row(policy).into_iter().for_each(|row| *row.source = 0);
    }
    let asked = |when: &[Condition]| {
        let days = |one: &Condition| match one {
            Condition::Previous(previous) => Some(previous.within_days),
            _ => None,
        };
        when.iter().filter_map(days).max()
    };
    let of_layers = policy.layers.iter().filter_map(|layer| asked(&layer.when)).max();
    policy.looks_back = every_row(policy).iter().filter_map(|row| asked(row.when)).max().max(of_layers);
    let counts = |feed: &Feed| feed.what == Fed::Visit;
    if !counted {
        policy.layers.iter_mut().for_each(|layer| layer.feeds.retain(|feed| !counts(feed)));
        policy.accumulators.remove(0);
        every_accumulator(policy).into_iter().for_each(|index| *index -= 1);
    } else if !policy.layers.iter().any(|layer| layer.feeds.iter().any(counts)) {
        policy.layers[0].feeds.push(Feed { accumulator: 0, what: Fed::Visit });
    }
}

fn every_row(policy: &mut Policy) -> Vec<AnyRow<'_>> {
    let mut rows = Vec::new();
    policy.class_prepay.iter_mut().for_each(|table| add(table, &mut rows));
    add_prepay(&mut policy.extra_prepay, &mut rows);
    for layer in &mut policy.layers {
        add_prepay(&mut layer.prepay, &mut rows);
        [&mut layer.base_factor, &mut layer.minimum]
            .into_iter()
            .flatten()
            .for_each(|table| add(table, &mut rows));
        [&mut layer.cost_cap, &mut layer.cap]
            .into_iter()
            .flatten()
            .for_each(|cap| add(&mut cap.amount, &mut rows));
        if let Some(deductible) = &mut layer.deductible {
            add(&mut deductible.amount, &mut rows);
            [&mut deductible.factor, &mut deductible.less_previous, &mut deductible.year_cap]
                .into_iter()
                .flatten()
                .for_each(|table| add(table, &mut rows));
        }
        match &mut layer.benefit {
            Benefit::Scale { bands, .. } => add(bands, &mut rows),
            Benefit::ByItem { ratios } => add(ratios, &mut rows),
            Benefit::LumpSum { amount } | Benefit::PerItem { amount, .. } => add(amount, &mut rows),
            Benefit::PerDay { amount, most_days, .. } => {
                add(amount, &mut rows);
                most_days.iter_mut().for_each(|table| add(table, &mut rows));
            }
        }
        for adjust in &mut layer.adjust {
            match adjust {
                Adjust::Points(table) | Adjust::Factor(table) | Adjust::PersonalFactor(table) => {
                    add(table, &mut rows);
                }
                Adjust::Remote => {}
            }
        }
    }
    rows
}

fn add_prepay<'p>(prepay: &'p mut Option<Prepay>, rows: &mut Vec<AnyRow<'p>>) {
    if let Some(Prepay::Table(table)) = prepay {
        add(table, rows);
    }
}

fn add<'p, T>(table: &'p mut Table<T>, rows: &mut Vec<AnyRow<'p>>) {
    table.path.clear();
    for row in table.versions.iter_mut().flat_map(|version| &mut version.rows) {
        rows.push(AnyRow { when: &mut row.when, source: &mut row.source, line: &mut row.line });
    }
}

/// Every place that names an accumulator, but `nth`.
fn every_accumulator(policy: &mut Policy) -> Vec<&mut usize> {
    let mut found = Vec::new();
    for layer in &mut policy.layers {
        found.extend(layer.deductible.iter_mut().filter_map(|deductible| deductible.used.as_mut()));
        found.extend(layer.cost_cap.iter_mut().filter_map(|cap| cap.used.as_mut()));
        found.extend(layer.cap.iter_mut().filter_map(|cap| cap.used.as_mut()));
        match &mut layer.benefit {
            Benefit::Scale { reached: Some(used), .. } | Benefit::PerDay { used: Some(used), .. } => {
                found.push(used)
            }
            _ => {}
        }
        found.extend(layer.feeds.iter_mut().map(|feed| &mut feed.accumulator));
    }
    found
}
