//! `plimsoll change`: told to a server and listed.

use anyhow::Result;
use serde_json::Value;

use crate::program::{QUIET, Server, run};

#[test]
fn a_change_is_told_and_listed_and_told_twice_it_is_one() -> Result<()> {
    let server = Server::start(QUIET)?;
    let address = server.url();
    let change = |arguments: &[&str]| {
        let (command, rest) = arguments.split_first().unwrap();
        run(server.folder(), &[&["change", command, "--server", &*address], rest].concat())
    };
    let add = [
        "add",
        "--kind",
        "deployment",
        "--service",
        "api",
        "--version",
        "1.4.2",
        "--environment",
        "production",
        "--status",
        "rolled-back",
        "--key",
        "run-17",
        "--unplanned",
    ];
    let first = change(&add)?;
    let said = "api: deployment of 1.4.2 to production was rolled back: ";
    assert_eq!(first.out, format!("{said}noted\n"), "{}", first.err);
    assert_eq!(change(&add)?.out, format!("{said}known already\n"));
    let flag =
        ["add", "--kind", "flag", "--service", "shop", "--at", "2d", "--text", "dark mode on"];
    assert_eq!(change(&flag)?.out, "shop: dark mode on: noted\n");
    let listed = change(&["list", "--kind", "deployment,flag"])?;
    assert_eq!(listed.out.lines().count(), 2, "a day back unless told otherwise: {}", listed.out);
    assert!(listed.out.contains("deployment of 1.4.2 to production was rolled back"));
    let listed = change(&["list", "--since", "1w", "--service", "shop", "--output", "json"])?;
    let listed: Value = serde_json::from_str(&listed.out)?;
    assert_eq!(listed["changes"][0]["text"], "dark mode on");
    let known = change(&["list", "--kind", "deploy"])?;
    assert_eq!(known.code, Some(2), "{}", known.err);
    assert!(known.err.contains("`deploy` is no kind of change"), "{}", known.err);
    let wrong = change(&["list", "--since", "yesterday"])?;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("this is no moment"), "{}", wrong.err);
    Ok(())
}
