//! A disk that can be full.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::process::ServiceProcess;
use crate::scratch;

/// What takes the room.
const BALLAST: &str = "ballast";

/// A small file system in memory, or, where mounting one is not allowed, a folder: then files of the process that is told
/// cannot grow. Unmounted when dropped, and when the test process ends, however it ends.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
    /// Unmounts at the end of its standard input.
    _mounted: Option<Child>,
    _folder: Option<TempDir>,
}

/// Waits for the end of the test.
const SUPERVISOR: &str = r#"cat > /dev/null; umount -l "$1"; rmdir "$1""#;

impl SmallDisk {
    /// An empty one of so many MiB.
    pub fn of_mib(size: u32) -> SmallDisk {
        let folder = scratch::folder("yizhan-small-disk-");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}m,mode=755"), "yizhan-test"]);
        let mounted = mount.arg(folder.path()).stdin(Stdio::null()).stderr(Stdio::null()).status();
        if !mounted.is_ok_and(|status| status.success()) {
            return SmallDisk { folder: folder.path().to_owned(), _mounted: None, _folder: Some(folder) };
        }
        let folder = folder.keep();
        SmallDisk { _mounted: Some(supervise(&folder)), folder, _folder: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Whether it is a file system of its own: only then it is full for everybody, and says “no space left”.
    pub fn is_mounted(&self) -> bool {
        self._mounted.is_some()
    }

    /// From now on this process, and whoever else writes here, cannot write more than fits in what it has.
    pub fn fill(&self, process: &ServiceProcess) {
        if self.is_mounted() { self.take_all_room() } else { limit_files(process, "4096") }
    }

    /// There is room again.
    pub fn make_room(&self, process: &ServiceProcess) {
        let ballast = self.folder.join(BALLAST);
        if ballast.exists() {
            fs::remove_file(ballast).expect("the ballast can be removed");
        }
        if !self.is_mounted() {
            limit_files(process, "unlimited");
        }
    }

    fn take_all_room(&self) {
        let ballast = self.folder.join(BALLAST);
        let mut ballast = fs::File::options().create(true).append(true).open(ballast).expect("a file");
        // Down to the last page: what the service frees in between is taken too.
        for piece in [vec![0; 1024 * 1024], vec![0; 4096]] {
            let full = loop {
                if let Err(error) = ballast.write_all(&piece) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        }
    }
}

/// How large files of a running process may become. It was started so that it is told by an error, not killed.
fn limit_files(process: &ServiceProcess, bytes: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &process.pid().to_string(), &format!("--fsize={bytes}:unlimited")]);
    assert!(prlimit.stdin(Stdio::null()).status().expect("prlimit runs").success(), "{prlimit:?}");
}

#[allow(clippy::zombie_processes, reason = "it lives as long as the disk and then ends by itself")]
fn supervise(folder: &Path) -> Child {
    use std::os::unix::process::CommandExt;
    let mut supervisor = Command::new("sh");
    supervisor.args(["-c", SUPERVISOR, "sh"]).arg(folder).stdin(Stdio::piped());
    supervisor.process_group(0).spawn().expect("the supervisor starts")
}
