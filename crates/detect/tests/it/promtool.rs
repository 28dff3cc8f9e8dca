//! The checker of Prometheus itself is the judge: what it takes we take, and it takes what we write.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use detect::{RuleGroup, rules};

use crate::rule_files::rule_files;

/// Which of the files it accepts. One run for all, since each start costs more than a file.
fn promtool(files: &[PathBuf]) -> Result<BTreeMap<PathBuf, bool>> {
    let output = Command::new("promtool")
        .args(["check", "rules", "--lint=none"])
        .args(files)
        .output()
        .context("cannot start promtool: `make test` as root installs it, else install Debian's `prometheus`")?;
    // Failures and their reasons go to standard error, which has no file names of its own.
    let text = String::from_utf8_lossy(&output.stdout);
    let mut verdicts = BTreeMap::new();
    let mut current = PathBuf::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("Checking ") {
            current = PathBuf::from(path);
            verdicts.insert(current.clone(), false);
        } else if line.trim_start().starts_with("SUCCESS") {
            verdicts.insert(current.clone(), true);
        }
    }
    ensure!(
        verdicts.len() == files.len(),
        "promtool judged {} of {} files:\n{text}",
        verdicts.len(),
        files.len()
    );
    Ok(verdicts)
}

fn parse(path: &Path) -> Result<Vec<RuleGroup>, settings::Mistakes> {
    let text = fs::read_to_string(path).unwrap_or_default();
    rules::parse(&path.display().to_string(), &text)
}

/// Files about which Debian's checker (2.42) and we differ, and why.
const DIFFER: [(&str, &str); 5] = [
    ("legacy_validation_annotation.bad.yaml", "since Prometheus 3 any text is a name"),
    ("utf-8_annotation.good.yaml", "since Prometheus 3 any text is a name"),
    ("utf-8_lname.good.yaml", "since Prometheus 3 any text is a name"),
    ("dir/rules1-good.rules", "since Prometheus 3 a group has labels"),
    (
        "rules-multi-doc-duplicates-bad.rules",
        "promtool reads the first document and drops the rest in silence",
    ),
];

#[test]
fn promtool_and_we_agree_on_every_plain_rule_file() -> Result<()> {
    let folders = ["prometheus", "kubernetes-mixin", "awesome-prometheus-alerts", "vmalert"];
    let mut files = Vec::new();
    for folder in folders {
        if let Some(folder) = testkit::shared(&format!("data/rules/{folder}")) {
            files.extend(rule_files(&folder)?);
        }
    }
    if files.is_empty() {
        return Ok(());
    }
    let verdicts = promtool(&files)?;
    let mut differ = Vec::new();
    for (path, accepted) in &verdicts {
        let name = path.to_string_lossy();
        let known = DIFFER.iter().find(|(ending, _)| name.ends_with(ending));
        let ours = parse(path);
        if (ours.is_ok() != *accepted) != known.is_some() {
            differ.push(format!(
                "{name}: promtool {accepted}, we:\n{}",
                ours.err().map_or_else(|| "accept".into(), |mistakes| mistakes.to_string())
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(verdicts.values().filter(|accepted| **accepted).count() > 130);
    Ok(())
}

#[test]
fn promtool_accepts_what_we_export_and_it_reads_back_the_same() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut files = Vec::new();
    for folder in ["kube-prometheus", "kubernetes-mixin", "awesome-prometheus-alerts"] {
        let Some(folder) = testkit::shared(&format!("data/rules/{folder}")) else { return Ok(()) };
        for path in rule_files(&folder)? {
            let groups = parse(&path)?;
            let exported = rules::export(&groups);
            let copy = dir.path().join(format!("{}.yaml", files.len()));
            fs::write(&copy, &exported)?;
            let again = rules::parse(&groups[0].file, &exported)
                .with_context(|| format!("{}:\n{exported}", path.display()))?;
            assert_eq!(again, groups, "{}", path.display());
            files.push(copy);
        }
    }
    let verdicts = promtool(&files)?;
    assert!(verdicts.values().all(|accepted| *accepted), "{verdicts:?}");
    Ok(())
}

/// Texts that are something else in YAML, or nothing, unless they are written with care.
const ODD: &[&str] = &[
    "true",
    "null",
    "~",
    "1",
    "0x1f",
    "1e3",
    "yes",
    "- a",
    "a: b",
    "a #b",
    "#",
    "",
    " lead",
    "trail ",
    "\"quoted\"",
    "'single'",
    "two\nlines",
    "two\nlines\n",
    "\n",
    "a\n\n\nb",
    "a\n  indented\n b",
    "tab\tin",
    "tab\n\tin",
    "\u{85}\u{2028}\u{feff}\u{7f}",
    "ümläut\n🚀",
    "{{ $value }}",
    "&a",
    "*a",
    "!x",
    "%y",
    "@",
    "`",
    "ends with blank \nnext",
    "a\r\nb",
    "? x",
    "[a]",
    "{a}",
    "|",
    ">",
    "a: |\n  b",
    "2026-11-21",
    "\\n",
    "...",
    "---",
];

#[test]
fn texts_that_yaml_could_take_for_something_else_survive_the_export() -> Result<()> {
    let texts =
        ODD.iter().enumerate().map(|(at, text)| (format!("a{at}"), (*text).to_owned())).collect();
    let group = RuleGroup {
        name: "odd: name".into(),
        file: "odd.yaml".into(),
        interval: Some(model::Span::secs(90)),
        limit: 3,
        query_offset: None,
        labels: Vec::new(),
        rules: vec![detect::Rule::Alert(detect::AlertRule {
            source: "odd: name/Null".into(),
            name: "Null".into(),
            expr: "up\n  == 0\n".into(),
            hold: model::Span::minutes(90),
            keep_firing_for: model::Span::secs(1),
            labels: Vec::new(),
            annotations: texts,
            care: rules::Care::default(),
        })],
    };
    let exported = rules::export(std::slice::from_ref(&group));
    let again = rules::parse("odd.yaml", &exported).with_context(|| exported.clone())?;
    assert_eq!(again, [group], "{exported}");
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("odd.yaml");
    fs::write(&file, &exported)?;
    assert!(promtool(&[file])?.values().all(|accepted| *accepted), "{exported}");
    Ok(())
}
