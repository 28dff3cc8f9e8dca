//! Processes: how many there are, and what those that settings name use, by name.

use std::{collections::BTreeMap, fs};

use super::{
    Part, ProcessWatch,
    files::{Files, PartError},
    processor::TICKS_PER_SECOND,
    sheet::Sheet,
};

/// A process is looked at again after so many rounds, since it may have become another program by then.
const LOOK_AGAIN: u32 = 12;

/// Open files of one process that are counted before we call it many.
const OPEN_FILES_COUNT_MAX: usize = 200_000;

/// What we know of one process.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// The watch it belongs to.
    watch: Option<usize>,
    started: u64,
    rounds: u32,
    user_ticks: f64,
    system_ticks: f64,
    seen: u32,
}

/// What the processes of one watch use together.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    count: f64,
    resident_bytes: f64,
    threads: f64,
    open: f64,
    open_limit_min: Option<f64>,
    open_share_max: f64,
    started_first: Option<f64>,
}

/// Every process of the host.
#[derive(Debug)]
pub(super) struct Processes {
    watches: Vec<ProcessWatch>,
    known: BTreeMap<u32, Known>,
    /// Seconds of user and system time by watch; they go on when a process ends.
    seconds: Vec<[f64; 2]>,
    round: u32,
    boot_seconds: Option<f64>,
}

/// The fields of `/proc/PID/stat` that we use.
struct Stat {
    user_ticks: f64,
    system_ticks: f64,
    threads: f64,
    started: u64,
    resident_pages: f64,
}

impl Stat {
    /// The second field is a name in parentheses that may hold anything, so fields are counted from its end.
    fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self {
            user_ticks: number(11)?,
            system_ticks: number(12)?,
            threads: number(17)?,
            started: fields.get(19)?.parse().ok()?,
            resident_pages: number(21)?,
        })
    }
}

impl Processes {
    pub(super) fn new(watches: Vec<ProcessWatch>) -> Self {
        let seconds = vec![[0.0; 2]; watches.len()];
        Self { watches, known: BTreeMap::new(), seconds, round: 0, boot_seconds: None }
    }

    fn visit(&mut self, id: u32, files: &mut Files, groups: &mut [Group]) {
        let mut known = self.known.get(&id).copied().unwrap_or_default();
        let fresh = known.seen + 1 != self.round || known.seen == 0;
        // Seen for the first time it may still be on its way from fork to exec, so it is looked at twice.
        let look = fresh || known.rounds <= 1 || known.rounds.is_multiple_of(LOOK_AGAIN);
        known.seen = self.round;
        known.rounds = if fresh { 0 } else { known.rounds.saturating_add(1) };
        if look {
            known.watch = self.matching(id, files);
        }
        self.known.insert(id, known);
        let Some(watch) = known.watch else { return };
        // A process that ends while we look at it is simply left out.
        let Some(stat) = files.text(&format!("proc/{id}/stat")).ok().and_then(Stat::parse) else {
            return;
        };
        if known.started != stat.started {
            let (started, seen) = (stat.started, self.round);
            known = Known { watch: Some(watch), started, seen, ..Known::default() };
        }
        let user = (stat.user_ticks - known.user_ticks).max(0.0);
        let system = (stat.system_ticks - known.system_ticks).max(0.0);
        self.seconds[watch][0] += user / TICKS_PER_SECOND;
        self.seconds[watch][1] += system / TICKS_PER_SECOND;
        (known.user_ticks, known.system_ticks) = (stat.user_ticks, stat.system_ticks);
        self.known.insert(id, known);
        self.add(id, &stat, files, &mut groups[watch]);
    }

    fn add(&self, id: u32, stat: &Stat, files: &mut Files, group: &mut Group) {
        group.count += 1.0;
        group.resident_bytes += stat.resident_pages * rustix::param::page_size() as f64;
        group.threads += stat.threads;
        if let Some(boot) = self.boot_seconds {
            let started = boot + stat.started as f64 / TICKS_PER_SECOND;
            let first = group.started_first.map_or(started, |first| first.min(started));
            group.started_first = Some(first);
        }
        // Only the owner and root may look.
        let open = fs::read_dir(files.at(&format!("proc/{id}/fd")))
            .map(|entries| entries.take(OPEN_FILES_COUNT_MAX).count() as f64)
            .ok();
        let limit = files.text(&format!("proc/{id}/limits")).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
            line.split_ascii_whitespace().next()?.parse::<f64>().ok()
        });
        group.open += open.unwrap_or(0.0);
        if let Some(limit) = limit {
            group.open_limit_min =
                Some(group.open_limit_min.map_or(limit, |least| least.min(limit)));
            if limit > 0.0 {
                group.open_share_max = group.open_share_max.max(open.unwrap_or(0.0) / limit);
            }
        }
    }

    fn matching(&self, id: u32, files: &mut Files) -> Option<usize> {
        let line = files.text(&format!("proc/{id}/cmdline")).ok()?.replace('\0', " ");
        let short = files.text(&format!("proc/{id}/comm")).ok()?.trim();
        self.watches
            .iter()
            .position(|watch| watch.pattern.is_match(line.trim()) || watch.pattern.is_match(short))
    }

    fn put(&self, index: usize, group: &Group, sheet: &mut Sheet) {
        let name = self.watches[index].name.as_str();
        let labels = [("groupname", name)];
        for (mode, seconds) in ["user", "system"].iter().zip(self.seconds[index]) {
            let labels = [("groupname", name), ("mode", *mode)];
            sheet.put("plimsoll_process_cpu_seconds_total", &labels, seconds);
        }
        for (metric, value) in [
            ("plimsoll_process_count", group.count),
            ("plimsoll_process_resident_bytes", group.resident_bytes),
            ("plimsoll_process_threads", group.threads),
            ("plimsoll_process_open_fds", group.open),
            ("plimsoll_process_open_fds_worst_share", group.open_share_max),
        ] {
            sheet.put(metric, &labels, value);
        }
        if let Some(limit) = group.open_limit_min {
            sheet.put("plimsoll_process_max_fds", &labels, limit);
        }
        if let Some(started) = group.started_first {
            sheet.put("plimsoll_process_oldest_start_time_seconds", &labels, started);
        }
    }
}

impl Part for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let failed = |source| PartError::Read { path: "proc".into(), source };
        let entries = fs::read_dir(files.at("proc")).map_err(failed)?;
        let ids: Vec<u32> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
        sheet.put("node_processes_pids", &[], ids.len() as f64);
        if self.watches.is_empty() {
            return Ok(());
        }
        if self.boot_seconds.is_none() {
            let text = files.text("proc/stat")?;
            let line = text.lines().find_map(|line| line.strip_prefix("btime "));
            self.boot_seconds = line.and_then(|seconds| seconds.trim().parse().ok());
        }
        self.round = self.round.wrapping_add(1).max(1);
        let mut groups = vec![Group::default(); self.watches.len()];
        for id in ids {
            self.visit(id, files, &mut groups);
        }
        let round = self.round;
        self.known.retain(|_, known| known.seen == round);
        for (index, group) in groups.iter().enumerate() {
            self.put(index, group, sheet);
        }
        Ok(())
    }
}
