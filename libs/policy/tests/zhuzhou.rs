//! 株洲 by kind of care and by how a visit away from home is filed: what is paid, or why it is not. docs/ZHUZHOU.md shows it;
//! `YIZHAN_WRITE=1` writes it.
//!
//! The policies are those that ship, and so are the filing rules and the rate of what is reimbursed by hand: the test reads both
//! documents, so that the page is what they say together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

#[path = "zhuzhou/yaml.rs"]
mod yaml;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;
use yizhan_policy::load::load_case;
use yizhan_policy::{Case, Policy, embedded, load, settle};
use yizhan_terms::Payer;

const BEGIN: &str = "<!-- cells: written by libs/policy/tests/zhuzhou.rs -->\n";
const END: &str = "<!-- /cells -->";

/// How a visit is filed: the column, and the class of the register's rule.
const FILED: [(&str, &str); 6] = [
    ("本地", "local"),
    ("长期备案", "long_term"),
    ("转诊", "referral"),
    ("急诊抢救", "emergency"),
    ("其他临时", "temporary"),
    ("未备案", "unfiled"),
];

/// A kind of care as a row of the table: its name, the visit, the line, and who.
struct Asked {
    what: &'static str,
    care: &'static str,
    visit: &'static str,
    line: &'static str,
    person: &'static str,
}

const fn asked(what: &'static str, care: &'static str, visit: &'static str, line: &'static str) -> Asked {
    Asked { what, care, visit, line, person: "" }
}

// Asked of both schemes.
const CHRONIC: Asked = asked(
    "慢特病，帕金森（1 月认定，本季未用），三级，药费 1000",
    "chronic",
    "level: third, disease: { code: M02300, kind: chronic, since: 2026-01-01 }",
    "amount: 1000",
);
const CAESAREAN: Asked =
    asked("生育，剖宫产，5000", "maternity", "level: third, tag: [剖宫产]", "amount: 5000");
const ANTENATAL: Asked =
    asked("生育，产前检查，500", "maternity", "level: third, tag: [产前检查]", "amount: 500");
const DUAL_CHANNEL: Asked =
    asked("药店，双通道药品，1000", "pharmacy", "level: first", "amount: 1000, label: [双通道]");

const EMPLOYEE: [Asked; 8] = [
    asked("住院，三级，2 万", "inpatient", "level: third", "amount: 2万"),
    Asked {
        person: ", identity: [低保]",
        ..asked("住院，三级，20 万，低保", "inpatient", "level: third", "amount: 20万")
    },
    asked("普通门诊，二级，500", "outpatient", "level: second", "amount: 500"),
    CHRONIC,
    asked(
        "两病（只有居民），一级，药费 100",
        "chronic",
        "level: primary, disease: { code: M03900, kind: two_diseases }",
        "amount: 100",
    ),
    CAESAREAN,
    ANTENATAL,
    DUAL_CHANNEL,
];

const RESIDENT: [Asked; 9] = [
    asked("住院，三级，2 万", "inpatient", "level: third", "amount: 2万"),
    Asked {
        person: ", identity: [特困]",
        ..asked("住院，三级，20 万，特困", "inpatient", "level: third", "amount: 20万")
    },
    asked("普通门诊，基层，500", "outpatient", "level: primary", "amount: 500"),
    asked("普通门诊，二级，500", "outpatient", "level: second", "amount: 500"),
    CHRONIC,
    asked(
        "两病，高血压，基层，药费 100",
        "chronic",
        "level: primary, disease: { code: M03900, kind: two_diseases }",
        "amount: 100",
    ),
    CAESAREAN,
    ANTENATAL,
    DUAL_CHANNEL,
];

/// What the register answers: a treatment for the case, or why it is not settled directly.
enum Answer {
    Treated(String),
    ByHand,
    Unknown(String),
}

fn rules(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services").join(path);
    yaml::read(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The row of 湖南's filing rules for such a visit. Exactly one matches: the rules have no ranks.
fn answer(rules: &Value, filing: &str, care: &str, in_province: bool) -> Answer {
    let holds = |condition: (&String, &Value)| match condition.0.as_str() {
        "filing" => condition.1.as_array().unwrap().contains(&filing.into()),
        "care" => condition.1.as_array().unwrap().contains(&care.into()),
        "in_province" => condition.1.as_bool().unwrap() == in_province,
        other => panic!("a row asks for {other}"),
    };
    let rows = rules["treatment"][0]["rows"].as_array().unwrap();
    let matching = rows.iter().filter(|row| row["when"].as_object().unwrap().iter().all(holds));
    let matching: Vec<&Value> = matching.collect();
    let [row] = matching[..] else { panic!("{filing} {care}: {} rows", matching.len()) };
    match (row.get("points"), row.get("same"), row.get("manual"), row.get("unknown")) {
        (Some(points), ..) => Answer::Treated(format!("points: {}", points.as_str().unwrap())),
        (_, Some(_), ..) => Answer::Treated("same: true".to_owned()),
        (_, _, Some(_), _) => Answer::ByHand,
        (.., Some(why)) => Answer::Unknown(why.as_str().unwrap().to_owned()),
        _ => panic!("{row}"),
    }
}

fn case(policy: &Policy, asked: &Asked, filing: &str, in_province: bool, remote: Option<&str>) -> Case {
    let scheme = policy.schemes[0].code();
    let status = if scheme == "310" { "in_service" } else { "adult" };
    let Asked { care, visit, line, person, .. } = asked;
    let away = remote.map_or_else(String::new, |treatment| {
        format!(", filing: {filing}, in_province: {in_province}, remote: {{ {treatment}, rule: hunan-filing, citation: 办法 }}")
    });
    let text = format!(
        "area: \"430200\"\nscheme: \"{scheme}\"\nperson: {{ status: {status}, age: 45{person} }}\n\
         visit: {{ care: {care}, {visit}, date: 2026-03-01{away} }}\n\
         lines: [ {{ {line}, class: 甲, list_type: \"101\" }} ]\n"
    );
    load_case("case.yaml", &text).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

/// Who pays how much, or why nobody does.
fn paid(policy: &Policy, case: &Case) -> String {
    let outcome = match settle(policy, case) {
        Ok(outcome) => outcome,
        Err(refusal) => return refused(refusal.reason().code(), &refusal.to_string()),
    };
    let paid = outcome.paid_by_layer();
    let mut cell = String::new();
    for layer in policy.layers.iter().filter(|layer| paid.get(layer.id.as_str()).is_some_and(|fen| fen.0 > 0))
    {
        write!(cell, "{} {}，", name(layer.payer), paid[layer.id.as_str()]).unwrap();
    }
    write!(cell, "个人 {}", outcome.person_fen).unwrap();
    cell
}

/// A payer in a word.
fn name(payer: Payer) -> &'static str {
    match payer {
        Payer::Basic => "统筹",
        Payer::CriticalIllness => "大病",
        Payer::MedicalAssistance => "救助",
        other => other.label(),
    }
}

/// A refusal, with the reason that a document states for it.
fn refused(code: &str, text: &str) -> String {
    match text.rsplit_once(": ") {
        Some((_, reason)) => format!("拒绝 `{code}`：{reason}"),
        None => format!("拒绝 `{code}`"),
    }
}

fn cell(
    policy: &Policy,
    asked: &Asked,
    filing: &str,
    in_province: bool,
    documents: (&Value, &str),
) -> String {
    if filing == "local" {
        return paid(policy, &case(policy, asked, filing, true, None));
    }
    let settled = |treatment: &str| paid(policy, &case(policy, asked, filing, in_province, Some(treatment)));
    match answer(documents.0, filing, asked.care, in_province) {
        Answer::Treated(treatment) => settled(&treatment),
        Answer::ByHand => format!("手工报销：{}", settled(documents.1)),
        Answer::Unknown(why) => format!("不直接结算：{why}"),
    }
}

fn table(policy: &Policy, rows: &[Asked], in_province: bool, documents: (&Value, &str)) -> String {
    let mut table = String::from("| |");
    FILED.iter().for_each(|(name, _)| write!(table, " {name} |").unwrap());
    table.push_str("\n|---|---|---|---|---|---|---|\n");
    for asked in rows {
        write!(table, "| {} |", asked.what).unwrap();
        for (_, filing) in FILED {
            write!(table, " {} |", cell(policy, asked, filing, in_province, documents)).unwrap();
        }
        table.push('\n');
    }
    table
}

fn policy(name: &str) -> Policy {
    let (_, text) = embedded().iter().find(|(file, _)| *file == name).unwrap();
    load(name, text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_page_says_what_is_paid_in_every_cell() {
    let filing = rules("filing/rules/430000-hunan.yaml");
    let settlement = rules("settlement/rules/430000-hunan.yaml");
    let points = settlement["reimbursements"][0]["not_direct"]["points"].as_str().unwrap();
    let by_hand = format!("points: {points}");
    let documents = (&filing, by_hand.as_str());
    let mut cells = String::new();
    for (title, policy, rows) in [
        ("职工", policy("zhuzhou-employee.yaml"), &EMPLOYEE[..]),
        ("居民", policy("zhuzhou-resident.yaml"), &RESIDENT[..]),
    ] {
        for (reach, in_province) in [("省内异地", true), ("跨省", false)] {
            let table = table(&policy, rows, in_province, documents);
            write!(cells, "\n### {title}，{reach}\n\n{table}").unwrap();
        }
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/ZHUZHOU.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has the cells' begin");
    let (written, after) = rest.split_once(END).expect("the page has the cells' end");
    if std::env::var_os("YIZHAN_WRITE").is_some() {
        fs::write(&page, format!("{before}{BEGIN}{cells}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, cells, "docs/ZHUZHOU.md: YIZHAN_WRITE=1 writes it");
    }
}
