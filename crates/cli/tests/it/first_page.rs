//! What the first page asks, of a server that nobody told anything.

use anyhow::{Context as _, Result};

use crate::program::{QUIET, Server, now_millis, series, until};

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

#[test]
fn samples_that_come_with_their_past_get_a_date_at_once() -> Result<()> {
    const HOURS: i64 = 20 * 24;
    const HOUR_MS: i64 = 3_600_000;
    let server = Server::start(&format!(
        "{QUIET}resources:\n- {{name: beds, title: Beds, used: beds_used, limit: beds, unit: count, nature: stock,\n   thresholds: {{notice: 75 %, warning: 80 %, alert: 85 %, critical: 95 %}}}}\n"
    ))?;
    // Four beds a day: 180 of 200 now, 95 % in two days and a half.
    let now = now_millis();
    let at = |hour: i64| now - (HOURS - hour) * HOUR_MS;
    let used: Vec<(i64, f64)> = (0..=HOURS)
        .map(|hour| (at(hour), 180.0 - f64::from(i32::try_from(HOURS - hour).unwrap_or(0)) / 6.0))
        .collect();
    let limit: Vec<(i64, f64)> = (0..=HOURS).map(|hour| (at(hour), 200.0)).collect();
    let batch =
        [series(&[("__name__", "beds_used")], &used), series(&[("__name__", "beds")], &limit)];
    assert_eq!(server.write(&batch)?.0, 204);
    let outlook = until("the date is told", || {
        let resources = server.json("/api/plimsoll/v1/resources")?;
        let row = &resources["resources"][0];
        Ok((row["outlook"]["kind"] == "expected").then(|| row["outlook"].clone()))
    })?;
    let likely = outlook["likely"].as_i64().context("no date")?;
    let days = (likely - now) / (24 * HOUR_MS);
    assert!((1..=4).contains(&days), "{outlook}");
    assert!(outlook["text"].as_str().is_some_and(|text| text.starts_with("95 % ")), "{outlook}");
    Ok(())
}
