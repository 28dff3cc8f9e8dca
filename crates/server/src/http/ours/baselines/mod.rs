//! `baselines`: what is normal for a series at each hour of the week.

mod views;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Query, State},
};
use detect::{
    baselines::{PAST, STEP, Unfolded, Zone, aligned, unfold},
    elements,
};
use model::{Budget, Columns, Labels, ResourceId, Span, Time};
use query::{Meter, QueryError, Question, Steps, Value};
use serde::Deserialize;
use stats::Band;

use super::{
    resources::find,
    shape::{finite, map_of},
};
use crate::{
    http::error::ApiError,
    state::{App, history},
};
use views::{
    BandList, BandView, WatchedList, WatchedRow, WatchedView, WeekList, WeekView, edges,
    shift_view, word,
};

/// Series that are answered for at once: more bands no picture can show.
const SERIES_MAX: usize = 50;
/// The longest range: with four weeks before it, two months are read.
const RANGE_MAX: Span = Span::days(31);
const POINTS_MAX: usize = 4_000;
const POINTS: usize = 600;
/// How much is read at once.
const BITE: Span = Span::days(7);
/// Rows of one watch.
const ROWS_MAX: usize = 1_000;

/// Whose band, and from when to when.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BandQuery {
    /// A PromQL expression; each series of its answer has a band.
    query: Option<String>,
    /// Instead of `query` a resource's `id` from the list of resources.
    resource: Option<String>,
    /// Milliseconds since 1970; a day ago if not given.
    from: Option<i64>,
    /// Milliseconds since 1970; now if not given.
    to: Option<i64>,
    /// From one point to the next, in milliseconds; follows from `points` if not given.
    step: Option<i64>,
    /// How many points there are at most; 600 if not given, 4,000 at most. The times are those of a resource's history.
    points: Option<usize>,
    /// The IANA time zone whose hours count; that of the settings if not given.
    zone: Option<String>,
    /// How wide the band is, as a factor; that of the settings if not given.
    width: Option<f64>,
}

/// The normal band of each series of an expression, or of a resource, over a range of time.
#[utoipa::path(get, path = "/api/plimsoll/v1/baselines", tag = "baselines", params(BandQuery),
    responses((status = 200, body = BandList), (status = 400, description = "the expression or a parameter is wrong")))]
pub(super) async fn bands(
    State(app): State<Arc<App>>,
    Query(wanted): Query<BandQuery>,
) -> Result<Json<BandList>, ApiError> {
    let plan = Plan::of(&app, &wanted)?;
    let grid = plan.grid;
    let (zone, width) = (plan.zone_name.clone(), plan.width);
    let found = plan.unfold(&app).await?;
    let view = |(labels, own): &(Labels, Unfolded)| {
        let figure = |pick: fn(&Band) -> f64| {
            own.bands.iter().map(|band| Some(pick(&band.as_ref()?.widened(width)))).collect()
        };
        BandView {
            labels: map_of(labels),
            since: since(own),
            basis: word(own.bands.last().and_then(|band| band.map(|band| band.basis))),
            low: figure(|band| band.low),
            mid: figure(|band| band.mid),
            high: figure(|band| band.high),
            shift: own.shift.map(shift_view),
        }
    };
    Ok(Json(BandList {
        zone,
        width,
        step: grid.step.as_millis(),
        times: (0..grid.len).map(|at| grid.time(at).millis()).collect(),
        series: found.iter().map(view).collect(),
    }))
}

/// The normal band of each series of an expression, or of a resource, at every hour of the week.
#[utoipa::path(get, path = "/api/plimsoll/v1/baselines/week", tag = "baselines", params(BandQuery),
    responses((status = 200, body = WeekList), (status = 400, description = "the expression or a parameter is wrong")))]
pub(super) async fn week(
    State(app): State<Arc<App>>,
    Query(wanted): Query<BandQuery>,
) -> Result<Json<WeekList>, ApiError> {
    let now = wanted.to.map_or_else(|| app.clock.now(), Time);
    let wanted = BandQuery { from: Some(now.millis() - 1000), to: Some(now.millis()), ..wanted };
    let plan = Plan::of(&app, &wanted)?;
    let (zone_name, width, zone) = (plan.zone_name.clone(), plan.width, plan.zone.clone());
    let found = plan.unfold(&app).await?;
    let moment = zone.moment(now);
    let series = found.iter().map(|(labels, own)| WeekView {
        labels: map_of(labels),
        since: since(own),
        basis: word(own.baseline.basis(moment.start)),
        value: own.last.and_then(finite),
        now: own.baseline.band(moment).map(|band| edges(band.widened(width))),
        hours: own
            .baseline
            .week(moment.start)
            .into_iter()
            .map(|band| Some(edges(band?.widened(width))))
            .collect(),
        shift: own.shift.map(shift_view),
    });
    let series = series.collect();
    Ok(Json(WeekList { at: now.millis(), zone: zone_name, hour: moment.hour, series }))
}

/// The series of which the normal band is kept and recorded.
#[utoipa::path(get, path = "/api/plimsoll/v1/baselines/watched", tag = "baselines",
    responses((status = 200, body = WatchedList)))]
pub(super) async fn watched(State(app): State<Arc<App>>) -> Json<WatchedList> {
    let now = app.clock.now();
    let watches = app.board.baselines.read();
    let views = watches.iter().map(|watch| {
        let (known, moved) = watch.counts(now);
        let rows = watch.rows(now, ROWS_MAX).into_iter().map(|row| WatchedRow {
            labels: map_of(&row.labels),
            since: row.since.map(Time::millis),
            seen: row.seen.millis(),
            basis: word(row.band.map(|band| band.basis)),
            now: row.band.map(edges),
            shift: row.shift.map(shift_view),
        });
        WatchedView {
            name: watch.of().name.clone(),
            expr: watch.of().expr.clone(),
            width: watch.of().width,
            series: watch.len(),
            known,
            moved,
            left_out: watch.left_out(),
            learnt: watch.learnt().map(Time::millis),
            rows: rows.collect(),
        }
    });
    Json(WatchedList { at: now.millis(), baselines: views.collect() })
}

/// What is to be read and told.
struct Plan {
    subject: Subject,
    grid: history::Grid,
    zone: Zone,
    zone_name: String,
    width: f64,
}

enum Subject {
    Query(String),
    Resource(ResourceId),
}

impl Plan {
    fn of(app: &App, wanted: &BandQuery) -> Result<Self, ApiError> {
        let now = app.clock.now();
        let to = wanted.to.map_or(now, Time).min(now + Span::days(1));
        let from = wanted.from.map_or(to - Span::days(1), Time);
        if to <= from {
            return Err(ApiError::invalid("`to` must lie after `from`"));
        }
        if to.since(from) > RANGE_MAX {
            let message = format!("a band is told over {RANGE_MAX} at most");
            return Err(ApiError::invalid(message).help("ask for a shorter range"));
        }
        let settings = &app.settings.baselines;
        let zone_name = wanted.zone.clone().unwrap_or_else(|| settings.zone.clone());
        let zone = Zone::named(&zone_name).map_err(|error| ApiError::invalid(error.to_string()))?;
        let width = wanted.width.unwrap_or(settings.width);
        if !(0.01..=100.0).contains(&width) {
            return Err(ApiError::invalid("`width` is a factor from 0.01 to 100"));
        }
        let range = model::TimeRange { from, to };
        let grid = match wanted.step {
            None => {
                let points = wanted.points.unwrap_or(POINTS).clamp(2, POINTS_MAX);
                history::Grid::over(range, points)
            }
            Some(step) if step < 1 || to.since(from).as_millis() / step >= 11_000 => {
                return Err(ApiError::invalid("`step` gives more than 11,000 points, or none"));
            }
            Some(step) => {
                let len = usize::try_from(to.since(from).as_millis() / step).unwrap_or(0) + 1;
                history::Grid { from, step: Span::millis(step), len }
            }
        };
        let subject = match (&wanted.query, &wanted.resource) {
            (Some(query), None) => Subject::Query(query.clone()),
            (None, Some(id)) => Subject::Resource(find(app, id)?.0.reading.id),
            _ => {
                let help = "`query` is a PromQL expression, `resource` the id of one";
                return Err(ApiError::invalid("either `query` or `resource` is needed").help(help));
            }
        };
        Ok(Self { subject, grid, zone, zone_name, width })
    }

    /// The bands of all series, by their labels.
    async fn unfold(self, app: &Arc<App>) -> Result<Vec<(Labels, Unfolded)>, ApiError> {
        let Self { subject, grid, zone, .. } = self;
        let end = grid.time(grid.len.saturating_sub(1));
        let steps = Steps { from: aligned(grid.from - PAST), to: aligned(end), step: STEP };
        if let Subject::Query(text) = &subject {
            let (text, at) = (text.clone(), steps.to);
            let count = app
                .ask(None, move |app, meter| {
                    let answer = app.queries.instant(Question::new(&text, meter), at)?;
                    Ok(elements(answer.value).map(|found| found.len()))
                })
                .await?;
            let Some(count) = count else {
                return Err(ApiError::invalid("the expression has no series of numbers"));
            };
            if count > SERIES_MAX {
                let message = format!(
                    "the expression has {count} series; {SERIES_MAX} at most have a band told"
                );
                let help = "add a matcher, or aggregate: `sum by (…)`";
                return Err(ApiError::invalid(message).help(help));
            }
        }
        let work = move |app: &App, meter: &Meter| {
            let readings = match &subject {
                Subject::Query(text) => read(app, text, steps, meter)?,
                Subject::Resource(id) => {
                    let steps = (steps.from, steps.to, steps.step);
                    let read = history::read_at_steps(app.store.as_ref(), id, steps, meter);
                    read.map_err(QueryError::from)?.into_iter().collect()
                }
            };
            let mut found = Vec::new();
            for columns in readings.iter().take(SERIES_MAX) {
                meter.charge(0).map_err(model::SourceError::from)?;
                let own = unfold(columns, &zone, (grid.from, grid.step, grid.len));
                found.push((columns.labels.clone(), own));
            }
            Ok(found)
        };
        Ok(app.ask(None, work).await?)
    }
}

/// What an expression was at steps, read in bites so that little of it is held at a time.
fn read(app: &App, text: &str, steps: Steps, meter: &Meter) -> Result<Vec<Columns>, QueryError> {
    let mut all: BTreeMap<Labels, Columns> = BTreeMap::new();
    let oldest = aligned(app.oldest(app.clock.now()));
    let mut from = steps.from.max(oldest);
    while from <= steps.to {
        let to = (from + BITE - STEP).min(steps.to);
        let answer = app.queries.range(Question::new(text, meter), Steps { from, to, ..steps })?;
        if let Value::Matrix(series) = answer.value {
            for columns in series {
                match all.get_mut(&columns.labels) {
                    Some(own) => {
                        own.times.extend(columns.times);
                        own.values.extend(columns.values);
                    }
                    None => drop(all.insert(columns.labels.clone(), columns)),
                }
            }
        }
        from = to + STEP;
    }
    Ok(all.into_values().collect())
}

fn since(own: &Unfolded) -> Option<i64> {
    own.baseline.since().map(|since| Time::from_secs(since).millis())
}
