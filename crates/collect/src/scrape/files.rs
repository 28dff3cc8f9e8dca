//! Files named by a pattern: `*` and `?` in any part of a path, as rule files and files of targets are named.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

/// More files than this one pattern does not mean.
const FILES_MAX: usize = 10_000;

/// The files that a pattern names, relative to a folder, sorted. A pattern without `*` and `?`
/// names its file whether it is there or not, so that a missing one is noticed.
pub fn files_matching(base: &Path, pattern: &str) -> Vec<PathBuf> {
    look_for(base, pattern).0
}

/// The same, and why a folder on the way could not be listed, if one could not.
pub(super) fn look_for(base: &Path, pattern: &str) -> (Vec<PathBuf>, Option<io::Error>) {
    let whole = base.join(pattern);
    let mut found = vec![PathBuf::new()];
    let mut trouble = None;
    for part in whole.components() {
        let text = part.as_os_str().to_string_lossy();
        let wild = matches!(part, Component::Normal(_)) && text.contains(['*', '?']);
        if !wild {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        for folder in std::mem::take(&mut found) {
            match entries(&folder, &text) {
                Ok(named) => found.extend(named.into_iter().take(FILES_MAX - found.len())),
                // What a star before it has found need not be a folder.
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
    }
    if pattern.contains(['*', '?']) {
        found.retain(|path| path.is_file());
    }
    found.sort();
    (found, trouble)
}

fn entries(folder: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut named = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if matches(pattern.as_bytes(), entry.file_name().to_string_lossy().as_bytes()) {
            named.push(entry.path());
        }
    }
    Ok(named)
}

/// Whether a name fits a pattern: the usual walk with one place to come back to.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                back = Some((at + 1, seen));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == name[seen] => {
                at += 1;
                seen += 1;
            }
            _ => match back {
                Some((after, from)) => {
                    back = Some((after, from + 1));
                    at = after;
                    seen = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_fit_as_in_a_shell() {
        let fits = |pattern: &str, name: &str| matches(pattern.as_bytes(), name.as_bytes());
        assert!(fits("*.yaml", "rules.yaml") && fits("r*s.y?ml", "rules.yaml") && fits("*", ""));
        assert!(!fits("*.yaml", "rules.yml") && !fits("?", "") && !fits("a", "ab"));
    }

    #[test]
    fn a_pattern_names_files_in_any_folder_and_a_plain_name_itself() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/x.yaml", "b/y.yaml", "b/z.txt"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let names = |pattern| {
            files_matching(folder.path(), pattern)
                .iter()
                .map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("*/*.yaml"), ["a/x.yaml", "b/y.yaml"]);
        assert_eq!(names("missing.yaml"), ["missing.yaml"]);
        assert_eq!(names("*/y.yaml"), ["b/y.yaml"]);
        assert!(names("none*.yaml").is_empty() && names("a/x.yaml/*/*").is_empty());
        let missing = look_for(folder.path(), "none/*.yaml");
        assert_eq!(missing.1.map(|error| error.kind()), Some(io::ErrorKind::NotFound));
    }
}
