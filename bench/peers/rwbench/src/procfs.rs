//! What /proc and the file system say about a server.
use std::path::Path;

/// user + system CPU seconds of the process (all threads, live and ended)
pub fn cpu_s(pid: u32) -> f64 {
    let Ok(s) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return f64::NAN };
    let rest = &s[s.rfind(')').unwrap_or(0) + 1..];
    let f: Vec<&str> = rest.split_whitespace().collect();
    let t: f64 = f[11].parse::<f64>().unwrap_or(0.0) + f[12].parse::<f64>().unwrap_or(0.0);
    t / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64
}

/// busy CPU seconds of the whole machine, all cores (what a hypervisor took included)
pub fn machine_busy_s() -> f64 {
    let s = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let f: Vec<f64> = s
        .lines()
        .next()
        .unwrap_or("")
        .split_whitespace()
        .skip(1)
        .filter_map(|x| x.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal
    if f.len() < 8 {
        return f64::NAN;
    }
    (f[0] + f[1] + f[2] + f[5] + f[6] + f[7]) / unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64
}

pub fn status_mib(pid: u32, key: &str) -> f64 {
    let Ok(s) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return f64::NAN };
    for l in s.lines() {
        if let Some(v) = l.strip_prefix(key).and_then(|v| v.strip_prefix(':')) {
            return v
                .split_whitespace()
                .next()
                .and_then(|x| x.parse::<f64>().ok())
                .unwrap_or(f64::NAN)
                / 1024.0;
        }
    }
    f64::NAN
}

/// resets VmHWM (peak RSS)
pub fn reset_peak(pid: u32) {
    let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// bytes the process caused to be written to storage
pub fn write_bytes(pid: u32) -> f64 {
    let Ok(s) = std::fs::read_to_string(format!("/proc/{pid}/io")) else { return f64::NAN };
    s.lines()
        .find_map(|l| l.strip_prefix("write_bytes: "))
        .and_then(|v| v.trim().parse().ok())
        .unwrap_or(f64::NAN)
}

/// allocated bytes under a directory, each inode once (du -s)
pub fn du(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fn walk(d: &Path, seen: &mut std::collections::HashSet<u64>) -> u64 {
        let mut n = 0;
        if let Ok(rd) = std::fs::read_dir(d) {
            for e in rd.flatten() {
                if let Ok(m) = e.path().symlink_metadata() {
                    if m.is_dir() {
                        n += walk(&e.path(), seen);
                    } else if seen.insert(m.ino()) {
                        n += m.blocks() * 512;
                    }
                }
            }
        }
        n
    }
    walk(dir, &mut Default::default())
}
