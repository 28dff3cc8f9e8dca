//! Reads small files under the root of the host into one buffer that is used again and again.

use std::{
    error::Error,
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

/// Bytes of one file: `/proc/stat` of a machine with 4096 processors has about two million.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// Why a part could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PartError {
    /// The file itself.
    #[error("cannot read /{path}")]
    Read { path: String, source: io::Error },
    /// What it holds.
    #[error("cannot make sense of /{path}: {what}")]
    Sense { path: String, what: String },
    /// Something did not answer in time.
    #[error("{0}")]
    Late(String),
}

impl PartError {
    /// The error with its cause, as one sentence.
    pub(super) fn chain(&self) -> String {
        self.source().map_or_else(|| self.to_string(), |source| format!("{self}: {source}"))
    }

    /// What a file holds is not what it should be.
    pub(super) fn sense(path: &str, what: impl Into<String>) -> Self {
        Self::Sense { path: path.to_owned(), what: what.into() }
    }
}

/// The files of one host.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    path: PathBuf,
    text: String,
}

impl Files {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { path: root.clone(), root, text: String::new() }
    }

    /// Where a path of the host is for us. Give it without its leading slash.
    pub(super) fn at(&mut self, path: &str) -> &PathBuf {
        self.path.clear();
        self.path.push(&self.root);
        self.path.push(path.trim_start_matches('/'));
        &self.path
    }

    /// The text of a file, until the next call.
    pub(super) fn text(&mut self, path: &str) -> Result<&str, PartError> {
        match self.fill(path) {
            Ok(()) => Ok(&self.text),
            Err(source) => Err(PartError::Read { path: path.to_owned(), source }),
        }
    }

    /// The text of a file that not every kernel has; also `None` where it is closed to us or not supported.
    pub(super) fn optional(&mut self, path: &str) -> Result<Option<&str>, PartError> {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, Unsupported};
        match self.fill(path) {
            Ok(()) => Ok(Some(&self.text)),
            Err(error)
                if matches!(
                    error.kind(),
                    NotFound | NotADirectory | PermissionDenied | Unsupported
                ) || error.raw_os_error()
                    == Some(rustix::io::Errno::OPNOTSUPP.raw_os_error()) =>
            {
                Ok(None)
            }
            Err(source) => Err(PartError::Read { path: path.to_owned(), source }),
        }
    }

    /// The one number a file holds, if it is there and holds one.
    pub(super) fn number(&mut self, path: &str) -> Option<f64> {
        self.fill(path).ok()?;
        self.text.trim().parse().ok()
    }

    fn fill(&mut self, path: &str) -> io::Result<()> {
        let file = File::open(self.at(path))?;
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.clear();
        let outcome = file.take(FILE_BYTES_MAX).read_to_end(&mut bytes);
        self.text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        outcome.map(drop)
    }
}
