//! The unit tests of rules that Prometheus' `promtool test rules` runs: those that pass there pass here, and those
//! that fail there fail here.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use detect::rules::{
    self,
    trial::{Options, TestFile},
};

/// Files, and which of their tests fail, by number.
const FILES: [(&str, &[usize]); 12] = [
    ("unittest.yml", &[]),
    ("failing.yml", &[1, 2]),
    ("rules_run.yml", &[2]),
    ("rules_run_fuzzy.yml", &[2]),
    ("rules_run_no_fuzzy.yml", &[1]),
    ("no-test-group-interval.yml", &[]),
    ("at-modifier-test.yml", &[]),
    ("negative-offset-test.yml", &[]),
    ("start-time-test.yml", &[]),
    ("long-period.yml", &[]),
    ("bad-promql.yml", &[1]),
    ("bad-rules-error-test.yml", &[1]),
];

/// Files that cannot be read, or whose rules cannot, and the words that say why.
const REFUSED: [(&str, &str); 3] = [
    ("bad-input-series.yml", "this is not the name of a series"),
    ("bad-rules-syntax-test.yml", "the expression is not PromQL"),
    ("rules_run_extrafields.yml", "a group has no key `namespace`"),
];

fn folder() -> Option<std::path::PathBuf> {
    testkit::shared("data/rules/prometheus/cmd/promtool/testdata")
}

/// The numbers of the tests that fail.
fn failing(path: &Path) -> Result<Vec<(usize, String)>> {
    let text = fs::read_to_string(path)?;
    let file = TestFile::parse(&path.display().to_string(), &text)?;
    let mut files = Vec::new();
    for name in &file.rule_files {
        let path = path.parent().context("a folder")?.join(name);
        files.push(rules::parse(&path.display().to_string(), &fs::read_to_string(&path)?)?);
    }
    let outcomes = file.run(&rules::join(files), &Options::default());
    ensure!(outcomes.len() == file.tests.len(), "not all tests were run");
    let failed = outcomes.into_iter().filter(|outcome| !outcome.failures.is_empty());
    Ok(failed.map(|outcome| (outcome.number, format!("{:#?}", outcome.failures))).collect())
}

#[test]
fn unit_tests_of_rules_pass_and_fail_as_with_promtool() -> Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    for (name, wanted) in FILES {
        let failed = failing(&folder.join(name)).with_context(|| name.to_owned())?;
        let numbers: Vec<usize> = failed.iter().map(|(number, _)| *number).collect();
        if numbers != wanted {
            bail!("{name}: {numbers:?} instead of {wanted:?}: {failed:?}");
        }
    }
    Ok(())
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() -> Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    for (name, words) in REFUSED {
        let Err(error) = failing(&folder.join(name)) else { bail!("{name} was read") };
        let text = error.to_string();
        ensure!(text.contains(words) && text.contains("-->"), "{name}: {text}");
    }
    Ok(())
}

#[test]
fn the_unit_tests_of_the_kubernetes_mixin_pass() -> Result<()> {
    let Some(folder) = testkit::shared("data/rules/kubernetes-mixin/tests") else { return Ok(()) };
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let failed = failing(&path).with_context(|| path.display().to_string())?;
        ensure!(failed.is_empty(), "{}: {failed:?}", path.display());
        count += 1;
    }
    ensure!(count == 8, "{count} files");
    Ok(())
}
