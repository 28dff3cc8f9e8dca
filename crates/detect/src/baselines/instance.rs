//! Which series an alert of a rule is about.

use model::{Alert, Labels, METRIC_NAME};

use crate::rules::AlertRule;

/// The place of the series among those that stand left of a rule's comparison: all its labels are the alert's, and if
/// that holds for several, its value is, too. Nothing if it cannot be told.
pub fn instance<'l>(
    rule: &AlertRule,
    alert: &Alert,
    series: impl Iterator<Item = (&'l Labels, Option<f64>)>,
) -> Option<usize> {
    let own = |name: &str| name == "alertname" || rule.labels.iter().any(|(own, _)| own == name);
    let fits = |labels: &Labels| {
        labels.iter().all(|(name, value)| {
            name == METRIC_NAME
                || own(name)
                || alert.labels.get(name).is_none_or(|own| own == value)
        })
    };
    let fitting: Vec<(usize, Option<f64>)> = series
        .enumerate()
        .filter(|(_, (labels, _))| fits(labels))
        .map(|(at, (_, value))| (at, value))
        .collect();
    if let [(at, _)] = fitting.as_slice() {
        return Some(*at);
    }
    let same = |value: &f64| value.to_bits() == alert.value.to_bits();
    let mut alike = fitting.iter().filter(|(_, value)| value.as_ref().is_some_and(same));
    let first = alike.next()?;
    alike.next().is_none().then_some(first.0)
}

#[cfg(test)]
mod tests {
    use model::{AlertId, AlertState, Evidence, Severity, Span, Time};

    use super::*;
    use crate::rules::Care;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::from_pairs(pairs.iter().copied())
    }

    fn found(
        alert: &[(&str, &str)],
        value: f64,
        series: &[(&[(&str, &str)], f64)],
    ) -> Option<usize> {
        let rule = AlertRule {
            source: "a/Busy".into(),
            name: "Busy".into(),
            expr: "x > 5".into(),
            hold: Span::ZERO,
            keep_firing_for: Span::ZERO,
            labels: vec![("severity".into(), "page".into())],
            annotations: Vec::new(),
            care: Care::default(),
        };
        let alert = Alert {
            id: AlertId(1),
            source: "a/Busy".into(),
            labels: labels(alert),
            annotations: Labels::empty(),
            severity: Severity::Warning,
            state: AlertState::Firing,
            told: true,
            active_at: Time(0),
            fired_at: Some(Time(0)),
            resolved_at: None,
            seen_at: Time(0),
            value,
            evidence: Evidence::default(),
        };
        let all: Vec<(Labels, f64)> =
            series.iter().map(|(own, value)| (labels(own), *value)).collect();
        instance(&rule, &alert, all.iter().map(|(labels, value)| (labels, Some(*value))))
    }

    #[test]
    fn the_series_with_the_alert_s_labels_is_meant() {
        let series: [(&[(&str, &str)], f64); 2] = [
            (&[("__name__", "x"), ("pod", "a"), ("severity", "of the series")], 7.0),
            (&[("__name__", "x"), ("pod", "b")], 7.0),
        ];
        let alert = |pod| [("alertname", "Busy"), ("pod", pod), ("severity", "page")];
        assert_eq!(found(&alert("a"), 7.0, &series), Some(0));
        assert_eq!(found(&alert("b"), 7.0, &series), Some(1));
        assert_eq!(found(&alert("c"), 7.0, &series), None);
    }

    #[test]
    fn where_labels_were_lost_the_value_tells() {
        let series: [(&[(&str, &str)], f64); 3] = [
            (&[("pod", "a"), ("cpu", "0")], 7.0),
            (&[("pod", "a"), ("cpu", "1")], 8.0),
            (&[("pod", "a"), ("cpu", "2")], 8.0),
        ];
        let alert = [("alertname", "Busy"), ("pod", "a")];
        assert_eq!(found(&alert, 7.0, &series), Some(0));
        assert_eq!(found(&alert, 8.0, &series), None, "two of them might be meant");
    }
}
