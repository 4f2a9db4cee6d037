//! What differs between an expectation and what the engine answered.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::Serialize;
use yizhan_documents::closest;
use yizhan_money::Fen;

use super::expect::{Expect, Refused};
use crate::engine::Stopped;
use crate::identities::Amounts;
use crate::outcome::{LayerTrace, Outcome};

/// One thing that is not as expected. Amounts are written in yuan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The layer, where it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// What: `paid`, `bands`, `deductible`, `over_cap`, `quality`, `before` of a layer, an amount of the visit, `old`, `refused`, `policy`, `identity`.
    pub what: &'static str,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub got: String,
    /// The two in Chinese, where they are words.
    #[serde(skip)]
    chinese: Option<[String; 2]>,
}

impl Difference {
    /// No policy was found.
    pub(super) fn of_policy(none: String) -> Difference {
        let chinese = ["施行中的一份".to_owned(), none.clone()];
        Difference::of_visit("policy", "one that holds", none).in_chinese(chinese)
    }

    fn in_chinese(self, words: [String; 2]) -> Difference {
        Difference { chinese: Some(words), ..self }
    }

    /// What was found is [`no_layer`].
    fn of_no_layer(self) -> Difference {
        let hint = self.got.split('`').nth(1).map_or_else(String::new, |near| format!("，是不是 `{near}`？"));
        let chinese = [self.expected.clone(), format!("政策没有的层{hint}")];
        self.in_chinese(chinese)
    }

    /// What differs, in Chinese.
    pub fn chinese(&self) -> String {
        let layer = self.layer.as_ref().map_or_else(String::new, |layer| format!("层 {layer}："));
        let label = LABELS.iter().find(|(what, _)| *what == self.what).map_or(self.what, |(_, label)| *label);
        let [expected, got] = match &self.chinese {
            Some([expected, got]) => [expected, got],
            None => [&self.expected, &self.got],
        };
        format!("{layer}{label}（{}）是 {got}，应为 {expected}", self.what)
    }

    fn of_visit(what: &'static str, expected: impl Into<String>, got: impl Into<String>) -> Difference {
        Difference { layer: None, what, expected: expected.into(), got: got.into(), chinese: None }
    }

    fn of_layer(layer: &str, what: &'static str, expected: String, got: String) -> Difference {
        Difference { layer: Some(layer.to_owned()), what, expected, got, chinese: None }
    }
}

/// What can differ, in Chinese.
const LABELS: &[(&str, &str)] = &[
    ("total", "医疗费总额"),
    ("in_scope", "符合政策范围"),
    ("preself", "先行自付"),
    ("overlimit", "超限价自费"),
    ("full_self", "全自费"),
    ("act_pay_dedc", "实际支付起付线"),
    ("fund", "基金支付总额"),
    ("hospital", "医疗机构负担"),
    ("person", "个人负担"),
    ("account", "个人账户支付"),
    ("cash", "个人现金支付"),
    ("beside_bill", "账单外给付"),
    ("paid_elsewhere", "平台外已付"),
    ("paid", "支付"),
    ("bands", "各段金额"),
    ("deductible", "起付线"),
    ("over_cap", "限额以上"),
    ("quality", "来源可信度"),
    ("before", "拒绝前应付"),
    ("old", "早于年度的来源"),
    ("refused", "不予结算"),
    ("policy", "政策"),
    ("identity", "恒等式"),
];

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = &self.layer {
            write!(f, "layer {layer}: ")?;
        }
        write!(f, "{} is {}, not {}", self.what, self.got, self.expected)
    }
}

/// Every difference.
pub(super) fn outcome(expect: &Expect, got: &Outcome<'_>) -> Vec<Difference> {
    let broken = Amounts::of(got).broken().into_iter();
    let mut differences: Vec<_> = broken
        .map(|identity| {
            Difference::of_visit("identity", identity, "broken")
                .in_chinese([identity.to_owned(), "不成立".to_owned()])
        })
        .collect();
    if let Some(refused) = &expect.refused {
        let chinese = [refused.code.clone(), "已结算".to_owned()];
        differences.push(Difference::of_visit("refused", &refused.code, "settled").in_chinese(chinese));
        return differences;
    }
    for (what, expected) in &expect.amounts {
        let got = amount(got, what);
        if got != *expected {
            differences.push(Difference::of_visit(what, expected.to_string(), got.to_string()));
        }
    }
    if let Some(expected) = &expect.old {
        let old: Vec<&str> = got.old.iter().map(|old| old.source).collect();
        if *expected != old {
            differences.push(Difference::of_visit("old", expected.join(", "), old.join(", ")));
        }
    }
    paid(expect, got, &mut differences);
    layers(expect, got, &mut differences);
    differences
}

/// An amount by its word in [`Expect::AMOUNTS`].
fn amount(got: &Outcome<'_>, what: &str) -> Fen {
    match what {
        "total" => got.parts.total_fen,
        "in_scope" => got.parts.in_scope_fen,
        "preself" => got.parts.pre_self_fen,
        "overlimit" => got.parts.over_limit_fen,
        "full_self" => got.parts.full_self_fen,
        "act_pay_dedc" => got.basic_deductible_fen(),
        "fund" => got.fund_pay_fen,
        "hospital" => got.hospital_fen,
        "person" => got.person_fen,
        "account" => got.account_own_fen + got.account_shared_fen,
        "cash" => got.cash_fen,
        "paid_elsewhere" => got.paid_elsewhere_fen,
        _ => got.beside_bill_fen,
    }
}

/// Every layer's payment: those not named pay nothing.
fn paid(expect: &Expect, got: &Outcome<'_>, differences: &mut Vec<Difference>) {
    let by_layer = got.paid_by_layer();
    for (layer, paid) in &by_layer {
        let expected = expect.paid.get(*layer).copied().unwrap_or(Fen::ZERO);
        if *paid != expected {
            differences.push(Difference::of_layer(layer, "paid", expected.to_string(), paid.to_string()));
        }
    }
    for (layer, expected) in expect.paid.iter().filter(|(layer, _)| !by_layer.contains_key(layer.as_str())) {
        differences.push(
            Difference::of_layer(layer, "paid", expected.to_string(), no_layer(layer, got)).of_no_layer(),
        );
    }
}

/// What is expected of single layers beside their payment.
fn layers(expect: &Expect, got: &Outcome<'_>, differences: &mut Vec<Difference>) {
    let mut check = |layer: &str, what, expected: String, of: &dyn Fn(&LayerTrace<'_>) -> String| {
        let told =
            got.layers.iter().find(|trace| trace.layer == layer).map_or_else(|| no_layer(layer, got), of);
        if told != expected {
            let difference = Difference::of_layer(layer, what, expected, told);
            let known = got.layers.iter().any(|trace| trace.layer == layer);
            differences.push(if known { difference } else { difference.of_no_layer() });
        }
    };
    for (layer, amounts) in &expect.bands {
        let of = |trace: &LayerTrace<'_>| list(trace.bands.iter().map(|band| band.amount_fen));
        check(layer, "bands", list(amounts.iter().copied()), &of);
    }
    for (layer, amount) in &expect.deductible {
        check(layer, "deductible", yuan(*amount), &|trace| yuan(trace.charged()));
    }
    for (layer, amount) in &expect.over_cap {
        let of =
            |trace: &LayerTrace<'_>| yuan(trace.cap.as_ref().map_or(Decimal::ZERO, |cap| cap.kept_out_fen));
        check(layer, "over_cap", yuan(*amount), &of);
    }
    for (layer, mark) in &expect.quality {
        let of = |trace: &LayerTrace<'_>| match &trace.decided_by {
            Some(cited) => cited.quality.to_string(),
            None => "nothing decided".to_owned(),
        };
        check(layer, "quality", mark.to_string(), &of);
    }
}

fn no_layer(layer: &str, got: &Outcome<'_>) -> String {
    let hint = closest(layer, got.layers.iter().map(|trace| trace.layer));
    format!("of no layer of the policy{hint}")
}

/// An exact amount.
fn yuan(fen: Decimal) -> String {
    (fen / Decimal::ONE_HUNDRED).normalize().to_string()
}

fn list(amounts: impl Iterator<Item = Decimal>) -> String {
    format!("[{}]", amounts.map(yuan).collect::<Vec<_>>().join(", "))
}

/// The difference between an expectation and a refusal.
pub(super) fn refusal(expect: &Expect, stopped: &Stopped<'_>) -> Vec<Difference> {
    let refusal = &stopped.refusal;
    let (code, message) = (refusal.reason().code(), refusal.to_string());
    let (expected, chinese) = match &expect.refused {
        None => ("settled".to_owned(), "予以结算".to_owned()),
        Some(refused) if refused.code != code => (refused.code.clone(), refused.code.clone()),
        Some(refused) => match &refused.because {
            Some(because) if !message.contains(because) && !refusal.chinese().contains(because) => {
                (format!("because `{because}`"), format!("因“{because}”"))
            }
            _ => return before(refused, stopped),
        },
    };
    let chinese = [chinese, format!("{code}：{}", refusal.chinese())];
    vec![Difference::of_visit("refused", expected, format!("{code}: {message}")).in_chinese(chinese)]
}

/// What the layers before the refusal would have paid, where that is expected.
fn before(refused: &Refused, stopped: &Stopped<'_>) -> Vec<Difference> {
    let Some(expected) = &refused.before else { return Vec::new() };
    let mut got: BTreeMap<&str, Fen> = expected.keys().map(|layer| (layer.as_str(), Fen::ZERO)).collect();
    for trace in &stopped.layers {
        *got.entry(trace.layer).or_default() += trace.paid_fen;
    }
    let differs = |(layer, paid): (&str, Fen)| {
        let wanted = expected.get(layer).copied().unwrap_or_default();
        (paid != wanted).then(|| Difference::of_layer(layer, "before", wanted.to_string(), paid.to_string()))
    };
    got.into_iter().filter_map(differs).collect()
}
