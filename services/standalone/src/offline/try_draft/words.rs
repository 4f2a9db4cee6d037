//! Who gains and who loses, in words.

use std::fmt::Write;

use yizhan_money::Fen;
use yizhan_policy::trial::{Changed, Group, PayerSums, Report, Side, Tally};

/// The report as a policy officer reads it; amounts in yuan.
pub fn of(report: &Report) -> String {
    let mut text = String::new();
    head(&mut text, report);
    let _ = writeln!(
        text,
        "\n各支付方 payers（元）          现行 standing        草案 draft           增减 change"
    );
    for sums in &report.payers {
        payer(&mut text, sums);
    }
    groups(&mut text, "身份 identity", &report.identities);
    groups(&mut text, "级别 level", &report.levels);
    groups(&mut text, "类别 care", &report.cares);
    groups(&mut text, "人员 status", &report.statuses);
    most(&mut text, "负担减少最多 gain most", &report.gain_most);
    most(&mut text, "负担增加最多 lose most", &report.lose_most);
    text
}

fn head(text: &mut String, report: &Report) {
    let Report { draft, version, years_later, cases, persons, persons_gain, persons_lose, all, .. } = report;
    let _ = writeln!(text, "{draft} {version}: {cases} cases, {} compared, of {persons} persons", all.cases);
    if *years_later > 0 {
        let _ = writeln!(text, "  the draft settles each as if {years_later} years later");
    }
    let (gain, lose) = (all.gain, all.lose);
    let _ = writeln!(text, "  persons: {persons_gain} gain, {persons_lose} lose");
    let _ = writeln!(
        text,
        "  cases: {gain} gain {}, {lose} lose {}; persons bear {} now, {} under the draft",
        all.gain_fen, all.lose_fen, all.standing_fen, all.draft_fen
    );
    if report.of_others > 0 {
        let _ =
            writeln!(text, "  not compared: {} of another area or scheme than the draft's", report.of_others);
    }
    for one in &report.not_compared {
        let who = match one.side {
            Side::Draft => "the draft refuses what stands settled",
            Side::Standing => "refused by what stands",
            Side::Both => "refused by both",
        };
        let _ = writeln!(
            text,
            "  not compared: {} {who}: {} (first: {})",
            one.cases,
            one.reason,
            one.first.join(", ")
        );
    }
    if report.totals_not_used > 0 {
        let _ = writeln!(
            text,
            "  {} cases record other totals than the cases here add up to; these were used (docs/POLICY.md)",
            report.totals_not_used
        );
    }
}

fn payer(text: &mut String, sums: &PayerSums) {
    let PayerSums { payer, standing_fen, draft_fen } = sums;
    let by = signed(*draft_fen - *standing_fen);
    let _ = writeln!(
        text,
        "  {:<24} {:>20} {:>20} {by:>20}",
        payer.code(),
        standing_fen.to_string(),
        draft_fen.to_string()
    );
}

fn groups(text: &mut String, title: &str, groups: &[Group]) {
    let _ = writeln!(text, "\n{title}");
    for Group { name, tally } in groups {
        let Tally { cases, gain, gain_fen, lose, lose_fen, .. } = tally;
        let _ = writeln!(text, "  {name}: {cases} cases, {gain} gain {gain_fen}, {lose} lose {lose_fen}");
    }
}

fn most(text: &mut String, title: &str, changed: &[Changed]) {
    if changed.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for one in changed {
        let (day, level, total) = (one.day, one.level.code(), one.total_fen);
        let by = signed(one.draft_fen - one.standing_fen);
        let _ = writeln!(
            text,
            "  {} {day} {level} of {total}: person {} → {} ({by})",
            one.id, one.standing_fen, one.draft_fen
        );
        for PayerSums { payer, standing_fen, draft_fen } in &one.payers {
            let _ = writeln!(text, "      {} {standing_fen} → {draft_fen}", payer.code());
        }
    }
}

fn signed(by: Fen) -> String {
    if by > Fen::ZERO { format!("+{by}") } else { by.to_string() }
}
