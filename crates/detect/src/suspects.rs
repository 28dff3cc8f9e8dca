//! Which changes may be behind an alert: those of what it speaks of, and of late.

use model::{Alert, Change, ChangeKind, Span, Time};

/// How long before an alert fires a change still counts.
pub const LOOK_BACK: Span = Span::minutes(30);
/// After so long a change is suspected 2.7 times less (design note on responding, 4.7).
const FADES_IN: Span = Span::minutes(20);
/// Labels that say nothing of where an alert comes from.
const ABOUT_ITSELF: [&str; 3] = ["alertname", "severity", "alertstate"];
/// Labels that name an environment.
const ENVIRONMENTS: [&str; 4] = ["environment", "env", "deployment_environment", "stage"];

/// How near a change is to an alert, from 0 to 1.
const SAME_SERVICE: f64 = 1.0;
const SAME_ENVIRONMENT: f64 = 0.3;
/// A change after the condition began is no cause of it, unless clocks or scrapes are late.
const AFTERWARDS: f64 = 0.2;

/// The changes that may be behind an alert which fires now, the likeliest first. A change of the
/// same service or host counts most, one of elsewhere in the same environment less, one of another
/// environment not at all; and each the less the longer ago it was.
pub fn suspects(alert: &Alert, changes: &[Change], now: Time) -> Vec<Change> {
    let lately = changes.iter().filter(|change| {
        change.at <= now && now.since(change.at) <= LOOK_BACK && may_be_cause(change.kind)
    });
    let mut found: Vec<(f64, &Change)> = lately
        .map(|change| (relation(alert, change) * age(alert, change), change))
        .filter(|(score, _)| *score > 0.0)
        .collect();
    found.sort_by(|(score, change), (other_score, other)| {
        other_score.total_cmp(score).then_with(|| other.at.cmp(&change.at))
    });
    found.into_iter().map(|(_, change)| change.clone()).collect()
}

/// Whether changes of a kind are suspected at all: other alerts are no causes, and that Plimsoll
/// starts is none either.
pub fn may_be_cause(kind: ChangeKind) -> bool {
    !matches!(kind, ChangeKind::Alert | ChangeKind::Plimsoll)
}

fn relation(alert: &Alert, change: &Change) -> f64 {
    let own = ENVIRONMENTS.iter().find_map(|name| alert.labels.get(name));
    let theirs = change.details.environment.as_deref();
    if let (Some(own), Some(theirs)) = (own, theirs)
        && !own.eq_ignore_ascii_case(theirs)
    {
        return 0.0;
    }
    let subject = change.details.service.as_deref().unwrap_or(&change.subject);
    let labels = alert.labels.iter().filter(|(name, _)| !ABOUT_ITSELF.contains(name));
    let same = |value: &str| {
        let host = value.rsplit_once(':').map_or(value, |(host, _)| host);
        [value, host].iter().any(|own| own.eq_ignore_ascii_case(subject))
    };
    let speaks_of_it = labels.into_iter().any(|(_, value)| same(value));
    if speaks_of_it { SAME_SERVICE } else { SAME_ENVIRONMENT }
}

fn age(alert: &Alert, change: &Change) -> f64 {
    if change.at > alert.active_at {
        return AFTERWARDS;
    }
    let ago = alert.active_at.since(change.at).as_millis() as f64;
    (-ago / FADES_IN.as_millis() as f64).exp()
}

#[cfg(test)]
mod tests {
    use model::{AlertId, AlertState, Evidence, Labels, Severity};

    use super::*;

    const NOW: Time = Time(100_000_000);

    fn alert(labels: &[(&str, &str)]) -> Alert {
        let labels = Labels::from_pairs(labels.iter().copied());
        Alert {
            id: AlertId::of("node/slow", &labels),
            source: "node/slow".into(),
            labels,
            annotations: Labels::empty(),
            severity: Severity::Critical,
            state: AlertState::Firing,
            told: true,
            active_at: NOW,
            fired_at: Some(NOW),
            resolved_at: None,
            seen_at: NOW,
            value: 1.0,
            evidence: Evidence::default(),
        }
    }

    fn change(minutes_ago: i64, service: &str, environment: Option<&str>) -> Change {
        let at = NOW - Span::minutes(minutes_ago);
        let mut change = Change::new(at, ChangeKind::Deployment, service, "version 2");
        change.details.service = Some(service.into());
        change.details.environment = environment.map(str::to_owned);
        change
    }

    fn names(found: &[Change]) -> Vec<&str> {
        found.iter().map(|change| change.subject.as_str()).collect()
    }

    #[test]
    fn a_change_of_the_same_service_comes_before_newer_ones_of_others() {
        let changes = [change(1, "shop", None), change(10, "API", None), change(29, "mail", None)];
        let found = suspects(&alert(&[("alertname", "Slow"), ("job", "api")]), &changes, NOW);
        assert_eq!(names(&found), ["API", "shop", "mail"]);
    }

    #[test]
    fn what_is_older_than_half_an_hour_or_yet_to_come_is_no_suspect() {
        let changes = [change(31, "api", None), change(-1, "api", None)];
        assert!(suspects(&alert(&[("job", "api")]), &changes, NOW).is_empty());
    }

    #[test]
    fn a_change_of_another_environment_is_no_suspect() {
        let changes = [change(5, "api", Some("staging")), change(9, "api", Some("production"))];
        let found = suspects(&alert(&[("job", "api"), ("env", "Production")]), &changes, NOW);
        assert_eq!(found, changes[1..]);
    }

    #[test]
    fn a_host_is_known_by_the_name_in_its_instance() {
        let host = Change::new(NOW - Span::minutes(9), ChangeKind::Host, "db-1", "started");
        let changes = [change(5, "mail", None), host];
        let found = suspects(&alert(&[("instance", "db-1:9100")]), &changes, NOW);
        assert_eq!(names(&found), ["db-1", "mail"]);
    }

    #[test]
    fn what_came_after_the_condition_began_is_suspected_little() {
        let mut late = alert(&[("job", "api")]);
        late.active_at = NOW - Span::minutes(5);
        let changes = [change(1, "api", None), change(12, "shop", None), change(20, "api", None)];
        let found = suspects(&late, &changes, NOW);
        assert_eq!(found, [changes[2].clone(), changes[1].clone(), changes[0].clone()]);
    }

    #[test]
    fn other_alerts_and_our_own_starts_are_no_suspects() {
        let at = NOW - Span::minutes(1);
        let changes = [ChangeKind::Alert, ChangeKind::Plimsoll]
            .map(|kind| Change::new(at, kind, "api", "began"));
        assert!(suspects(&alert(&[("job", "api")]), &changes, NOW).is_empty());
    }
}
