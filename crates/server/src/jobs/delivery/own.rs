//! Alerts about the telling itself: receivers that cannot be told, silences that are about to end.

use std::sync::Arc;

use detect::{Condition, conditions_differ, judge_conditions};
use journal::OutboxStats;
use model::{AlertState, Labels, Severity, Span, Time};
use respond::{is_broken, quiet::SilenceState};

use super::super::outcome;
use crate::state::App;

/// The source of alerts about receivers.
pub(super) const CHANNELS: &str = "channels";
/// The source of alerts about silences.
pub(super) const SILENCES: &str = "silences";
/// A receiver that could not be told anything for so long is an alert.
const AWAY: Span = Span::minutes(5);
/// So long before its end it is said that a silence ends.
const WARNING: Span = Span::minutes(15);
/// The end of a shorter silence surprises nobody.
const LONG: Span = Span::hours(1);
/// Receivers and silences told of at once.
const CONDITIONS_MAX: usize = 100;

/// Judges the telling.
pub(super) async fn judge(app: &Arc<App>, stats: &OutboxStats) {
    let now = app.clock.now();
    for (source, holding) in [(CHANNELS, channels(stats, now)), (SILENCES, silences(app, now))] {
        if app.alerts.see(|active| conditions_differ(active, source, &holding)) {
            let work = move |active: &mut _| judge_conditions(source, holding, active, now);
            outcome::judge(app, now, work).await;
        }
    }
}

/// Receivers that take nothing before somebody mends something, and those that have been away for long.
fn channels(stats: &OutboxStats, now: Time) -> Vec<Condition> {
    let mut found = Vec::new();
    for (name, own) in stats.receivers.iter().take(CONDITIONS_MAX) {
        let Some(error) = &own.error else { continue };
        if !is_broken(error) && now.since(own.oldest) < AWAY {
            continue;
        }
        let summary = format!("{name} cannot be told: {error}; {} messages wait", own.waiting);
        found.push(Condition {
            labels: Labels::from_pairs([
                ("alertname", "ChannelBroken"),
                ("receiver", name),
                ("severity", "critical"),
            ]),
            annotations: Labels::from_pairs([("summary", summary)]),
            severity: Severity::Critical,
            since: own.oldest,
        });
    }
    found
}

/// Silences that end soon while what they keep quiet still fires.
fn silences(app: &App, now: Time) -> Vec<Condition> {
    let all = app.alerts.silences();
    let mut found = Vec::new();
    for own in all.all().filter(|own| own.state(now) == SilenceState::Active) {
        let ends_soon = own.ends_at.since(now) <= WARNING;
        if !ends_soon || own.ends_at.since(own.starts_at) < LONG || found.len() >= CONDITIONS_MAX {
            continue;
        }
        let firing = app.alerts.see(|active| {
            let firing = active.alerts().iter().filter(|own| own.state == AlertState::Firing);
            firing.filter(|alert| alert.told && own.matches(&alert.labels)).count()
        });
        if firing == 0 {
            continue;
        }
        let matchers: Vec<String> = own.matchers.iter().map(ToString::to_string).collect();
        let summary = format!(
            "the silence of {} for {} ends within 15 minutes, and {firing} alerts that it keeps quiet still fire ({})",
            own.created_by,
            matchers.join(", "),
            own.comment.trim(),
        );
        found.push(Condition {
            labels: Labels::from_pairs([
                ("alertname", "SilenceEnding"),
                ("silence", own.id.as_str()),
                ("severity", "info"),
            ]),
            annotations: Labels::from_pairs([("summary", summary)]),
            severity: Severity::Info,
            since: now,
        });
    }
    found
}
