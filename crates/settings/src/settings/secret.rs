//! Passwords and tokens: written down, or better in a file of their own.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use model::Secret;

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
