//! What the first page asks, of a server that nobody told anything.

use anyhow::{Context as _, Result};

use crate::program::{Server, until};

#[test]
fn without_any_settings_the_first_page_answers_within_seconds() -> Result<()> {
    let server = Server::start("")?;
    let overview = until("this host's resources are known", || {
        let overview = server.json("/api/plimsoll/v1/overview")?;
        let fine = overview["resources"]["total"].as_u64() > Some(3);
        Ok((fine && overview["verdict"]["level"] != "unknown").then_some(overview))
    })?;
    assert!(overview["verdict"]["text"].as_str().is_some_and(|text| text.ends_with('.')));
    assert_eq!(overview["watching"]["targets_up"], 1);
    // The processors' use is known from the second reading on, five seconds after the first.
    let resources = until("the processors' use is known", || {
        let resources = server.json("/api/plimsoll/v1/resources")?;
        let rows = resources["resources"].as_array().context("no resources")?;
        Ok(rows.iter().any(|row| row["name"] == "cpu").then(|| resources.clone()))
    })?;
    let rows = resources["resources"].as_array().context("no resources")?;
    for name in ["cpu", "memory", "disk"] {
        let row = rows.iter().find(|row| row["name"] == name).context(name)?;
        let share = row["share"].as_f64().context("no share")?;
        assert!((0.0..=1.5).contains(&share), "{row}");
        assert!(row["used_text"].as_str().is_some_and(|text| !text.is_empty()), "{row}");
    }
    Ok(())
}

#[test]
fn an_outlook_without_history_says_what_it_needs_and_when_it_is_ready() -> Result<()> {
    let server = Server::start("host: {interval: 1s}\nglobal: {evaluation_interval: 1s}\n")?;
    let row = until("the disk's outlook is told", || {
        let resources = server.json("/api/plimsoll/v1/resources")?;
        let rows = resources["resources"].as_array().context("no resources")?;
        let disk = rows.iter().find(|row| row["name"] == "disk");
        Ok(disk.filter(|row| row["outlook"]["ready_at"].is_i64()).cloned())
    })?;
    let outlook = &row["outlook"];
    assert_eq!(outlook["kind"], "too_little_history");
    let text = outlook["text"].as_str().context("no text")?;
    assert!(text.starts_with("needs ") && text.contains("more history"), "{text}");
    assert!(outlook["ready_at"].as_i64() > row["at"].as_i64(), "{outlook}");
    let id = row["id"].as_str().context("no identity")?;
    let detail = server.json(&format!("/api/plimsoll/v1/resources/{id}"))?;
    assert_eq!(detail["forecast"]["kind"], "too_little_history");
    assert!(detail["forecast"]["need_ms"].as_i64() > detail["forecast"]["have_ms"].as_i64());
    let changes = server.json("/api/plimsoll/v1/changes")?;
    let started = changes["changes"].as_array().into_iter().flatten();
    assert!(started.into_iter().any(|change| change["kind"] == "plimsoll"), "{changes}");
    Ok(())
}
