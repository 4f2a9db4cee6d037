//! The connection to Redis, whichever kind it is. It is made and replaced only by the keeper, so that requests never wait
//! for one.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, Pipeline, RedisFuture, RedisResult, TlsMode, Value,
};

use super::config::Address;

/// How long the keeper waits for an answer: it has time, and nobody waits for it.
const KEEPER_TIMEOUT: Duration = Duration::from_millis(1000);
/// Commands that wait to be written: more than a burst of questions.
const QUEUE: usize = 4096;
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1000);

/// Where Redis is, and the connection to it if there is one.
pub(super) struct Link {
    address: Address,
    timeout: Duration,
    live: RwLock<Option<Connection>>,
}

impl Link {
    pub(super) fn new(address: Address, timeout: Duration) -> Self {
        Link { address, timeout, live: RwLock::new(None) }
    }

    pub(super) fn backend(&self) -> &'static str {
        self.address.backend()
    }

    /// For requests: answers soon or fails.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// For the keeper: more patient; connects if need be, asking the sentinels again.
    pub(super) async fn patient_connection(&self) -> RedisResult<Connection> {
        let connection = match self.connection() {
            Some(connection) => connection,
            None => {
                let connected =
                    tokio::time::timeout(CONNECT_TIMEOUT, connect(&self.address, self.timeout)).await;
                let connection = connected.map_err(|_| too_slow())??;
                *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(connection.clone());
                connection
            }
        };
        Ok(connection.answering_within(KEEPER_TIMEOUT))
    }

    /// Forgets the connection; the keeper makes another one.
    pub(super) fn disconnect(&self) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn too_slow() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

async fn connect(address: &Address, timeout: Duration) -> RedisResult<Connection> {
    match address {
        Address::InProcess => unreachable!("a link is made for Redis only"),
        Address::Standalone(server) => open(Client::open(server.clone())?, timeout).await,
        Address::Sentinel { sentinels, master, tls } => {
            open(master_of(sentinels, master, *tls).await?, timeout).await
        }
        Address::Cluster(nodes) => {
            let client = ClusterClient::builder(nodes.clone())
                .connection_timeout(CONNECT_TIMEOUT)
                .response_timeout(KEEPER_TIMEOUT)
                .retries(2)
                .build()?;
            Ok(Connection::Cluster { connection: client.get_async_connection().await?, timeout })
        }
    }
}

async fn open(client: Client, timeout: Duration) -> RedisResult<Connection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(timeout))
        .set_pipeline_buffer_size(QUEUE);
    Ok(Connection::Single(client.get_multiplexed_async_connection_with_config(&config).await?))
}

/// Asks the sentinels who the master is. The login is the servers'; sentinels are asked without one.
async fn master_of(sentinels: &[ConnectionInfo], master: &str, tls: bool) -> RedisResult<Client> {
    let servers = sentinels[0].redis_settings().clone();
    let mut node = SentinelNodeConnectionInfo::default().set_redis_connection_info(servers);
    if tls {
        node = node.set_tls_mode(TlsMode::Secure);
    }
    let sentinels: Vec<ConnectionInfo> =
        sentinels.iter().map(|one| one.clone().set_redis_settings(Default::default())).collect();
    SentinelClient::build(sentinels, master, Some(node), SentinelServerType::Master)?.async_get_client().await
}

/// A connection that many use at once. Cheap to clone.
#[derive(Clone)]
pub(super) enum Connection {
    /// To one server; ends when the server goes away.
    Single(MultiplexedConnection),
    /// To all masters of a cluster; follows them by itself. Asking again elsewhere is inside the time allowed.
    Cluster { connection: ClusterConnection, timeout: Duration },
}

impl Connection {
    fn answering_within(mut self, allowed: Duration) -> Self {
        match &mut self {
            Connection::Single(connection) => connection.set_response_timeout(allowed),
            Connection::Cluster { timeout, .. } => *timeout = allowed,
        }
        self
    }

    /// Asks something.
    pub(super) async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Connection::Single(connection) => connection.send_packed_command(command).await?.extract_error(),
            Connection::Cluster { connection, timeout } => {
                let asked = tokio::time::timeout(*timeout, connection.req_packed_command(command));
                asked.await.map_err(|_| too_slow())??.extract_error()
            }
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.ask(command))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Connection::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Connection::Cluster { connection, .. } => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Connection::Single(connection) => connection.get_db(),
            Connection::Cluster { connection, .. } => connection.get_db(),
        }
    }
}
