//! Where databases lie that need not outlive the machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use tempfile::TempDir;

/// Memory that looks like a disk, on Linux.
const IN_MEMORY: &str = "/dev/shm";
/// Below this it is left alone: containers often have next to nothing of it.
const MIN_FREE_KIB: u64 = 4 * 1024 * 1024;

/// A new folder in memory where there is plenty of it, else among the temporary files: a database that is made for one test
/// is written once and thrown away, and waiting for a disk would be most of the test.
pub(crate) fn folder(purpose: &str) -> TempDir {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    let place = PLACE.get_or_init(|| if has_room() { IN_MEMORY.into() } else { env::temp_dir() });
    named(purpose).tempdir_in(place).expect("a temporary folder")
}

/// A new folder on the disk, for what is measured or said to be durable.
pub(crate) fn folder_on_disk(purpose: &str) -> TempDir {
    named(purpose).tempdir().expect("a temporary folder")
}

fn named(purpose: &str) -> tempfile::Builder<'_, '_> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(purpose);
    builder
}

fn has_room() -> bool {
    let writable = fs::metadata(IN_MEMORY).is_ok_and(|found| !found.permissions().readonly());
    writable && free_kib(Path::new(IN_MEMORY)).is_some_and(|free| free >= MIN_FREE_KIB)
}

fn free_kib(place: &Path) -> Option<u64> {
    let told = Command::new("df").args(["-k", "--output=avail"]).arg(place).output().ok()?;
    String::from_utf8_lossy(&told.stdout).lines().nth(1)?.trim().parse().ok()
}
