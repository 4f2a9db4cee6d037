//! Resume tokens: behind which entry of which log a follower goes on.
//!
//! A token is a digest, under a key of the service's own, of the feed's name and of the whole entry, and the entry's place, veiled by that
//! digest. So it tells its holder nothing (numbers would tell how much happens that they do not see), nobody else can make one, and it fits
//! only where that very entry still stands in that very log: not in another feed, not in another service's database, and not in one
//! that was restored to an earlier state, also when it has given out the same numbers again.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE32HEX_NOPAD;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::{Change, Position, log};
use crate::db::DatabaseConnection;
use crate::ids::base32hex;
use crate::secret::Secret;
use crate::vault::{SecretKey, unambiguous};
use crate::{Reason, ServiceError};

/// The first byte of a token.
const VERSION: u8 = 1;
/// Bytes of the digest.
const DIGEST: usize = 20;
/// Bytes of a place.
const PLACE: usize = 16;
/// Longest token that is looked at.
const MAX_TOKEN_LENGTH: usize = 128;
/// Processes of a version that gave tokens without a digest may go on for so long beside the first that does not.
const UPGRADED_WITHIN: TimeDelta = TimeDelta::days(1);

/// The tokens of one feed.
pub(super) struct Tokens {
    feed: &'static str,
    key: SecretKey,
}

impl Tokens {
    pub(super) fn new(feed: &'static str, secret: &Secret) -> Tokens {
        Tokens { feed, key: secret.key("resume tokens") }
    }

    /// To go on behind an entry.
    pub(super) fn behind(&self, entry: &Change) -> String {
        let Position { txid, seq } = entry.position();
        let digest = self.digest(entry);
        let place = self.veiled(&digest, [txid.to_be_bytes(), seq.to_be_bytes()].concat());
        base32hex(&[&[VERSION], &digest[..], &place].concat())
    }

    /// Where a token goes on; the empty one at the beginning.
    ///
    /// # Errors
    /// RESUME_TOKEN_INVALID.
    pub(super) async fn place(&self, db: &DatabaseConnection, token: &str) -> Result<Position, ServiceError> {
        if token.is_empty() {
            return Ok(Position::START);
        }
        let bytes = Some(token).filter(|token| token.len() <= MAX_TOKEN_LENGTH);
        let bytes = bytes.and_then(|token| BASE32HEX_NOPAD.decode(token.as_bytes()).ok()).unwrap_or_default();
        if let Some(place) = self.unveiled(&bytes) {
            let entry = log::at(db, place).await?.filter(|entry| self.behind(entry) == token);
            return entry.map(|_| place).ok_or_else(invalid);
        }
        let place = of_old(&bytes).ok_or_else(invalid)?;
        let entry = log::at(db, place).await?.ok_or_else(invalid)?;
        let since = sealed_since(db).await?;
        let fits = since.is_some_and(|since| entry.recorded_at < since + UPGRADED_WITHIN);
        fits.then_some(place).ok_or_else(invalid)
    }

    fn digest(&self, entry: &Change) -> [u8; DIGEST] {
        let Position { txid, seq } = entry.position();
        let recorded_at = entry.recorded_at.timestamp_micros();
        let parts: [&[u8]; 8] = [
            self.feed.as_bytes(),
            &txid.to_be_bytes(),
            &seq.to_be_bytes(),
            entry.area.as_bytes(),
            entry.kind.as_bytes(),
            entry.subject.as_bytes(),
            &entry.payload,
            &recorded_at.to_be_bytes(),
        ];
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&self.key.hmac(&[b"entry", &unambiguous(&parts)])[..DIGEST]);
        digest
    }

    /// A place under its veil, or without it.
    fn veiled(&self, digest: &[u8], place: Vec<u8>) -> Vec<u8> {
        let veil = self.key.hmac(&[b"place", digest]);
        place.iter().zip(veil).map(|(byte, veil)| byte ^ veil).collect()
    }

    /// `None`: no token of this form.
    fn unveiled(&self, bytes: &[u8]) -> Option<Position> {
        let (digest, place) = bytes.strip_prefix(&[VERSION])?.split_at_checked(DIGEST)?;
        let place: [u8; PLACE] = self.veiled(digest, place.to_vec()).try_into().ok()?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number: i64, byte| number << 8 | i64::from(*byte));
        let (txid, seq) = place.split_at(PLACE / 2);
        Some(Position { txid: number(txid), seq: number(seq) })
    }
}

/// A token of before: the numbers in clear.
fn of_old(bytes: &[u8]) -> Option<Position> {
    let text = std::str::from_utf8(bytes).ok()?.strip_prefix("feed\u{1f}")?;
    let (txid, seq) = text.split_once('\u{1f}')?;
    Some(Position { txid: txid.parse().ok()?, seq: seq.parse().ok()? })
}

/// Since when tokens are of today's form, in a database that gave others before: its log is older than its secret.
async fn sealed_since(db: &DatabaseConnection) -> Result<Option<DateTime<Utc>>, DbErr> {
    let sql = "SELECT secret.applied_at FROM seaql_migrations AS secret, seaql_migrations AS log \
        WHERE secret.version LIKE '%service_secret' AND log.version LIKE '%change_log' \
        AND secret.applied_at > log.applied_at + 60";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let since = row.map(|row| row.try_get::<i64>("", "applied_at")).transpose()?;
    Ok(since.and_then(|since| DateTime::from_timestamp(since, 0)))
}

fn invalid() -> ServiceError {
    ServiceError::invalid_field("resume_token", Reason::ResumeTokenInvalid)
}
