//! The `host` section: how this machine is watched.

use std::path::PathBuf;

use model::Span;

use crate::{
    pattern::Pattern,
    table::{Key, Otherwise, Table, set},
};

/// Mount points that are no room of their own: kernel file systems, containers' layers and the
/// single files that container engines mount.
const MOUNTS_EXCLUDED: &str = r"^/(dev|proc|sys|run/credentials/.+|run/docker/.+|var/lib/docker/.+|var/lib/containers/.+|var/lib/kubelet/.+|snap/.+|etc/(hosts|hostname|resolv\.conf))($|/)";

/// File systems that hold no files of users. An overlay is kept: in a container it is the root.
const FILE_SYSTEMS_EXCLUDED: &str = "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|erofs|fusectl|fuse\\.lxcfs|hugetlbfs|iso9660|mqueue|nsfs|proc|procfs|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$";

/// Partitions and devices in memory; whole disks stay.
const DISKS_EXCLUDED: &str =
    r"^(z?ram\d+|loop\d+|fd\d+|(h|s|v|xv)d[a-z]+\d+|nvme\d+n\d+p\d+|mmcblk\d+p\d+|sr\d+)$";

/// The host's ends of containers' network interfaces.
const INTERFACES_EXCLUDED: &str = "^(veth|cali|lxc|docker_gwbridge).*$";

/// How this machine is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSettings {
    /// Whether it is watched at all.
    pub enabled: bool,
    /// How often.
    pub interval: Span,
    /// Where the machine's root is, for a server in a container that mounts its host's.
    pub root: PathBuf,
    /// The `instance` label; the host's name if none is given.
    pub instance: Option<String>,
    /// Processes that are watched by name.
    pub processes: Vec<ProcessWatch>,
    /// Mount points that are left out.
    pub mounts_exclude: Pattern,
    /// File system types that are left out.
    pub file_systems_exclude: Pattern,
    /// Disks that are left out.
    pub disks_exclude: Pattern,
    /// Network interfaces that are left out.
    pub interfaces_exclude: Pattern,
}

/// A group of processes that is watched as one.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessWatch {
    /// What the group is called.
    pub name: String,
    /// Matches the command lines of its processes, anywhere.
    pub pattern: Pattern,
}

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Span::secs(5),
            root: PathBuf::from("/"),
            instance: None,
            processes: Vec::new(),
            mounts_exclude: Pattern::built_in(Pattern::anywhere(MOUNTS_EXCLUDED)),
            file_systems_exclude: Pattern::built_in(Pattern::anywhere(FILE_SYSTEMS_EXCLUDED)),
            disks_exclude: Pattern::built_in(Pattern::anywhere(DISKS_EXCLUDED)),
            interfaces_exclude: Pattern::built_in(Pattern::anywhere(INTERFACES_EXCLUDED)),
        }
    }
}

pub(in crate::settings) static TABLE: Table<HostSettings> = Table {
    what: "the `host` section",
    keys: &[
        Key {
            name: "enabled",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether this machine is watched.",
            read: |reader, field, into| set(&mut into.enabled, reader.truth(field.node)),
        },
        Key {
            name: "interval",
            form: "duration",
            otherwise: Otherwise::Is("5s"),
            about: "How often it is read.",
            read: |reader, field, into| {
                let range = Span::secs(1)..=Span::hours(1);
                set(&mut into.interval, reader.duration(field.node, range));
            },
        },
        Key {
            name: "root",
            form: "folder",
            otherwise: Otherwise::Is("/"),
            about: "Where the machine's root is; in a container, where the host's root is mounted.",
            read: |reader, field, into| {
                set(&mut into.root, reader.text(field.node).map(PathBuf::from));
            },
        },
        Key {
            name: "instance",
            form: "text",
            otherwise: Otherwise::Said("the host's name"),
            about: "The `instance` label of everything read from this machine.",
            read: |reader, field, into| {
                into.instance = reader.text(field.node).map(str::to_owned);
            },
        },
        Key {
            name: "processes",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Groups of processes that are watched by name: CPU, memory, files, threads.",
            read: |reader, field, into| {
                let drafts = PROCESS_TABLE.each(reader, field.node);
                into.processes = drafts.into_iter().filter_map(ProcessDraft::finish).collect();
            },
        },
        Key {
            name: "mounts_exclude",
            form: "regular expression",
            otherwise: Otherwise::Said("mounts of the kernel and of containers"),
            about: "Mount points that are left out.",
            read: |reader, field, into| {
                set(&mut into.mounts_exclude, reader.pattern(field.node, false));
            },
        },
        Key {
            name: "file_systems_exclude",
            form: "regular expression",
            otherwise: Otherwise::Said("types that hold no files of users"),
            about: "Types of file systems that are left out.",
            read: |reader, field, into| {
                set(&mut into.file_systems_exclude, reader.pattern(field.node, false));
            },
        },
        Key {
            name: "disks_exclude",
            form: "regular expression",
            otherwise: Otherwise::Said("partitions and devices in memory"),
            about: "Disks that are left out.",
            read: |reader, field, into| {
                set(&mut into.disks_exclude, reader.pattern(field.node, false));
            },
        },
        Key {
            name: "interfaces_exclude",
            form: "regular expression",
            otherwise: Otherwise::Said("the host's ends of containers' interfaces"),
            about: "Network interfaces that are left out.",
            read: |reader, field, into| {
                set(&mut into.interfaces_exclude, reader.pattern(field.node, false));
            },
        },
    ],
    refused: &[],
};

/// A watched process while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct ProcessDraft {
    name: Option<String>,
    pattern: Option<Pattern>,
}

impl ProcessDraft {
    fn finish(self) -> Option<ProcessWatch> {
        Some(ProcessWatch { name: self.name?, pattern: self.pattern? })
    }
}

pub(in crate::settings) static PROCESS_TABLE: Table<ProcessDraft> = Table {
    what: "a watched process",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "What the group is called; its `groupname` label.",
            read: |reader, field, into| into.name = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "match",
            form: "regular expression",
            otherwise: Otherwise::Needed,
            about: "Matches the command lines of its processes, anywhere.",
            read: |reader, field, into| into.pattern = reader.pattern(field.node, false),
        },
    ],
    refused: &[],
};
