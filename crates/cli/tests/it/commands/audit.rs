//! `plimsoll audit`: beside a running server, in a file and in a PostgreSQL.

use std::fs;

use anyhow::{Result, bail};
use serde_json::Value;
use testkit::Postgres;

use crate::program::{Outcome, QUIET, Server, run};

/// What verifying says, once the server has recorded its first event.
fn verified(server: &Server, whose: &[&str]) -> Result<Outcome> {
    for _ in 0..100 {
        let said = run(server.folder(), &[&["audit", "verify"], whose].concat())?;
        if said.out.contains(": events 1 to ") {
            return Ok(said);
        }
    }
    bail!("the server recorded nothing")
}

#[test]
fn the_chain_is_verified_beside_the_server_and_from_an_export() -> Result<()> {
    let server = Server::start(QUIET)?;
    let audit = |arguments: &[&str]| run(server.folder(), &[&["audit"], arguments].concat());
    let whole = verified(&server, &["--data", "data"])?;
    assert!(whole.out.starts_with("data/journal.db: events 1 to 1, of "), "{}", whole.out);
    let lines = audit(&["export", "--data", "data"])?.out;
    assert_eq!(lines.lines().count(), 2, "{lines}");
    fs::write(server.folder().join("audit.jsonl"), &lines)?;
    let read = audit(&["verify", "--file", "audit.jsonl", "--output", "json"])?;
    let read: Value = serde_json::from_str(&read.out)?;
    let own = audit(&["verify", "--data", "data", "--output", "json"])?;
    let own: Value = serde_json::from_str(&own.out)?;
    assert_eq!((&read["head"], &read["holds"]), (&own["head"], &Value::Bool(true)));

    fs::write(server.folder().join("forged.jsonl"), lines.replace("started", "stopped"))?;
    let forged = audit(&["verify", "--file", "forged.jsonl"])?;
    assert_eq!(forged.code, Some(1));
    assert!(forged.out.contains("line 2 does not match its hash"), "{}", forged.out);
    let copied = run(server.folder(), &["store", "snapshot", "--data", "data", "copy"])?;
    assert!(copied.out.contains(", the journal too"), "{} {}", copied.out, copied.err);
    let copy = audit(&["verify", "--data", "copy"])?;
    assert_eq!(copy.out, whole.out.replace("data/", "copy/"));
    let missing = audit(&["verify", "--data", "nowhere"])?;
    assert_eq!((missing.code, missing.out.as_str()), (Some(4), ""));
    Ok(())
}

#[test]
fn a_changed_event_in_a_postgresql_is_named() -> Result<()> {
    let address = Postgres::shared().database()?;
    let server = Server::start(&format!("{QUIET}journal: {address}\n"))?;
    let verify = || run(server.folder(), &["audit", "verify", "--config", "plimsoll.yaml"]);
    verified(&server, &["--config", "plimsoll.yaml"])?;
    let change = "SET search_path = plimsoll; ALTER TABLE events DISABLE TRIGGER USER;
        UPDATE events SET subject = 'nobody' WHERE seq = 1";
    Postgres::shared().sql_at(&address, change)?;
    let broken = verify()?;
    assert_eq!(broken.code, Some(1), "{} {}", broken.out, broken.err);
    assert!(broken.out.contains("event 1 does not match its hash"), "{}", broken.out);
    assert!(!fs::exists(server.folder().join("data/journal.db"))?);
    Ok(())
}
