//! A gRPC server: bound first, then served until told to stop, then drained.

mod connection;
mod connections;
pub(crate) mod expiry;
mod health;
mod readiness;
mod reflection;
mod stream;
pub(crate) mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use futures::StreamExt;
use http::{Request, Response};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::{Layer, Service};

use crate::config::ServerConfig;
use crate::db::DatabaseConnection;
use crate::feed::watch_lag;
use crate::metrics::{self, Metric};
use crate::request_layer::RequestLayer;
use crate::task;
use crate::telemetry::FLUSH_TIMEOUT;
use connection::{Door, Patience};
use connections::{CONNECTIONS, Connections};

/// The largest request or response.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// How often the kernel tests a connection over which nothing comes.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
/// Pause when a connection cannot be accepted: it would fail again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// What part of the drain is left to those who look at health to see that the server stops, while it still answers everything.
const NOTICE: u32 = 10;
/// What part of the drain a server that is asked by others keeps for itself, after waiting for them.
const OWN_PART: u32 = 4;

/// What part of the drain is left to telemetry at most.
const FLUSHED: u32 = 6;

/// gRPC services, with the names under which health and reflection speak of them.
#[derive(Default)]
pub struct Services {
    routes: Routes,
    names: Vec<&'static str>,
    for_quiet_hours: Vec<&'static str>,
    database: Option<DatabaseConnection>,
}

impl Services {
    /// Lets a method take longer than others, by its path: it goes through everything there is.
    #[must_use]
    pub fn for_quiet_hours(mut self, path: &'static str) -> Services {
        self.for_quiet_hours.push(path);
        self
    }

    /// They are ready only while this database answers, and its feed is watched: see [`readiness`].
    #[must_use]
    pub fn needing(mut self, database: DatabaseConnection) -> Services {
        self.database = Some(database);
        self
    }

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
    /// For the services of this process, where others need TLS.
    inside: Option<TcpIncoming>,
    /// For probes.
    health: Option<TcpIncoming>,
    address: SocketAddr,
    stopping: CancellationToken,
}

impl Server {
    /// Binds the port. From here on clients can connect; they are answered once [`serve`](Server::serve) is called.
    pub fn bind(config: ServerConfig) -> anyhow::Result<Server> {
        let incoming = listen(config.listen)?;
        let inside = config.inside.map(listen).transpose()?;
        let health = config.health.map(listen).transpose()?;
        let address = incoming.local_addr()?;
        Ok(Server { config, incoming, inside, health, address, stopping: CancellationToken::new() })
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
        let Services { routes, names, for_quiet_hours, database } = services;
        metrics::sample(Metric::Connections, [], || Some(CONNECTIONS.count()));
        let (health, health_service) = tonic_health::server::health_reporter();
        for name in &names {
            health.set_service_status(name, ServingStatus::Serving).await;
        }
        let (draining, stopped) = (self.stopping.child_token(), CancellationToken::new());
        let health_address = self.health.as_ref().map(TcpIncoming::local_addr).transpose()?;
        if let Some(incoming) = self.health {
            tokio::spawn(accept(
                incoming,
                health::door(&health_service, &stopped),
                TaskTracker::new(),
                &health::PROBES,
            ));
        }
        if let Some(database) = database {
            watch_lag(database.clone(), &self.stopping);
            let kept = readiness::keep(database, health.clone(), names.clone());
            tokio::spawn(draining.clone().run_until_cancelled_owned(kept));
        }
        let routes = routes.add_service(health_service);
        let routes =
            if self.config.reflection { reflection::with_reflection(routes, &names) } else { routes }
                .prepare();
        if self.config.tls.is_some() {
            let told = || async {
                expiry::tell_all();
                Ok::<_, Infallible>(())
            };
            task::every("expiry of certificates", &self.stopping, expiry::TELL_EVERY, told);
        }
        let door = Door {
            service: RequestLayer::new(&self.config, for_quiet_hours, self.stopping.clone())?.layer(routes),
            tls: self.config.tls.as_ref().map(tls::acceptor).transpose()?,
            inside: false,
            age: self.config.max_connection_age,
            patience: Patience::default(),
            stopping: self.stopping.clone(),
            stopped: stopped.clone(),
        };
        let (connections, accepting) = (TaskTracker::new(), TaskTracker::new());
        if let Some(inside) = self.inside {
            accepting.spawn(accept(
                inside,
                Door { tls: None, inside: true, ..door.clone() },
                connections.clone(),
                &CONNECTIONS,
            ));
        }
        accepting.spawn(accept(self.incoming, door, connections.clone(), &CONNECTIONS));
        accepting.close();
        tracing::info!(address = %self.address, services = ?names, "serving");
        Ok(RunningServer {
            address: self.address,
            health_address,
            tls: self.config.tls.is_some(),
            drain: self.config.drain,
            stopping: self.stopping,
            draining,
            stopped,
            health,
            services: names,
            accepting,
            connections,
        })
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpIncoming> {
    let incoming = TcpIncoming::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    Ok(incoming.with_nodelay(Some(true)).with_keepalive(Some(TCP_KEEPALIVE)))
}

/// Takes connections, as many of them as may be, until the server stops; then the port is free.
async fn accept<S>(
    mut incoming: TcpIncoming,
    door: Door<S>,
    connections: TaskTracker,
    admitted: &'static Connections,
) where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    while let Some(Some(accepted)) = door.stopping.run_until_cancelled(incoming.next()).await {
        match accepted {
            Ok(stream) => {
                // One that has gone again has no address any more.
                let Ok(from) = stream.peer_addr() else { continue };
                if let Some(connection) = admitted.admit(from.ip()) {
                    connections.spawn(door.clone().serve(stream, connection));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A server at work.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    health_address: Option<SocketAddr>,
    tls: bool,
    drain: Duration,
    stopping: CancellationToken,
    /// Cancelled first: health says nothing else then.
    draining: CancellationToken,
    stopped: CancellationToken,
    health: HealthReporter,
    services: Vec<&'static str>,
    accepting: TaskTracker,
    connections: TaskTracker,
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where probes ask how it is, if they are given a port of their own.
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.health_address
    }

    /// Where clients find it: `http://address`, or `https://…` (where they use the name in the certificate instead).
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// Returns when serving has ended by itself: an error, since nobody asked it to.
    pub async fn failed(&self) -> anyhow::Error {
        self.accepting.wait().await;
        anyhow::anyhow!("the server at {} ended", self.address)
    }

    /// Stops: health says NOT_SERVING, while everything is answered for a moment more; then there are no new connections, endless
    /// streams end, and requests under way may finish. In all that takes the configured time at most; what is left then is cut
    /// off. Returns whether everything finished.
    pub async fn shutdown(self) -> bool {
        self.shutdown_after(std::future::ready(())).await
    }

    /// The same together with those who ask this server: it goes on answering until they are done, or for three quarters of the
    /// time.
    pub async fn shutdown_after(self, callers: impl Future<Output = ()>) -> bool {
        // What is left then is for telemetry, which goes last.
        let end = Instant::now() + self.drain - FLUSH_TIMEOUT.min(self.drain / FLUSHED);
        self.draining.cancel();
        for service in self.services.iter().copied().chain([""]) {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
        sleep(self.drain / NOTICE).await;
        let _ = timeout_at(end - self.drain / OWN_PART, callers).await;
        self.stopping.cancel();
        let finished = async {
            self.accepting.wait().await;
            self.connections.close();
            self.connections.wait().await;
        };
        let drained = timeout_at(end, finished).await.is_ok();
        if !drained {
            tracing::warn!(seconds = self.drain.as_secs(), "cut off requests that did not finish in time");
        }
        drained
    }
}

/// Dropping it without [`shutdown`](RunningServer::shutdown) ends it at once, as tests want.
impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stopping.cancel();
        self.stopped.cancel();
    }
}
