//! What a message says in a few words, from the form in which the outbox holds it.

use jiff::{Timestamp, tz::TimeZone};
use model::{Span, Time};
use serde_json::{Value, json};

use super::evidence::{changed, usual, value};

/// Alerts named one by one; of the rest their number is told.
const NAMED_MAX: usize = 10;
/// The longest text of one alert, in letters.
const TEXT_LETTERS_MAX: usize = 300;

/// A message in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// `2 firing: DiskFull`, or `resolved: DiskFull`.
    pub(crate) title: String,
    /// What the group is about.
    pub(crate) name: String,
    /// A line for each alert.
    pub(crate) lines: Vec<String>,
    /// Whether anything fires.
    pub(crate) firing: bool,
    /// The worst severity's word among what fires: `critical`, `warning` or `info`.
    pub(crate) severity: &'static str,
    /// Where to look: the page of the alert if there is one alone, else the server's.
    pub(crate) link: String,
}

impl Words {
    /// The words for a message in Alertmanager's form.
    pub(crate) fn of(body: &Value) -> Self {
        if let Some(summary) = Self::of_summary(body) {
            return summary;
        }
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
        lines.extend(instead(body));
        let severities = alerts.iter().filter(fires);
        let severity = severities
            .map(|alert| {
                let word = alert["labels"]["severity"].as_str().unwrap_or_default();
                model::Severity::from_label(word)
            })
            .max();
        Self {
            title,
            name,
            lines,
            firing,
            // Of what is not listed the worst is to be feared.
            severity: match severity {
                Some(severity) => severity.word(),
                None if firing => "critical",
                None => "info",
            },
            link: link(body, alerts),
        }
    }

    /// A summary of several groups in the form of a message, for somebody else.
    pub(crate) fn body(&self, receiver: &str) -> Value {
        json!({
            "version": "4",
            "status": if self.firing { "firing" } else { "resolved" },
            "receiver": receiver,
            "groupKey": "summary",
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": self.link,
            "truncatedAlerts": 0,
            "alerts": [],
            "summary": {"title": self.title, "lines": self.lines, "severity": self.severity},
        })
    }

    fn of_summary(body: &Value) -> Option<Self> {
        let summary = body.get("summary").filter(|own| own.is_object())?;
        let lines = summary["lines"].as_array().into_iter().flatten();
        let severity = summary["severity"].as_str().unwrap_or_default();
        Some(Self {
            title: summary["title"].as_str().unwrap_or_default().to_owned(),
            name: "several groups of alerts".to_owned(),
            lines: lines.filter_map(|own| own.as_str()).map(str::to_owned).collect(),
            firing: body["status"] == "firing",
            severity: model::Severity::from_label(severity).word(),
            link: body["externalURL"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// The page of the alert if the message is about one alone, else the server's.
fn link(body: &Value, alerts: &[Value]) -> String {
    let base = body["externalURL"].as_str().unwrap_or_default();
    match alerts {
        [alert] => match alert["fingerprint"].as_str() {
            Some(id) if !base.is_empty() => format!("{base}/alerts?id={id}"),
            _ => base.to_owned(),
        },
        _ => base.to_owned(),
    }
}

/// Why a message comes to somebody it was not meant for.
fn instead(body: &Value) -> Option<String> {
    let receiver = body["insteadOf"]["receiver"].as_str()?;
    let error = body["insteadOf"]["error"].as_str().map(cut).unwrap_or_default();
    Some(format!("{receiver} could not be told: {error}").trim_end_matches(": ").to_owned())
}

/// A moment as people read it: `18 Nov 10:26 UTC`.
pub(crate) fn clock_time(time: Time) -> String {
    let stamp = Timestamp::from_millisecond(time.millis()).unwrap_or(Timestamp::MAX);
    stamp.to_zoned(TimeZone::UTC).strftime("%-d %b %H:%M UTC").to_string()
}

/// Since when an alert fires, or from when to when it did.
fn when(alert: &Value) -> Option<String> {
    let time = |name: &str| {
        let stamp: Timestamp = alert[name].as_str()?.parse().ok()?;
        Some(Time(stamp.as_millisecond()))
    };
    let began = time("startsAt")?;
    if alert["status"] == "firing" {
        return Some(format!("since {}", clock_time(began)));
    }
    let ended = time("endsAt").filter(|ended| *ended >= began)?;
    let lasted = Span::secs(ended.since(began).as_millis() / 1_000);
    Some(format!("{} to {}, {lasted}", clock_time(began), clock_time(ended)))
}

/// What the group is about: the alert's name and what else it is grouped by, so that two groups of one rule differ:
/// `DiskFull (service=shop)`. Without a common name the labels alone.
fn group_name(body: &Value) -> String {
    let labels = body["groupLabels"].as_object().into_iter().flatten();
    let others = labels.filter(|(name, _)| name.as_str() != "alertname");
    let pairs = others.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("")));
    let text = pairs.collect::<Vec<_>>().join(" ");
    let common = body["commonLabels"]["alertname"].as_str();
    let alert = common.or_else(|| body["groupLabels"]["alertname"].as_str());
    match (alert, text.is_empty()) {
        (Some(alert), true) => cut(alert),
        (Some(alert), false) => cut(&format!("{alert} ({text})")),
        (None, true) => "alerts".to_owned(),
        (None, false) => cut(&text),
    }
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
    let now = value(alert).map(|own| format!("now {own}"));
    let known: Vec<String> = now.into_iter().chain(usual(alert).map(str::to_owned)).collect();
    let known = (over.is_empty() && !known.is_empty()).then(|| format!(" ({})", known.join(", ")));
    let notes = [silent, known].into_iter().flatten().collect::<String>();
    let when = when(alert).unwrap_or_default();
    if !over.is_empty() {
        return format!("{over}{} ({when}){notes}", cut(&text));
    }
    let severity = alert["labels"]["severity"].as_str().unwrap_or_default();
    let severity = model::Severity::from_label(severity).word();
    format!("{severity} {when}: {}{notes}", cut(&text))
}

/// A text without line breaks, of bounded length.
pub(super) fn cut(text: &str) -> String {
    let plain = text.replace(['\n', '\r'], " ");
    match plain.char_indices().nth(TEXT_LETTERS_MAX) {
        Some((at, _)) => format!("{}…", plain.get(..at).unwrap_or_default()),
        None => plain,
    }
}
