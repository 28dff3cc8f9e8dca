//! One host: its labels, and where its figures stand.

use super::{HOSTS_PER_RACK, SERIES_PER_HOST, Spec, chance::Chance, step_ms, wire::put_label};

const REGIONS: [&str; 4] = ["eu-west-1", "eu-central-1", "us-east-1", "ap-south-1"];
const TEAMS: [&str; 10] = [
    "checkout", "search", "catalog", "payments", "identity", "shipping", "ads", "platform", "data",
    "mobile",
];
const KERNELS: [&str; 5] = [
    "5.15.0-91-generic",
    "6.1.0-18-amd64",
    "6.1.0-21-amd64",
    "6.8.0-31-generic",
    "5.10.0-28-amd64",
];
const MODES: [&str; 8] = ["idle", "user", "system", "iowait", "softirq", "steal", "irq", "nice"];
pub(super) const CORES: usize = 2;
const HANDLERS: [&str; 2] = ["/api/v1/orders", "/api/v1/search"];
const LES: [&str; 11] =
    ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"];

/// A host and the state of everything it measures.
pub struct Host {
    pub(super) rng: Chance,
    pub(super) labels: Vec<Vec<u8>>, // encoded label part of each TimeSeries message
    pub(super) offset_ms: i64,
    pub(super) base: f64,
    pub(super) phase: f64,
    pub(super) x: f64,
    pub(super) cpu: [[f64; 8]; CORES],
    pub(super) steal: bool,
    pub(super) reads: bool,
    pub(super) mem_total: f64,
    pub(super) cached: f64,
    pub(super) anon: f64,
    pub(super) swap_free: f64,
    pub(super) load: [f64; 3],
    pub(super) fs_size: [f64; 3],
    pub(super) fs_avail: [f64; 3],
    pub(super) fs_rate: [f64; 3],
    pub(super) disk: [[f64; 5]; 2],
    pub(super) net: [f64; 8],
    pub(super) drops: bool,
    pub(super) boot: f64,
    pub(super) hist: [[f64; 11]; 2],
    pub(super) hsum: [f64; 2],
    pub(super) rps: [f64; 2],
    pub(super) codes: [f64; 3],
    pub(super) ccpu: [f64; 2],
    pub(super) cmem: [f64; 2],
    pub(super) cthr: [f64; 2],
    pub(super) throttled: bool,
    pub(super) reboot_at: Option<usize>,
    pub(super) reboot_steps: usize,
    pub(super) flaky: bool,
    pub(super) down_before: bool,
}
impl Host {
    pub fn new(spec: &Spec, idx: usize) -> Host {
        let mut r = Chance::new(spec.seed, idx as u64 + 1);
        let rack = idx / HOSTS_PER_RACK;
        let cl = rack % 8;
        let region = REGIONS[cl % 4];
        let instance = format!("host-{idx:04}:9100");
        let node = format!("host-{idx:04}");
        let zone = format!("{region}{}", ["a", "b", "c"][idx % 3]);
        let cluster = format!("c{cl}");
        let rack_s = format!("r{rack:02}");
        let team = TEAMS[(r.bits() % 10) as usize];
        let env =
            ["prod", "prod", "prod", "prod", "prod", "prod", "prod", "staging", "staging", "dev"]
                [(r.bits() % 10) as usize];
        let kernel = r.pick(&KERNELS);
        let mut labels: Vec<Vec<u8>> = Vec::with_capacity(SERIES_PER_HOST);
        let mut add = |name: &str, job: &str, extra: &[(&str, &str)]| {
            let mut l: Vec<(&str, &str)> = vec![
                ("__name__", name),
                ("cluster", &cluster),
                ("env", env),
                ("instance", &instance),
                ("job", job),
                ("rack", &rack_s),
                ("region", region),
                ("team", team),
                ("zone", &zone),
            ];
            l.extend_from_slice(extra);
            l.sort();
            let mut o = Vec::new();
            for (k, v) in l {
                put_label(&mut o, k, v);
            }
            labels.push(o);
        };
        for c in ["0", "1"] {
            for m in MODES {
                add("node_cpu_seconds_total", "node", &[("cpu", c), ("mode", m)]);
            }
        }
        for m in [
            "MemTotal",
            "MemFree",
            "MemAvailable",
            "Buffers",
            "Cached",
            "SwapTotal",
            "SwapFree",
            "Active",
            "Inactive",
            "Dirty",
        ] {
            add(&format!("node_memory_{m}_bytes"), "node", &[]);
        }
        for m in ["node_load1", "node_load5", "node_load15"] {
            add(m, "node", &[]);
        }
        for (d, m, t) in [
            ("/dev/sda1", "/", "ext4"),
            ("/dev/nvme0n1p1", "/data", "xfs"),
            ("/dev/sda2", "/var/log", "ext4"),
        ] {
            for k in ["node_filesystem_size_bytes", "node_filesystem_avail_bytes"] {
                add(k, "node", &[("device", d), ("fstype", t), ("mountpoint", m)]);
            }
        }
        for d in ["sda", "nvme0n1"] {
            for k in [
                "read_bytes",
                "written_bytes",
                "reads_completed",
                "writes_completed",
                "io_time_seconds",
            ] {
                add(&format!("node_disk_{k}_total"), "node", &[("device", d)]);
            }
        }
        for k in ["bytes", "packets", "errs", "drop"] {
            for d in ["receive", "transmit"] {
                add(&format!("node_network_{d}_{k}_total"), "node", &[("device", "eth0")]);
            }
        }
        add("up", "node", &[]);
        add("node_boot_time_seconds", "node", &[]);
        add(
            "node_uname_info",
            "node",
            &[("kernel", kernel), ("machine", "x86_64"), ("nodename", &node)],
        );
        add("scrape_duration_seconds", "node", &[]);
        for h in HANDLERS {
            for le in LES {
                add("http_request_duration_seconds_bucket", "api", &[("handler", h), ("le", le)]);
            }
            add("http_request_duration_seconds_sum", "api", &[("handler", h)]);
            add("http_request_duration_seconds_count", "api", &[("handler", h)]);
        }
        for c in ["200", "404", "500"] {
            add("http_requests_total", "api", &[("code", c), ("method", "GET")]);
        }
        for (c, p) in [("app", "app-7d9f8b6c5d"), ("sidecar", "app-7d9f8b6c5d")] {
            let pod = format!("{p}-{:05x}", r.bits() & 0xfffff);
            for k in [
                "container_cpu_usage_seconds_total",
                "container_memory_working_set_bytes",
                "container_cpu_cfs_throttled_periods_total",
            ] {
                add(k, "cadvisor", &[("container", c), ("namespace", env), ("pod", &pod)]);
            }
        }
        for p in ["Failed", "Pending", "Running", "Succeeded", "Unknown"] {
            add(
                "kube_pod_status_phase",
                "kube-state-metrics",
                &[("namespace", env), ("phase", p), ("pod", "app-7d9f8b6c5d")],
            );
        }
        for u in ["sshd.service", "chrony.service", "app.service"] {
            add("node_systemd_unit_state", "node", &[("name", u), ("state", "active")]);
        }
        assert_eq!(labels.len(), SERIES_PER_HOST);

        let gib = 1024.0 * 1024.0 * 1024.0;
        let mem_total = [8.0, 16.0, 32.0, 64.0][(r.bits() % 4) as usize] * gib
            - 4096.0 * (100_000.0 + (r.bits() % 5000) as f64);
        let base = (0.25 * (r.normal() * 0.5).exp()).clamp(0.03, 1.5);
        let fs_size =
            [50.0 * gib, [200.0, 500.0, 1000.0][(r.bits() % 3) as usize] * gib, 20.0 * gib];
        let mut fs_avail = [0.0; 3];
        let mut fs_rate = [0.0; 3];
        for i in 0..3 {
            fs_avail[i] = (fs_size[i] * (0.2 + 0.6 * r.share()) / 4096.0).floor() * 4096.0;
            fs_rate[i] = fs_size[i] * 0.02 / 86400.0 * (r.normal() * 0.7).exp();
        }
        if r.share() < 0.05 {
            fs_rate[1] *= 20.0; // a disk that fills within the day
            fs_avail[1] *= 0.4;
        }
        let up_before = 86400.0 * (3.0 + 200.0 * r.share());
        let mut h = Host {
            offset_ms: 1 + (r.bits() % (spec.interval_s * 1000 - 2)) as i64,
            base,
            phase: (cl % 4) as f64 * 1.2 + r.normal() * 0.15,
            x: 0.0,
            cpu: [[0.0; 8]; CORES],
            reads: r.share() < 0.4,
            steal: r.share() < 0.1,
            mem_total,
            cached: mem_total * (0.15 + 0.3 * r.share()),
            anon: mem_total * (0.2 + 0.3 * r.share()),
            swap_free: 4.0 * gib - if r.share() < 0.1 { 4096.0 * 50000.0 } else { 0.0 },
            load: [base * 3.0; 3],
            fs_size,
            fs_avail,
            fs_rate,
            disk: [[0.0; 5]; 2],
            net: [0.0; 8],
            drops: r.share() < 0.1,
            boot: (step_ms(spec, 0) / 1000) as f64 - up_before.floor(),
            hist: [[0.0; 11]; 2],
            hsum: [0.0; 2],
            rps: [40.0 * (r.normal() * 0.8).exp(), 15.0 * (r.normal() * 0.8).exp()],
            codes: [0.0; 3],
            ccpu: [0.0; 2],
            cmem: [mem_total * 0.12, mem_total * 0.01],
            cthr: [0.0; 2],
            throttled: r.share() < 0.2,
            reboot_at: None,
            reboot_steps: (240 / spec.interval_s).max(1) as usize,
            flaky: r.share() < 0.02,
            down_before: false,
            rng: r,
            labels,
        };
        if h.rng.share() < 0.01 {
            h.reboot_at =
                Some(spec.steps / 4 + (h.rng.bits() % (spec.steps as u64 / 2).max(1)) as usize);
        }
        let fs = h.fs_avail;
        h.advance(up_before, 0.0); // so that counters do not begin at 0
        h.fs_avail = fs;
        h
    }
}
