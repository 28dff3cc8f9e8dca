//! Runs Prometheus' own test scripts. What is left out is listed with its reason in `left_out.txt`; a listed
//! question that is answered right, or another one that is not, fails the test.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use model::Unlimited;
use query::{Engine, EngineOptions};
use testkit::{MemoryStore, shared};

use crate::{
    compare::check,
    native::load,
    script::{Command, read},
};

/// `file:line reason`, one question per line.
const LEFT_OUT: &str = include_str!("left_out.txt");

#[test]
fn prometheus_own_questions_are_answered_as_prometheus_does() -> Result<()> {
    let Some(folder) = shared("data/promql/promqltest") else { return Ok(()) };
    let left_out: BTreeMap<&str, &str> = LEFT_OUT
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect();
    let (mut right, mut out, mut wrong) = (0, 0, Vec::new());
    for path in scripts(&folder)? {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (line, result) in run(&path)? {
            let place = format!("{file}:{line}");
            match (result, left_out.get(&*place)) {
                (Ok(()), None) => right += 1,
                (Err(_), Some(_)) => out += 1,
                (Ok(()), Some(reason)) => {
                    wrong.push(format!("{place} passes now, but is left out: {reason}"));
                }
                (Err(error), None) => wrong.push(format!("{place} {error:#}")),
            }
        }
    }
    println!("promqltest: {right} right, {out} left out, {} wrong", wrong.len());
    ensure!(right > 1000, "only {right} questions were found");
    ensure!(wrong.is_empty(), "{} questions:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

/// The page that tells people what is left out, and the lines it must have.
const PAGE: &str = include_str!("../../../../docs/reference/promql.md");

#[test]
fn the_reference_names_all_that_is_left_out_and_nothing_else() -> Result<()> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in LEFT_OUT.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (place, reason) = line.split_once(' ').context("a place and a reason")?;
        let (file, _) = place.split_once(':').context("a file and a line")?;
        *counts.entry((file, reason)).or_default() += 1;
    }
    let rows =
        counts.iter().map(|((file, reason), count)| format!("| {file} | {count} | {reason} |"));
    let wanted: Vec<String> = rows.collect();
    let told: Vec<&str> =
        PAGE.lines().filter(|line| line.starts_with("| ") && line.contains(".test |")).collect();
    ensure!(told == wanted, "docs/reference/promql.md should say:\n{}", wanted.join("\n"));
    Ok(())
}

fn scripts(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "test") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Runs one script: the line of each question, and whether it was answered right.
fn run(path: &Path) -> Result<Vec<(usize, Result<()>)>> {
    let text = fs::read_to_string(path)?;
    let commands = read(&text).with_context(|| format!("in {}", path.display()))?;
    // As Prometheus runs them: names go at the end.
    let engine =
        Engine::new(EngineOptions { delayed_name_removal: true, ..EngineOptions::default() });
    let mut store = MemoryStore::new();
    let mut results = Vec::new();
    for command in commands {
        match command {
            Command::Clear => store = MemoryStore::new(),
            Command::Load(own) => load(&store, &own),
            Command::Eval(eval) => {
                results.push((eval.line, check(&engine, &store, &eval, &Unlimited)));
            }
        }
    }
    Ok(results)
}
