//! How commands that ask deployed services show who they are, and tell what they were answered.

use std::path::PathBuf;

use clap::Args;
use yizhan_runtime::config::{PeerTls, TlsIdentity};
use yizhan_runtime::error::RemoteError;

/// The certificates of a call.
#[derive(Args)]
pub struct TlsArguments {
    /// PEM of the authority of the services' certificates.
    #[arg(long)]
    tls_ca: Option<PathBuf>,
    /// PEM of a certificate that a rule of `server.callers` names a gateway for the callers of this command.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl TlsArguments {
    /// As a peer is reached with them; none without an authority.
    pub fn peer(&self) -> Option<PeerTls> {
        let identity = self.tls_cert.clone().zip(self.tls_key.clone());
        let identity = identity.map(|(cert, key)| TlsIdentity { cert, key });
        self.tls_ca.clone().map(|ca| PeerTls { ca, identity, name: None })
    }
}

/// Reason and text, and nothing of what was sent.
pub fn told(error: &RemoteError) -> String {
    format!("{:?} {}: {}", error.code, error.reason, error.message)
}
