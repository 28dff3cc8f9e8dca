//! What the metrics of this host mean, in a sentence each.

use model::{Metadata, MetricKind};

/// Names, or the beginnings of names where they end in `*`, and their help. Kinds follow from the names.
const MEANINGS: [(&str, &str); 45] = [
    ("node_boot_time_seconds", "when the host started, in seconds since 1970"),
    ("node_context_switches_total", "times a processor went from one thread to another"),
    ("node_cpu_guest_seconds_total", "seconds each processor spent on guests, by mode"),
    ("node_cpu_seconds_total", "seconds each processor spent in each mode"),
    ("node_disk_io_now", "requests a block device is working on"),
    ("node_disk_io_time_seconds_total", "seconds a block device had something to do"),
    ("node_disk_*", "what a block device did, by device"),
    ("node_entropy_available_bits", "bits of entropy at hand"),
    ("node_filefd_allocated", "open files of the whole host"),
    ("node_filefd_maximum", "open files the whole host may have"),
    ("node_filesystem_avail_bytes", "bytes free to ordinary users"),
    ("node_filesystem_device_error", "1 if the file system could not be asked"),
    ("node_filesystem_files", "inodes of the file system"),
    ("node_filesystem_files_free", "free inodes of the file system"),
    ("node_filesystem_free_bytes", "free bytes, those reserved for root included"),
    ("node_filesystem_readonly", "1 if the file system is mounted read-only"),
    ("node_filesystem_size_bytes", "size of the file system in bytes"),
    ("node_forks_total", "processes and threads started"),
    ("node_intr_total", "interrupts served"),
    ("node_load*", "threads running or waiting for a processor or a disk, averaged over minutes"),
    ("node_memory_*", "a line of /proc/meminfo"),
    ("node_netstat_*", "a counter of a network protocol"),
    ("node_network_receive_*", "what a network interface received, by device"),
    ("node_network_transmit_*", "what a network interface sent, by device"),
    ("node_network_speed_bytes", "bytes a second an interface can carry"),
    ("node_network_*", "what a network interface is, by device"),
    ("node_nf_conntrack_entries", "connections the firewall tracks"),
    ("node_nf_conntrack_entries_limit", "connections the firewall can track"),
    ("node_pressure_*", "seconds that some (waiting) or all (stalled) threads could not go on"),
    ("node_processes_*", "processes and threads of the host, and how many there may be"),
    ("node_procs_blocked", "threads waiting for a disk"),
    ("node_procs_running", "threads running or ready to run"),
    ("node_scrape_collector_success", "1 if this part of the host could be read"),
    ("node_sockstat_*", "sockets, by protocol"),
    ("node_tcp_connection_states", "TCP connections, by state"),
    ("node_time_seconds", "the time of the host, in seconds since 1970"),
    ("node_uname_info", "what the host and its kernel are called"),
    ("node_vmstat_*", "a line of /proc/vmstat"),
    ("plimsoll_cgroup_*", "what the control group around this program uses and may use"),
    ("plimsoll_host_filesystems_late_total", "times a file system did not answer in time"),
    (
        "plimsoll_process_cpu_seconds_total",
        "seconds of processor time of watched processes, by mode",
    ),
    ("plimsoll_process_open_fds", "open files of watched processes together"),
    ("plimsoll_process_max_fds", "open files the tightest of the watched processes may have"),
    (
        "plimsoll_process_open_fds_worst_share",
        "the largest share of its open files that a watched process has used",
    ),
    ("plimsoll_process_*", "what watched processes use together"),
];

/// What one of our metrics means.
pub(super) fn metadata(name: &str) -> Metadata {
    let help = MEANINGS
        .iter()
        .find(|(pattern, _)| {
            pattern.strip_suffix('*').map_or(*pattern == name, |start| name.starts_with(start))
        })
        .map_or("", |(_, help)| help);
    let kind = if name.ends_with("_total") {
        MetricKind::Counter
    } else if name.starts_with("node_netstat_") || name.starts_with("node_vmstat_") {
        // The kernel mixes counters and gauges there and does not say which is which.
        MetricKind::Unknown
    } else {
        MetricKind::Gauge
    };
    let unit = ["seconds", "bytes", "cores", "bits"]
        .into_iter()
        .find(|unit| {
            let stem = name.strip_suffix("_total").unwrap_or(name);
            stem.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_'))
        })
        .unwrap_or_default();
    Metadata { metric: name.to_owned(), kind, help: help.to_owned(), unit: unit.to_owned() }
}
