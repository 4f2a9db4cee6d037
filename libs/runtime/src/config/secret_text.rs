//! Text with a password in it.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A URL with a password in it: `Debug` shows nothing of it, `Display` all but who logs in and how.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text starts like this.
    pub fn starts_with(&self, start: &str) -> bool {
        self.0.starts_with(start)
    }
}

/// What a setting is told whose login divides the URL where it should not.
const LOGIN: &str =
    "the user and the password must be percent-encoded: / is %2F, ? is %3F, # is %23, @ is %40";

impl SecretText {
    /// What is wrong with it as a URL, told without anything of it: whose password has a `/`, `?`, `#` or `@` that is not written as `%2F`
    /// and so on has it taken for the place, and told as such by whatever cannot find it.
    pub fn problem(&self) -> Option<&'static str> {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let mut parts = rest.split('@');
        let login = parts.next().filter(|_| rest.contains('@')).unwrap_or_default();
        (login.contains(['/', '?', '#']) || parts.count() > 1).then_some(LOGIN)
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        SecretText(text)
    }
}

impl FromStr for SecretText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(SecretText(text.to_owned()))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A file has no password, and no text has none.
        if self.0.is_empty() || self.0.starts_with("sqlite:") {
            return f.write_str(&self.0);
        }
        match self.0.split_once("://") {
            None => f.write_str("***"),
            // A password may be among the options, and an unescaped `@` may be part of one.
            Some((scheme, rest)) if rest.contains('?') || rest.matches('@').count() > 1 => {
                write!(f, "{scheme}://***")
            }
            Some((scheme, rest)) => match rest.split_once('@') {
                Some((_, place)) => write!(f, "{scheme}://***@{place}"),
                None if rest.split('/').next().is_some_and(has_password) => write!(f, "{scheme}://***"),
                None => write!(f, "{scheme}://{rest}"),
            },
        }
    }
}

/// Whether what stands behind a colon is no port: somebody forgot the place behind their password.
fn has_password(authority: &str) -> bool {
    let ports = authority.split(',').filter_map(|host| host.rsplit_once(':'));
    ports.into_iter().any(|(_, port)| !port.bytes().all(|b| b.is_ascii_digit() || b == b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_that_divides_the_url_is_wrong() {
        let wrong = |text: &str| SecretText::from(text.to_owned()).problem().is_some();
        for text in
            ["", "http://h:1", "postgres://u:p%2Fw@db/x?sslmode=disable", "redis-sentinel://:p@a:1,b:2/main"]
        {
            assert!(!wrong(text), "{text}");
        }
        for password in ["a/b", "a?b", "a#b", "a@b"] {
            assert!(wrong(&format!("postgres://u:{password}@db/x")), "{password}");
        }
    }

    #[test]
    fn the_place_is_shown_and_the_login_is_not() {
        let shown = |text: &str| SecretText::from(text.to_owned()).to_string();
        assert_eq!(shown(""), "");
        assert_eq!(shown("sqlite://data/filing.db?mode=rwc"), "sqlite://data/filing.db?mode=rwc");
        assert_eq!(shown("redis://cache:6379/2"), "redis://cache:6379/2");
        assert_eq!(shown("postgres://yizhan:secret@db/filing"), "postgres://***@db/filing");
        assert_eq!(shown("redis-sentinel://:secret@a:1,b:2/main"), "redis-sentinel://***@a:1,b:2/main");
        for text in [
            "postgres://yizhan:sec@secret@db/filing",
            "postgres://yizhan:sec?secret@db/filing",
            "postgres://db/filing?password=sec@secret",
            "postgres://db/filing?password=secret",
            "secret",
            "user:secret@db",
            "postgres://yizhan:secret",
            "redis-cluster://a:1,:secret",
        ] {
            assert!(!shown(text).contains("sec"), "{text}");
        }
        assert_eq!(shown("redis-cluster://a:1,b:2"), "redis-cluster://a:1,b:2");
    }
}
