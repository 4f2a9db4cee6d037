//! The keys of a vault, as settings give them.

use std::fmt;
use std::str::FromStr;

use super::{SecretKey, SecretKeyError};

/// Longest id of a key.
const MAX_ID: usize = 16;

/// Keys with ids, written `k2:<64 hex>,k1:<64 hex>`: the first seals, all open. Never printed; wiped when dropped.
#[derive(Clone, Debug)]
pub struct DataKeys(Vec<(String, SecretKey)>);

/// What is wrong with the text of keys; repeats ids at most.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataKeysError {
    /// A part without `id:`.
    #[error("must be <id>:<64 hexadecimal characters>, several divided by commas")]
    Shape,
    /// An id that is none.
    #[error("the id of a key must be 1 to 16 letters and digits")]
    Id,
    /// An id twice.
    #[error("two keys of the id {0}")]
    Twice(String),
    /// A key that is none.
    #[error("key {0} {1}")]
    Key(String, SecretKeyError),
}

impl DataKeys {
    /// One key only.
    pub fn single(id: &str, key: SecretKey) -> Self {
        DataKeys(vec![(id.to_owned(), key)])
    }

    /// The keys with their ids, the one that seals first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &SecretKey)> {
        self.0.iter().map(|(id, key)| (id.as_str(), key))
    }
}

/// The ids; the keys are hidden.
impl fmt::Display for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<String> = self.0.iter().map(|(id, key)| format!("{id}:{key}")).collect();
        f.write_str(&shown.join(","))
    }
}

impl FromStr for DataKeys {
    type Err = DataKeysError;

    fn from_str(text: &str) -> Result<Self, DataKeysError> {
        let mut keys: Vec<(String, SecretKey)> = Vec::new();
        for part in text.split(',') {
            let (id, key) = part.trim().split_once(':').ok_or(DataKeysError::Shape)?;
            if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(DataKeysError::Id);
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(DataKeysError::Twice(id.to_owned()));
            }
            let key = key.parse().map_err(|error| DataKeysError::Key(id.to_owned(), error))?;
            keys.push((id.to_owned(), key));
        }
        Ok(DataKeys(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_order_and_never_printed() {
        let secret = "5e".repeat(32);
        let keys: DataKeys = format!("k2:{secret}, k1:{}", "c7".repeat(32)).parse().unwrap();
        assert_eq!(keys.iter().map(|(id, _)| id).collect::<Vec<_>>(), ["k2", "k1"]);
        assert!(!format!("{keys:?}").contains("5e5e"));
        assert_eq!(keys.to_string(), "k2:***,k1:***");
    }

    #[test]
    fn what_is_wrong_is_told_without_the_secret() {
        let secret = "5e".repeat(32);
        let wrong = |text: String| text.parse::<DataKeys>().unwrap_err();
        assert_eq!(wrong(String::new()), DataKeysError::Shape);
        assert_eq!(wrong(secret.clone()), DataKeysError::Shape);
        assert_eq!(wrong(format!(":{secret}")), DataKeysError::Id);
        assert_eq!(wrong(format!("k.1:{secret}")), DataKeysError::Id);
        assert_eq!(wrong(format!("k1:{secret},k1:{secret}")), DataKeysError::Twice("k1".into()));
        let error = wrong(format!("k1:{secret},k0:{}", &secret[2..]));
        assert_eq!(error.to_string(), "key k0 must be 64 hexadecimal characters");
    }
}
