//! Everything that is wrong with a request, at once.

use std::collections::BTreeMap;
use std::fmt;

use super::{Reason, Said, ServiceError};

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path of the field in the request: `rows[3].certno`.
    pub field: String,
    /// Why.
    pub reason: Reason,
    /// What is wrong, in zh-CN. Never personal data.
    pub description: String,
    /// Variable parts; they appear in ErrorInfo's metadata as `<field>.<key>`.
    pub metadata: BTreeMap<String, String>,
}

impl FieldViolation {
    /// A violation without variable parts.
    pub fn new(field: impl Into<String>, said: impl Into<Said>) -> Self {
        let Said { reason, text } = said.into();
        FieldViolation {
            field: field.into(),
            reason,
            description: text.into_owned(),
            metadata: BTreeMap::new(),
        }
    }

    /// Adds a variable part.
    pub fn with(&mut self, key: &str, value: impl fmt::Display) -> &mut Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }
}

/// Collects violations while a request is read, so that the caller learns all of them from one answer.
#[derive(Debug, Default)]
pub struct Violations(Vec<FieldViolation>);

impl Violations {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one. Variable parts can be added to what is returned.
    pub fn push(&mut self, field: impl Into<String>, said: impl Into<Said>) -> &mut FieldViolation {
        self.0.push(FieldViolation::new(field, said));
        self.0.last_mut().expect("just pushed")
    }

    /// Notes one unless `holds`; returns `holds`.
    pub fn require(&mut self, holds: bool, field: impl Into<String>, said: impl Into<Said>) -> bool {
        if !holds {
            self.push(field, said);
        }
        holds
    }

    /// What is there, or notes that it is wrong.
    pub fn some<T>(
        &mut self,
        value: Option<T>,
        field: impl Into<String>,
        said: impl Into<Said>,
    ) -> Option<T> {
        self.require(value.is_some(), field, said);
        value
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The same with other names of fields, where there are others.
    #[must_use]
    pub fn renamed(mut self, name: impl Fn(&str) -> Option<String>) -> Violations {
        for violation in &mut self.0 {
            if let Some(name) = name(&violation.field) {
                violation.field = name;
            }
        }
        self
    }

    /// Takes over another collection.
    pub fn extend(&mut self, other: Violations) {
        self.0.extend(other.0);
    }

    /// What was checked, or the error with everything that is wrong with it. A check that gives nothing notes why: one that does not is
    /// our mistake.
    pub fn finish<T>(self, checked: Option<T>) -> Result<T, ServiceError> {
        self.none()?;
        checked
            .ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a check gave nothing and said nothing")))
    }

    /// The refusal, if there are any, of who may not change all that a request would: with each thing that is not theirs, and the area of
    /// the first where the request itself says it. Of what is held nothing is told but that it is another's.
    ///
    /// # Errors
    /// AREA_NOT_OWNED.
    pub fn not_owned(self, area: &str) -> Result<(), ServiceError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::area_not_owned(area).with_violations(self.0))
        }
    }

    /// The error with all of them, if there are any.
    pub fn none(self) -> Result<(), ServiceError> {
        if self.0.is_empty() { Ok(()) } else { Err(ServiceError::invalid_fields(self.0)) }
    }
}

/// The first few, for the English message.
pub(super) fn summary(violations: &[FieldViolation]) -> String {
    const SHOWN: usize = 3;
    let mut parts: Vec<String> =
        violations.iter().take(SHOWN).map(|v| format!("{} {}", v.field, v.reason)).collect();
    if violations.len() > SHOWN {
        parts.push(format!("and {} more", violations.len() - SHOWN));
    }
    format!("invalid request: {}", parts.join(", "))
}
