//! Calling another service: a channel that connects when first used and again when lost, with a deadline on every call.

mod secure;
mod unsent;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use http::Uri;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::channel::Change;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tower::service_fn;

use crate::areas::AREA_HEADER;
use crate::caller::{CALLER_HEADER, Caller};
use crate::config::PeerConfig;
use crate::identity::{INSIDE_HEADER, inside_word};
use crate::kept::Kept;
use crate::metrics::Watched;
use crate::{deadline, trace};
use secure::Secure;
pub(crate) use secure::{is_server_name, tls_config};

pub use unsent::Resending;

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
pub type PeerChannel = Watched<InterceptedService<Resending, Outgoing>>;

/// A channel to a peer, for calls made as `caller`. Nothing is connected yet: a peer that is away fails the call
/// (UNAVAILABLE), not the start of this service. Every call is given up after the peer's deadline, or when [nobody waits any
/// longer](deadline) for what it is made for (and tells the peer: `grpc-timeout`).
pub fn channel(peer: &PeerConfig, caller: &Caller) -> anyhow::Result<PeerChannel> {
    let secure = secure::kept(peer)?;
    let endpoint =
        endpoint(peer, secure.as_ref().map(|kept| kept.current()).as_deref())?.timeout(peer.deadline);
    let (channel, connections) = Channel::balance_channel(CONNECTIONS_TO_A_PEER);
    for number in 0..CONNECTIONS_TO_A_PEER {
        connections.try_send(Change::Insert(number, endpoint.clone()))?;
    }
    if let Some(kept) = &secure {
        secure::replace_connections(peer.clone(), kept, connections, CONNECTIONS_TO_A_PEER);
    }
    let channel = Resending::over(channel);
    let outgoing = Outgoing::new(peer, caller, Some(peer.deadline), secure)?;
    Ok(Watched::new(InterceptedService::new(channel, outgoing)))
}

/// A channel to a peer whose feed is followed: the stream has no deadline, for it never ends. A peer that is gone is noticed by
/// the pings of the connection.
pub fn feed_channel(peer: &PeerConfig, caller: &Caller) -> anyhow::Result<PeerChannel> {
    let secure = secure::kept(peer)?;
    let channel = match (&secure, &peer.tls) {
        (Some(kept), Some(tls)) => {
            // TLS is the connector's: tonic's would keep what was there at the beginning.
            let plain =
                PeerConfig { address: peer.address.replacen("https://", "http://", 1), ..peer.clone() };
            let endpoint =
                endpoint(&plain, None)?.origin(peer.address.parse().context("the address of a peer")?);
            let (kept, name) = (kept.clone(), tls.name.clone());
            let connect = move |uri: Uri| secure::connect(uri, name.clone(), kept.clone());
            endpoint.connect_with_connector_lazy(service_fn(connect))
        }
        _ => endpoint(peer, None)?.connect_lazy(),
    };
    let channel = Resending::over(channel);
    Ok(Watched::new(InterceptedService::new(channel, Outgoing::new(peer, caller, None, secure)?)))
}

fn endpoint(peer: &PeerConfig, secure: Option<&Secure>) -> anyhow::Result<Endpoint> {
    let endpoint = Endpoint::from_shared(peer.address.clone())?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_max_header_list_size(MAX_METADATA_BYTES)
        .http2_keep_alive_interval(TRY_EVERY)
        .keep_alive_timeout(peer.deadline)
        .keep_alive_while_idle(true);
    match (secure, &peer.tls) {
        (Some(secure), Some(tls)) => secure::secured(endpoint, tls, secure),
        _ => Ok(endpoint),
    }
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

/// Puts the caller, the area, the deadline and the current trace on every request.
#[derive(Clone, Debug)]
pub struct Outgoing {
    caller: MetadataValue<Ascii>,
    deadline: Option<Duration>,
    /// For which area, where this service does not work for all.
    area: Option<MetadataValue<Ascii>>,
    /// To a service of this process.
    inside: bool,
    /// What is shown is exchanged as long as somebody has the channel.
    _secure: Option<Arc<Kept<Secure>>>,
}

impl Outgoing {
    fn new(
        peer: &PeerConfig,
        caller: &Caller,
        deadline: Option<Duration>,
        secure: Option<Arc<Kept<Secure>>>,
    ) -> anyhow::Result<Outgoing> {
        let caller = MetadataValue::from_str(&caller.to_string())?;
        let area = peer.areas.first().map(|area| MetadataValue::from_str(area.as_str())).transpose()?;
        Ok(Outgoing { caller, area, deadline, inside: peer.inside, _secure: secure })
    }
}

impl Interceptor for Outgoing {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(CALLER_HEADER, self.caller.clone());
        if let Some(area) = &self.area {
            request.metadata_mut().insert(AREA_HEADER, area.clone());
        }
        if self.inside {
            request.metadata_mut().insert(INSIDE_HEADER, MetadataValue::from_static(inside_word()));
        }
        if let Some(most) = self.deadline.filter(|_| !request.metadata().contains_key("grpc-timeout")) {
            request.set_timeout(deadline::allowed(most));
        }
        trace::carry_trace(request.metadata_mut());
        Ok(request)
    }
}
