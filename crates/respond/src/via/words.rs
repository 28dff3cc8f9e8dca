//! What a message says in a few words, from the form in which the outbox holds it.

use serde_json::Value;

use super::evidence::{changed, usual};

/// Alerts named one by one; of the rest their number is told.
const NAMED_MAX: usize = 10;
/// The longest text of one alert, in letters.
const TEXT_LETTERS_MAX: usize = 300;

/// A message in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// `2 firing: DiskFull`, or `resolved: DiskFull`.
    pub(super) title: String,
    /// A line for each alert.
    pub(super) lines: Vec<String>,
    /// Whether anything fires.
    pub(super) firing: bool,
    /// The worst severity's word among what fires: `critical`, `warning` or `info`.
    pub(super) severity: &'static str,
    /// Where to look.
    pub(super) link: String,
}

impl Words {
    /// The words for a message in Alertmanager's form.
    pub(super) fn of(body: &Value) -> Self {
        let empty = Vec::new();
        let alerts = body["alerts"].as_array().unwrap_or(&empty);
        let fires = |alert: &&Value| alert["status"] == "firing";
        let count = alerts.iter().filter(fires).count();
        let truncated = body["truncatedAlerts"].as_u64().unwrap_or(0);
        let name = group_name(body);
        // Those it lists may all have ended, or be too large to be listed.
        let firing = body["status"] == "firing";
        let title = match (count, truncated) {
            _ if !firing => format!("resolved: {name}"),
            (1, 0) => format!("firing: {name}"),
            (count, truncated) => format!("{} firing: {name}", count as u64 + truncated),
        };
        let mut lines: Vec<String> = alerts.iter().take(NAMED_MAX).map(line).collect();
        let more = alerts.len().saturating_sub(NAMED_MAX) as u64 + truncated;
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines.extend(changed(alerts));
        let severities = alerts.iter().filter(fires);
        let severity = severities
            .map(|alert| {
                let word = alert["labels"]["severity"].as_str().unwrap_or_default();
                model::Severity::from_label(word)
            })
            .max();
        Self {
            title,
            lines,
            firing,
            // Of what is not listed the worst is to be feared.
            severity: match severity {
                Some(severity) => severity.word(),
                None if firing => "critical",
                None => "info",
            },
            link: body["externalURL"].as_str().unwrap_or_default().to_owned(),
        }
    }
}

/// What the group is about: the alert's name if it has one, else all its labels.
fn group_name(body: &Value) -> String {
    let common = &body["commonLabels"];
    if let Some(name) = common["alertname"].as_str() {
        return cut(name);
    }
    let labels = body["groupLabels"].as_object();
    let pairs = labels.into_iter().flatten();
    let texts: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or(""))).collect();
    if texts.is_empty() { "alerts".to_owned() } else { cut(&texts.join(" ")) }
}

/// One alert: its summary, or its labels.
fn line(alert: &Value) -> String {
    let annotation = |name: &str| alert["annotations"][name].as_str().filter(|own| !own.is_empty());
    let summary = annotation("summary").or_else(|| annotation("description"));
    let labels = || {
        let labels = alert["labels"].as_object().into_iter().flatten();
        let pairs = labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("")));
        pairs.collect::<Vec<_>>().join(" ")
    };
    let text = summary.map_or_else(labels, str::to_owned);
    let silent = annotation("source_silent_since");
    let silent = silent.map(|since| format!(" (its source is silent since {since})"));
    let over = if alert["status"] == "firing" { "" } else { "resolved: " };
    let usual = usual(alert).filter(|_| over.is_empty()).map(|usual| format!(" ({usual})"));
    let notes = [silent, usual].into_iter().flatten().collect::<String>();
    format!("{over}{}{notes}", cut(&text))
}

/// A text without line breaks, of bounded length.
pub(super) fn cut(text: &str) -> String {
    let plain = text.replace(['\n', '\r'], " ");
    match plain.char_indices().nth(TEXT_LETTERS_MAX) {
        Some((at, _)) => format!("{}…", plain.get(..at).unwrap_or_default()),
        None => plain,
    }
}
