//! The trace of a layer in Chinese, for `setl_proc_info` and the printed statement.

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    BandTrace, Citation, LayerTrace, LimitTrace, RemoteCitation, RemoteRule, SettlementInfo, Source,
    TraceStep,
};

/// `setl_proc_info` holds at most so many characters (docs/CODES.md, Amounts).
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
    parts.extend(layer.cap.as_ref().and_then(raise));
    if layer.beyond_bill_fen > 0 {
        parts.push("以剩余费用为限".to_owned());
    }
    if layer.earlier_fen != 0 {
        let (whole, earlier) = (Fen(layer.paid_fen + layer.earlier_fen), Fen(layer.earlier_fen));
        parts.push(format!("全程至今{whole}元，以前各次中途结算{earlier}元，本次{}元", Fen(layer.paid_fen)));
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
    let Some(citation) = &step.remote else { return change(step) };
    let what = match step.kind.as_str() {
        "points" => points_off(percent(&step.value).trim_end_matches('%')),
        _ => change(step),
    };
    format!("异地就医：{what}（{}）", remote_basis(citation))
}

/// Points as the papers write them, -10, in words.
fn points_off(points: &str) -> String {
    format!("比例下浮{}个百分点", points.trim_start_matches('-'))
}

/// What the filing register said of a visit away from home, with the rule and its document.
pub fn remote(rule: &RemoteRule) -> String {
    let value = &rule.value;
    let what = match rule.treatment.as_str() {
        "points" => points_off(value),
        "factor" => format!("比例乘以{}", percent(value)),
        "prepay" => format!("先行自付{}", percent(value)),
        _ => "与参保地同待遇".to_owned(),
    };
    match &rule.citation {
        Some(citation) => cited(&what, citation),
        None => what,
    }
}

/// Whose account helped and which area paid; `None` where nobody's did, and in settlements from before it was noted.
pub fn relative_account(info: &SettlementInfo) -> Option<String> {
    let SettlementInfo {
        mulaid_psn_name_masked: name,
        mulaid_kinship: kinship,
        mulaid_poolarea_no: area,
        ..
    } = info;
    if info.acct_mulaid_pay_fen == 0 || name.is_empty() {
        return None;
    }
    let kinship = if kinship.is_empty() { String::new() } else { format!("（患者为其{kinship}）") };
    let clearing = if *area == info.poolarea_no { "" } else { "，与参保统筹区清算" };
    Some(format!("{name}的个人账户{kinship}，由 {area} 统筹区支付{clearing}"))
}

/// A statement of the filing register with the rule and document behind it.
pub fn cited(what: &str, citation: &RemoteCitation) -> String {
    format!("{what}（{}）", remote_basis(citation))
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
        "less_previous" => format!("减去上一次住院已扣起付线{value}元（转院补差）"),
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

/// 连续参保、零报销激励, where it raised the limit.
fn raise(cap: &LimitTrace) -> Option<String> {
    let by = cap.raised_by.as_ref()?;
    let years: Vec<String> = cap.zero_claim_years.iter().map(i32::to_string).collect();
    let years =
        if years.is_empty() { String::new() } else { format!("，零报销年度{}", years.join("、")) };
    Some(cited(&format!("支付限额因连续参保、零报销激励提高{}元{years}", cap.raise), by))
}

fn skipped(condition: &str) -> &str {
    match condition {
        "not_in_force" => "当日未施行",
        "care" => "不属于该医疗类别",
        "level" => "机构级别不符",
        "status" | "age" | "years_insured" => "人员条件不符",
        "identity" | "no_identity" => "无相应身份",
        "membership" | "no_membership" => "未参加",
        "disease" | "disease_kind" => "不属于该认定病种",
        "filing" | "in_province" | "contracted" => "就医地条件不符",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use yizhan_policy::case::{Case, RemoteRule};
    use yizhan_policy::load::{load, load_case};
    use yizhan_proto::settlement::v1::{Settlement, SettlementInfo, Trace};
    use yizhan_terms::Treatment;

    use super::super::{statement, trace};
    use super::*;

    const POLICY: &str = "
policy: remote
version: \"1\"
title: 某市
areas: [\"330200\"]
scheme: \"390\"
from: 2020-01-01
sources: { paper: { title: 某市办法, quality: G } }
extra_prepay: remote
layers:
  - id: basic
    title: 统筹
    payer: basic
    fund_pay_type: \"390100\"
    base: [ { add: in_scope } ]
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 80% } ] } }
    adjust: [ remote ]
";

    const CASE: &str = "
area: \"330200\"
scheme: \"390\"
person: { status: adult, age: 40 }
visit: { care: inpatient, level: third, date: 2024-05-10, filing: referral, in_province: false }
lines: [ { amount: 1000, class: 甲 } ]
";

    fn traced(treatment: Treatment) -> Trace {
        let policy = load("p.yaml", POLICY).unwrap();
        let mut case: Case = load_case("case.yaml", CASE).unwrap();
        let (rule, citation) = ("330200/转省外三级".to_owned(), "宁波异地就医办法".to_owned());
        case.visit.remote = Some(RemoteRule { treatment, rule, citation });
        trace::of(&policy, &yizhan_policy::settle(&policy, &case).unwrap())
    }

    fn printed(trace: Trace) -> [String; 2] {
        let settlement = Settlement {
            setlinfo: Some(SettlementInfo::default()),
            trace: Some(trace),
            ..Settlement::default()
        };
        [statement::text(&settlement, None), statement::html(&settlement, None)]
    }

    const BASIS: &str = "（依据：宁波异地就医办法，规则 330200/转省外三级）";

    #[test]
    fn points_off_are_told_with_the_rule_that_decided() {
        let trace = traced(Treatment::Points((-10).into()));
        let rule = trace.remote.as_ref().unwrap();
        assert_eq!((rule.treatment.as_str(), rule.value.as_str()), ("points", "-10"));
        let step = &trace.layers[0].adjustments[0];
        assert_eq!((step.kind.as_str(), step.value.as_str(), &step.citation), ("points", "-0.1", &None));
        assert_eq!(step.remote, rule.citation);
        let how = layer(&trace.layers[0], &trace.sources);
        assert!(
            how.contains(&format!("异地就医：比例下浮10个百分点{BASIS}；0.00–1000.00元×70%=700.00元")),
            "{how}"
        );
        assert_eq!(trace.sources.len(), 1, "the register's document is no source of the policy");
        for page in printed(trace) {
            assert!(
                page.contains("异地就医") && page.contains(&format!("比例下浮10个百分点{BASIS}")),
                "{page}"
            );
        }
    }

    #[test]
    fn what_is_paid_first_is_told_with_the_rule_that_decided() {
        let trace = traced(Treatment::Prepay("0.1".parse().unwrap()));
        let rule = trace.remote.as_ref().unwrap();
        assert_eq!((rule.treatment.as_str(), rule.value.as_str()), ("prepay", "0.1"));
        let step = trace.extra_prepay.as_ref().unwrap();
        assert_eq!((step.value.as_str(), &step.citation, &step.remote), ("0.1", &None, &rule.citation));
        for page in printed(trace) {
            assert!(page.contains(&format!("先行自付10%{BASIS}")), "{page}");
        }
    }

    #[test]
    fn the_same_rate_and_a_factor_are_told_too() {
        for (treatment, what) in
            [(Treatment::Same, "与参保地同待遇"), (Treatment::Factor("0.9".parse().unwrap()), "比例乘以90%")]
        {
            assert!(printed(traced(treatment))[0].contains(&format!("异地就医：{what}{BASIS}")));
        }
    }

    #[test]
    fn care_at_home_says_nothing_of_it() {
        let trace = Trace { remote: None, ..traced(Treatment::Same) };
        assert!(printed(trace).iter().all(|page| !page.contains("异地就医")));
    }
}
