//! The engine: takes text, times and a source of series, gives the answer.

use model::{Budget, Columns, HistogramSample, Sample, SeriesSource, Span, Time};

use crate::{
    Answer, InstantSample, QueryError, Steps, Value, ValueKind,
    parse::{self, node::Node},
    run::{
        Run,
        flow::workers::THREADS_MAX,
        rows::{Grid, Row, Table, is_present},
    },
};

/// How the engine answers.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// How old a sample may be to count as the current value.
    pub lookback: Span,
    /// How many points of time a range query may ask for; 11,000 as Prometheus has it.
    pub points_max: usize,
    /// How many points of time a subquery may ask for; what a query reads in all is the budget's.
    pub samples_max: usize,
    /// The step of subqueries that do not name one.
    pub interval: Span,
    /// Whether metric names are removed only at the end of a query, as Prometheus does behind a feature flag.
    pub delayed_name_removal: bool,
    /// Threads that one query may work with; the answer does not depend on it.
    pub threads: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            lookback: Span::minutes(5),
            points_max: 11_000,
            samples_max: 50_000_000,
            interval: Span::minutes(1),
            delayed_name_removal: false,
            threads: std::thread::available_parallelism()
                .map_or(1, |cores| cores.get().min(THREADS_MAX)),
        }
    }
}

/// Answers PromQL over any source of series. Holds no state; cheap to make.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine {
    options: EngineOptions,
}

impl Engine {
    /// An engine with these options.
    pub fn new(options: EngineOptions) -> Self {
        Self { options }
    }

    /// The value of an expression at one time.
    pub fn instant(
        &self,
        source: &dyn SeriesSource,
        text: &str,
        at: Time,
        budget: &dyn Budget,
    ) -> Result<Answer, QueryError> {
        parse::with_expression(text, |root| self.instant_of(source, (text, &root), at, budget))
    }

    fn instant_of(
        &self,
        source: &dyn SeriesSource,
        (text, root): (&str, &Node),
        at: Time,
        budget: &dyn Budget,
    ) -> Result<Answer, QueryError> {
        let grid = Grid { from: at.millis(), step: 1, points: 1 };
        let run = Run::new(self.options, text, root, (grid, false), (source, budget));
        let value = if root.kind() == ValueKind::Matrix {
            Value::Matrix(run.range_columns(root, grid)?)
        } else {
            match run.eval(root, grid)? {
                Table::Scalar(values) => {
                    let value = values.first().copied().unwrap_or(f64::NAN);
                    Value::Scalar(Sample { time: at, value })
                }
                Table::Text(text) => Value::Text(at, text),
                Table::Rows(rows) => Value::Vector(instant_samples(Run::finish(rows)?, at)),
            }
        };
        Ok(answer(value, run))
    }

    /// The values of an expression at each step.
    pub fn range(
        &self,
        source: &dyn SeriesSource,
        text: &str,
        steps: Steps,
        budget: &dyn Budget,
    ) -> Result<Answer, QueryError> {
        let grid = self.grid(steps)?;
        parse::with_expression(text, |mut root| {
            root.pin(steps.from.millis(), steps.to.millis());
            self.range_of(source, (text, &root), grid, budget)
        })
    }

    fn range_of(
        &self,
        source: &dyn SeriesSource,
        (text, root): (&str, &Node),
        grid: Grid,
        budget: &dyn Budget,
    ) -> Result<Answer, QueryError> {
        check_kind(root)?;
        let run = Run::new(self.options, text, root, (grid, true), (source, budget));
        let rows = match run.eval(root, grid)? {
            Table::Rows(rows) => Run::finish(rows)?,
            Table::Scalar(values) => {
                vec![Row::floats(model::Labels::empty(), false, values)]
            }
            Table::Text(_) => Vec::new(),
        };
        let mut columns: Vec<Columns> = rows.into_iter().map(|row| columns(row, grid)).collect();
        columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(answer(Value::Matrix(columns), run))
    }

    fn grid(&self, steps: Steps) -> Result<Grid, QueryError> {
        let step = steps.step.as_millis();
        if step <= 0 {
            return Err(QueryError::Steps {
                what: "zero or negative query resolution step widths are not accepted; try a positive step"
                    .to_owned(),
            });
        }
        let span = steps.to.millis().checked_sub(steps.from.millis());
        if span.is_some_and(|span| span < 0) || steps.to < steps.from {
            return Err(QueryError::Steps {
                what: "end timestamp must not be before start time".to_owned(),
            });
        }
        // A span that overflows has more points than any limit.
        let points = span.map_or(i64::MAX, |span| (span / step).saturating_add(1));
        let points_max = self.options.points_max;
        match usize::try_from(points) {
            Ok(points) if points <= points_max => {
                Ok(Grid { from: steps.from.millis(), step, points })
            }
            _ => {
                let most = i64::try_from(points_max.saturating_sub(1)).unwrap_or(i64::MAX).max(1);
                let fitting = span.unwrap_or(i64::MAX).div_euclid(most).saturating_add(1);
                let fitting = Span::secs(fitting.saturating_add(999).div_euclid(1000));
                Err(QueryError::Steps {
                    what: format!(
                        "exceeded maximum resolution of {points_max} points per timeseries: {points} are asked for; try a step of at least {fitting}, or a shorter range"
                    ),
                })
            }
        }
    }
}

fn check_kind(root: &Node) -> Result<(), QueryError> {
    match root.kind() {
        ValueKind::Scalar | ValueKind::Vector => Ok(()),
        kind => Err(QueryError::Steps {
            what: format!(
                "invalid expression type {:?} for range query, must be scalar or instant vector",
                kind.word()
            ),
        }),
    }
}

fn answer(value: Value, run: Run<'_>) -> Answer {
    let (warnings, infos) = run.into_notes().into_lists();
    Answer { value, warnings, infos }
}

fn instant_samples(rows: Vec<Row>, time: Time) -> Vec<InstantSample> {
    rows.into_iter()
        .filter_map(|row| {
            let histogram = row.histogram(0).cloned();
            if histogram.is_some() {
                return Some(InstantSample { labels: row.labels, time, value: 0.0, histogram });
            }
            let value = row.values.first().copied().filter(|value| is_present(*value))?;
            Some(InstantSample::float(row.labels, time, value))
        })
        .collect()
}

fn columns(row: Row, grid: Grid) -> Columns {
    let present = row.values.iter().enumerate().filter(|(_, value)| is_present(**value));
    let (times, values) = present.map(|(number, value)| (grid.time(number), *value)).unzip();
    let mut columns = Columns::new(row.labels, times, values);
    for (number, histogram) in row.histograms.into_iter().enumerate() {
        let time = Time(grid.time(number));
        columns.histograms.extend(histogram.map(|histogram| HistogramSample { time, histogram }));
    }
    columns
}
