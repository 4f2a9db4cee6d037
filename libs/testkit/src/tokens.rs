//! Who makes tokens (JWT) for tests.

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

/// An issuer with one key of each kind that can be made here, called `<name>-ed` and `<name>-es`.
pub struct TokenMaker {
    name: String,
    edwards: Ed25519KeyPair,
    curve: EcdsaKeyPair,
}

impl TokenMaker {
    /// With new keys.
    pub fn new(name: &str) -> TokenMaker {
        let random = SystemRandom::new();
        let edwards = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let curve = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        TokenMaker {
            name: name.to_owned(),
            edwards: Ed25519KeyPair::from_pkcs8(edwards.as_ref()).expect("a key"),
            curve: EcdsaKeyPair::from_pkcs8(algorithm, curve.as_ref(), &random).expect("a key"),
        }
    }

    /// Its public keys, as a JWK set.
    pub fn keys(&self) -> Value {
        // 4, x, y: an uncompressed point.
        let point = self.curve.public_key().as_ref();
        let edwards = self.edwards.public_key().as_ref();
        json!({ "keys": [
            { "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.kid("ed"), "x": coded(edwards) },
            { "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": self.kid("es"), "x": coded(&point[1..33]), "y": coded(&point[33..]) },
            { "kty": "RSA", "use": "enc", "kid": "for something else", "n": "AQAB", "e": "AQAB" },
        ] })
    }

    /// The name of its key for `ed` or `es`.
    pub fn kid(&self, kind: &str) -> String {
        format!("{}-{kind}", self.name)
    }

    /// A token with these claims, signed by Ed25519.
    pub fn token(&self, claims: &Value) -> String {
        self.with_header(&json!({ "alg": "EdDSA", "kid": self.kid("ed"), "typ": "JWT" }), claims)
    }

    /// A token with this header and these claims, signed as the header says if it says ES256, else by Ed25519.
    pub fn with_header(&self, header: &Value, claims: &Value) -> String {
        let signed =
            format!("{}.{}", coded(header.to_string().as_bytes()), coded(claims.to_string().as_bytes()));
        let signature = if header["alg"] == "ES256" {
            let signature = self.curve.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
            coded(signature.as_ref())
        } else {
            coded(self.edwards.sign(signed.as_bytes()).as_ref())
        };
        format!("{signed}.{signature}")
    }
}

fn coded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
