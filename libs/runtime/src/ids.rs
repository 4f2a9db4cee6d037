//! Opaque ids that sort by the time they were made.

use chrono::{DateTime, Utc};
use data_encoding::BASE32HEX_NOPAD;
use uuid::Uuid;

/// Length of a [`new_id`]: inside the national interface's 30 characters for `setl_id` and the like.
pub const ID_LENGTH: usize = 26;

/// A new id: a UUID version 7 (millisecond time first, then randomness) as 26 characters of base32hex. Ids made later
/// sort later, which keeps index pages of growing tables warm.
pub fn new_id() -> String {
    base32hex(Uuid::now_v7().as_bytes())
}

/// A new id that sorts behind this one, also where this process's clock is behind that of who made it: where one thing follows on
/// another, order is the order of commit, not of clocks.
pub fn new_id_after(last: &str) -> String {
    let id = new_id();
    if id.as_str() > last {
        return id;
    }
    let bytes: Option<[u8; 16]> =
        BASE32HEX_NOPAD.decode(last.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    let next = bytes.and_then(|bytes| u128::from_be_bytes(bytes).checked_add(1));
    next.map_or_else(|| format!("{last}0"), |next| base32hex(&next.to_be_bytes()))
}

/// No id that is made at this moment or later sorts before this one, and none that was made before it behind.
pub fn first_id_at(at: DateTime<Utc>) -> String {
    let millis = u128::from(at.timestamp_millis().max(0).unsigned_abs());
    base32hex(&(millis << 80).to_be_bytes())
}

/// The time that ids are made of: no later id of this process is of an earlier one, also when its clock is set back.
pub fn now() -> DateTime<Utc> {
    let (high, _) = Uuid::now_v7().as_u64_pair();
    i64::try_from(high >> 16).ok().and_then(DateTime::from_timestamp_millis).unwrap_or(DateTime::UNIX_EPOCH)
}

/// Bytes as base32hex (RFC 4648: in ASCII order, so that the text sorts as the bytes do) without padding; what [`new_id`] writes, also good for shortened digests.
pub fn base32hex(bytes: &[u8]) -> String {
    BASE32HEX_NOPAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors() {
        assert_eq!(base32hex(b""), "");
        assert_eq!(base32hex(b"f"), "CO");
        assert_eq!(base32hex(b"foobar"), "CPNMUOJ1E8");
    }

    #[test]
    fn ids_sort_by_the_moment_they_are_made() {
        let (before, id, after) =
            (first_id_at(now()), new_id(), first_id_at(now() + chrono::TimeDelta::milliseconds(1)));
        assert!(before < id && id < after, "{before} {id} {after}");
        assert_eq!(first_id_at(DateTime::UNIX_EPOCH), "0".repeat(ID_LENGTH));
        assert_eq!(before.len(), ID_LENGTH);
    }

    #[test]
    fn the_next_id_sorts_behind_whatever_clocks_say() {
        let mut last = new_id();
        last.replace_range(..2, "70");
        for _ in 0..100 {
            let next = new_id_after(&last);
            assert!(next > last && next.len() == ID_LENGTH, "{last} {next}");
            last = next;
        }
        assert!(
            new_id_after("").len() == ID_LENGTH && new_id_after("00000000000000000007").len() == ID_LENGTH
        );
        assert_eq!(new_id_after("~"), "~0", "of another make");
        assert_eq!(new_id_after(&base32hex(&[0xff; 16])), format!("{}0", base32hex(&[0xff; 16])));
    }

    #[test]
    fn ids_are_short_unique_and_in_order() {
        let ids: Vec<String> = (0..1000).map(|_| new_id()).collect();
        assert!(ids.iter().all(|id| id.len() == ID_LENGTH));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "uuid v7 of one process counts up");
    }
}
