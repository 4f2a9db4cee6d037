//! Pages of lists, the same for every list: behind a key, in the order of the key.
//!
//! The token of the next page is the key of the last row, sealed under a key of the service's own: it says nothing to who holds it, nobody
//! else can make one, and it opens only for the same caller, list and filters. So that no token can tell that there is a row which its
//! holder may not see, pages are made of rows that the caller sees: the statement reads no others, or [`Asked::visible`] reads on.

use std::fmt::Display;
use std::future::Future;

use sha2::{Digest, Sha256};
use yizhan_proto::ListRequest;

use crate::ids::base32hex;
use crate::secret::Secret;
use crate::vault::{DataKeys, Vault};
use crate::{Caller, Reason, ServiceError};

/// Rows of a page when the request says 0.
pub const DEFAULT_PAGE_SIZE: i32 = 50;
/// Rows of a page at most; asking for more gives this many.
pub const MAX_PAGE_SIZE: i32 = 500;
/// Longest token that is looked at.
const MAX_TOKEN_LENGTH: usize = 1024;
/// Between the parts of a key: no key holds it.
const DIVIDER: &str = "\u{1f}";

/// Seals the page tokens of a service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pages(Vault);

impl Pages {
    /// Of the service with this secret.
    pub fn new(secret: &Secret) -> Pages {
        Pages(Vault::new(&DataKeys::single("p", secret.key("page tokens"))))
    }

    /// What page of which list, with which filters, a caller asks for.
    pub fn asked<R: ListRequest>(&self, caller: &Caller, request: &R) -> Asked {
        let (size, token) = request.page();
        let question = base32hex(&Sha256::digest(request.without_page().encode_to_vec()));
        let context = vec![R::LIST.to_owned(), caller.to_string(), question];
        Asked { pages: self.clone(), context, size, token: token.to_owned() }
    }
}

/// A page that is asked for.
#[derive(Debug)]
pub struct Asked {
    pages: Pages,
    /// List, caller and question: what a token is for.
    context: Vec<String>,
    size: i32,
    token: String,
}

impl Asked {
    /// What else makes the list what it is and the request does not say, such as the day it is asked on: a token is good for no other.
    #[must_use]
    pub fn of(mut self, part: impl Display) -> Self {
        self.context.push(part.to_string());
        self
    }

    /// The page, and the token of the next; empty on the last. `read` gives so many rows behind a key, if there are, all of which the
    /// caller may see; `key` is that of a row.
    ///
    /// # Errors
    /// PAGE_SIZE_NEGATIVE, PAGE_TOKEN_INVALID, and those of reading.
    pub async fn page<R, E, F, const N: usize>(
        &self,
        read: impl FnOnce(Option<[String; N]>, u64) -> F,
        key: impl FnOnce(&R) -> [String; N],
    ) -> Result<(Vec<R>, String), ServiceError>
    where
        F: Future<Output = Result<Vec<R>, E>>,
        ServiceError: From<E>,
    {
        let limit = self.limit()?;
        let mut rows = read(self.behind()?, limit as u64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|last| self.token(&key(last))).unwrap_or_default();
        Ok((rows, next))
    }

    /// The same where only a look at a row tells whether the caller sees it, and as what: reads on, ever more at once, until the page is
    /// full of such.
    ///
    /// # Errors
    /// PAGE_SIZE_NEGATIVE, PAGE_TOKEN_INVALID, and those of reading and looking.
    pub async fn visible<R, S, E, F, const N: usize>(
        &self,
        read: impl Fn(Option<[String; N]>, u64) -> F,
        key: impl Fn(&R) -> [String; N],
        see: impl Fn(R) -> Result<Option<S>, ServiceError>,
    ) -> Result<(Vec<S>, String), ServiceError>
    where
        F: Future<Output = Result<Vec<R>, E>>,
        ServiceError: From<E>,
    {
        let limit = self.limit()?;
        let mut behind = self.behind()?;
        let mut at_once = limit as u64 + 1;
        let mut seen: Vec<([String; N], S)> = Vec::new();
        loop {
            let rows = read(behind.take(), at_once).await?;
            behind = rows.last().map(&key).filter(|_| rows.len() as u64 == at_once);
            for row in rows {
                let key = key(&row);
                seen.extend(see(row)?.map(|row| (key, row)));
            }
            if behind.is_none() || seen.len() > limit {
                break;
            }
            at_once = (at_once * 2).min(MAX_PAGE_SIZE as u64 + 1);
        }
        let more = seen.len() > limit;
        seen.truncate(limit);
        let last = seen.last().filter(|_| more);
        let next = last.map(|(key, _)| self.token(key)).unwrap_or_default();
        Ok((seen.into_iter().map(|(_, row)| row).collect(), next))
    }

    /// The page size to use: 0 means 50, more than 500 gives 500, negative is refused.
    fn limit(&self) -> Result<usize, ServiceError> {
        match self.size {
            0 => Ok(DEFAULT_PAGE_SIZE as usize),
            size if size < 0 => Err(ServiceError::invalid_field("page_size", Reason::PageSizeNegative)),
            size => Ok(size.min(MAX_PAGE_SIZE) as usize),
        }
    }

    fn token(&self, key: &[String]) -> String {
        self.pages.0.seal(&self.context(), &key.join(DIVIDER))
    }

    /// The key to go on behind; `None` for the empty token, which asks for the first page. A token that is changed, or of another caller,
    /// list or question, is refused.
    fn behind<const N: usize>(&self) -> Result<Option<[String; N]>, ServiceError> {
        if self.token.is_empty() {
            return Ok(None);
        }
        let opened = Some(&self.token).filter(|token| token.len() <= MAX_TOKEN_LENGTH);
        let opened = opened.and_then(|token| self.pages.0.open(&self.context(), token).ok());
        let key = opened.and_then(|text| {
            text.expose().split(DIVIDER).map(str::to_owned).collect::<Vec<_>>().try_into().ok()
        });
        key.map(Some).ok_or_else(|| ServiceError::invalid_field("page_token", Reason::PageTokenInvalid))
    }

    fn context(&self) -> Vec<&str> {
        self.context.iter().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use yizhan_proto::enrollment::v1::{ListContributionsRequest, ListGrantsRequest};

    use super::*;
    use crate::vault::SecretKey;

    fn pages() -> Pages {
        Pages(Vault::new(&DataKeys::single("p", SecretKey::new([7; 32]))))
    }

    fn asked(caller: &str, request: &impl ListRequest) -> Asked {
        pages().asked(&Caller::parse(caller).unwrap(), request)
    }

    fn grants(psn_no: &str, page_size: i32, page_token: &str) -> ListGrantsRequest {
        ListGrantsRequest { psn_no: psn_no.into(), page_size, page_token: page_token.into() }
    }

    #[test]
    fn sizes() {
        let limit = |size| asked("person:P1", &grants("P1", size, "")).limit();
        assert_eq!([0, 7, 100_000].map(|size| limit(size).unwrap()), [50, 7, 500]);
        assert_eq!(limit(-1).unwrap_err().violations()[0].reason, "PAGE_SIZE_NEGATIVE");
    }

    async fn numbers(after: Option<[String; 1]>, limit: u64) -> Result<Vec<u64>, ServiceError> {
        let after = after.map_or(0, |[number]| number.parse().unwrap());
        Ok((after + 1..=500).take(limit as usize).collect())
    }

    #[tokio::test]
    async fn a_page_has_a_token_while_there_are_more_rows_that_are_seen() {
        let key = |number: &u64| [number.to_string()];
        let hundreds = |number: u64| Ok(number.is_multiple_of(100).then_some(number));
        let (mut token, mut all, mut some) = (String::new(), Vec::new(), Vec::new());
        loop {
            let page = asked("person:P1", &grants("P1", 250, &token)).page(numbers, key).await.unwrap();
            all.push(page.0.len());
            token = page.1;
            if token.is_empty() {
                break;
            }
        }
        loop {
            let page =
                asked("person:P1", &grants("P1", 2, &token)).visible(numbers, key, hundreds).await.unwrap();
            some.push(page.0);
            token = page.1;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!((all, some), (vec![250, 250], vec![vec![100, 200], vec![300, 400], vec![500]]));
        let nothing =
            asked("person:P1", &grants("P1", 1, "")).visible(numbers, key, |_| Ok(None::<u64>)).await;
        assert_eq!(nothing.unwrap(), (vec![], String::new()), "who sees nothing gets no token");
    }

    #[test]
    fn a_token_is_for_one_caller_one_list_and_one_question() {
        let key = ["2026-01-01", "P0001 衢"].map(str::to_owned);
        let token = asked("agency:430200", &grants("P1", 1, "")).token(&key);
        assert!(
            !token.contains("P0001") && token != asked("agency:430200", &grants("P1", 1, "")).token(&key)
        );
        let behind = |asked: Asked| asked.behind::<2>().map_err(|error| error.violations()[0].reason);
        assert_eq!(behind(asked("agency:430200", &grants("P1", 500, &token))), Ok(Some(key)));
        assert_eq!(behind(asked("agency:430200", &grants("P1", 1, ""))), Ok(None));
        let contributions =
            ListContributionsRequest { psn_no: "P1".into(), page_token: token.clone(), ..Default::default() };
        let cut = &token[..token.len() - 1];
        for foreign in [
            asked("agency:430000", &grants("P1", 1, &token)),
            asked("agency:430200", &grants("P2", 1, &token)),
            asked("agency:430200", &contributions),
            asked("agency:430200", &grants("P1", 1, &token)).of("2026-01-02"),
            asked("agency:430200", &grants("P1", 1, cut)),
            asked("agency:430200", &grants("P1", 1, "not a token")),
        ] {
            assert_eq!(behind(foreign), Err(Reason::PageTokenInvalid));
        }
        assert!(asked("agency:430200", &grants("P1", 1, &token)).behind::<1>().is_err());
    }
}
