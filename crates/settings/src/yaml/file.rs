//! Reads text files of bounded size.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::FILE_BYTES_MAX;

/// The text of a file that may hold settings or rules. Fails on one that is too large to be
/// either, and says the first byte that is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if bytes.len() > FILE_BYTES_MAX {
        return Err(invalid(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        invalid(format!("line {line} is not UTF-8 text"))
    })
}
