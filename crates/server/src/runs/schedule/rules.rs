//! When a load test may be scheduled, and why not: pure.

use model::{Span, Time};
use settings::LoadSettings;

const DAY: Span = Span::days(1);

/// A load test that somebody wants to schedule.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// When it is to begin.
    pub(crate) at: Time,
    /// How long it takes at most.
    pub(crate) length: Span,
    /// Who is put under load.
    pub(crate) targets: &'a [String],
    /// Those of them that are on the list.
    pub(crate) allowed: &'a [String],
    /// The targets as the one who asks has typed them.
    pub(crate) confirmed: &'a [String],
    /// Whether there is a baseline to compare with.
    pub(crate) has_baseline: bool,
    /// That this run is to be the first.
    pub(crate) is_first: bool,
    /// Who asks.
    pub(crate) by: &'a str,
}

/// The first moment at which a load test of this length may begin; nothing if it is longer than the window.
pub(crate) fn slot(settings: &LoadSettings, earliest: Time, length: Span) -> Option<Time> {
    let (from, width) = window(settings);
    let midnight = earliest.millis().div_euclid(DAY.as_millis()) * DAY.as_millis();
    (-1..=1).find_map(|day| {
        let opens = Time(midnight + day * DAY.as_millis()) + from;
        let begins = opens.max(earliest);
        (begins + length <= opens + width).then_some(begins)
    })
}

/// Everything that speaks against it.
pub(crate) fn refusals(settings: &LoadSettings, asked: &Asked<'_>, now: Time) -> Vec<String> {
    let mut found = Vec::new();
    for target in asked.targets {
        if !asked.allowed.contains(target) {
            found.push(format!("{target} is not among `load.targets` of the settings"));
        }
    }
    if !is_same(asked.targets, asked.confirmed) {
        found.push(format!("the targets are not confirmed: they are {}", asked.targets.join(", ")));
    }
    if asked.at < now + settings.notice {
        found.push(format!(
            "it begins sooner than {} from now, so nobody could be told in time",
            hours(settings.notice)
        ));
    }
    if slot(settings, asked.at, asked.length) != Some(asked.at) {
        let text = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        found.push(format!(
            "it does not begin and end between {} and {} UTC",
            text(settings.from),
            text(settings.to)
        ));
    }
    if !asked.has_baseline && !asked.is_first {
        found
            .push("its plan has no baseline: mark a run, or say that this is the first".to_owned());
    }
    if asked.by.trim().is_empty() {
        found.push("nobody says that it is theirs".to_owned());
    }
    found
}

fn window(settings: &LoadSettings) -> (Span, Span) {
    let (from, to) = (i64::from(settings.from), i64::from(settings.to));
    let width = if to > from { to - from } else { to + 24 * 60 - from };
    (Span::minutes(from), Span::minutes(width))
}

fn is_same(one: &[String], other: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    sorted(one) == sorted(other)
}

fn hours(span: Span) -> String {
    format!("{:.0} h", span.as_secs() / 3_600.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21 16:00 UTC.
    const NOW: Time = Time(1_795_276_800_000);

    fn at(day: i64, hour: i64, minute: i64) -> Time {
        let midnight = NOW.millis().div_euclid(DAY.as_millis()) * DAY.as_millis();
        Time(midnight) + Span::days(day) + Span::hours(hour) + Span::minutes(minute)
    }

    #[test]
    fn the_next_slot_lies_in_the_window_and_leaves_room() {
        let settings = LoadSettings::default();
        let found = |earliest, length| slot(&settings, earliest, length);
        assert_eq!(found(NOW, Span::minutes(30)), Some(at(1, 2, 0)));
        assert_eq!(found(at(1, 3, 0), Span::minutes(30)), Some(at(1, 3, 0)));
        assert_eq!(found(at(1, 3, 45), Span::minutes(30)), Some(at(2, 2, 0)));
        assert_eq!(found(NOW, Span::hours(3)), None);
        let night = LoadSettings { from: 23 * 60, to: 60, ..settings };
        assert_eq!(slot(&night, at(1, 0, 10), Span::minutes(30)), Some(at(1, 0, 10)));
        assert_eq!(slot(&night, at(1, 0, 40), Span::minutes(30)), Some(at(1, 23, 0)));
    }

    #[test]
    fn what_speaks_against_a_load_test_is_said_all_at_once() {
        let settings = LoadSettings::default();
        let targets = ["http://shop.test".to_owned()];
        let good = Asked {
            at: at(2, 2, 0),
            length: Span::minutes(10),
            targets: &targets,
            allowed: &targets,
            confirmed: &targets,
            has_baseline: true,
            is_first: false,
            by: "ann",
        };
        assert_eq!(refusals(&settings, &good, NOW), Vec::<String>::new());
        let said = |asked: &Asked<'_>| refusals(&settings, asked, NOW).join("; ");
        assert!(said(&Asked { at: at(1, 2, 0), ..good.clone() }).contains("sooner than 24 h"));
        assert!(
            said(&Asked { at: at(2, 5, 0), ..good.clone() }).contains("between 02:00 and 04:00")
        );
        let bad = Asked {
            at: at(1, 5, 0),
            allowed: &[],
            confirmed: &[],
            has_baseline: false,
            by: "",
            ..good
        };
        assert_eq!(refusals(&settings, &bad, NOW).len(), 6, "{}", said(&bad));
    }
}
