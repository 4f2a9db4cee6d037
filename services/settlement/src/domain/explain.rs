//! The trace of a layer in Chinese, for `setl_proc_info` and the printed statement.

use yizhan_proto::settlement::v1::{
    BandTrace, Citation, LayerTrace, LimitTrace, RemoteCitation, RemoteRule, Source, TraceStep,
};

/// `setl_proc_info` holds at most so many characters (codes.md §1.3).
const MAX_CHARACTERS: usize = 4000;

/// What a layer did, in one line: what entered, deductible, bands, limits, payment, documents.
pub fn layer(layer: &LayerTrace, published: &[Source]) -> String {
    if !layer.applied {
        return format!("不适用（{}）", skipped(&layer.skipped));
    }
    let mut parts = vec![format!("纳入{}元", layer.base)];
    parts.extend(layer.kept_out.iter().map(step));
    parts.extend(layer.cost_cap.as_ref().and_then(|cap| limit("费用限额", cap)));
    if let Some(deductible) = &layer.deductible {
        parts.push(format!("起付线{}元", deductible.charged));
        parts.extend(deductible.steps.iter().map(step));
    }
    parts.extend(layer.adjustments.iter().map(step));
    parts.extend(layer.bands.iter().map(band));
    parts.extend(layer.minimum.as_ref().map(step));
    parts.extend(layer.cap.as_ref().and_then(|cap| limit("支付限额", cap)));
    if layer.beyond_bill_fen > 0 {
        parts.push("以剩余费用为限".to_owned());
    }
    let basis = sources(layer, published);
    if !basis.is_empty() {
        parts.push(format!("依据：{}", basis.join("；")));
    }
    let mut text = parts.join("；");
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARACTERS) {
        text.truncate(end);
    }
    text
}

/// The published documents a layer rests on, with their quality marks, each once.
pub fn sources(layer: &LayerTrace, published: &[Source]) -> Vec<String> {
    let mut cited: Vec<&Citation> = Vec::new();
    cited.extend(&layer.decided_by);
    cited.extend(layer.deductible.iter().filter_map(|deductible| deductible.citation.as_ref()));
    cited.extend(layer.cap.iter().chain(&layer.cost_cap).filter_map(|cap| cap.citation.as_ref()));
    let steps = layer.adjustments.iter().chain(&layer.kept_out).chain(&layer.minimum);
    cited.extend(steps.filter_map(|step| step.citation.as_ref()));
    let mut titles: Vec<String> = Vec::new();
    for citation in cited {
        let source = usize::try_from(citation.source).ok().and_then(|place| published.get(place));
        let title = source.map(|source| format!("{}〔{}〕", source.title, source.quality));
        titles.extend(title.filter(|title| !titles.contains(title)));
    }
    titles
}

/// A ratio string `0.85` as `85%`.
pub fn percent(ratio: &str) -> String {
    match ratio.parse::<rust_decimal::Decimal>() {
        Ok(ratio) => format!("{}%", (ratio * rust_decimal::Decimal::ONE_HUNDRED).normalize()),
        Err(_) => ratio.to_owned(),
    }
}

fn band(band: &BandTrace) -> String {
    format!("{}–{}元×{}={}元", band.from, band.to, percent(&band.ratio), band.amount)
}

/// A step by the filing register's rule says so and cites it: it stands in no table of the policy.
fn step(step: &TraceStep) -> String {
    match &step.remote {
        Some(citation) => format!("异地就医：{}（{}）", change(step), remote_basis(citation)),
        None => change(step),
    }
}

/// What the filing register said of a visit away from home, with the rule and its document.
pub fn remote(rule: &RemoteRule) -> String {
    let value = &rule.value;
    let what = match rule.treatment.as_str() {
        "points" => format!("比例下浮{}个百分点", value.trim_start_matches('-')),
        "factor" => format!("比例乘以{}", percent(value)),
        "prepay" => format!("先行自付{}", percent(value)),
        _ => "与参保地同待遇".to_owned(),
    };
    let basis = rule.citation.as_ref().map(remote_basis);
    format!("{what}（{}）", basis.unwrap_or_default())
}

fn remote_basis(citation: &RemoteCitation) -> String {
    format!("依据：{}，规则 {}", citation.title, citation.rule_id)
}

fn change(step: &TraceStep) -> String {
    let value = &step.value;
    match step.kind.as_str() {
        "extra_prepay" | "prepay" => format!("先行自付{}", percent(value)),
        "base_factor" => format!("按{}计入", percent(value)),
        "points" => format!("比例增减{}个百分点", percent(value).trim_end_matches('%')),
        "factor" => format!("比例乘以{}", percent(value)),
        "personal_factor" => format!("个人负担部分乘以{}", percent(value)),
        "deductible_factor" => format!("起付线按{}计", percent(value)),
        "year_cap" => format!("年度累计起付线上限{value}元"),
        "minimum" => format!("不足{value}元按{value}元"),
        other => format!("{other} {value}"),
    }
}

fn limit(name: &str, cap: &LimitTrace) -> Option<String> {
    match (cap.limit.is_empty(), cap.kept_out == "0.00") {
        (true, _) => Some(format!("{name}不设限")),
        (false, true) => None,
        (false, false) => {
            Some(format!("{name}{}元，本次可用{}元，超出{}元", cap.limit, cap.open, cap.kept_out))
        }
    }
}

fn skipped(condition: &str) -> &str {
    match condition {
        "not_in_force" => "当日未施行",
        "care" => "不属于该医疗类别",
        "level" => "机构级别不符",
        "status" | "age" | "years_insured" => "人员条件不符",
        "identity" | "no_identity" => "无相应身份",
        "membership" | "no_membership" => "未参加",
        "filing" | "in_province" | "contracted" => "就医地条件不符",
        other => other,
    }
}
