//! Fixtures of `/proc` and `/sys`, and what must come of them.

use std::{collections::BTreeMap, fs, sync::mpsc};

use tempfile::TempDir;

use super::{filesystem::Filesystems, filesystem::Room, *};

/// A root with these files.
fn root(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

type Values = BTreeMap<String, f64>;

fn values(series: Vec<Series>) -> Values {
    series.into_iter().map(|series| (series.labels.to_string(), series.samples[0].value)).collect()
}

/// What one part says of a root.
fn read(part: &mut dyn Part, root: &Path) -> (Values, Option<String>) {
    let mut sheet = Sheet::new(Labels::empty());
    sheet.begin(Time(1_700_000_000_000));
    sheet.part(0);
    let outcome = part.read(&mut Files::new(root.to_owned()), &mut sheet);
    (values(sheet.end()), outcome.err().map(|error| error.chain()))
}

const STAT: &str = "cpu  30 0 0 400 0 0 0 0 0 0\n\
    cpu0 10 1 2 200 3 4 5 6 7 8\ncpu1 20 0 0 200 0 0 0 0 0 0\n\
    intr 500 1 2 3\nctxt 70\nbtime 1699990000\nprocesses 80\nprocs_running 2\nprocs_blocked 1\n";

#[test]
fn processor_time_is_told_by_core_and_mode() {
    let root = root(&[("proc/stat", STAT)]);
    let (found, error) = read(&mut processor::Stat::default(), root.path());
    assert_eq!(error, None);
    assert_eq!(found[r#"node_cpu_seconds_total{cpu="0",mode="user"}"#], 0.1);
    assert_eq!(found[r#"node_cpu_seconds_total{cpu="0",mode="steal"}"#], 0.06);
    assert_eq!(found[r#"node_cpu_guest_seconds_total{cpu="0",mode="nice"}"#], 0.08);
    assert_eq!(found["node_intr_total"], 500.0);
    assert_eq!(found["node_boot_time_seconds"], 1_699_990_000.0);
    assert_eq!(found.len(), 2 * 10 + 6);
}

#[test]
fn a_counter_that_the_kernel_lets_fall_stays() {
    let folder = root(&[("proc/stat", STAT)]);
    let mut part = processor::Stat::default();
    read(&mut part, folder.path());
    fs::write(folder.path().join("proc/stat"), "cpu0 10 1 2 190 3 4 5 6 7 8\n").unwrap();
    let (found, _) = read(&mut part, folder.path());
    assert_eq!(found[r#"node_cpu_seconds_total{cpu="0",mode="idle"}"#], 2.0);
    fs::write(folder.path().join("proc/stat"), "cpu0 10 1 2 1900 3 4 5 6 7 8\n").unwrap();
    read(&mut part, folder.path());
    // It was switched off and on again.
    fs::write(folder.path().join("proc/stat"), "cpu0 1 0 0 5 0 0 0 0 0 0\n").unwrap();
    let (found, _) = read(&mut part, folder.path());
    assert_eq!(found[r#"node_cpu_seconds_total{cpu="0",mode="idle"}"#], 0.05);
}

#[test]
fn memory_has_bytes_and_names_without_parentheses() {
    let text = "MemTotal:       16000 kB\nActive(anon):   8 kB\nHugePages_Total:   3\n";
    let root = root(&[("proc/meminfo", text)]);
    let (found, _) = read(&mut system::Memory::default(), root.path());
    assert_eq!(found["node_memory_MemTotal_bytes"], 16_384_000.0);
    assert_eq!(found["node_memory_Active_anon_bytes"], 8192.0);
    assert_eq!(found["node_memory_HugePages_Total"], 3.0);
}

#[test]
fn a_file_that_makes_no_sense_is_named_and_harms_no_other_part() {
    let root =
        root(&[("proc/meminfo", "MemTotal: many kB\n"), ("proc/loadavg", "0.5 1 2 3/400 5\n")]);
    let labels = Labels::from_pairs([("job", "plimsoll"), ("instance", "box")]);
    let options = HostOptions { root: root.path().to_owned(), ..HostOptions::new(labels) };
    let mut collector = HostCollector::new(options);
    let found = values(collector.collect(Time(5_000)));
    assert_eq!(found[r#"node_load1{instance="box",job="plimsoll"}"#], 0.5);
    assert_eq!(found[r#"node_processes_threads{instance="box",job="plimsoll"}"#], 400.0);
    let success = |part: &str| {
        let name = "node_scrape_collector_success";
        found[&format!(r#"{name}{{collector="{part}",instance="box",job="plimsoll"}}"#)]
    };
    assert_eq!(success("meminfo"), 0.0);
    assert_eq!(success("loadavg"), 1.0);
    let notes = collector.notes();
    assert!(
        notes.contains(
            &"meminfo: cannot make sense of /proc/meminfo: MemTotal has no number".into()
        ),
        "{notes:?}"
    );
}

#[test]
fn every_metric_of_this_host_has_a_meaning() {
    let watch = ProcessWatch { name: "any".into(), pattern: Regex::new(".").unwrap() };
    let options = HostOptions { processes: vec![watch], ..HostOptions::new(Labels::empty()) };
    let mut collector = HostCollector::new(options);
    collector.collect(Time(0));
    for metadata in collector.metadata() {
        assert!(!metadata.help.is_empty(), "{}", metadata.metric);
    }
}

#[test]
fn labels_of_a_round_are_those_of_the_round_before() {
    let options = HostOptions::new(Labels::from_pairs([("job", "plimsoll")]));
    let mut collector = HostCollector::new(options);
    collector.collect(Time(0));
    let load = |series: Vec<Series>| {
        series.into_iter().find(|series| series.labels.metric_name() == Some("node_load1")).unwrap()
    };
    let one = load(collector.collect(Time(1)));
    let other = load(collector.collect(Time(2)));
    assert_eq!(one.labels, other.labels);
    assert_eq!(other.samples[0].time, Time(2));
}

#[test]
fn disks_and_interfaces_have_their_units() {
    let root = root(&[
        (
            "proc/diskstats",
            " 8 0 sda 1 2 4 500 5 6 8 700 0 900 1000\n 8 1 sda1 1 1 1 1 1 1 1 1 1 1 1\n",
        ),
        (
            "proc/net/dev",
            "Inter-|\n face |bytes\n  eth0: 100 2 3 4 5 6 7 8 900 10 11 12 13 14 15 16\n",
        ),
        ("sys/class/net/eth0/speed", "1000\n"),
        ("sys/class/net/eth0/operstate", "up\n"),
    ]);
    let exclude = HostExclusions::default().disks;
    let (disks, _) = read(&mut disk::Disks { exclude }, root.path());
    assert_eq!(disks[r#"node_disk_read_bytes_total{device="sda"}"#], 2048.0);
    assert_eq!(disks[r#"node_disk_io_time_seconds_total{device="sda"}"#], 0.9);
    assert!(!disks.keys().any(|key| key.contains("sda1")));
    let (interfaces, _) = read(&mut network::Interfaces::new(None), root.path());
    assert_eq!(interfaces[r#"node_network_receive_bytes_total{device="eth0"}"#], 100.0);
    assert_eq!(interfaces[r#"node_network_transmit_bytes_total{device="eth0"}"#], 900.0);
    assert_eq!(interfaces[r#"node_network_speed_bytes{device="eth0"}"#], 125e6);
    assert_eq!(interfaces[r#"node_network_up{device="eth0"}"#], 1.0);
}

#[test]
fn connections_are_counted_by_state() {
    let head = "  sl  local_address rem_address   st tx_queue\n";
    let line =
        |state: &str| format!("   0: 0100007F:1D7A 00000000:0000 {state} 00000000:00000000 00\n");
    let tcp = format!("{head}{}{}{}", line("0A"), line("01"), line("01"));
    let root = root(&[("proc/net/tcp", &tcp), ("proc/net/tcp6", &format!("{head}{}", line("06")))]);
    let (found, _) = read(&mut sockets::States::default(), root.path());
    assert_eq!(found[r#"node_tcp_connection_states{state="established"}"#], 2.0);
    assert_eq!(found[r#"node_tcp_connection_states{state="listen"}"#], 1.0);
    assert_eq!(found[r#"node_tcp_connection_states{state="time_wait"}"#], 1.0);
    assert_eq!(found[r#"node_tcp_connection_states{state="closing"}"#], 0.0);
}

#[test]
fn the_nearest_control_group_with_a_limit_is_told() {
    let root = root(&[
        ("proc/self/cgroup", "0::/app.slice/web.service\n"),
        ("proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"),
        ("sys/fs/cgroup/app.slice/web.service/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/app.slice/web.service/memory.max", "max\n"),
        ("sys/fs/cgroup/app.slice/cpu.max", "150000 100000\n"),
        ("sys/fs/cgroup/app.slice/cpu.stat", "usage_usec 2500000\nnr_throttled 3\n"),
        ("sys/fs/cgroup/app.slice/memory.max", "1000\n"),
        ("sys/fs/cgroup/app.slice/memory.current", "600\n"),
        ("sys/fs/cgroup/app.slice/memory.stat", "anon 100\ninactive_file 200\n"),
        ("sys/fs/cgroup/app.slice/memory.events", "oom_kill 1\n"),
        ("sys/fs/cgroup/app.slice/pids.max", "max\n"),
    ]);
    let (found, _) = read(&mut cgroup::Cgroup::default(), root.path());
    let value = |name: &str| {
        found.get(&format!(r#"plimsoll_cgroup_{name}{{cgroup="/app.slice"}}"#)).copied()
    };
    assert_eq!(value("cpu_limit_cores"), Some(1.5));
    assert_eq!(value("cpu_seconds_total"), Some(2.5));
    assert_eq!(value("memory_limit_bytes"), Some(1000.0));
    assert_eq!(value("memory_working_set_bytes"), Some(400.0));
    assert_eq!(value("oom_kills_total"), Some(1.0));
    assert_eq!(value("processes_limit"), None);
}

/// The 24 fields of `/proc/PID/stat`, as many as are used.
fn process(ticks: u64, started: u64) -> String {
    format!("7 (a b) c) S 1 7 7 0 -1 0 0 0 0 0 {ticks} 50 0 0 20 0 3 0 {started} 0 25 0")
}

#[test]
fn watched_processes_are_added_up_and_their_time_never_falls() {
    let root = root(&[
        ("proc/stat", "btime 1000\n"),
        ("proc/7/stat", &process(100, 500)),
        ("proc/7/cmdline", "/usr/bin/web\0--port\08080\0"),
        ("proc/7/comm", "web\n"),
        ("proc/7/limits", "Limit  Soft  Hard\nMax open files            4     8     files\n"),
        ("proc/7/fd/0", ""),
        ("proc/7/fd/1", ""),
        ("proc/8/comm", "other\n"),
        ("proc/8/cmdline", ""),
    ]);
    let watch = ProcessWatch { name: "web".into(), pattern: Regex::new("--port 80").unwrap() };
    let mut part = process::Processes::new(vec![watch]);
    let (found, _) = read(&mut part, root.path());
    let value = |found: &Values, name: &str| {
        found[&format!(r#"plimsoll_process_{name}{{groupname="web"}}"#)]
    };
    assert_eq!(found["node_processes_pids"], 2.0);
    assert_eq!(value(&found, "count"), 1.0);
    assert_eq!(value(&found, "threads"), 3.0);
    assert_eq!(value(&found, "open_fds"), 2.0);
    assert_eq!(value(&found, "open_fds_worst_share"), 0.5);
    assert_eq!(value(&found, "oldest_start_time_seconds"), 1005.0);
    let user = r#"plimsoll_process_cpu_seconds_total{groupname="web",mode="user"}"#;
    assert_eq!(found[user], 1.0);
    // Another process with the same number: its time is added to that of the one before.
    fs::write(root.path().join("proc/7/stat"), process(30, 900)).unwrap();
    let (found, _) = read(&mut part, root.path());
    assert_eq!(found[user], 1.3);
    fs::remove_dir_all(root.path().join("proc/7")).unwrap();
    let (found, _) = read(&mut part, root.path());
    assert_eq!(found[user], 1.3);
    assert_eq!(value(&found, "count"), 0.0);
}

const MOUNTS: &str = "/dev/sda / ext4 rw,relatime 0 0\nproc /proc proc rw 0 0\n\
    nas:/data /mnt/with\\040blank nfs4 ro 0 0\n/dev/sdb /var xfs rw 0 0\n";

#[test]
fn a_mount_that_hangs_is_left_to_itself_and_the_others_go_on() {
    let root = root(&[("proc/1/mounts", MOUNTS)]);
    let (open, gate) = mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let ask = move |path: &Path| {
        if path.ends_with("mnt/with blank") {
            // Comes back when the test lets it.
            assert!(gate.lock().unwrap().recv().is_err());
        }
        Ok(Room {
            size_bytes: 8.0,
            free_bytes: 4.0,
            avail_bytes: 2.0,
            files: 10.0,
            files_free: 5.0,
        })
    };
    let exclude = HostExclusions::default();
    let wait = Duration::from_secs(1);
    let mut part =
        Filesystems::asking(exclude.mount_points, exclude.fs_types, wait, std::sync::Arc::new(ask));
    let key = |name: &str, device: &str, kind: &str, point: &str| {
        format!(
            r#"node_filesystem_{name}{{device="{device}",fstype="{kind}",mountpoint="{point}"}}"#
        )
    };
    let (_, error) = read(&mut part, root.path());
    assert_eq!(error.unwrap(), "no answer in time from /mnt/with blank");
    // The next round has them all but the one that hangs.
    let (found, error) = read(&mut part, root.path());
    assert!(error.is_some());
    assert_eq!(found[&key("avail_bytes", "/dev/sda", "ext4", "/")], 2.0);
    assert_eq!(found[&key("files_free", "/dev/sdb", "xfs", "/var")], 5.0);
    assert_eq!(found[&key("device_error", "nas:/data", "nfs4", "/mnt/with blank")], 1.0);
    assert!(!found.contains_key(&key("size_bytes", "nas:/data", "nfs4", "/mnt/with blank")));
    assert_eq!(found["plimsoll_host_filesystems_late_total"], 1.0);
    assert!(!found.keys().any(|key| key.contains("fstype=\"proc\"")));
    drop(open);
    // Its thread is back soon after, and then it is asked again.
    let (found, error) = loop {
        let round = read(&mut part, root.path());
        if round.1.is_none() {
            break round;
        }
        std::thread::yield_now();
    };
    assert_eq!(error, None);
    assert_eq!(found[&key("readonly", "nas:/data", "nfs4", "/mnt/with blank")], 1.0);
}

#[test]
fn nothing_at_all_is_told_and_does_no_harm() {
    let root = tempfile::tempdir().unwrap();
    let options = HostOptions { root: root.path().to_owned(), ..HostOptions::new(Labels::empty()) };
    let mut collector = HostCollector::new(options);
    assert!(!collector.collect(Time(0)).is_empty());
    assert!(collector.notes().len() > 5);
}

#[test]
fn the_host_is_called_what_it_calls_itself() {
    let root = root(&[("proc/sys/kernel/hostname", "db-1\n")]);
    assert_eq!(host_name(root.path()), "db-1");
    assert_eq!(host_name(Path::new("/nowhere")), "localhost");
}
