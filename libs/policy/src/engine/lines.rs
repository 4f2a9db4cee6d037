//! Lines → four parts: 全自费, 超限价自费, 先行自付, 符合政策范围.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_money::{Fen, round_half_up};

use super::facts::Facts;
use super::refusal::Refusal;
use super::remote;
use super::segments::{Segment, policy_year};
use super::table::{look_up_with, step};
use crate::case::{Case, Line};
use crate::model::{Policy, Prepay};
use crate::outcome::{LineParts, Parts, Step};

/// 丙类, or in no catalogue: the person pays all of it.
const CLASS_NONE: &str = "03";
/// 甲类: nothing is paid first.
const CLASS_A: &str = "01";

/// The parts of every line, and the extra 先行自付 that was applied to all of them.
pub(super) struct Split<'a> {
    pub lines: Vec<LineParts<'a>>,
    pub extra_prepay: Option<Step<'a>>,
}

pub(super) fn split<'a>(policy: &'a Policy, case: &'a Case) -> Result<Split<'a>, Refusal> {
    let facts = Facts::new(policy, case, &whole_stay(policy, case.visit.values_day()));
    let extra_prepay = match &policy.extra_prepay {
        _ if remote::is_of_bill(&facts) => remote::prepay("extra_prepay", case.visit.remote.as_ref()),
        Some(Prepay::Table(table)) => step("extra_prepay", table, &facts)?,
        Some(Prepay::Remote) | None => None,
    };
    let extra_ratio = extra_prepay.as_ref().map_or(Decimal::ZERO, |step| step.value);
    let lines = case
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            if line.class == CLASS_NONE || line.day.is_some_and(|day| !case.visit.covers(day)) {
                return Ok(LineParts { id: &line.id, parts: full_self(line), prepay: Decimal::ONE });
            }
            let prepay = prepay_ratio(policy, &facts, index, line)?;
            Ok(LineParts { id: &line.id, parts: parts_of(line, prepay, extra_ratio), prepay })
        })
        .collect::<Result<_, Refusal>>()?;
    Ok(Split { lines, extra_prepay })
}

/// What the policy says of lines is that of the last covered day, whether or not the stay is split. The catalogue's values come with each
/// line, of its own day.
fn whole_stay(policy: &Policy, day: NaiveDate) -> Segment {
    Segment::empty(policy_year(policy, day), day)
}

/// 先行自付比例: the catalogue entry's own, else the area's for the class.
fn prepay_ratio(policy: &Policy, facts: &Facts<'_>, index: usize, line: &Line) -> Result<Decimal, Refusal> {
    let ratio = match (line.prepay, &policy.class_prepay) {
        (Some(ratio), _) => Some(ratio),
        (None, Some(table)) => look_up_with(table, facts, &facts.of_line(line))?.map(|found| *found.value),
        (None, None) => None,
    };
    let ratio = ratio.or_else(|| (line.class == CLASS_A).then_some(Decimal::ZERO));
    let bad = |reason| Refusal::BadCase { field: format!("lines[{index}].prepay"), reason };
    match ratio {
        Some(ratio) if ratio.is_sign_negative() || ratio > Decimal::ONE => {
            Err(bad("is not between 0 and 1 (100 %)"))
        }
        Some(ratio) => Ok(ratio),
        None => Err(bad("is given neither by the catalogue entry nor by the policy for its class")),
    }
}

/// 丙类, in no catalogue, or of a day that is not covered.
fn full_self(line: &Line) -> Parts {
    Parts { total_fen: line.amount_fen, full_self_fen: line.amount_fen, ..Parts::default() }
}

fn parts_of(line: &Line, prepay: Decimal, extra: Decimal) -> Parts {
    let total_fen = line.amount_fen;
    let over_limit_fen = over_limit(line);
    let within = total_fen - over_limit_fen;
    let first = round_half_up(within.decimal() * prepay);
    let extra = round_half_up((within - first).decimal() * extra);
    let pre_self_fen = first + extra;
    Parts {
        total_fen,
        full_self_fen: Fen::ZERO,
        over_limit_fen,
        pre_self_fen,
        in_scope_fen: within - pre_self_fen,
    }
}

/// 超限价: what the unit price lies above the ceiling, times the quantity.
fn over_limit(line: &Line) -> Fen {
    match line.ceiling_fen {
        Some(ceiling) if line.price_fen > ceiling => {
            // A product above every limit is above the line as well, which bounds it.
            let above = (line.price_fen - ceiling).checked_mul(line.quantity).and_then(Fen::try_round);
            above.unwrap_or(line.amount_fen).min(line.amount_fen)
        }
        _ => Fen::ZERO,
    }
}
