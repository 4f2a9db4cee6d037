//! A service as a process of its own.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::authority::TlsFiles;
use crate::clock::ProcessClock;
use crate::ports::free_port;

/// How long a service may take to answer after it was started.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Between two looks whether something that was started is there.
#[expect(clippy::disallowed_methods, reason = "starting a server is waited for without a runtime")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(15));
}

/// Sends a process a signal by name.
pub(crate) fn signal(name: &str, pid: u32) {
    let sent = std::process::Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(sent.expect("kill runs").success(), "{name} to {pid}");
}

/// Runs a program to its end; it has to succeed.
pub(crate) fn run(command: &mut std::process::Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A running service binary. Killed when dropped, and by the kernel if the test process dies.
#[derive(Debug)]
pub struct ServiceProcess {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    descriptors: Option<u32>,
    stderr: Option<PathBuf>,
    port: u16,
    /// Where health is asked when that is not where it serves: whoever shows no certificate is not let in there.
    health_port: Option<u16>,
    child: Option<Child>,
}

impl ServiceProcess {
    /// A binary of this workspace by name: in the folder `YIZHAN_TEST_BIN_DIR`, or next to the test itself.
    pub fn of(binary: &str) -> Self {
        let folder = env::var_os("YIZHAN_TEST_BIN_DIR").map(PathBuf::from).unwrap_or_else(|| {
            let test = env::current_exe().expect("the path of the test");
            test.ancestors().nth(2).expect("target/<profile>/deps/<test>").to_owned()
        });
        ServiceProcess::at(folder.join(binary))
    }

    /// A binary by path, e.g. `env!("CARGO_BIN_EXE_yizhan-enrollment")`.
    pub fn at(binary: impl Into<PathBuf>) -> Self {
        let port = free_port();
        let listen = ("YIZHAN_SERVER_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        let environment = BTreeMap::from([listen]);
        let (binary, arguments) = (binary.into(), Vec::new());
        ServiceProcess {
            binary,
            arguments,
            environment,
            descriptors: None,
            stderr: None,
            port,
            health_port: None,
            child: None,
        }
    }

    /// Sets a variable of its environment, e.g. `YIZHAN_DATABASE_URL`. Variables of the test itself are inherited too.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// Gives it a wall clock of its own.
    pub fn with_clock(self, clock: &ProcessClock) -> Self {
        let path = |path: PathBuf| path.to_str().expect("a path that is text").to_owned();
        self.env("LD_PRELOAD", path(clock.library())).env("YIZHAN_TEST_CLOCK", path(clock.seconds()))
    }

    /// Adds a command line argument.
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// It serves as `localhost` with this certificate, to whoever shows one of the same authority.
    pub fn with_mutual_tls(mut self, files: &TlsFiles) -> Self {
        let health_port = free_port();
        self.health_port = Some(health_port);
        let path = |path: &Path| path.to_str().expect("a path that is text").to_owned();
        self.env("YIZHAN_SERVER_TLS_CERT", path(&files.cert))
            .env("YIZHAN_SERVER_TLS_KEY", path(&files.key))
            .env("YIZHAN_SERVER_TLS_CLIENT_CA", path(&files.ca))
            .env("YIZHAN_SERVER_HEALTH_LISTEN", format!("127.0.0.1:{health_port}"))
    }

    /// It may hold so many file descriptors at once, as after `ulimit -n`.
    pub fn descriptors(mut self, limit: u32) -> Self {
        self.descriptors = Some(limit);
        self
    }

    /// Its stderr is added to this file.
    pub fn stderr_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.stderr = Some(file.into());
        self
    }

    /// Starts it and waits until its health says SERVING.
    pub async fn start(mut self) -> Self {
        self.spawn();
        self.wait_until_serving().await;
        self
    }

    /// Where it listens; stays the same over restarts.
    pub fn url(&self) -> String {
        match self.health_port {
            Some(_) => format!("https://localhost:{}", self.port),
            None => format!("http://127.0.0.1:{}", self.port),
        }
    }

    fn health_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.health_port.unwrap_or(self.port))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("running")
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub async fn kill_9(&mut self) {
        let mut child = self.child.take().expect("running");
        child.kill().await.expect("killed");
    }

    /// Asks it to stop (SIGTERM) and waits for it.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.ended().await
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("running");
        child.wait().await.expect("ended")
    }

    /// Asks it to stop (SIGTERM) and does not wait.
    pub fn ask_to_stop(&self) {
        signal("TERM", self.pid());
    }

    /// Asks it as ctrl-c does (SIGINT), and does not wait.
    pub fn interrupt(&self) {
        signal("INT", self.pid());
    }

    /// Lets it stand still (SIGSTOP): connections stay open, nothing is answered.
    pub fn pause(&self) {
        signal("STOP", self.pid());
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        signal("CONT", self.pid());
    }

    /// Starts it again on the same port after [`kill_9`](Self::kill_9) or [`terminate`](Self::terminate).
    pub async fn restart(&mut self) {
        assert!(self.child.is_none(), "still running");
        self.spawn();
        self.wait_until_serving().await;
    }

    /// Runs it to its end, for binaries that are expected not to serve: exit code, and all it said.
    pub async fn run_to_end(self) -> (Option<i32>, String) {
        let mut command = Command::new(&self.binary);
        let output =
            command.args(&self.arguments).envs(&self.environment).output().await.expect("the binary runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Runs it for so long, then kills it: all it said.
    pub async fn said_within(self, time: Duration) -> String {
        let mut command = Command::new(&self.binary);
        command.args(&self.arguments).envs(&self.environment).kill_on_drop(true);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = piped.expect("the binary runs");
        tokio::time::sleep(time).await;
        child.start_kill().expect("killed");
        let output = child.wait_with_output().await.expect("what it said");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// Whether health says that this service is serving; the empty name is the process as a whole.
    pub async fn is_serving(&self, service: &str) -> bool {
        health(&self.health_url(), service).await == Some(ServingStatus::Serving)
    }

    fn spawn(&mut self) {
        assert!(self.binary.is_file(), "{} is not built", self.binary.display());
        // Each of these becomes the next, so that the child is the service. A file that may not grow is an error to it, not
        // its end. The kernel kills it when the thread that started it ends: a thread of the test's runtime.
        let mut command = Command::new("env");
        command.args(["--ignore-signal=XFSZ", "setpriv", "--pdeathsig", "KILL", "--"]);
        if let Some(limit) = self.descriptors {
            command.args(["prlimit".to_owned(), format!("--nofile={limit}")]);
        }
        command.arg(&self.binary).args(&self.arguments);
        command.envs(&self.environment).kill_on_drop(true);
        if let Some(path) = self.stderr.clone().or_else(|| self.log_of_suite()) {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            command.stderr(file.expect("a file for stderr"));
        }
        self.child = Some(command.spawn().expect("env runs"));
    }

    /// Where all processes of a kind say what they say, if that is looked through behind the suite (`integration-tests/run`).
    fn log_of_suite(&self) -> Option<PathBuf> {
        let folder = PathBuf::from(env::var_os("YIZHAN_TEST_LOGS")?);
        Some(folder.join(self.binary.file_name()?).with_extension("log"))
    }

    async fn wait_until_serving(&mut self) {
        let serving = async {
            while !serves(&self.health_url()).await {
                let child = self.child.as_mut().expect("running");
                if let Some(status) = child.try_wait().expect("asked the kernel") {
                    panic!("{} ended while starting: {status}", self.binary.display());
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let started = tokio::time::timeout(START_TIMEOUT, serving).await;
        started.unwrap_or_else(|_| panic!("{} does not serve", self.binary.display()));
    }
}

async fn serves(url: &str) -> bool {
    health(url, "").await.is_some()
}

async fn health(url: &str, service: &str) -> Option<ServingStatus> {
    let endpoint =
        Endpoint::from_shared(url.to_owned()).expect("a URL").connect_timeout(Duration::from_secs(1));
    let mut client = HealthClient::new(endpoint.connect().await.ok()?);
    let request = HealthCheckRequest { service: service.to_owned() };
    Some(client.check(request).await.ok()?.into_inner().status())
}
