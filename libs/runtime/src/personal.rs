//! Personal data that cannot be printed.

use std::fmt;

/// Wraps a name, a certificate number or a phone: `Debug` and `Display` print `***`, so it cannot reach a log, a trace or
/// an error message by accident. Reading it takes the word [`expose`](Personal::expose), which a reviewer can search for.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Personal(value)
    }

    /// The value itself.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, taken out.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Personal<T> {
    fn from(value: T) -> Self {
        Personal(value)
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T> fmt::Display for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_printed() {
        let name = Personal::new("张三");
        assert_eq!(format!("{name} {name:?}"), "*** ***");
        assert_eq!(*name.expose(), "张三");
    }
}
