//! Lines → four parts.

use super::facts::{Facts, is_covered};
use super::{FourParts, Fraction, Refused};
use yizhan_policy::case::Line;
use yizhan_policy::model::Prepay;

pub fn split(facts: &Facts<'_>) -> Result<Vec<FourParts>, Refused> {
    let bill = facts.policy.extra_prepay.as_ref();
    let extra = facts.prepaid(if facts.register_prepays_bill() { Some(&Prepay::Remote) } else { bill })?;
    facts.case.lines.iter().map(|line| four_parts(facts, line, extra)).collect()
}

fn four_parts(facts: &Facts<'_>, line: &Line, extra: Fraction) -> Result<FourParts, Refused> {
    let amount = line.amount_fen.0;
    let covered = line.day.is_none_or(|day| is_covered(facts.case, day));
    if line.class == "03" || !covered {
        return Ok(FourParts { full_self: amount, ..FourParts::default() });
    }
    let over_limit = match line.ceiling_fen {
        Some(ceiling) => {
            let above = (Fraction::of(line.price_fen) - Fraction::of(ceiling)).or_zero();
            (above * Fraction::of(line.quantity)).half_up().min(amount)
        }
        None => 0,
    };
    let mut in_scope = amount - over_limit;
    for ratio in [prepay(facts, line)?, extra] {
        in_scope -= (Fraction::whole(in_scope) * ratio).half_up();
    }
    let pre_self = amount - over_limit - in_scope;
    Ok(FourParts { full_self: 0, over_limit, pre_self, in_scope })
}

/// 先行自付比例: the catalogue entry's own, else the policy's for the class; 甲类 needs none.
fn prepay(facts: &Facts<'_>, line: &Line) -> Result<Fraction, Refused> {
    if let Some(ratio) = line.prepay {
        return Ok(Fraction::of(ratio));
    }
    if let Some(table) = &facts.policy.class_prepay {
        let of_line = Facts { line: Some(line), ..*facts };
        if let Some(ratio) = of_line.value(table)? {
            return Ok(Fraction::of(*ratio));
        }
    }
    if line.class == "01" { Ok(Fraction::ZERO) } else { Err("CASE_MALFORMED") }
}

/// What of a line falls on the days after `done` up to `upto`, of `all`: rounded on the running
/// total, so that the parts of a stay add up to the whole.
pub fn on_days(line: &FourParts, done: i64, upto: i64, all: i64) -> FourParts {
    let until = |amount: i64, days: i64| {
        (Fraction::whole(amount) * Fraction::new(i128::from(days), i128::from(all))).half_up()
    };
    let share = |amount: i64| until(amount, upto) - until(amount, done);
    FourParts {
        full_self: share(line.full_self),
        over_limit: share(line.over_limit),
        pre_self: share(line.pre_self),
        in_scope: share(line.in_scope),
    }
}
