//! Logs that nobody changes unnoticed: the entries of a log make chains, one for each pooling area. Each entry's hash covers the entry and the
//! hash before it, under a secret, so that nobody without the secret can change, remove or move one unnoticed.
//!
//! A service with such a log makes its table with [`append_only`] in its migrations, says by [`Link`] what of an entry is hashed, writes
//! with [`Chains::append`] inside its transaction, and answers whether it holds with [`verify`]. What a chain cannot show by itself, that
//! it was rolled back as a whole, shows by an [`Anchor`] that somebody noted outside.

mod check;
mod table;
mod verify;

use data_encoding::HEXLOWER;

use crate::vault::{SecretKey, unambiguous};

pub use check::{Break, ChainCheck, Fault};
pub use table::{Chains, append_only};
pub use verify::{Asked, Log, Verdict, verify};

/// The secret under which entries are hashed.
#[derive(Clone, Debug)]
pub struct LogKey(SecretKey);

impl LogKey {
    /// This secret.
    pub fn new(key: SecretKey) -> Self {
        LogKey(key)
    }

    /// For a service on one machine, where nobody configured a secret.
    pub fn local_default() -> Self {
        LogKey(SecretKey::new(*b"yizhan local access log no secre"))
    }
}

/// The number and hash of an entry: how far a chain reaches, or reached when somebody noted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    /// Number of the last entry; 0 of an empty chain.
    pub seq: i64,
    /// Its hash; empty of an empty chain.
    pub hash: String,
}

/// Where an entry stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// 统筹区 whose chain it is.
    pub chain: String,
    /// Counts from 1 without gaps.
    pub seq: i64,
    /// Hash of the entry before; empty for the first.
    pub prev_hash: String,
    /// Its own.
    pub hash: String,
}

/// An entry of a log.
pub trait Link {
    /// Where it stands.
    fn linked(&self) -> Linked;

    /// Puts it there.
    fn link(&mut self, place: Linked);

    /// Everything that its hash covers, in an order that never changes, as standing at this number: `seq` is one of the fields.
    fn hashed(&self, seq: &str) -> Vec<String>;

    /// What its hash must be, standing at a number.
    fn hash_at(&self, key: &LogKey, seq: i64) -> String {
        HEXLOWER.encode(&key.0.hmac(&[&unambiguous(&self.hashed(&seq.to_string()))]))
    }
}
