//! What alerts about resources say.

use model::{Labels, Level, Nature, Reading, Resource, Share, Unit};

/// What people call a reading: the resource's title with its labels filled in.
///
/// `{{label}}` stands for the label's value; a label that is not there leaves nothing behind.
pub fn title(resource: &Resource, labels: &Labels) -> String {
    let mut out = String::new();
    let mut rest = resource.title.as_str();
    while let Some((before, inside)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, after)) = inside.split_once("}}") else {
            out.push_str("{{");
            rest = inside;
            break;
        };
        let name = name.trim().trim_start_matches("$labels.").trim_start_matches('.');
        out.push_str(labels.get(name).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().collect();
    words.join(" ")
}

/// «Disk space /var is 87 % full: 21 GiB of 160 GiB left»
pub(super) fn summary(resource: &Resource, reading: &Reading) -> String {
    let title = title(resource, &reading.id.labels);
    let share = Unit::Share.say(reading.share());
    let how = match resource.nature {
        Nature::Stock => "full",
        Nature::Flow => "in use",
    };
    let limit = resource.unit.say(reading.limit);
    if reading.headroom() <= 0.0 {
        return format!("{title} is {share} {how}: nothing of {limit} left");
    }
    format!("{title} is {share} {how}: {} of {limit} left", resource.unit.say(reading.headroom()))
}

/// Which line is crossed, where people are told of it, and what to do.
pub(super) fn description(resource: &Resource, level: Level) -> String {
    let lines = resource.thresholds;
    let say = |line: Share| Unit::Share.say(line.value());
    let stands = match level {
        Level::Fine => {
            format!("Back below its lines, the lowest of which is {}.", say(lines.notice()))
        }
        Level::Notice => {
            format!("Above the line of {} from which it is worth a note.", say(lines.notice()))
        }
        Level::Warning => format!(
            "Above the warning line of {}; people are told from {}.",
            say(lines.warning()),
            say(lines.alert())
        ),
        Level::Critical => format!("Above the critical line of {}.", say(lines.critical())),
    };
    with_advice(stands, resource)
}

/// Adds the resource's advice.
pub(super) fn with_advice(text: String, resource: &Resource) -> String {
    let advice = resource.advice.trim();
    if advice.is_empty() { text } else { format!("{text} {advice}") }
}
