//! Holes between layers: basic insurance pays for a kind of care, and a case of it meets none of its layers, by their `when` or their dates.
//! It would pay nothing there, and critical-illness insurance in its place.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_documents::{Kind, Problem};
use yizhan_terms::{Care, Payer};

use super::{Axes, Value, case_of, of_care, spoken_of};
use crate::engine::facts::Facts;
use crate::engine::has_layer;
use crate::model::{Condition, Layer, Policy};

/// The first hole of each kind of care, with an example.
pub(super) fn of(policy: &Policy, left: &mut usize) -> Vec<Problem> {
    Care::ALL
        .iter()
        .filter(|care| spoken_of(policy, **care))
        .filter_map(|care| first_of(policy, *care, left))
        .collect()
}

fn first_of(policy: &Policy, care: Care, left: &mut usize) -> Option<Problem> {
    let of_basic = |layer: &&Layer| layer.payer == Payer::Basic && layer.may_cover(care);
    let layers: Vec<&Layer> = policy.layers.iter().filter(of_basic).collect();
    let first = layers.first()?;
    let asked: Vec<&Condition> = layers.iter().flat_map(|layer| &layer.when).collect();
    let axes = Axes::over(policy, of_care(policy, care, &asked), &asked);
    for day in days(policy, &layers) {
        // What no layer covers on a day is refused, unless `covers` says that it is settled.
        if policy.covers.is_none() && !has_layer(policy, care, Some(day)) {
            continue;
        }
        let mut example = None;
        let all = axes.each(left, |values| {
            if example.is_some() {
                return;
            }
            let case = case_of(policy, day, values);
            let facts = Facts::on(policy, &case, day);
            if !layers.iter().any(|layer| facts.applies(layer)) {
                example = Some(values.iter().filter_map(Value::words).collect::<Vec<_>>().join(", "));
            }
        });
        if let Some(example) = example {
            let message = format!(
                "no layer of basic insurance applies to a case as `{{ {example} }}` on {day}: it would pay nothing, and what comes after \
                 in its place. Where nothing is paid, a layer says `ratio: 0%`"
            );
            return Some(told_at(policy, first, message));
        }
        if !all {
            let message =
                format!("too many combinations: not all cases of layer `{}` were tried on {day}", first.id);
            return Some(told_at(policy, first, message));
        }
    }
    None
}

/// The days on which something may change: as the document begins, as a layer begins, and the day after its last.
fn days(policy: &Policy, layers: &[&Layer]) -> BTreeSet<NaiveDate> {
    let of_layer = |layer: &&Layer| {
        [Some(layer.period.from), layer.period.to.and_then(|last| last.succ_opt())].into_iter().flatten()
    };
    let days = layers.iter().flat_map(of_layer).chain([policy.period.from]);
    days.filter(|day| policy.period.contains(*day)).collect()
}

fn told_at(policy: &Policy, layer: &Layer, message: String) -> Problem {
    let path = format!("layers.{}.when", layer.id);
    Problem { file: policy.file.clone(), line: layer.line, column: 1, path, kind: Kind::LayerHole, message }
}
