//! A wall clock of a process' own, that goes ahead of the machine's or behind it. No service knows of it: the C library's clock is
//! replaced from outside, by a few lines that gcc, which is needed to build anyway, compiles for the test.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::scratch;

const SOURCE: &str = include_str!("clock_ahead.c");

/// The clock of the processes that were started with it; see [`ServiceProcess::with_clock`](crate::ServiceProcess::with_clock).
#[derive(Debug)]
pub struct ProcessClock {
    folder: TempDir,
}

impl ProcessClock {
    /// One that is ahead of the machine's by so many seconds; behind, where they are negative.
    pub fn ahead(seconds: i64) -> ProcessClock {
        let clock = ProcessClock { folder: scratch::folder("yizhan-clock") };
        let source = clock.file("clock.c");
        fs::write(&source, SOURCE).expect("written");
        let mut gcc = Command::new("gcc");
        let built = gcc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(clock.library()).arg(source).status();
        assert!(built.expect("gcc runs").success());
        clock.set(seconds);
        clock
    }

    /// Moves it, also for those that run.
    pub fn set(&self, seconds: i64) {
        // In place: running processes have it mapped, and may not find it empty.
        let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(self.seconds());
        file.expect("opened").write_all_at(&seconds.to_ne_bytes(), 0).expect("written");
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.file("clock.so")
    }

    pub(crate) fn seconds(&self) -> PathBuf {
        self.file("seconds")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
