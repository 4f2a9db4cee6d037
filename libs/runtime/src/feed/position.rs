//! How far a follower is.

use crate::page;
use crate::{Reason, ServiceError};

/// The list the tokens belong to.
const SCOPE: &str = "feed";

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
        page::encode_token(SCOPE, &[self.txid.to_string(), self.seq.to_string()])
    }

    /// From a resume token; the empty token is [`Position::START`]. A damaged one is refused with RESUME_TOKEN_INVALID.
    pub fn from_token(token: &str) -> Result<Position, ServiceError> {
        let invalid = || ServiceError::invalid_field("resume_token", Reason::ResumeTokenInvalid);
        match page::decode_token::<2>(SCOPE, token) {
            Ok(None) => Ok(Position::START),
            Ok(Some([txid, seq])) => match (txid.parse(), seq.parse()) {
                (Ok(txid), Ok(seq)) => Ok(Position { txid, seq }),
                _ => Err(invalid()),
            },
            Err(_) => Err(invalid()),
        }
    }
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
