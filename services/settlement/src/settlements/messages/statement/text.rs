//! The statement for a terminal: columns line up where a Chinese character takes two cells.

use unicode_width::UnicodeWidthChar;
use yizhan_proto::settlement::v1::{Deferral, Settlement};
use yizhan_terms::is_unseen;

use super::{Page, QUALITY, shown};

/// Cells of a line.
const WIDTH: usize = 92;

/// The statement as plain text.
pub fn text(settlement: &Settlement, deferral: Option<&Deferral>) -> String {
    let page = Page::of(settlement, deferral);
    let mut lines = vec![centred(page.title())];
    if !page.composite.is_empty() {
        lines.push(format!("【组合政策，非任何统筹区的真实政策】{}", page.composite));
    }
    lines.push("═".repeat(WIDTH));
    for pair in page.head().chunks(2) {
        let cells: Vec<String> =
            pair.iter().map(|(label, value)| left(&format!("{label}：{value}"), 46)).collect();
        lines.push(cells.concat().trim_end().to_owned());
    }
    lines.extend(page.notes.iter().flat_map(|(label, value)| wrapped(&format!("{label}：{value}"))));
    lines.push("─".repeat(WIDTH));
    lines.push(page.parts().map(|(label, value)| format!("{label} {value}")).join("  "));
    lines.push("─".repeat(WIDTH));
    lines.push(columns("支付方", "纳入费用", "起付线", "支付金额"));
    for row in &page.payers {
        lines.push(columns(&row.name, &row.base, &row.deductible, if row.applied { &row.paid } else { "—" }));
        lines.extend(wrapped(&row.how).into_iter().map(|line| format!("    {line}")));
    }
    lines.push("─".repeat(WIDTH));
    lines.extend(
        page.totals().iter().map(|(label, value)| format!("{}{}", left(label, 20), right(value, 16))),
    );
    lines.push("─".repeat(WIDTH));
    lines.extend(wrapped(QUALITY));
    lines.push(String::new());
    lines.iter().map(|line| shown(line)).collect::<Vec<_>>().join("\n")
}

fn columns(name: &str, base: &str, deductible: &str, paid: &str) -> String {
    format!("{}{}{}{}", left(name, 28), right(base, 18), right(deductible, 18), right(paid, 18))
}

/// Terminal cells of a text.
fn cells(text: &str) -> usize {
    text.chars().map(cell).sum()
}

/// Cells of a character; the punctuation that Chinese fonts draw wide takes two.
fn cell(character: char) -> usize {
    match character {
        '“' | '”' | '—' | '…' => 2,
        unseen if is_unseen(unseen) => 1,
        other => other.width().unwrap_or_default(),
    }
}

fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(cells(text))))
}

fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(cells(text))))
}

fn centred(text: &str) -> String {
    format!("{}{text}", " ".repeat(WIDTH.saturating_sub(cells(text)) / 2))
}

fn wrapped(text: &str) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for character in text.chars() {
        if used + cell(character) > WIDTH - 4 {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        used += cell(character);
        line.push(character);
    }
    lines.push(line);
    lines
}
