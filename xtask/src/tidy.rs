//! Layers, sizes, headers and licences: the habits of the house, checked as a test.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::parts;

const FILE_LINES_MAX: usize = 400;
const FOLDER_FILES_MAX: usize = 12;

#[derive(Deserialize)]
struct Layers {
    layer: Vec<Layer>,
    pure: Pure,
    owned: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Layer {
    #[serde(rename = "crate")]
    name: String,
    may_use: Vec<String>,
    #[serde(default)]
    pure: bool,
}

#[derive(Deserialize)]
struct Pure {
    forbidden: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    /// Set for crates of this workspace only.
    path: Option<PathBuf>,
}

/// Every broken habit, one line each; none when the house is in order.
pub(crate) fn faults() -> Result<Vec<String>> {
    let root = root();
    let layers: Layers = toml::from_str(&fs::read_to_string(root.join("layers.toml"))?)?;
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(&root)
        .output()?;
    ensure!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    let mut faults = edge_faults(&layers, &metadata);
    for package in &metadata.packages {
        let folder = package.manifest_path.parent().context("a manifest has no folder")?;
        for part in ["src", "tests", "benches", "examples"] {
            folder_faults(&mut faults, &folder.join(part))?;
        }
    }
    folder_faults(&mut faults, &root.join("ui/src"))?;
    folder_faults(&mut faults, &root.join("ui/e2e"))?;
    faults.extend(parts::faults(&root)?);
    Ok(faults)
}

fn edge_faults(layers: &Layers, metadata: &Metadata) -> Vec<String> {
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let own = &package.name;
        let Some(layer) = layers.layer.iter().find(|layer| layer.name == *own) else {
            faults.push(format!("layers.toml: no row for crate `{own}`"));
            continue;
        };
        for dependency in &package.dependencies {
            if dependency.kind.as_deref() == Some("dev") {
                continue;
            }
            let used = &dependency.name;
            if dependency.path.is_some() && !layer.may_use.contains(used) {
                faults.push(format!("{own} uses {used}: that edge is not in layers.toml"));
            }
            if layer.pure && layers.pure.forbidden.contains(used) {
                faults.push(format!("{own} is pure but uses {used}"));
            }
            if layers.owned.get(used).is_some_and(|owner| owner != own) {
                faults.push(format!("{own} uses {used}, which another crate owns"));
            }
        }
    }
    faults
}

fn folder_faults(faults: &mut Vec<String>, folder: &Path) -> Result<()> {
    if !folder.try_exists()? {
        return Ok(());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    if FOLDER_FILES_MAX < paths.len() {
        faults.push(format!(
            "{}: {} entries, {FOLDER_FILES_MAX} at most",
            folder.display(),
            paths.len()
        ));
    }
    for path in paths {
        if path.is_dir() {
            // Snapshots are written by tests, one file each.
            if !path.ends_with("snapshots") {
                folder_faults(faults, &path)?;
            }
        } else if let Some(kind) = Kind::of(&path) {
            file_faults(faults, &path, kind, &fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// What a file is, which decides the habits it must keep.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Rust,
    RustTests,
    Page,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let in_tests = path.components().any(|part| part.as_os_str() == "tests");
        match path.extension()?.to_str()? {
            "rs" if in_tests || path.ends_with("tests.rs") => Some(Self::RustTests),
            "rs" => Some(Self::Rust),
            "ts" | "tsx" => Some(Self::Page),
            _ => None,
        }
    }
}

fn file_faults(faults: &mut Vec<String>, path: &Path, kind: Kind, text: &str) {
    if kind != Kind::Page && !text.starts_with("//!") {
        faults.push(format!("{}: does not open with what it is for (`//!`)", path.display()));
    }
    let code = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
    if kind != Kind::RustTests && FILE_LINES_MAX < code {
        faults.push(format!("{}: {code} lines, {FILE_LINES_MAX} at most", path.display()));
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_in_order() {
        let faults = faults().unwrap();
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    }

    #[test]
    fn an_edge_that_climbs_is_named() {
        let layers = toml::from_str(
            "layer = [{ crate = 'model', may_use = [], pure = true }]\n\
             pure.forbidden = ['tokio']\nowned.kube = 'cloud'",
        )
        .unwrap();
        let theirs = |name: &str| Dependency { name: name.into(), kind: None, path: None };
        let ours = Dependency { path: Some("crates/store".into()), ..theirs("store") };
        let metadata = Metadata {
            packages: vec![Package {
                name: "model".into(),
                manifest_path: "x".into(),
                dependencies: vec![ours, theirs("tokio"), theirs("kube")],
            }],
        };
        assert_eq!(
            edge_faults(&layers, &metadata),
            [
                "model uses store: that edge is not in layers.toml",
                "model is pure but uses tokio",
                "model uses kube, which another crate owns",
            ]
        );
    }
}
