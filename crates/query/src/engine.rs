//! The engine: takes text, times and a source of series, gives the answer.

use std::sync::Arc;

use model::{Budget, Clock, Columns, HistogramSample, Sample, SeriesSource, Span, Time};

use crate::{
    Answer, InstantSample, QueryError, Steps, Value, ValueKind,
    explain::{Explained, Trace},
    parse::{self, kept::Expressions, node::Node},
    reuse::{Kept, Key, Reach, Reuse, Reused, Round, Stretch},
    run::{
        Run,
        flow::workers::THREADS_MAX,
        rows::{Grid, Row, Table, is_present},
    },
    steps::{check_kind, grid},
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
    /// Bytes of answers that are kept to be used again; none if 0. Only for an engine that asks one source, which
    /// says what changes in it.
    pub reuse_bytes: usize,
    /// Expressions asked at one time that need not be read again when they are asked again, as those of rules are;
    /// none if 0.
    pub expressions_kept: usize,
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
            reuse_bytes: 0,
            expressions_kept: 0,
        }
    }
}

/// Answers PromQL over any source of series. Clones share what they keep.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    options: EngineOptions,
    reuse: Option<Arc<Reuse>>,
    expressions: Option<Arc<Expressions>>,
}

/// What a query is asked of, and what it may cost.
#[derive(Clone, Copy)]
struct Asked<'q> {
    source: &'q dyn SeriesSource,
    text: &'q str,
    budget: &'q dyn Budget,
    trace: Option<&'q Trace<'q>>,
    round: Option<&'q Round>,
}

impl Engine {
    /// An engine with these options.
    pub fn new(options: EngineOptions) -> Self {
        // With delayed removal, names at one step depend on the other steps.
        let reuses = options.reuse_bytes > 0 && !options.delayed_name_removal;
        let reuse = reuses.then(|| Arc::new(Reuse::new(options.reuse_bytes)));
        let count = options.expressions_kept;
        let expressions = (count > 0).then(|| Arc::new(Expressions::new(count)));
        Self { options, reuse, expressions }
    }

    /// The same engine, which neither uses nor keeps what was computed before.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { options: self.options, reuse: None, expressions: self.expressions.clone() }
    }

    /// How often what was kept could be used.
    pub fn reused(&self) -> Reused {
        self.reuse.as_ref().map(|reuse| reuse.told()).unwrap_or_default()
    }

    /// The value of an expression at one time.
    pub fn instant(
        &self,
        source: &dyn SeriesSource,
        text: &str,
        at: Time,
        budget: &dyn Budget,
    ) -> Result<Answer, QueryError> {
        let asked = Asked { source, text, budget, trace: None, round: None };
        self.instant_asked(asked, at)
    }

    /// The same for one of several questions of the same time, which compute once what they have in common. Only an engine that
    /// keeps expressions can tell what that is.
    pub fn instant_in(
        &self,
        (source, budget): (&dyn SeriesSource, &dyn Budget),
        text: &str,
        at: Time,
        round: &Round,
    ) -> Result<Answer, QueryError> {
        let round = Some(round).filter(|round| round.is_at(at));
        self.instant_asked(Asked { source, text, budget, trace: None, round }, at)
    }

    fn instant_asked(&self, asked: Asked<'_>, at: Time) -> Result<Answer, QueryError> {
        let text = asked.text;
        match &self.expressions {
            Some(kept) => kept.with(text, INSTANT, |root| self.instant_or_kept(asked, root, at)),
            None => parse::with_expression_in(text, INSTANT, |root| {
                self.instant_or_kept(asked, &root, at)
            }),
        }
    }

    fn instant_or_kept(
        &self,
        asked: Asked<'_>,
        root: &Node,
        at: Time,
    ) -> Result<Answer, QueryError> {
        let Some((reuse, reach)) = self.reuse.as_ref().zip(Reach::of(root)) else {
            return self.instant_of(asked, root, at);
        };
        let key = (Key::instant(root, at.millis()), reach);
        match reuse.instant(asked.source, key, (asked.text, at.millis())) {
            None => self.instant_of(asked, root, at),
            Some(Ok(answer)) => Ok(answer),
            Some(Err(prior)) => {
                let answer = self.instant_of(asked, root, at)?;
                if answer.warnings.is_empty() {
                    let kept = Arc::new((answer.clone(), asked.text.to_owned()));
                    reuse.keep(prior, |version| Kept::Instant(kept, version));
                }
                Ok(answer)
            }
        }
    }

    fn instant_of(&self, asked: Asked<'_>, root: &Node, at: Time) -> Result<Answer, QueryError> {
        let grid = Grid { from: at.millis(), step: 1, points: 1 };
        let run = self.run(asked, root, (grid, false));
        let value = if root.kind() == ValueKind::Matrix {
            Value::Matrix(run.range_columns(root, grid)?)
        } else {
            match run.eval(root, grid)? {
                Table::Scalar(values) => {
                    let value = values.first().copied().unwrap_or(f64::NAN);
                    Value::Scalar(Sample { time: at, value })
                }
                Table::Text(text) => Value::Text(at, text),
                Table::Rows(rows) => {
                    let mut samples = instant_samples(Run::finish(rows)?, at);
                    if !root.orders() {
                        samples.sort_by(|a, b| a.labels.cmp(&b.labels));
                    }
                    Value::Vector(samples)
                }
            }
        };
        let (warnings, infos) = run.into_notes().into_lists();
        Ok(Answer { value, warnings, infos })
    }

    /// The values of an expression at each step.
    pub fn range(
        &self,
        source: &dyn SeriesSource,
        text: &str,
        steps: Steps,
        budget: &dyn Budget,
    ) -> Result<Answer, QueryError> {
        let asked = Asked { source, text, budget, trace: None, round: None };
        let grid = grid(steps, self.options.points_max)?;
        parse::with_expression_in(text, frame(steps), |mut root| {
            self.range_rooted(asked, &mut root, (steps, grid))
        })
    }

    fn range_rooted(
        &self,
        asked: Asked<'_>,
        root: &mut Node,
        (steps, grid): (Steps, Grid),
    ) -> Result<Answer, QueryError> {
        root.pin(steps.from.millis(), steps.to.millis());
        check_kind(root)?;
        let done = self.range_or_kept(asked, root, grid)?;
        let mut columns: Vec<Columns> = done.rows.iter().map(|row| columns(row, grid)).collect();
        columns.sort_by(|a, b| a.labels.cmp(&b.labels));
        let Done { warnings, infos, .. } = done;
        Ok(Answer { value: Value::Matrix(columns), warnings, infos })
    }

    /// The rows at all steps, of which only those are computed that are not known.
    fn range_or_kept(&self, asked: Asked<'_>, root: &Node, grid: Grid) -> Result<Done, QueryError> {
        let reuse = self.reuse.as_ref().zip(Reach::of(root));
        let prior = reuse.as_ref().and_then(|(reuse, reach)| {
            let key = Key::range(root, grid.from, grid.step);
            let prior = reuse.range(asked.source, (key, *reach), (asked.text, grid))?;
            Some((reuse, prior))
        });
        let Some((reuse, (prior, kept))) = prior else {
            return self.range_of(asked, root, grid);
        };
        let done = match kept {
            Some(kept) if kept.grid == grid => {
                if let Some(trace) = asked.trace {
                    trace.reused(grid.points);
                }
                let infos = kept.infos.0.clone();
                Done { rows: kept.rows, warnings: Vec::new(), infos }
            }
            Some(kept) => self.range_around(asked, root, grid, kept)?,
            None => self.range_of(asked, root, grid)?,
        };
        if done.warnings.is_empty() {
            let infos = Arc::new((done.infos.clone(), asked.text.to_owned()));
            let rows = Arc::clone(&done.rows);
            reuse.keep(prior, |version| Kept::Range(Stretch { grid, version, rows, infos }));
        }
        Ok(done)
    }

    /// Computes the steps before and after those that are known.
    fn range_around(
        &self,
        asked: Asked<'_>,
        root: &Node,
        grid: Grid,
        kept: Stretch,
    ) -> Result<Done, QueryError> {
        if let Some(trace) = asked.trace {
            trace.reused(kept.grid.points);
        }
        let (before, after) = kept.grid.outside(grid);
        let mut parts = Vec::new();
        let (mut warnings, mut infos) = (Vec::new(), kept.infos.0.clone());
        for own in [before, after].into_iter().filter(|own| own.points > 0) {
            let done = self.range_of(asked, root, own)?;
            parts.push((own, done.rows));
            warnings.extend(done.warnings);
            infos.extend(done.infos);
        }
        parts.push((kept.grid, kept.rows));
        for notes in [&mut warnings, &mut infos] {
            notes.sort();
            notes.dedup();
        }
        Ok(Done { rows: Stretch::join(grid, parts).into(), warnings, infos })
    }

    fn range_of(&self, asked: Asked<'_>, root: &Node, grid: Grid) -> Result<Done, QueryError> {
        let run = self.run(asked, root, (grid, true));
        let rows = match run.eval(root, grid)? {
            Table::Rows(rows) => Run::finish(rows)?,
            Table::Scalar(values) => vec![Row::floats(model::Labels::empty(), false, values)],
            Table::Text(_) => Vec::new(),
        };
        let (warnings, infos) = run.into_notes().into_lists();
        Ok(Done { rows: rows.into(), warnings, infos })
    }

    fn run<'q>(&self, asked: Asked<'q>, root: &'q Node, steps: (Grid, bool)) -> Run<'q> {
        let mut run = Run::new(self.options, asked.text, root, steps, (asked.source, asked.budget));
        (run.trace, run.round) = (asked.trace, asked.round);
        run
    }

    /// The value of an expression at one time, and how it came about.
    pub fn explain(
        &self,
        (source, budget): (&dyn SeriesSource, &dyn Budget),
        text: &str,
        at: Time,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError> {
        let trace = Trace::new(clock);
        let asked = Asked { source, text, budget, trace: Some(&trace), round: None };
        let read = |root: Node| {
            trace.parsed();
            let answer = self.instant_or_kept(asked, &root, at)?;
            Ok((answer, trace.plan(text, &root)))
        };
        let (answer, plan) = parse::with_expression_in(text, INSTANT, read)?;
        Ok(trace.explained(answer, plan))
    }

    /// The values of an expression at each step, and how they came about.
    pub fn explain_range(
        &self,
        (source, budget): (&dyn SeriesSource, &dyn Budget),
        text: &str,
        steps: Steps,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError> {
        let trace = Trace::new(clock);
        let asked = Asked { source, text, budget, trace: Some(&trace), round: None };
        let grid = grid(steps, self.options.points_max)?;
        let read = |mut root: Node| {
            trace.parsed();
            let answer = self.range_rooted(asked, &mut root, (steps, grid))?;
            Ok((answer, trace.plan(text, &root)))
        };
        let (answer, plan) = parse::with_expression_in(text, frame(steps), read)?;
        Ok(trace.explained(answer, plan))
    }
}

/// What durations may depend on where one time is asked.
const INSTANT: parse::Frame = parse::Frame { step: 0, range: 0 };

fn frame(steps: Steps) -> parse::Frame {
    let range = steps.to.millis().saturating_sub(steps.from.millis());
    parse::Frame { step: steps.step.as_millis(), range }
}

/// The rows of a range, and what was remarked.
struct Done {
    rows: Arc<[Row]>,
    warnings: Vec<String>,
    infos: Vec<String>,
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

fn columns(row: &Row, grid: Grid) -> Columns {
    let present = row.values.iter().enumerate().filter(|(_, value)| is_present(**value));
    let (times, values) = present.map(|(number, value)| (grid.time(number), *value)).unzip();
    let mut columns = Columns::new(row.labels.clone(), times, values);
    for (number, histogram) in row.histograms.iter().cloned().enumerate() {
        let time = Time(grid.time(number));
        columns.histograms.extend(histogram.map(|histogram| HistogramSample { time, histogram }));
    }
    columns
}
