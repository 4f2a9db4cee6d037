//! A layer in words, in the order it calculates.

use std::fmt::{self, Write};

use rust_decimal::Decimal;
use yizhan_documents::Known;

use super::table::write_table;
use super::words::{amount, chosen_lines, conditions, percent, period, points, quantity, ratio, term, yuan};
use crate::model::{
    Adjust, Band, Benefit, Books, Cap, CutOn, DayCount, Deductible, DeductibleAmount, Fed, Layer, Per, Plus,
    Policy, Prepay, Ratio, Span, Table, Unsaid,
};

const ROW: &str = "    ";

/// Who says how much, where a policy says only where it takes effect.
pub(super) const BY_REGISTER: &str = "异地就医备案核定";

/// Writes the layer of this number.
pub(super) fn write_layer(to: &mut String, policy: &Policy, number: usize) -> fmt::Result {
    let layer = &policy.layers[number];
    writeln!(to, "\n第 {} 层  {}（{}）", number + 1, layer.title, layer.id)?;
    let (payer, fund) = (layer.payer.label(), layer.fund_pay_type);
    writeln!(to, "  支付方：{payer}，基金 {fund} {}", fund.label())?;
    if layer.period != policy.period {
        writeln!(to, "  施行：{}", period(layer.period))?;
    }
    let when = if layer.when.is_empty() { "全部".to_owned() } else { conditions(policy, &layer.when) };
    writeln!(to, "  适用：{when}")?;
    write_entering(to, policy, layer)?;
    if let Some(deductible) = &layer.deductible {
        write_deductible(to, policy, deductible)?;
    }
    write_benefit(to, policy, &layer.benefit)?;
    for adjust in &layer.adjust {
        write_adjust(to, policy, adjust)?;
    }
    if layer.same_when_remote {
        writeln!(to, "  异地就医：本层待遇不因异地就医而变")?;
    }
    if let Some(minimum) = &layer.minimum {
        writeln!(to, "  有支付时不低于：")?;
        write_table(to, policy, minimum, ROW, |fen| yuan(*fen))?;
    }
    if let Some(cap) = &layer.cap {
        write_cap(to, policy, "支付限额", cap)?;
    }
    write_feeds(to, policy, layer)
}

fn write_entering(to: &mut String, policy: &Policy, layer: &Layer) -> fmt::Result {
    let terms = layer.base.terms.iter().enumerate();
    let base: Vec<String> = terms.map(|(index, one)| term(policy, one, index == 0)).collect();
    if !base.is_empty() {
        writeln!(to, "  计算基数：{}（不低于 0）", base.join(" "))?;
    }
    if !layer.counts_paid.is_empty() {
        let titles = layer.counts_paid.iter().map(|earlier| format!("「{}」", policy.layers[*earlier].title));
        writeln!(to, "    按文件规定，{}已支付的部分仍计入基数", titles.collect::<Vec<_>>().join("、"))?;
    }
    write_ratios(to, policy, "只计基数的", layer.base_factor.as_ref())?;
    match &layer.prepay {
        Some(Prepay::Table(table)) => write_ratios(to, policy, "先由个人自付", Some(table))?,
        Some(Prepay::Remote) => writeln!(to, "  先由个人自付：{BY_REGISTER}的先行自付")?,
        None => {}
    }
    layer.cost_cap.iter().try_for_each(|cap| {
        let title = if cap.net { "起付线以上费用限额" } else { "费用限额" };
        write_cap(to, policy, title, cap)
    })
}

fn write_ratios(
    to: &mut String,
    policy: &Policy,
    title: &str,
    table: Option<&Table<Decimal>>,
) -> fmt::Result {
    let Some(table) = table else { return Ok(()) };
    writeln!(to, "  {title}：")?;
    write_table(to, policy, table, ROW, |ratio| percent(*ratio))
}

fn write_deductible(to: &mut String, policy: &Policy, deductible: &Deductible) -> fmt::Result {
    let per = match &deductible.per {
        Known::Value(Per::Visit) => "每次".to_owned(),
        Known::Value(Per::Year) => "每年度一次，前次未扣足的续扣".to_owned(),
        Known::Unknown(why) => format!("每次还是每年度未公布（{why}），要扣的不予结算"),
    };
    writeln!(to, "  起付线（{per}{}）：", held_in(policy, deductible.used))?;
    write_table(to, policy, &deductible.amount, ROW, |stated| match stated {
        DeductibleAmount::Fixed(said) => amount(said),
        DeductibleAmount::PartOf(part, of) => format!("{}的 {}", quantity(policy, *of), percent(*part)),
    })?;
    write_ratios(to, policy, "起付线按比例扣", deductible.factor.as_ref())?;
    write_ratios(to, policy, "减去上一次住院已扣的起付线（补差）", deductible.less_previous.as_ref())?;
    if let Some(year_cap) = &deductible.year_cap {
        writeln!(to, "  起付线年度累计不超过：")?;
        write_table(to, policy, year_cap, ROW, |fen| yuan(*fen))?;
    }
    Ok(())
}

fn held_in(policy: &Policy, used: Option<usize>) -> String {
    used.map_or_else(String::new, |used| format!("，累计于「{}」", policy.accumulators[used].label))
}

fn write_benefit(to: &mut String, policy: &Policy, benefit: &Benefit) -> fmt::Result {
    match benefit {
        Benefit::Scale { cut_on, reached, bands } => {
            let cut = match cut_on {
                CutOn::Absolute => "按绝对额分段，起付线在第一段内",
                CutOn::Net => "按扣除起付线后的净额分段",
            };
            let reached = match reached {
                Some(reached) => format!("，年度内接续「{}」", policy.accumulators[*reached].label),
                None => "，每次从头分段".to_owned(),
            };
            writeln!(to, "  支付比例（{cut}{reached}）：")?;
            write_table(to, policy, bands, ROW, |bands| scale(bands))
        }
        Benefit::ByItem { ratios } => {
            writeln!(to, "  支付比例（按明细类别，扣除起付线后的净额按各类费用分摊）：")?;
            write_table(to, policy, ratios, ROW, |ratio| percent(*ratio))
        }
        Benefit::PerDay { amount, count, from_day, most_days, used, unsaid } => {
            let count = match count {
                DayCount::Nights => "入院日计、出院日不计",
                DayCount::Days => "入院日、出院日都计",
            };
            let from = if *from_day > 1 { format!("，自第 {from_day} 天起") } else { String::new() };
            writeln!(to, "  住院津贴每天（付给本人，不计入费用分担；{count}{from}）：")?;
            write_table(to, policy, amount, ROW, |fen| yuan(*fen))?;
            let Some(most) = most_days else { return Ok(()) };
            let each = match (unsaid, used) {
                (Some(unsaid), _) => not_said(unsaid),
                (None, Some(_)) => "每年度".to_owned(),
                (None, None) => "每次住院".to_owned(),
            };
            writeln!(to, "  给付天数上限（{each}{}）：", held_in(policy, *used))?;
            write_table(to, policy, most, ROW, |days| format!("{days} 天"))
        }
        Benefit::PerItem { amount, lines } => {
            writeln!(
                to,
                "  每项定额给付（付给本人，不计入费用分担；计{}的明细数量）：",
                chosen_lines(lines)
            )?;
            write_table(to, policy, amount, ROW, |fen| yuan(*fen))
        }
        Benefit::LumpSum { amount } => {
            writeln!(to, "  定额给付（付给本人，不计入费用分担）：")?;
            write_table(to, policy, amount, ROW, |fen| yuan(*fen))
        }
    }
}

/// `0–4 万元 82%；4 万元–36 万元 88%；36 万元以上 90%`
fn scale(bands: &[Band]) -> String {
    let ratio = |known: &Known<Ratio>| match known {
        Known::Value(value) => ratio(*value),
        Known::Unknown(why) => format!("未公布（{why}）"),
    };
    if let [Band { upto: None, ratio: only }] = bands {
        return ratio(only);
    }
    let mut from = "0".to_owned();
    let mut said = Vec::new();
    for band in bands {
        match band.upto {
            Some(upto) => {
                said.push(format!("{from}–{} {}", yuan(upto), ratio(&band.ratio)));
                from = yuan(upto);
            }
            None => said.push(format!("{from}以上 {}", ratio(&band.ratio))),
        }
    }
    if bands.last().is_some_and(|band| band.upto.is_some()) {
        said.push(format!("{from}以上不支付"));
    }
    said.join("；")
}

fn write_adjust(to: &mut String, policy: &Policy, adjust: &Adjust) -> fmt::Result {
    let (title, table) = match adjust {
        Adjust::Points(table) => {
            writeln!(to, "  支付比例增减：")?;
            return write_table(to, policy, table, ROW, |value| points(*value));
        }
        Adjust::Factor(table) => ("支付比例乘以", table),
        Adjust::PersonalFactor(table) => ("个人负担部分乘以", table),
        Adjust::Remote => return writeln!(to, "  支付比例增减：{BY_REGISTER}的下浮百分点或系数"),
    };
    write_ratios(to, policy, title, Some(table))
}

fn write_cap(to: &mut String, policy: &Policy, title: &str, cap: &Cap) -> fmt::Result {
    let each = match (&cap.unsaid, cap.used, cap.per) {
        (Some(unsaid), ..) => not_said(unsaid),
        (_, None, _) => "每次".to_owned(),
        (_, _, Span::Month) => "每月".to_owned(),
        (_, _, Span::Quarter) => "每季度".to_owned(),
        (_, _, Span::Year) => "每年度".to_owned(),
    };
    let carry = match cap.carry {
        None => "",
        Some(Span::Year) => "，当年未用清零",
        Some(Span::Month | Span::Quarter) => "，当季未用清零",
    };
    writeln!(to, "  {title}（{each}{carry}{}）：", held_in(policy, cap.used))?;
    write_table(to, policy, &cap.amount, ROW, |limit| {
        limit.as_ref().map_or_else(|| "不封顶".to_owned(), amount)
    })?;
    let Some(Plus { books }) = cap.plus else { return Ok(()) };
    writeln!(to, "    另加：连续参保、零报销激励（参保登记核定，不超过规定的比例和金额）")?;
    let Some(Books { claims, drawn }) = books else { return Ok(()) };
    let label = |index: usize| &policy.accumulators[index].label;
    writeln!(
        to,
        "    零报销：「{}」全年为零；「{}」动用后，以前的零报销年度清零",
        label(claims),
        label(drawn)
    )
}

fn not_said(unsaid: &Unsaid) -> String {
    format!("每次还是每年度未公布（{}），结果会因此不同的不予结算", unsaid.why)
}

fn write_feeds(to: &mut String, policy: &Policy, layer: &Layer) -> fmt::Result {
    let fed = layer.feeds.iter().map(|feed| {
        let what = match feed.what {
            Fed::Paid => "本层支付额",
            Fed::Deductible => "本层所扣起付线",
            Fed::Base => "进入本层的费用",
            Fed::Net => "起付线以上的费用",
            Fed::Raised => "本层动用的激励额度",
            Fed::Visit => "一次就诊",
            Fed::Days => "本层给付的天数",
        };
        format!("{what}→「{}」", policy.accumulators[feed.accumulator].label)
    });
    let fed: Vec<String> = fed.collect();
    if fed.is_empty() { Ok(()) } else { writeln!(to, "  计入累计：{}", fed.join("，")) }
}
