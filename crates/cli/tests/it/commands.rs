//! Commands that ask: their answers, and the exit codes that the help promises.

mod audit;
mod baseline;
mod change;
mod down_sampling;
mod help;
mod import;
mod load;
mod objectives;
mod plan;
mod rules;
mod store;

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::program::{QUIET, Server, now_millis, run, run_with, series, until};

#[test]
fn the_version_is_one_document_for_programs() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let asked = run(dir.path(), &["version", "--output", "json"])?;
    assert_eq!((asked.code, asked.err.as_str()), (Some(0), ""));
    let document: Value = serde_json::from_str(&asked.out)?;
    assert_eq!(document, json!({ "name": "plimsoll", "version": server::VERSION }));
    Ok(())
}

#[test]
fn a_query_shows_a_table_or_a_document() -> Result<()> {
    let server = Server::start(QUIET)?;
    let labels = [("__name__", "beds"), ("ward", "north")];
    server.write(&[series(&labels, &[(now_millis() - 60_000, 4.0), (now_millis(), 5.5)])])?;
    let ask = |arguments: &[&str]| {
        run(server.folder(), &[&["query", "--server", &server.url()], arguments].concat())
    };
    let table = ask(&["beds"])?;
    assert_eq!((table.code, table.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!("query_table", table.out);
    let document: Value = serde_json::from_str(&ask(&["beds", "--output", "json"])?.out)?;
    assert_eq!(document["resultType"], "vector");
    assert_eq!(document["result"][0]["metric"]["ward"], "north");
    assert_eq!(ask(&["sum(beds) * 2"])?.out.lines().last(), Some("{}      11"));
    let from = ((now_millis() - 30_000) / 1000).to_string();
    let range = ask(&["beds", "--from", &from, "--step", "10s"])?;
    assert!(range.out.starts_with("TIME") && range.out.lines().count() > 2, "{}", range.out);
    let none = ask(&["nothing_like_it"])?;
    assert_eq!((none.code, none.err.trim()), (Some(0), "no series matches"));
    let broken = ask(&["beds{"])?;
    assert_eq!((broken.code, broken.out.as_str()), (Some(2), ""));
    assert!(broken.err.starts_with("error: ") && broken.err.contains("1:"), "{}", broken.err);
    Ok(())
}

#[test]
fn exit_codes_are_those_that_the_help_promises() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let gone = format!("http://127.0.0.1:{}", testkit::free_port()?);
    let cases: &[(&[&str], i32)] = &[
        (&["version"], 0),
        (&["check"], 0),
        (&[], 2),
        (&["paint"], 2),
        (&["serve", "--listen", "nowhere"], 2),
        (&["check", "--config", "missing.yaml"], 2),
        (&["import", "missing.csv"], 4),
        (&["import", "what.bin", "--dry-run"], 2),
        (&["forecast", "--csv", "missing.csv", "--limit", "1"], 4),
        (&["query", "up", "--server", &gone], 5),
    ];
    for (arguments, code) in cases {
        let outcome = run(dir.path(), arguments)?;
        assert_eq!(outcome.code, Some(*code), "{arguments:?}: {}{}", outcome.out, outcome.err);
        assert_eq!(outcome.err.is_empty(), *code == 0, "{arguments:?}: {}", outcome.err);
    }
    Ok(())
}

#[test]
fn errors_are_documents_for_programs() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let gone = format!("http://127.0.0.1:{}", testkit::free_port()?);
    let asked = run(dir.path(), &["query", "up", "--server", &gone, "--output", "json"])?;
    let document: Value = serde_json::from_str(&asked.err)?;
    assert_eq!(document["error"]["kind"], "upstream");
    assert!(document["error"]["help"].as_str().is_some_and(|help| help.contains("serve")));
    Ok(())
}

#[test]
fn a_forecast_asks_a_server_for_its_resources() -> Result<()> {
    let server = Server::start("host: {interval: 1s}\nglobal: {evaluation_interval: 1s}\n")?;
    until("the disk has an outlook", || {
        let told = run(server.folder(), &["forecast", "disk", "--server", &server.url()])?;
        Ok((told.out.starts_with("LEVEL") && told.out.contains("more history")).then_some(()))
    })?;
    let unknown = run(server.folder(), &["forecast", "moon", "--server", &server.url()])?;
    assert_eq!(unknown.code, Some(4), "{}", unknown.err);
    Ok(())
}

#[test]
fn a_forecast_of_csv_knows_days_by_the_clocks_of_a_zone_and_says_what_is_steady() -> Result<()> {
    let dir = tempfile::tempdir()?;
    // Thirteen days of work from 8 to 18 in Berlin until two days after clocks were turned back on 25 October 2026.
    let (mut rows, mut level) = (String::from("time,value\n"), String::from("time,value\n"));
    let (turned, end) = (1_792_890_000_i64, 1_793_059_200_i64);
    for back in (0..13 * 24).rev() {
        let at = end - back * 3600;
        let local = at + if at <= turned { 7_200 } else { 3_600 };
        // 1 January 1970 was a Thursday.
        let (hour, day) = ((local - 1).rem_euclid(86_400) / 3_600, (local - 1) / 86_400 % 7);
        let busy = (8..18).contains(&hour) && !matches!(day, 2 | 3);
        writeln!(rows, "{at},{}", if busy { 60 + at / 3600 % 3 } else { 20 })?;
        writeln!(level, "{at},40")?;
    }
    let told = |zone: &str, rows: &str| -> Result<Value> {
        let asked =
            ["forecast", "--csv", "-", "--nature", "flow", "--zone", zone, "--output", "json"];
        let told = run_with(dir.path(), &asked, rows)?;
        serde_json::from_str(&told.out).with_context(|| told.err)
    };
    // Tuesday, 7 to 8 in Berlin: by UTC it looks like the hour at which work began last week.
    let early = |told: &Value| -> Result<f64> {
        let points = told["forecast"]["points"].as_array().context("points")?;
        let at = (end + 7 * 3_600) * 1_000;
        let point = points.iter().find(|own| own[0] == at).context("the hour")?;
        point[2].as_f64().context("a value")
    };
    let (berlin, utc) = (early(&told("Europe/Berlin", &rows)?)?, early(&told("UTC", &rows)?)?);
    assert!(berlin < 30.0 && utc > berlin + 10.0, "{berlin} {utc}");
    assert_eq!(told("UTC", &level)?["forecast"]["model"], "steady");
    let wrong = run_with(dir.path(), &["forecast", "--csv", "-", "--zone", "Mars/Base"], &rows)?;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("no time zone"), "{}", wrong.err);
    Ok(())
}

#[test]
fn a_forecast_of_csv_on_standard_input_needs_no_server() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut rows = String::from("time,value\n");
    // Sixty days of a disk that grows by one and a half a day, from 500 on; at 600 it is full.
    for hour in 0..60 * 24 {
        let at = 1_700_000_000 + hour * 3600;
        writeln!(rows, "{at},{}", 500.0 + f64::from(hour) * 1.5 / 24.0)?;
    }
    let arguments = ["forecast", "--csv", "-", "--limit", "600"];
    let told = run_with(dir.path(), &arguments, &rows)?;
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!("forecast_csv", told.out);
    let json = [&arguments[..], &["--output", "json"]].concat();
    let document: Value = serde_json::from_str(&run_with(dir.path(), &json, &rows)?.out)?;
    assert_eq!(document["samples"], 1440);
    let full = document["lines"].as_array().context("no lines")?.last().context("no line")?;
    let likely = full["likely"].as_i64().with_context(|| document["lines"].to_string())?;
    let truth = (1_700_000_000 + 100 * 24 * 3600 * 2 / 3) * 1000;
    assert!((likely - truth).abs() < 4 * 86_400_000, "{likely} {truth}");
    let short = run_with(dir.path(), &arguments, "time,value\n1700000000,1\n1700003600,2\n")?;
    assert_eq!(short.code, Some(0));
    assert!(short.out.contains("more history"), "{}", short.out);
    let wrong = run_with(dir.path(), &arguments, "time,value\n1700000000,many\n")?;
    assert_eq!(wrong.code, Some(2));
    let cell = "line 2: no column holds values: \"many\" in column \"value\" is not a number";
    assert!(wrong.err.contains(cell), "{}", wrong.err);
    Ok(())
}
