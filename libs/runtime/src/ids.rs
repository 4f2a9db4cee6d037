//! Opaque ids that sort by the time they were made.

use data_encoding::BASE32HEX_NOPAD;
use uuid::Uuid;

/// Length of a [`new_id`]: inside the national interface's 30 characters for `setl_id` and the like.
pub const ID_LENGTH: usize = 26;

/// A new id: a UUID version 7 (millisecond time first, then randomness) as 26 characters of base32hex. Ids made later
/// sort later, which keeps index pages of growing tables warm.
pub fn new_id() -> String {
    base32hex(Uuid::now_v7().as_bytes())
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
    fn ids_are_short_unique_and_in_order() {
        let ids: Vec<String> = (0..1000).map(|_| new_id()).collect();
        assert!(ids.iter().all(|id| id.len() == ID_LENGTH));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "uuid v7 of one process counts up");
    }
}
