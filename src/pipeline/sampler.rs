//! Measures this machine and this process.

use crate::domain::system::{Counters, Cpu, Disk, Memory, Process, Sampled};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use sysinfo::{
    CpuRefreshKind, MINIMUM_CPU_UPDATE_INTERVAL, MemoryRefreshKind, Networks, Pid,
    ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System,
};

/// Time between two samples.
pub const INTERVAL: Duration = Duration::from_secs(2);

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;

/// Name of this machine; `localhost` if it has none.
pub fn host_name() -> Arc<str> {
    let name = System::host_name().unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".into() } else { name.into() }
}

/// Measures this machine.
///
/// CPU use is that between two samples; the first one waits 200 ms to have something to compare
/// with, so sample on a thread that may block. What the machine does not tell is left out.
#[derive(Debug)]
pub struct HostSampler {
    host: Arc<str>,
    data_dir: PathBuf,
    system: Option<System>,
    networks: Option<Networks>,
    warm: bool,
}

impl HostSampler {
    /// For the machine that `data_dir` is on; its disk is the one that is measured.
    pub fn new(data_dir: &Path) -> Self {
        let what = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_usage())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        Self {
            host: host_name(),
            data_dir: data_dir.to_owned(),
            system: System::new_with_specifics(what).ok(),
            networks: Networks::new().ok(),
            warm: false,
        }
    }

    /// The figures of now.
    pub fn sample(&mut self) -> Sampled {
        if !std::mem::replace(&mut self.warm, true) {
            std::thread::sleep(MINIMUM_CPU_UPDATE_INTERVAL);
        }
        let (cpu, memory) = self.system.as_mut().map(cpu_and_memory).unwrap_or_default();
        Sampled {
            host: self.host.clone(),
            cpu,
            memory,
            disk: disk(&self.data_dir),
            network: self.networks.as_mut().map(network),
            load: System::load_average().ok().map(|load| [load.one, load.five, load.fifteen]),
        }
    }
}

fn cpu_and_memory(system: &mut System) -> (Option<Cpu>, Option<Memory>) {
    system.refresh_cpu_usage();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let usage_percent = f64::from(system.global_cpu_usage()).clamp(0.0, 100.0);
    let cores = u32::try_from(system.cpus().len()).unwrap_or(u32::MAX);
    let (total, used) = (system.total_memory() as f64, system.used_memory() as f64);
    let memory = Memory {
        total_mb: tenth(total / MIB),
        used_mb: tenth(used / MIB),
        percent: percent(used, total),
    };
    (
        (cores > 0).then_some(Cpu { usage_percent: tenth(usage_percent), cores: Some(cores) }),
        (total > 0.0).then_some(memory),
    )
}

/// The disk that `path` is on. Its size is what is in use and what can still be: space that is
/// kept back (for root, by a quota) is neither, so a disk that cannot take more is 100 % full.
fn disk(path: &Path) -> Option<Disk> {
    let fs = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks as f64 * fs.f_frsize as f64;
    let used = bytes(fs.f_blocks.saturating_sub(fs.f_bfree));
    let total = used + bytes(fs.f_bavail);
    (total > 0.0).then(|| Disk {
        total_gb: tenth(total / GIB),
        used_gb: tenth(used / GIB),
        percent: percent(used, total),
    })
}

/// Traffic of all interfaces but the loopback, whose bytes leave no machine.
fn network(networks: &mut Networks) -> Counters {
    networks.refresh(true);
    let outside = networks.iter().filter(|(name, _)| *name != "lo");
    outside.fold(Counters { rx_bytes: 0, tx_bytes: 0 }, |all, (_, one)| Counters {
        rx_bytes: all.rx_bytes.saturating_add(one.total_received()),
        tx_bytes: all.tx_bytes.saturating_add(one.total_transmitted()),
    })
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { tenth((part / whole * 100.0).clamp(0.0, 100.0)) } else { 0.0 }
}

/// Figures to a tenth: more digits would only be noise in the journal.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Measures this process.
#[derive(Debug)]
pub struct ProcessSampler {
    system: Option<System>,
    pid: u32,
}

impl Default for ProcessSampler {
    fn default() -> Self {
        Self::new()
    }
}

impl ProcessSampler {
    /// For the process that calls it.
    pub fn new() -> Self {
        Self { system: System::new().ok(), pid: std::process::id() }
    }

    /// The figures of now.
    pub fn sample(&mut self) -> Process {
        let mut process = Process { pid: self.pid, ..Process::default() };
        let pid = Pid::from_u32(self.pid);
        let Some(system) = &mut self.system else { return process };
        let what = ProcessRefreshKind::nothing().with_memory().with_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
        if let Some(seen) = system.process(pid) {
            process.memory_mb = tenth(seen.memory() as f64 / MIB);
            process.threads = threads(seen, pid);
            process.uptime_seconds = seen.run_time();
        }
        process
    }
}

/// Threads of a process, the main one included: the list of its tasks may or may not hold that.
fn threads(process: &sysinfo::Process, pid: Pid) -> u32 {
    let tasks =
        process.tasks().map_or(0, |tasks| tasks.iter().filter(|&&task| task != pid).count());
    u32::try_from(tasks).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Validate;

    #[test]
    fn a_sample_of_this_machine_is_a_valid_event() {
        let dir = tempfile::tempdir().unwrap();
        let mut sampler = HostSampler::new(dir.path());
        let sample = sampler.sample();
        assert_eq!(sample.validate(), Ok(()));
        assert!(sample.cpu.is_some_and(|cpu| cpu.cores > Some(0)));
        let memory = sample.memory.unwrap();
        assert!(memory.used_mb > 0.0 && memory.used_mb < memory.total_mb);
        assert!(sample.disk.is_some_and(|disk| disk.total_gb > 0.0), "{sample:?}");
    }

    #[test]
    fn this_process_has_memory_and_all_its_threads() {
        let (stop, wait) = std::sync::mpsc::channel::<()>();
        let mut sampler = ProcessSampler::new();
        let before = sampler.sample();
        assert_eq!(before.pid, std::process::id());
        assert!(before.memory_mb > 1.0);
        let thread = std::thread::spawn(move || wait.recv());
        let listed = std::fs::read_dir("/proc/self/task").map(|tasks| tasks.count());
        let after = sampler.sample();
        // Other tests come and go on threads of their own.
        assert!(after.threads >= 2, "{after:?}");
        if let Ok(listed) = listed {
            assert!(i64::from(after.threads).abs_diff(listed as i64) <= 4, "{after:?} {listed}");
        }
        drop(stop);
        let _ = thread.join();
    }
}
