//! TLS of a client: whom it believes, and what it shows. Exchanged when the files are: new connections are made with the new ones.

use std::sync::Arc;

use anyhow::Context;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc::Sender;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::transport::channel::Change;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use super::endpoint;
use crate::config::{PeerConfig, PeerTls};
use crate::kept::Kept;
use crate::server::{expiry, tls};

/// What was read, in the form of rustls and in that of tonic.
#[derive(Debug)]
pub(crate) struct Secure {
    pub rustls: Arc<ClientConfig>,
    pub tonic: ClientTlsConfig,
}

/// Of the authority, and certificate and key where they are shown.
pub(crate) fn tls_config(held: &[Vec<u8>]) -> anyhow::Result<Secure> {
    let roots = tls::roots(&held[0]).context("the authority")?;
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let tonic = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&held[0]));
    let (mut rustls, tonic) = match held {
        [_, cert, key] => {
            let chain = tls::certificates(cert).context("the certificate")?;
            let private = tls::key(key).context("the key")?;
            let config =
                builder.with_client_auth_cert(chain, private).context("the certificate with its key")?;
            (config, tonic.identity(Identity::from_pem(cert, key)))
        }
        _ => (builder.with_no_client_auth(), tonic),
    };
    rustls.alpn_protocols.push(b"h2".to_vec());
    Ok(Secure { rustls: Arc::new(rustls), tonic })
}

/// Whether a certificate can have this name.
pub(crate) fn is_server_name(name: &str) -> bool {
    ServerName::try_from(name.trim_matches(['[', ']'])).is_ok()
}

/// What is read for a peer, watched; `None` without TLS.
pub(super) fn kept(peer: &PeerConfig) -> anyhow::Result<Option<Arc<Kept<Secure>>>> {
    let Some(tls) = &peer.tls else { return Ok(None) };
    let of = peer.address.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let of = format!("peer {}", of.unwrap_or_default());
    let kept = Kept::open("certificates for a peer", tls.paths(), move |held| {
        let secure = tls_config(held)?;
        if let Some(shown) = held.get(1) {
            expiry::note(&of, shown);
        }
        Ok(secure)
    })?;
    kept.watch();
    Ok(Some(kept))
}

/// An endpoint with what is there now.
pub(super) fn secured(endpoint: Endpoint, tls: &PeerTls, secure: &Secure) -> anyhow::Result<Endpoint> {
    let config = match &tls.name {
        Some(name) => secure.tonic.clone().domain_name(name),
        None => secure.tonic.clone(),
    };
    Ok(endpoint.tls_config(config)?)
}

/// Lets the connections of a channel be made anew whenever something else is shown or believed. A connection serves on until its
/// successor is there, and answers what is under way over it.
pub(super) fn replace_connections(
    peer: PeerConfig,
    kept: &Arc<Kept<Secure>>,
    connections: Sender<Change<usize, Endpoint>>,
    count: usize,
) {
    let mut changes = kept.changes();
    tokio::spawn(async move {
        while changes.changed().await.is_ok() {
            let secure = changes.borrow_and_update().clone();
            match endpoint(&peer, Some(&secure)) {
                Ok(endpoint) => {
                    let endpoint = endpoint.timeout(peer.deadline);
                    for number in 0..count {
                        if connections.send(Change::Insert(number, endpoint.clone())).await.is_err() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "a peer cannot be connected to anew")
                }
            }
        }
    });
}

/// Connects with what is there at the time: for a channel of one connection.
pub(super) async fn connect(
    uri: Uri,
    name: Option<String>,
    kept: Arc<Kept<Secure>>,
) -> anyhow::Result<TokioIo<TlsStream<TcpStream>>> {
    let host = uri.host().context("no host")?.trim_matches(['[', ']']).to_owned();
    let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(443))).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(name.unwrap_or(host))?;
    let rustls = kept.current().rustls.clone();
    Ok(TokioIo::new(TlsConnector::from(rustls).connect(name, stream).await?))
}
