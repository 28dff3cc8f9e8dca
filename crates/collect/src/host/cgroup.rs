//! The control group we live in (version 2): what it may use, and what it uses.
//!
//! In a container this is the container's own allocation. On a host it is the nearest group above us that has a
//! limit, or our own if none has.

use super::{
    Part,
    files::{Files, PartError},
    processor::stalled_seconds,
    sheet::Sheet,
};

/// Groups looked through on the way up; deeper trees are no longer made by people.
const DEPTH_MAX: usize = 32;

/// Our group and where it is mounted, once found.
#[derive(Debug, Default)]
pub(super) struct Cgroup {
    searched: bool,
    found: Option<Group>,
}

#[derive(Debug, Clone)]
struct Group {
    /// As `/proc/self/cgroup` has it.
    path: String,
    /// Under the root of the host.
    folder: String,
}

impl Cgroup {
    fn find(files: &mut Files) -> Result<Option<Group>, PartError> {
        let Some(text) = files.optional("proc/self/cgroup")? else { return Ok(None) };
        let Some(own) = text.lines().find_map(|line| line.strip_prefix("0::")) else {
            return Ok(None);
        };
        let own = own.trim_end_matches('/').to_owned();
        let mounts = files.text("proc/self/mounts")?;
        let mount = mounts.lines().find_map(|line| {
            let mut words = line.split(' ');
            let (_, folder, kind) = (words.next()?, words.next()?, words.next()?);
            (kind == "cgroup2").then(|| folder.trim_start_matches('/').to_owned())
        });
        let Some(mount) = mount else { return Ok(None) };
        let mut path = own.as_str();
        for _ in 0..DEPTH_MAX {
            let folder = format!("{mount}{path}");
            let limited = ["cpu.max", "memory.max"].iter().any(|name| {
                let file = format!("{folder}/{name}");
                matches!(files.optional(&file), Ok(Some(text)) if !text.starts_with("max"))
            });
            if limited {
                return Ok(Some(Group { path: path.to_owned(), folder }));
            }
            let Some((above, _)) = path.rsplit_once('/') else { break };
            path = above;
        }
        Ok(Some(Group { folder: format!("{mount}{own}"), path: own }))
    }
}

impl Part for Cgroup {
    fn name(&self) -> &'static str {
        "cgroup"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        if !self.searched {
            self.found = Self::find(files)?;
            self.searched = true;
        }
        let Some(group) = self.found.clone() else { return Ok(()) };
        let path = if group.path.is_empty() { "/" } else { &group.path };
        let mut taker = Taker { folder: &group.folder, labels: [("cgroup", path)], files, sheet };
        taker.processors()?;
        taker.memory()?;
        taker.single("pids.current", "plimsoll_cgroup_processes");
        taker.single("pids.max", "plimsoll_cgroup_processes_limit");
        Ok(())
    }
}

struct Taker<'a> {
    folder: &'a str,
    labels: [(&'a str, &'a str); 1],
    files: &'a mut Files,
    sheet: &'a mut Sheet,
}

impl Taker<'_> {
    fn processors(&mut self) -> Result<(), PartError> {
        if let Some(text) = self.files.optional(&format!("{}/cpu.max", self.folder))? {
            let mut words = text.split_ascii_whitespace().map(|word| word.parse::<f64>().ok());
            // `max 100000` is no limit.
            if let (Some(Some(quota)), Some(Some(period))) = (words.next(), words.next())
                && period > 0.0
            {
                self.sheet.put("plimsoll_cgroup_cpu_limit_cores", &self.labels, quota / period);
            }
        }
        self.keyed(
            "cpu.stat",
            &[
                ("usage_usec", "plimsoll_cgroup_cpu_seconds_total", 1e-6),
                ("nr_periods", "plimsoll_cgroup_cpu_periods_total", 1.0),
                ("nr_throttled", "plimsoll_cgroup_cpu_throttled_periods_total", 1.0),
                ("throttled_usec", "plimsoll_cgroup_cpu_throttled_seconds_total", 1e-6),
            ],
        )?;
        for (name, metric) in [
            ("cpu.pressure", "plimsoll_cgroup_pressure_cpu_waiting_seconds_total"),
            ("memory.pressure", "plimsoll_cgroup_pressure_memory_waiting_seconds_total"),
            ("io.pressure", "plimsoll_cgroup_pressure_io_waiting_seconds_total"),
        ] {
            let text = self.files.optional(&format!("{}/{name}", self.folder))?;
            if let Some(seconds) = text.and_then(|text| stalled_seconds(text, "some")) {
                self.sheet.put(metric, &self.labels, seconds);
            }
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<(), PartError> {
        self.single("memory.max", "plimsoll_cgroup_memory_limit_bytes");
        self.single("memory.high", "plimsoll_cgroup_memory_high_bytes");
        self.single("memory.swap.max", "plimsoll_cgroup_swap_limit_bytes");
        self.single("memory.swap.current", "plimsoll_cgroup_swap_bytes");
        let used = self.single("memory.current", "plimsoll_cgroup_memory_bytes");
        let text = self.files.optional(&format!("{}/memory.stat", self.folder))?;
        let inactive = text.and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("inactive_file "))?;
            line.trim().parse::<f64>().ok()
        });
        // What the kernel can take back without cost does not count against the limit in practice.
        if let (Some(used), Some(inactive)) = (used, inactive) {
            let working = (used - inactive).max(0.0);
            self.sheet.put("plimsoll_cgroup_memory_working_set_bytes", &self.labels, working);
        }
        self.keyed(
            "memory.events",
            &[
                ("max", "plimsoll_cgroup_memory_limit_hits_total", 1.0),
                ("oom_kill", "plimsoll_cgroup_oom_kills_total", 1.0),
            ],
        )
    }

    /// The one number of a file; `max` is none.
    fn single(&mut self, name: &str, metric: &str) -> Option<f64> {
        let value = self.files.number(&format!("{}/{name}", self.folder))?;
        self.sheet.put(metric, &self.labels, value);
        Some(value)
    }

    /// Lines of `key number`.
    fn keyed(&mut self, name: &str, wanted: &[(&str, &str, f64)]) -> Result<(), PartError> {
        let Some(text) = self.files.optional(&format!("{}/{name}", self.folder))? else {
            return Ok(());
        };
        for line in text.lines() {
            let Some((key, number)) = line.split_once(' ') else { continue };
            let Some((_, metric, worth)) = wanted.iter().find(|(own, ..)| *own == key) else {
                continue;
            };
            if let Ok(number) = number.trim().parse::<f64>() {
                self.sheet.put(metric, &self.labels, number * worth);
            }
        }
        Ok(())
    }
}
