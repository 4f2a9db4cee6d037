//! The rules of `server.callers`: which certificate, or which subject of a token, is which caller. Data of the deployment.
//!
//! ```toml
//! [[rule]]                                          # a hospital whose certificate names it
//! match = "spiffe://yizhan/institution/{code}"
//! caller = "institution:{code}"
//!
//! [[rule]]                                          # one by the name of its server
//! match = "dns:his.first-hospital.example"
//! caller = "institution:H43020000001"
//!
//! [[rule]]                                          # who speaks for those outside, and has authenticated them
//! match = "spiffe://yizhan/ns/*/sa/gateway"
//! gateway = true
//! only = ["agency:999900"]                          # for these and nobody else; without: for whoever is outside
//! ```
//!
//! `match` is a URI, `dns:…`, `cn:…` (common name of the subject) or `sub:…` (subject of a token). Between two separators (`/` of a URI, `.` of
//! a DNS name, `/` and `:` of a subject) may be one `{name}`, which the caller takes, or one `*`. Rules are tried in their
//! order, after them [`Rules::services`], which is always there.

use std::str::FromStr;

use serde::Deserialize;

use super::names::Names;
use crate::caller::Caller;
use crate::config::Service;

/// What is known of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// They are this caller.
    Caller(Caller),
    /// They speak for others, and must say for whom: for one of these, or for whoever is outside where there are none.
    Gateway(Vec<Caller>),
}

/// Rules, in their order.
#[derive(Debug, Default)]
pub(crate) struct Rules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    kind: Kind,
    pattern: Vec<Part>,
    names: Named,
}

#[derive(Debug)]
enum Named {
    /// A caller's form, `institution:{code}`, divided at its variable.
    Caller(String, Option<String>),
    /// A service of ours, if there is one of that name.
    Service,
    Gateway(Vec<Caller>),
}

/// What is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Uri,
    Dns,
    Common,
    Subject,
}

/// What stands between two separators.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Exactly(String),
    /// Something between these; whether it is taken.
    Between(String, String, bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<FileRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    r#match: String,
    caller: Option<String>,
    #[serde(default)]
    gateway: bool,
    #[serde(default)]
    only: Vec<String>,
}

/// How our services are named where nobody says otherwise.
const SERVICES: &str = "spiffe://yizhan/ns/*/sa/yizhan-{service}";

impl Rules {
    /// Only the rule that is always there: `spiffe://yizhan/ns/<namespace>/sa/yizhan-<service>` is `service:<service>`, of the five.
    pub fn services() -> Rules {
        let pattern = pattern(Kind::Uri, SERVICES).unwrap_or_default();
        Rules(vec![Rule { kind: Kind::Uri, pattern, names: Named::Service }])
    }

    /// Those of a file, and that rule.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(toml: &str) -> Result<Rules, Vec<String>> {
        let file: File = toml::from_str(toml).map_err(|error| vec![error.to_string()])?;
        let (mut rules, mut wrong) = (Vec::new(), Vec::new());
        for (number, rule) in file.rule.iter().enumerate() {
            match rule_of(rule) {
                Ok(rule) => rules.push(rule),
                Err(problem) => wrong.push(format!("rule {} ({}): {problem}", number + 1, rule.r#match)),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        rules.extend(Rules::services().0);
        Ok(Rules(rules))
    }

    /// Whose certificate has these names: URIs go before DNS names, those before the common name. `None` for nobody's, and
    /// where two names of a kind are two callers': nobody knows which.
    pub fn of_certificate(&self, names: &Names) -> Option<Known> {
        [(Kind::Uri, &names.uris), (Kind::Dns, &names.dns), (Kind::Common, &names.common)]
            .into_iter()
            .find_map(|(kind, names)| self.of_each(kind, names))
            .flatten()
    }

    /// Whose token has this subject.
    pub fn of_subject(&self, subject: &str) -> Option<Known> {
        self.of(Kind::Subject, subject)
    }

    /// `None`: no rule is about them; `Some(None)`: several callers.
    fn of_each(&self, kind: Kind, names: &[String]) -> Option<Option<Known>> {
        let mut known: Vec<Known> = names.iter().filter_map(|name| self.of(kind, name)).collect();
        known.dedup();
        (!known.is_empty()).then(|| known.pop().filter(|_| known.is_empty()))
    }

    fn of(&self, kind: Kind, name: &str) -> Option<Known> {
        self.0.iter().filter(|rule| rule.kind == kind).find_map(|rule| rule.names(name))
    }
}

impl Rule {
    fn names(&self, name: &str) -> Option<Known> {
        let said = divided(self.kind, name);
        if said.len() != self.pattern.len() {
            return None;
        }
        let mut taken = "";
        for (part, said) in self.pattern.iter().zip(said) {
            match part {
                Part::Exactly(text) if text == said => {}
                Part::Exactly(_) => return None,
                Part::Between(before, after, take) => {
                    let inside = said.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                    if inside.is_empty() || !inside.chars().all(plain) {
                        return None;
                    }
                    taken = if *take { inside } else { taken };
                }
            }
        }
        match &self.names {
            Named::Gateway(only) => Some(Known::Gateway(only.clone())),
            Named::Service => Service::from_str(taken)
                .ok()
                .map(|service| Known::Caller(Caller::Service { name: service.name().to_owned() })),
            Named::Caller(before, None) => Caller::parse(before).map(Known::Caller),
            Named::Caller(before, Some(after)) => {
                Caller::parse(&format!("{before}{taken}{after}")).map(Known::Caller)
            }
        }
    }
}

fn rule_of(rule: &FileRule) -> Result<Rule, String> {
    let (kind, text) = match rule.r#match.split_once(':') {
        Some(("dns", name)) => (Kind::Dns, name.to_ascii_lowercase()),
        Some(("cn", name)) => (Kind::Common, name.to_owned()),
        Some(("sub", name)) => (Kind::Subject, name.to_owned()),
        Some((_, rest)) if rest.starts_with("//") => (Kind::Uri, rule.r#match.clone()),
        _ => return Err("match must be a URI, or begin with dns:, cn: or sub:".to_owned()),
    };
    let pattern = pattern(kind, &text)?;
    let takes = pattern.iter().filter(|part| matches!(part, Part::Between(_, _, true))).count();
    let names = match (&rule.caller, rule.gateway) {
        (None, true) if takes == 0 && kind != Kind::Subject => Named::Gateway(only(&rule.only)?),
        (None, true) => {
            return Err("a gateway is known by its certificate, and nothing is taken of its name".to_owned());
        }
        (Some(caller), false) if rule.only.is_empty() => named(caller, takes)?,
        _ => return Err("either caller, or gateway = true with or without only".to_owned()),
    };
    Ok(Rule { kind, pattern, names })
}

/// For whom a gateway speaks.
fn only(callers: &[String]) -> Result<Vec<Caller>, String> {
    let parsed = |caller: &String| {
        Caller::parse(caller)
            .filter(Caller::is_outside)
            .ok_or_else(|| format!("{caller} names nobody outside"))
    };
    callers.iter().map(parsed).collect()
}

/// `institution:{code}`: the kind is the file's to say, never the certificate's.
fn named(caller: &str, takes: usize) -> Result<Named, String> {
    if takes > 1 {
        return Err("more than one {…}".to_owned());
    }
    let Some((before, rest)) = caller.split_once('{') else {
        let named = Named::Caller(caller.to_owned(), None);
        return Caller::parse(caller).map(|_| named).ok_or_else(|| format!("{caller} names no caller"));
    };
    let after = rest.split_once('}').map(|(_, after)| after).ok_or("a { without }")?;
    if takes == 0 {
        return Err("caller takes a {…} that match does not have".to_owned());
    }
    // An area, which is also an institution's, an insurer's or a person's.
    let fits =
        |kind: &str| before.starts_with(kind) && Caller::parse(&format!("{before}430200{after}")).is_some();
    if !["institution:", "agency:", "department:", "insurer:", "person:", "operator:", "service:"]
        .into_iter()
        .any(fits)
    {
        return Err(format!("{caller} names no caller"));
    }
    Ok(Named::Caller(before.to_owned(), Some(after.to_owned())))
}

fn pattern(kind: Kind, text: &str) -> Result<Vec<Part>, String> {
    if text.is_empty() {
        return Err("match is empty".to_owned());
    }
    divided(kind, text).into_iter().map(part).collect()
}

fn part(text: &str) -> Result<Part, String> {
    let wrong = || format!("{text}: one {{name}} or one * between two separators");
    let part = match (text.split_once('*'), text.split_once('{')) {
        (None, None) => Part::Exactly(text.to_owned()),
        (Some((before, after)), None) => Part::Between(before.to_owned(), after.to_owned(), false),
        (None, Some((before, rest))) => {
            let (name, after) = rest.split_once('}').ok_or_else(wrong)?;
            if name.is_empty() {
                return Err(wrong());
            }
            Part::Between(before.to_owned(), after.to_owned(), true)
        }
        (Some(_), Some(_)) => return Err(wrong()),
    };
    let plain = |text: &String| !text.contains(['*', '{', '}']);
    let fits = match &part {
        Part::Exactly(text) => plain(text),
        Part::Between(before, after, _) => plain(before) && plain(after),
    };
    fits.then_some(part).ok_or_else(wrong)
}

fn divided(kind: Kind, text: &str) -> Vec<&str> {
    match kind {
        Kind::Uri => text.split('/').collect(),
        Kind::Dns => text.split('.').collect(),
        Kind::Common => vec![text],
        Kind::Subject => text.split(['/', ':']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [[rule]]
        match = "spiffe://yizhan/institution/{code}"
        caller = "institution:{code}"
        [[rule]]
        match = "spiffe://yizhan/area/{code}/agency"
        caller = "agency:{code}"
        [[rule]]
        match = "dns:{code}.Hospitals.example"
        caller = "institution:{code}"
        [[rule]]
        match = "cn:株洲市中心医院"
        caller = "institution:H43020000001"
        [[rule]]
        match = "spiffe://yizhan/ns/*/sa/gateway"
        gateway = true
        [[rule]]
        match = "spiffe://yizhan/ns/*/sa/check"
        gateway = true
        only = ["agency:999900", "institution:H99990000099"]
        [[rule]]
        match = "sub:system:serviceaccount:yizhan:yizhan-{service}"
        caller = "service:{service}"
    "#;

    fn uri(uri: &str) -> Names {
        Names { uris: vec![uri.to_owned()], ..Names::default() }
    }

    fn told(known: Option<Known>) -> String {
        match known {
            Some(Known::Caller(caller)) => caller.to_string(),
            Some(Known::Gateway(only)) => {
                only.iter().fold("gateway".to_owned(), |told, one| format!("{told} {one}"))
            }
            None => "nobody".to_owned(),
        }
    }

    #[test]
    fn names_are_callers_by_the_file_and_services_always() {
        let (rules, bare) = (Rules::parse(FILE).unwrap(), Rules::services());
        for (name, caller) in [
            ("spiffe://yizhan/institution/H43020000001", "institution:H43020000001"),
            ("spiffe://yizhan/institution/H43020000001/x", "nobody"),
            ("spiffe://yizhan/institution/", "nobody"),
            ("spiffe://other/institution/H43020000001", "nobody"),
            ("spiffe://yizhan/institution/a%2Fb", "nobody"),
            ("spiffe://yizhan/area/430200/agency", "agency:430200"),
            ("spiffe://yizhan/area/43/agency", "nobody"),
            ("spiffe://yizhan/ns/prod/sa/gateway", "gateway"),
            ("spiffe://yizhan/ns/prod/sa/check", "gateway agency:999900 institution:H99990000099"),
            ("spiffe://yizhan/ns/prod/sa/yizhan-settlement", "service:settlement"),
            ("spiffe://yizhan/ns/prod/sa/yizhan-root", "nobody"),
            ("spiffe://yizhan/ns/a/b/sa/yizhan-settlement", "nobody"),
        ] {
            assert_eq!(told(rules.of_certificate(&uri(name))), caller, "{name}");
        }
        assert_eq!(
            told(bare.of_certificate(&uri("spiffe://yizhan/ns/x/sa/yizhan-credit"))),
            "service:credit"
        );
        assert_eq!(told(bare.of_certificate(&uri("spiffe://yizhan/ns/x/sa/gateway"))), "nobody");
        assert_eq!(told(rules.of_subject("system:serviceaccount:yizhan:yizhan-audit")), "service:audit");
        assert_eq!(told(rules.of_subject("spiffe://yizhan/ns/prod/sa/gateway")), "nobody", "another kind");
    }

    #[test]
    fn alternative_names_go_before_the_common_name_and_two_callers_are_none() {
        let rules = Rules::parse(FILE).unwrap();
        let common = vec!["株洲市中心医院".to_owned()];
        let dns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let one = Names { common: common.clone(), ..Names::default() };
        assert_eq!(told(rules.of_certificate(&one)), "institution:H43020000001");
        let both = Names { dns: dns(&["h2.hospitals.example", "other.example"]), common, ..Names::default() };
        assert_eq!(told(rules.of_certificate(&both)), "institution:h2");
        let two = Names { dns: dns(&["h2.hospitals.example", "h3.hospitals.example"]), ..both };
        assert_eq!(told(rules.of_certificate(&two)), "nobody");
    }

    #[test]
    fn everything_wrong_with_a_file_is_told() {
        let rule = |text: &str| format!("[[rule]]\n{text}\n");
        let file = [
            "match = \"spiffe://a/{x}/{y}\"\ncaller = \"person:{x}\"",
            "match = \"spiffe://a/{x}\"\ncaller = \"{x}\"",
            "match = \"spiffe://a/b\"\ncaller = \"person:{x}\"",
            "match = \"spiffe://a/b\"\ncaller = \"root:x\"",
            "match = \"hospital\"\ncaller = \"person:x\"",
            "match = \"spiffe://a/*{x}\"\ncaller = \"person:{x}\"",
            "match = \"spiffe://a/b\"\ncaller = \"person:x\"\ngateway = true",
            "match = \"spiffe://a/b\"",
            "match = \"sub:gateway\"\ngateway = true",
            "match = \"spiffe://a/b\"\ngateway = true\nonly = [\"service:audit\"]",
            "match = \"spiffe://a/b\"\ncaller = \"person:x\"\nonly = [\"person:y\"]",
        ];
        let text: String = file.iter().map(|text| rule(text)).collect();
        let wrong = Rules::parse(&text).unwrap_err();
        assert_eq!(wrong.len(), file.len(), "{wrong:?}");
        assert!(wrong[8].starts_with("rule 9 (sub:gateway): "), "{wrong:?}");
        assert_eq!(Rules::parse("[[rules]]\nmatch = \"x\"").unwrap_err().len(), 1, "another key");
    }
}
