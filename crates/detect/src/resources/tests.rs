//! Readings, titles, and what must hold for any course of a resource. More in `cases/detect`.

use model::{Labels, Nature, Thresholds, Unit};
use query::InstantSample;

use super::*;

fn resource(hold: Span) -> Resource {
    let share = |value| Share::new(value).unwrap();
    Resource {
        name: "disk".into(),
        title: "Disk {{ mountpoint }} of {{instance}}".into(),
        used: "used".into(),
        limit: "limit".into(),
        unit: Unit::Bytes,
        nature: Nature::Stock,
        thresholds: Thresholds::new(share(0.75), share(0.80), share(0.85), share(0.95)).unwrap(),
        hold,
        lead_time: Span::days(7),
        owner: "platform".into(),
        advice: "Clean up.".into(),
        quota: None,
        cache: None,
        alerts: true,
    }
}

#[test]
fn what_does_not_alert_crosses_no_line() {
    let full = Reading {
        id: ResourceId { resource: "disk".into(), labels: Labels::empty() },
        at: Time(0),
        used: 12.0,
        limit: 10.0,
    };
    let told = |alerts: bool| {
        let resource = Resource { alerts, ..resource(Span::ZERO) };
        let mut active = ActiveAlerts::default();
        judge_resource(&resource, std::slice::from_ref(&full), &mut active, Time(0)).len()
    };
    assert_eq!((told(true), told(false)), (1, 0));
}

fn sample(labels: &[(&str, &str)], value: f64) -> InstantSample {
    let labels = Labels::from_pairs(labels.iter().copied());
    InstantSample::float(labels, Time(0), value)
}

fn joined(used: &[InstantSample], limit: &[InstantSample]) -> Vec<String> {
    readings(&resource(Span::ZERO), used, limit, Time(0))
        .iter()
        .map(|reading| format!("{} {}/{}", reading.id, reading.used, reading.limit))
        .collect()
}

#[test]
fn what_both_sides_share_identifies_a_reading() {
    let used = [
        sample(&[("__name__", "u"), ("host", "a"), ("mode", "idle")], 1.0),
        sample(&[("__name__", "u"), ("host", "b"), ("mode", "idle")], 2.0),
        sample(&[("__name__", "u"), ("host", "c"), ("mode", "idle")], 3.0),
    ];
    let limit = [
        sample(&[("__name__", "l"), ("host", "a"), ("cpu", "0")], 10.0),
        sample(&[("__name__", "l"), ("host", "b"), ("cpu", "0")], 20.0),
    ];
    assert_eq!(joined(&used, &limit), [r#"disk{host="a"} 1/10"#, r#"disk{host="b"} 2/20"#]);
}

#[test]
fn a_limit_without_labels_serves_all() {
    let used = [sample(&[("host", "a")], 1.0), sample(&[("host", "b")], 2.0)];
    let limit = [sample(&[], 10.0)];
    assert_eq!(joined(&used, &limit), [r#"disk{host="a"} 1/10"#, r#"disk{host="b"} 2/10"#]);
    assert_eq!(joined(&[sample(&[], 1.0)], &limit), ["disk 1/10"]);
}

#[test]
fn several_that_share_a_limit_are_told_apart_by_their_own_labels() {
    let used =
        [sample(&[("db", "x"), ("table", "1")], 1.0), sample(&[("db", "x"), ("table", "2")], 2.0)];
    let limit = [sample(&[("db", "x")], 10.0)];
    assert_eq!(
        joined(&used, &limit),
        [r#"disk{db="x",table="1"} 1/10"#, r#"disk{db="x",table="2"} 2/10"#,]
    );
}

#[test]
fn of_several_limits_the_closest_counts_then_the_smallest() {
    let used = [sample(&[("host", "a"), ("disk", "x")], 1.0)];
    let limit = [
        sample(&[("host", "a"), ("disk", "x"), ("part", "1")], 30.0),
        sample(&[("host", "a"), ("disk", "x"), ("part", "2")], 20.0),
        sample(&[("host", "a")], 10.0),
        sample(&[], 5.0),
    ];
    assert_eq!(joined(&used, &limit), [r#"disk{disk="x",host="a"} 1/20"#]);
}

#[test]
fn a_title_takes_the_labels_it_names() {
    let labels = Labels::from_pairs([("mountpoint", "/var")]);
    let mut resource = resource(Span::ZERO);
    assert_eq!(title(&resource, &labels), "Disk /var of");
    resource.title = "Disk {{ $labels.mountpoint }} {{ unclosed".into();
    assert_eq!(title(&resource, &labels), "Disk /var {{ unclosed");
}

#[test]
fn an_alert_names_the_reading_it_is_about() {
    let id = ResourceId {
        resource: "disk".into(),
        labels: Labels::from_pairs([("mountpoint", "/"), ("instance", "db-1")]),
    };
    let reading = Reading { id: id.clone(), at: Time(0), used: 96.0, limit: 100.0 };
    let mut active = ActiveAlerts::default();
    let transitions = judge_resource(&resource(Span::ZERO), &[reading], &mut active, Time(0));
    let alert = transitions[0].alert();
    assert_eq!(resource_of(alert), Some(id));
    assert_eq!(
        alert.labels.to_string(),
        r#"{alertname="ResourceAboveLine",instance="db-1",mountpoint="/",owner="platform",resource="disk",severity="critical"}"#
    );
    assert_eq!(
        alert.annotations.get("description"),
        Some("Above the critical line of 95 %. Clean up.")
    );
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    type Course = Vec<(i64, Option<[Option<f64>; 2]>)>;

    /// Seconds between evaluations; at each nothing (failed) or the shares of two disks.
    fn course() -> impl Strategy<Value = Course> {
        let share = prop::option::weighted(
            0.9,
            prop_oneof![
                3 => 0.6..1.1,
                2 => prop::sample::select(vec![0.75, 0.80, 0.85, 0.95, 0.83, 0.949, f64::NAN]),
            ],
        );
        let shares = (share.clone(), share).prop_map(|(first, second)| [first, second]);
        prop::collection::vec((5..120_i64, prop::option::weighted(0.95, shares)), 1..60)
    }

    fn run(course: &Course, hold: Span, restart_at: Option<usize>) -> Vec<(usize, Transition)> {
        let resource = resource(hold);
        let (mut active, mut journal) = (ActiveAlerts::default(), ActiveAlerts::default());
        let mut now = Time(1_763_683_200_000);
        let mut all = Vec::new();
        for (at, (seconds, shares)) in course.iter().enumerate() {
            now = now + Span::secs(*seconds);
            if restart_at == Some(at) {
                active = ActiveAlerts::from_alerts(journal.alerts().to_vec());
            }
            let Some(shares) = shares else { continue };
            let mut readings = Vec::new();
            for (name, share) in ["/", "/var"].into_iter().zip(shares) {
                let Some(share) = share else { continue };
                let labels = Labels::from_pairs([("mountpoint", name)]);
                let id = ResourceId { resource: "disk".into(), labels };
                readings.push(Reading { id, at: now, used: *share, limit: 1.0 });
            }
            for transition in judge_resource(&resource, &readings, &mut active, now) {
                journal.replay(&transition);
                all.push((at, transition));
            }
        }
        all
    }

    fn outline(all: &[(usize, Transition)]) -> Vec<(usize, &'static str, AlertId, Severity, bool)> {
        all.iter()
            .map(|(at, one)| {
                let alert = one.alert();
                (*at, one.word(), alert.id, alert.severity, alert.told)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn a_restart_changes_no_transition(course in course(), hold in 0..300_i64, at in 0..60_usize) {
            let hold = Span::secs(hold);
            let (without, with) = (run(&course, hold, None), run(&course, hold, Some(at)));
            prop_assert_eq!(outline(&without), outline(&with));
        }

        #[test]
        fn no_transition_comes_twice(course in course(), hold in 0..300_i64) {
            let mut stands: BTreeMap<AlertId, (AlertState, Severity, bool)> = BTreeMap::new();
            for (_, transition) in run(&course, Span::secs(hold), None) {
                let alert = transition.alert();
                let now = (alert.state, alert.severity, alert.told);
                let before = stands.insert(alert.id, now);
                let state = before.map(|(state, ..)| state);
                match &transition {
                    Transition::Pending(_) => prop_assert!(matches!(state, None | Some(AlertState::Resolved))),
                    Transition::Firing(_) => prop_assert!(state != Some(AlertState::Firing)),
                    Transition::Changed(_) => {
                        prop_assert_eq!(state, Some(AlertState::Firing));
                        prop_assert!(before != Some(now));
                    }
                    Transition::Noted(_) => prop_assert!(state.is_some_and(|state| state != AlertState::Resolved)),
                    Transition::Resolved(_) => prop_assert_eq!(state, Some(AlertState::Firing)),
                    Transition::Dropped(_) => prop_assert_eq!(state, Some(AlertState::Pending)),
                }
            }
        }

        #[test]
        fn an_alert_never_fires_sooner_than_its_hold_time(course in course(), hold in 1..300_i64) {
            for (_, transition) in run(&course, Span::secs(hold), None) {
                if let Transition::Firing(alert) = transition {
                    let waited = alert.fired_at.unwrap().since(alert.active_at);
                    prop_assert!(waited >= Span::secs(hold));
                }
            }
        }
    }
}
