//! What is wrong with documents, all of it at once; and the documents that come with the service.

use std::collections::BTreeSet;
use std::sync::Arc;

use yizhan_audit::rules::{AuditRule, Consequence, Life, catalogue, entry_of};
use yizhan_documents::{Document, Documents};

use crate::support::{problems, read};

#[test]
fn everything_wrong_is_told_at_once() {
    let told = problems(
        "rule: GZ99999999999999\nclass: 无此类\nlife: asleep\nresult: 可疑\nconsequence: block\nkind: unheard\npoints: [{ code: X1 }]",
    );
    let wanted = [
        "UNKNOWN_CODE `GZ99999999999999` is not in the national list of rules",
        "UNKNOWN_CODE `无此类` is no class of the national list of rules",
        "UNKNOWN_CODE unknown code `asleep`; one of: draft, shadow, active, retired",
        "CONFLICTING_KEYS `result` and `consequence` exclude each other",
    ];
    for line in wanted {
        assert!(told.iter().any(|told| told == line), "{line} in {told:#?}");
    }
    assert!(
        told.iter().any(|told| told.starts_with("UNKNOWN_CODE unknown code `unheard`; one of: only, never")),
        "{told:#?}"
    );
}

#[test]
fn points_of_one_item_do_not_overlap() {
    let points = |first: &str, second: &str| {
        format!(
            "kind: only\npoints:\n  - {{ code: [X0, X1], allowed: {{ sex: \"1\" }}{first} }}\n  - {{ code: X1, allowed: {{ sex: \"2\" }}{second} }}"
        )
    };
    let told = problems(&points("", ""));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("TABLE_OVERLAP a point of the same item on some of these days stands on line"),
        "{told:?}"
    );
    read(&points(", to: 2026-06-30", ", from: 2026-07-01"));
    read(&points(", when: { ages: { to: 17 } }", ", when: { ages: { from: 18 } }"));
}

#[test]
fn values_are_of_the_kind() {
    for (keys, wanted) in [
        ("kind: most\npoints: [{ code: X1, most: 1 }]", "MISSING_KEY `of` is missing, here and in `values`"),
        (
            "kind: most\npoints: [{ code: X1, of: quantity, most: 1, within: 7w }]",
            "INVALID_VALUE `7w` is no window",
        ),
        ("kind: never\npoints: [{ code: \"X*1\" }]", "INVALID_VALUE `X*1` is no code"),
        (
            "kind: never\npoints: [{ name: 甲 }]",
            "MISSING_KEY one of `code`, `diagnosis`, `operation` is missing",
        ),
        ("kind: price\npoints: [{ code: X1, ceiling: -1 }]", "NEGATIVE_AMOUNT"),
        ("kind: trace\npoints: [{ code: X1, check: foreign }]", "MISSING_KEY `marks`"),
        (
            "kind: only\npoints: [{ code: X1, allowed: { sexe: \"1\" } }]",
            "UNKNOWN_KEY unknown key `sexe`; did you mean `sex`?",
        ),
        (
            "kind: only\nrule: GZ10000101007000\nclass: 信息数据监管类\npoints: [{ code: X1, allowed: { sex: \"1\" } }]",
            "CONFLICTING_KEYS the national list",
        ),
    ] {
        let told = problems(keys);
        assert!(told.iter().any(|told| told.starts_with(wanted)), "{wanted} in {told:#?}");
    }
}

/// Beside each other in an area: parts that name themselves and share no item.
#[test]
fn documents_of_one_rule_do_not_contradict_each_other() {
    let part = |keys: &str, code: &str| read(&format!("{keys}\nkind: never\npoints: [{{ code: {code} }}]"));
    let published: Documents<AuditRule> = [part("part: a", "X1")].into_iter().collect();
    let conflicts = |document: AuditRule| document.conflicts(&published).len();
    assert_eq!(conflicts(part("part: b", "X2")), 0);
    assert_eq!(conflicts(part("part: b", "X1")), 1);
    assert_eq!(conflicts(part("", "X2")), 1);
    assert_eq!(conflicts(part("part: a\nversion: \"2\"", "X2")), 0);
    assert_eq!(conflicts(part("part: b\nfrom: 2025-01-01\nto: 2025-12-31", "X1")), 0);
    assert_eq!(conflicts(part("part: b\narea: \"430000\"", "X1")), 0);
}

#[test]
fn the_documents_that_come_with_the_service() {
    let documents = Documents::<AuditRule>::embedded();
    let mut known = BTreeSet::new();
    for document in documents.documents() {
        assert!(known.insert(document.id.clone()), "{} twice", document.id);
        let others: Documents<AuditRule> = documents
            .documents()
            .iter()
            .filter(|other| other.id != document.id)
            .map(|other| (**other).clone())
            .collect();
        assert_eq!(document.conflicts(&others), [], "{}", document.id);
        // What no published text says refuses nothing and withholds nothing.
        let assumed = document.sources.iter().any(|source| source.quality == 'P');
        let marks = matches!(document.consequence, Consequence::Mark | Consequence::Remind);
        assert!(!assumed || marks, "{}", document.id);
    }
}

#[test]
fn the_national_list() {
    assert_eq!(catalogue().len(), 88);
    assert!(catalogue().iter().enumerate().all(|(index, entry)| entry.number as usize == index + 1));
    let codes: BTreeSet<&str> = catalogue().iter().map(|entry| entry.code).collect();
    assert_eq!(codes.len(), 88);
    assert_eq!(entry_of("GZ10000101007000").unwrap().name, "药品限儿童使用");
}

/// Kinds of the documents of a rule that come with the service, with their life.
fn kinds_of(code: &str, documents: &Documents<AuditRule>) -> BTreeSet<String> {
    let of_rule = documents.documents().iter().filter(|document| document.rule == code);
    let word = |document: &Arc<AuditRule>| match (document.life, document.area.as_str()) {
        (Life::Active, "100000") => format!("`{}`", document.kind),
        (_, "100000") => format!("`{}` 试运行", document.kind),
        (_, area) => format!("`{}` 样例 {area}", document.kind),
    };
    of_rule.map(word).collect()
}

/// docs/AUDIT.md tells of each of the 88 rules what decides it, or the datum it waits for. `YIZHAN_WRITE=1` writes the table.
#[test]
fn the_catalogue_in_the_handbook_is_true() {
    let documents = Documents::<AuditRule>::embedded();
    let mut rows = vec!["| | 编码 | 规则 | 种类 | 缺什么 |".to_owned(), "|---|---|---|---|---|".to_owned()];
    for entry in catalogue() {
        let kinds: Vec<String> = kinds_of(entry.code, &documents).into_iter().collect();
        let nothing = kinds.is_empty() && entry.datum.is_empty();
        assert!(!nothing, "{} is neither decided nor waits for anything", entry.code);
        let kinds = if kinds.is_empty() { "等数据".to_owned() } else { kinds.join("、") };
        let (number, code, name, datum) = (entry.number, entry.code, entry.name, entry.datum);
        rows.push(format!("| {number} | {code} | {name} | {kinds} | {datum} |"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/AUDIT.md");
    let handbook = std::fs::read_to_string(path).unwrap();
    let first = handbook.find(&rows[0]).unwrap();
    let last = handbook[first..].find("\n\n").unwrap() + first;
    let table = rows.join("\n");
    if std::env::var("YIZHAN_WRITE").is_ok() {
        std::fs::write(path, format!("{}{table}{}", &handbook[..first], &handbook[last..])).unwrap();
    } else {
        assert!(handbook[first..last] == table, "write it again: YIZHAN_WRITE=1");
    }
}
