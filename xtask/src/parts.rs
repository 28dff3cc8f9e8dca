//! What the program is made of: every crate's licence, and crates that are not wanted, by `deny.toml`.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

#[derive(Deserialize)]
struct Deny {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
    /// `None` for crates of this workspace.
    source: Option<String>,
}

/// Crates with a licence that is not allowed, crates that are not wanted, and exceptions nobody needs.
pub(crate) fn faults(root: &Path) -> Result<Vec<String>> {
    let deny = fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
    let deny: Deny = toml::from_str(&deny).context("deny.toml")?;
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--locked", "--format-version", "1"]).current_dir(root);
    for target in &deny.graph.targets {
        command.args(["--filter-platform", target]);
    }
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo metadata failed: {said}");
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    Ok(judge(&deny, &metadata.packages))
}

fn judge(deny: &Deny, packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in packages.iter().filter(|package| package.source.is_some()) {
        let name = &package.name;
        if deny.bans.deny.iter().any(|banned| banned.name == *name) {
            faults.push(format!("deny.toml: the crate {name} is not wanted"));
        }
        let own = deny.licenses.exceptions.iter().find(|exception| exception.name == *name);
        let may = |licence: &str| {
            deny.licenses.allow.contains(licence)
                || own.is_some_and(|exception| exception.allow.contains(licence))
        };
        let licence = package.license.as_deref().unwrap_or("none");
        if !allowed(licence, &may) {
            faults.push(format!(
                "deny.toml: the licence of the crate {name} is not allowed: {licence}"
            ));
        }
    }
    for exception in &deny.licenses.exceptions {
        if !packages.iter().any(|package| package.name == exception.name) {
            faults.push(format!("deny.toml: nobody needs the exception for {}", exception.name));
        }
    }
    faults
}

/// Whether an SPDX expression can be kept with the licences that may be used. AND binds more than OR; `/` is an old OR.
fn allowed(expression: &str, may: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let kept = either(&mut words, may);
    kept && words.peek().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, may: &dyn Fn(&str) -> bool) -> bool {
    let mut kept = both(words, may);
    while words.next_if_eq(&"OR").is_some() {
        kept |= both(words, may);
    }
    kept
}

fn both(words: &mut Words<'_>, may: &dyn Fn(&str) -> bool) -> bool {
    let mut kept = one(words, may);
    while words.next_if_eq(&"AND").is_some() {
        kept &= one(words, may);
    }
    kept
}

fn one(words: &mut Words<'_>, may: &dyn Fn(&str) -> bool) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let kept = either(words, may);
        return words.next_if_eq(&")").is_some() && kept;
    }
    let Some(licence) = words.next() else { return false };
    if words.next_if_eq(&"WITH").is_some() {
        return words.next().is_some_and(|exception| may(&format!("{licence} WITH {exception}")));
    }
    may(licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_kept_with_what_may_be_used() {
        let may = |licence: &str| ["MIT", "ISC", "A WITH B"].contains(&licence);
        for (expression, kept) in [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0/MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("GPL-3.0 AND MIT OR ISC", true),
            ("GPL-3.0 AND (MIT OR ISC)", false),
            ("(GPL-3.0 OR MIT) AND ISC", true),
            ("A WITH B", true),
            ("A", false),
            ("MIT WITH B", false),
            ("", false),
            ("(MIT", false),
            ("MIT)", false),
            ("MIT ISC", false),
        ] {
            assert_eq!(allowed(expression, &may), kept, "{expression}");
        }
    }

    #[test]
    fn what_is_not_allowed_not_wanted_or_not_needed_is_named() {
        let deny: Deny = toml::from_str(
            "graph.targets = []\nlicenses.allow = ['MIT']\nbans.deny = [{crate = 'b'}]\n\
             licenses.exceptions = [{crate = 'c', allow = ['X']}, {crate = 'gone', allow = ['X']}]",
        )
        .unwrap();
        let package = |name: &str, license: Option<&str>| Package {
            name: name.to_owned(),
            license: license.map(str::to_owned),
            source: Some("registry".to_owned()),
        };
        let packages = [
            package("a", None),
            package("b", Some("MIT")),
            package("c", Some("X")),
            package("d", Some("X")),
        ];
        assert_eq!(
            judge(&deny, &packages),
            [
                "deny.toml: the licence of the crate a is not allowed: none",
                "deny.toml: the crate b is not wanted",
                "deny.toml: the licence of the crate d is not allowed: X",
                "deny.toml: nobody needs the exception for gone",
            ]
        );
    }
}
