//! How far a follower is.

use data_encoding::BASE32HEX_NOPAD;

use crate::ids::base32hex;
use crate::{Reason, ServiceError};

/// What the text of a token begins with, and what divides it.
const SCOPE: &str = "feed";
const DIVIDER: char = '\u{1f}';
/// Longest token that is looked at.
const MAX_TOKEN_LENGTH: usize = 1024;

/// A place in a change log: behind one entry and before the next. Ordered as the log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Transaction id on PostgreSQL, 0 on SQLite.
    pub txid: i64,
    /// The entry's number.
    pub seq: i64,
}

impl Position {
    /// Before the first entry.
    pub const START: Position = Position { txid: 0, seq: 0 };

    /// As an opaque resume token.
    pub fn to_token(self) -> String {
        base32hex(format!("{SCOPE}{DIVIDER}{}{DIVIDER}{}", self.txid, self.seq).as_bytes())
    }

    /// From a resume token; the empty token is [`Position::START`]. A damaged one is refused with RESUME_TOKEN_INVALID.
    pub fn from_token(token: &str) -> Result<Position, ServiceError> {
        if token.is_empty() {
            return Ok(Position::START);
        }
        let invalid = || ServiceError::invalid_field("resume_token", Reason::ResumeTokenInvalid);
        read(token).ok_or_else(invalid)
    }
}

fn read(token: &str) -> Option<Position> {
    let token = Some(token).filter(|token| token.len() <= MAX_TOKEN_LENGTH)?;
    let text = String::from_utf8(BASE32HEX_NOPAD.decode(token.as_bytes()).ok()?).ok()?;
    let (scope, place) = text.split_once(DIVIDER)?;
    let (txid, seq) = place.split_once(DIVIDER).filter(|_| scope == SCOPE)?;
    Some(Position { txid: txid.parse().ok()?, seq: seq.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back() {
        let position = Position { txid: 12, seq: 345 };
        assert_eq!(Position::from_token(&position.to_token()).unwrap(), position);
        assert_eq!(Position::from_token("").unwrap(), Position::START);
        assert_eq!(Position::from_token("xyz").unwrap_err().violations()[0].reason, "RESUME_TOKEN_INVALID");
    }
}
