//! `plimsoll baseline`

use std::process::ExitCode;

use jiff::Timestamp;
use model::Unit;
use serde_json::Value;

use super::{super::small_runtime, list, series};
use crate::{args::baseline::Baseline, client::Remote, fault::Fault, output::Output};

/// The days as columns have them.
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Asks a server what is normal, and shows it.
pub(crate) fn run(command: &Baseline, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let width = command.width.map(|width| width.to_string());
    let mut query = vec![("query", command.expression.as_str())];
    query.extend(command.zone.as_deref().map(|zone| ("zone", zone)));
    query.extend(width.as_deref().map(|width| ("width", width)));
    let answer =
        small_runtime()?.block_on(remote.get("/api/plimsoll/v1/baselines/week", &query))?;
    if output.is_json() {
        output.json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let all = list(&answer["series"]);
    if all.is_empty() {
        output.note("no series matches");
        return Ok(ExitCode::SUCCESS);
    }
    if command.week {
        for own in all {
            output.text(&format!("{}, {}\n", series(&own["labels"]), rests_on(own)))?;
            let mut heads = vec!["hour"];
            heads.extend(DAYS);
            output.table(&heads, week(&own["hours"]))?;
        }
    } else {
        let heads = ["series", "value", "low", "usual", "high", "verdict", "rests on"];
        output.table(&heads, all.iter().map(row).collect())?;
    }
    for own in all {
        if let Some(text) = shift(&own["shift"]) {
            output.note(&format!("{}: {text}", series(&own["labels"])));
        }
    }
    let zone = answer["zone"].as_str().unwrap_or_default();
    output.note(&format!("hours are those of {zone}"));
    Ok(ExitCode::SUCCESS)
}

/// A series now.
fn row(own: &Value) -> Vec<String> {
    let band = &own["now"];
    vec![
        series(&own["labels"]),
        number(&own["value"]),
        number(&band["low"]),
        number(&band["mid"]),
        number(&band["high"]),
        verdict(own["value"].as_f64(), band).to_owned(),
        rests_on(own),
    ]
}

fn verdict(value: Option<f64>, band: &Value) -> &'static str {
    let edge = |name: &str| band[name].as_f64();
    match (value, edge("low"), edge("high")) {
        (Some(value), _, Some(high)) if value > high => "above",
        (Some(value), Some(low), _) if value < low => "below",
        (Some(_), Some(_), Some(_)) => "usual",
        _ => "not known yet",
    }
}

fn rests_on(own: &Value) -> String {
    let since = own["since"].as_i64().and_then(|since| Timestamp::from_millisecond(since).ok());
    let since = since.map(|since| since.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    match own["basis"].as_str() {
        Some("week") => format!("hours of the week since {since}"),
        Some(_) => format!("hours of the day since {since}, less than a week"),
        None => format!("too little: since {since}"),
    }
}

/// Twenty-four rows of seven days.
fn week(hours: &Value) -> Vec<Vec<String>> {
    let cell = |at: usize| match &hours[at] {
        Value::Null => "-".to_owned(),
        band => format!("{}..{}", number(&band["low"]), number(&band["high"])),
    };
    let row = |hour: usize| {
        let days = (0..7).map(|day| cell(day * 24 + hour));
        std::iter::once(format!("{hour:02}")).chain(days).collect()
    };
    (0..24).map(row).collect()
}

fn shift(shift: &Value) -> Option<String> {
    let at = Timestamp::from_millisecond(shift["at"].as_i64()?).ok()?;
    Some(match shift["times"].as_f64() {
        Some(times) => format!("since {at} it is {} times what it was", Unit::Count.say(times)),
        None => format!("since {at} it lies {} away from where it was", number(&shift["by"])),
    })
}

fn number(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |value| Unit::Count.say(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_above_below_usual_or_nothing_is_known() {
        let band = json!({ "low": 1.0, "mid": 2.0, "high": 3.0 });
        assert_eq!(verdict(Some(4.0), &band), "above");
        assert_eq!(verdict(Some(0.0), &band), "below");
        assert_eq!(verdict(Some(3.0), &band), "usual");
        assert_eq!(verdict(Some(3.0), &Value::Null), "not known yet");
        assert_eq!(verdict(None, &band), "not known yet");
    }

    #[test]
    fn a_week_has_a_row_for_each_hour_and_a_column_for_each_day() {
        let mut hours = vec![Value::Null; 168];
        hours[24 + 9] = json!({ "low": 1.0, "mid": 2.0, "high": 3.0 });
        let rows = week(&Value::Array(hours));
        assert_eq!(rows.len(), 24);
        assert_eq!(rows[9], ["09", "-", "1..3", "-", "-", "-", "-", "-"]);
    }

    #[test]
    fn a_new_level_is_said() {
        let text = shift(&json!({ "at": 1_795_000_800_000_i64, "by": 5.0, "times": 2.0 })).unwrap();
        assert_eq!(text, "since 2026-11-18T11:20:00Z it is 2 times what it was");
        assert_eq!(shift(&Value::Null), None);
    }
}
