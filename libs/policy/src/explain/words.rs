//! Values, conditions and quantities in Chinese.

use rust_decimal::Decimal;

use yizhan_documents::{Period, Range};

use crate::model::{
    Condition, InStay, LineFilter, Policy, Previous, PreviousLevel, Quantity, Ratio, Term, VisitRules,
};

/// Fen as yuan: `1300 元`, `15 万元`.
pub(super) fn yuan(fen: Decimal) -> String {
    let ten_thousand = Decimal::from(1_000_000);
    if fen >= ten_thousand && (fen % Decimal::from(10_000)).is_zero() {
        format!("{} 万元", (fen / ten_thousand).normalize())
    } else {
        format!("{} 元", (fen / Decimal::ONE_HUNDRED).normalize())
    }
}

/// `85%`
pub(super) fn percent(ratio: Decimal) -> String {
    format!("{}%", (ratio * Decimal::ONE_HUNDRED).normalize())
}

/// `+2 个百分点`
pub(super) fn points(points: Decimal) -> String {
    format!("{:+} 个百分点", (points * Decimal::ONE_HUNDRED).normalize())
}

/// A ratio of a band.
pub(super) fn ratio(ratio: Ratio) -> String {
    match ratio {
        Ratio::Fixed(fixed) => percent(fixed),
        Ratio::ByAge { base, per_year } => {
            format!("{} + {} × 年龄（不超过 100%）", percent(base), percent(per_year))
        }
    }
}

/// `2020-01-01 至 2025-12-31`
pub(super) fn period(period: Period) -> String {
    match period.to {
        Some(to) => format!("{} 至 {to}", period.from),
        None => format!("{} 起", period.from),
    }
}

/// How long visits may be, and whose facts count in a stay.
pub(super) fn visit_rules(rules: &VisitRules) -> String {
    let in_stay = |what: &str, rule| match rule {
        InStay::Admission => format!("{what}以入院时为准"),
        InStay::Discharge => format!("{what}以出院时为准"),
        InStay::Refused => format!("{what}变更须分段结算"),
    };
    let parts = [
        format!("门诊就诊最长 {} 天", rules.outpatient_days),
        format!("住院最长 {} 天", rules.stay_days),
        format!("结束后 {} 天内结算", rules.settle_within_days),
        in_stay("险种", rules.scheme),
        in_stay("人员状态", rules.status),
        in_stay("身份", rules.identity),
    ];
    parts.join("，")
}

/// A part of the bill.
pub(super) fn part(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Total => "医疗费总额",
        Quantity::InScope => "符合政策范围金额",
        Quantity::PreSelf => "先行自付",
        Quantity::OverLimit => "超限价自费",
        Quantity::FullSelf => "全自费",
        Quantity::Remaining => "前面各层支付后的剩余",
        Quantity::InScopeLeft => "前面各层支付后剩余的范围内金额",
        Quantity::PaidElsewhere => "平台外已付",
        Quantity::Paid(_) => "支付额",
        Quantity::DeductibleOf(_) => "起付线",
        Quantity::OverCostCap(_) => "超费用限额部分",
        Quantity::OverCap(_) => "超支付限额部分",
        Quantity::OverCapCost(_) => "超支付限额的费用",
    }
}

/// A quantity, with the layer it is of.
pub(super) fn quantity(policy: &Policy, quantity: Quantity) -> String {
    match quantity {
        Quantity::Paid(layer)
        | Quantity::DeductibleOf(layer)
        | Quantity::OverCostCap(layer)
        | Quantity::OverCap(layer)
        | Quantity::OverCapCost(layer) => format!("「{}」的{}", policy.layers[layer].title, part(quantity)),
        _ => part(quantity).to_owned(),
    }
}

/// A term of a base, with its sign.
pub(super) fn term(policy: &Policy, term: &Term, first: bool) -> String {
    let sign = match (term.times.is_sign_negative(), first) {
        (true, _) => "− ",
        (false, true) => "",
        (false, false) => "+ ",
    };
    let times = match term.times.abs() {
        times if times == Decimal::ONE => String::new(),
        times => format!(" × {}", percent(times)),
    };
    let lines = term
        .lines
        .as_ref()
        .map_or_else(String::new, |lines| format!("（只计{}的明细）", chosen_lines(lines)));
    let at_most = term.at_most.map_or_else(String::new, |most| {
        let part =
            if most.part == Decimal::ONE { String::new() } else { format!("的 {}", percent(most.part)) };
        format!("（不超过{}{part}）", quantity(policy, most.of))
    });
    format!("{sign}{}{at_most}{times}{lines}", quantity(policy, term.quantity))
}

/// `目录类别 101，标记 特药`
pub(super) fn chosen_lines(lines: &LineFilter) -> String {
    let list = |label: &str, values: &[String]| match values {
        [] => None,
        values => Some(format!("{label} {}", values.join("/"))),
    };
    let chosen = [
        list("目录类别", &lines.list_types),
        list("标记", &lines.labels),
        list("不含标记", &lines.not_labels),
    ];
    chosen.into_iter().flatten().collect::<Vec<_>>().join("，")
}

/// Conditions that must all hold; nothing for none.
pub(super) fn conditions(policy: &Policy, conditions: &[Condition]) -> String {
    conditions.iter().map(|one| condition(policy, one)).collect::<Vec<_>>().join("，")
}

fn condition(policy: &Policy, condition: &Condition) -> String {
    match condition {
        Condition::Care(values) => labels(values, |care| care.label()),
        Condition::Level(values) => labels(values, |level| level.label()),
        Condition::Status(values) => labels(values, |status| status.label()),
        Condition::Filing(values) => labels(values, |filing| filing.label()),
        Condition::Age(range) => format!("年龄 {}", self::range(range, " 岁")),
        Condition::YearsInsured(range) => format!("连续参保 {}", self::range(range, " 年")),
        Condition::Identity(names) => format!("身份为{}", names.join("或")),
        Condition::NoIdentity(names) => format!("非{}", names.join("、")),
        Condition::Membership(names) => format!("参加 {}", names.join(" 或 ")),
        Condition::NoMembership(names) => format!("未参加 {}", names.join("、")),
        Condition::InProvince(true) => "省内".to_owned(),
        Condition::InProvince(false) => "省外".to_owned(),
        Condition::Contracted(true) => "特约机构".to_owned(),
        Condition::Contracted(false) => "非特约机构".to_owned(),
        Condition::Diagnosis(codes) => format!("诊断编码以 {} 开头", codes.join(" 或 ")),
        Condition::Disease(codes) => format!("认定病种 {}", codes.join(" 或 ")),
        Condition::DiseaseKind(kinds) => labels(kinds, |kind| kind.label()),
        Condition::Tag(tags) => format!("有标记 {}", tags.join(" 或 ")),
        Condition::NoTag(tags) => format!("无标记 {}", tags.join("、")),
        Condition::Class(classes) => format!("类别 {}", classes.join("/")),
        Condition::ListType(types) => format!("目录类别 {}", types.join("/")),
        Condition::Label(labels) => format!("标记 {}", labels.join("/")),
        Condition::NoLabel(labels) => format!("不含标记 {}", labels.join("/")),
        Condition::Nth { counter, range } => {
            format!("{}第 {}", policy.accumulators[*counter].label, self::range(range, " 次"))
        }
        Condition::Previous(asked) => previous(asked),
    }
}

/// `1 天内由级别较低的机构转院`
fn previous(asked: &Previous) -> String {
    let within = match asked.within_days {
        0 => "出院当日".to_owned(),
        days => format!("出院 {days} 天内"),
    };
    let from = |level| match level {
        PreviousLevel::Lower => "低级别",
        PreviousLevel::Same => "同级别",
        PreviousLevel::Higher => "高级别",
    };
    let levels = if asked.levels.is_empty() {
        String::new()
    } else {
        format!("{}机构", labels(&asked.levels, from))
    };
    let how = match asked.transferred {
        Some(true) => "转院而来",
        Some(false) => "出院后再住院（非转院）",
        None => "出院后再住院",
    };
    if levels.is_empty() { format!("{within}{how}") } else { format!("{within}由{levels}{how}") }
}

fn labels<T: Copy>(values: &[T], label: impl Fn(T) -> &'static str) -> String {
    values.iter().map(|value| label(*value)).collect::<Vec<_>>().join("/")
}

fn range(range: &Range, unit: &str) -> String {
    match (range.from, range.to) {
        (Some(from), Some(to)) if from == to => format!("{from}{unit}"),
        (Some(from), Some(to)) => format!("{from}–{to}{unit}"),
        (Some(from), None) => format!("{from}{unit}及以上"),
        (None, Some(to)) => format!("{to}{unit}及以下"),
        (None, None) => "任意".to_owned(),
    }
}

/// A quantity by the name a trace gives it, `in_scope` or `paid.basic`.
pub(super) fn quantity_named(policy: &Policy, name: &str) -> String {
    let terms = policy.layers.iter().flat_map(|layer| &layer.base.terms);
    let found = terms.map(|term| term.quantity).find(|quantity| quantity.name(&policy.layers) == name);
    found.map_or_else(|| name.to_owned(), |found| quantity(policy, found))
}

/// Why a layer did not apply, by the name a trace gives it.
pub(super) fn why_skipped(name: &str) -> &str {
    match name {
        "not_in_force" => "当日未施行",
        "care" => "医疗类别不符",
        "level" => "机构级别不符",
        "status" => "人员状态不符",
        "age" => "年龄不符",
        "identity" | "no_identity" => "身份不符",
        "membership" | "no_membership" => "参加情况不符",
        "years_insured" => "连续参保年限不符",
        "filing" => "异地备案情况不符",
        "in_province" => "就医地不符",
        "contracted" => "机构特约情况不符",
        "diagnosis" => "诊断不符",
        "disease" | "disease_kind" => "认定病种不符",
        "tag" | "no_tag" => "标记不符",
        "nth" => "年度次数不符",
        "previous" => "上一次住院情况不符",
        other => other,
    }
}
