//! Asking an https URL for a small document.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use prost::bytes::Bytes;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::kept::Kept;
use crate::server::tls;

/// How long it may take.
const ISSUER_PATIENCE: Duration = Duration::from_secs(3);
/// How long the document may be, in bytes.
const MAX_KEYS_BYTES: usize = 256 * 1024;

/// A URL, and whom to believe that it is there.
pub(super) struct Place {
    uri: Uri,
    name: ServerName<'static>,
    roots: Arc<Kept<ClientConfig>>,
}

impl Place {
    /// The authority signed its certificate; it is exchanged without a restart.
    pub fn open(url: &str, ca: &Path) -> anyhow::Result<Place> {
        let uri: Uri = url.parse()?;
        let name = ServerName::try_from(uri.host().context("no host")?.to_owned())?;
        let roots = Kept::open("authority of keys of tokens", vec![ca.to_owned()], |held| {
            let roots = tls::roots(&held[0])?;
            Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
        })?;
        roots.watch();
        Ok(Place { uri, name, roots })
    }

    /// What is there now. Nothing is followed elsewhere.
    pub async fn get(&self) -> anyhow::Result<Vec<u8>> {
        tokio::time::timeout(ISSUER_PATIENCE, self.asked()).await.context("no answer in time")?
    }

    async fn asked(&self) -> anyhow::Result<Vec<u8>> {
        let (host, port) = (self.uri.host().unwrap_or_default(), self.uri.port_u16().unwrap_or(443));
        let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let stream = TlsConnector::from(self.roots.current()).connect(self.name.clone(), stream).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or(host, |authority| authority.as_str());
        let request = Request::get(path)
            .header(header::HOST, authority)
            .header(header::ACCEPT, "application/json")
            .body(Empty::<Bytes>::new())?;
        let answer = sender.send_request(request).await?;
        ensure!(answer.status() == StatusCode::OK, "it answers {}", answer.status());
        let body = Limited::new(answer.into_body(), MAX_KEYS_BYTES).collect().await;
        connection.abort();
        Ok(body.map_err(anyhow::Error::from_boxed)?.to_bytes().to_vec())
    }
}
