//! Pages of lists, the same for every list: behind a key, in the order of the key.

use std::future::Future;

use data_encoding::BASE32HEX_NOPAD;

use crate::ids::base32hex;
use crate::{Reason, ServiceError};

/// Rows of a page when the request says 0.
pub const DEFAULT_PAGE_SIZE: i32 = 50;
/// Rows of a page at most; asking for more gives this many.
pub const MAX_PAGE_SIZE: i32 = 500;
/// Longest token that is looked at.
const MAX_TOKEN_LENGTH: usize = 1024;

/// One page of a list as a request asks for it, and the token of the next; empty on the last.
///
/// `scope` names the list and its filters: a token is only good for the same list. `read` gives so many rows behind a key, if there
/// are; `key` is that of a row. Clients may read keys in their tokens: never put personal data in one.
///
/// # Errors
/// PAGE_SIZE_NEGATIVE, PAGE_TOKEN_INVALID, and those of reading.
pub async fn paginated<R, E, F, const N: usize>(
    scope: &str,
    (asked, page_token): (i32, &str),
    read: impl FnOnce(Option<[String; N]>, u64) -> F,
    key: impl FnOnce(&R) -> [String; N],
) -> Result<(Vec<R>, String), ServiceError>
where
    F: Future<Output = Result<Vec<R>, E>>,
    ServiceError: From<E>,
{
    let limit = page_size(asked)?;
    let mut rows = read(decode_token(scope, page_token)?, limit as u64 + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next = last.map(|last| encode_token(scope, &key(last))).unwrap_or_default();
    Ok((rows, next))
}

/// The page size to use: 0 means 50, more than 500 gives 500, negative is refused.
fn page_size(asked: i32) -> Result<usize, ServiceError> {
    match asked {
        0 => Ok(DEFAULT_PAGE_SIZE as usize),
        size if size < 0 => Err(ServiceError::invalid_field("page_size", Reason::PageSizeNegative)),
        size => Ok(size.min(MAX_PAGE_SIZE) as usize),
    }
}

/// Makes a token of the key to go on behind, in a list of this name.
pub fn encode_token(scope: &str, key: &[String]) -> String {
    base32hex(format!("{scope}\u{1f}{}", key.join("\u{1f}")).as_bytes())
}

/// Reads a token back into the `N` parts of its key; `None` for the empty token, which asks for the first page. A token
/// that is damaged or of another list is refused.
pub(crate) fn decode_token<const N: usize>(
    scope: &str,
    token: &str,
) -> Result<Option<[String; N]>, ServiceError> {
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
    let text = String::from_utf8(BASE32HEX_NOPAD.decode(token.as_bytes()).ok()?).ok()?;
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

    #[tokio::test]
    async fn a_page_has_a_token_while_there_are_more() {
        let numbers = |after: Option<[String; 1]>, limit: u64| {
            let after = after.map_or(0, |[number]| number.parse().unwrap());
            std::future::ready(Ok::<_, ServiceError>((after + 1..=5).take(limit as usize).collect()))
        };
        let (mut token, mut pages) = (String::new(), Vec::new());
        loop {
            let key = |number: &u64| [number.to_string()];
            let (page, next) = paginated("numbers", (2, &token), numbers, key).await.unwrap();
            pages.push(page);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(pages, [vec![1, 2], vec![3, 4], vec![5]]);
        let exactly = paginated("numbers", (5, ""), numbers, |_| [String::new()]).await.unwrap();
        assert_eq!(exactly, (vec![1, 2, 3, 4, 5], String::new()));
    }

    #[test]
    fn tokens_come_back_and_only_to_their_list() {
        let token = encode_token("persons/430200", &["430200", "P0001 衢"].map(str::to_owned));
        let key: [String; 2] = decode_token("persons/430200", &token).unwrap().unwrap();
        assert_eq!(key, ["430200".to_owned(), "P0001 衢".to_owned()]);
        assert!(decode_token::<2>("persons/430300", &token).is_err());
        assert!(decode_token::<1>("persons/430200", &token).is_err());
        assert!(decode_token::<2>("persons/430200", "not a token").is_err());
        assert_eq!(decode_token::<2>("persons/430200", "").unwrap(), None);
        let forged = encode_token("persons/430200", &["430200", "P\0"].map(str::to_owned));
        assert!(decode_token::<2>("persons/430200", &forged).is_err());
    }
}
