//! This host: what Linux says of itself under `/proc` and `/sys`, named as `node_exporter` names it.

mod cgroup;
mod disk;
mod files;
mod filesystem;
mod meaning;
mod network;
mod process;
mod processor;
mod sheet;
mod sockets;
mod system;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact figures are expected")]
mod tests;

use std::{
    fmt::Debug,
    path::{Path, PathBuf},
    time::Duration,
};

use model::{Labels, Metadata, Series, Time};
use regex::Regex;

use files::{Files, PartError};
use sheet::Sheet;

/// Processes to watch under one name.
#[derive(Clone, Debug)]
pub struct ProcessWatch {
    /// The value of the `groupname` label.
    pub name: String,
    /// Found anywhere in the process' command line (arguments joined by blanks), or in its short name.
    pub pattern: Regex,
}

/// What is left out; the defaults are those of `node_exporter`.
#[derive(Clone, Debug)]
pub struct HostExclusions {
    /// Mount points.
    pub mount_points: Regex,
    /// Types of file systems.
    pub fs_types: Regex,
    /// Block devices.
    pub disks: Regex,
    /// Network interfaces; `None` leaves out none.
    pub interfaces: Option<Regex>,
}

/// How this host is watched.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// Where `/` of the host is: `/`, or `/host` in a container that has it mounted there.
    pub root: PathBuf,
    /// Labels every series gets: `job` and `instance`.
    pub labels: Labels,
    /// Processes to watch.
    pub processes: Vec<ProcessWatch>,
    /// What is left out.
    pub exclude: HostExclusions,
    /// How long all file systems together may take to answer; one that does not is left to itself.
    pub filesystem_wait: Duration,
}

impl HostOptions {
    /// The default: the whole of this host, no process in particular.
    pub fn new(labels: Labels) -> Self {
        Self {
            root: PathBuf::from("/"),
            labels,
            processes: Vec::new(),
            exclude: HostExclusions::default(),
            filesystem_wait: Duration::from_millis(500),
        }
    }
}

/// Mount points that `node_exporter` 1.5 leaves out.
pub const MOUNT_POINTS_EXCLUDE: &str =
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)";

/// Types of file systems that `node_exporter` 1.5 leaves out.
pub const FS_TYPES_EXCLUDE: &str = "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$";

/// Block devices that `node_exporter` 1.5 leaves out: partitions and what holds no data of its own.
pub const DISKS_EXCLUDE: &str = r"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$";

impl Default for HostExclusions {
    #[expect(clippy::expect_used, reason = "the expressions are constants, and a test makes them")]
    fn default() -> Self {
        let make = |text: &str| Regex::new(text).expect("bug: a constant expression is wrong");
        Self {
            mount_points: make(MOUNT_POINTS_EXCLUDE),
            fs_types: make(FS_TYPES_EXCLUDE),
            disks: make(DISKS_EXCLUDE),
            interfaces: None,
        }
    }
}

/// What the host calls itself, for the `instance` label; `localhost` if it does not say.
pub fn host_name(root: &Path) -> String {
    let name = Files::new(root.to_owned())
        .optional("proc/sys/kernel/hostname")
        .ok()
        .flatten()
        .map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".into())
}

/// One subject that is read together and fails alone.
trait Part: Debug + Send {
    /// The word for it, as the `collector` label of `node_scrape_collector_success` has it.
    fn name(&self) -> &'static str;
    /// Reads it and puts what it says on the sheet.
    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError>;
}

/// Reads this host again and again.
#[derive(Debug)]
pub struct HostCollector {
    files: Files,
    sheet: Sheet,
    parts: Vec<Box<dyn Part>>,
    notes: Vec<String>,
}

impl HostCollector {
    /// A collector that has not read yet.
    pub fn new(options: HostOptions) -> Self {
        let HostOptions { root, labels, processes, exclude, filesystem_wait } = options;
        let mut parts: Vec<Box<dyn Part>> = vec![
            Box::new(processor::Stat::default()),
            Box::new(processor::Load),
            Box::new(system::Memory::default()),
            Box::new(system::VirtualMemory::default()),
            Box::new(processor::Pressure),
            Box::new(cgroup::Cgroup::default()),
            Box::new(filesystem::Filesystems::new(
                exclude.mount_points,
                exclude.fs_types,
                filesystem_wait,
            )),
            Box::new(disk::Disks { exclude: exclude.disks }),
            Box::new(network::Interfaces::new(exclude.interfaces)),
            Box::new(sockets::Counters::default()),
            Box::new(sockets::Sockets::default()),
            Box::new(sockets::States::default()),
            Box::new(sockets::Conntrack),
            Box::new(system::FileDescriptors),
            Box::new(system::Names),
            Box::new(system::Clocks),
        ];
        parts.push(Box::new(process::Processes::new(processes)));
        Self { files: Files::new(root), sheet: Sheet::new(labels), parts, notes: Vec::new() }
    }

    /// Everything as it is now, one sample for each series.
    ///
    /// Blocks for some milliseconds, and never much longer than `filesystem_wait`. What cannot be read is left
    /// out, has its `node_scrape_collector_success` at 0, and is named by [`HostCollector::notes`].
    pub fn collect(&mut self, now: Time) -> Vec<Series> {
        self.notes.clear();
        self.sheet.begin(now);
        for (index, part) in self.parts.iter_mut().enumerate() {
            self.sheet.part(index);
            let outcome = part.read(&mut self.files, &mut self.sheet);
            let success = if outcome.is_ok() { 1.0 } else { 0.0 };
            self.sheet.put("node_scrape_collector_success", &[("collector", part.name())], success);
            if let Err(error) = outcome {
                self.notes.push(format!("{}: {}", part.name(), error.chain()));
            }
        }
        self.sheet.end()
    }

    /// What the metrics given out so far mean, sorted by name.
    pub fn metadata(&self) -> Vec<Metadata> {
        self.sheet.names().into_iter().map(meaning::metadata).collect()
    }

    /// Parts that could not be read the last time, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}
