//! The texts people read: help, completions, manual page, and the reference page made from them.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result, ensure};

use crate::program::run;

/// Every command, as its help is asked for.
const COMMANDS: [&[&str]; 69] = [
    &[],
    &["serve"],
    &["check"],
    &["query"],
    &["baseline"],
    &["import"],
    &["forecast"],
    &["plan"],
    &["plan", "line"],
    &["plan", "table"],
    &["plan", "scenario"],
    &["plan", "scenario", "run"],
    &["plan", "scenario", "freeze"],
    &["plan", "scenario", "track"],
    &["plan", "rightsize"],
    &["plan", "quotas"],
    &["plan", "findings"],
    &["plan", "benefit"],
    &["plan", "tested"],
    &["objectives"],
    &["budget"],
    &["budget", "check"],
    &["load"],
    &["load", "run"],
    &["load", "check"],
    &["load", "capacity"],
    &["load", "compare"],
    &["load", "gate"],
    &["load", "import"],
    &["load", "schedule"],
    &["load", "schedule", "add"],
    &["load", "schedule", "list"],
    &["load", "schedule", "approve"],
    &["load", "schedule", "cancel"],
    &["load", "runner"],
    &["load", "stop"],
    &["load", "worker"],
    &["rules"],
    &["rules", "check"],
    &["rules", "test"],
    &["rules", "replay"],
    &["rules", "export"],
    &["rules", "list"],
    &["alerts"],
    &["silence"],
    &["silence", "add"],
    &["silence", "list"],
    &["silence", "expire"],
    &["silence", "preview"],
    &["receivers"],
    &["heartbeat"],
    &["heartbeat", "send"],
    &["heartbeat", "list"],
    &["heartbeat", "forget"],
    &["change"],
    &["change", "add"],
    &["change", "list"],
    &["audit"],
    &["audit", "verify"],
    &["audit", "export"],
    &["store"],
    &["store", "verify"],
    &["store", "inspect"],
    &["store", "snapshot"],
    &["store", "export"],
    &["store", "top"],
    &["version"],
    &["completions"],
    &["man"],
];

fn help_of(command: &[&str]) -> Result<String> {
    let dir = tempfile::tempdir()?;
    let asked = run(dir.path(), &[command, &["--help"]].concat())?;
    ensure!(asked.code == Some(0), "{}", asked.err);
    ensure!(asked.err.is_empty(), "help belongs on standard output: {}", asked.err);
    Ok(asked.out)
}

#[test]
fn help_reads_well() -> Result<()> {
    for command in COMMANDS {
        let name = format!(
            "help_{}",
            if command.is_empty() { "plimsoll".into() } else { command.join("_") }
        );
        insta::assert_snapshot!(name, help_of(command)?);
    }
    Ok(())
}

#[test]
fn no_command_is_missing_from_the_reference() -> Result<()> {
    let text = help_of(&[])?;
    let listed = text.split("Commands:").nth(1).context("no commands")?;
    let names = listed.lines().skip(1).take_while(|line| !line.is_empty());
    for name in names.filter_map(|line| line.split_whitespace().next()) {
        ensure!(name == "help" || COMMANDS.iter().any(|command| *command == [name]), "{name}");
    }
    Ok(())
}

#[test]
fn the_reference_of_commands_is_what_the_program_says() -> Result<()> {
    let mut written = String::from(
        "# Commands\n\n<!-- Made from what the program says of itself; a test compares them. To write it anew:\n     \
         UPDATE_DOCS=1 cargo test -p cli -->\n",
    );
    for command in COMMANDS {
        let name = [&["plimsoll"], command].concat().join(" ");
        let text = help_of(command)?;
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let text = lines.join("\n");
        written += &["\n## ", &name, "\n\n```text\n", text.trim_end(), "\n```\n"].concat();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &written)?;
    }
    let way_out = "`UPDATE_DOCS=1 cargo test -p cli` writes it anew";
    let found = fs::read_to_string(&path).with_context(|| format!("no cli.md: {way_out}"))?;
    ensure!(found == written, "docs/reference/cli.md is not what the program says: {way_out}");
    Ok(())
}

#[test]
fn completions_and_the_manual_page_name_every_command() -> Result<()> {
    let dir = tempfile::tempdir()?;
    for shell in ["bash", "zsh", "fish"] {
        let script = run(dir.path(), &["completions", shell])?;
        ensure!(script.code == Some(0) && script.out.contains("forecast"), "{shell}");
    }
    let page = run(dir.path(), &["man"])?;
    assert_eq!(page.code, Some(0));
    for word in [".TH", "forecast", "import", "serve"] {
        assert!(page.out.contains(word), "{word}");
    }
    Ok(())
}
