//! What is recorded of a service: its load and the use of its limits at the same moments.

use std::{collections::BTreeMap, sync::Arc};

use model::{Budget, Change, ChangeKind, ChangeStatus, Columns, Service, Span, Time, is_stale};
use plan::{Deployment, LimitPast, TestedPoints};
use query::{QueryError, Question, Steps, Value};

use crate::{
    http::{chain, error::ApiError},
    state::{App, Wanted, read_changes},
};

/// What may change how much a request costs.
const KINDS: [ChangeKind; 5] = [
    ChangeKind::Deployment,
    ChangeKind::Configuration,
    ChangeKind::Flag,
    ChangeKind::Scaling,
    ChangeKind::Failover,
];
/// No more changes are read, the newest first.
const CHANGES_MAX: usize = 500;
/// How far back a release may have come out that still runs.
const OUT_MAX: Span = Span::days(400);

/// How far back is looked: ten weeks hold enough of them for their pattern.
pub(super) const PAST_MAX: Span = Span::days(70);
/// At most so many moments, and none closer than the finest step.
const MOMENTS_MAX: i64 = 2_016;
const STEP_MIN: Span = Span::minutes(5);

/// What is recorded.
pub(super) struct Recorded {
    pub(super) times: Vec<i64>,
    pub(super) load: Vec<f64>,
    pub(super) replicas: Option<f64>,
    pub(super) zones: Option<f64>,
    /// Use, limit and copies, in the order of the service's limits.
    used: Vec<(Vec<f64>, f64, Option<f64>)>,
}

/// Moments of the past, evenly spaced.
pub(super) struct Moments {
    pub(super) times: Vec<i64>,
    pub(super) steps: Steps,
}

impl Moments {
    /// As many as are wanted, the last of them at now or a little before.
    pub(super) fn between(from: Time, now: Time) -> Self {
        let width = now.since(from).as_millis().max(STEP_MIN.as_millis());
        let fine = STEP_MIN.as_millis();
        let step = width.div_euclid(MOMENTS_MAX).div_euclid(fine) * fine;
        let step = if step * MOMENTS_MAX < width { step + fine } else { step };
        let last = now.millis().div_euclid(step) * step;
        let count = (width / step).max(1);
        let times: Vec<i64> = (0..=count).map(|at| last - (count - at) * step).collect();
        let steps = Steps { from: Time(times[0]), to: Time(last), step: Span(step) };
        Self { times, steps }
    }
}

impl Recorded {
    /// Asks for the past of a service.
    pub(super) fn read(
        app: &App,
        service: &Service,
        now: Time,
        budget: &dyn Budget,
    ) -> Result<Self, QueryError> {
        let moments = Moments::between(app.oldest(now).max(now - PAST_MAX), now);
        let asked = |expression: &str| -> Result<Vec<f64>, QueryError> {
            let answer = app.queries.range(Question::new(expression, budget), moments.steps)?;
            Ok(on_grid(&answer.value, &moments.times, moments.steps.step.as_millis()))
        };
        let load = asked(&service.load)?;
        let mut used = Vec::new();
        for limit in &service.limits {
            let values = asked(&limit.used)?;
            let much = app.queries.instant(Question::new(&limit.limit, budget), now)?;
            let copies = maybe(app, limit.copies.as_deref(), now, budget)?;
            used.push((values, one(&much.value).unwrap_or(f64::NAN), copies));
        }
        let replicas = maybe(app, service.replicas.as_deref(), now, budget)?;
        let zones = maybe(app, service.zones.as_deref(), now, budget)?;
        Ok(Self { times: moments.times, load, replicas, zones, used })
    }

    /// The limits with what load tests showed of them, by name.
    pub(super) fn limits<'a>(
        &'a self,
        service: &'a Service,
        tested: &'a BTreeMap<String, Vec<TestedPoints>>,
    ) -> Vec<LimitPast<'a>> {
        let limits = service.limits.iter().zip(&self.used);
        limits
            .map(|(declared, (used, limit, copies))| LimitPast {
                declared,
                used,
                limit: *limit,
                copies: *copies,
                tested: tested.get(&declared.name).map_or(&[], Vec::as_slice),
            })
            .collect()
    }
}

/// The values of one series over some time; none where it gives several or none.
pub(super) fn over(
    app: &App,
    expression: &str,
    steps: Steps,
    budget: &dyn Budget,
) -> Result<Vec<f64>, QueryError> {
    let answer = app.queries.range(Question::new(expression, budget), steps)?;
    let Value::Matrix(series) = &answer.value else { return Ok(Vec::new()) };
    let [Columns { values, .. }] = &series[..] else { return Ok(Vec::new()) };
    Ok(values.iter().copied().filter(|value| value.is_finite()).collect())
}

/// The newest value of an expression that may not be written.
pub(super) fn maybe(
    app: &App,
    expression: Option<&str>,
    now: Time,
    budget: &dyn Budget,
) -> Result<Option<f64>, QueryError> {
    let Some(expression) = expression else { return Ok(None) };
    Ok(one(&app.queries.instant(Question::new(expression, budget), now)?.value))
}

/// The newest value, of one series or a number.
fn one(value: &Value) -> Option<f64> {
    match value {
        Value::Scalar(sample) => Some(sample.value),
        Value::Vector(samples) => {
            samples.first().filter(|_| samples.len() == 1).map(|own| own.value)
        }
        _ => None,
    }
    .filter(|value| value.is_finite())
}

/// The values of one series at each moment; not a number where there is none. Of several series nobody knows which is
/// meant, so there is none at all.
pub(super) fn on_grid(value: &Value, times: &[i64], step: i64) -> Vec<f64> {
    let mut found = vec![f64::NAN; times.len()];
    let Value::Matrix(series) = value else { return found };
    let [Columns { times: own, values, .. }] = &series[..] else { return found };
    for (time, value) in own.iter().zip(values) {
        let at = times.first().and_then(|first| usize::try_from((time - first) / step).ok());
        if let Some(slot) = at.and_then(|at| found.get_mut(at)).filter(|_| !is_stale(*value)) {
            *slot = *value;
        }
    }
    found
}

/// What was brought to a service in that time, in order: noticed here, or told by others. What failed, or has only
/// begun, has not changed what load costs.
pub(super) async fn deployments(
    app: &Arc<App>,
    service: &Service,
    now: Time,
) -> Result<Vec<Deployment>, ApiError> {
    let wanted = Wanted {
        kinds: KINDS.to_vec(),
        service: Some(service.name.clone()),
        since: Some(now - OUT_MAX),
        until: Some(now),
        limit: CHANGES_MAX,
    };
    let changes = read_changes(&app.journal, &wanted).await;
    let changes = changes.map_err(|error| ApiError::new(error.kind(), chain(&error)))?;
    let took_hold = |change: &Change| {
        !matches!(change.details.status, Some(ChangeStatus::Started | ChangeStatus::Failed))
    };
    let mut found: Vec<Deployment> = changes
        .into_iter()
        .filter(took_hold)
        .map(|change| Deployment { at: change.at, name: change.text })
        .collect();
    found.sort_by_key(|own| own.at);
    Ok(found)
}
