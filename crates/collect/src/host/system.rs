//! The system as a whole: memory, file descriptors, its names and its clock.

use super::{
    Part,
    files::{Files, PartError},
    sheet::Sheet,
};

/// `/proc/meminfo`
#[derive(Debug, Default)]
pub(super) struct Memory {
    name: String,
}

impl Part for Memory {
    fn name(&self) -> &'static str {
        "meminfo"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let text = files.text("proc/meminfo")?;
        for line in text.lines() {
            let Some((key, rest)) = line.split_once(':') else { continue };
            let mut words = rest.split_ascii_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<f64>().ok()) else {
                let what = format!("{key} has no number");
                return Err(PartError::sense("proc/meminfo", what));
            };
            self.name.clear();
            self.name.push_str("node_memory_");
            // `Active(anon)` becomes `Active_anon`.
            self.name.extend(
                key.trim_end_matches(')')
                    .chars()
                    .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }),
            );
            match words.next() {
                Some("kB") => {
                    self.name.push_str("_bytes");
                    sheet.put(&self.name, &[], number * 1024.0);
                }
                _ => sheet.put(&self.name, &[], number),
            }
        }
        Ok(())
    }
}

/// `/proc/vmstat`, as much of it as `node_exporter` gives.
#[derive(Debug, Default)]
pub(super) struct VirtualMemory {
    name: String,
}

impl Part for VirtualMemory {
    fn name(&self) -> &'static str {
        "vmstat"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let text = files.text("proc/vmstat")?;
        for line in text.lines() {
            let Some((key, number)) = line.split_once(' ') else { continue };
            let wanted = ["oom_kill", "pgpg", "pswp"].iter().any(|start| key.starts_with(start))
                || (key.starts_with("pg") && key.contains("fault"));
            let Some(number) = wanted.then(|| number.trim().parse().ok()).flatten() else {
                continue;
            };
            self.name.clear();
            self.name.push_str("node_vmstat_");
            self.name.push_str(key);
            sheet.put(&self.name, &[], number);
        }
        Ok(())
    }
}

/// `/proc/sys/fs/file-nr`
#[derive(Debug)]
pub(super) struct FileDescriptors;

impl Part for FileDescriptors {
    fn name(&self) -> &'static str {
        "filefd"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        const PATH: &str = "proc/sys/fs/file-nr";
        let text = files.text(PATH)?;
        let mut words = text.split_ascii_whitespace().map(|word| word.parse::<f64>().ok());
        let (Some(Some(allocated)), _, Some(Some(maximum))) =
            (words.next(), words.next(), words.next())
        else {
            return Err(PartError::sense(PATH, "three numbers expected"));
        };
        sheet.put("node_filefd_allocated", &[], allocated);
        sheet.put("node_filefd_maximum", &[], maximum);
        Ok(())
    }
}

/// What the host is called.
#[derive(Debug)]
pub(super) struct Names;

impl Part for Names {
    fn name(&self) -> &'static str {
        "uname"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        const WANTED: [(&str, &str); 5] = [
            ("domainname", "proc/sys/kernel/domainname"),
            ("nodename", "proc/sys/kernel/hostname"),
            ("release", "proc/sys/kernel/osrelease"),
            ("sysname", "proc/sys/kernel/ostype"),
            ("version", "proc/sys/kernel/version"),
        ];
        let mut texts = Vec::with_capacity(WANTED.len() + 1);
        for (label, path) in WANTED {
            texts.push((label, files.text(path)?.trim().to_owned()));
        }
        // Linux 6.1 and later say it in a file; before that the machine is asked, which is ours.
        let machine = match files.optional("proc/sys/kernel/arch")? {
            Some(text) => text.trim().to_owned(),
            None => rustix::system::uname().machine().to_string_lossy().into_owned(),
        };
        texts.push(("machine", machine));
        let labels: Vec<(&str, &str)> =
            texts.iter().map(|(label, text)| (*label, text.as_str())).collect();
        sheet.put("node_uname_info", &labels, 1.0);
        Ok(())
    }
}

/// The time, and how many threads and processes there may be.
#[derive(Debug)]
pub(super) struct Clocks;

impl Part for Clocks {
    fn name(&self) -> &'static str {
        "time"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        sheet.put("node_time_seconds", &[], sheet.now().seconds());
        if let Some(threads) = files.number("proc/sys/kernel/threads-max") {
            sheet.put("node_processes_max_threads", &[], threads);
        }
        if let Some(processes) = files.number("proc/sys/kernel/pid_max") {
            sheet.put("node_processes_max_processes", &[], processes);
        }
        if let Some(entropy) = files.number("proc/sys/kernel/random/entropy_avail") {
            sheet.put("node_entropy_available_bits", &[], entropy);
        }
        Ok(())
    }
}
