//! A throw-away PostgreSQL server from the installed binaries.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs};

use tempfile::TempDir;

use crate::process::{free_port, pause};
use crate::scratch;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As shipped.
    On,
    /// Faster, in memory if there is room; loses data when the machine stops.
    Off,
}

/// How long starting may take on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// One server. Lives as long as this process: see [`SUPERVISOR`].
#[derive(Debug)]
pub(crate) struct PostgresServer {
    /// The server to ask; `postgres://user@host:port` without a database.
    base_url: String,
    databases: AtomicU32,
    _supervisor: Option<Child>,
}

/// Starts the server and waits for the end of its standard input, which comes when the test process ends, however it ends;
/// then stops the server and removes the folder.
const SUPERVISOR: &str = r#"folder="$1"; shift; "$@" & server=$!; cat > /dev/null; kill -QUIT $server; wait $server; rm -rf "$folder""#;

impl PostgresServer {
    /// The server of this process, started on first use. `YIZHAN_TEST_POSTGRES`, e.g. `postgres://postgres@127.0.0.1:5432`,
    /// names a running one to use instead (not for durable ones: whoever started it decided that).
    pub(crate) fn shared(durability: Durability) -> &'static PostgresServer {
        static FAST: OnceLock<PostgresServer> = OnceLock::new();
        static DURABLE: OnceLock<PostgresServer> = OnceLock::new();
        match durability {
            Durability::On => DURABLE.get_or_init(|| PostgresServer::start(durability)),
            Durability::Off => FAST.get_or_init(|| match env::var("YIZHAN_TEST_POSTGRES") {
                Ok(base_url) => PostgresServer { base_url, databases: AtomicU32::new(0), _supervisor: None },
                Err(_) => PostgresServer::start(durability),
            }),
        }
    }

    fn start(durability: Durability) -> PostgresServer {
        let folder = match durability {
            Durability::On => scratch::folder_on_disk("yizhan-postgres-server-"),
            Durability::Off => scratch::folder("yizhan-postgres-server-"),
        };
        let folder = given_to_the_server(folder);
        copy_of_template(&folder);
        let port = free_port();
        let mut server = as_postgres(&programs().join("postgres"));
        server.arg("-D").arg(folder.join("data")).args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
        ]);
        server.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
        server.args(["-c", "max_connections=300"]);
        if durability == Durability::Off {
            server.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        }
        let supervisor = supervise(&folder, &server);
        let base_url = format!("postgres://postgres@127.0.0.1:{port}");
        let started =
            PostgresServer { base_url, databases: AtomicU32::new(0), _supervisor: Some(supervisor) };
        started.wait_until_ready(&folder);
        started
    }

    /// The URL of a new, empty database.
    pub(crate) fn create_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let created = self.psql(&format!("CREATE DATABASE {name}"));
        assert!(
            created.status.success(),
            "cannot create a database: {}",
            String::from_utf8_lossy(&created.stderr)
        );
        format!("{}/{name}", self.base_url)
    }

    fn wait_until_ready(&self, folder: &Path) {
        let give_up = Instant::now() + START_TIMEOUT;
        while !self.psql("SELECT 1").status.success() {
            if Instant::now() > give_up {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                panic!("PostgreSQL did not start: {log}");
            }
            pause();
        }
    }

    fn psql(&self, sql: &str) -> std::process::Output {
        let url = format!("{}/postgres", self.base_url);
        let mut psql = Command::new(programs().join("psql"));
        psql.args(["-X", "-q", "-d", &url, "-c", sql]).stdin(Stdio::null());
        psql.output().expect("psql runs")
    }
}

/// Runs the server under the supervisor, in a process group of its own, so that ctrl-c at the terminal does not stop it
/// before the tests.
#[allow(clippy::zombie_processes, reason = "it lives as long as this process")]
fn supervise(folder: &Path, server: &Command) -> Child {
    use std::os::unix::process::CommandExt;
    let log = fs::File::create(folder.join("log")).expect("a log file");
    let mut supervisor = Command::new("sh");
    supervisor.args(["-c", SUPERVISOR, "sh"]).arg(folder).arg(server.get_program()).args(server.get_args());
    supervisor.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).process_group(0);
    supervisor.spawn().expect("the supervisor starts")
}

/// An initialised data folder, made once per machine and copied: initdb takes much longer than a copy.
fn copy_of_template(folder: &Path) {
    let version =
        programs().parent().and_then(Path::file_name).expect("a version").to_string_lossy().into_owned();
    let template = env::temp_dir().join(format!("yizhan-postgres-template-{version}-{}", who_am_i()));
    if !template.join("data/PG_VERSION").exists() {
        make_template(&template);
    }
    run(Command::new("cp").arg("-a").arg(template.join("data")).arg(folder));
}

fn make_template(template: &Path) {
    let folder = given_to_the_server(scratch::folder_on_disk("yizhan-postgres-template-"));
    let mut initdb = as_postgres(&programs().join("initdb"));
    initdb.arg("-D").arg(folder.join("data"));
    run(initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]));
    // Whoever is first puts it in place; the others find it there.
    if fs::rename(&folder, template).is_err() {
        let _ = fs::remove_dir_all(&folder);
    }
}

/// Makes a folder the server's user's, who may write in it then; the supervisor removes it.
fn given_to_the_server(folder: TempDir) -> PathBuf {
    let folder = folder.keep();
    if is_root() {
        run(Command::new("chown").arg("postgres:postgres").arg(&folder));
    }
    folder
}

/// PostgreSQL refuses to run as root: then it runs as the user `postgres`, which the Debian package makes.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
        .arg(program)
        .current_dir("/");
    command
}

/// The newest installed version's programs.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = versions.map(|entry| entry.path()).max_by_key(number);
        newest
            .expect("PostgreSQL is installed under /usr/lib/postgresql (Debian package: postgresql)")
            .join("bin")
    })
}

fn is_root() -> bool {
    who_am_i() == "0"
}

fn who_am_i() -> String {
    let output = Command::new("id").arg("-u").output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
