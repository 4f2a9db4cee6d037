//! A secret of 32 bytes.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret of 32 bytes, written as 64 hexadecimal characters in settings. Never printed; wiped from memory when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

/// What is wrong with the text of a key; does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 64 hexadecimal characters")]
pub struct SecretKeyError;

impl SecretKey {
    /// These bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        SecretKey(bytes)
    }

    /// The secret itself.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 of the parts, one after the other as they are: a caller whose parts vary in length must say where each
    /// ends (see [`unambiguous`](super::unambiguous)).
    pub fn hmac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

impl FromStr for SecretKey {
    type Err = SecretKeyError;

    fn from_str(text: &str) -> Result<Self, SecretKeyError> {
        let mut bytes = [0; 32];
        if text.len() != 2 * bytes.len() {
            return Err(SecretKeyError);
        }
        HEXLOWER_PERMISSIVE.decode_mut(text.as_bytes(), &mut bytes).map_err(|_| SecretKeyError)?;
        Ok(SecretKey(bytes))
    }
}

impl fmt::Display for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_strictly_and_never_printed() {
        let key: SecretKey = "0b".repeat(32).parse().unwrap();
        assert_eq!(format!("{key:?}"), "***");
        for wrong in ["", "0b", "zz", &"0b".repeat(31), &"0b".repeat(33), &"zz".repeat(32)] {
            assert_eq!(wrong.parse::<SecretKey>().unwrap_err(), SecretKeyError);
        }
    }

    /// RFC 4231, test case 1, whose key of 20 bytes is the same as one padded with zeros.
    #[test]
    fn the_published_vector_of_hmac_sha_256() {
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(HEXLOWER_PERMISSIVE.encode(&SecretKey::new(key).hmac(&[b"Hi", b" There"])), expected);
    }
}
