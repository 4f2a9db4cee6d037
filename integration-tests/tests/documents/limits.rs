//! docs/LIMITS.md has the numbers of the code, and every limit of the code.

use crate::sources::{code, crate_sources, prose, read};

/// A constant of a crate with a value that can be read off: a number; of a duration its milliseconds.
struct Constant {
    krate: String,
    file: String,
    name: String,
    value: i128,
}

#[test]
fn the_numbers_are_those_of_the_code() {
    let (page, constants) = (read("docs/LIMITS.md"), constants());
    let mut wrong = Vec::new();
    for [_, limit, _, set_by] in rows(&page) {
        for name in code(set_by).filter(|name| name.contains("::")) {
            let found: Vec<&Constant> = constants.iter().filter(|constant| constant.is(name)).collect();
            if found.is_empty() {
                wrong.push(format!("{name}: no such constant"));
            }
            let other = found.iter().filter(|constant| !quantities(limit).contains(&constant.value));
            wrong
                .extend(other.map(|constant| format!("{name} is {}, the page says {limit}", constant.value)));
        }
    }
    assert!(wrong.is_empty(), "docs/LIMITS.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_limit_is_there() {
    let page = read("docs/LIMITS.md");
    let named: Vec<&str> = rows(&page).into_iter().flat_map(|[.., set_by]| code(set_by)).collect();
    let constants = constants();
    let limits = constants.iter().filter(|constant| constant.name.starts_with("MAX_"));
    let missing: Vec<String> = limits
        .filter(|constant| !named.iter().any(|name| constant.is(name)))
        .map(|constant| format!("{}::{} in {}", constant.krate, constant.name, constant.file))
        .collect();
    assert!(missing.is_empty(), "docs/LIMITS.md lacks:\n{}", missing.join("\n"));
}

/// The README is a first page: what is longer belongs on the others.
#[test]
fn the_readme_is_short() {
    for page in ["README.md", "README.zh-CN.md"] {
        assert!(read(page).lines().count() <= 250, "{page} has more than 250 lines");
    }
}

impl Constant {
    /// Whether this is `crate::NAME`, or `crate::file::NAME`.
    fn is(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split("::").collect();
        let [krate, within @ .., name] = &parts[..] else { return false };
        let inside = |part: &&str| self.file.trim_end_matches(".rs").split('/').any(|folder| folder == *part);
        *krate == self.krate && *name == self.name && within.iter().all(inside)
    }
}

/// The rows of tables with four columns.
fn rows(page: &str) -> Vec<[&str; 4]> {
    prose(page)
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'))
        .filter_map(|line| line.split('|').map(str::trim).collect::<Vec<_>>().try_into().ok())
        .collect()
}

fn constants() -> Vec<Constant> {
    let mut found = Vec::new();
    for (krate, file, text) in crate_sources() {
        for declaration in text.split("const ").skip(1) {
            let Some((head, rest)) = declaration.split_once(" = ") else { continue };
            let Some((name, _)) = head.split_once(':').filter(|(name, _)| !name.contains(['\n', '(', '<']))
            else {
                continue;
            };
            let value = rest.split_once(';').and_then(|(value, _)| evaluate(value));
            found.extend(value.map(|value| Constant {
                krate: krate.clone(),
                file: file.clone(),
                name: name.to_owned(),
                value,
            }));
        }
    }
    found
}

/// A product of numbers, or a duration of one.
fn evaluate(expression: &str) -> Option<i128> {
    const DURATIONS: [(&str, i128); 5] = [
        ("Duration::from_secs(", 1000),
        ("Duration::from_millis(", 1),
        ("TimeDelta::minutes(", 60_000),
        ("TimeDelta::days(", 86_400_000),
        ("", 1),
    ];
    let (inner, factor) =
        DURATIONS.iter().find_map(|(call, factor)| Some((expression.trim().strip_prefix(call)?, factor)))?;
    let numbers = inner
        .trim_end_matches(')')
        .split('*')
        .map(|number| number.trim().replace('_', "").parse::<i128>().ok());
    numbers.product::<Option<i128>>().map(|value| value * factor)
}

/// The numbers of a cell, as they stand and by the unit behind them.
fn quantities(cell: &str) -> Vec<i128> {
    let words: Vec<&str> =
        cell.split([' ', ';', '(', ')', ':']).map(|word| word.trim_end_matches(',')).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Ok(number) = word.replace(',', "").parse::<i128>() else { continue };
        found.push(number);
        found.extend(match words.get(at + 1).copied().unwrap_or_default() {
            "KiB" => Some(number * 1024),
            "MiB" => Some(number * 1024 * 1024),
            "s" => Some(number * 1000),
            "minutes" => Some(number * 60_000),
            "days" => Some(number * 86_400_000),
            "million" => Some(number * 100_000_000),
            "digits" => u32::try_from(number).ok().map(|digits| 10_i128.pow(digits) - 1),
            _ => None,
        });
    }
    found
}
