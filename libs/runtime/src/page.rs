//! Page sizes and page tokens, the same for every list.

use crate::ids::base32hex;
use crate::{Reason, ServiceError};

/// Rows of a page when the request says 0.
pub const DEFAULT_PAGE_SIZE: i32 = 50;
/// Rows of a page at most; asking for more gives this many.
pub const MAX_PAGE_SIZE: i32 = 500;
/// Longest token that is looked at.
const MAX_TOKEN_LENGTH: usize = 1024;

/// The page size to use: 0 means 50, more than 500 gives 500, negative is refused with PAGE_SIZE_NEGATIVE.
pub fn page_size(asked: i32) -> Result<u64, ServiceError> {
    match asked {
        0 => Ok(DEFAULT_PAGE_SIZE as u64),
        size if size < 0 => Err(ServiceError::invalid_field("page_size", Reason::PageSizeNegative)),
        size => Ok(size.min(MAX_PAGE_SIZE) as u64),
    }
}

/// Makes a token of the key the next page starts after. `scope` names the list and its filters: a token is only good for
/// the same list. Opaque to clients; it is not secret, so never put personal data in a key.
pub fn encode_token(scope: &str, key: &[&str]) -> String {
    let mut parts = vec![scope];
    parts.extend_from_slice(key);
    base32hex(parts.join("\u{1f}").as_bytes())
}

/// Reads a token back into the `N` parts of its key; `None` for the empty token, which asks for the first page. A token
/// that is damaged or of another list is refused with PAGE_TOKEN_INVALID.
pub fn decode_token<const N: usize>(scope: &str, token: &str) -> Result<Option<[String; N]>, ServiceError> {
    if token.is_empty() {
        return Ok(None);
    }
    read(scope, token)
        .map(Some)
        .ok_or_else(|| ServiceError::invalid_field("page_token", Reason::PageTokenInvalid))
}

fn read<const N: usize>(scope: &str, token: &str) -> Option<[String; N]> {
    if token.len() > MAX_TOKEN_LENGTH {
        return None;
    }
    let text = String::from_utf8(from_base32hex(token)?).ok()?;
    // No key holds them, and no database stores NUL.
    if text.chars().any(|c| c.is_control() && c != '\u{1f}') {
        return None;
    }
    let mut parts = text.split('\u{1f}');
    if parts.next() != Some(scope) {
        return None;
    }
    parts.map(str::to_owned).collect::<Vec<_>>().try_into().ok()
}

fn from_base32hex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for symbol in text.chars() {
        buffer = (buffer << 5) | symbol.to_digit(32)?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(page_size(0).unwrap(), 50);
        assert_eq!(page_size(7).unwrap(), 7);
        assert_eq!(page_size(100_000).unwrap(), 500);
        assert_eq!(page_size(-1).unwrap_err().violations()[0].reason, "PAGE_SIZE_NEGATIVE");
    }

    #[test]
    fn tokens_come_back_and_only_to_their_list() {
        let token = encode_token("persons/430200", &["430200", "P0001 衢"]);
        let key: [String; 2] = decode_token("persons/430200", &token).unwrap().unwrap();
        assert_eq!(key, ["430200".to_owned(), "P0001 衢".to_owned()]);
        assert!(decode_token::<2>("persons/430300", &token).is_err());
        assert!(decode_token::<1>("persons/430200", &token).is_err());
        assert!(decode_token::<2>("persons/430200", "not a token").is_err());
        assert_eq!(decode_token::<2>("persons/430200", "").unwrap(), None);
        let forged = encode_token("persons/430200", &["430200", "P\0"]);
        assert!(decode_token::<2>("persons/430200", &forged).is_err());
    }
}
