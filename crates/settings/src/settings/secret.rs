//! Passwords and tokens: written down, or better in a file of their own.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use model::Secret;

use crate::{
    mistake::{Mistake, Place},
    reader::{Field, Reader},
};

/// Longest token that is read from a file, in bytes.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// It stands in the settings.
    Written(Secret),
    /// It stands in a file, which is read when it is needed, so that it can be changed meanwhile.
    File(PathBuf),
}

impl SecretSource {
    /// The file it stands in, if it does.
    pub(crate) fn file_mut(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::Written(_) => None,
            Self::File(path) => Some(path),
        }
    }

    /// The secret itself.
    pub fn read(&self) -> io::Result<Secret> {
        match self {
            Self::Written(secret) => Ok(secret.clone()),
            Self::File(path) => read_secret(path),
        }
    }
}

/// Reads a secret from a file: its text without the blanks and line breaks around it. Fails on an
/// empty file, and on one that is too long to be a token.
pub fn read_secret(path: &Path) -> io::Result<Secret> {
    let mut text = String::new();
    File::open(path)?.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text)?;
    let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(invalid("the file is too long to hold a token"));
    }
    match text.trim() {
        "" => Err(invalid("the file is empty")),
        text => Ok(Secret::new(text.to_owned())),
    }
}

/// A secret while it is read: written down, or in a file.
#[derive(Debug, Default)]
pub(crate) struct SecretDraft {
    written: Option<(Secret, Place)>,
    file: Option<(PathBuf, Place)>,
}

impl SecretDraft {
    /// The secret itself.
    pub(crate) fn write<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        let text = reader.text(field.node);
        self.written = text.map(|text| (Secret::new(text.to_owned()), field.key));
    }

    /// The file that holds it.
    pub(crate) fn name_file<'d>(&mut self, reader: &Reader<'d>, field: Field<'d>) {
        let text = reader.text(field.node);
        self.file = text.map(|text| (PathBuf::from(text), field.key));
    }

    /// Whether either is written.
    pub(crate) fn is_written(&self) -> bool {
        self.written.is_some() || self.file.is_some()
    }

    /// The one that is written; both are a mistake.
    pub(crate) fn finish(self, reader: &Reader<'_>, name: &str) -> Option<SecretSource> {
        match (self.written, self.file) {
            (Some((_, place)), Some((_, file))) => {
                let message = format!("both `{name}` and `{name}_file` are written");
                let mistake = Mistake::at(place, message).also(file, "and here");
                reader.report(mistake.help(format!("keep `{name}_file`")));
                None
            }
            (Some((secret, _)), None) => Some(SecretSource::Written(secret)),
            (None, file) => file.map(|(path, _)| SecretSource::File(path)),
        }
    }
}
