//! Several Redis servers: watched by sentinels, or as a cluster.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::Client;
use tempfile::TempDir;

use crate::ports::free_port;
use crate::redis_server::{RedisServer, redis_server, wait_for};

/// What the sentinels call the master.
const MASTER: &str = "main";

/// A master and a replica, and three sentinels that watch them.
#[derive(Debug)]
pub struct RedisSentinel {
    servers: Vec<RedisServer>,
    sentinels: Vec<(u16, Child)>,
    _folder: TempDir,
}

impl RedisSentinel {
    /// Starts all of them and waits until the sentinels know each other and the replica.
    pub fn start() -> Self {
        let master = RedisServer::start();
        let of = format!("127.0.0.1 {}", master.port());
        let replica = RedisServer::start_with(&["--replicaof", &of]);
        wait_for("the replica", || info(replica.port(), "replication").contains("master_link_status:up"));
        let folder =
            tempfile::Builder::new().prefix("yizhan-sentinel-").tempdir().expect("a temporary folder");
        let sentinels: Vec<(u16, Child)> =
            (0..3).map(|number| start_sentinel(&folder, number, master.port())).collect();
        for (port, _) in &sentinels {
            wait_for("the sentinels", || info(*port, "sentinel").contains("slaves=1,sentinels=3"));
        }
        RedisSentinel { servers: vec![master, replica], sentinels, _folder: folder }
    }

    /// `redis-sentinel://…`.
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(|(port, _)| format!("127.0.0.1:{port}")).collect();
        format!("redis-sentinel://{}/{MASTER}", hosts.join(","))
    }

    /// The server the sentinels name as master now.
    pub fn master(&self) -> &RedisServer {
        let port = self.master_port().expect("a sentinel answers");
        self.servers.iter().find(|server| server.port() == port).expect("one of ours")
    }

    /// Kills the master and waits until the other one is in its place.
    pub fn fail_over(&mut self) {
        let old = self.master_port().expect("a sentinel answers");
        let server = self.servers.iter_mut().find(|server| server.port() == old).expect("one of ours");
        server.kill();
        wait_for("the new master", || {
            self.master_port()
                .is_some_and(|port| port != old && info(port, "replication").contains("role:master"))
        });
    }

    fn master_port(&self) -> Option<u16> {
        let client = Client::open(format!("redis://127.0.0.1:{}", self.sentinels[0].0)).expect("a URL");
        let mut sentinel = client.get_connection_with_timeout(Duration::from_secs(1)).ok()?;
        let ask = redis::cmd("SENTINEL").arg("get-master-addr-by-name").arg(MASTER).to_owned();
        let (_, port): (String, String) = ask.query(&mut sentinel).ok()?;
        port.parse().ok()
    }
}

impl Drop for RedisSentinel {
    fn drop(&mut self) {
        for (_, sentinel) in &mut self.sentinels {
            let _ = sentinel.kill();
            let _ = sentinel.wait();
        }
    }
}

#[allow(clippy::zombie_processes, reason = "waited for when dropped")]
fn start_sentinel(folder: &TempDir, number: usize, master: u16) -> (u16, Child) {
    let port = free_port();
    let file = folder.path().join(format!("sentinel-{number}.conf"));
    let settings = format!(
        "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {MASTER} 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 5000\n",
        folder.path().display()
    );
    fs::write(&file, settings).expect("a settings file");
    (port, redis_server().arg(file).arg("--sentinel").spawn().expect("the sentinel starts"))
}

/// A Redis Cluster of three masters.
#[derive(Debug)]
pub struct RedisCluster {
    servers: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts it and waits until all slots are served.
    pub fn start() -> Self {
        // The port of the cluster's own bus must be below 65536: the free port plus 10000, unless it is given.
        let start = || {
            let bus = free_port().to_string();
            let arguments =
                ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"];
            RedisServer::start_with(&arguments)
        };
        let servers: Vec<RedisServer> = (0..3).map(|_| start()).collect();
        let addresses = servers.iter().map(|server| format!("127.0.0.1:{}", server.port()));
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]).args(addresses).arg("--cluster-yes").stdin(Stdio::null());
        let created = create.output().expect("redis-cli runs");
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
        for server in &servers {
            wait_for("the cluster", || {
                let mut connection = server.connection();
                let state: String = redis::cmd("CLUSTER").arg("INFO").query(&mut connection).expect("asked");
                state.contains("cluster_state:ok") && state.contains("cluster_known_nodes:3")
            });
        }
        RedisCluster { servers }
    }

    /// `redis-cluster://…`.
    pub fn url(&self) -> String {
        let hosts: Vec<String> =
            self.servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        format!("redis-cluster://{}", hosts.join(","))
    }

    /// Its servers.
    pub fn servers(&mut self) -> &mut [RedisServer] {
        &mut self.servers
    }
}

fn info(port: u16, section: &str) -> String {
    let client = Client::open(format!("redis://127.0.0.1:{port}")).expect("a URL");
    let Ok(mut connection) = client.get_connection_with_timeout(Duration::from_secs(1)) else {
        return String::new();
    };
    redis::cmd("INFO").arg(section).query(&mut connection).unwrap_or_default()
}
