//! Rule files in use are read without a mistake, and wrong ones with a marked one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use detect::{Rule, rules};

/// Files below a folder that are rule files, or manifests with one.
pub(crate) fn rule_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(rule_files(&path)?);
            continue;
        }
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if !["yaml", "yml", "rules"].contains(&&*ending) {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let plain = text.lines().any(|line| line.starts_with("groups:"));
        let manifest = text.contains("kind: PrometheusRule");
        if plain || manifest {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// How many files, groups, recording and alerting rules.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    files: usize,
    groups: usize,
    recording: usize,
    alerting: usize,
}

fn counts(files: usize, groups: usize, recording: usize, alerting: usize) -> Counts {
    Counts { files, groups, recording, alerting }
}

fn count(folder: &str) -> Result<Option<Counts>> {
    let Some(folder) = testkit::shared(folder) else { return Ok(None) };
    let mut counts = Counts::default();
    for path in rule_files(&folder)? {
        let text = fs::read_to_string(&path)?;
        let groups = rules::parse(&path.display().to_string(), &text)?;
        counts.files += 1;
        counts.groups += groups.len();
        for rule in groups.iter().flat_map(|group| &group.rules) {
            match rule {
                Rule::Record(_) => counts.recording += 1,
                Rule::Alert(_) => counts.alerting += 1,
            }
        }
    }
    Ok(Some(counts))
}

#[test]
fn rule_files_in_use_are_read_without_a_mistake() -> Result<()> {
    let wanted = [
        ("data/rules/kube-prometheus", counts(8, 38, 95, 139)),
        ("data/rules/kubernetes-mixin", counts(2, 26, 71, 65)),
        ("data/rules/awesome-prometheus-alerts", counts(112, 112, 0, 954)),
        ("data/promql/alert-compliance", counts(1, 4, 0, 7)),
    ];
    let mut differ = Vec::new();
    for (folder, wanted) in wanted {
        if let Some(counts) = count(folder)?
            && counts != wanted
        {
            differ.push(format!("{folder}: {counts:?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    Ok(())
}

/// Files of Prometheus' own tests that are wrong under its old rules for names, which are not ours
/// any more: since version 3 any text is a name.
const OLD_NAMES: [&str; 1] = ["legacy_validation_annotation.bad.yaml"];

#[test]
fn the_good_and_bad_files_of_prometheus_are_told_apart() -> Result<()> {
    let Some(folder) = testkit::shared("data/promql/rulefmt/testdata") else { return Ok(()) };
    let mut seen = (0, 0);
    for path in rule_files(&folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let answer = rules::parse(&name, &fs::read_to_string(&path)?);
        if name.contains(".bad.") && !OLD_NAMES.contains(&&*name) {
            let mistakes = answer.err().with_context(|| format!("{name} is taken for good"))?;
            assert!(mistakes.iter().all(|mistake| mistake.line().is_some()), "{mistakes}");
            seen.0 += 1;
        } else {
            answer.with_context(|| name)?;
            seen.1 += 1;
        }
    }
    assert_eq!(seen, (10, 6));
    Ok(())
}
