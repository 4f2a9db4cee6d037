//! A settlement in readable Chinese: every step of every layer, with the row and document
//! that decided it.

use std::fmt::{self, Write};

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_terms::Treatment;

use super::words::{part, percent, points, quantity_named, why_skipped};
use crate::case::RemoteRule;
use crate::engine::Stopped;
use crate::keys::Key;
use crate::model::{Policy, Quantity, Unit};
use crate::outcome::{
    Basis, CapTrace, CarriedTrace, Cited, CountTrace, DeductibleTrace, LayerTrace, OldValue, Outcome, Parts,
    RemoteCited, Step,
};

/// Columns a label takes; Chinese characters take two.
const LABEL: usize = 24;
/// Columns an amount takes.
const AMOUNT: usize = 16;

/// The outcome of a case in words. `policy` is the one that decided it.
pub fn explain_outcome(policy: &Policy, outcome: &Outcome) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_outcome(&mut text, policy, outcome);
    text
}

/// How far a refused case came: the layers before, and what is not known.
pub fn explain_stopped(policy: &Policy, stopped: &Stopped) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_stopped(&mut text, policy, stopped);
    text
}

fn write_stopped(to: &mut String, policy: &Policy, stopped: &Stopped) -> fmt::Result {
    writeln!(to, "{}（{} {}）", policy.title, policy.id, policy.version)?;
    if let Some(parts) = &stopped.parts {
        write_bill(to, parts)?;
    }
    for (number, layer) in stopped.layers.iter().enumerate() {
        write_layer(to, policy, number + 1, layer)?;
    }
    let next = policy.layers.iter().cycle().nth(stopped.layers.len()).filter(|_| stopped.parts.is_some());
    let at = next
        .map_or_else(String::new, |layer| format!("第 {} 层 {}：", stopped.layers.len() + 1, layer.title));
    writeln!(to, "\n※ 未能结算，以上各层只是算到此处的结果。{at}{}", stopped.refusal)
}

fn write_outcome(to: &mut String, policy: &Policy, outcome: &Outcome) -> fmt::Result {
    write_composite(to, outcome)?;
    writeln!(to, "{}（{} {}）", policy.title, outcome.policy.id, outcome.policy.version)?;
    outcome.remote.iter().try_for_each(|rule| write_remote(to, rule))?;
    write_parts(to, outcome)?;
    outcome.not_covered.iter().try_for_each(|out| {
        let label = format!("{} 至 {} 不在待遇享受期（{}）", out.days.from, out.days.to, out.days.reason);
        amount(to, &label, out.total_fen)
    })?;
    for (number, layer) in outcome.layers.iter().enumerate() {
        write_layer(to, policy, number + 1, layer)?;
    }
    write_shares(to, outcome)?;
    write_changes(to, policy, outcome)?;
    outcome.old.iter().try_for_each(|old| writeln!(to, "提示  {old}（{}）", OldValue::CODE))?;
    write_composite(to, outcome)
}

fn write_composite(to: &mut String, outcome: &Outcome) -> fmt::Result {
    match outcome.policy.composite {
        Some(why) => writeln!(to, "※ 拼装政策，不是任何一地的真实政策：{why}"),
        None => Ok(()),
    }
}

fn write_parts(to: &mut String, outcome: &Outcome) -> fmt::Result {
    write_bill(to, &outcome.parts)?;
    outcome.extra_prepay.iter().try_for_each(|step| write_step(to, step))
}

fn write_bill(to: &mut String, parts: &Parts) -> fmt::Result {
    writeln!(to, "\n费用（元）")?;
    amount(to, part(Quantity::Total), parts.total_fen)?;
    amount(to, part(Quantity::FullSelf), parts.full_self_fen)?;
    amount(to, part(Quantity::OverLimit), parts.over_limit_fen)?;
    amount(to, part(Quantity::PreSelf), parts.pre_self_fen)?;
    amount(to, part(Quantity::InScope), parts.in_scope_fen)
}

fn write_layer(to: &mut String, policy: &Policy, number: usize, layer: &LayerTrace) -> fmt::Result {
    writeln!(to, "\n第 {number} 层  {}（{}，年度自 {}）", layer.title, layer.layer, layer.policy_year)?;
    if !layer.applied {
        return writeln!(to, "  不适用：{}", why_skipped(layer.skipped.unwrap_or_default()));
    }
    write_terms(to, policy, layer)?;
    layer.kept_out.iter().try_for_each(|step| write_step(to, step))?;
    layer.cost_cap.iter().try_for_each(|cap| write_cap(to, "费用限额", cap))?;
    exact(to, "进入本层", layer.base_fen, "")?;
    layer.deductible.iter().try_for_each(|deductible| write_deductible(to, deductible))?;
    write_bands(to, layer)?;
    layer.minimum.iter().try_for_each(|step| write_step(to, step))?;
    layer.cap.iter().try_for_each(|cap| write_cap(to, "支付限额", cap))?;
    if layer.beyond_bill_fen != Fen::ZERO {
        amount(to, "超出账单余额", layer.beyond_bill_fen)?;
    }
    if layer.earlier_fen != Fen::ZERO {
        amount(to, "以前各次中途结算已付", layer.earlier_fen)?;
    }
    amount(to, if layer.beside_bill { "给付本人" } else { "支付" }, layer.paid_fen)?;
    amount(to, "剩余", layer.left_fen)
}

fn write_terms(to: &mut String, policy: &Policy, layer: &LayerTrace) -> fmt::Result {
    for term in &layer.terms {
        let weight = term.times.abs();
        let times = if weight == Decimal::ONE { String::new() } else { format!("× {}", percent(weight)) };
        let sign = if term.times.is_sign_negative() { "减" } else { "计" };
        exact(
            to,
            &format!("{sign}{}", quantity_named(policy, &term.quantity)),
            term.amount_fen.decimal(),
            &times,
        )?;
    }
    Ok(())
}

fn write_deductible(to: &mut String, deductible: &DeductibleTrace) -> fmt::Result {
    exact(to, "起付标准", deductible.stated_fen, &cited(&deductible.cited))?;
    deductible.steps.iter().try_for_each(|step| write_step(to, step))?;
    exact(to, "扣起付线", deductible.charged_fen, "")
}

fn write_bands(to: &mut String, layer: &LayerTrace) -> fmt::Result {
    layer.adjustments.iter().try_for_each(|step| write_step(to, step))?;
    for band in &layer.bands {
        let stated = if band.stated == band.ratio {
            String::new()
        } else {
            format!("（原 {}）", percent(band.stated))
        };
        let how = format!("{}–{} × {}{stated}", yuan(band.from_fen), yuan(band.to_fen), percent(band.ratio));
        let (what, row) = match band.line {
            Some(line) => ("按类别", format!("（第 {line} 行）")),
            None => ("分段", String::new()),
        };
        exact(to, what, band.amount_fen, &format!("{how}{row}"))?;
    }
    if let Some(CountTrace { kind, counted, paid, each_fen }) = layer.counted {
        let (what, unit) = if kind == "days" { ("给付天数", "天") } else { ("给付项数", "项") };
        let all = if paid == counted { String::new() } else { format!("（共 {counted} {unit}）") };
        exact(to, what, each_fen * Decimal::from(paid), &format!("{paid} {unit} × {}{all}", yuan(each_fen)))?;
    }
    match &layer.decided_by {
        Some(row) => writeln!(to, "  {}{}", pad("依据", LABEL), cited(row)),
        None => Ok(()),
    }
}

fn write_cap(to: &mut String, label: &str, cap: &CapTrace) -> fmt::Result {
    let Some(open) = cap.open_fen else {
        return writeln!(to, "  {}不封顶 {}", pad(label, LABEL), cited(&cap.cited));
    };
    let months =
        |CarriedTrace { monthly_fen, months, .. }| format!("（每月 {} × {months} 个月）", yuan(monthly_fen));
    let months = cap.carried.map_or_else(String::new, months);
    let limit = cap.limit_fen.map_or_else(String::new, |limit| format!("限额 {}{months} ", yuan(limit)));
    exact(to, &format!("{label}尚余"), open, &format!("{limit}{}", cited(&cap.cited)))?;
    if let Some(raise) = &cap.raise {
        let years: Vec<String> = raise.zero_claim_years.iter().map(i32::to_string).collect();
        let years = if years.is_empty() {
            String::new()
        } else {
            format!("，零报销年度 {}", years.join("、"))
        };
        let basis =
            format!("连续参保、零报销激励{years} 〔参保登记 {} 规则 {}〕", raise.citation, raise.rule);
        exact(to, &format!("{label}提高"), raise.raise_fen, &basis)?;
    }
    if let Some(CarriedTrace { since_unknown: true, .. }) = cap.carried {
        writeln!(to, "  {}没有说明认定起始日，以前月份的余额不计", pad(label, LABEL))?;
    }
    if cap.kept_out_fen.is_zero() { Ok(()) } else { exact(to, &format!("超{label}"), cap.kept_out_fen, "") }
}

fn write_step(to: &mut String, step: &Step) -> fmt::Result {
    let (label, value) = match step.kind {
        "extra_prepay" => ("另加先行自付", percent(step.value)),
        "base_factor" => ("只计基数的", percent(step.value)),
        "prepay" => ("先由个人自付", percent(step.value)),
        "points" => ("支付比例增减", points(step.value)),
        "factor" => ("支付比例乘以", percent(step.value)),
        "personal_factor" => ("个人负担乘以", percent(step.value)),
        "deductible_factor" => ("起付线按比例扣", percent(step.value)),
        "less_previous" => ("减上次住院起付线", yuan(step.value)),
        "year_cap" => ("起付线年度累计限", yuan(step.value)),
        "minimum" => ("补足至最低", yuan(step.value)),
        other => (other, step.value.to_string()),
    };
    writeln!(to, "  {}{} {}", pad(label, LABEL), right(&value), basis(&step.cited))
}

fn write_shares(to: &mut String, outcome: &Outcome) -> fmt::Result {
    writeln!(to, "\n合计（元）")?;
    amount(to, "基金支付总额", outcome.fund_pay_fen)?;
    amount(to, "医院负担", outcome.hospital_fen)?;
    amount(to, "个人负担", outcome.person_fen)?;
    amount(to, "  本人账户", outcome.account_own_fen)?;
    amount(to, "  共济账户", outcome.account_shared_fen)?;
    amount(to, "  现金", outcome.cash_fen)?;
    if outcome.paid_elsewhere_fen != Fen::ZERO {
        amount(to, "  其中平台外已付", outcome.paid_elsewhere_fen)?;
        for paid in outcome.paid_elsewhere {
            amount(to, &format!("    {}", paid.by), paid.paid_fen)?;
        }
    }
    if outcome.beside_bill_fen != Fen::ZERO {
        amount(to, "账单外给付本人", outcome.beside_bill_fen)?;
    }
    Ok(())
}

fn write_changes(to: &mut String, policy: &Policy, outcome: &Outcome) -> fmt::Result {
    if outcome.changes.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n年度累计")?;
    for change in &outcome.changes {
        let Key { name, .. } = Key::of(&change.accumulator);
        let declared = policy.accumulators.iter().find(|accumulator| accumulator.name == name);
        let said = |total: i64| match declared.map(|accumulator| accumulator.unit) {
            Some(Unit::Count) => format!("{total} 次"),
            Some(Unit::Days) => format!("{total} 天"),
            Some(Unit::Fen) | None => Fen(total).to_string(),
        };
        let label = declared.map_or(name, |accumulator| &accumulator.label);
        let (before, after) = (said(change.before), said(change.before + change.added));
        writeln!(to, "  {} {label}（{}）：{before} → {after}", change.policy_year, change.accumulator)?;
    }
    Ok(())
}

fn amount(to: &mut String, label: &str, fen: Fen) -> fmt::Result {
    exact(to, label, fen.decimal(), "")
}

fn exact(to: &mut String, label: &str, fen: Decimal, remark: &str) -> fmt::Result {
    let line = format!("  {}{} {remark}", pad(label, LABEL), right(&yuan(fen)));
    writeln!(to, "{}", line.trim_end())
}

/// A row, or the filing register's rule.
fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Row(row) => cited(row),
        Basis::Remote(rule) => format!("〔异地就医备案 {} 规则 {}〕", rule.citation, rule.rule),
    }
}

/// What the filing register said of this visit, whether or not it changes anything.
fn write_remote(to: &mut String, rule: &RemoteRule) -> fmt::Result {
    let value = match rule.treatment {
        Treatment::Same => "与参保地同待遇".to_owned(),
        Treatment::Points(off) => format!("支付比例 {}", points(off / Decimal::ONE_HUNDRED)),
        Treatment::Factor(ratio) => format!("支付比例乘以 {}", percent(ratio)),
        Treatment::Prepay(ratio) => format!("先行自付 {}", percent(ratio)),
    };
    writeln!(to, "\n异地就医：{value} {}", basis(&Basis::Remote(RemoteCited::of(rule))))
}

/// `〔source·G table 第 5 行〕`
fn cited(row: &Cited) -> String {
    format!("〔{}·{} {} 第 {} 行〕", row.source, row.quality, row.table, row.line)
}

/// Yuan with at least two decimals, and all there are.
fn yuan(fen: Decimal) -> String {
    let mut yuan = (fen / Decimal::ONE_HUNDRED).normalize();
    if yuan.scale() < 2 {
        yuan.rescale(2);
    }
    yuan.to_string()
}

fn pad(label: &str, columns: usize) -> String {
    format!("{label}{}", " ".repeat(columns.saturating_sub(width(label)).max(1)))
}

fn right(value: &str) -> String {
    format!("{}{value}", " ".repeat(AMOUNT.saturating_sub(width(value))))
}

fn width(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum()
}
