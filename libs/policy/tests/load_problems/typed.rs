//! What a Chinese keyboard types: understood, or named with what to write instead.

use yizhan_documents::Kind::*;
use yizhan_documents::{decode, unreadable};
use yizhan_policy::load;

use crate::broken::{GOOD, fine, problem};

#[test]
fn full_width_digits_signs_and_spaces_mean_what_they_say() {
    let good = fine(&[]);
    for (from, to) in [
        ("96.1%", "９６．１％"),
        ("96.1%", "96.1 %"),
        ("upto: 36万", "upto: 36 万"),
        ("upto: 36万", "upto: ３６万元"),
        ("points: -10", "points: －10"),
        ("scheme: \"310\"", "scheme: \"３１０\""),
        ("areas: [\"430200\"]", "areas: [４３０２００]"),
        ("from: 2020-01-01\nto:", "from: 2020-1-1\nto:"),
        ("from: 2020-01-01\nto:", "from: 2020/1/1\nto:"),
        ("from: 2020-01-01\nto:", "from: 2020年1月1日\nto:"),
        ("year_starts: 01-01", "year_starts: ０１-０１"),
    ] {
        let typed = fine(&[(from, to)]);
        assert!(
            typed.layers == good.layers && typed.period == good.period && typed.areas == good.areas,
            "{to}"
        );
    }
    // What two people read in two ways is not read.
    problem("from: 2020-01-01\nto:", "from: ▸1/2/2020\nto:", InvalidValue);
    problem("from: 2020-01-01\nto:", "from: ▸2020-13-01\nto:", InvalidValue);
    problem("upto: 36万", "upto: ▸1.000.000", InvalidValue);
}

#[test]
fn what_yaml_does_not_read_is_named_where_it_stands() {
    let told = |from: &str, to: &str| {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        load("bad.yaml", &text).unwrap_err().0.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let named = |from: &str, to: &str, place: &str, what: &str| {
        let told = told(from, to);
        assert!(told.iter().any(|one| one.starts_with(place) && one.contains(what)), "{to}: {told:?}");
    };
    named(
        "title: 某市职工基本医疗保险\n",
        "title：某市职工基本医疗保险\n",
        "bad.yaml:3:6:",
        "`：` is a full-width colon",
    );
    named("{ add: in_scope }", "{ add：in_scope }", "bad.yaml:44:", "`：` is a full-width colon");
    named("care: [inpatient], status", "care: [inpatient]， status", "bad.yaml:42:", "no comma of YAML");
    named(
        "status: [in_service, retired]",
        "status: [in_service，retired]",
        "bad.yaml:42:",
        "no comma of YAML",
    );
    named(
        "identity: [低保]",
        "identity: [低保，特困]",
        "bad.yaml:",
        "would be one word; `，` (U+FF0C) is no comma",
    );
    named("version: \"2024.1\"", "version: “2024.1”", "bad.yaml:2:10", "write \"2024.1\"");
}

#[test]
fn what_is_not_utf_8_is_named() {
    let told = |bytes: &[u8]| decode("政策.yaml", bytes.to_vec()).map_err(|problems| problems.to_string());
    assert_eq!(told("\u{feff}policy: 一".as_bytes()), Ok("policy: 一".to_owned()));
    // 标题 in GBK.
    let gbk = b"policy: p\ntitle: \xb1\xea\xcc\xe2\n";
    assert_eq!(
        told(gbk),
        Err("政策.yaml:2:8: this file is GBK (what Windows calls ANSI): save it as UTF-8".to_owned())
    );
    assert_eq!(told(b"\xff\xfep\0"), Err("政策.yaml:1:1: this file is UTF-16: save it as UTF-8".to_owned()));
    assert_eq!(
        told(b"policy: \xe4\xb8\xff"),
        Err("政策.yaml:1:9: this file is not UTF-8 from here on: save it as UTF-8".to_owned()),
    );
    assert_eq!(unreadable("a", "gone").0[0].kind, FileUnreadable);
    assert_eq!(decode("a", b"\xb1\xea".to_vec()).unwrap_err().0[0].kind, NotUtf8);
}
