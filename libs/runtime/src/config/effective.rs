//! What the settings are in the end, and where each comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Where the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The configuration file says it under this name.
    File(String),
    /// This variable says it.
    Environment(String),
    /// An argument says it.
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(name) => write!(f, "{name} in the configuration file"),
            Source::Environment(variable) => f.write_str(variable),
            Source::CommandLine => f.write_str("command line"),
        }
    }
}

/// The settings in effect. Printed as TOML, a line each with where it comes from; secrets are hidden.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    pub(super) settings: BTreeMap<String, (Option<String>, Source)>,
    pub(super) ignored: BTreeSet<String>,
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<(String, &Source)> = self
            .settings
            .iter()
            .map(|(name, (value, source))| (line(name, value.as_deref()), source))
            .collect();
        let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0).min(72);
        for (line, source) in lines {
            writeln!(f, "{line:width$}  # {source}")?;
        }
        self.ignored
            .iter()
            .try_for_each(|variable| writeln!(f, "# {variable} is ignored: no such setting here"))
    }
}

fn line(name: &str, value: Option<&str>) -> String {
    match value {
        None => format!("# {name} is not set"),
        Some(value) if value.parse::<i64>().is_ok() || value.parse::<bool>().is_ok() => {
            format!("{name} = {value}")
        }
        Some(value) => format!("{name} = {value:?}"),
    }
}
