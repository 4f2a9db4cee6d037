//! Reading settings by name, collecting problems.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use config::{Config, File, FileFormat, Value, ValueKind};

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub struct ConfigProblems(pub Vec<String>);

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} problem(s) in the configuration:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

/// Settings being read: ask for each by name, then [`finish`](Settings::finish).
#[derive(Debug, Default)]
pub struct Settings {
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    asked: BTreeSet<String>,
    problems: Vec<String>,
}

impl Settings {
    /// From the process's environment and the file that `YIZHAN_CONFIG` names, if any.
    pub fn from_environment() -> Self {
        let environment: BTreeMap<String, String> =
            std::env::vars().filter(|(name, _)| name.starts_with("YIZHAN_")).collect();
        match environment.get("YIZHAN_CONFIG").cloned() {
            None => Settings::from_parts(environment, None),
            Some(path) => match std::fs::read_to_string(&path) {
                Ok(toml) => Settings::from_parts(environment, Some(&toml)),
                Err(error) => {
                    let mut settings = Settings::from_parts(environment, None);
                    settings.problems.push(format!("YIZHAN_CONFIG: cannot read {path}: {error}"));
                    settings
                }
            },
        }
    }

    /// From given variables and the text of a TOML file: for tests and for programs that bring their own.
    pub fn from_parts(environment: BTreeMap<String, String>, toml: Option<&str>) -> Self {
        let mut settings = Settings { environment, ..Settings::default() };
        if let Some(toml) = toml {
            match Config::builder().add_source(File::from_str(toml, FileFormat::Toml)).build() {
                Ok(config) => flatten("", config.cache, &mut settings.file),
                Err(error) => {
                    settings.problems.push(format!("the configuration file is not valid TOML: {error}"))
                }
            }
        }
        settings
    }

    /// The setting if it is given.
    pub fn optional<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let (source, text) = self.find(name)?;
        text.parse().map_err(|error| self.problems.push(format!("{source}: {error}"))).ok()
    }

    /// The setting, or a default.
    pub fn or<T>(&mut self, name: &str, default: T) -> T
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.optional(name).unwrap_or(default)
    }

    /// Notes a problem that the reader of a section found.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// All problems, unknown keys of the file included; unknown variables are ignored.
    pub fn finish(mut self) -> Result<(), ConfigProblems> {
        for key in self.file.keys().filter(|key| !self.asked.contains(*key)) {
            self.problems.push(format!("{key} in the configuration file: no such setting"));
        }
        let known: BTreeSet<String> = self.asked.iter().map(|name| variable(name)).collect();
        for name in self.environment.keys().filter(|name| !known.contains(*name) && *name != "YIZHAN_CONFIG")
        {
            tracing::debug!(variable = name, "ignored: no such setting");
        }
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigProblems(self.problems)) }
    }

    fn find(&mut self, name: &str) -> Option<(String, String)> {
        self.asked.insert(name.to_owned());
        let variable = variable(name);
        if let Some(text) = self.environment.get(&variable) {
            return Some((variable, text.clone()));
        }
        self.file.get(name).map(|text| (format!("{name} in the configuration file"), text.clone()))
    }
}

/// `server.listen` is `YIZHAN_SERVER_LISTEN`.
fn variable(name: &str) -> String {
    format!("YIZHAN_{}", name.replace('.', "_").to_uppercase())
}

/// `[server] listen = …` becomes `server.listen`.
fn flatten(prefix: &str, value: Value, into: &mut BTreeMap<String, String>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (key, value) in table {
                let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
                flatten(&name, value, into);
            }
        }
        _ => {
            into.insert(prefix.to_owned(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let environment = BTreeMap::from([("YIZHAN_SERVER_LISTEN".to_owned(), "from-env".to_owned())]);
        let toml = "[server]\nlisten = \"from-file\"\nlimit = 7\n";
        let mut settings = Settings::from_parts(environment, Some(toml));
        assert_eq!(settings.or("server.listen", String::new()), "from-env");
        assert_eq!(settings.or("server.limit", 1u32), 7);
        assert_eq!(settings.or("server.other", 9u32), 9);
        settings.finish().unwrap();
    }

    #[test]
    fn all_problems_come_at_once() {
        let environment = BTreeMap::from([
            ("YIZHAN_SERVER_LIMIT".to_owned(), "many".to_owned()),
            ("YIZHAN_PORT".to_owned(), "tcp://10.0.0.1:80".to_owned()),
        ]);
        let mut settings = Settings::from_parts(environment, Some("[server]\nlisen = \"x\"\n"));
        assert_eq!(settings.or("server.limit", 1u32), 1);
        let problems = settings.finish().unwrap_err().to_string();
        assert!(problems.contains("YIZHAN_SERVER_LIMIT: invalid digit"), "{problems}");
        assert!(problems.contains("server.lisen in the configuration file: no such setting"), "{problems}");
        assert!(problems.starts_with("2 problem(s)"), "{problems}");
    }
}
