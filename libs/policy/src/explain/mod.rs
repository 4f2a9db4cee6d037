//! A policy in readable Chinese, so that a policy officer can check every number against the
//! published paper.

mod changes;
mod layer;
mod outcome;
mod said;
mod table;
mod words;

use std::fmt::{self, Write};

pub use changes::{Changes, PolicyChange, changes};
pub use outcome::{explain_outcome, explain_stopped};
pub use said::{Explained, ExplainedPart, ExplainedSource, Statement, explained};

use yizhan_terms::Area;

use crate::model::{AcrossYears, Handling, Policy, Prepay, Reach, SameDays, Unit};
use table::write_table;
use words::{part, percent, visit_rules};

/// The whole document in words. Every row carries its source and quality mark, `〔source·G〕`.
pub fn explain(policy: &Policy) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_policy(&mut text, policy);
    text
}

fn write_policy(to: &mut String, policy: &Policy) -> fmt::Result {
    write_head(to, policy)?;
    write_sources(to, policy)?;
    write_accumulators(to, policy)?;
    if let Some(table) = &policy.visits {
        writeln!(to, "\n就诊期限与住院期间的变更")?;
        write_table(to, policy, table, "  ", visit_rules)?;
    }
    if let Some(table) = &policy.class_prepay {
        writeln!(to, "\n先行自付（目录条目未列比例时，按类别）")?;
        write_table(to, policy, table, "  ", |ratio| percent(*ratio))?;
    }
    if let Some(prepay) = &policy.extra_prepay {
        writeln!(to, "\n另加先行自付（全部范围内费用，先于各层）")?;
        match prepay {
            Prepay::Table(table) => write_table(to, policy, table, "  ", |ratio| percent(*ratio))?,
            Prepay::Remote => writeln!(to, "  {}的先行自付", layer::BY_REGISTER)?,
        }
    }
    if policy.filing_at_home {
        writeln!(to, "\n统筹区内就医也问异地就医备案：长期备案人员回参保地就医，待遇由备案核定")?;
    }
    for number in policy.foreign_layers()..policy.layers.len() {
        layer::write_layer(to, policy, number)?;
    }
    if !policy.is_product() {
        write_account(to, policy)?;
    }
    if policy.same_days != SameDays::default() {
        write_same_days(to, policy.same_days)?;
    }
    policy.composite.iter().try_for_each(|why| write_composite(to, why))
}

fn write_same_days(to: &mut String, same_days: SameDays) -> fmt::Result {
    let word = |handling| match handling {
        Handling::Refuse => "不予结算",
        Handling::Mark => "结算并标记",
    };
    writeln!(to, "\n同日就诊")?;
    writeln!(to, "  住院与另一次住院时间重叠（转院当日除外）：{}", word(same_days.two_stays))?;
    writeln!(to, "  住院期间（入院、出院当日除外）的门诊、购药由基金支付的：{}", word(same_days.in_stay))?;
    writeln!(to, "  住院期间已有门诊、购药结算的：{}", word(same_days.around_visit))
}

fn write_composite(to: &mut String, why: &str) -> fmt::Result {
    writeln!(to, "\n※ 拼装政策，不是任何一地的真实政策：{why}")
}

fn write_head(to: &mut String, policy: &Policy) -> fmt::Result {
    writeln!(to, "{}", policy.title)?;
    if let Some(why) = &policy.composite {
        write_composite(to, why)?;
    }
    writeln!(to, "政策 {}  版本 {}  摘要 {}", policy.id, policy.version, policy.digest)?;
    let schemes: Vec<String> =
        policy.schemes.iter().map(|scheme| format!("{} {}", scheme.code(), scheme.label())).collect();
    writeln!(
        to,
        "统筹区 {}  险种 {}",
        policy.areas.iter().map(Area::as_str).collect::<Vec<_>>().join("、"),
        schemes.join("、"),
    )?;
    if let Some(named) = &policy.together.beside {
        let named = if named.is_empty() {
            String::new()
        } else {
            format!("，排在其 {} 之后", named.join("、"))
        };
        writeln!(to, "产品：与统筹区、险种的政策并行{named}；年度、就诊期限、账户等从其规定")?;
        return writeln!(to, "{}", words::period(policy.period));
    }
    let (month, day) = policy.year_starts;
    let across = match policy.across_years {
        AcrossYears::Whole => "跨年度住院整笔结算",
        AcrossYears::SplitByDays => "跨年度住院按天数分开结算",
    };
    writeln!(to, "{}  政策年度自 {month} 月 {day} 日起  {across}", words::period(policy.period))?;
    if let Some(covers) = &policy.covers {
        let covers: Vec<&str> = covers.iter().map(|care| care.label()).collect();
        writeln!(to, "结算的医疗类别：{}；其他类别不予结算", covers.join("、"))?;
    }
    for (care, reason) in &policy.not_published {
        writeln!(to, "{}：未公布（{reason}），不予结算", care.label())?;
    }
    Ok(())
}

fn write_sources(to: &mut String, policy: &Policy) -> fmt::Result {
    writeln!(to, "\n来源")?;
    for source in &policy.sources {
        let of = source.of.map_or_else(String::new, |year| format!("（{year} 年公布）"));
        writeln!(to, "  {}·{}  {}{of}", source.id, source.quality, source.title)?;
        if let Some(url) = &source.url {
            writeln!(to, "      {url}")?;
        }
    }
    Ok(())
}

fn write_accumulators(to: &mut String, policy: &Policy) -> fmt::Result {
    if policy.accumulators.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n年度累计")?;
    for accumulator in &policy.accumulators {
        let unit = match accumulator.unit {
            Unit::Fen => "金额",
            Unit::Count => "次数",
            Unit::Days => "天数",
        };
        let by = if accumulator.by_level { "，按机构级别分别累计" } else { "" };
        let per = if accumulator.by_month { "，按月累计" } else { "" };
        writeln!(to, "  {}  {}（{unit}{by}{per}）", accumulator.name, accumulator.label)?;
    }
    Ok(())
}

fn write_account(to: &mut String, policy: &Policy) -> fmt::Result {
    let parts: Vec<&str> = policy.account.pays.iter().map(|quantity| part(*quantity)).collect();
    let pays = if parts.is_empty() {
        "不支付".to_owned()
    } else {
        format!("可支付个人负担中的{}", parts.join("、"))
    };
    let sharing = if policy.account.sharing { "；亲属账户可共济" } else { "" };
    writeln!(to, "\n个人账户：{pays}{sharing}")?;
    if let Some(table) = &policy.account.reach {
        writeln!(to, "  亲属账户可共济的范围")?;
        write_table(to, policy, table, "    ", |reach| reach_words(*reach).to_owned())?;
    }
    if let Some(table) = &policy.account.contributions {
        writeln!(to, "  为近亲属缴纳居民医保费")?;
        write_table(to, policy, table, "    ", |allowed| {
            if *allowed { "可以" } else { "不可以" }.to_owned()
        })?;
    }
    Ok(())
}

fn reach_words(reach: Reach) -> &'static str {
    match reach {
        Reach::Area => "同一统筹区内",
        Reach::Province => "省内",
        Reach::Nation => "全国",
    }
}
