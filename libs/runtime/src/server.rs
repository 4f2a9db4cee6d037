//! A gRPC server: bound first, then served until told to stop, then drained.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use http::{Request, Response};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server as TonicServer, ServerTlsConfig};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Service;

use crate::config::{ServerConfig, TlsConfig};
use crate::request_layer::RequestLayer;

/// The largest request or response.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Requests and streams at once on one connection.
const MAX_STREAMS_PER_CONNECTION: u32 = 1024;
/// Bytes of request metadata.
const MAX_METADATA_BYTES: u32 = 16 * 1024;
/// How often a quiet connection is tested, and how long it may take to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));

/// gRPC services, with the names under which health and reflection speak of them.
#[derive(Default)]
pub struct Services {
    routes: Routes,
    names: Vec<&'static str>,
}

impl Services {
    /// Adds one; [`services!`](crate::services) also sets the message sizes that hold everywhere.
    #[must_use]
    pub fn with<S>(mut self, service: S) -> Services
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        S: NamedService + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes = self.routes.add_service(service);
        self
    }
}

/// What a process answers: `services![FooServiceServer::new(foo), BarServiceServer::new(bar)]`, each with messages of at most
/// [`MAX_MESSAGE_BYTES`](crate::server::MAX_MESSAGE_BYTES) in and out.
#[macro_export]
macro_rules! services {
    ($($service:expr),+ $(,)?) => {
        $crate::server::Services::default()$(.with(
            $service
                .max_decoding_message_size($crate::server::MAX_MESSAGE_BYTES)
                .max_encoding_message_size($crate::server::MAX_MESSAGE_BYTES),
        ))+
    };
}

/// A server that has its port but does not serve yet.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    incoming: TcpIncoming,
    address: SocketAddr,
    stopping: CancellationToken,
}

impl Server {
    /// Binds the port. From here on clients can connect; they are answered once [`serve`](Server::serve) is called.
    pub fn bind(config: ServerConfig) -> anyhow::Result<Server> {
        let incoming = TcpIncoming::bind(config.listen)
            .with_context(|| format!("cannot listen on {}", config.listen))?
            .with_nodelay(Some(true))
            .with_keepalive(Some(KEEPALIVE.0));
        let address = incoming.local_addr()?;
        Ok(Server { config, incoming, address, stopping: CancellationToken::new() })
    }

    /// Where it listens: the real port, if the configured one was 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cancelled when the server begins to stop: endless streams watch it, so that draining need not wait for them.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Serves them, health and reflection in the background. Each is reported as serving, and only these are shown by reflection.
    pub async fn serve(self, services: Services) -> anyhow::Result<RunningServer> {
        let Services { routes, names } = services;
        let (health, health_service) = tonic_health::server::health_reporter();
        for name in &names {
            health.set_service_status(name, ServingStatus::Serving).await;
        }
        let routes = with_reflection(routes.add_service(health_service), &names)?;
        let mut builder = TonicServer::builder()
            .max_concurrent_streams(MAX_STREAMS_PER_CONNECTION)
            .http2_max_header_list_size(MAX_METADATA_BYTES)
            .http2_keepalive_interval(Some(KEEPALIVE.0))
            .http2_keepalive_timeout(Some(KEEPALIVE.1));
        if let Some(tls) = &self.config.tls {
            builder = builder.tls_config(ServerTlsConfig::new().identity(identity(tls)?))?;
        }
        let layer = RequestLayer::new(self.config.max_concurrent_requests, self.config.trust_caller_header);
        let router = builder.layer(layer).add_routes(routes);
        let stopping = self.stopping.clone().cancelled_owned();
        let serving =
            tokio::spawn(async move { router.serve_with_incoming_shutdown(self.incoming, stopping).await });
        tracing::info!(address = %self.address, services = ?names, "serving");
        Ok(RunningServer {
            address: self.address,
            tls: self.config.tls.is_some(),
            drain: self.config.drain,
            stopping: self.stopping,
            health,
            services: names,
            serving,
        })
    }
}

/// A server at work.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    tls: bool,
    drain: Duration,
    stopping: CancellationToken,
    health: HealthReporter,
    services: Vec<&'static str>,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients find it: `http://address`, or `https://…` (where they use the name in the certificate instead).
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// Returns when serving has ended by itself: an error, since nobody asked it to.
    pub async fn failed(&mut self) -> anyhow::Error {
        match (&mut self.serving).await {
            Ok(Ok(())) => anyhow::anyhow!("the server ended"),
            Ok(Err(error)) => error.into(),
            Err(error) => error.into(),
        }
    }

    /// Stops: health says NOT_SERVING, no new connections, endless streams end, requests under way may finish within the
    /// configured time; what is left then is cut off. Returns whether everything finished.
    pub async fn shutdown(mut self) -> bool {
        for service in self.services.iter().copied().chain([""]) {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
        self.stopping.cancel();
        let drained = tokio::time::timeout(self.drain, &mut self.serving).await.is_ok();
        if !drained {
            tracing::warn!(seconds = self.drain.as_secs(), "cut off requests that did not finish in time");
            self.serving.abort();
        }
        drained
    }
}

/// Dropping it without [`shutdown`](RunningServer::shutdown) ends it at once, as tests want.
impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stopping.cancel();
        self.serving.abort();
    }
}

fn identity(tls: &TlsConfig) -> anyhow::Result<Identity> {
    let read = |path: &std::path::Path| {
        std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
    };
    Ok(Identity::from_pem(read(&tls.cert)?, read(&tls.key)?))
}

/// Both versions: older tools speak v1alpha only. The types of error details are included, so that clients can read them.
fn with_reflection(routes: Routes, services: &[&'static str]) -> anyhow::Result<Routes> {
    let describe = || {
        let describe = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(yizhan_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        services.iter().fold(describe, |describe, service| describe.with_service_name(*service))
    };
    Ok(routes.add_service(describe().build_v1()?).add_service(describe().build_v1alpha()?))
}
