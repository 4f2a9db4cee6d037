//! A throw-away PostgreSQL server from the installed binaries.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs};

use crate::ports::free_port;
use crate::prepared::Prepared;
use crate::process::{pause, run, signal};
use crate::scratch;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As shipped.
    On,
    /// Faster, in memory if there is room; loses data when the machine stops.
    Off,
}

/// What its folder is called.
const PURPOSE: &str = "yizhan-postgres-server-";
/// How long starting may take on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// One server, to be stopped, killed and started again. Ends when dropped, and when this process ends: see [`SUPERVISOR`].
#[derive(Debug)]
pub struct PostgresServer {
    /// The server to ask; `postgres://user@host:port` without a database.
    base_url: String,
    folder: PathBuf,
    databases: AtomicU32,
    /// Databases with the tables of a service, by its name, that nobody has taken yet.
    prepared: Mutex<BTreeSet<String>>,
    supervisor: Option<Child>,
}

/// The server of this process that does not wait for the disk.
static FAST: OnceLock<PostgresServer> = OnceLock::new();

/// Starts the server, and once more for each line that is told to it. The end of its standard input comes when the test
/// process ends, however it ends: then it ends the server, also one that stands still, and removes what is in the folder.
const SUPERVISOR: &str = r#"folder="$1"; shift; "$@" & server=$!
while read -r again; do wait $server; "$@" & server=$!; done
kill -CONT $server; kill -QUIT $server; wait $server; rm -rf "$folder"/* "$folder""#;

impl PostgresServer {
    /// The server of this process, started on first use. `YIZHAN_TEST_POSTGRES`, e.g. `postgres://postgres@127.0.0.1:5432`,
    /// names a running one to use instead (not for durable ones: whoever started it decided that).
    pub(crate) fn shared(durability: Durability) -> &'static PostgresServer {
        static DURABLE: OnceLock<PostgresServer> = OnceLock::new();
        match durability {
            Durability::On => DURABLE.get_or_init(|| {
                PostgresServer::start(durability, scratch::folder_on_disk(PURPOSE).keep(), &[])
            }),
            Durability::Off => FAST.get_or_init(|| {
                running().unwrap_or_else(|| PostgresServer::empty_in(scratch::folder(PURPOSE).keep()))
            }),
        }
    }

    /// The same that does not wait for the disk; with databases that were prepared, if this starts it.
    pub(crate) async fn shared_with(prepared: &Prepared) -> &'static PostgresServer {
        if let Some(started) = FAST.get() {
            return started;
        }
        let data = prepared.folder().await.join("postgres");
        FAST.get_or_init(|| {
            running().unwrap_or_else(|| {
                let folder = scratch::folder(PURPOSE).keep();
                given_to_the_server(&folder);
                copy(&data, &folder.join("data"));
                let server = PostgresServer::serve(Durability::Off, folder, &[]);
                PostgresServer { prepared: Mutex::new(prepared.names().collect()), ..server }
            })
        })
    }

    /// One that does not wait for the disk, with its data in this folder.
    pub(crate) fn empty_in(folder: PathBuf) -> PostgresServer {
        PostgresServer::start(Durability::Off, folder, &[])
    }

    /// The URL of the database with the tables of this service, once.
    pub(crate) fn take_prepared(&self, service: &str) -> Option<String> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        prepared.remove(service).then(|| format!("{}/{service}", self.base_url))
    }

    /// A server of a test's own, with its durability as shipped.
    pub fn own() -> PostgresServer {
        PostgresServer::start(Durability::On, scratch::folder(PURPOSE).keep(), &[])
    }

    /// The same, with its data in this folder, e.g. on a small disk. It needs some 60 MiB at first.
    pub fn own_in(folder: &Path) -> PostgresServer {
        PostgresServer::start(Durability::On, folder.to_owned(), &[])
    }

    /// A streaming replica of it, which answers what is only read: a standby made by `pg_basebackup`.
    pub fn standby(&self) -> PostgresServer {
        let folder = scratch::folder(PURPOSE).keep();
        given_to_the_server(&folder);
        let mut backup = as_postgres(&programs().join("pg_basebackup"));
        backup.args(["-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", &self.base_url, "-D"]);
        run(backup.arg(folder.join("data")));
        PostgresServer::serve(Durability::On, folder, &[])
    }

    /// Where a database of another server is found in this one.
    pub fn url_of(&self, theirs: &str) -> String {
        format!("{}/{}", self.base_url, theirs.rsplit('/').next().unwrap_or_default())
    }

    /// Lets a standby apply nothing more of what it gets, or go on.
    pub fn replay(&self, goes_on: bool) {
        let name = if goes_on { "resume" } else { "pause" };
        assert!(self.psql(&format!("SELECT pg_wal_replay_{name}()")).status.success(), "a standby {name}s");
    }

    /// The same on the disk, with more settings, each as `name=value`.
    pub fn on_disk_with(settings: &[&str]) -> PostgresServer {
        PostgresServer::start(Durability::On, scratch::folder_on_disk(PURPOSE).keep(), settings)
    }

    fn start(durability: Durability, folder: PathBuf, settings: &[&str]) -> PostgresServer {
        given_to_the_server(&folder);
        copy_of_template(&folder);
        PostgresServer::serve(durability, folder, settings)
    }

    fn serve(durability: Durability, folder: PathBuf, settings: &[&str]) -> PostgresServer {
        let port = free_port();
        let mut server = as_postgres(&programs().join("postgres"));
        server.arg("-D").arg(folder.join("data")).args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
        ]);
        server.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
        server.args(["-c", "max_connections=300", "-c", "max_prepared_transactions=4"]);
        if durability == Durability::Off {
            server.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        }
        server.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let supervisor = supervise(&folder, &server);
        let base_url = format!("postgres://postgres@127.0.0.1:{port}");
        let (databases, prepared) = (AtomicU32::new(0), Mutex::default());
        let started = PostgresServer { base_url, folder, databases, prepared, supervisor: Some(supervisor) };
        started.wait_until_ready();
        started
    }

    /// Lets all of it stand still (SIGSTOP), the processes that serve connections too: connections stay open, new ones are
    /// accepted by the kernel, nothing is answered.
    pub fn pause(&self) {
        self.signal_all("STOP");
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&self) {
        self.signal_all("CONT");
    }

    /// Kills all of it as `kill -9` does. What was not committed is gone.
    pub fn kill_9(&self) {
        self.signal_all("KILL");
    }

    /// Starts it again after [`kill_9`](Self::kill_9), with the recovery that PostgreSQL does then, and waits for it.
    pub fn start_again(&mut self) {
        self.wait_until_nobody_is_left();
        let told = self.supervisor.as_mut().and_then(|supervisor| supervisor.stdin.as_mut());
        told.expect("a server of ours").write_all(b"again\n").expect("told");
        self.wait_until_ready();
    }

    /// Stops it in good order, lets its transaction ids begin anew in this epoch (`pg_resetwal`), above all that were in earlier ones, and
    /// starts it again.
    pub fn begin_epoch(&mut self, epoch: u32) {
        self.stop();
        self.reset_log(&["--epoch", &epoch.to_string()]);
        self.start_again();
    }

    /// Stops it in good order, and leaves nothing that is not needed: its data can be copied then.
    pub(crate) fn stop_for_good(&self) {
        self.stop();
        self.reset_log(&[]);
    }

    fn stop(&self) {
        signal("INT", self.first_process());
        self.wait_until_nobody_is_left();
    }

    fn reset_log(&self, arguments: &[&str]) {
        run(as_postgres(&programs().join("pg_resetwal")).args(arguments).arg("-D").arg(self.data()));
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts it again if it gave up by itself, as it does when recovery finds no room, and waits until it answers.
    pub fn start_again_if_it_ended(&mut self) {
        // In its last moments it may still be there; then it is looked at again.
        let give_up = Instant::now() + START_TIMEOUT;
        while !self.psql("SELECT 1").status.success() {
            assert!(Instant::now() < give_up, "PostgreSQL neither ends nor answers");
            if !self.data().join("postmaster.pid").exists() {
                return self.start_again();
            }
            pause();
        }
    }

    /// The first process first, so that it starts no others.
    fn signal_all(&self, name: &str) {
        let first = self.first_process();
        let children = format!("/proc/{first}/task/{first}/children");
        let before = fs::read_to_string(&children).unwrap_or_default();
        signal(name, first);
        let now = fs::read_to_string(&children).unwrap_or_default();
        let all: BTreeSet<u32> = before.split(' ').chain(now.split(' ')).flat_map(str::parse).collect();
        // One that has ended meanwhile needs no signal.
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).args(all.iter().map(u32::to_string)).stderr(Stdio::null());
        let _ = kill.status().expect("kill runs");
    }

    fn first_process(&self) -> u32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server");
        file.lines().next().and_then(|line| line.parse().ok()).expect("a process id")
    }

    /// The URL of a new, empty database.
    pub fn create_database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        self.create_database_named(&format!("test_{}_{number}", std::process::id()))
    }

    pub(crate) fn create_database_named(&self, name: &str) -> String {
        let created = self.psql(&format!("CREATE DATABASE {name}"));
        assert!(
            created.status.success(),
            "cannot create a database: {}",
            String::from_utf8_lossy(&created.stderr)
        );
        format!("{}/{name}", self.base_url)
    }

    /// Waits for a process that was made while all of them were killed: it ends by itself, and until then the server refuses to start.
    fn wait_until_nobody_is_left(&self) {
        let data = self.data();
        let is_there =
            |process: fs::DirEntry| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == data);
        let give_up = Instant::now() + START_TIMEOUT;
        while fs::read_dir("/proc").expect("processes").flatten().any(is_there) {
            assert!(Instant::now() < give_up, "a process of the killed server does not end");
            pause();
        }
    }

    fn wait_until_ready(&self) {
        let give_up = Instant::now() + START_TIMEOUT;
        while !(self.says_ready() && self.psql("SELECT 1").status.success()) {
            if Instant::now() > give_up {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("PostgreSQL did not start: {log}");
            }
            pause();
        }
    }

    /// What it notes of itself: to look there is cheaper than to ask it.
    fn says_ready(&self) -> bool {
        const STATUS: usize = 7;
        let noted = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        noted.lines().nth(STATUS).is_some_and(|status| ["ready", "standby"].contains(&status.trim()))
    }

    fn psql(&self, sql: &str) -> std::process::Output {
        let url = format!("{}/postgres", self.base_url);
        let mut psql = Command::new(programs().join("psql"));
        psql.args(["-X", "-q", "-d", &url, "-c", sql]).stdin(Stdio::null());
        psql.output().expect("psql runs")
    }
}

/// The one that `YIZHAN_TEST_POSTGRES` names.
fn running() -> Option<PostgresServer> {
    let base_url = env::var("YIZHAN_TEST_POSTGRES").ok()?;
    let (databases, prepared) = (AtomicU32::new(0), Mutex::default());
    Some(PostgresServer { base_url, folder: PathBuf::new(), databases, prepared, supervisor: None })
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
    copy(&template.join("data"), &folder.join("data"));
}

/// Copies an initialised data folder, whose owner stays.
fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-a").arg(from).arg(to));
}

fn make_template(template: &Path) {
    let folder = scratch::folder_on_disk("yizhan-postgres-template-").keep();
    given_to_the_server(&folder);
    let mut initdb = as_postgres(&programs().join("initdb"));
    initdb.arg("-D").arg(folder.join("data"));
    run(initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]));
    // Whoever is first puts it in place; the others find it there.
    if fs::rename(&folder, template).is_err() {
        let _ = fs::remove_dir_all(&folder);
    }
}

/// Makes a folder the server's user's, who may write in it then; the supervisor removes it.
fn given_to_the_server(folder: &Path) {
    if is_root() {
        run(Command::new("chown").arg("postgres:postgres").arg(folder));
    }
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
