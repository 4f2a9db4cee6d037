//! What a version changes, in words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_policy::{Policy, changes, embedded, load};

const GOOD: &str = include_str!("fixtures/good.yaml");

fn policy(edits: &[(&str, &str)]) -> Policy {
    let edited = edits.iter().fold(GOOD.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    });
    load("good.yaml", &edited).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The changes as words, without head.
fn told(edits: &[(&str, &str)]) -> Vec<String> {
    let changes = changes(&policy(&[]), &policy(edits));
    changes.changes.iter().map(|change| format!("{} {}", change.layer, change.chinese())).collect()
}

/// What is written otherwise, and what is told of it.
type Edited<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

#[test]
fn from_which_number_to_which_for_whom() {
    let cases: &[Edited] = &[
        (&[], &[]),
        (
            &[("amount: 8450.50", "amount: 9000")],
            &["basic 起付线 三级：8450.5 元 → 9000 元（自 2022-01-01 起）"],
        ),
        (&[("amount: 800", "amount: 900")], &["basic 起付线 全部：800 元 → 900 元（至 2021-12-31）"]),
        (
            &[("- { upto: 1.12万, ratio: 85% }", "- { upto: 1.12万, ratio: 86% }")],
            &[
                "basic 支付比例 三级：0–1.12 万元 85%；1.12 万元–36 万元 96.1%；36 万元以上不支付 → 0–1.12 万元 86%；1.12 万元–36 万元 96.1%；36 万元以上不支付",
            ],
        ),
        (&[("points: -10", "points: -5")], &["basic 支付比例增减 退休：-10 个百分点 → -5 个百分点"]),
        (&[("{ amount: 15万 }", "{ amount: 20万 }")], &["basic 支付限额 全部：15 万元 → 20 万元"]),
        (
            &[("identity: [特困] }, rank: 1, amount: none", "identity: [低保] }, rank: 1, amount: none")],
            &[
                "basic 新增 支付限额 身份为低保（优先级 1）：不封顶",
                "basic 取消 支付限额 身份为特困（优先级 1）：原为 不封顶",
            ],
        ),
        (
            &[("to: 2025-12-31", "to: 2026-12-31")],
            &[" 施行：2020-01-01 至 2025-12-31 → 2020-01-01 至 2026-12-31"],
        ),
        (
            &[("per: visit", "per: year")],
            &[
                "basic 起付线：每次，累计于「起付线累计」 → 每年度一次，前次未扣足的续扣，累计于「起付线累计」",
            ],
        ),
        (
            &[("layers:", "not_published: { maternity: 文件没有写 }\nlayers:")],
            &[" 没有公布待遇的医疗类别：没有 → 生育（文件没有写）"],
        ),
        (
            &[("covers: [inpatient]", "covers: [inpatient, chronic]")],
            &[" 结算的医疗类别：住院 → 住院、门诊慢特病"],
        ),
        (
            &[("title: 统筹基金", "title: 统筹")],
            &[
                "basic 名称：统筹基金 → 统筹",
                "relief 计算基数：前面各层支付后的剩余 − 「统筹基金」的起付线（不低于 0） → 前面各层支付后的剩余 − 「统筹」的起付线（不低于 0）",
            ],
        ),
    ];
    for (edits, expected) in cases {
        assert_eq!(told(edits), *expected, "{edits:?}");
    }
}

/// Also of a document that says it already: what is paid nothing from then on, and what is refused.
#[test]
fn a_kind_of_care_that_is_covered_no_more() {
    let covers = |cares: &str| policy(&[("covers: [inpatient]", &format!("covers: [{cares}]"))]);
    let told = |old: &str, new: &str| -> Vec<String> {
        changes(&covers(old), &covers(new)).changes.iter().map(|change| change.chinese()).collect()
    };
    let more = "结算的医疗类别：住院 → 住院、药店购药";
    assert_eq!(told("inpatient", "inpatient, pharmacy"), [more]);
    assert_eq!(told("inpatient, pharmacy", "inpatient"), ["结算的医疗类别：住院、药店购药 → 住院"]);
    assert_eq!(told("inpatient, pharmacy", "pharmacy, inpatient"), [""; 0], "in another order");
}

#[test]
fn layers_that_come_and_go() {
    let relief = &GOOD[GOOD.find("  - id: relief").unwrap()..GOOD.find("\naccount:").unwrap()];
    let without = policy(&[(relief, "")]);
    let gone = changes(&policy(&[]), &without);
    assert!(gone.changes.iter().all(|change| change.layer == "relief" && change.new.is_none()), "{gone}");
    assert!(gone.chinese().contains("取消 支付比例 全部：原为 10%"), "{gone}");
    let comes = changes(&without, &policy(&[]));
    assert!(comes.chinese().contains("医院减免（relief）\n  新增 名称：医院减免\n"), "{comes}");
}

#[test]
fn a_version_of_later_days_is_compared_with_what_was_said_last() {
    let later = [("from: 2020-01-01", "from: 2026-01-01"), ("to: 2025-12-31", "to: 2027-12-31")];
    let amount = "        - from: 2020-01-01\n          to: 2021-12-31\n          source: paper\n          rows:\n            - { amount: 800 }\n        - from: 2022-01-01\n          source: news\n";
    let text = later.iter().fold(
        GOOD.replace(amount, "        - source: news\n          from: 2026-01-01\n"),
        |text, (old, new)| text.replacen(old, new, 1),
    );
    let text = text.replace("from: 2021-01-01\n    to: 2021-12-31", "from: 2026-01-01\n    to: 2027-12-31");
    let new = load("new.yaml", &text.replace("amount: 8450.50", "amount: 8000")).unwrap();
    let found = changes(&policy(&[]), &new).chinese();
    assert!(found.contains("起付线 三级：8450.5 元 → 8000 元\n"), "{found}");
    assert!(!found.contains("800 元"), "what held until 2021 is no change: {found}");
}

#[test]
fn no_document_differs_from_itself_and_none_is_silent() {
    for (name, text) in embedded() {
        let policy = load(name, text).unwrap();
        let none = changes(&policy, &policy);
        assert_eq!(none.changes, [], "{name}");
        assert!(none.chinese().ends_with("没有变化\n"));
    }
}

#[test]
fn the_same_is_told_in_english_around_what_the_documents_say() {
    let cases: &[Edited] = &[
        (
            &[("amount: 8450.50", "amount: 9000")],
            &["deductible, 三级: 8450.5 元 → 9000 元 (from 2022-01-01)"],
        ),
        (&[("amount: 800", "amount: 900")], &["deductible, 全部: 800 元 → 900 元 (until 2021-12-31)"]),
        (
            &[("identity: [特困] }, rank: 1, amount: none", "identity: [低保] }, rank: 1, amount: none")],
            &[
                "new: payment limit, 身份为低保（优先级 1）: 不封顶",
                "gone: payment limit, 身份为特困（优先级 1）: was 不封顶",
            ],
        ),
        (
            &[("layers:", "not_published: { maternity: 文件没有写 }\nlayers:")],
            &["care not published: 没有 → 生育（文件没有写）"],
        ),
    ];
    for (edits, expected) in cases {
        let changes = changes(&policy(&[]), &policy(edits));
        assert_eq!(changes.changes.iter().map(ToString::to_string).collect::<Vec<_>>(), *expected);
    }
    let (good, edited) = (policy(&[]), policy(&[("amount: 800", "amount: 900")]));
    assert!(changes(&good, &good).to_string().ends_with("\n  no change\n"));
    let told = changes(&good, &edited).to_string();
    assert!(told.contains("(compared from 2020-01-01)\n\nlayer basic: 统筹基金\n  deductible, "), "{told}");
}

/// What stands before the value of a change is English, but for names that the documents give.
#[test]
fn every_name_that_explain_gives_is_known_in_english() {
    let all: Vec<Policy> = embedded().iter().map(|(name, text)| load(name, text).unwrap()).collect();
    let mut count = 0;
    for pair in all.windows(2) {
        for change in changes(&pair[0], &pair[1]).changes {
            // Names of accumulators, of layers in what papers say of what is paid twice, and why a document is composite.
            let own = ["年度累计", "※"].iter().any(|part| change.part.starts_with(part))
                || change.about.starts_with("按文件规定，");
            let told =
                yizhan_policy::PolicyChange { who: String::new(), old: None, new: None, ..change.clone() };
            let chinese = told.to_string().chars().any(|one| ('\u{4e00}'..='\u{9fff}').contains(&one));
            assert!(own || !chinese, "{} of {} is not known in English", change.about, change.part);
            count += 1;
        }
    }
    assert!(count > 100, "{count} changes");
}
