//! Processors: time by core and mode, what waits for them, and how hard it is pressed.

use std::collections::BTreeMap;

use super::{
    Part,
    files::{Files, PartError},
    sheet::Sheet,
};

/// Ticks of `/proc` in a second: `USER_HZ`, which is 100 on every architecture Linux runs on today.
pub(super) const TICKS_PER_SECOND: f64 = 100.0;

/// Modes in the order of `/proc/stat`; guest time follows them and is part of the first two.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

/// A processor whose idle time falls by more than this was off in between; by less, the kernel just miscounted.
const IDLE_FALL_TICKS_MAX: f64 = 3.0 * TICKS_PER_SECOND;

/// `/proc/stat`
#[derive(Debug, Default)]
pub(super) struct Stat {
    ticks: BTreeMap<Box<str>, [f64; 10]>,
}

impl Stat {
    /// The kernel lets idle and waiting time fall now and then; counters must not, so the highest is kept.
    fn steady(&mut self, core: &str, new: [f64; 10]) -> [f64; 10] {
        let Some(old) = self.ticks.get_mut(core) else {
            self.ticks.insert(core.into(), new);
            return new;
        };
        let was_off = new[3] + IDLE_FALL_TICKS_MAX < old[3];
        for (own, now) in old.iter_mut().zip(new) {
            *own = if was_off { now } else { own.max(now) };
        }
        *old
    }

    fn core(&mut self, core: &str, fields: &str, sheet: &mut Sheet) {
        let mut ticks = [0.0; 10];
        for (tick, field) in ticks.iter_mut().zip(fields.split_ascii_whitespace()) {
            *tick = field.parse().unwrap_or(0.0);
        }
        let ticks = self.steady(core, ticks);
        for (mode, tick) in MODES.iter().zip(ticks) {
            let labels = [("cpu", core), ("mode", *mode)];
            sheet.put("node_cpu_seconds_total", &labels, tick / TICKS_PER_SECOND);
        }
        for (mode, tick) in ["user", "nice"].iter().zip(&ticks[8..]) {
            let labels = [("cpu", core), ("mode", *mode)];
            sheet.put("node_cpu_guest_seconds_total", &labels, tick / TICKS_PER_SECOND);
        }
    }
}

impl Part for Stat {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        const SINGLES: [(&str, &str); 6] = [
            ("intr", "node_intr_total"),
            ("ctxt", "node_context_switches_total"),
            ("btime", "node_boot_time_seconds"),
            ("processes", "node_forks_total"),
            ("procs_running", "node_procs_running"),
            ("procs_blocked", "node_procs_blocked"),
        ];
        let text = files.text("proc/stat")?;
        let mut cores = 0;
        for line in text.lines() {
            let Some((word, rest)) = line.split_once(' ') else { continue };
            if let Some(core) = word.strip_prefix("cpu") {
                if !core.is_empty() {
                    self.core(core, rest, sheet);
                    cores += 1;
                }
                continue;
            }
            let Some((_, metric)) = SINGLES.iter().find(|(own, _)| *own == word) else { continue };
            let first = rest.split(' ').next().unwrap_or_default();
            let value = first.parse().map_err(|_not_a_number| {
                PartError::sense("proc/stat", format!("{first:?} of {word} is not a number"))
            })?;
            sheet.put(metric, &[], value);
        }
        if cores == 0 {
            return Err(PartError::sense("proc/stat", "it names no processor"));
        }
        Ok(())
    }
}

/// `/proc/loadavg`
#[derive(Debug)]
pub(super) struct Load;

impl Part for Load {
    fn name(&self) -> &'static str {
        "loadavg"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let text = files.text("proc/loadavg")?;
        let mut words = text.split_ascii_whitespace();
        for metric in ["node_load1", "node_load5", "node_load15"] {
            let value = words.next().and_then(|word| word.parse().ok());
            let value =
                value.ok_or_else(|| PartError::sense("proc/loadavg", "three numbers expected"))?;
            sheet.put(metric, &[], value);
        }
        // Running and all threads, as `2/345`.
        let threads = words.next().and_then(|word| word.split_once('/'));
        if let Some(threads) = threads.and_then(|(_, all)| all.parse().ok()) {
            sheet.put("node_processes_threads", &[], threads);
        }
        Ok(())
    }
}

/// `/proc/pressure`, where the kernel has it.
#[derive(Debug)]
pub(super) struct Pressure;

impl Part for Pressure {
    fn name(&self) -> &'static str {
        "pressure"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        // All of a host never waits for its processors, so that `full` says nothing there.
        const WANTED: [(&str, &str, &str); 6] = [
            ("proc/pressure/cpu", "some", "node_pressure_cpu_waiting_seconds_total"),
            ("proc/pressure/io", "some", "node_pressure_io_waiting_seconds_total"),
            ("proc/pressure/io", "full", "node_pressure_io_stalled_seconds_total"),
            ("proc/pressure/memory", "some", "node_pressure_memory_waiting_seconds_total"),
            ("proc/pressure/memory", "full", "node_pressure_memory_stalled_seconds_total"),
            ("proc/pressure/irq", "full", "node_pressure_irq_stalled_seconds_total"),
        ];
        for (path, word, metric) in WANTED {
            let Some(text) = files.optional(path)? else { continue };
            if let Some(seconds) = stalled_seconds(text, word) {
                sheet.put(metric, &[], seconds);
            }
        }
        Ok(())
    }
}

/// The total of one line of a pressure file, in seconds.
pub(super) fn stalled_seconds(text: &str, word: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(word))?;
    let (_, micros) = line.rsplit_once("total=")?;
    Some(micros.trim().parse::<f64>().ok()? / 1e6)
}
