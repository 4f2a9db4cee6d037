//! What it was measured on, and what processes use of it.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::ensure;

/// One line about the machine.
pub fn description() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |path: &str, name: &str| {
        let text = read(path);
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    format!(
        "{} cores ({}), {} memory, Linux {}, load average {} at the start",
        available_parallelism().map_or(0, usize::from),
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    )
}

/// Resident memory of a process, KiB.
pub fn resident_kib(pid: u32) -> u64 {
    memory_kib(pid, "VmRSS:")
}

/// The most it ever was, KiB.
pub fn peak_kib(pid: u32) -> u64 {
    memory_kib(pid, "VmHWM:")
}

fn memory_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// A process as `/proc/PID/stat` tells it.
struct Process {
    pid: u32,
    parent: u32,
    name: String,
    /// User and system time, its ended children's included.
    cpu_ms: u64,
}

/// Milliseconds of CPU that a process has used.
pub fn cpu_ms(pid: u32) -> u64 {
    process(pid).map_or(0, |process| process.cpu_ms)
}

/// Milliseconds of CPU that the PostgreSQL servers started by this program have used.
pub fn postgres_cpu_ms() -> u64 {
    let all = processes();
    let of_ours = |process: &&Process| process.name == "postgres" && descends(process, &all);
    all.iter().filter(of_ours).map(|process| process.cpu_ms).sum()
}

/// Lets what this program started have one half of the cores, and this program itself the other: as if those who ask were elsewhere. On one
/// core there is nothing to divide.
pub fn asked_apart() -> anyhow::Result<()> {
    let cores = available_parallelism().map_or(1, usize::from);
    if cores < 2 {
        return Ok(());
    }
    let all = processes();
    for started in all.iter().filter(|process| descends(process, &all)) {
        keep_on(started.pid, &format!("0-{}", cores / 2 - 1))?;
    }
    keep_on(std::process::id(), &format!("{}-{}", cores / 2, cores - 1))
}

/// Lets this program and what it starts from now on have all cores again.
pub fn together() -> anyhow::Result<()> {
    // All that there are: more than that are left out.
    keep_on(std::process::id(), "0-1023")
}

/// Keeps all threads of a process on some cores. One that has just ended needs none.
fn keep_on(pid: u32, cores: &str) -> anyhow::Result<()> {
    let kept = Command::new("taskset").args(["-acp", cores, &pid.to_string()]).output()?;
    let gone = process(pid).is_none();
    ensure!(kept.status.success() || gone, "taskset: {}", String::from_utf8_lossy(&kept.stderr));
    Ok(())
}

fn processes() -> Vec<Process> {
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

fn descends(process: &Process, all: &[Process]) -> bool {
    process.parent == std::process::id()
        || all.iter().find(|other| other.pid == process.parent).is_some_and(|parent| descends(parent, all))
}

fn process(pid: u32) -> Option<Process> {
    /// Kernel ticks are hundredths of a second for every program.
    const MS_PER_TICK: u64 = 10;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // After the name come state, parent, …; utime, stime, cutime and cstime are the 12th to 15th.
    let ticks: u64 = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        name: head.split_once('(')?.1.to_owned(),
        cpu_ms: ticks * MS_PER_TICK,
    })
}
