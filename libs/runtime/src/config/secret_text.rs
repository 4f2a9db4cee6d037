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
                None => write!(f, "{scheme}://{rest}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert!(!shown(text).contains("sec"), "{text}");
        }
    }
}
