//! `plimsoll baseline` beside a running server.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::program::{QUIET, Server, now_millis, run, series};

const STEP: i64 = 300_000;

#[test]
fn a_baseline_says_what_is_usual_now_and_at_every_hour() -> Result<()> {
    let server = Server::start(QUIET)?;
    let last = now_millis().div_euclid(STEP) * STEP;
    for (ward, newest) in [("north", 100.0), ("south", 400.0)] {
        let rows: Vec<(i64, f64)> = (0..=9 * 288)
            .map(|back| last - (9 * 288 - back) * STEP)
            .map(|time| {
                (time, if time == last { newest } else { 100.0 + ((time / STEP) % 5) as f64 })
            })
            .collect();
        let labels = [("__name__", "beds"), ("ward", ward)];
        for part in rows.chunks(1_000) {
            server.write(&[series(&labels, part)])?;
        }
    }
    let ask = |arguments: &[&str]| {
        run(server.folder(), &[&["baseline", "--server", &server.url()], arguments].concat())
    };
    let now = ask(&["beds"])?;
    assert_eq!((now.code, now.err.trim()), (Some(0), "hours are those of UTC"));
    let line = |text: &str| now.out.lines().find(|line| line.contains(text)).map(str::to_owned);
    let north = line("north").context("no north")?;
    assert!(north.contains(" usual ") && north.contains("hours of the week since"), "{north}");
    assert!(line("south").is_some_and(|line| line.contains(" above ")), "{}", now.out);

    let week = ask(&["beds{ward=\"north\"}", "--week", "--zone", "Asia/Tokyo"])?;
    assert_eq!(week.err.trim(), "hours are those of Asia/Tokyo");
    assert_eq!(week.out.lines().count(), 26, "{}", week.out);
    assert!(week.out.lines().all(|line| !line.ends_with('-')), "{}", week.out);

    let document: Value = serde_json::from_str(&ask(&["beds", "--output", "json"])?.out)?;
    assert_eq!(document["series"].as_array().map(Vec::len), Some(2));
    assert_eq!(document["series"][0]["hours"].as_array().map(Vec::len), Some(168));

    let wrong = ask(&["beds", "--zone", "Mars"])?;
    assert_eq!((wrong.code, wrong.out.as_str()), (Some(2), ""));
    assert!(wrong.err.contains("Mars"), "{}", wrong.err);
    assert_eq!(ask(&["nothing_like_it"])?.err.trim(), "no series matches");
    Ok(())
}
