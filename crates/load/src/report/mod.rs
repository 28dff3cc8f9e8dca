//! A run told to people and to programs.

mod beside;
mod chart;
mod course;
mod hgrm;
mod html;
mod json;
mod pipeline;
mod text;

pub use beside::{Beside, resources_json, resources_text};
pub use hgrm::hgrm;
pub use html::html;
pub use json::json;
use model::{Time, Unit};
pub use pipeline::{junit, markdown};
use stats::Histogram;
pub use text::{progress, text};

use crate::{
    engine::{Ending, Run},
    plan::{Connections, Load, Plan, Protocol},
    schedule::Spacing,
    verdict::{Trend, Watching, recovery},
};

/// The percentiles that every report has.
pub(crate) const PERCENTILES: [(&str, f64); 7] = [
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// A length of time in nanoseconds as people say it.
pub(crate) fn say_ns(nanos: Option<u64>) -> String {
    match nanos {
        None => "–".to_owned(),
        Some(nanos) if nanos < 1_000_000 => {
            let micros = nanos as f64 / 1e3;
            if micros < 10.0 { format!("{micros:.1} µs") } else { format!("{micros:.0} µs") }
        }
        Some(nanos) => Unit::Seconds.say(nanos as f64 / 1e9),
    }
}

/// A quantile as people say it.
pub(crate) fn say_quantile(histogram: &Histogram, q: f64) -> String {
    say_ns(histogram.quantile(q))
}

/// A whole number with thin gaps between thousands.
pub(crate) fn say_count(count: u64) -> String {
    let digits = count.to_string();
    let mut said = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            said.push(' ');
        }
        said.push(digit);
    }
    said
}

/// What is asked of the target, in a line for each scenario.
pub(crate) fn say_load(load: &Load) -> String {
    match load {
        Load::Open { rate, spacing } => {
            let chance = match spacing {
                Spacing::Even => "",
                Spacing::Poisson { .. } => ", Poisson",
            };
            format!(
                "open: {} arrivals in {}, at most {}{chance}",
                say_count(whole(rate.expected().round())),
                say_length(rate.length().as_secs_f64()),
                Unit::PerSecond.say(rate.greatest())
            )
        }
        Load::Closed { users, length, .. } => format!(
            "closed: {} users for {}; a target that slows down is asked less",
            say_count(u64::from(*users)),
            say_length(length.as_secs_f64())
        ),
    }
}

/// A moment as people say it.
pub(crate) fn say_moment(at: Time) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A number that is whole already.
fn whole(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of arrivals; what is out of range saturates"
    )]
    let whole = value as u64;
    whole
}

/// A length of time as people say it.
pub(crate) fn say_length(seconds: f64) -> String {
    if seconds < 120.0 { Unit::Seconds.say(seconds) } else { format!("{:.1} min", seconds / 60.0) }
}

pub(crate) fn connections_word(connections: Connections) -> &'static str {
    match connections {
        Connections::Shared => "shared",
        Connections::PerUser => "per_user",
        Connections::New => "new",
    }
}

pub(crate) fn protocol_word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http1 => "1.1",
        Protocol::Http2 => "2",
    }
}

pub(crate) fn model_word(plan: &Plan) -> &'static str {
    match (plan.is_closed(), plan.expected() > 0.0) {
        (false, _) => "open",
        (true, false) => "closed",
        (true, true) => "mixed",
    }
}

/// The profile, and whether it was made shorter.
pub(crate) fn profile_text(run: &Run) -> Option<String> {
    let profile = run.plan.profile?;
    let name = profile.shape.as_str();
    if !profile.is_compressed() {
        return Some(name.to_owned());
    }
    let times = profile.compress;
    Some(format!("{name}, COMPRESSED {times} times: shorter than it should be, and no baseline"))
}

/// How long after a spike users waited as before it.
pub(crate) fn recovery_text(run: &Run) -> Option<String> {
    let recovery = recovery(run)?;
    let before = say_ns(Some(recovery.before_ns));
    Some(match recovery.after {
        Some(after) => format!(
            "p95 was within 10 % of before ({before}) again {} after the spike",
            say_length(after.as_secs_f64())
        ),
        None => format!("p95 was not within 10 % of before ({before}) any more"),
    })
}

/// What became of values that were watched.
pub(crate) fn trend_text(watching: &Watching) -> String {
    match watching.trend {
        Trend::TooShort => "watched for less than 20 minutes: not judged".to_owned(),
        Trend::Steady => "does not surely grow".to_owned(),
        Trend::Grows { each_minute, between } => format!(
            "GROWS by {each_minute:.3e} a minute, surely between {:.3e} and {:.3e}",
            between.0, between.1
        ),
    }
}

pub(crate) fn ending_text(run: &Run) -> Option<String> {
    match &run.ending {
        Ending::Done => None,
        Ending::Stopped => Some("stopped from outside: this is what ran until then".to_owned()),
        Ending::Aborted { rule } => Some(format!("ended early by the rule `{rule}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_times_are_said_so_that_they_can_be_read() {
        assert_eq!(say_count(1_234_567), "1 234 567");
        assert_eq!(say_count(12), "12");
        assert_eq!(say_ns(Some(6_300)), "6.3 µs");
        assert_eq!(say_ns(Some(482_000)), "482 µs");
        assert_eq!(say_ns(Some(903_000_000)), "903 ms");
        assert_eq!(say_ns(None), "–");
    }
}
