//! The policy officer's bench as it is used: command lines, what they print, exit codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs `yizhan` in the root of the repository, in English.
fn yizhan(arguments: &[&str]) -> Output {
    in_language("C.UTF-8", arguments)
}

fn in_language(lang: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yizhan"));
    command.env_remove("LC_ALL").env_remove("LC_MESSAGES").env("LANG", lang);
    command.args(arguments).current_dir(root()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const GOOD: &str = "libs/policy/tests/fixtures/good.yaml";
const CASE: &str = "docs/examples/case.yaml";

/// Writes a file that is gone after the test.
fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn check_tells_all_problems_of_all_files() {
    let fine = yizhan(&["policy", "check", GOOD]);
    assert_eq!(fine.status.code(), Some(0), "{}", stderr(&fine));
    assert!(stdout(&fine).contains("example-employee 2024.1: no problems"));

    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(root().join(GOOD)).unwrap();
    let a = file(&folder, "a.yaml", &good.replace("96.1%", "0.961"));
    let b = file(&folder, "b.yaml", &good.replace("per: visit", "per: day"));
    let wrong = yizhan(&["policy", "check", &a, &b, "nowhere.yaml"]);
    assert_eq!(wrong.status.code(), Some(1));
    let told = stderr(&wrong);
    assert!(told.contains("a.yaml:70:37: `0.961` is not a percentage; write it as 96.1%"), "{told}");
    assert!(told.contains("b.yaml:47:12: unknown code `day`; one of: visit, year"), "{told}");
    assert!(told.contains("nowhere.yaml:1:1: the file cannot be read: "), "{told}");
}

#[test]
fn warnings_are_told_and_refused_when_that_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(root().join(GOOD)).unwrap();
    let unsaid = file(&folder, "unsaid.yaml", &good.replacen("    cap:\n      per: year\n", "    cap:\n", 1));
    let warned = yizhan(&["policy", "check", &unsaid]);
    assert_eq!(warned.status.code(), Some(0), "{}", stderr(&warned));
    let told = stdout(&warned);
    assert!(
        told.contains("unsaid.yaml:78:7: warning: `per` is missing")
            && told.contains(": no problems, 1 to look at"),
        "{told}"
    );
    let strict = yizhan(&["policy", "check", "--strict", &unsaid]);
    assert_eq!((strict.status.code(), stdout(&strict).as_str()), (Some(1), ""));
    // In Chinese by the environment, or because it is asked.
    let chinese = in_language("zh_CN.UTF-8", &["policy", "check", &unsaid]);
    assert!(stdout(&chinese).contains("提醒：缺少 `per`"), "{}", stdout(&chinese));
    let json = yizhan(&["policy", "check", "--json", "--lang", "zh", &unsaid]);
    let told: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    let (one, code) = (&told[0], told[0]["code"].as_str());
    assert_eq!(
        (one["line"].as_i64(), one["column"].as_i64(), code),
        (Some(78), Some(7), Some("LIMIT_PER_MISSING"))
    );
    assert_eq!((one["file"].as_str(), one["warning"].as_bool()), (Some(unsaid.as_str()), Some(true)));
    assert!(one["message"].as_str().unwrap().starts_with("缺少 `per`"), "{one}");
    // What must not be published is refused without being asked.
    let other = file(&folder, "other.yaml", &good.replace("\"310100\"", "\"390100\""));
    assert_eq!(yizhan(&["policy", "check", &other]).status.code(), Some(1));
}

#[test]
fn what_looks_wrong_in_a_case_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let case = std::fs::read_to_string(root().join(CASE)).unwrap();
    let slip = file(&folder, "slip.yaml", &case.replacen("[低保]", "[低宝]", 1));
    let settled = yizhan(&["settle", "--policy", GOOD, "--case", &slip]);
    assert_eq!(settled.status.code(), Some(0), "{}", stderr(&settled));
    let told = stderr(&settled);
    assert!(told.contains("asks for no identity `低宝`; did you mean `低保`?"), "{told}");
    let strict = yizhan(&["settle", "--strict", "--lang", "zh", "--policy", GOOD, "--case", &slip]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(stderr(&strict).contains("没有用到身份 `低宝`；是不是 `低保`？"), "{}", stderr(&strict));
}

#[test]
fn check_tells_documents_that_contradict_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let copy = file(&folder, "copy.yaml", &std::fs::read_to_string(root().join(GOOD)).unwrap());
    let twice = yizhan(&["policy", "check", GOOD, &copy]);
    assert_eq!(twice.status.code(), Some(1));
    let told = stderr(&twice);
    assert!(told.contains("are both the policy of area 430200, scheme 310"), "{told}");
    assert!(
        told.contains(&format!("({GOOD}, ")) && told.contains(&format!("({copy}, ")),
        "both files: {told}"
    );
}

#[test]
fn explain_prints_the_document_in_words() {
    let explained = yizhan(&["policy", "explain", GOOD]);
    assert_eq!(explained.status.code(), Some(0));
    assert!(stdout(&explained).contains("第 1 层  统筹基金（basic）"));
}

#[test]
fn settle_prints_every_step_or_json() {
    let words = yizhan(&["settle", "--policy", GOOD, "--case", CASE]);
    assert_eq!(words.status.code(), Some(0), "{}", stderr(&words));
    assert!(stdout(&words).contains("起付标准"));

    let json = yizhan(&["settle", "--policy", GOOD, "--case", CASE, "--json"]);
    let outcome: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!(outcome["policy"]["id"], "example-employee");
    assert_eq!(outcome["parts"]["total_fen"], 5_380_050);
}

#[test]
fn settle_without_policy_uses_the_embedded_ones() {
    let folder = tempfile::tempdir().unwrap();
    let case = std::fs::read_to_string(root().join(CASE)).unwrap();
    // What 株洲's union pays is not published.
    let changsha = file(&folder, "changsha.yaml", &case.replace("430200", "430100"));
    let output = yizhan(&["settle", "--case", &changsha]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("hunan-employee"));
}

#[test]
fn settle_refuses_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let case = std::fs::read_to_string(root().join(CASE)).unwrap();
    let elsewhere = file(&folder, "elsewhere.yaml", &case.replace("430200", "999999"));
    let refused = yizhan(&["settle", "--policy", GOOD, "--case", &elsewhere]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).starts_with("NO_POLICY: no policy for area 999999"), "{}", stderr(&refused));

    let primary = file(&folder, "primary.yaml", &case.replace("level: third", "level: primary"));
    let unknown = yizhan(&["settle", "--policy", GOOD, "--case", &primary]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("\nPOLICY_VALUE_UNKNOWN: "), "{}", stderr(&unknown));

    let wrong = file(&folder, "wrong.yaml", &case.replace("class: 丙", "class: 丁"));
    let problems = yizhan(&["settle", "--policy", GOOD, "--case", &wrong]);
    assert!(stderr(&problems).contains("wrong.yaml:15:43: unknown code `丁`"), "{}", stderr(&problems));
}

#[test]
fn a_wrong_command_line_is_64() {
    assert_eq!(yizhan(&["policy", "chek"]).status.code(), Some(64));
    assert_eq!(yizhan(&["settle"]).status.code(), Some(64));
    assert_eq!(yizhan(&["--help"]).status.code(), Some(0));
}

/// The good document's case with what is expected of it, as a file beside it.
fn expecting(folder: &tempfile::TempDir, expect: &str) -> String {
    let case = std::fs::read_to_string(root().join(CASE)).unwrap();
    std::fs::copy(root().join(GOOD), folder.path().join("good.yaml")).unwrap();
    file(folder, "good.cases.yaml", &format!("policy: good.yaml\n{case}expect: {expect}\n"))
}

#[test]
fn the_conformance_cases_are_tested_by_the_command() {
    let all = yizhan(&["policy", "test", "libs/policy/tests/conformance/cases"]);
    assert_eq!(all.status.code(), Some(0), "{}{}", stdout(&all), stderr(&all));
    assert!(stdout(&all).contains(" files: 0 differences"), "{}", stdout(&all));
}

#[test]
fn what_is_not_as_expected_is_told_by_layer() {
    let folder = tempfile::tempdir().unwrap();
    let cases = expecting(&folder, "{ total: 53800.50, cash: 1, paid: { basic: 2, bassic: 3 } }");
    let differs = yizhan(&["policy", "test", &cases]);
    assert_eq!(differs.status.code(), Some(1), "{}", stderr(&differs));
    let told = stdout(&differs);
    for part in [
        "good.cases.yaml: 退休职工三级医院住院, visit 1: cash is ",
        "visit 1: layer basic: paid is ",
        "layer bassic: paid is of no layer of the policy; did you mean `basic`?, not 3.00",
        "1 cases of 1 visits in 1 files: ",
    ] {
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    assert!(!told.contains("total is"), "{told}");
    let json = yizhan(&["policy", "test", &cases, "--json"]);
    assert_eq!(json.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    let first = &told["files"][0]["cases"][0]["differences"][0];
    assert_eq!(
        (&first["visit"], &first["what"], &first["expected"]),
        (&1.into(), &"cash".into(), &"1.00".into())
    );
    let explained = yizhan(&["policy", "test", &cases, "--explain"]);
    assert!(stdout(&explained).contains("起付标准"));
    let chinese = yizhan(&["policy", "test", "--lang", "zh", &cases]);
    let told = stdout(&chinese);
    for part in [
        "good.cases.yaml：退休职工三级医院住院，第 1 次就诊：个人现金支付（cash）是 ",
        "层 bassic：支付（paid）是 政策没有的层，是不是 `basic`？，应为 3.00",
        "1 个文件，1 个病例，1 次就诊：",
    ] {
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    let settled = yizhan(&["settle", "--lang", "zh", "--policy", GOOD, "--case", &cases]);
    assert!(stdout(&settled).contains("与预期不符：个人现金支付（cash）是 "), "{}", stdout(&settled));
}

#[test]
fn what_looks_wrong_in_cases_that_are_tested_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let cases = expecting(&folder, "{ total: 53800.50, paid: { basic: 1 } }");
    let wrong = std::fs::read_to_string(&cases).unwrap();
    let wrong = wrong.replacen("status: retired", "status: senior", 1).replacen("[低保]", "[低宝]", 1);
    let slip = file(&folder, "slip.cases.yaml", &wrong.replacen("basic_paid:", "basic_pay:", 1));
    let told = stdout(&yizhan(&["policy", "test", &slip]));
    for part in [
        "warning: nobody of scheme 310 is `senior`; one of: in_service, retired",
        "warning: `example-employee` asks for no identity `低宝`; did you mean `低保`?",
        "warning: `example-employee` declares no accumulator `basic_pay`; did you mean `basic_paid`?",
        " differences, 5 to look at\n",
    ] {
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    let json = yizhan(&["policy", "test", "--json", "--lang", "zh", &slip]);
    let told: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    let (count, first) = (&told["warnings"], &told["files"][0]["warnings"][0]);
    assert_eq!((count, &first["code"]), (&5.into(), &"STATUS_OF_OTHER_SCHEME".into()));
    assert!(first["message"].as_str().unwrap().starts_with("险种 310 没有 `senior`"), "{first}");
    // A case that settles with what it expects, settled alone: what looks wrong is told there too.
    let settled = yizhan(&["settle", "--strict", "--policy", GOOD, "--case", &slip]);
    assert!(stderr(&settled).contains("nobody of scheme 310 is `senior`"), "{}", stderr(&settled));
    // The conformance cases have nothing of it.
    let strict = yizhan(&["policy", "test", "--strict", "libs/policy/tests/conformance/cases/language.yaml"]);
    assert_eq!(strict.status.code(), Some(0), "{}", stdout(&strict));
}

/// What `settle` says of the lines of a case, `policy test` says too, in the same words.
#[test]
fn what_looks_wrong_in_lines_is_told_alike_by_settle_and_test() {
    let folder = tempfile::tempdir().unwrap();
    let case = std::fs::read_to_string(root().join(CASE)).unwrap();
    let case =
        case.replacen("amount: 800,", "amount: 801,", 1).replacen("class: 丙", "class: 丙, prepay: 10%", 1);
    let case = file(&folder, "lines.yaml", &case);
    let test = file(
        &folder,
        "lines.cases.yaml",
        &format!("{}expect: {{ total: 1 }}\n", std::fs::read_to_string(&case).unwrap()),
    );
    let settled = stderr(&yizhan(&["settle", "--strict", "--policy", GOOD, "--case", &case]));
    let tested = stdout(&yizhan(&["policy", "test", &test, "--policy", GOOD]));
    for part in [
        "warning: quantity × price is 800, and the amount 801",
        "warning: a line of class 丙 is paid by the person whole: its `prepay` changes nothing",
    ] {
        assert!(settled.contains(part), "{part} is missing in\n{settled}");
        assert!(tested.contains(part), "{part} is missing in\n{tested}");
    }
}

#[test]
fn cases_and_policies_are_told_apart() {
    let checked = yizhan(&["policy", "check", "libs/policy/tests/conformance/cases/language.yaml", CASE]);
    let told = stderr(&checked);
    assert_eq!(
        told.matches("these are cases, not a policy: `yizhan policy test` settles them").count(),
        2,
        "{told}"
    );
    assert_eq!(told.lines().count(), 2, "{told}");
    let tested = yizhan(&["policy", "test", "--lang", "zh", GOOD]);
    assert!(
        stderr(&tested).contains("这是政策，不是病例：用 `yizhan policy check` 检查"),
        "{}",
        stderr(&tested)
    );
}

#[test]
fn problems_of_cases_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let cases = expecting(&folder, "{ refused: POLICY_NO_RULE, cash: 1 }");
    let problems = yizhan(&["policy", "test", &cases, "nowhere.yaml"]);
    assert_eq!(problems.status.code(), Some(1));
    let told = stderr(&problems);
    assert!(told.contains("good.cases.yaml:22:36: `refused` and `cash` exclude each other"), "{told}");
    assert!(told.contains("nowhere.yaml:1:1: the file cannot be read"), "{told}");
}

#[test]
fn settle_compares_a_case_that_says_what_it_expects() {
    let folder = tempfile::tempdir().unwrap();
    let case = expecting(&folder, "{ cash: 1 }");
    let differs = yizhan(&["settle", "--policy", GOOD, "--case", &case]);
    assert_eq!(differs.status.code(), Some(1), "{}", stderr(&differs));
    assert!(stdout(&differs).contains("expected otherwise: cash is "), "{}", stdout(&differs));
}

/// A history of two persons, as settlements record it: one line a case.
fn history() -> String {
    let case = |date: &str, level: &str| {
        serde_json::json!({
            "area": "430200", "scheme": "310",
            "person": { "status": "in_service", "age": 45 },
            "visit": { "care": "inpatient", "level": level, "begin": date, "end": date },
            "lines": [{ "id": "1", "amount_fen": 2_000_000, "class": "01" }],
            "counted": "claims",
        })
    };
    let lines = [
        ("a", "a1", "2024-03-01", "third"),
        ("a", "a2", "2024-06-01", "third"),
        ("b", "b1", "2024-03-01", "second"),
    ];
    let line = |(person, id, date, level): (&str, &str, &str, &str)| {
        serde_json::json!({ "person": person, "id": id, "case": case(date, level) }).to_string() + "\n"
    };
    lines.map(line).concat()
}

#[test]
fn a_draft_is_tried_on_what_was_settled() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(root().join(GOOD)).unwrap();
    // Those treated at second level get less.
    let draft = file(&folder, "draft.yaml", &good.replace("base: 75%", "base: 65%"));
    let history = file(&folder, "2024.jsonl", &history());
    let tried = yizhan(&["policy", "try", &draft, "--history", &history, "--against", GOOD]);
    assert_eq!(tried.status.code(), Some(0), "{}", stderr(&tried));
    let told = stdout(&tried);
    for part in [
        "example-employee 2024.1: 3 cases, 3 compared, of 2 persons",
        "persons: 0 gain, 1 lose",
        "second: 1 cases, 0 gain 0.00, 1 lose 1620.00",
        "third: 2 cases, 0 gain 0.00, 0 lose 0.00",
        "b1 2024-03-01 second of 20000.00",
    ] {
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    let json = yizhan(&["policy", "try", &draft, "--history", &history, "--against", GOOD, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&stdout(&json)).unwrap();
    assert_eq!((&told["all"]["lose"], &told["lose_most"][0]["id"]), (&1.into(), &"b1".into()));
    // Cases written by hand are a history too, and the files of a folder.
    let by_hand =
        ["policy", "try", GOOD, "--history", CASE, folder.path().to_str().unwrap(), "--against", GOOD];
    std::fs::remove_file(&draft).unwrap();
    let tried = yizhan(&by_hand);
    assert!(
        stdout(&tried).contains(": 4 cases, 4 compared, of 3 persons"),
        "{}{}",
        stdout(&tried),
        stderr(&tried)
    );
}

#[test]
fn a_history_out_of_order_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let lines = history();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.swap(1, 2);
    let apart = file(&folder, "apart.jsonl", &lines.join("\n"));
    let refused = yizhan(&["policy", "try", GOOD, "--history", &apart, "--against", GOOD]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        stderr(&refused).contains("apart.jsonl:3:1: case a2: cases of its person stand apart"),
        "{}",
        stderr(&refused)
    );
    let broken = file(&folder, "broken.jsonl", "{\"person\": 1}\n");
    let refused = yizhan(&["policy", "try", GOOD, "--history", &broken]);
    assert!(stderr(&refused).contains("broken.jsonl:1:1: "), "{}", stderr(&refused));
    assert_eq!(
        yizhan(&["policy", "try", GOOD, "--history", &apart, "--years-later", "21"]).status.code(),
        Some(64)
    );
}

/// What a command prints as JSON, and its exit code.
fn json(arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output = yizhan(&[arguments, &["--json"]].concat());
    assert_eq!(stderr(&output), "", "{arguments:?}: JSON tells everything");
    let told = serde_json::from_str(&stdout(&output));
    (output.status.code(), told.unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", stdout(&output))))
}

/// Every command's JSON of files that are wrong is one list; a line and a code of it, and how the message begins.
#[test]
fn every_command_tells_wrong_files_in_one_json() {
    let folder = tempfile::tempdir().unwrap();
    let (good, case) = (root().join(GOOD), root().join(CASE));
    let (good, case) = (std::fs::read_to_string(good).unwrap(), std::fs::read_to_string(case).unwrap());
    let write = |name: &str, text: &str| file(&folder, name, text);
    let wrong = &write("wrong.yaml", &good.replace("96.1%", "0.961"));
    let copy = &write("copy.yaml", &good);
    let slip = &write("slip.yaml", &case.replace("class: 丙", "class: 丁"));
    let nowhere =
        &write("nowhere.yaml", &format!("policy: gone.yaml\n{case}").replacen("area: ", "# area: ", 1));
    let recorded = &write("case.json", "{\n\"area\": 1}");
    let names = &write("names.yaml", &format!("policy: gone.yaml\n{case}expect: {{ cash: 1 }}\n"));
    let unshipped = &write("unshipped.yaml", &format!("policy: shipped/gone\n{case}expect: {{ cash: 1 }}\n"));
    let lines = history();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.swap(1, 2);
    let (apart, broken) =
        (&write("apart.jsonl", &lines.join("\n")), &write("broken.jsonl", "\n{\"person\"\n"));
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let empty = folder.path().join("empty").to_str().unwrap().to_owned();
    type Told<'a> = (&'a str, i64, &'a str, &'a str);
    let not_percent = (wrong.as_str(), 70, "RATIO_NOT_PERCENT", "`0.961` 不是百分比");
    let of_class = (slip.as_str(), 15, "UNKNOWN_CODE", "不认识的代码 `丁`");
    let no_expect = (slip.as_str(), 1, "MISSING_KEY", "缺少 `expect`");
    let unread = ("none.yaml", 1, "FILE_UNREADABLE", "文件读不了：");
    let none_there = (empty.as_str(), 1, "FILE_UNREADABLE", "文件夹里没有");
    let cases: &[(&[&str], &[Told<'_>])] = &[
        (&["policy", "check", wrong, "none.yaml"], &[not_percent, unread]),
        (&["policy", "explain", wrong, "none.yaml"], &[not_percent, unread]),
        (&["policy", "explain", GOOD, copy], &[(copy, 1, "POLICIES_OVERLAP", "")]),
        (&["policy", "diff", wrong, "none.yaml"], &[not_percent, unread]),
        (&["settle", "--policy", wrong, "--case", slip], &[not_percent, of_class]),
        (
            &["settle", "--policy", GOOD, "--case", nowhere],
            &[(nowhere, 1, "MISSING_KEY", "缺少 `area` 和 `scheme`")],
        ),
        (&["settle", "--case", recorded], &[(recorded, 2, "INVALID_VALUE", "不是病例的 JSON：")]),
        (&["policy", "test", slip, "none.yaml"], &[no_expect, of_class, unread]),
        (&["policy", "test", CASE, "--policy", wrong], &[not_percent]),
        (&["policy", "test", names], &[(names, 1, "FILE_UNREADABLE", "政策 `gone.yaml` 读不了：")]),
        (&["policy", "test", unshipped], &[(unshipped, 1, "FILE_UNREADABLE", "没有内置的政策 `gone`")]),
        (&["policy", "test", &empty], &[none_there]),
        (&["policy", "try", wrong, "--history", apart, "--against", "none.yaml"], &[not_percent, unread]),
        (
            &["policy", "try", GOOD, "--history", apart],
            &[(apart, 3, "DUPLICATE_VALUE", "病例 a2：同一人的病例")],
        ),
        (&["policy", "try", GOOD, "--history", broken], &[(broken, 2, "YAML_SYNTAX", "不是病例的 JSON：")]),
        (&["policy", "try", GOOD, "--history", slip], &[of_class]),
        (&["policy", "try", GOOD, "--history", &empty], &[none_there]),
    ];
    for (arguments, expected) in cases {
        let (code, told) = json(&[*arguments, &["--lang", "zh"]].concat());
        let told = told.as_array().unwrap_or_else(|| panic!("{arguments:?}: {told}"));
        assert_eq!((code, told.len()), (Some(1), expected.len()), "{arguments:?}: {told:?}");
        for (one, (file, line, code, message)) in told.iter().zip(*expected) {
            let is =
                (one["file"].as_str(), one["line"].as_i64(), one["code"].as_str(), one["warning"].as_bool());
            assert_eq!(is, (Some(*file), Some(*line), Some(*code), Some(false)), "{arguments:?}");
            assert!(one["message"].as_str().unwrap().starts_with(message), "{one}");
            assert!(one["column"].is_u64() && one["path"].is_string(), "{one}");
        }
    }
}

#[test]
fn the_list_of_wrong_files_is_as_the_page_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(root().join(GOOD)).unwrap();
    let wrong = file(&folder, "a.yaml", &good.replace("96.1%", "0.961"));
    let (_, mut told) = json(&["policy", "check", &wrong]);
    told[0]["file"] = "a.yaml".into();
    let page = std::fs::read_to_string(root().join("docs/POLICY.md")).unwrap();
    let shown = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(shown).unwrap(), told);
}

#[test]
fn settle_tells_programs_what_looks_wrong_and_why_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let case = std::fs::read_to_string(root().join(CASE)).unwrap();
    let case = case.replacen("[低保]", "[低宝]", 1);
    let settle = |name: &str, text: &str, more: &[&str]| {
        let case = file(&folder, name, text);
        json(&[&["settle", "--lang", "zh", "--policy", GOOD, "--case", &case], more].concat())
    };
    let (code, done) = settle("slip.yaml", &case, &[]);
    assert_eq!((code, done["warnings"].as_array().unwrap().len()), (Some(0), 3), "{done}");
    assert_eq!(
        (&done["warnings"][0]["code"], &done["warnings"][0]["warning"]),
        (&"UNKNOWN_NAME".into(), &true.into())
    );
    assert_eq!(
        (&done["parts"]["total_fen"], &done["differences"]),
        (&5_380_050.into(), &serde_json::Value::Null)
    );
    // Refused for it: the list that every command prints.
    let (code, strict) = settle("slip.yaml", &case, &["--strict"]);
    assert_eq!((code, &strict), (Some(1), &done["warnings"]));

    let primary = case.replace("level: third", "level: primary");
    let (code, refused) = settle("primary.yaml", &primary, &[]);
    assert_eq!((code, &refused["refused"]["code"]), (Some(1), &"POLICY_VALUE_UNKNOWN".into()), "{refused}");
    assert!(refused["refused"]["message"].as_str().unwrap().contains("未公布"), "{refused}");
    assert!(refused["refused"]["file"].as_str().unwrap().ends_with("primary.yaml"), "{refused}");
    assert_eq!((&refused["parts"]["total_fen"], refused["layers"].is_array()), (&5_380_050.into(), true));
    assert_eq!(refused["warnings"].as_array().unwrap().len(), 3, "{refused}");
    let expected = format!("{primary}expect: {{ refused: POLICY_VALUE_UNKNOWN }}\n");
    let (code, as_expected) = settle("expected.yaml", &expected, &[]);
    assert_eq!((code, &as_expected["differences"]), (Some(0), &serde_json::json!([])), "{as_expected}");
    let (code, other) = settle("other.yaml", &expected.replace("UNKNOWN }", "NO_RULE }"), &[]);
    assert_eq!((code, other["differences"].as_array().unwrap().len()), (Some(1), 1), "{other}");
    let (code, none) = settle("elsewhere.yaml", &case.replace("430200", "999999"), &[]);
    assert_eq!((code, &none["refused"]["code"]), (Some(1), &"NO_POLICY".into()), "{none}");
}

#[test]
fn explain_tells_programs_layers_their_sentences_and_sources() {
    let (code, told) = json(&["policy", "explain", GOOD]);
    assert_eq!(
        (code, &told[0]["policy"], &told[0]["version"]),
        (Some(0), &"example-employee".into(), &"2024.1".into())
    );
    let parts = told[0]["parts"].as_array().unwrap();
    let basic = parts.iter().find(|part| part["layer"] == "basic").unwrap();
    let row = basic["says"].as_array().unwrap().iter().find(|said| said["value"] == "8450.5 元").unwrap();
    let expected = serde_json::json!({
        "about": "起付线", "who": "三级", "from": "2022-01-01", "to": null, "value": "8450.5 元",
        "source": "news", "quality": "N", "line": 57,
    });
    assert_eq!((&basic["part"], row), (&"统筹基金".into(), &expected));
    assert!(told[0]["sources"].as_array().unwrap().iter().any(|one| one["source"] == "news"), "{told}");
}

#[test]
fn what_changes_and_who_gains_is_told_in_both_languages() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(root().join(GOOD)).unwrap();
    let draft = &file(&folder, "draft.yaml", &good.replace("base: 75%", "base: 65%"));
    let history = &file(&folder, "2024.jsonl", &history());
    let diff: &[&str] = &["policy", "diff", GOOD, draft];
    let tried: &[&str] = &["policy", "try", draft, "--history", history, "--against", GOOD];
    for (command, lang, part) in [
        (diff, "en", "\nlayer basic: 统筹基金\n  ratio, "),
        (diff, "zh", "\n统筹基金（basic）\n  支付比例 "),
        (tried, "en", "persons: 0 gain, 1 lose"),
        (tried, "zh", "人数：0 人负担减少，1 人负担增加"),
        (tried, "zh", "b1 2024-03-01 二级 20000.00："),
    ] {
        let told = stdout(&yizhan(&[command, &["--lang", lang]].concat()));
        assert!(told.contains(part), "{part} is missing in\n{told}");
    }
    // The environment decides where nothing is said.
    assert!(stdout(&in_language("zh_CN.UTF-8", diff)).contains("起比较）"));
}
