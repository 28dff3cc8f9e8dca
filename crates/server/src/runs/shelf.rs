//! The reports of load tests: compressed files in a folder that does not grow beyond its bounds.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use model::Kind;
use parking_lot::Mutex;

/// Runs whose reports are kept, and what they may take together: at some 60 kB each, that is what ends first.
const RUNS_MAX: usize = 2_000;
const BYTES_MAX: u64 = 1 << 30;
/// The largest report, before it is compressed.
pub(crate) const REPORT_BYTES_MAX: u64 = 32 << 20;

/// Where a text is written before it gets its name.
const DRAFT: &str = "draft.new";

/// What is kept of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The JSON report with the histograms of each second.
    Report,
    /// The page.
    Page,
}

impl Sort {
    fn ending(self) -> &'static str {
        match self {
            Self::Report => "json.gz",
            Self::Page => "html.gz",
        }
    }
}

/// Why a report cannot be put away or found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShelfError {
    /// A file cannot be written or read.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than any of ours.
    #[error("a report takes {REPORT_BYTES_MAX} bytes at most, and this one has {0}")]
    TooLarge(usize),
}

impl ShelfError {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::TooLarge(_) => Kind::Invalid,
            Self::File { .. } => Kind::Internal,
        }
    }
}

/// A folder of reports.
#[derive(Debug)]
pub(crate) struct Shelf {
    folder: PathBuf,
    /// One puts away at a time, so that what is let go of is counted once.
    turn: Mutex<()>,
}

/// A file of the shelf.
struct Lying {
    id: String,
    path: PathBuf,
    bytes: u64,
    changed: SystemTime,
}

impl Shelf {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, turn: Mutex::new(()) }
    }

    fn path(&self, id: &str, sort: Sort) -> PathBuf {
        self.folder.join(format!("{id}.{}", sort.ending()))
    }

    /// Whether something is kept of a run here.
    pub(crate) fn has(&self, id: &str, sort: Sort) -> bool {
        self.path(id, sort).try_exists().unwrap_or(false)
    }

    /// Puts a text away; what is oldest goes if there is too much then, but never a run of these. Blocks.
    pub(crate) fn put(
        &self,
        id: &str,
        sort: Sort,
        text: &[u8],
        stay: &[String],
    ) -> Result<(), ShelfError> {
        if text.len() as u64 > REPORT_BYTES_MAX {
            return Err(ShelfError::TooLarge(text.len()));
        }
        let _turn = self.turn.lock();
        let folder = &self.folder;
        fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
        let path = self.path(id, sort);
        // What a start or a full disk left half-written lies where this is written, too.
        let draft = self.folder.join(DRAFT);
        let written = write(&draft, text).and_then(|()| fs::rename(&draft, &path));
        if let Err(error) = written {
            // It takes room that others need; if it cannot go, it is written over the next time.
            fs::remove_file(&draft).ok();
            return Err(failed("write", &path)(error));
        }
        // The name lasts as the file does.
        let lasting = File::open(folder).and_then(|folder| folder.sync_all());
        lasting.map_err(failed("write", folder))?;
        self.tidy(stay, (RUNS_MAX, BYTES_MAX))
    }

    /// What was put away; nothing if it is not here. Blocks.
    pub(crate) fn get(&self, id: &str, sort: Sort) -> Result<Option<Vec<u8>>, ShelfError> {
        let path = self.path(id, sort);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        let mut text = Vec::new();
        let read = GzDecoder::new(file).take(REPORT_BYTES_MAX).read_to_end(&mut text);
        read.map_err(failed("read", &path))?;
        Ok(Some(text))
    }

    fn tidy(&self, stay: &[String], (runs_max, bytes_max): (usize, u64)) -> Result<(), ShelfError> {
        let mut all = self.lying()?;
        all.sort_by_key(|own| own.changed);
        let mut bytes: u64 = all.iter().map(|own| own.bytes).sum();
        let ids: BTreeSet<&String> = all.iter().map(|own| &own.id).collect();
        let mut runs = ids.len();
        let mut gone = BTreeSet::new();
        // The newest stays, however large it is.
        let newest = all.last().map(|own| own.id.clone());
        for own in &all {
            if runs <= runs_max && bytes <= bytes_max {
                break;
            }
            let stays = stay.contains(&own.id) || newest.as_ref() == Some(&own.id);
            if stays || !gone.insert(own.id.clone()) {
                continue;
            }
            runs -= 1;
            for file in all.iter().filter(|file| file.id == own.id) {
                fs::remove_file(&file.path).map_err(failed("remove", &file.path))?;
                bytes -= file.bytes;
            }
        }
        Ok(())
    }

    fn lying(&self) -> Result<Vec<Lying>, ShelfError> {
        let mut all = Vec::new();
        let entries = fs::read_dir(&self.folder).map_err(failed("read", &self.folder))?;
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(seen) = entry.metadata() else { continue };
            // Only what was put away here is let go of.
            let is_ours = |ending: &&str| matches!(*ending, "json.gz" | "html.gz");
            let named = name.split_once('.').filter(|(_, ending)| is_ours(ending));
            let Some((id, _)) = named else { continue };
            all.push(Lying {
                id: id.to_owned(),
                path: entry.path(),
                bytes: seen.len(),
                changed: seen.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
        Ok(all)
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut packed = GzEncoder::new(File::create(path)?, Compression::default());
    packed.write_all(text)?;
    packed.finish()?.sync_all()
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ShelfError + use<> {
    let path = path.to_owned();
    move |source| ShelfError::File { what, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_back_as_it_was_put_away() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("load"));
        assert_eq!(shelf.get("a", Sort::Report).unwrap(), None);
        shelf.put("a", Sort::Report, b"{}", &[]).unwrap();
        assert_eq!(shelf.get("a", Sort::Report).unwrap().as_deref(), Some(&b"{}"[..]));
        assert!(shelf.has("a", Sort::Report) && !shelf.has("a", Sort::Page));
        fs::write(folder.path().join("load/a.json.gz"), b"no gzip").unwrap();
        assert_eq!(shelf.get("a", Sort::Report).unwrap_err().kind(), Kind::Internal);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("load"));
        shelf.put("a", Sort::Report, b"{}", &[]).unwrap();
        fs::write(folder.path().join("load/notes.txt"), b"mine").unwrap();
        fs::write(folder.path().join("load").join(DRAFT), b"half").unwrap();
        // A folder of its name is in the way of the file.
        fs::create_dir_all(shelf.path("b", Sort::Report).join("x")).unwrap();
        assert_eq!(shelf.put("b", Sort::Report, b"{}", &[]).unwrap_err().kind(), Kind::Internal);
        assert!(!folder.path().join("load").join(DRAFT).try_exists().unwrap());
        fs::remove_dir_all(shelf.path("b", Sort::Report)).unwrap();
        shelf.put("c", Sort::Report, b"{}", &[]).unwrap();
        shelf.tidy(&[], (1, 0)).unwrap();
        assert!(folder.path().join("load/notes.txt").try_exists().unwrap());
    }

    #[test]
    fn the_oldest_run_goes_with_all_its_files_and_baselines_stay() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path().join("load"));
        for (age, id) in ["a", "b", "c", "d"].into_iter().enumerate() {
            for sort in [Sort::Report, Sort::Page] {
                shelf.put(id, sort, b"text", &[]).unwrap();
                let file = File::options().write(true).open(shelf.path(id, sort)).unwrap();
                let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age as u64);
                file.set_modified(at).unwrap();
            }
        }
        shelf.tidy(&["a".to_owned()], (2, u64::MAX)).unwrap();
        let left = ["a", "b", "c", "d"].map(|id| shelf.has(id, Sort::Report));
        assert_eq!(left, [true, false, false, true]);
        assert!(!shelf.has("b", Sort::Page));
        shelf.tidy(&[], (9, 0)).unwrap();
        assert!(shelf.has("d", Sort::Page), "the newest stays");
    }
}
