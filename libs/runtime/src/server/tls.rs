//! What is needed to speak TLS: a certificate with its key, or an authority.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::TlsConfig;

/// Answers TLS with this certificate, HTTP/2 only.
///
/// # Errors
/// A file that cannot be read, holds none, or a key that is not the certificate's.
pub(crate) fn acceptor(tls: &TlsConfig) -> anyhow::Result<TlsAcceptor> {
    let chain = certificates(&tls.cert)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key)
        .map_err(|error| anyhow::anyhow!("no key in {}: {error}", tls.key.display()))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.with_context(|| format!("{} with its key", tls.cert.display()))?;
    config.alpn_protocols.push(b"h2".to_vec());
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Whether somebody could be trusted by this file: without a certificate in it every call would fail.
pub(crate) fn holds_certificates(path: &Path) -> bool {
    certificates(path).is_ok_and(|found| !found.is_empty())
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    read.map_err(|error| anyhow::anyhow!("no certificate in {}: {error}", path.display()))
}
