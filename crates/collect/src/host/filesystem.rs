//! File systems: bytes and inodes of each mount, without ever waiting for one that hangs.
//!
//! A thread of its own asks the mounts one after another. If it does not come back in time it is left where it is,
//! the mount it asked is marked, and the next round has a new thread for the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use regex::Regex;

use super::{
    Part,
    files::{Files, PartError},
    sheet::Sheet,
};

/// Threads left waiting at once; with so many dead mounts no new ones are risked until one answers.
const STUCK_MAX: usize = 8;

/// Mounts asked in one round.
const MOUNTS_MAX: usize = 1_000;

/// What a file system says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Room {
    pub(super) size_bytes: f64,
    pub(super) free_bytes: f64,
    pub(super) avail_bytes: f64,
    pub(super) files: f64,
    pub(super) files_free: f64,
}

/// Asks the file system at a path.
pub(super) type Ask = Arc<dyn Fn(&Path) -> io::Result<Room> + Send + Sync>;

fn ask_kernel(path: &Path) -> io::Result<Room> {
    let found = rustix::fs::statfs(path)?;
    let block_bytes = found.f_bsize as f64;
    Ok(Room {
        size_bytes: found.f_blocks as f64 * block_bytes,
        free_bytes: found.f_bfree as f64 * block_bytes,
        avail_bytes: found.f_bavail as f64 * block_bytes,
        files: found.f_files as f64,
        files_free: found.f_ffree as f64,
    })
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mount {
    device: String,
    point: String,
    kind: String,
    readonly: bool,
}

/// The thread that asks, and how to talk with it.
#[derive(Debug)]
struct Asker {
    questions: Sender<Vec<PathBuf>>,
    /// Says that all were asked.
    done: Receiver<()>,
    /// Answers so far, in the order of the questions; `None` is an error.
    answers: Arc<Mutex<Vec<Option<Room>>>>,
    /// Set when the thread has nothing to do, or is gone.
    idle: Arc<AtomicBool>,
}

impl Asker {
    fn start(ask: Ask) -> io::Result<Self> {
        let (questions, todo) = mpsc::channel::<Vec<PathBuf>>();
        let (told, done) = mpsc::channel();
        let idle = Arc::new(AtomicBool::new(true));
        let answers = Arc::new(Mutex::new(Vec::new()));
        let (flag, list) = (Arc::clone(&idle), Arc::clone(&answers));
        let work = move || {
            for paths in todo {
                for path in paths {
                    let answer = ask(&path).ok();
                    list.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
                }
                flag.store(true, Ordering::Release);
                // Nobody listens any more once this thread came back too late.
                if told.send(()).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("collect-mounts".into()).spawn(work)?;
        Ok(Self { questions, done, answers, idle })
    }

    /// The answers that come in time: all of them, or those before the one that hangs.
    fn ask(&self, paths: Vec<PathBuf>, wait: Duration) -> (Vec<Option<Room>>, bool) {
        self.idle.store(false, Ordering::Release);
        let late = self.questions.send(paths).is_err() || self.done.recv_timeout(wait).is_err();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut *answers), late)
    }
}

/// Every mount that is not left out.
pub(super) struct Filesystems {
    mount_points: Regex,
    fs_types: Regex,
    wait: Duration,
    ask: Ask,
    asker: Option<Asker>,
    /// Mount points that did not answer, with the flag their thread sets when it comes back.
    stuck: BTreeMap<String, Arc<AtomicBool>>,
    late_total: u64,
}

impl fmt::Debug for Filesystems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Filesystems").field("stuck", &self.stuck).finish_non_exhaustive()
    }
}

impl Filesystems {
    pub(super) fn new(mount_points: Regex, fs_types: Regex, wait: Duration) -> Self {
        Self::asking(mount_points, fs_types, wait, Arc::new(ask_kernel))
    }

    /// With another way to ask, for tests.
    pub(super) fn asking(mount_points: Regex, fs_types: Regex, wait: Duration, ask: Ask) -> Self {
        let (asker, stuck) = (None, BTreeMap::new());
        Self { mount_points, fs_types, wait, ask, asker, stuck, late_total: 0 }
    }

    fn mounts(&self, files: &mut Files) -> Result<Vec<Mount>, PartError> {
        // The first process sees the mounts of the host, where we may look at it.
        let path = "proc/1/mounts";
        let text = match files.optional(path)? {
            Some(text) => text.to_owned(),
            None => files.text("proc/self/mounts")?.to_owned(),
        };
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split(' ').collect();
            let [device, point, kind, options, ..] = words[..] else {
                return Err(PartError::sense(path, "a line has fewer than four words"));
            };
            let point = unescaped(point);
            if self.mount_points.is_match(&point) || self.fs_types.is_match(kind) {
                continue;
            }
            let readonly = options.split(',').any(|option| option == "ro");
            let mount = Mount { device: unescaped(device), point, kind: kind.into(), readonly };
            let identity = (mount.device.clone(), mount.point.clone(), mount.kind.clone());
            if seen.insert(identity) && found.len() < MOUNTS_MAX {
                found.push(mount);
            }
        }
        Ok(found)
    }

    /// Asks all that are not stuck. `None` for one that gives an error or does not answer; those behind it are not
    /// asked this time.
    fn rooms(
        &mut self,
        mounts: &[Mount],
        files: &mut Files,
    ) -> Result<BTreeMap<String, Option<Room>>, PartError> {
        self.stuck.retain(|_, back| !back.load(Ordering::Acquire));
        let stuck = self.stuck.keys().map(|point| (point.clone(), None));
        let mut rooms: BTreeMap<String, Option<Room>> = stuck.collect();
        let asked: Vec<&Mount> =
            mounts.iter().filter(|mount| !rooms.contains_key(&mount.point)).collect();
        let wait = self.wait;
        let Some(asker) = self.asker()?.filter(|_| !asked.is_empty()) else { return Ok(rooms) };
        let paths = asked.iter().map(|mount| files.at(&mount.point).clone()).collect();
        let (answers, late) = asker.ask(paths, wait);
        let answered = answers.len();
        for (mount, answer) in asked.iter().zip(answers) {
            rooms.insert(mount.point.clone(), answer);
        }
        if late && let Some(asker) = self.asker.take() {
            self.late_total += 1;
            if let Some(mount) = asked.get(answered) {
                rooms.insert(mount.point.clone(), None);
                self.stuck.insert(mount.point.clone(), asker.idle);
            }
        }
        Ok(rooms)
    }

    fn asker(&mut self) -> Result<Option<&Asker>, PartError> {
        if self.asker.is_none() && self.stuck.len() < STUCK_MAX {
            let started = Asker::start(Arc::clone(&self.ask));
            let started = started.map_err(|error| {
                PartError::Late(format!("cannot start a thread that asks file systems: {error}"))
            })?;
            self.asker = Some(started);
        }
        Ok(self.asker.as_ref())
    }
}

impl Part for Filesystems {
    fn name(&self) -> &'static str {
        "filesystem"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let mounts = self.mounts(files)?;
        let rooms = self.rooms(&mounts, files)?;
        for mount in &mounts {
            let labels = [
                ("device", mount.device.as_str()),
                ("fstype", mount.kind.as_str()),
                ("mountpoint", mount.point.as_str()),
            ];
            let Some(room) = rooms.get(&mount.point) else { continue };
            let error = if room.is_some() { 0.0 } else { 1.0 };
            sheet.put("node_filesystem_device_error", &labels, error);
            let Some(room) = *room else { continue };
            let readonly = if mount.readonly { 1.0 } else { 0.0 };
            for (metric, value) in [
                ("node_filesystem_readonly", readonly),
                ("node_filesystem_size_bytes", room.size_bytes),
                ("node_filesystem_free_bytes", room.free_bytes),
                ("node_filesystem_avail_bytes", room.avail_bytes),
                ("node_filesystem_files", room.files),
                ("node_filesystem_files_free", room.files_free),
            ] {
                sheet.put(metric, &labels, value);
            }
        }
        sheet.put("plimsoll_host_filesystems_late_total", &[], self.late_total as f64);
        if self.stuck.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = self.stuck.keys().map(String::as_str).collect();
        Err(PartError::Late(format!("no answer in time from {}", names.join(", "))))
    }
}

/// Mounts write blanks, tabs, newlines and backslashes as three octal digits.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}
