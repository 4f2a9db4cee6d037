//! Spans of what the database is asked. They say which statement and which table; never a value, which a statement does not hold
//! (they are bound), and never the text, which might.

use tracing::{Span, debug_span};

use crate::trace;

/// How a statement may begin, as it is told.
const VERBS: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "LOCK"];
/// What comes before the name of a table.
const BEFORE_TABLE: [&str; 3] = ["FROM", "INTO", "UPDATE"];
/// Words looked at for a table.
const WORDS: usize = 400;

/// A step of the trace that is under way here; nothing where there is none.
pub(super) fn step(name: &'static str) -> Span {
    match trace::is_recorded() {
        true => debug_span!("db", otel.name = name, otel.kind = "client"),
        false => Span::none(),
    }
}

/// A step of a transaction.
pub(super) fn named(transaction: &Span, name: &'static str) -> Span {
    match transaction.is_none() {
        true => Span::none(),
        false => debug_span!(parent: transaction, "db", otel.name = name, otel.kind = "client"),
    }
}

/// A statement, of a transaction or by itself.
pub(super) fn statement(transaction: Option<&Span>, sql: &str) -> Span {
    match transaction {
        Some(transaction) if transaction.is_none() => Span::none(),
        Some(transaction) => {
            debug_span!(parent: transaction, "db", otel.name = told(sql), otel.kind = "client")
        }
        None if trace::is_recorded() => debug_span!("db", otel.name = told(sql), otel.kind = "client"),
        None => Span::none(),
    }
}

/// `SELECT settlement`.
fn told(sql: &str) -> String {
    let mut words = sql.split_ascii_whitespace().take(WORDS).peekable();
    let verb = words.peek().and_then(|first| VERBS.iter().find(|verb| verb.eq_ignore_ascii_case(first)));
    let verb = verb.copied().unwrap_or("SQL");
    let is_before = |word: &str| BEFORE_TABLE.iter().any(|before| before.eq_ignore_ascii_case(word));
    while let Some(word) = words.next() {
        if let Some(table) = words.peek().filter(|_| is_before(word)).and_then(|next| table(next)) {
            return format!("{verb} {table}");
        }
    }
    verb.to_owned()
}

/// A name as tables have them.
fn table(word: &str) -> Option<&str> {
    let name = word.trim_matches(['"', ',', ';', ')']);
    let name = name.split(['"', '(']).next().unwrap_or_default();
    let is_name = name.len() < 64 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_name && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_statement_is_told_without_anything_of_it() {
        assert_eq!(told("SELECT \"a\" FROM \"settlement\" WHERE psn_no = 'P1'"), "SELECT settlement");
        assert_eq!(told("INSERT INTO change_log (kind) VALUES ('张三')"), "INSERT change_log");
        assert_eq!(told("update person set name = '张三'"), "UPDATE person");
        assert_eq!(told("SELECT 1 FROM '张三'"), "SELECT");
        assert_eq!(told("110101199001011234 from 张三"), "SQL");
        assert_eq!(told("WITH x AS (SELECT 1 FROM (SELECT 2) y) DELETE FROM claims c"), "WITH claims");
    }
}
