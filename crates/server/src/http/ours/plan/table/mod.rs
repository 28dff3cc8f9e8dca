//! `drivers`: what so many tenants need, what follows what, and business figures that are sent here.

pub(in crate::http::ours) mod suggest;

use std::{fs, sync::Arc};

use axum::{
    Json,
    extract::{Query, State, rejection::JsonRejection},
    http::StatusCode,
};
use model::{
    Budget, Columns, Driver, Labels, METRIC_NAME, Sample, SampleSink as _, Series, Span, Time,
};
use plan::{Column, Recorded, Source, read_drivers, reference, table};
use query::{QueryError, Question, Steps, Value};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    http::{chain, error::ApiError},
    state::App,
};

/// The metric of business figures that are sent here; its label `driver` has their name.
const FIGURE: &str = "plimsoll_driver";
/// Numbers that are spoken of unless others are asked for.
const VALUES: [f64; 5] = [100.0, 500.0, 1_000.0, 2_500.0, 5_000.0];
const VALUES_MAX: usize = 100;
/// More of anything nobody plans for.
const VALUE_MAX: f64 = 1e9;
/// How far back is looked, and at how many moments.
pub(super) const PAST: Span = Span::days(90);
const PAST_MAX: Span = Span::days(1_100);
const MOMENTS: i64 = 90;
/// Figures that may be sent at once.
const FIGURES_MAX: usize = 1_000;
/// How far ahead of now a figure may be.
const AHEAD_MAX: Span = Span::minutes(5);
/// A longer file of drivers is none.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What so many tenants need.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct DriverTable {
    at: i64,
    /// The driver of which the values are.
    by: String,
    values: Vec<f64>,
    /// The drivers, each after the one it follows.
    drivers: Vec<DriverColumn>,
}

/// One driver.
#[derive(Debug, Serialize, ToSchema)]
struct DriverColumn {
    name: String,
    title: String,
    unit: String,
    /// The driver it follows.
    follows: Option<String>,
    /// How.
    relation: String,
    /// Where the knowledge of it comes from, in words.
    source: String,
    /// By which form it follows, where it was measured.
    form: Option<String>,
    /// Why what was measured was of no use.
    why_not: Option<String>,
    /// What to know of values beyond twice what is known, in a sentence; nothing where there are none.
    beyond: Option<String>,
    /// One for each value; nothing where nothing is known.
    cells: Vec<Option<DriverCell>>,
}

/// A value with what nine of ten such systems have.
#[derive(Debug, Serialize, ToSchema)]
struct DriverCell {
    low: f64,
    mid: f64,
    high: f64,
    /// Whether it lies beyond twice what is known.
    guess: bool,
}

/// Which table.
#[derive(Debug, Deserialize)]
pub(in crate::http::ours) struct Which {
    values: Option<String>,
    by: Option<String>,
    past: Option<String>,
}

/// What so many tenants need: users, connections, cores, memory, storage. What was measured counts for more than the
/// reference.
#[utoipa::path(get, path = "/api/plimsoll/v1/drivers/table", tag = "plan",
    params(
        ("values" = Option<String>, Query, description = "numbers with commas between them; 100,500,1000,2500,5000 if not given"),
        ("by" = Option<String>, Query, description = "the driver of which they are; `tenants` if not given"),
        ("past" = Option<String>, Query, description = "over how long what was measured is asked for; `90d` if not given, `0` for the reference alone")),
    responses((status = 200, body = DriverTable), (status = 400, body = crate::http::error::ErrorBody),
        (status = 404, description = "no such driver")))]
pub(in crate::http::ours) async fn show(
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<DriverTable>, ApiError> {
    let values = values(which.values.as_deref())?;
    let by = which.by.unwrap_or_else(|| "tenants".to_owned());
    let past = past_of(which.past.as_deref())?;
    let drivers = drivers(&app)?;
    if !drivers.iter().any(|own| own.name == by) {
        let names: Vec<&str> = drivers.iter().map(|own| own.name.as_str()).collect();
        return Err(ApiError::missing(format!("there is no driver {by:?}"))
            .help(format!("drivers are {}", names.join(", "))));
    }
    let now = app.clock.now();
    let told = app.ask(None, move |app, meter| {
        let recorded = recorded(app, &drivers, &Moments::of(past, now), meter)?;
        let columns = table(&drivers, &recorded, &by, &values);
        let drivers = columns.iter().map(column).collect();
        Ok(DriverTable { at: now.millis(), by, values, drivers })
    });
    Ok(Json(told.await?))
}

pub(super) fn past_of(text: Option<&str>) -> Result<Span, ApiError> {
    let Some(text) = text else { return Ok(PAST) };
    settings::parse_duration(text).filter(|past| *past <= PAST_MAX).ok_or_else(|| {
        ApiError::invalid(format!("`{text}` is no duration, or more than three years"))
    })
}

/// Moments of the past, evenly spaced; none where no past is asked for.
struct Moments {
    times: Vec<i64>,
    /// Milliseconds from one to the next.
    step: i64,
}

impl Moments {
    fn of(past: Span, now: Time) -> Self {
        let step = (past.as_millis() / MOMENTS).max(60_000);
        let last = now.millis().div_euclid(step) * step;
        let count = if past > Span::ZERO { MOMENTS } else { -1 };
        Self { times: (0..=count).map(|at| last - (count - at) * step).collect(), step }
    }

    fn steps(&self) -> Option<Steps> {
        let (from, to) = (Time(*self.times.first()?), Time(*self.times.last()?));
        Some(Steps { from, to, step: Span(self.step) })
    }

    /// The values of the one series of an answer at each moment; nothing where there is none, or several.
    fn column(&self, answer: &Value) -> Option<Vec<f64>> {
        let Value::Matrix(series) = answer else { return None };
        let [Columns { times, values, .. }] = &series[..] else { return None };
        let mut column = vec![f64::NAN; self.times.len()];
        for (time, value) in times.iter().zip(values) {
            let at = usize::try_from((time - self.times[0]) / self.step).ok();
            if let Some(slot) = at.and_then(|at| column.get_mut(at)) {
                *slot = *value;
            }
        }
        Some(column)
    }
}

fn values(text: Option<&str>) -> Result<Vec<f64>, ApiError> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(VALUES.to_vec());
    };
    let read = |text: &str| {
        let found = text.trim().parse::<f64>().ok();
        found.filter(|own| *own > 0.0 && *own <= VALUE_MAX)
    };
    let found: Option<Vec<f64>> = text.split(',').map(read).collect();
    found.filter(|found| found.len() <= VALUES_MAX).ok_or_else(|| {
        ApiError::invalid(format!(
            "`values` are {VALUES_MAX} numbers at most, above nought and not above a billion"
        ))
    })
}

/// The drivers of the settings' file, or the reference.
pub(super) fn drivers(app: &App) -> Result<Vec<Driver>, ApiError> {
    let Some(path) = &app.settings.planning.drivers else { return Ok(reference()) };
    let name = path.display().to_string();
    let size = fs::metadata(path).map(|own| own.len());
    let text = match size {
        Ok(size) if size > FILE_BYTES_MAX => {
            return Err(ApiError::invalid(format!("{name} is longer than a file of drivers")));
        }
        _ => fs::read_to_string(path)
            .map_err(|error| ApiError::invalid(format!("cannot read {name}: {error}")))?,
    };
    read_drivers(&name, &text).map_err(|wrong| ApiError::invalid(wrong.render(false)))
}

/// What was measured of drivers: by their expressions, or as figures that were sent here.
fn recorded(
    app: &App,
    drivers: &[Driver],
    moments: &Moments,
    budget: &dyn Budget,
) -> Result<Recorded, QueryError> {
    let mut found = Recorded::new();
    let Some(steps) = moments.steps() else { return Ok(found) };
    for driver in drivers {
        // A figure is told by the month or the week: the last one of each step counts. What is measured goes before what
        // was sent.
        let sent = format!(
            "last_over_time({FIGURE}{{driver=\"{}\"}}[{}s])",
            driver.name,
            moments.step / 1_000
        );
        for expression in driver.measured.iter().chain([&sent]) {
            let answer = app.queries.range(Question::new(expression, budget), steps)?;
            let empty = matches!(&answer.value, Value::Matrix(series) if series.is_empty());
            found.extend(moments.column(&answer.value).map(|column| (driver.name.clone(), column)));
            if !empty {
                break;
            }
        }
    }
    Ok(found)
}

fn column(own: &Column) -> DriverColumn {
    let cells = own.cells.iter().zip(&own.guesses).map(|(cell, guess)| {
        let range = cell.filter(|range| range.high.is_finite())?;
        Some(DriverCell { low: range.low, mid: range.mid, high: range.high, guess: *guess })
    });
    DriverColumn {
        name: own.driver.name.clone(),
        title: own.driver.title.clone(),
        unit: own.driver.unit.word().to_owned(),
        follows: own.driver.follows.clone(),
        relation: own.driver.relation.word().to_owned(),
        source: own.source.word().to_owned(),
        form: own.form.filter(|_| own.source == Source::Measured).map(str::to_owned),
        why_not: own.why_not.clone(),
        beyond: own.beyond.clone(),
        cells: cells.collect(),
    }
}

/// Business figures.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http::ours) struct Figures {
    figures: Vec<Figure>,
}

/// A business figure at a moment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Figure {
    /// The driver's name: `tenants`.
    driver: String,
    value: f64,
    /// When, in milliseconds since 1970; now if not given.
    at: Option<i64>,
}

/// What became of figures.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http::ours) struct FiguresKept {
    /// How many were kept; those older than what is kept are not.
    kept: usize,
}

/// Takes in business figures: tenants, e-mails a day, users. They are kept as `plimsoll_driver{driver="…"}`, and a
/// driver whose own expression gives nothing is measured by them.
#[utoipa::path(post, path = "/api/plimsoll/v1/drivers", tag = "plan", request_body = Figures,
    responses((status = 201, body = FiguresKept), (status = 400, body = crate::http::error::ErrorBody)))]
pub(in crate::http::ours) async fn add(
    State(app): State<Arc<App>>,
    figures: Result<Json<Figures>, JsonRejection>,
) -> Result<(StatusCode, Json<FiguresKept>), ApiError> {
    let Json(Figures { figures }) =
        figures.map_err(|error| ApiError::invalid(error.body_text()))?;
    if figures.is_empty() || figures.len() > FIGURES_MAX {
        return Err(ApiError::invalid(format!("between one and {FIGURES_MAX} figures are taken")));
    }
    let (now, drivers) = (app.clock.now(), drivers(&app)?);
    let mut series = Vec::new();
    for own in &figures {
        if !drivers.iter().any(|driver| driver.name == own.driver) {
            let names: Vec<&str> = drivers.iter().map(|own| own.name.as_str()).collect();
            return Err(ApiError::invalid(format!("there is no driver {:?}", own.driver))
                .help(format!("drivers are {}", names.join(", "))));
        }
        if !own.value.is_finite() || own.value < 0.0 {
            return Err(ApiError::invalid(format!("{} of {} is no figure", own.value, own.driver)));
        }
        let time = own.at.map_or(now, Time);
        if time.millis() < 0 || time.since(now) > AHEAD_MAX {
            return Err(ApiError::invalid("a figure is of now or of the past")
                .help("`at` is in milliseconds since 1970"));
        }
        let labels = Labels::empty().with(METRIC_NAME, FIGURE).with("driver", &own.driver);
        series.push(Series::new(labels, vec![Sample { time, value: own.value }]));
    }
    let written = app.ask(None, move |app, _| Ok(app.sink.write(&series))).await?;
    let receipt = written.map_err(|error| ApiError::new(model::Kind::Internal, chain(&error)))?;
    if let Some(left) = receipt.left_out {
        return Err(ApiError::new(model::Kind::Busy, left.what));
    }
    Ok((StatusCode::CREATED, Json(FiguresKept { kept: receipt.accepted })))
}
