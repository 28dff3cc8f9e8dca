//! Ranges of values: windows that slide over one series' column, from selectors or subqueries.

use std::sync::Arc;

use model::{Coarse, Columns, Histogram, HistogramSample, Labels, ResetHint, is_stale};

use super::{
    Run,
    flow::{
        held::columns_bytes,
        slider::Slider,
        stream::{Desk, Sink},
    },
    narrow::Narrow,
    reads::{Gaze, subquery_grid},
    rows::{ABSENT, Grid, Row, Table, is_present, nameless},
};
use crate::{
    QueryError,
    parse::node::{Node, Selector, Shape},
};

/// Samples looked at between two looks at the budget.
const SAMPLES_PER_CHARGE: usize = 65_536;

/// One series with its samples, stale markers taken out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Track {
    pub(crate) labels: Labels,
    pub(crate) drop_name: bool,
    /// The times of floats, rising.
    pub(crate) times: Vec<i64>,
    /// The floats.
    pub(crate) values: Vec<f64>,
    /// Native histograms, a column of their own.
    pub(crate) histograms: Vec<HistogramSample>,
    /// How it was down-sampled, if it was.
    pub(crate) coarse: Option<Coarse>,
    /// Whether any series that was read with it may have been.
    pub(crate) any_coarse: bool,
}

/// The series of a range expression, and where the windows over them lie.
pub(crate) struct Ranges<'n> {
    origin: Origin<'n>,
    sink: Option<&'n Sink<'n>>,
    /// How wide the windows are, in milliseconds.
    pub(crate) range: i64,
    pub(crate) gaze: Gaze,
    function: &'static str,
}

enum Origin<'n> {
    /// Series that are read when they are needed.
    Selected(&'n Selector),
    /// Series that a subquery made.
    Made(Vec<Track>),
}

/// The samples of one series in the window of one step; never empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'w> {
    pub(crate) times: &'w [i64],
    pub(crate) values: &'w [f64],
    /// The native histograms in the window.
    pub(crate) histograms: &'w [HistogramSample],
    /// Where in the column of floats the window begins.
    pub(crate) first: usize,
    /// Number of the step.
    pub(crate) number: usize,
    /// The time of the step.
    pub(crate) step: i64,
    /// Milliseconds; the window is open at its start and closed at its end.
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// What a judge says of a window.
#[derive(Clone, Debug)]
pub(crate) enum Judged {
    /// No value.
    Absent,
    /// A number.
    Float(f64),
    /// A native histogram.
    Histogram(Arc<Histogram>),
}

/// Judges the windows of one series after the other, each in the order of the steps. What it holds is used again
/// for the next series, so that a judge need not take memory for each.
pub(crate) trait Judge {
    /// Says which series comes next.
    fn start(&mut self, _track: &Track) {}

    /// The value of a window of a series that has floats only; [`ABSENT`] for none.
    fn judge(&mut self, window: &Window<'_>) -> f64;

    /// The value of a window of a series that has native histograms. Who does not know them passes them over.
    fn judge_mixed(&mut self, window: &Window<'_>) -> Judged {
        if window.values.is_empty() {
            return Judged::Absent;
        }
        let value = self.judge(window);
        if is_present(value) { Judged::Float(value) } else { Judged::Absent }
    }
}

/// A judge that remembers nothing from one window to the next.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: FnMut(&Window<'_>) -> f64> Judge for Each<F> {
    fn judge(&mut self, window: &Window<'_>) -> f64 {
        (self.0)(window)
    }
}

impl<'n> Ranges<'n> {
    /// Whether windows on a grid overlap so much that what was found of one helps with the next.
    pub(crate) fn overlap(&self, grid: Grid, ranged: bool) -> bool {
        let many = ranged || grid.points > 1;
        many && !self.gaze.is_pinned() && grid.step.saturating_mul(2) <= self.range
    }

    /// The same, for a function.
    pub(crate) fn for_function(self, function: &'static str) -> Self {
        Self { function, ..self }
    }

    /// The same, with rows going elsewhere.
    pub(crate) fn into_sink(self, sink: Option<&'n Sink<'n>>) -> Self {
        Self { sink, ..self }
    }
}

impl Run<'_> {
    /// The series of a range expression.
    pub(crate) fn ranges<'n>(&self, node: &'n Node, grid: Grid) -> Result<Ranges<'n>, QueryError> {
        match &node.shape {
            Shape::Window(selector, range) => Ok(Ranges {
                origin: Origin::Selected(selector),
                sink: None,
                function: "",
                range: *range,
                gaze: Gaze::new(selector.shift, self.query),
            }),
            Shape::Subquery(subquery) => {
                let gaze = Gaze::new(subquery.shift, self.query);
                let interval = self.options.interval.as_millis();
                let inner = subquery_grid(subquery, gaze, grid, interval);
                if inner.points > self.options.samples_max {
                    return Err(QueryError::execution(format!(
                        "a subquery would be evaluated at {} points, at most {} are allowed; use a longer step",
                        inner.points, self.options.samples_max
                    )));
                }
                self.budget.charge(inner.points)?;
                let rows = match self.eval(&subquery.inner, inner)? {
                    Table::Rows(rows) => rows,
                    Table::Scalar(_) | Table::Text(_) => Vec::new(),
                };
                let tracks = rows.into_iter().map(|row| own_track(row, inner)).collect();
                let origin = Origin::Made(tracks);
                Ok(Ranges { origin, sink: None, function: "", range: subquery.range, gaze })
            }
            _ => Err(QueryError::execution("a range of values is needed here")),
        }
    }

    /// Slides a window over every series. With `each_step`, the judge also depends on the step itself, and is
    /// asked even where `@` keeps the window in place. `make` makes a judge for each thread that works.
    pub(crate) fn slide<J: Judge>(
        &self,
        ranges: &Ranges<'_>,
        grid: Grid,
        each_step: bool,
        make: impl Fn() -> J + Sync,
    ) -> Result<Vec<Row>, QueryError> {
        let asked = (grid, each_step);
        match &ranges.origin {
            Origin::Selected(selector) => {
                self.rows_of_selector((selector, grid.points), ranges.sink, make, |desk| {
                    desk.track.fill(&mut desk.columns);
                    (desk.track.coarse, desk.track.any_coarse) = (desk.coarse, desk.any_coarse);
                    self.slide_one(ranges, &desk.track, asked, &mut desk.judge)
                })
            }
            Origin::Made(tracks) => {
                let work = |desk: &mut Desk<J>, at: usize| {
                    let track = &tracks[at];
                    let row = self.slide_one(ranges, track, asked, &mut desk.judge)?;
                    Ok((row, track.times.len()))
                };
                self.rows_in_order((tracks.len(), grid.points), ranges.sink, make, work)
            }
        }
    }

    fn each_track(
        &self,
        ranges: &Ranges<'_>,
        mut visit: impl FnMut(&Track) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        match &ranges.origin {
            Origin::Selected(selector) => {
                let found = self.reads.find(selector)?;
                let (mut columns, mut track) = (Columns::default(), Track::default());
                for at in 0..found.len() {
                    found.read(at, &mut columns)?;
                    track.fill(&mut columns);
                    visit(&track)?;
                }
                for warning in found.warnings() {
                    self.note_source(&warning);
                }
                Ok(())
            }
            Origin::Made(tracks) => tracks.iter().try_for_each(visit),
        }
    }

    fn slide_one<J: Judge>(
        &self,
        ranges: &Ranges<'_>,
        track: &Track,
        (grid, each_step): (Grid, bool),
        judge: &mut J,
    ) -> Result<Row, QueryError> {
        judge.start(track);
        let mut row = Row::floats(track.labels.clone(), track.drop_name, Vec::new());
        row.values.reserve_exact(grid.points);
        let mixed = !track.histograms.is_empty();
        let points = if ranges.gaze.is_pinned() && !each_step { 1 } else { grid.points };
        let lookback = self.options.lookback.as_millis();
        let narrow = (track.any_coarse && !mixed)
            .then(|| Narrow::new(ranges.function, ranges.range, lookback));
        let (mut floats, mut histograms) = (Slider::default(), Slider::default());
        let mut looked_at = 0;
        for (number, step) in grid.times().enumerate().take(points) {
            let end = ranges.gaze.moment(step);
            let start = end.saturating_sub(ranges.range);
            floats.slide_over((start, end), &track.times);
            if mixed {
                histograms.slide_by((start, end), track.histograms.len(), |at| {
                    track.histograms[at].time.millis()
                });
            }
            let Slider { first, after } = floats;
            if let Some(value) = narrow.as_ref().and_then(|own| own.of(track, (first, after), end))
            {
                row.values.push(value);
                continue;
            }
            if first == after && histograms.first == histograms.after {
                row.push(Judged::Absent);
                continue;
            }
            let window = Window {
                times: &track.times[first..after],
                values: &track.values[first..after],
                histograms: &track.histograms[histograms.first..histograms.after],
                first,
                number,
                step,
                start,
                end,
            };
            if mixed {
                row.push(judge.judge_mixed(&window));
            } else {
                row.values.push(judge.judge(&window));
            }
            looked_at += after - first;
            if looked_at >= SAMPLES_PER_CHARGE {
                looked_at = 0;
                self.budget.charge(0)?;
            }
        }
        row.repeat_last(grid.points);
        Ok(row)
    }

    /// The samples of a range expression as they are, for one step.
    pub(crate) fn range_columns(
        &self,
        node: &Node,
        grid: Grid,
    ) -> Result<Vec<Columns>, QueryError> {
        let ranges = self.ranges(node, grid)?;
        let end = ranges.gaze.moment(grid.from);
        let start = end.saturating_sub(ranges.range);
        let mut found = Vec::new();
        self.each_track(&ranges, |track| {
            let columns = track.cut(start, end);
            if !columns.is_empty() {
                self.held.hold(columns_bytes(&columns))?;
                found.push(columns);
            }
            Ok(())
        })?;
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(found)
    }
}

impl Row {
    /// Says for the remaining steps what was said of the last.
    fn repeat_last(&mut self, points: usize) {
        let value = self.values.last().copied().unwrap_or(ABSENT);
        self.values.resize(points, value);
        if let Some(last) = self.histograms.last().cloned() {
            self.histograms.resize(points, last);
        }
    }

    /// Puts down what was said of the next step.
    fn push(&mut self, judged: Judged) {
        let value = match judged {
            Judged::Absent => ABSENT,
            Judged::Float(value) => value,
            Judged::Histogram(histogram) => {
                self.histograms.resize(self.values.len(), None);
                self.histograms.push(Some(histogram));
                ABSENT
            }
        };
        self.values.push(value);
        if !self.histograms.is_empty() {
            self.histograms.resize(self.values.len(), None);
        }
    }
}

impl Track {
    /// Takes over a series that was read, and takes out its stale markers.
    fn fill(&mut self, columns: &mut Columns) {
        self.labels = columns.labels.clone();
        std::mem::swap(&mut self.times, &mut columns.times);
        std::mem::swap(&mut self.values, &mut columns.values);
        std::mem::swap(&mut self.histograms, &mut columns.histograms);
        if self.values.iter().any(|value| is_stale(*value)) {
            let mut kept = 0;
            for at in 0..self.values.len() {
                if !is_stale(self.values[at]) {
                    self.values[kept] = self.values[at];
                    self.times[kept] = self.times[at];
                    kept += 1;
                }
            }
            self.values.truncate(kept);
            self.times.truncate(kept);
        }
        self.histograms.retain(|sample| !sample.histogram.is_stale());
    }

    /// The samples after a moment, and not after another.
    fn cut(&self, start: i64, end: i64) -> Columns {
        let labels = if self.drop_name { nameless(&self.labels) } else { self.labels.clone() };
        let place = |moment: i64| self.times.partition_point(|time| *time <= moment);
        let (from, to) = (place(start), place(end));
        let mut columns =
            Columns::new(labels, self.times[from..to].to_vec(), self.values[from..to].to_vec());
        let inside = self
            .histograms
            .iter()
            .filter(|sample| sample.time.millis() > start && sample.time.millis() <= end);
        columns.histograms.extend(inside.cloned());
        columns
    }
}

fn own_track(row: Row, grid: Grid) -> Track {
    let mut track = Track { labels: row.labels, drop_name: row.drop_name, ..Track::default() };
    for (number, value) in row.values.into_iter().enumerate() {
        if is_present(value) {
            track.times.push(grid.time(number));
            track.values.push(value);
        }
    }
    for (number, histogram) in row.histograms.into_iter().enumerate() {
        let time = model::Time(grid.time(number));
        let known = histogram.map(without_hint);
        track.histograms.extend(known.map(|histogram| HistogramSample { time, histogram }));
    }
    track
}

/// Steps leave samples out and show some twice, so that what a histogram says of the one before is not so any more.
fn without_hint(mut histogram: Arc<Histogram>) -> Arc<Histogram> {
    if matches!(histogram.reset, ResetHint::Reset | ResetHint::NotReset) {
        Arc::make_mut(&mut histogram).reset = ResetHint::Unknown;
    }
    histogram
}
