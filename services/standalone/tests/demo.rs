//! The demo as a newcomer runs it. It checks every step itself; here it is checked that it tells them, and how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that lacks what it needs ends"
)]

use std::path::Path;
use std::process::{Command, Output};

fn demo(folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yizhan")).args(["demo", "--data"]).arg(folder).output().unwrap()
}

/// What it says, in this order.
const TOLD: &[&str] = &[
    "1. A stay in 株洲",
    "2026 年度沿用 2023 年公布的数：株洲市医疗救助",
    "个人负担",
    "   66354.16  基本医疗保险",
    "   18803.95  大病保险",
    "   11567.65  医疗救助",
    "4 of the documents behind it are of years before 2026",
    "2. A hospital stay across seven payers",
    "46374.80  in all",
    "lines without dates are refused, LINE_DATE_REQUIRED",
    "2026-04-01 to 2026-04-04: 参保已于 2026-03-31 终止",
    "5. Three outpatient visits",
    "WAITING_PERIOD, 3 fixed (固定) + 1 variable (变动) months, 2026-03-03 to 2026-07-02",
    "by national-entitlement@2024.38/resident_waiting/2025-01-01",
    "refused, NOT_ENTITLED: 处于待遇等待期，自 2026-07-03 起享受待遇",
    "1 month off, waiting ends 2026-06-07 instead of 2026-07-02",
    "the same bill settles: ",
    "on the day of birth: entitled = true, since 2026-05-11",
    "stay 2026-05-11 to 2026-05-18 settles: ",
    "8. Care away from home",
    "ACCEPTED, 绍兴 decides by ",
    "still to come: 长期居住认定材料（居住证明） by ",
    "备案类别：异地长期居住备案（依据：",
    "异地就医：与参保地同待遇（依据：绍兴市职工",
    "        0.00     8240.00     3605.00   filed to live there",
    "same: shaoxing-filing@",
    "     2875.00     5940.00     5905.00   nothing filed",
    "prepay 0.25: shaoxing-filing@",
    "     1725.00     6860.00     4985.00   nothing filed, emergency",
    "第八条（五）、第三十四条",
    "prepay 0.15: shaoxing-filing@",
    "5905.00 yuan to pay; 未备案：在出院结算前补办异地就医备案",
    "IN_FORCE at once",
    "医保发〔2022〕22号 二（四）",
    "4985.00 yuan to pay. One call more, and the family pays 920.00 yuan less.",
    "10. A case of audit",
    "a second review by the same officer is refused, REVIEWED_BEFORE: ",
    "upheld for one day (in isolation), refused for two,",
    "110.00 yuan are against the rules instead of 165.00",
    "归档. Reversing that settlement is refused, RECOVERED: ",
    "steps is as it was written: true",
    "11. Points (驾照式记分)",
    "待记分 of D430200000001: 超标准收费, 110.00 yuan in 2 lines of the case",
    "nobody else of the bill is proposed",
    "3 points decided on that proposal, 已记分: 正常",
    "which is not of the case",
    "9 in all: 暂停 since ",
    "yuan of what the fund pays:",
    "医保支付资格暂停",
    "by the same bill all of the colleague's ",
    ": the patient pays no more",
    "nothing is withheld, mark PRACTITIONER_EMERGENCY: ",
    "12. Paying later (信用支付)",
    "after its due date the next one is refused, PAY_LATER_OVERDUE: ",
    "paid by person:DEMO-14: nothing is owed, and it was no default",
    "not repaid by the end of grace: 1 debt is in default",
    "credit: 有 1 笔违约未还，不能使用信用支付",
    "is refused, PAY_LATER_OVERDUE: ",
    "repaid too late: 有 1 笔曾经违约，信用支付额度降低",
    "is refused, PAY_LATER_LIMIT",
    "13. The books",
    "330600: 4 settlements",
    "Done: everything shown was checked.",
];

#[test]
fn the_demo_shows_every_chapter_and_runs_again_where_it_ran() {
    let folder = tempfile::tempdir().unwrap();
    for run in ["first", "second"] {
        let output = demo(folder.path());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{run} run: {said}\n{}", String::from_utf8_lossy(&output.stderr));
        let mut rest = said.as_str();
        for line in TOLD {
            let at =
                rest.find(line).unwrap_or_else(|| panic!("{run} run: no {line:?}, or not there, in {said}"));
            rest = &rest[at..];
        }
        assert!(!said.contains("SAMPLEDEMO"), "a certificate number was printed");
    }
}

#[test]
fn a_demo_that_cannot_run_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let output = demo(&file);
    assert_eq!(output.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("Done"));
}
