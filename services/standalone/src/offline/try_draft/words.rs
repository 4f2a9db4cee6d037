//! Who gains and who loses, in words.

use yizhan_money::Fen;
use yizhan_policy::trial::{Changed, Group, NotCompared, PayerSums, Report, Side, Tally};
use yizhan_terms::{Care, Status, Tier};

use super::super::say::{either, in_chinese};

/// The report as a policy officer reads it; amounts in yuan.
pub fn of(report: &Report) -> String {
    let mut lines = head(report);
    lines.push(either(
        "\n各支付方（元）                    现行                 草案                 增减",
        "\npayers (yuan)                 standing                draft               change",
    ));
    lines.extend(report.payers.iter().map(payer));
    let status = |code: &str| Status::from_code(code).map(|status| status.label());
    let level = |code: &str| Tier::from_code(code).map(|level| level.label());
    let care = |code: &str| Care::from_code(code).map(|care| care.label());
    lines.extend(groups(("身份", "identity"), &report.identities, |_| None));
    lines.extend(groups(("级别", "level"), &report.levels, level));
    lines.extend(groups(("类别", "care"), &report.cares, care));
    lines.extend(groups(("人员", "status"), &report.statuses, status));
    lines.extend(most(("负担减少最多", "gain most"), &report.gain_most));
    lines.extend(most(("负担增加最多", "lose most"), &report.lose_most));
    lines.join("\n")
}

fn head(report: &Report) -> Vec<String> {
    let Report { draft, version, years_later, cases, persons, persons_gain, persons_lose, all, .. } = report;
    let Tally { cases: compared, gain, gain_fen, lose, lose_fen, standing_fen, draft_fen } = all;
    let mut lines = vec![either(
        format!("{draft} {version}：{cases} 个病例，比较了 {compared} 个，共 {persons} 人"),
        format!("{draft} {version}: {cases} cases, {compared} compared, of {persons} persons"),
    )];
    let mut say = |chinese: String, english: String| lines.push(format!("  {}", either(chinese, english)));
    if *years_later > 0 {
        say(
            format!("草案按 {years_later} 年以后结算每个病例"),
            format!("the draft settles each as if {years_later} years later"),
        );
    }
    say(
        format!("人数：{persons_gain} 人负担减少，{persons_lose} 人负担增加"),
        format!("persons: {persons_gain} gain, {persons_lose} lose"),
    );
    say(
        format!(
            "病例：{gain} 个减少 {gain_fen}，{lose} 个增加 {lose_fen}；个人负担现行 {standing_fen}，草案 {draft_fen}"
        ),
        format!(
            "cases: {gain} gain {gain_fen}, {lose} lose {lose_fen}; persons bear {standing_fen} now, {draft_fen} under the draft"
        ),
    );
    if report.of_others > 0 {
        let of_others = report.of_others;
        say(
            format!("未比较：{of_others} 个属于草案以外的统筹区或险种"),
            format!("not compared: {of_others} of another area or scheme than the draft's"),
        );
    }
    report.not_compared.iter().for_each(|one| say(not_compared(one, true), not_compared(one, false)));
    if report.totals_not_used > 0 {
        let not_used = report.totals_not_used;
        say(
            format!("{not_used} 个病例记录的累计与这里的病例合计不同；按这里的合计结算（docs/POLICY.md）"),
            format!(
                "{not_used} cases record other totals than the cases here add up to; these were used (docs/POLICY.md)"
            ),
        );
    }
    lines
}

fn not_compared(one: &NotCompared, chinese: bool) -> String {
    let NotCompared { side, reason, cases, first } = one;
    if chinese {
        let who = match side {
            Side::Draft => "现行已结算，草案不予结算",
            Side::Standing => "现行不予结算",
            Side::Both => "两者都不予结算",
        };
        return format!("未比较：{cases} 个{who}：{reason}（如 {}）", first.join("、"));
    }
    let who = match side {
        Side::Draft => "the draft refuses what stands settled",
        Side::Standing => "refused by what stands",
        Side::Both => "refused by both",
    };
    format!("not compared: {cases} {who}: {reason} (first: {})", first.join(", "))
}

fn payer(sums: &PayerSums) -> String {
    let PayerSums { payer, standing_fen, draft_fen } = sums;
    let by = signed(*draft_fen - *standing_fen);
    let (standing, draft) = (standing_fen.to_string(), draft_fen.to_string());
    // A character of Chinese is two columns wide.
    let name = either(payer.label(), payer.code());
    let width = 24_usize.saturating_sub(name.chars().filter(|one| !one.is_ascii()).count());
    format!("  {name:<width$} {standing:>20} {draft:>20} {by:>20}")
}

fn groups(
    (chinese, english): (&str, &str),
    groups: &[Group],
    label: impl Fn(&str) -> Option<&'static str>,
) -> Vec<String> {
    let of = |Group { name, tally }: &Group| {
        let Tally { cases, gain, gain_fen, lose, lose_fen, .. } = tally;
        either(
            format!(
                "  {}：{cases} 个病例，{gain} 个减少 {gain_fen}，{lose} 个增加 {lose_fen}",
                label(name).unwrap_or(name)
            ),
            format!("  {name}: {cases} cases, {gain} gain {gain_fen}, {lose} lose {lose_fen}"),
        )
    };
    let title = format!("\n{}", either(chinese, english));
    std::iter::once(title).chain(groups.iter().map(of)).collect()
}

fn most((chinese, english): (&str, &str), changed: &[Changed]) -> Vec<String> {
    if changed.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!("\n{}", either(chinese, english))];
    for Changed { id, day, level, total_fen, standing_fen, draft_fen, payers, .. } in changed {
        let by = signed(*draft_fen - *standing_fen);
        lines.push(either(
            format!(
                "  {id} {day} {} {total_fen}：个人负担 {standing_fen} → {draft_fen}（{by}）",
                level.label()
            ),
            format!(
                "  {id} {day} {} of {total_fen}: person {standing_fen} → {draft_fen} ({by})",
                level.code()
            ),
        ));
        for PayerSums { payer, standing_fen, draft_fen } in payers {
            let name = if in_chinese() { payer.label() } else { payer.code() };
            lines.push(format!("      {name} {standing_fen} → {draft_fen}"));
        }
    }
    lines
}

fn signed(by: Fen) -> String {
    if by > Fen::ZERO { format!("+{by}") } else { by.to_string() }
}
