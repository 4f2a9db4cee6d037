//! A throw-away Redis server from the installed binary.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, Commands, Connection};
use tempfile::TempDir;

use crate::ports::free_port;
use crate::process::{pause, signal};

/// How long starting may take on a busy machine.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A Redis server on a free port: without password, without persistence. Killed when dropped, and by the kernel if the test
/// process dies.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts one and waits until it answers.
    pub fn start() -> Self {
        RedisServer::start_with(&[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        RedisServer::start_on(free_port(), arguments)
    }

    pub(crate) fn start_on(port: u16, arguments: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("yizhan-redis-").tempdir().expect("a temporary folder");
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut server = RedisServer { port, arguments, folder, child: None };
        server.spawn();
        server
    }

    /// Where it is; stays the same over restarts.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("running");
        child.kill().expect("killed");
        child.wait().expect("ended");
    }

    /// Starts it again on the same port after [`kill`](Self::kill). It remembers nothing.
    pub fn start_again_empty(&mut self) {
        assert!(self.child.is_none(), "still running");
        self.spawn();
    }

    /// Lets it stand still: connections stay open, nothing is answered.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Removes everything.
    pub fn flush(&self) {
        redis::cmd("FLUSHALL").exec(&mut self.connection()).expect("flushed");
    }

    /// All keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.connection().keys("*").expect("keys");
        keys.sort();
        keys
    }

    /// What stands under a key.
    pub fn get_raw(&self, key: &str) -> Option<Vec<u8>> {
        self.connection().get(key).expect("asked")
    }

    /// Puts something under a key.
    pub fn set_raw(&self, key: &str, value: &[u8]) {
        self.connection().set(key, value).expect("set")
    }

    /// How many commands of a name it has done.
    pub fn calls(&self, command: &str) -> u64 {
        let info: String =
            redis::cmd("INFO").arg("commandstats").query(&mut self.connection()).expect("statistics");
        let start = format!("cmdstat_{command}:calls=");
        let calls = info.lines().find_map(|line| line.strip_prefix(&start)?.split(',').next()?.parse().ok());
        calls.unwrap_or(0)
    }

    /// A connection of the test's own.
    pub fn connection(&self) -> Connection {
        let client = Client::open(self.url()).expect("a URL");
        client.get_connection_with_timeout(START_TIMEOUT).expect("Redis answers")
    }

    fn signal(&self, name: &str) {
        signal(name, self.child.as_ref().expect("running").id());
    }

    fn spawn(&mut self) {
        let mut command = redis_server();
        command.args([
            "--port",
            &self.port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.arg("--dir").arg(self.folder.path()).args(&self.arguments);
        self.child = Some(command.spawn().expect("redis-server starts"));
        wait_for("Redis", || self.answers());
    }

    fn answers(&self) -> bool {
        let client = Client::open(self.url()).expect("a URL");
        let Ok(mut connection) = client.get_connection_with_timeout(Duration::from_secs(1)) else {
            return false;
        };
        redis::cmd("PING").exec(&mut connection).is_ok()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The installed program. The kernel kills it when the thread that started it ends: a thread of the test's runtime.
pub(crate) fn redis_server() -> Command {
    let installed = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    assert!(installed.is_ok(), "redis-server is not installed: run integration-tests/install");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", "redis-server"]).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

pub(crate) fn wait_for(what: &str, mut ready: impl FnMut() -> bool) {
    let give_up = Instant::now() + START_TIMEOUT;
    while !ready() {
        assert!(Instant::now() < give_up, "{what} is not ready");
        pause();
    }
}
