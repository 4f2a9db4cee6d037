//! Each slip of a Chinese keyboard in the smallest document or case: the code, the place, what is said, in English and Chinese. And prose, in which
//! the same signs are right.

use yizhan_documents::Kind::{self, *};
use yizhan_documents::{Problem, Problems, chinese};
use yizhan_policy::load::{load_case_with_findings, load_examples};
use yizhan_policy::{embedded, findings, load};

use crate::broken::positions;

const DOCUMENT: &str = "\
policy: smallest
version: \"1\"
title: 最小
areas: [\"430200\"]
scheme: \"310\"
from: 2024-01-01
covers: [inpatient]
sources: { p: { title: 文件, quality: G } }
layers:
  - id: a
    title: 统筹
    payer: basic
    fund_pay_type: \"310100\"
    when: { identity: [特困, 低保] }
    base:
      - { add: in_scope, times: 50% }
      - { add: preself, times: 50% }
    cap: { per: visit, amount: { source: p, rows: [ { amount: 15万 } ] } }
    scale: { cut_on: net, bands: { source: p, ratio: 80% } }
  - id: b
    title: 其余
    payer: basic
    fund_pay_type: \"310100\"
    when: { no_identity: [特困, 低保] }
    base: [ { add: in_scope } ]
    scale: { cut_on: net, bands: { source: p, ratio: 70% } }
";

const CASE: &str = "\
area: \"430200\"
scheme: \"310\"
person: { status: retired, age: 70, identity: [低保] }
visit:
  care: inpatient
  level: third
  date: 2024-05-10
  diagnosis: [C34]
lines:
  - { name: 药品, amount: 1800, price: 900, quantity: 2, class: 乙 }
  - { name: 材料, amount: 100, class: 丙 }
accumulated: { 2024-01-01: { yuan: { used: 30000 } } }
";

/// What stands in the document once, what was typed with `▸` before each place that is told, the code, and words of the message in both languages.
type Slip = (&'static str, &'static str, Kind, &'static str, &'static str);

const COMMA: (&str, &str) =
    ("`，` (U+FF0C) is no comma of YAML: write `, `", "`，`（U+FF0C）不是 YAML 的逗号");
const SEMICOLON: (&str, &str) =
    ("`；` (U+FF1B) does not belong behind `80％`: leave it out", "`80％` 后面多了 `；`（U+FF1B）：请删去");
const COLON: (&str, &str) = ("`：` is a full-width colon: write `: `", "`：` 是全角冒号");
const DASH: (&str, &str) =
    ("`－` (U+FF0D) is no dash of a list: write `- `", "`－`（U+FF0D）不是列表的短横线");
const COMMENT: (&str, &str) =
    ("`＃` (U+FF03) begins no comment: write `#`", "`＃`（U+FF03）不能开始注释：请写半角 `#`");
const OPEN: (&str, &str) =
    ("`｛` (U+FF5B) is no bracket of YAML: write `{`", "`｛`（U+FF5B）不是 YAML 的括号");
const WIDE: (&str, &str) =
    ("indented by a full-width space (U+3000): write plain spaces", "用全角空格（U+3000）缩进：请写半角空格");
const FIXED: (&str, &str) =
    ("indented by a no-break space (U+00A0): write plain spaces", "用不间断空格（U+00A0）缩进：请写半角空格");

const fn slip(from: &'static str, to: &'static str, kind: Kind, said: (&'static str, &'static str)) -> Slip {
    (from, to, kind, said.0, said.1)
}

const IN_DOCUMENTS: &[Slip] = &[
    // Commas.
    slip("{ add: preself, ", "{ add: preself▸，", FullWidthSign, COMMA),
    slip("{ add: preself, ", "{ add: preself▸， ", FullWidthSign, COMMA),
    slip("{ title: 文件, ", "{ title: 文件▸，", FullWidthSign, COMMA),
    slip(
        "{ title: 文件, ",
        "{ title: 文件▸、 ",
        FullWidthSign,
        ("`、` (U+3001) is no comma", "`、`（U+3001）不是"),
    ),
    slip(
        "{ title: 文件, ",
        "{ title: 文件▸； ",
        FullWidthSign,
        ("`；` (U+FF1B) is no comma", "`；`（U+FF1B）不是"),
    ),
    slip("cap: { per: visit, amount", "cap: { per: visit▸， amount", FullWidthSign, COMMA),
    slip("no_identity: [特困, 低保]", "no_identity: [\"特困\"▸，\"低保\"]", FullWidthSign, COMMA),
    slip(
        "no_identity: [特困, 低保]",
        "no_identity: [▸特困，低保]",
        InvalidValue,
        ("would be one word; `，`", "会被当作一个词；`，`"),
    ),
    slip(
        "no_identity: [特困, 低保]",
        "no_identity: [▸特困、低保]",
        InvalidValue,
        ("would be one word; `、`", "会被当作一个词；`、`"),
    ),
    slip(
        "no_identity: [特困, 低保]",
        "no_identity: [▸特困　低保]",
        InvalidValue,
        ("one word; `　` (U+3000)", "会被当作一个词；`　`（U+3000）"),
    ),
    slip(
        "no_identity: [特困, 低保]",
        "no_identity: [▸特困｜低保]",
        InvalidValue,
        ("one word; `｜` (U+FF5C)", "会被当作一个词；`｜`（U+FF5C）"),
    ),
    slip(
        "no_identity: [特困, 低保]",
        "no_identity: [特困, ▸低保；]",
        InvalidValue,
        ("one word; `；` (U+FF1B) does not belong", "多了 `；`（U+FF1B）"),
    ),
    slip(
        "no_identity: [特困, 低保]",
        "no_identity: [▸“特困”，“低保”]",
        InvalidValue,
        ("would be one word; `，`", "会被当作一个词；`，`"),
    ),
    slip(
        "    when: { no_identity: [特困, 低保] }",
        "    when:\n      no_identity:\n      - ▸特困\n        － 低保",
        InvalidValue,
        ("one word; `－` (U+FF0D) is no dash", "`－`（U+FF0D）不是列表"),
    ),
    slip(
        "    when: { no_identity: [特困, 低保] }",
        "    when:\n      no_identity:\n      - 特困\n      ▸－ 低保",
        FullWidthSign,
        DASH,
    ),
    slip(
        "covers: [inpatient]",
        "covers: [▸inpatient，outpatient]",
        UnknownCode,
        ("`，` (U+FF0C) is no comma", "`，`（U+FF0C）不是"),
    ),
    slip(
        "covers: [inpatient]",
        "covers: [inpatient]▸；",
        FullWidthSign,
        ("`；` (U+FF1B) does not belong behind `]`", "`]` 后面多了 `；`"),
    ),
    // Colons.
    slip("title: 最小", "title▸：最小", FullWidthSign, COLON),
    slip(
        "times: 50% }\n      - { add: preself",
        "times▸：50% }\n      - { add: preself",
        FullWidthSign,
        COLON,
    ),
    slip(
        "policy: smallest",
        "policy▸:smallest",
        FullWidthSign,
        ("`:` has no space behind it", "`:` 后面没有空格"),
    ),
    // Spaces.
    slip(
        "    payer: basic\n    fund_pay_type: \"310100\"\n    when: { identity",
        "▸　　　　payer: basic\n    fund_pay_type: \"310100\"\n    when: { identity",
        FullWidthSign,
        WIDE,
    ),
    slip("      - { add: preself", "▸　　　- { add: preself", FullWidthSign, WIDE),
    slip("      - { add: preself", "    ▸　- { add: preself", FullWidthSign, WIDE),
    slip("    title: 统筹", "▸\u{a0}\u{a0}\u{a0}\u{a0}title: 统筹", FullWidthSign, FIXED),
    slip("    title: 统筹", "  ▸\u{a0}\u{a0}title: 统筹", FullWidthSign, FIXED),
    slip(
        "title: 最小",
        "title:▸　最小",
        FullWidthSign,
        ("a full-width space (U+3000) is no space of YAML", "全角空格（U+3000）不是 YAML 的空格"),
    ),
    slip(
        "title: 最小",
        "title:▸\u{a0}最小",
        FullWidthSign,
        ("a no-break space (U+00A0) is no space of YAML", "不间断空格（U+00A0）不是 YAML 的空格"),
    ),
    // Dashes.
    slip("      - { add: preself", "      ▸－ { add: preself", FullWidthSign, DASH),
    slip(
        "      - { add: preself",
        "      ▸—{ add: preself",
        FullWidthSign,
        ("`—` (U+2014) is no dash", "`—`（U+2014）不是列表"),
    ),
    slip("  - id: b\n", "  ▸－ id: b\n", FullWidthSign, DASH),
    slip("  - id: b\n", "  ▸－　id: b\n", FullWidthSign, DASH),
    // Comments.
    slip("title: 最小\n", "title: 最小\n▸＃ 说明\n", FullWidthSign, COMMENT),
    slip("title: 最小\n", "title: 最小\n▸＃ 说明: 一\n", FullWidthSign, COMMENT),
    slip("title: 统筹\n", "title: 统筹 ▸＃ 说明\n", FullWidthSign, COMMENT),
    slip(
        "title: 统筹\n",
        "title: 统筹　▸# 说明\n",
        FullWidthSign,
        ("no plain space stands before `#`", "`#` 前面不是半角空格"),
    ),
    slip("covers: [inpatient]\n", "covers: [inpatient] ▸＃ 说明\n", FullWidthSign, COMMENT),
    slip(
        "ratio: 70% }",
        "ratio: ▸70% ＃ 说明 }",
        RatioNotPercent,
        ("`＃` (U+FF03) begins no comment", "`＃`（U+FF03）不能开始注释"),
    ),
    slip(
        "    when: { identity: [特困, 低保] }",
        "    when:\n      identity:\n        - 特困\n        - ▸低保 ＃ 说明",
        InvalidValue,
        COMMENT,
    ),
    // Quotes and brackets.
    slip(
        "version: \"1\"",
        "version: ▸＂1＂",
        WrongType,
        ("the quotes around `1` are none of YAML: write \"1\"", "请写成 \"1\""),
    ),
    slip(
        "version: \"1\"",
        "version: ▸＇1＇",
        WrongType,
        ("the quotes around `1` are none of YAML: write \"1\"", "请写成 \"1\""),
    ),
    slip(
        "version: \"1\"",
        "version: ▸“1”",
        WrongType,
        ("the quotes around `1` are none of YAML: write \"1\"", "请写成 \"1\""),
    ),
    slip(
        "      - { add: preself, times: 50% }",
        "      - ▸｛ add: preself, times: 50% }",
        FullWidthSign,
        OPEN,
    ),
    slip("base: [ { add: in_scope } ]", "base: [ ▸｛ add: in_scope } ]", FullWidthSign, OPEN),
    slip(
        "base: [ { add: in_scope } ]",
        "base: [ { add: in_scope ▸｝ ]",
        FullWidthSign,
        ("`｝` (U+FF5D) is no bracket of YAML: write `}`", "`｝`（U+FF5D）不是"),
    ),
    slip(
        "covers: [inpatient]",
        "covers: ▸［inpatient］",
        WrongType,
        ("`［` (U+FF3B) is no bracket of YAML: write `[`", "`［`（U+FF3B）不是"),
    ),
    slip(
        "covers: [inpatient]",
        "covers: ▸【inpatient】",
        WrongType,
        ("`【` (U+3010) is no bracket of YAML: write `[`", "`【`（U+3010）不是"),
    ),
    slip(
        "covers: [inpatient]",
        "covers: [inpatient▸］",
        FullWidthSign,
        ("`］` (U+FF3D) is no bracket of YAML: write `]`", "`］`（U+FF3D）不是"),
    ),
    // Numbers.
    slip(
        "amount: 15万",
        "amount: ▸150,000",
        InvalidValue,
        (
            "`150,000` has a separator of thousands: write 150000 or 15万",
            "`150,000` 里有千位分隔符：请写 150000 或 15万",
        ),
    ),
    slip(
        "amount: 15万",
        "amount: ▸1,500,000.50元",
        InvalidValue,
        ("separator of thousands: write 1500000.50元", "里有千位分隔符：请写 1500000.50元"),
    ),
    slip(
        "amount: 15万",
        "amount: ▸150，000",
        InvalidValue,
        ("`150，000` has a separator of thousands: write 150000 or 15万", "`150，000` 里有千位分隔符"),
    ),
    slip(
        "    cap: { per: visit, amount: { source: p, rows: [ { amount: 15万 } ] } }",
        "    cap:\n      per: visit\n      amount:\n        source: p\n        amount: ▸150,000",
        InvalidValue,
        ("`150,000` has a separator of thousands", "`150,000` 里有千位分隔符"),
    ),
    slip(
        "amount: 15万",
        "amount: 15万▸；",
        InvalidValue,
        ("`；` (U+FF1B) does not belong behind `15万`", "`15万` 后面多了 `；`"),
    ),
    slip("ratio: 80% }", "ratio: 80％▸； }", InvalidValue, SEMICOLON),
    slip(
        "ratio: 80% }",
        "ratio: 80%▸; }",
        InvalidValue,
        ("`;` (U+003B) does not belong behind `80%`", "`80%` 后面多了 `;`"),
    ),
    slip(
        "ratio: 80% }",
        "ratio: ▸\"80%。\" }",
        InvalidValue,
        ("`。` (U+3002) does not belong behind `80%`", "`80%` 后面多了 `。`"),
    ),
    slip(
        "from: 2024-01-01",
        "from: 2024-01-01▸，",
        InvalidValue,
        ("`，` (U+FF0C) does not belong behind `2024-01-01`", "多了 `，`"),
    ),
    slip(
        "scheme: \"310\"",
        "scheme: ▸310；",
        UnknownCode,
        ("`；` (U+FF1B) does not belong behind `310`", "`310` 后面多了 `；`"),
    ),
    // Keys.
    slip(
        "covers: [inpatient]",
        "▸ｃｏｖｅｒｓ: [inpatient]",
        UnknownKey,
        ("did you mean `covers`?", "是不是 `covers`？"),
    ),
];

const IN_CASES: &[Slip] = &[
    slip("age: 70, ", "age: 70▸，", FullWidthSign, COMMA),
    slip("name: 药品, ", "name: 药品▸， ", FullWidthSign, COMMA),
    slip(
        "identity: [低保]",
        "identity: [▸低保，特困]",
        InvalidValue,
        ("would be one word; `，`", "会被当作一个词；`，`"),
    ),
    slip(
        "identity: [低保]",
        "identity: [▸低保　特困]",
        InvalidValue,
        ("would be one word; `　`", "会被当作一个词；`　`"),
    ),
    slip("[C34]", "[▸C34、C50]", InvalidValue, ("would be one word; `、`", "会被当作一个词；`、`")),
    slip("  level: third", "▸　　level: third", FullWidthSign, WIDE),
    slip("  level: third", "▸　level: third", FullWidthSign, WIDE),
    slip("  level: third", "▸\u{a0}\u{a0}level: third", FullWidthSign, FIXED),
    slip("  level: third", "  level▸：third", FullWidthSign, COLON),
    slip(
        "  level: third",
        "  level: ▸third ＃ 三级",
        UnknownCode,
        ("`＃` (U+FF03) begins no comment", "`＃`（U+FF03）不能开始注释"),
    ),
    slip("  - { name: 材料", "  ▸－ { name: 材料", FullWidthSign, DASH),
    slip(
        "  - { name: 材料",
        "  ▸— { name: 材料",
        FullWidthSign,
        ("`—` (U+2014) is no dash", "`—`（U+2014）不是列表"),
    ),
    slip("  - { name: 材料", "  - ▸｛ name: 材料", FullWidthSign, OPEN),
    slip(
        "yuan: { used: 30000 }",
        "yuan: { used: ▸30,000 }",
        InvalidValue,
        ("`30,000` has a separator of thousands: write 30000 or 3万", "请写 30000 或 3万"),
    ),
    slip(
        "yuan: { used: 30000 }",
        "yuan: { ▸“used”: 30000 }",
        FullWidthSign,
        ("`“` (U+201C) is no quote of YAML", "`“`（U+201C）不是 YAML 的引号"),
    ),
    slip(
        "amount: 1800",
        "amount: ▸1,800",
        InvalidValue,
        ("`1,800` has a separator of thousands: write 1800", "请写 1800"),
    ),
    slip(
        "price: 900",
        "price: ▸1,900",
        InvalidValue,
        ("`1,900` has a separator of thousands: write 1900", "请写 1900"),
    ),
    slip(
        "price: 900",
        "price: 900▸。",
        InvalidValue,
        ("`。` (U+3002) does not belong behind `900`", "`900` 后面多了 `。`"),
    ),
    slip("class: 乙 }", "class: 乙, prepay: 80％▸； }", InvalidValue, SEMICOLON),
    slip(
        "class: 丙",
        "class: ▸丙；",
        UnknownCode,
        ("`；` (U+FF1B) does not belong behind `丙`", "`丙` 后面多了 `；`"),
    ),
];

/// Refused, or found though it can be read: both are told when it is checked, and neither is published.
fn told_of(found: Result<Vec<Problem>, Problems>) -> Vec<Problem> {
    found.unwrap_or_else(|problems| problems.0)
}

fn of_document(text: &str) -> Vec<Problem> {
    told_of(load("p.yaml", text).map(|policy| findings(&policy)))
}

fn of_case(text: &str) -> Vec<Problem> {
    told_of(load_case_with_findings("c.yaml", text).map(|(_, found)| found))
}

fn check(good: &str, slips: &[Slip], told_of: impl Fn(&str) -> Vec<Problem>) -> Vec<String> {
    assert_eq!(told_of(good), []);
    let mut wrong = Vec::new();
    for (from, to, kind, english, in_chinese) in slips {
        if good.matches(from).count() != 1 {
            wrong.push(format!("{from:?} must stand there once"));
            continue;
        }
        let marked = good.replace(from, to);
        let told = told_of(&marked.replace('▸', ""));
        let places: Vec<_> = told.iter().map(|one| ((one.line, one.column), one.kind)).collect();
        let expected: Vec<_> = positions(&marked).into_iter().map(|place| (place, *kind)).collect();
        let words = told.iter().all(|one| {
            one.message.contains(english)
                && chinese(&one.message).is_some_and(|said| said.contains(in_chinese))
        });
        if places != expected || !words {
            let chinese: Vec<_> = told.iter().map(Problem::chinese).collect();
            wrong.push(format!(
                "{to:?}\n   expected {expected:?} {english} {in_chinese}\n   told {told:#?}\n   {chinese:?}"
            ));
        }
    }
    wrong
}

#[test]
fn each_slip_is_named_with_its_place() {
    let wrong = check(DOCUMENT, IN_DOCUMENTS, of_document);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_slip_in_a_case_is_named_with_its_place() {
    let wrong = check(CASE, IN_CASES, of_case);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn full_width_codes_of_diagnoses_are_understood_in_cases() {
    let (case, found) =
        load_case_with_findings("c.yaml", &CASE.replace("[C34]", "[Ｃ３４。１, I10]")).unwrap();
    assert_eq!((case.visit.diagnoses, found), (vec!["C34.1".to_owned(), "I10".to_owned()], vec![]));
}

#[test]
fn several_names_in_one_are_warned_of() {
    for typed in ["特困 低保", "特困/低保", "特困|低保", "特困和低保"] {
        let text = DOCUMENT.replace("no_identity: [特困, 低保]", &format!("no_identity: [{typed}]"));
        let told = of_document(&text);
        let told: Vec<_> = told.iter().filter(|one| one.kind == DoubtfulName).collect();
        let places: Vec<_> = told.iter().map(|one| (one.line, one.column, one.message.as_str())).collect();
        assert_eq!(places, [(24, 27, format!("`{typed}` is read as one name: write `特困, 低保`").as_str())]);
        assert_eq!(chinese(&told[0].message), Some(format!("`{typed}` 会被当作一个名称：请写 `特困, 低保`")));
    }
}

/// A page that somebody typed without changing the keyboard.
#[test]
fn all_of_them_are_told_at_once() {
    let typed = CASE
        .replace("person: {", "person： ｛")
        .replace("age: 70, ", "age: 70， ")
        .replace("  level: third\n  date", "　　level: third\n　　date")
        .replace("  - { name: 材料, amount", "  － { name: 材料， amount");
    let told = of_case(&typed);
    let places: Vec<_> = told.iter().map(|one| (one.line, one.column)).collect();
    assert_eq!(places, [(3, 7), (3, 9), (3, 35), (6, 1), (7, 1), (11, 3), (11, 15)], "{told:#?}");
    assert!(told.iter().all(|one| one.kind == FullWidthSign && chinese(&one.message).is_some()), "{told:#?}");
}

#[test]
fn the_same_signs_are_right_in_prose() {
    for (from, to) in [
        ("title: 最小", "title: 关于甲，乙；丙、丁的通知：（一）【试行】—— 说明＃1"),
        ("title: 最小", "title: 【2024】12号：两病，“用药”"),
        ("title: 最小", "title: “两病”是指“高血压”和“糖尿病”"),
        ("title: 最小", "title: \"甲，乙： 丙 ＃ 丁　｛戊｝\""),
        ("title: 最小", "title: '甲，乙： 丙 ＃ 丁　［戊］'"),
        ("title: 最小", "title: 甲，\n  — 乙：丙；\n  －丁"),
        ("title: 最小", "title: |\n  　　甲，乙：丙\n  ＃ 丁\n  － 戊 ｛己"),
        ("title: 最小", "title: >-\n  　　甲，乙：丙 ＃ 丁"),
        ("title: 最小", "# 甲，乙：丙　＃ ｛\ntitle: 最小 # － 丁，戊：己"),
        ("{ title: 文件, quality", "{ title: 文件，第一条：甲；（二）“乙”，1，500元, quality"),
        ("ratio: 70%", "note: 见第三条，note：乙；丙、丁, ratio: 70%"),
    ] {
        assert_eq!(DOCUMENT.matches(from).count(), 1, "{from}");
        assert_eq!(of_document(&DOCUMENT.replace(from, to)), [], "{to}");
    }
    for (from, to) in [
        ("name: 药品", "name: 药品，口服（每日一次）；餐后：温水、勿嚼"),
        ("name: 药品", "name: \"药品 ＃1，口服：\""),
        ("area: \"430200\"", "title: 甲，乙：丙；丁\narea: \"430200\""),
    ] {
        assert_eq!(of_case(&CASE.replace(from, to)), [], "{to}");
    }
}

/// What is wrong for another reason is not told to be the prose around it.
#[test]
fn a_comma_or_bracket_that_is_missing_is_not_told_of_the_prose_beside_it() {
    let mut tried = 0;
    for (name, text) in embedded() {
        let places = text.match_indices([',', '}', ']']).step_by(37);
        for (at, _) in
            places.filter(|(at, _)| text[..*at].rsplit('\n').next().is_some_and(|line| line.contains('{')))
        {
            let broken = format!("{}{}", &text[..at], &text[at + 1..]);
            let told = load(name, &broken).err().map(|problems| problems.0).unwrap_or_default();
            let signs: Vec<_> = told.iter().filter(|one| one.kind == FullWidthSign).collect();
            assert!(signs.is_empty(), "{name} without the sign at {at}: {signs:?}");
            tried += 1;
        }
    }
    assert!(tried > 50, "only {tried} were tried");
    assert!(load_examples("a", "a: [1").unwrap_err().0[0].message.starts_with("not YAML: "));
}

/// A large document with a slip on every line is told in a moment: no reading goes on for ever.
#[test]
fn a_large_document_of_slips_is_told_of_the_first_ones() {
    let text = format!("a:\n{}", "　　b: 1， c：2\n".repeat(3_000));
    let began = std::time::Instant::now();
    let told = of_document(&text);
    println!("{} told in {:?}", told.len(), began.elapsed());
    assert!(told.len() > 10 && told.iter().all(|one| one.kind == FullWidthSign), "{:?}", told.first());
}
