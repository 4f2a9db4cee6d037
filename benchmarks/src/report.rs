//! The table.

use std::time::Duration;

/// One row.
struct Row {
    what: String,
    measured: String,
    target: String,
    met: Option<bool>,
}

/// Rows, in order; printed as they come to stderr, and as one table at the end.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// A number with a target.
    pub fn target(&mut self, what: impl Into<String>, measured: impl Into<String>, target: &str, met: bool) {
        self.add(Row { what: what.into(), measured: measured.into(), target: target.into(), met: Some(met) });
    }

    /// A number for information.
    pub fn info(&mut self, what: impl Into<String>, measured: impl Into<String>) {
        self.add(Row { what: what.into(), measured: measured.into(), target: String::new(), met: None });
    }

    fn add(&mut self, row: Row) {
        eprintln!("{}: {}", row.what, row.measured);
        self.rows.push(row);
    }

    /// The table, in Markdown.
    pub fn table(&self) -> String {
        let mut table = "| What | Measured | Target | Met |\n|---|---|---|---|\n".to_owned();
        for Row { what, measured, target, met } in &self.rows {
            let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
            table.push_str(&format!("| {what} | {measured} | {target} | {met} |\n"));
        }
        table
    }

    /// Whether every target was met.
    pub fn all_met(&self) -> bool {
        self.rows.iter().all(|row| row.met != Some(false))
    }
}

/// `part` of `whole` with two decimals, cut off rather than rounded, so that 0.50 is never said of less.
pub fn ratio(part: u64, whole: u64) -> String {
    let hundredths = part * 100 / whole.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Milliseconds with one decimal.
pub fn ms(time: Duration) -> String {
    format!("{}.{} ms", time.as_millis(), time.subsec_micros() / 100 % 10)
}

/// Microseconds with one decimal.
pub fn us(time: Duration) -> String {
    format!("{}.{} µs", time.as_micros(), time.as_nanos() / 100 % 10)
}

/// Thousands apart: 12,345.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
