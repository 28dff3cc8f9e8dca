//! `plimsoll store`: beside a running server, and on what it left.

use std::fs;

use anyhow::{Context as _, Result};
use collect::remote_write;
use model::{Batch, Buckets, Histogram, HistogramSample, Labels, Span32, Time};
use serde_json::Value;

use crate::{
    program::{QUIET, Server, now_millis, run, series},
    web,
};

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
    bytes[9] ^= 4;
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

#[test]
fn a_running_server_says_who_has_its_series_and_makes_snapshots() -> Result<()> {
    let server = filled()?;
    let url = server.url();
    let top = run(server.folder(), &["store", "top", "--server", &url, "--output", "json"])?;
    let document: Value = serde_json::from_str(&top.out)?;
    assert_eq!((&document["series"], &document["new"]), (&Value::from(2), &Value::from(2)));
    assert_eq!(document["metrics"][0]["value"], "beds");
    assert_eq!(document["sources"][0]["value"], "127.0.0.1");
    let pair = &document["pairs"][0];
    assert_eq!((&pair["name"], &pair["value"]), (&Value::from("job"), &Value::from("hospital")));
    let text = run(server.folder(), &["store", "top", "--server", &url, "--rows", "1"])?.out;
    assert!(
        text.starts_with("now: 2 active series, 2 of them came within the last hour"),
        "{text}"
    );
    let prometheus = server.json("/api/v1/status/tsdb?limit=1")?;
    assert_eq!(prometheus["data"]["seriesCountByLabelValuePair"][0]["name"], "job=hospital");
    assert_eq!(prometheus["data"]["headStats"]["numSeries"], 2);
    let made = run(server.folder(), &["store", "snapshot", "--server", &url, "--output", "json"])?;
    let document: Value = serde_json::from_str(&made.out)?;
    let folder = document["folder"].as_str().context("no folder")?;
    let export = |data: &str| {
        run(server.folder(), &["store", "export", "--data", data, "beds", "--format", "jsonl"])
    };
    assert_eq!(export(folder)?.out, export("data")?.out);
    let verified = run(server.folder(), &["store", "verify", "--data", folder])?;
    assert_eq!(verified.code, Some(0), "{}", verified.out);
    let nowhere = run(server.folder(), &["store", "top", "--server", "http://127.0.0.1:1"])?;
    assert_eq!(nowhere.code, Some(5), "{}", nowhere.err);
    Ok(())
}

#[test]
fn who_brings_ever_new_series_is_told_so_and_known_series_go_on() -> Result<()> {
    let settings = format!("{QUIET}store: {{new_series_per_source: 3}}\n");
    let server = Server::start(&settings)?;
    let bed = |number: i64, step: i64| {
        let number = number.to_string();
        let labels = [("__name__", "beds"), ("bed", number.as_str())];
        series(&labels, &[(now_millis() - 60_000 + step, 1.0)])
    };
    assert_eq!(server.write(&[bed(0, 0), bed(1, 0)])?.0, 204);
    let (status, message) = server.write(&[bed(0, 1), bed(2, 1), bed(3, 1), bed(4, 1)])?;
    assert_eq!(status, 400);
    assert!(
        message.starts_with(
            "2 samples were left out: more than 3 new series within an hour from one source (127.0.0.1 has 3 series, \
             3 of them new, most of beds (3), whose label bed has 3 values) in series beds{bed=\"3\"}"
        ),
        "{message}"
    );
    assert_eq!(server.write(&[bed(0, 2), bed(1, 2), bed(2, 2)])?.0, 204);
    let left_out = server.metric("plimsoll_collect_left_out_total{way=\"remote_write\"}")?;
    assert_eq!(left_out.to_string(), "2");
    let found = run(server.folder(), &["store", "export", "--data", "data", "beds"])?;
    assert_eq!(found.out.lines().count(), 1 + 2 + 2 + 3);
    let top = server.json("/api/plimsoll/v1/store/top")?;
    assert_eq!(top["sources"][0]["refused"], 2);
    Ok(())
}

#[test]
fn native_histograms_are_exported_where_there_are_words_for_them() -> Result<()> {
    let server = Server::start(QUIET)?;
    let mut batch = Batch::new("test");
    let positive = Buckets { spans: vec![Span32 { offset: 1, length: 2 }], counts: vec![1.0, 2.0] };
    let histogram = Histogram { count: 3.0, sum: 4.5, positive, ..Histogram::default() };
    let time = Time(now_millis() - 60_000);
    batch.push_histogram(HistogramSample { time, histogram: histogram.into() });
    batch.end_packed(Labels::from_pairs([("__name__", "wait")]).as_ref());
    let body = remote_write::encode_v2(batch.iter())?;
    let headers = [
        ("content-encoding", "snappy"),
        ("content-type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
    ];
    let sent = web::send(server.address, "POST /api/v1/write", &headers, &body)?;
    assert_eq!(sent.0, 204, "{}", sent.1);
    let export = |format: &str| {
        run(server.folder(), &["store", "export", "--data", "data", "wait", "--format", format])
    };
    let lines = export("jsonl")?;
    let row: Value = serde_json::from_str(&lines.out)?;
    let own = &row["histograms"][0];
    assert_eq!((&own["timestamp"], &own["sum"]), (&Value::from(time.0), &Value::from(4.5)));
    assert_eq!(own["positive"], serde_json::json!({ "spans": [[1, 2]], "counts": [1.0, 2.0] }));
    fs::write(server.folder().join("wait.jsonl"), &lines.out)?;
    let import =
        run(server.folder(), &["import", "wait.jsonl", "--data", "other", "--skip-wrong"])?;
    assert!(import.err.contains("1 lines were wrong and left out"), "{}", import.err);
    let text = export("openmetrics")?;
    assert_eq!(text.out, "# EOF\n");
    assert!(text.err.contains("1 native histograms are left out"), "{}", text.err);
    Ok(())
}
