//! Opaque ids that sort by the time they were made.

use uuid::Uuid;

/// RFC 4648 "base32hex": in ASCII order, so that the text sorts as the bytes do.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";

/// Length of a [`new_id`]: inside the national interface's 30 characters for `setl_id` and the like.
pub const ID_LENGTH: usize = 26;

/// A new id: a UUID version 7 (millisecond time first, then randomness) as 26 characters of base32hex. Ids made later
/// sort later, which keeps index pages of growing tables warm.
pub fn new_id() -> String {
    base32hex(Uuid::now_v7().as_bytes())
}

/// Bytes as base32hex without padding; what [`new_id`] writes, also good for shortened digests.
pub fn base32hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(symbol(buffer >> bits));
        }
    }
    if bits > 0 {
        text.push(symbol(buffer << (5 - bits)));
    }
    text
}

fn symbol(bits: u32) -> char {
    char::from(ALPHABET[(bits & 31) as usize])
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
