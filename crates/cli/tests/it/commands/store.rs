//! `plimsoll store`: beside a running server, and on what it left.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::program::{QUIET, Server, now_millis, run, series};

/// A server with a hundred samples of two series, in the log alone.
fn filled() -> Result<Server> {
    let server = Server::start(QUIET)?;
    for (ward, offset) in [("north", 0.5), ("south, \"old\"", 100.0)] {
        let labels = [("__name__", "beds"), ("job", "hospital"), ("ward", ward)];
        let from = now_millis() - 3_600_000;
        let samples: Vec<(i64, f64)> =
            (0..50).map(|at| (from + at * 60_000, at as f64 + offset)).collect();
        server.write(&[series(&labels, &samples)])?;
    }
    Ok(server)
}

#[test]
fn a_store_is_exported_beside_its_server_in_each_format() -> Result<()> {
    let server = filled()?;
    let export = |arguments: &[&str]| {
        run(server.folder(), &[&["store", "export", "--data", "data"], arguments].concat())
    };
    let text = export(&["beds{ward=\"north\"}"])?;
    assert_eq!((text.code, text.err.trim()), (Some(0), "1 series, 50 samples"));
    assert_eq!(text.out.lines().count(), 51);
    assert!(text.out.starts_with("beds{job=\"hospital\",ward=\"north\"} 0.5 "), "{}", text.out);
    assert!(text.out.ends_with("# EOF\n"));
    let lines = export(&["beds", "--format", "jsonl"])?;
    let row: Value = serde_json::from_str(lines.out.lines().nth(1).context("no second row")?)?;
    assert_eq!(
        (&row["metric"]["ward"], row["values"].as_array().map(Vec::len)),
        (&Value::from("south, \"old\""), Some(50))
    );
    let table = export(&["beds", "--format", "csv"])?;
    let mut rows = table.out.lines();
    assert_eq!(rows.next(), Some("time,value,metric,job,ward"));
    assert!(
        rows.next_back().context("no row")?.ends_with(",149,beds,hospital,\"south, \"\"old\"\"\"")
    );
    let none = export(&["beds", "--to", "2001-01-01T00:00:00Z"])?;
    assert_eq!((none.code, none.out.as_str()), (Some(0), "# EOF\n"));
    assert_eq!(export(&["beds{"])?.code, Some(2));
    assert_eq!(export(&["beds", "--from", "soon"])?.code, Some(2));
    // What was borrowed for it is gone.
    let left: Vec<_> = fs::read_dir(server.folder().join("data"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("export-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    Ok(())
}

#[test]
fn what_was_exported_is_imported_again() -> Result<()> {
    let server = filled()?;
    let out =
        run(server.folder(), &["store", "export", "--data", "data", "beds", "--format", "jsonl"])?
            .out;
    fs::write(server.folder().join("beds.jsonl"), &out)?;
    let other = run(server.folder(), &["import", "beds.jsonl", "--data", "other"])?;
    assert_eq!(other.code, Some(0), "{}", other.err);
    let again =
        run(server.folder(), &["store", "export", "--data", "other", "beds", "--format", "jsonl"])?;
    assert_eq!(again.out, out);
    Ok(())
}

#[test]
fn a_snapshot_is_whole_and_damage_is_named() -> Result<()> {
    let server = filled()?;
    let store = |arguments: &[&str]| run(server.folder(), &[&["store"], arguments].concat());
    let made = store(&["snapshot", "--data", "data", "copy", "--output", "json"])?;
    let document: Value = serde_json::from_str(&made.out)?;
    assert!(document["copied_bytes"].as_u64() > Some(0), "{document}");
    assert_eq!(store(&["snapshot", "--data", "data", "copy"])?.code, Some(4));
    // Opening and closing it writes parts, which the other commands then look at.
    let extra =
        "{\"metric\":{\"__name__\":\"one\"},\"values\":[1],\"timestamps\":[1700000000000]}\n";
    fs::write(server.folder().join("one.jsonl"), extra)?;
    assert_eq!(run(server.folder(), &["import", "one.jsonl", "--data", "copy"])?.code, Some(0));
    let document: Value =
        serde_json::from_str(&store(&["inspect", "--data", "copy", "--output", "json"])?.out)?;
    assert_eq!(document["samples"], 101);
    let document: Value =
        serde_json::from_str(&store(&["top", "--data", "copy", "--output", "json"])?.out)?;
    assert_eq!(
        (&document["metrics"][0]["value"], &document["series"]),
        (&Value::from("beds"), &Value::from(2))
    );
    let whole = store(&["verify", "--data", "copy"])?;
    assert!(whole.code == Some(0) && whole.out.contains("nothing is damaged"), "{}", whole.out);
    let mut parts = Vec::new();
    for day in fs::read_dir(server.folder().join("copy/metrics/raw"))? {
        parts.extend(fs::read_dir(day?.path())?.filter_map(|entry| Some(entry.ok()?.path())));
    }
    let part = parts
        .iter()
        .find(|path| path.extension().is_some_and(|own| own == "part"))
        .context("no part")?;
    let mut bytes = fs::read(part)?;
    bytes[12] ^= 4;
    fs::write(part, &bytes)?;
    let damaged = store(&["verify", "--data", "copy"])?;
    assert_eq!(damaged.code, Some(3), "{}", damaged.err);
    assert!(
        damaged.out.contains(&part.file_name().context("no name")?.to_string_lossy().into_owned()),
        "{}",
        damaged.out
    );
    assert!(damaged.out.contains("at byte 8"), "{}", damaged.out);
    let missing = store(&["verify", "--data", "nowhere"])?;
    assert_eq!((missing.code, missing.out.as_str()), (Some(4), ""));
    Ok(())
}
