//! Reading settings by name, collecting problems.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::str::FromStr;

use toml::{Table, Value};

use super::{Effective, Service, Source};

/// The variable that names the configuration file.
const CONFIG_FILE: &str = "YIZHAN_CONFIG";

/// Everything that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub struct ConfigProblems(pub Vec<String>);

impl Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} problem(s) in the configuration:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

/// Settings being read: ask for each by name, then [`finish`](Settings::finish).
#[derive(Debug, Default)]
pub struct Settings {
    command_line: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    /// Whose settings are being read.
    service: Option<Service>,
    /// Whose settings were read.
    services: BTreeSet<Service>,
    known: BTreeSet<String>,
    effective: BTreeMap<String, (Option<String>, Source)>,
    problems: Vec<String>,
}

impl Settings {
    /// From the process's environment and the file that `YIZHAN_CONFIG` names, if any.
    pub fn from_environment() -> Self {
        let environment: BTreeMap<String, String> =
            std::env::vars().filter(|(name, _)| name.starts_with("YIZHAN_")).collect();
        match environment.get(CONFIG_FILE).cloned() {
            None => Settings::from_parts(environment, None),
            Some(path) => match std::fs::read_to_string(&path) {
                Ok(toml) => Settings::from_parts(environment, Some(&toml)),
                Err(error) => {
                    let mut settings = Settings::from_parts(environment, None);
                    settings.problem(format!("{CONFIG_FILE}: cannot read {path}: {error}"));
                    settings
                }
            },
        }
    }

    /// From given variables and the text of a TOML file: for tests and for programs that bring their own.
    pub fn from_parts(environment: BTreeMap<String, String>, toml: Option<&str>) -> Self {
        let mut settings = Settings { environment, ..Settings::default() };
        match toml.unwrap_or_default().parse::<Table>() {
            Ok(table) => flatten("", Value::Table(table), &mut settings.file),
            // The line itself stays untold: it may hold a password.
            Err(error) => {
                let at = error.span().map_or(0, |at| at.start);
                let line =
                    toml.unwrap_or_default().bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
                settings.problem(format!("the configuration file is not valid TOML: line {line}"));
            }
        }
        settings
    }

    /// What an argument of the command line says: before everything else.
    pub fn command(&mut self, name: impl Into<String>, value: impl Display) {
        self.command_line.insert(name.into(), value.to_string());
    }

    /// Reads the settings of a service: what is asked for inside is looked for in its own section first.
    pub fn of<C>(&mut self, service: Service, read: impl FnOnce(&mut Settings) -> C) -> C {
        let before = self.service.replace(service);
        self.services.insert(service);
        let config = read(self);
        self.service = before;
        config
    }

    /// Whose settings are being read.
    pub(super) fn service(&self) -> Option<Service> {
        self.service
    }

    /// The setting if it is given.
    pub fn optional<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr<Err: Display> + Display,
    {
        match self.given(name) {
            Some((value, source)) => {
                self.note(name, Some(&value), source);
                Some(value)
            }
            None => {
                self.note(name, None::<&T>, Source::Default);
                None
            }
        }
    }

    /// The setting, or a default.
    pub fn or<T>(&mut self, name: &str, default: T) -> T
    where
        T: FromStr<Err: Display> + Display,
    {
        let (value, source) = self.given(name).unwrap_or((default, Source::Default));
        self.note(name, Some(&value), source);
        value
    }

    /// Notes a problem that the reader of a section found with a setting.
    pub fn wrong(&mut self, name: &str, problem: impl Display) {
        let own = self.own(name);
        match self.effective.get(&own).map(|(_, source)| source) {
            None | Some(Source::Default) => self.problem(format!("{own}: {problem}")),
            Some(Source::CommandLine) => self.problem(format!("{own} from the command line: {problem}")),
            Some(source) => self.problem(format!("{source}: {problem}")),
        }
    }

    /// Notes a problem, once.
    pub fn problem(&mut self, problem: impl Into<String>) {
        let problem = problem.into();
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// What these settings were asked for is known here too: others who read the same file ask for it.
    pub fn also_known(&mut self, others: Settings) {
        self.known.extend(others.known);
    }

    /// What holds; or all problems, keys of the file that nobody knows included.
    pub fn finish(mut self) -> Result<Effective, ConfigProblems> {
        let elsewhere = |key: &str| {
            let section = key.split('.').next();
            Service::ALL.iter().any(|s| section == Some(s.name()) && !self.services.contains(s))
        };
        let unknown: Vec<String> =
            self.file.keys().filter(|key| !self.known.contains(*key) && !elsewhere(key)).cloned().collect();
        for key in unknown {
            self.problem(format!("{key} in the configuration file: no such setting"));
        }
        if !self.problems.is_empty() {
            return Err(ConfigProblems(self.problems));
        }
        let variables: BTreeSet<String> = self.known.iter().map(|name| variable(name)).collect();
        let ignored = |name: &String| name != CONFIG_FILE && !variables.contains(name);
        let ignored = self.environment.into_keys().filter(ignored).collect();
        Ok(Effective { settings: self.effective, ignored })
    }

    /// The service's own name of a setting, unless that is what was asked for.
    fn own(&self, name: &str) -> String {
        match self.service {
            Some(service) if name.split('.').next() != Some(service.name()) => service.setting(name),
            _ => name.to_owned(),
        }
    }

    fn given<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<(T, Source)> {
        let (text, source) = self.find(name)?;
        match text.parse() {
            Ok(value) => Some((value, source)),
            Err(error) => {
                self.effective.insert(self.own(name), (None, source));
                self.wrong(name, error);
                None
            }
        }
    }

    /// The text of a setting: under its own name before that for all.
    fn find(&mut self, name: &str) -> Option<(String, Source)> {
        let names = [self.own(name), name.to_owned()];
        self.known.extend(names.iter().cloned());
        let command = names.iter().find_map(|name| self.command_line.get(name));
        let environment = || {
            let variables = names.iter().map(|name| variable(name));
            variables
                .filter_map(|name| Some((self.environment.get(&name)?.clone(), Source::Environment(name))))
                .next()
        };
        let file =
            || names.iter().find_map(|name| Some((self.file.get(name)?.clone(), Source::File(name.clone()))));
        command.map(|text| (text.clone(), Source::CommandLine)).or_else(environment).or_else(file)
    }

    fn note<T: Display>(&mut self, name: &str, value: Option<&T>, source: Source) {
        self.effective.insert(self.own(name), (value.map(T::to_string), source));
    }
}

/// `server.listen` is `YIZHAN_SERVER_LISTEN`.
fn variable(name: &str) -> String {
    format!("YIZHAN_{}", name.replace('.', "_").to_uppercase())
}

/// `[server] listen = …` becomes `server.listen`.
fn flatten(prefix: &str, value: Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
                flatten(&name, value, into);
            }
        }
        Value::String(text) => {
            into.insert(prefix.to_owned(), text);
        }
        other => {
            into.insert(prefix.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A deployment of several services in one file.
    const FILE: &str = r#"
        [server]
        listen = "for-all"
        limit = 7
        [filing.server]
        listen = "for-filing"
        [enrollment]
        key = "its own"
    "#;

    fn variables<const N: usize>(variables: [(&str, &str); N]) -> BTreeMap<String, String> {
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    fn listen(settings: &mut Settings, service: Service) -> String {
        settings.of(service, |settings| {
            settings.or("server.limit", 1u32);
            settings.or("server.listen", String::new())
        })
    }

    #[test]
    fn the_command_line_wins_over_the_environment_it_over_the_file_and_the_file_over_the_default() {
        let environment = variables([("YIZHAN_SERVER_LISTEN", "from-env"), ("YIZHAN_SERVER_PORT", "1")]);
        let toml = "[server]\nlisten = \"from-file\"\nlimit = 7\n";
        let mut settings = Settings::from_parts(environment, Some(toml));
        settings.command("server.port", 2);
        assert_eq!(settings.or("server.listen", String::new()), "from-env");
        assert_eq!(settings.or("server.port", 0u32), 2);
        assert_eq!(settings.or("server.limit", 1u32), 7);
        assert_eq!(settings.or("server.other", 9u32), 9);
        assert_eq!(settings.optional::<u32>("server.none"), None);
        let printed = settings.finish().unwrap().to_string();
        let lines: Vec<String> =
            printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "server.limit = 7 # server.limit in the configuration file",
                "server.listen = \"from-env\" # YIZHAN_SERVER_LISTEN",
                "# server.none is not set # default",
                "server.other = 9 # default",
                "server.port = 2 # command line",
            ]
        );
    }

    #[test]
    fn a_services_own_section_goes_before_what_is_for_all() {
        let mut settings = Settings::from_parts(BTreeMap::new(), Some(FILE));
        assert_eq!(listen(&mut settings, Service::Filing), "for-filing");
        assert_eq!(listen(&mut settings, Service::Settlement), "for-all");
        settings.finish().unwrap();
        let environment =
            variables([("YIZHAN_SERVER_LISTEN", "all-env"), ("YIZHAN_SETTLEMENT_SERVER_LISTEN", "own-env")]);
        let mut settings = Settings::from_parts(environment, Some(FILE));
        assert_eq!(listen(&mut settings, Service::Filing), "all-env", "the environment goes before the file");
        assert_eq!(listen(&mut settings, Service::Settlement), "own-env");
    }

    #[test]
    fn sections_of_services_that_do_not_run_here_are_not_looked_at_and_all_others_are() {
        let mut settings = Settings::from_parts(BTreeMap::new(), Some(FILE));
        listen(&mut settings, Service::Filing);
        settings.finish().expect("enrollment does not run here");
        let mut settings = Settings::from_parts(BTreeMap::new(), Some(FILE));
        listen(&mut settings, Service::Enrollment);
        let problems = settings.finish().unwrap_err().0;
        assert_eq!(problems, ["enrollment.key in the configuration file: no such setting"]);
        let mut settings = Settings::from_parts(BTreeMap::new(), Some(FILE));
        settings.of(Service::Enrollment, |settings| settings.optional::<String>("enrollment.key"));
        let problems = settings.finish().unwrap_err().0;
        assert_eq!(problems.len(), 2, "[server] is for nobody: {problems:?}");
    }

    #[test]
    fn all_problems_come_at_once_and_once() {
        let environment = variables([("YIZHAN_SERVER_LIMIT", "many"), ("YIZHAN_PORT", "tcp://10.0.0.1:80")]);
        let mut settings = Settings::from_parts(environment, Some("[server]\nlisen = \"x\"\n"));
        for service in Service::ALL {
            listen(&mut settings, service);
        }
        let problems = settings.finish().unwrap_err().to_string();
        assert!(problems.contains("YIZHAN_SERVER_LIMIT: invalid digit"), "{problems}");
        assert!(problems.contains("server.lisen in the configuration file: no such setting"), "{problems}");
        assert!(problems.starts_with("2 problem(s)"), "{problems}");
    }

    #[test]
    fn a_file_that_cannot_be_read_as_toml_is_told_without_its_text() {
        let settings =
            Settings::from_parts(BTreeMap::new(), Some("[database]\nurl = postgres://u:secret@db\n"));
        let problems = settings.finish().unwrap_err().to_string();
        assert!(problems.contains("not valid TOML: line 2") && !problems.contains("secret"), "{problems}");
    }
}
