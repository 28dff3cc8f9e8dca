//! What is kept of alerts, and what is written of them.

use model::Severity;

use super::*;

fn alert(source: &str, host: &str, state: AlertState) -> Alert {
    let labels = Labels::from_pairs([("alertname", "High"), ("host", host)]);
    Alert {
        id: AlertId::of(source, &labels),
        source: source.into(),
        labels,
        annotations: Labels::empty(),
        severity: Severity::Warning,
        state,
        told: true,
        active_at: Time(61_500),
        fired_at: None,
        resolved_at: None,
        seen_at: Time(61_500),
        value: 1.0,
        evidence: Evidence::default(),
    }
}

#[test]
fn alerts_that_are_over_are_not_restored_and_the_last_of_one_stays() {
    let mut later = alert("g/a", "x", AlertState::Firing);
    later.value = 2.0;
    let active = ActiveAlerts::from_alerts(vec![
        alert("g/b", "x", AlertState::Firing),
        alert("g/a", "x", AlertState::Pending),
        alert("g/a", "y", AlertState::Resolved),
        later.clone(),
    ]);
    assert_eq!(active.of("g/a"), [later]);
    assert_eq!(active.alerts().len(), 2);
}

#[test]
fn alerts_are_written_as_prometheus_writes_them() {
    let active = ActiveAlerts::from_alerts(vec![alert("g/a", "x", AlertState::Firing)]);
    let series = active.series_where(|_| true, Time(70_000));
    let text: Vec<String> =
        series.iter().map(|one| format!("{} {}", one.labels, one.samples[0].value)).collect();
    assert_eq!(
        text,
        [
            r#"ALERTS{alertname="High",alertstate="firing",host="x"} 1"#,
            r#"ALERTS_FOR_STATE{alertname="High",host="x"} 61"#,
        ]
    );
    assert_eq!(series[0].samples[0].time, Time(70_000));
}

#[test]
fn an_alert_that_goes_from_pending_to_firing_ends_its_pending_series() {
    let mut trail = Trail::default();
    let pending = ActiveAlerts::from_alerts(vec![alert("g/a", "x", AlertState::Pending)]);
    trail.step(pending.series_where(|_| true, Time(0)), Time(0));
    let firing = ActiveAlerts::from_alerts(vec![alert("g/a", "x", AlertState::Firing)]);
    let series = trail.step(firing.series_where(|_| true, Time(1)), Time(1));
    let ended: Vec<&str> = series
        .iter()
        .filter(|one| model::is_stale(one.samples[0].value))
        .filter_map(|one| one.labels.get("alertstate"))
        .collect();
    assert_eq!(ended, ["pending"]);
}

#[test]
fn alerts_of_rules_that_are_gone_end_and_say_so() {
    let mut active = ActiveAlerts::from_alerts(vec![
        alert("g/a", "x", AlertState::Firing),
        alert("g/b", "x", AlertState::Pending),
        alert("g/c", "x", AlertState::Firing),
    ]);
    let transitions = active.end_vanished(|source| source == "g/c", Time(5));
    let words: Vec<&str> = transitions.iter().map(Transition::word).collect();
    assert_eq!(words, ["resolved", "dropped"]);
    assert_eq!(
        transitions[0].alert().annotations.get(ENDED),
        Some("it is no longer in the settings")
    );
    assert_eq!(transitions[0].alert().resolved_at, Some(Time(5)));
    assert_eq!(active.alerts().len(), 1);
}

#[test]
fn times_in_notes_read_back_even_at_the_ends_of_time() {
    for time in [Time(0), Time(1_763_683_200_123), Time::MIN, Time::MAX, Time(-1)] {
        assert_eq!(read_time(&say_time(time)), Some(time));
    }
    assert_eq!(say_time(Time(1_763_683_200_123)), "2025-11-21T00:00:00.123Z");
}
