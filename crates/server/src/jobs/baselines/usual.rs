//! What is usual beside an alert's value, put there when it begins to fire: never later than the page can wait.

use std::{collections::BTreeMap, time::Duration};

use detect::{
    ActiveAlerts, AlertRule, Rule, Transition,
    baselines::{Known, RESOURCES, Zone, instance, unfold},
    elements, resource_of,
    rules::compared,
};
use model::{Alert, Columns, NormalBand, Span, Time, Unit};
use query::{Question, Steps, Value};
use tracing::debug;

use crate::{
    http::chain,
    state::{App, history},
};

/// How long all of it may take for one judgement: a page waits no longer than that.
const TIME_MAX: Duration = Duration::from_millis(300);
/// Alerts of one judgement that get it; a storm is read as a whole, not alert by alert.
const ALERTS_MAX: usize = 20;
/// Series that are read for one rule where nothing is kept of them.
const SERIES_MAX: usize = 100;
/// They are read at steps of this length, and so far back.
const STEP: Span = Span::minutes(15);
const PAST: Span = Span::days(28);

/// Gives every alert that begins to fire what is usual for it, as far as that can be told in time.
pub(in super::super) fn fill(
    app: &App,
    active: &mut ActiveAlerts,
    transitions: &mut [Transition],
    now: Time,
) {
    let mut asked =
        Asked { app, until: app.clock.elapsed() + TIME_MAX, past: BTreeMap::new(), now };
    let firing = transitions.iter_mut().filter_map(|transition| match transition {
        Transition::Firing(alert) => Some(alert),
        _ => None,
    });
    for alert in firing.take(ALERTS_MAX) {
        let known = if alert.source.starts_with("resource/") {
            of_resource(app, alert, now)
        } else {
            asked.of_rule(alert)
        };
        let Some(normal) = known else { continue };
        alert.evidence.normal = Some(normal);
        if let Some(evidence) = active.evidence_mut(&alert.source, alert.id) {
            evidence.normal = Some(normal);
        }
    }
}

/// What is usual for a resource's reading, as a share of its limit, which is what its alert is about.
fn of_resource(app: &App, alert: &Alert, now: Time) -> Option<NormalBand> {
    let id = resource_of(alert)?;
    let limit = app.board.standings.read().get(&id)?.reading.limit;
    let labels = id.labels.with(history::RESOURCE_LABEL, &id.resource);
    let watches = app.board.baselines.read();
    let watch = watches.iter().find(|watch| watch.of().name == RESOURCES)?;
    let known = watch.band(&labels, now)?;
    (limit > 0.0).then(|| normal(known, Unit::Share, limit, now))
}

fn normal(known: Known, unit: Unit, whole: f64, now: Time) -> NormalBand {
    let days = now.since(known.since).as_millis() / Span::days(1).as_millis();
    NormalBand {
        low: known.band.low / whole,
        high: known.band.high / whole,
        days: u32::try_from(days).unwrap_or(u32::MAX),
        unit,
    }
}

/// What stands left of rules' comparisons, over the past, as far as it was asked for.
struct Asked<'a> {
    app: &'a App,
    until: Duration,
    past: BTreeMap<String, Option<Vec<Columns>>>,
    now: Time,
}

impl Asked<'_> {
    fn of_rule(&mut self, alert: &Alert) -> Option<NormalBand> {
        let (app, now) = (self.app, self.now);
        let groups = app.rules.groups();
        let mut rules = groups.iter().flat_map(|own| &own.group.rules);
        let rule = rules.find_map(|rule| match rule {
            Rule::Alert(rule) if rule.source == alert.source => Some(rule),
            _ => None,
        })?;
        let left = compared(&rule.expr)?;
        let known =
            self.watched(rule, alert, &left).or_else(|| self.unfolded(rule, alert, &left))?;
        Some(normal(known, Unit::Count, 1.0, now))
    }

    /// The band that is kept, where the same is watched.
    fn watched(&self, rule: &AlertRule, alert: &Alert, left: &str) -> Option<Known> {
        let watches = self.app.board.baselines.read();
        let watch = watches.iter().find(|watch| plain(&watch.of().expr) == plain(left))?;
        watch.band_of(self.now, |labels| instance(rule, alert, labels.map(|own| (own, None))))
    }

    /// The band made from the store, where time allows.
    fn unfolded(&mut self, rule: &AlertRule, alert: &Alert, left: &str) -> Option<Known> {
        if !self.past.contains_key(left) {
            let read = self.read(left);
            self.past.insert(left.to_owned(), read);
        }
        let series = self.past.get(left)?.as_ref()?;
        let own = |columns: &Columns| columns.values.last().copied();
        let at = instance(rule, alert, series.iter().map(|each| (&each.labels, own(each))))?;
        let settings = &self.app.settings.baselines;
        let zone = Zone::named(&settings.zone).ok()?;
        let unfolded = unfold(&series[at], &zone, (self.now, STEP, 1));
        let band = unfolded.bands.first().copied().flatten()?.widened(settings.width);
        let since = Time::from_secs(unfolded.baseline.since()?);
        (band.basis == stats::Basis::Week).then_some(Known { band, since })
    }

    fn read(&self, left: &str) -> Option<Vec<Columns>> {
        let (app, now) = (self.app, self.now);
        let meter = || {
            let rest = self.until.saturating_sub(app.clock.elapsed());
            (rest > Duration::ZERO).then(|| app.brief_meter(rest))
        };
        let told = |error: &query::QueryError| {
            debug!(expr = left, error = chain(error), "what is usual could not be told in time");
        };
        let count = app.queries.instant(Question::new(left, &meter()?).fresh(), now);
        let count = count.inspect_err(told).ok().and_then(|answer| elements(answer.value))?.len();
        if count > SERIES_MAX {
            return None;
        }
        let step = STEP.as_millis();
        let from = Time((now - PAST).millis().div_euclid(step) * step).max(app.oldest(now));
        // The last step is now, so that values can be told apart.
        let steps = now.since(from).as_millis().div_euclid(step);
        let steps = Steps { from: now - Span::millis(steps * step), to: now, step: STEP };
        let answer = app.queries.range(Question::new(left, &meter()?).fresh(), steps);
        match answer.inspect_err(told).ok()?.value {
            Value::Matrix(series) => Some(series),
            Value::Scalar(_) | Value::Text(..) | Value::Vector(_) => None,
        }
    }
}

/// An expression without the blanks that mean nothing; those in texts are as few as elsewhere.
fn plain(expr: &str) -> String {
    expr.split_whitespace().collect::<Vec<_>>().join(" ")
}
