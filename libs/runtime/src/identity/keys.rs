//! The keys by which tokens are verified: a JWK set in a file, or at an https URL, read again when it changes and when a token names a
//! key that is not among them.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use data_encoding::BASE64URL_NOPAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fetch::Place;
use crate::config::{JwtConfig, KeysAt};
use crate::kept::Kept;

/// How often the keys at a URL are asked for.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// How often at most they are read again because a token names another key: anybody can name one.
pub(super) const AGAIN: Duration = Duration::from_millis(if cfg!(test) { 50 } else { 5000 });

/// How tokens may be signed. There is nothing with a shared secret, and nothing without a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA by P-256 and SHA-256.
    Es256,
    /// RSA PKCS#1 1.5 by SHA-256, of 2048 bits or more.
    Rs256,
}

impl Algorithm {
    /// All there are.
    pub const ALL: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];

    /// As JWS calls it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::EdDsa => "EdDSA",
            Algorithm::Es256 => "ES256",
            Algorithm::Rs256 => "RS256",
        }
    }
}

impl FromStr for Algorithm {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        known.ok_or_else(|| format!("`{name}` is none of EdDSA, ES256, RS256"))
    }
}

/// A key: what it verifies, and how.
pub(super) enum Key {
    EdDsa(Vec<u8>),
    Es256(Vec<u8>),
    Rs256(RsaPublicKeyComponents<Vec<u8>>),
}

impl Key {
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Key::EdDsa(_) => Algorithm::EdDsa,
            Key::Es256(_) => Algorithm::Es256,
            Key::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// Whether this is what its owner signed.
    pub fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Key::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature),
            Key::Es256(key) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(signed, signature)
            }
            Key::Rs256(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature),
        };
        verified.is_ok()
    }
}

/// A JWK, as far as it is looked at.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<serde_json::Value>,
}

/// Keys by their `kid`.
#[derive(Default)]
pub(super) struct KeySet(pub HashMap<String, Key>);

impl KeySet {
    /// Of a JWK set. Keys for something else are left out.
    ///
    /// # Errors
    /// It is none; a key of ours is broken, or two have the same name; there is none left.
    pub fn parse(json: &[u8]) -> anyhow::Result<KeySet> {
        let set: JwkSet = serde_json::from_slice(json).context("it is no JWK set")?;
        let mut keys = HashMap::new();
        for key in set.keys {
            let jwk: Jwk = serde_json::from_value(key).context("a key")?;
            let Some(kid) = jwk.kid.clone().filter(|_| jwk.r#use.as_deref().is_none_or(|of| of == "sig"))
            else {
                continue;
            };
            let Some(key) = key_of(&jwk).with_context(|| format!("key {kid:?}"))? else { continue };
            ensure!(keys.insert(kid.clone(), key).is_none(), "two keys are called {kid:?}");
        }
        ensure!(!keys.is_empty(), "there is no key of EdDSA, ES256 or RS256 with a kid in it");
        Ok(KeySet(keys))
    }
}

/// `None`: for something else.
fn key_of(jwk: &Jwk) -> anyhow::Result<Option<Key>> {
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("OKP", Some("Ed25519")) => Key::EdDsa(bytes(jwk.x.as_ref(), 32)?),
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(jwk.x.as_ref(), 32)?, bytes(jwk.y.as_ref(), 32)?);
            Key::Es256([&[4][..], &x, &y].concat())
        }
        ("RSA", None) => {
            let components =
                RsaPublicKeyComponents { n: decoded(jwk.n.as_ref())?, e: decoded(jwk.e.as_ref())? };
            ensure!(components.n.len() >= 256, "RSA of less than 2048 bits");
            Key::Rs256(components)
        }
        _ => return Ok(None),
    };
    let fits = jwk.alg.as_deref().is_none_or(|alg| alg == key.algorithm().name());
    Ok(fits.then_some(key))
}

fn decoded(text: Option<&String>) -> anyhow::Result<Vec<u8>> {
    let text = text.context("a part is missing")?;
    BASE64URL_NOPAD.decode(text.as_bytes()).context("it is not base64url")
}

fn bytes(text: Option<&String>, length: usize) -> anyhow::Result<Vec<u8>> {
    let bytes = decoded(text)?;
    if bytes.len() != length {
        bail!("{} bytes in place of {length}", bytes.len());
    }
    Ok(bytes)
}

/// The keys of a server, as they are now.
pub(super) struct Keys {
    source: Source,
    /// When they were last read because of a token.
    again: Mutex<Option<Instant>>,
}

enum Source {
    File(Arc<Kept<KeySet>>),
    Url { place: Place, current: RwLock<Option<Arc<KeySet>>> },
}

impl Keys {
    /// A file is read now; a URL is asked soon, and again and again. Within a runtime.
    pub fn open(config: &JwtConfig) -> anyhow::Result<Arc<Keys>> {
        let source = match &config.keys {
            KeysAt::File(path) => {
                let kept = Kept::open("keys of tokens", vec![path.clone()], |held| KeySet::parse(&held[0]))?;
                kept.watch();
                Source::File(kept)
            }
            KeysAt::Url { url, ca } => {
                Source::Url { place: Place::open(url, ca)?, current: RwLock::default() }
            }
        };
        let keys = Arc::new(Keys { source, again: Mutex::default() });
        if matches!(keys.source, Source::Url { .. }) {
            let weak = Arc::downgrade(&keys);
            tokio::spawn(async move {
                while let Some(keys) = weak.upgrade() {
                    keys.read().await;
                    drop(keys);
                    tokio::time::sleep(ASK_EVERY).await;
                }
            });
        }
        Ok(keys)
    }

    /// What there is; `None` before a URL has answered for the first time.
    pub fn current(&self) -> Option<Arc<KeySet>> {
        match &self.source {
            Source::File(kept) => Some(kept.current()),
            Source::Url { current, .. } => current.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Reads them again, unless that was done just now; whoever asks meanwhile waits for it.
    pub async fn again(&self) {
        let mut last = self.again.lock().await;
        if last.is_none_or(|last| last.elapsed() >= AGAIN) {
            self.read().await;
            *last = Some(Instant::now());
        }
    }

    async fn read(&self) {
        match &self.source {
            Source::File(kept) => {
                let kept = kept.clone();
                let _ = tokio::task::spawn_blocking(move || kept.look()).await;
            }
            Source::Url { place, current } => match place.get().await.and_then(|json| KeySet::parse(&json)) {
                Ok(keys) => {
                    *current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(keys));
                }
                Err(error) => tracing::warn!(
                    what = "keys of tokens",
                    error = format!("{error:#}"),
                    "the keys at server.jwt_jwks cannot be had; those of before stay in use"
                ),
            },
        }
    }
}
