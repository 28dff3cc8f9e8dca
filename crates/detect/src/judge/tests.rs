//! Rules over time: `for`, `keep_firing_for`, labels, limits, restarts.

use model::Span;

use super::*;
use crate::rules::Care;

fn rule(hold: Span, keep: Span) -> AlertRule {
    AlertRule {
        source: "group/High".into(),
        name: "High".into(),
        expr: "x > 1".into(),
        hold,
        keep_firing_for: keep,
        labels: vec![
            ("severity".into(), "critical".into()),
            ("zone".into(), "{{ $labels.host }}-z".into()),
        ],
        annotations: vec![("summary".into(), "{{ $labels.host }} is {{ $value }}".into())],
        care: Care::default(),
    }
}

fn element(host: &str, value: f64) -> InstantSample {
    let labels = Labels::from_pairs([("__name__", "x"), ("host", host), ("alertname", "old")]);
    InstantSample::float(labels, Time(0), value)
}

fn around(labels: &Labels, limit: usize) -> Surroundings<'_> {
    let nothing = &|_: &str| Ok(Vec::new());
    Surroundings {
        limit,
        external_labels: labels,
        external_url: "",
        returned_at: None,
        query: nothing,
        ask: nothing,
    }
}

/// What happens to one host that is above the line at some minutes and not at others.
fn story(rule: &AlertRule, present: &[bool]) -> Vec<(usize, &'static str)> {
    let external = Labels::empty();
    let mut active = ActiveAlerts::default();
    let mut told = Vec::new();
    for (minute, here) in present.iter().enumerate() {
        let now = Time(0) + Span::minutes(i64::try_from(minute).unwrap());
        let answer = if *here { vec![element("a", 2.0)] } else { Vec::new() };
        let transitions =
            judge_alert(rule, &answer, &mut active, now, &around(&external, 0)).unwrap();
        told.extend(transitions.iter().map(|transition| (minute, transition.word())));
    }
    told
}

#[test]
fn an_alert_without_for_fires_at_once() {
    let told = story(&rule(Span::ZERO, Span::ZERO), &[true, true, false, true]);
    assert_eq!(told, [(0, "firing"), (2, "resolved"), (3, "firing")]);
}

#[test]
fn an_alert_fires_when_it_has_held_for_long_enough() {
    let told = story(&rule(Span::minutes(2), Span::ZERO), &[true, true, true, true, false]);
    assert_eq!(told, [(0, "pending"), (2, "firing"), (4, "resolved")]);
}

#[test]
fn a_gap_in_for_starts_it_anew() {
    let told = story(&rule(Span::minutes(2), Span::ZERO), &[true, true, false, true, true, true]);
    assert_eq!(told, [(0, "pending"), (2, "dropped"), (3, "pending"), (5, "firing")]);
}

#[test]
fn a_for_shorter_than_the_interval_takes_a_second_evaluation() {
    let told = story(&rule(Span::secs(1), Span::ZERO), &[true, true]);
    assert_eq!(told, [(0, "pending"), (1, "firing")]);
}

#[test]
fn keep_firing_for_counts_from_the_first_evaluation_without_it() {
    let rule = rule(Span::ZERO, Span::minutes(2));
    let told = story(&rule, &[true, false, false, false, true]);
    assert_eq!(told, [(0, "firing"), (1, "noted"), (3, "resolved"), (4, "firing")]);
    let told = story(&rule, &[true, false, true, false, false, false]);
    assert_eq!(told, [(0, "firing"), (1, "noted"), (2, "noted"), (3, "noted"), (5, "resolved")]);
}

#[test]
fn labels_and_annotations_are_those_of_the_element_with_the_rules_own() {
    let external = Labels::empty();
    let mut active = ActiveAlerts::default();
    let rule = rule(Span::ZERO, Span::ZERO);
    judge_alert(&rule, &[element("a", 2.0)], &mut active, Time(0), &around(&external, 0)).unwrap();
    let alert = &active.alerts()[0];
    assert_eq!(
        alert.labels.to_string(),
        r#"{alertname="High",host="a",severity="critical",zone="a-z"}"#
    );
    assert_eq!(alert.annotations.get("summary"), Some("a is 2"));
    assert_eq!(
        (alert.severity, alert.told, alert.fired_at),
        (Severity::Critical, true, Some(Time(0)))
    );
    judge_alert(&rule, &[element("a", 3.0)], &mut active, Time(1), &around(&external, 0)).unwrap();
    assert_eq!(active.alerts()[0].annotations.get("summary"), Some("a is 3"));
}

#[test]
fn two_elements_that_become_one_alert_are_an_error_and_change_nothing() {
    let external = Labels::empty();
    let mut active = ActiveAlerts::default();
    let mut rule = rule(Span::ZERO, Span::ZERO);
    judge_alert(&rule, &[element("a", 2.0)], &mut active, Time(0), &around(&external, 0)).unwrap();
    let before = active.clone();
    rule.labels = vec![("host".into(), "same".into())];
    let both = [element("a", 2.0), element("b", 2.0)];
    let error = judge_alert(&rule, &both, &mut active, Time(1), &around(&external, 0)).unwrap_err();
    assert!(matches!(error, JudgeError::Twice { .. }), "{error}");
    assert_eq!(active, before);
}

#[test]
fn more_alerts_than_the_limit_are_an_error_and_change_nothing() {
    let external = Labels::empty();
    let mut active = ActiveAlerts::default();
    let rule = rule(Span::ZERO, Span::ZERO);
    judge_alert(&rule, &[element("a", 2.0)], &mut active, Time(0), &around(&external, 1)).unwrap();
    let both = [element("a", 2.0), element("b", 2.0)];
    let error = judge_alert(&rule, &both, &mut active, Time(1), &around(&external, 1)).unwrap_err();
    assert_eq!(error, JudgeError::TooMany { count: 2, limit: 1 });
    assert_eq!(active.alerts().len(), 1);
}

#[test]
fn a_recorded_series_has_the_rules_name_and_labels() {
    let rule = RecordRule {
        name: "job:x:sum".into(),
        expr: "sum(x)".into(),
        labels: vec![("team".into(), "core".into()), ("alertname".into(), String::new())],
    };
    let series = judge_recording(&rule, &[element("a", 2.0)], Time(5), 0).unwrap();
    assert_eq!(series[0].labels.to_string(), r#"job:x:sum{host="a",team="core"}"#);
    assert_eq!(series[0].samples, [Sample { time: Time(5), value: 2.0 }]);
    let twice = [element("a", 1.0), element("a", 2.0)];
    assert!(judge_recording(&rule, &twice, Time(5), 0).is_err());
    let two = [element("a", 1.0), element("b", 2.0)];
    assert_eq!(
        judge_recording(&rule, &two, Time(5), 1),
        Err(JudgeError::TooMany { count: 2, limit: 1 })
    );
}

mod properties {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    type Minutes = Vec<Option<Vec<bool>>>;

    /// Which of three hosts are above the line at each minute; nothing where the query failed.
    fn minutes() -> impl Strategy<Value = Minutes> {
        let hosts = prop::collection::vec(prop::bool::weighted(0.7), 3);
        prop::collection::vec(prop::option::weighted(0.9, hosts), 1..30)
    }

    fn run(
        rule: &AlertRule,
        minutes: &Minutes,
        restart_at: Option<usize>,
    ) -> Vec<(usize, Transition)> {
        let external = Labels::empty();
        let mut active = ActiveAlerts::default();
        let mut journal = ActiveAlerts::default();
        let mut all = Vec::new();
        for (minute, hosts) in minutes.iter().enumerate() {
            if restart_at == Some(minute) {
                active = ActiveAlerts::from_alerts(journal.alerts().to_vec());
            }
            let Some(hosts) = hosts else { continue };
            let names = ["a", "b", "c"];
            let answer: Vec<_> = names
                .iter()
                .zip(hosts)
                .filter(|(_, here)| **here)
                .map(|(name, _)| element(name, 2.0))
                .collect();
            let now = Time(0) + Span::minutes(i64::try_from(minute).unwrap());
            let transitions =
                judge_alert(rule, &answer, &mut active, now, &around(&external, 0)).unwrap();
            for transition in transitions {
                journal.replay(&transition);
                all.push((minute, transition));
            }
        }
        all
    }

    fn outline(all: &[(usize, Transition)]) -> Vec<(usize, &'static str, AlertId)> {
        all.iter().map(|(minute, one)| (*minute, one.word(), one.alert().id)).collect()
    }

    proptest! {
        #[test]
        fn a_restart_changes_no_transition(
            minutes in minutes(), hold in 0..4_i64, keep in 0..4_i64, at in 0..30_usize,
        ) {
            let rule = rule(Span::minutes(hold), Span::minutes(keep));
            let without = run(&rule, &minutes, None);
            let with = run(&rule, &minutes, Some(at));
            prop_assert_eq!(outline(&without), outline(&with));
        }

        #[test]
        fn every_alert_goes_from_pending_to_firing_to_resolved_once(
            minutes in minutes(), hold in 0..4_i64, keep in 0..4_i64,
        ) {
            let mut pending = BTreeSet::new();
            let mut firing = BTreeSet::new();
            for (_, transition) in run(&rule(Span::minutes(hold), Span::minutes(keep)), &minutes, None) {
                let id = transition.alert().id;
                match transition {
                    Transition::Pending(_) => prop_assert!(!firing.contains(&id) && pending.insert(id)),
                    Transition::Firing(_) => {
                        prop_assert_eq!(pending.remove(&id), hold > 0);
                        prop_assert!(firing.insert(id));
                    }
                    Transition::Resolved(alert) => {
                        prop_assert!(firing.remove(&id));
                        prop_assert!(alert.resolved_at >= alert.fired_at);
                    }
                    Transition::Dropped(_) => prop_assert!(pending.remove(&id)),
                    Transition::Changed(_) | Transition::Noted(_) => prop_assert!(firing.contains(&id)),
                }
            }
        }
    }
}

#[test]
fn after_a_gap_what_was_seen_before_it_stays_until_everybody_could_speak() {
    let external = Labels::empty();
    let fires = rule(Span::ZERO, Span::ZERO);
    let mut active = ActiveAlerts::default();
    let minute = |minute| Time(0) + Span::minutes(minute);
    judge_alert(&fires, &[element("a", 2.0)], &mut active, minute(0), &around(&external, 0))
        .unwrap();
    let returned = Surroundings { returned_at: Some(minute(30)), ..around(&external, 0) };
    for at in 30..32 {
        assert_eq!(judge_alert(&fires, &[], &mut active, minute(at), &returned).unwrap(), []);
    }
    // Once it was seen again, it ends as ever.
    judge_alert(&fires, &[element("a", 2.0)], &mut active, minute(32), &returned).unwrap();
    let ended = judge_alert(&fires, &[], &mut active, minute(33), &returned).unwrap();
    assert_eq!(ended[0].word(), "resolved");
}

#[test]
fn after_a_gap_what_waits_does_not_wait_until_it_is_seen_again() {
    let external = Labels::empty();
    let waits = rule(Span::minutes(5), Span::ZERO);
    let mut active = ActiveAlerts::default();
    let minute = |minute| Time(0) + Span::minutes(minute);
    let above = [element("a", 2.0)];
    judge_alert(&waits, &above, &mut active, minute(0), &around(&external, 0)).unwrap();
    let returned = Surroundings { returned_at: Some(minute(2)), ..around(&external, 0) };
    for at in 2..4 {
        assert_eq!(judge_alert(&waits, &[], &mut active, minute(at), &returned).unwrap(), []);
    }
    judge_alert(&waits, &above, &mut active, minute(4), &returned).unwrap();
    assert_eq!(active.alerts()[0].active_at, minute(2));
}

#[test]
fn what_was_judged_before_the_clock_was_set_back_does_not_begin_again() {
    let external = Labels::empty();
    let fires = rule(Span::ZERO, Span::ZERO);
    let mut active = ActiveAlerts::default();
    let around = around(&external, 0);
    let above = [element("a", 2.0)];
    judge_alert(&fires, &above, &mut active, Time(1_000), &around).unwrap();
    judge_alert(&fires, &[], &mut active, Time(2_000), &around).unwrap();
    assert_eq!(judge_alert(&fires, &above, &mut active, Time(1_500), &around).unwrap(), []);
    let again = judge_alert(&fires, &above, &mut active, Time(2_500), &around).unwrap();
    assert_eq!(again[0].word(), "firing");
}
