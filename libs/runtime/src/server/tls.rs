//! What is needed to speak TLS: a certificate with its key, and an authority. TLS 1.2 and 1.3, as rustls has no older.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::expiry;
use crate::config::TlsConfig;
use crate::kept::Kept;

/// Answers TLS with this certificate, exchanged when its files are.
///
/// # Errors
/// A file that cannot be read, holds none, or a key that is not the certificate's.
pub(super) fn acceptor(tls: &TlsConfig) -> anyhow::Result<Arc<Kept<ServerConfig>>> {
    let kept = Kept::open("certificate of the server", tls.paths(), |held| {
        let config = config(held)?;
        expiry::note("server", &held[0]);
        Ok(config)
    })?;
    kept.watch();
    Ok(kept)
}

/// Of certificate, key, and the authorities of clients where they must show one; HTTP/2 only.
pub(crate) fn config(held: &[Vec<u8>]) -> anyhow::Result<ServerConfig> {
    let (chain, key) =
        (certificates(&held[0]).context("the certificate")?, key(&held[1]).context("the key")?);
    let builder = ServerConfig::builder();
    let (builder, by_certificate) = match held.get(2) {
        None => (builder.with_no_client_auth(), false),
        Some(authorities) => {
            let roots = roots(authorities).context("the authorities of clients")?;
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
            (builder.with_client_cert_verifier(verifier.context("the authorities of clients")?), true)
        }
    };
    let mut config = builder.with_single_cert(chain, key).context("the certificate with its key")?;
    config.alpn_protocols.push(b"h2".to_vec());
    if by_certificate {
        // A session that is taken up again is not verified again: neither that the certificate has ended, nor that its authority has.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

/// Authorities in PEM.
pub(crate) fn roots(pem: &[u8]) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).context("a certificate of an authority")?;
    }
    Ok(roots)
}

/// Certificates in PEM: one at least.
pub(crate) fn certificates(pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| anyhow!("no certificate in PEM: {error}"))?;
    ensure!(!read.is_empty(), "no certificate in PEM");
    Ok(read)
}

/// A private key in PEM.
pub(crate) fn key(pem: &[u8]) -> anyhow::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| anyhow!("no key in PEM: {error}"))
}

/// Whether somebody could be trusted by this file: without a certificate in it every call would fail.
pub(crate) fn holds_certificates(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|pem| certificates(&pem).is_ok())
}
