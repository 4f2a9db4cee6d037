//! Short personal texts at rest: sealed (AEAD) under keys that can be exchanged, found by a keyed hash.
//!
//! A sealed text is `<key id>.<base64url(nonce ‖ ciphertext)>`, XChaCha20-Poly1305 with a random nonce of 24 bytes: random
//! nonces of that length do not repeat however many rows and processes there are, so nothing has to be counted. The
//! associated data say which table, column and person the text belongs to: a sealed text that somebody copies into
//! another row does not open there.

mod data_keys;
mod secret_key;

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;

pub use data_keys::{DataKeys, DataKeysError};
pub use secret_key::{SecretKey, SecretKeyError};

use crate::personal::Personal;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// Why a sealed text does not open. Says nothing about the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It does not look like a sealed text at all.
    #[error("not a sealed text")]
    Malformed,
    /// It was sealed under a key that is not configured.
    #[error("sealed under data key {0}, which is not configured")]
    KeyMissing(String),
    /// The key of that id is another one, or the text was changed, or it belongs to another row.
    #[error("sealed under another key of the id {0}, or changed, or of another row")]
    Rejected(String),
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Vec<(String, XChaCha20Poly1305)>>);

impl Vault {
    /// With these keys: the first seals, all open.
    pub fn new(keys: &DataKeys) -> Self {
        let cipher = |key: &SecretKey| XChaCha20Poly1305::new(&Key::from(*key.bytes()));
        Vault(Arc::new(keys.iter().map(|(id, key)| (id.to_owned(), cipher(key))).collect()))
    }

    /// Id of the key that seals.
    pub fn current_key_id(&self) -> &str {
        &self.0[0].0
    }

    /// Whether texts sealed under the key of this id can be opened.
    pub fn knows(&self, key_id: &str) -> bool {
        self.cipher(key_id).is_some()
    }

    /// Seals a text for the place that `context` names, e.g. `["person", "certno", psn_no]`. The same text sealed twice
    /// looks different.
    pub fn seal(&self, context: &[&str], text: &str) -> String {
        let (key_id, cipher) = &self.0[0];
        let nonce = XNonce::generate();
        let payload = Payload { msg: text.as_bytes(), aad: &unambiguous(context) };
        // The cipher refuses only texts beyond 256 GiB.
        let sealed = cipher.encrypt(&nonce, payload).expect("a short text can be sealed");
        format!("{key_id}.{}", BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what was sealed for the same place.
    pub fn open(&self, context: &[&str], sealed: &str) -> Result<Personal<String>, OpenError> {
        let (key_id, text) = sealed.split_once('.').ok_or(OpenError::Malformed)?;
        let cipher = self.cipher(key_id).ok_or_else(|| OpenError::KeyMissing(key_id.to_owned()))?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| OpenError::Malformed)?;
        let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Malformed)?;
        let payload = Payload { msg: ciphertext, aad: &unambiguous(context) };
        let rejected = || OpenError::Rejected(key_id.to_owned());
        let opened = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| rejected())?;
        String::from_utf8(opened).map(Personal::new).map_err(|_| rejected())
    }

    fn cipher(&self, key_id: &str) -> Option<&XChaCha20Poly1305> {
        self.0.iter().find(|(id, _)| id == key_id).map(|(_, cipher)| cipher)
    }
}

/// Prints the ids of the keys only.
impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

/// Texts one after the other, each behind its length: no two lists give the same bytes.
pub fn unambiguous<T: AsRef<[u8]>>(parts: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.as_ref().len() + 8).sum());
    for part in parts {
        bytes.extend((part.as_ref().len() as u64).to_be_bytes());
        bytes.extend(part.as_ref());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTNO: [&str; 3] = ["person", "certno", "P1"];

    fn vault(ids: &[&str]) -> Vault {
        let keys: Vec<String> = ids
            .iter()
            .map(|id| format!("{id}:{}", data_encoding::HEXLOWER.encode(&[id.as_bytes()[1]; 32])))
            .collect();
        Vault::new(&keys.join(",").parse().unwrap())
    }

    #[test]
    fn a_sealed_text_opens_and_shows_nothing() {
        let vault = vault(&["k1"]);
        let sealed = vault.seal(&CERTNO, "11010519491231002X");
        assert!(sealed.starts_with("k1.") && !sealed.contains("1101"), "{sealed}");
        assert_eq!(vault.open(&CERTNO, &sealed).unwrap().expose(), "11010519491231002X");
        assert_ne!(sealed, vault.seal(&CERTNO, "11010519491231002X"), "equal texts do not look equal");
        assert_eq!(format!("{vault:?}"), r#"["k1"]"#);
    }

    #[test]
    fn it_opens_only_where_it_belongs() {
        let vault = vault(&["k1"]);
        let sealed = vault.seal(&CERTNO, "11010519491231002X");
        for elsewhere in [["person", "certno", "P2"], ["person", "tel", "P1"], ["perso", "ncertno", "P1"]] {
            assert_eq!(vault.open(&elsewhere, &sealed), Err(OpenError::Rejected("k1".into())));
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let vault = vault(&["k1"]);
        let sealed = vault.seal(&CERTNO, "张三");
        for at in 3..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(vault.open(&CERTNO, &String::from_utf8(changed).unwrap()).is_err(), "character {at}");
        }
        for wrong in ["", "k1", "k1.", "k1.AAAA", "张三"] {
            assert_eq!(vault.open(&CERTNO, wrong), Err(OpenError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn keys_can_be_exchanged() {
        let sealed = vault(&["k1"]).seal(&CERTNO, "张三");
        let both = vault(&["k2", "k1"]);
        assert_eq!(both.open(&CERTNO, &sealed).unwrap().expose(), "张三");
        assert!(both.seal(&CERTNO, "张三").starts_with("k2."));
        let new = vault(&["k2"]);
        assert_eq!(new.open(&CERTNO, &sealed), Err(OpenError::KeyMissing("k1".into())));
        assert!(new.knows("k2") && !new.knows("k1"));
        let other_key = Vault::new(&format!("k1:{}", "ab".repeat(32)).parse().unwrap());
        assert_eq!(other_key.open(&CERTNO, &sealed), Err(OpenError::Rejected("k1".into())));
    }
}
