//! Calling another service: a channel that connects when first used and again when lost, with a deadline on every call.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::channel::Change;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use crate::caller::{CALLER_HEADER, Caller};
use crate::config::PeerConfig;
use crate::metrics::Watched;
use crate::trace;

/// Connections to a peer: behind an address there may be several processes, and one connection may be lost. A call takes any.
const CONNECTIONS_TO_A_PEER: usize = 2;
/// How often a connection is tried, also while nothing is asked. One on which nothing comes back for as long as a call may take is dead,
/// and replaced.
const TRY_EVERY: Duration = Duration::from_secs(2);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Bytes of response metadata: error details travel there.
const MAX_METADATA_BYTES: u32 = 64 * 1024;

/// What generated clients are made of: `EnrollmentServiceClient::new(channel)`.
pub type PeerChannel = Watched<InterceptedService<Channel, Outgoing>>;

/// A channel to a peer, for calls made as `caller`. Nothing is connected yet: a peer that is away fails the call
/// (UNAVAILABLE), not the start of this service. Every call is given up after the peer's deadline (and tells the peer:
/// `grpc-timeout`).
pub fn channel(peer: &PeerConfig, caller: &Caller) -> anyhow::Result<PeerChannel> {
    let endpoint = endpoint(peer)?.timeout(peer.deadline);
    let (channel, connections) = Channel::balance_channel(CONNECTIONS_TO_A_PEER);
    for number in 0..CONNECTIONS_TO_A_PEER {
        connections.try_send(Change::Insert(number, endpoint.clone()))?;
    }
    Ok(Watched::new(InterceptedService::new(channel, Outgoing::new(caller, Some(peer.deadline))?)))
}

/// A channel to a peer whose feed is followed: the stream has no deadline, for it never ends. A peer that is gone is noticed by
/// the pings of the connection.
pub fn feed_channel(peer: &PeerConfig, caller: &Caller) -> anyhow::Result<PeerChannel> {
    let endpoint = endpoint(peer)?;
    Ok(Watched::new(InterceptedService::new(endpoint.connect_lazy(), Outgoing::new(caller, None)?)))
}

fn endpoint(peer: &PeerConfig) -> anyhow::Result<Endpoint> {
    let mut endpoint = Endpoint::from_shared(peer.address.clone())?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_max_header_list_size(MAX_METADATA_BYTES)
        .http2_keep_alive_interval(TRY_EVERY)
        .keep_alive_timeout(peer.deadline)
        .keep_alive_while_idle(true);
    if let Some(ca) = &peer.tls_ca {
        endpoint = endpoint.tls_config(ClientTlsConfig::new().ca_certificate(certificate(ca)?))?;
    }
    Ok(endpoint)
}

fn certificate(path: &Path) -> anyhow::Result<Certificate> {
    Ok(Certificate::from_pem(std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
}

/// Whether a call failed because the peer is away or too slow (tonic reports its own timeout as CANCELLED), rather than
/// because of what was asked. Whether the peer did what was asked is then not known.
pub fn is_away(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => true,
        // A connection lost half-way; errors of the peer itself carry a reason.
        Code::Unknown | Code::Internal => status.details().is_empty(),
        _ => false,
    }
}

/// Puts the caller, the deadline and the current trace on every request.
#[derive(Clone, Debug)]
pub struct Outgoing {
    caller: MetadataValue<Ascii>,
    deadline: Option<Duration>,
}

impl Outgoing {
    fn new(caller: &Caller, deadline: Option<Duration>) -> anyhow::Result<Outgoing> {
        Ok(Outgoing { caller: MetadataValue::from_str(&caller.to_string())?, deadline })
    }
}

impl Interceptor for Outgoing {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(CALLER_HEADER, self.caller.clone());
        if let Some(deadline) = self.deadline.filter(|_| !request.metadata().contains_key("grpc-timeout")) {
            request.set_timeout(deadline);
        }
        trace::carry_trace(request.metadata_mut());
        Ok(request)
    }
}
