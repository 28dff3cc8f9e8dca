//! `drivers/suggestions`: which figure follows which, found in what is recorded.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use model::{Budget, Driver, Span, TimeRange};
use plan::{Figure, Suggestion};
use query::{QueryError, Question};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MOMENTS, Moments, drivers, past_of, recorded};
use crate::{
    http::error::ApiError,
    state::{App, Standing, history},
};

/// No more readings of resources are looked at, and no more services.
const RESOURCES_MAX: usize = 200;
const SERVICES_MAX: usize = 50;

/// What may follow what.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct DriverSuggestions {
    at: i64,
    /// Milliseconds from one moment that was looked at to the next.
    step_ms: i64,
    /// How many figures were looked at: drivers that are measured, loads of services, readings of resources.
    figures: usize,
    /// The best told first.
    suggestions: Vec<SuggestionView>,
}

/// That a figure may follow another.
#[derive(Debug, Serialize, ToSchema)]
struct SuggestionView {
    /// What follows: a driver, or a resource with its labels.
    figure: String,
    /// What it follows: a driver, or the load of a service, `service shop`.
    follows: String,
    /// How much later it comes.
    lag_ms: i64,
    /// By which curve.
    form: String,
    /// By what part the newest third of the past was missed by a curve learnt from what came before, in the median.
    error: f64,
    /// The same had it stayed as it was.
    error_stays: f64,
    /// How much both go up and down together, from 0 to 1.
    together: f64,
    /// How many moments they have in common.
    moments: usize,
    /// Whether a file of drivers says so already.
    declared: bool,
}

/// Over which past.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Over {
    past: Option<String>,
}

/// What is recorded of one figure.
struct Column {
    name: String,
    values: Vec<f64>,
    leads: bool,
}

/// Which business figure or load each recorded figure may follow: told by how well the newest third of the past is told by a
/// curve that was learnt from the rest, and not by correlation alone.
#[utoipa::path(get, path = "/api/plimsoll/v1/drivers/suggestions", tag = "plan",
    params(("past" = Option<String>, Query, description = "how far back is looked, in some 90 steps; `90d` if not given")),
    responses((status = 200, body = DriverSuggestions), (status = 400, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn list(
    State(app): State<Arc<App>>,
    Query(over): Query<Over>,
) -> Result<Json<DriverSuggestions>, ApiError> {
    let (past, now) = (past_of(over.past.as_deref())?, app.clock.now());
    let drivers = drivers(&app)?;
    let told = app.ask(None, move |app, meter| {
        let points = usize::try_from(MOMENTS).unwrap_or(1);
        let grid = history::Grid::over(TimeRange { from: now - past, to: now }, points);
        // Each moment is the end of a cell of the grid, and stands for all of it.
        let ends = (1..=grid.len).map(|cell| grid.time(cell).millis());
        let times = ends.filter(|end| past > Span::ZERO && *end <= now.millis()).collect();
        let moments = Moments { times, step: grid.step.as_millis().max(1) };
        let columns = columns(app, &drivers, (&moments, &grid), meter)?;
        let figures: Vec<Figure<'_>> = columns
            .iter()
            .map(|own| Figure { name: &own.name, values: &own.values, leads: own.leads })
            .collect();
        let found = plan::suggest(&figures);
        let suggestions = found.into_iter().map(|own| view(own, &drivers, moments.step)).collect();
        let step_ms = moments.step;
        Ok(DriverSuggestions { at: now.millis(), step_ms, figures: figures.len(), suggestions })
    });
    Ok(Json(told.await?))
}

/// Everything that is recorded, at the same moments.
fn columns(
    app: &App,
    drivers: &[Driver],
    (moments, grid): (&Moments, &history::Grid),
    budget: &dyn Budget,
) -> Result<Vec<Column>, QueryError> {
    let Some(steps) = moments.steps() else { return Ok(Vec::new()) };
    let mut found: Vec<Column> = recorded(app, drivers, moments, budget)?
        .into_iter()
        .map(|(name, values)| Column { name, values, leads: true })
        .collect();
    for service in app.settings.services.iter().take(SERVICES_MAX) {
        let (wide, fine) = (moments.step / 1_000, (moments.step / 24_000).max(60));
        let mean = format!("avg_over_time(({})[{wide}s:{fine}s])", service.load);
        let answer = app.queries.range(Question::new(&mean, budget), steps)?;
        let name = format!("service {}", service.name);
        found.extend(moments.column(&answer.value).map(|values| Column {
            name,
            values,
            leads: true,
        }));
    }
    let standings: Vec<Standing> =
        app.board.standings.read().values().take(RESOURCES_MAX).cloned().collect();
    for own in standings {
        let id = &own.reading.id;
        let cells = history::read(app.store.as_ref(), (id, history::RESOURCE_USED), grid, budget)?;
        let means = cells.iter().map(|cell| cell.mean().unwrap_or(f64::NAN));
        let values = means.take(moments.times.len()).collect();
        found.push(Column { name: id.to_string(), values, leads: false });
    }
    Ok(found)
}

fn view(own: Suggestion, drivers: &[Driver], step: i64) -> SuggestionView {
    let known = drivers.iter().find(|driver| driver.name == own.figure);
    let lag = i64::try_from(own.lag).unwrap_or(0);
    SuggestionView {
        declared: known.is_some_and(|driver| driver.follows.as_ref() == Some(&own.follows)),
        figure: own.figure,
        follows: own.follows,
        lag_ms: lag.saturating_mul(step),
        form: own.form.word().to_owned(),
        error: own.error,
        error_stays: own.error_stays,
        together: own.together,
        moments: own.moments,
    }
}
