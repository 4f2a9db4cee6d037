//! Tokens (JWT) that say who calls: `authorization: Bearer …`.
//!
//! Verified with ring, which is here for TLS: of the well-kept crates for tokens one way leads to a second set of cryptography (aws-lc), the
//! other to `rsa` with RUSTSEC-2023-0071. See docs/decisions/0069.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::keys::{Algorithm, KeySet, Keys};
use super::rules::{Known, Rules};
use crate::caller::Caller;
use crate::config::JwtConfig;

/// The longest token, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Tokens that were found good and need not be verified again.
const REMEMBERED: u64 = 10_000;
/// For how long.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// Why a token is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Not three parts of base64url, of which two are JSON; too long; without `exp`.
    Malformed,
    /// Signed in a way that is not allowed here.
    Algorithm,
    /// By a key that is not among those of the issuer.
    Key,
    /// By somebody else, or changed.
    Signature,
    /// Of another issuer.
    Issuer,
    /// For somebody else.
    Audience,
    /// It was good.
    Expired,
    /// It will be.
    NotYet,
    /// It names no caller that a token may be.
    Caller,
    /// There are no keys yet.
    NoKeys,
}

impl Why {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Why::Malformed => "malformed",
            Why::Algorithm => "algorithm",
            Why::Key => "key",
            Why::Signature => "signature",
            Why::Issuer => "issuer",
            Why::Audience => "audience",
            Why::Expired => "expired",
            Why::NotYet => "not yet",
            Why::Caller => "caller",
            Why::NoKeys => "no keys",
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What must be understood: nothing is.
    crit: Option<Value>,
}

/// What a token says.
struct Claims(Map<String, Value>);

impl Claims {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A time in whole seconds, if there is one.
    fn seconds(&self, name: &str) -> Result<Option<i64>, Why> {
        self.0.get(name).map(|told| told.as_i64().ok_or(Why::Malformed)).transpose()
    }

    /// `aud` is one or several.
    fn is_for(&self, audience: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::Array(several)) => several.iter().any(|one| one == audience),
            one => one.and_then(Value::as_str) == Some(audience),
        }
    }
}

/// A token that was verified: from when until when it holds, and whose it is.
#[derive(Clone)]
struct Verified {
    from: i64,
    until: i64,
    caller: Caller,
    /// By these, as they were.
    by: (Arc<KeySet>, Arc<Rules>),
}

impl Verified {
    fn at(&self, now: i64, leeway: i64) -> Result<Caller, Why> {
        if now >= self.until.saturating_add(leeway) {
            return Err(Why::Expired);
        }
        if now < self.from.saturating_sub(leeway) {
            return Err(Why::NotYet);
        }
        Ok(self.caller.clone())
    }
}

/// Whose tokens are believed, and by which keys.
pub(super) struct Tokens {
    config: JwtConfig,
    keys: Arc<Keys>,
    good: Cache<[u8; 32], Verified>,
}

impl Tokens {
    /// Reads the keys.
    pub fn open(config: &JwtConfig) -> anyhow::Result<Tokens> {
        let good = Cache::builder().max_capacity(REMEMBERED).time_to_live(REMEMBERED_FOR).build();
        Ok(Tokens { config: config.clone(), keys: Keys::open(config)?, good })
    }

    /// Whose token this is, at a time in seconds of Unix time.
    pub async fn caller(&self, token: &str, rules: &Arc<Rules>, now: i64) -> Result<Caller, Why> {
        match self.by_these_keys(token, rules, now) {
            Err(Why::Key | Why::NoKeys) => {
                self.keys.again().await;
                self.by_these_keys(token, rules, now)
            }
            told => told,
        }
    }

    fn by_these_keys(&self, token: &str, rules: &Arc<Rules>, now: i64) -> Result<Caller, Why> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Why::Malformed);
        }
        let keys = self.keys.current().ok_or(Why::NoKeys)?;
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let same = |good: &Verified| Arc::ptr_eq(&good.by.0, &keys) && Arc::ptr_eq(&good.by.1, rules);
        let leeway = i64::try_from(self.config.leeway.as_secs()).unwrap_or_default();
        if let Some(good) = self.good.get(&digest).filter(same) {
            return good.at(now, leeway);
        }
        let verified = verify(&self.config, &keys, rules, token)?;
        let caller = verified.at(now, leeway)?;
        self.good.insert(digest, verified);
        Ok(caller)
    }
}

/// Everything but the time. Nothing of a token is looked at before its signature, but which key and algorithm that is by.
fn verify(config: &JwtConfig, keys: &Arc<KeySet>, rules: &Arc<Rules>, token: &str) -> Result<Verified, Why> {
    let (signed, signature) = token.rsplit_once('.').ok_or(Why::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Why::Malformed)?;
    let header: Header = json(header)?;
    if header.crit.is_some() {
        return Err(Why::Malformed);
    }
    let algorithm = header.alg.parse::<Algorithm>().map_err(|_| Why::Algorithm)?;
    if !config.algorithms.contains(&algorithm) {
        return Err(Why::Algorithm);
    }
    let key = header.kid.and_then(|kid| keys.0.get(&kid)).ok_or(Why::Key)?;
    if key.algorithm() != algorithm {
        return Err(Why::Algorithm);
    }
    let signature = decoded(signature)?;
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(Why::Signature);
    }
    let claims = Claims(json(claims)?);
    let (from, until) = (claims.seconds("nbf")?.unwrap_or(i64::MIN), claims.seconds("exp")?);
    let until = until.ok_or(Why::Malformed)?;
    if claims.text("iss") != Some(config.issuer.as_str()) {
        return Err(Why::Issuer);
    }
    if !claims.is_for(&config.audience) {
        return Err(Why::Audience);
    }
    let caller = caller_of(config, rules, &claims).ok_or(Why::Caller)?;
    Ok(Verified { from, until, caller, by: (keys.clone(), rules.clone()) })
}

/// By its claim; without one, by a rule about its subject. Services and the local administrator are for the rules to name, not for
/// whoever makes tokens.
fn caller_of(config: &JwtConfig, rules: &Rules, claims: &Claims) -> Option<Caller> {
    match claims.0.get(&config.claim) {
        Some(claim) => claim.as_str().and_then(Caller::parse).filter(Caller::is_outside),
        None => match rules.of_subject(claims.text("sub")?)? {
            Known::Caller(caller) => Some(caller),
            Known::Gateway(_) => None,
        },
    }
}

fn json<T: for<'a> Deserialize<'a>>(part: &str) -> Result<T, Why> {
    serde_json::from_slice(&decoded(part)?).map_err(|_| Why::Malformed)
}

fn decoded(part: &str) -> Result<Vec<u8>, Why> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Why::Malformed)
}

#[cfg(test)]
mod tests;
