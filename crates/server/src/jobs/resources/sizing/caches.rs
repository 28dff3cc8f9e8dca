//! How caches fared over the last week, where their resource says how that is seen.

use std::collections::BTreeMap;

use model::{Labels, Span, Time};
use plan::CachePast;
use query::{QueryError, Question, Steps, Value};

use crate::state::{App, Standing};

/// Caches are spoken of by their means over the last week, hour by hour.
const OVER: Span = Span::days(7);
const STEP: Span = Span::hours(1);

/// What an expression gives by labels, as means.
type Means = Vec<(Labels, f64)>;

/// How each of them fared; nothing of what is no cache, or does not say.
pub(super) fn caches(
    app: &App,
    standings: &[Standing],
    now: Time,
) -> Result<Vec<Option<CachePast>>, QueryError> {
    // By resource: hits and evictions.
    let mut known: BTreeMap<&str, (Means, Means)> = BTreeMap::new();
    for own in standings {
        let (name, declared) = (own.resource.name.as_str(), own.resource.cache.as_ref());
        if let Some(cache) = declared.filter(|_| !known.contains_key(name)) {
            let asked = (means(app, &cache.hits, now)?, means(app, &cache.evictions, now)?);
            known.insert(name, asked);
        }
    }
    let past = |own: &Standing| {
        let (hits, evictions) = known.get(own.resource.name.as_str())?;
        let labels = &own.reading.id.labels;
        let hits = of(hits, labels).unwrap_or(f64::NAN);
        Some(CachePast { hits, evictions: of(evictions, labels)? })
    };
    Ok(standings.iter().map(past).collect())
}

fn means(app: &App, expression: &str, now: Time) -> Result<Means, QueryError> {
    let steps = Steps { from: now - OVER, to: now, step: STEP };
    let meter = app.own_meter();
    let answer = app.queries.range(Question::new(expression, &meter), steps)?;
    let Value::Matrix(series) = answer.value else { return Ok(Vec::new()) };
    let mean = |values: &[f64]| {
        let known: Vec<f64> = values.iter().copied().filter(|own| own.is_finite()).collect();
        (!known.is_empty()).then(|| stats::mean(&known))
    };
    let means = series.into_iter();
    Ok(means.filter_map(|own| Some((Labels::clone(&own.labels), mean(&own.values)?))).collect())
}

/// The only one that has all of these labels.
fn of(means: &[(Labels, f64)], labels: &Labels) -> Option<f64> {
    let has = |own: &Labels| labels.iter().all(|(name, value)| own.get(name) == Some(value));
    let mut found = means.iter().filter(|(own, _)| has(own));
    let (_, value) = found.next()?;
    found.next().is_none().then_some(*value)
}
