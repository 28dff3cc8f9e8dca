//! Ranges of values: windows that slide over one series' column, from selectors or subqueries.

use std::rc::Rc;

use model::{Columns, Labels, is_stale};

use super::{
    Run,
    reads::{Gaze, subquery_grid},
    rows::{ABSENT, Grid, Row, Table, is_present},
};
use crate::{
    QueryError,
    parse::node::{Node, Selector, Shape},
};

/// Samples looked at between two looks at the budget.
const SAMPLES_PER_CHARGE: usize = 65_536;

/// One series with its samples, stale markers taken out.
pub(crate) struct Track {
    pub(crate) labels: Labels,
    pub(crate) drop_name: bool,
    samples: Samples,
}

enum Samples {
    Shared(Rc<[Columns]>, usize),
    Own(Vec<i64>, Vec<f64>),
}

impl Track {
    /// The times, rising.
    pub(crate) fn times(&self) -> &[i64] {
        match &self.samples {
            Samples::Shared(columns, at) => &columns[*at].times,
            Samples::Own(times, _) => times,
        }
    }

    /// The values.
    pub(crate) fn values(&self) -> &[f64] {
        match &self.samples {
            Samples::Shared(columns, at) => &columns[*at].values,
            Samples::Own(_, values) => values,
        }
    }
}

/// The series of a range expression, and where the windows over them lie.
pub(crate) struct Tracks {
    pub(crate) all: Vec<Track>,
    pub(crate) range: i64,
    pub(crate) gaze: Gaze,
}

/// The samples of one series in the window of one step; never empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'w> {
    pub(crate) times: &'w [i64],
    pub(crate) values: &'w [f64],
    /// Where in the column the window begins.
    pub(crate) first: usize,
    /// Number of the step.
    pub(crate) number: usize,
    /// The time of the step.
    pub(crate) step: i64,
    /// Milliseconds; the window is open at its start and closed at its end.
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Judges the windows of one series, in the order of the steps; [`ABSENT`] for no value.
pub(crate) type Judge<'t> = Box<dyn FnMut(&Window<'_>) -> f64 + 't>;

impl Run<'_> {
    /// The series of a range expression.
    pub(crate) fn tracks(&self, node: &Node, grid: Grid) -> Result<Tracks, QueryError> {
        match &node.shape {
            Shape::Window(selector, range) => self.selected_tracks(selector, *range),
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
                Ok(Tracks { all: tracks, range: subquery.range, gaze })
            }
            _ => Err(QueryError::execution("a range of values is needed here")),
        }
    }

    fn selected_tracks(&self, selector: &Selector, range: i64) -> Result<Tracks, QueryError> {
        let found = self.reads.get(selector)?;
        let mut tracks = Vec::with_capacity(found.len());
        for (at, columns) in found.iter().enumerate() {
            let samples = if columns.values.iter().any(|value| is_stale(*value)) {
                let live = || columns.values.iter().map(|value| !is_stale(*value));
                let times = columns.times.iter().zip(live()).filter(|(_, live)| *live);
                let values = columns.values.iter().filter(|value| !is_stale(**value));
                Samples::Own(times.map(|(time, _)| *time).collect(), values.copied().collect())
            } else {
                Samples::Shared(Rc::clone(&found), at)
            };
            tracks.push(Track { labels: columns.labels.clone(), drop_name: false, samples });
        }
        Ok(Tracks { all: tracks, range, gaze: Gaze::new(selector.shift, self.query) })
    }

    /// Slides a window over every series. With `each_step`, the judge also depends on the step itself, and is
    /// asked even where `@` keeps the window in place.
    pub(crate) fn slide<'t>(
        &self,
        tracks: &'t Tracks,
        grid: Grid,
        each_step: bool,
        prepare: impl Fn(&'t Track) -> Judge<'t>,
    ) -> Result<Vec<Row>, QueryError> {
        let mut rows = Vec::with_capacity(tracks.all.len());
        for track in &tracks.all {
            let judge = prepare(track);
            let values = self.slide_one(tracks, track, (grid, each_step), judge)?;
            let row = Row { labels: track.labels.clone(), drop_name: track.drop_name, values };
            if row.has_values() {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    fn slide_one(
        &self,
        tracks: &Tracks,
        track: &Track,
        (grid, each_step): (Grid, bool),
        mut judge: Judge<'_>,
    ) -> Result<Vec<f64>, QueryError> {
        let (times, values) = (track.times(), track.values());
        self.budget.charge(grid.points)?;
        let mut judged = Vec::with_capacity(grid.points);
        let (mut first, mut after) = (0, 0);
        let mut looked_at = 0;
        for (number, step) in grid.times().enumerate() {
            if number > 0 && tracks.gaze.is_pinned() && !each_step {
                judged.push(judged[0]);
                continue;
            }
            let end = tracks.gaze.moment(step);
            let start = end.saturating_sub(tracks.range);
            while times.get(after).is_some_and(|time| *time <= end) {
                after += 1;
            }
            while first < after && times[first] <= start {
                first += 1;
            }
            if first == after {
                judged.push(ABSENT);
                continue;
            }
            let (times, values) = (&times[first..after], &values[first..after]);
            judged.push(judge(&Window { times, values, first, number, step, start, end }));
            looked_at += after - first;
            if looked_at >= SAMPLES_PER_CHARGE {
                looked_at = 0;
                self.budget.charge(0)?;
            }
        }
        Ok(judged)
    }

    /// The samples of a range expression as they are, for one step.
    pub(crate) fn range_columns(
        &self,
        node: &Node,
        grid: Grid,
    ) -> Result<Vec<Columns>, QueryError> {
        let tracks = self.tracks(node, grid)?;
        let end = tracks.gaze.moment(grid.from);
        let start = end.saturating_sub(tracks.range);
        let mut found = Vec::new();
        for track in &tracks.all {
            let times = track.times();
            let from = times.partition_point(|time| *time <= start);
            let to = times.partition_point(|time| *time <= end);
            if from < to {
                let labels = if track.drop_name {
                    super::rows::nameless(&track.labels)
                } else {
                    track.labels.clone()
                };
                let values = track.values()[from..to].to_vec();
                found.push(Columns::new(labels, times[from..to].to_vec(), values));
            }
        }
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(found)
    }
}

fn own_track(row: Row, grid: Grid) -> Track {
    let mut times = Vec::with_capacity(row.values.len());
    let mut values = Vec::with_capacity(row.values.len());
    for (number, value) in row.values.into_iter().enumerate() {
        if is_present(value) {
            times.push(grid.time(number));
            values.push(value);
        }
    }
    Track { labels: row.labels, drop_name: row.drop_name, samples: Samples::Own(times, values) }
}
