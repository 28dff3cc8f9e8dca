//! Case files: behaviour an operator could read and correct, in `cases/<room>/*.case`.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

/// One case file.
#[derive(Debug)]
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    /// Where it is, for messages.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// All cases of a room, sorted by name; an error when there are none, since a test without cases proves nothing.
pub fn cases(room: &str) -> Result<Vec<Case>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../cases").join(room);
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "case") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            found.push(Case { name, path, text });
        }
    }
    anyhow::ensure!(!found.is_empty(), "no *.case file in {}", folder.display());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
