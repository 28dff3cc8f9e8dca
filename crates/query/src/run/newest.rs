//! Instant selectors: the newest sample of each series at each step, not older than the look-back.

use std::sync::Arc;

use model::{Coarse, Columns, HistogramSample, is_stale};

use super::{
    Run, Take,
    flow::stream::Sink,
    reads::Gaze,
    rows::{ABSENT, Grid, Row},
};
use crate::{QueryError, parse::node::Selector};

impl Run<'_> {
    /// The newest sample of each series at each step.
    pub(crate) fn newest(
        &self,
        selector: &Selector,
        grid: Grid,
        take: Take,
    ) -> Result<Vec<Row>, QueryError> {
        self.newest_into(selector, grid, take, None)
    }

    /// The same, folded as it comes if there is a sink.
    pub(crate) fn newest_into(
        &self,
        selector: &Selector,
        grid: Grid,
        take: Take,
        sink: Option<&Sink<'_>>,
    ) -> Result<Vec<Row>, QueryError> {
        let look = Look {
            gaze: Gaze::new(selector.shift, self.query),
            lookback: self.options.lookback.as_millis(),
            take,
            coarse: None,
        };
        self.rows_of_selector(
            (selector, grid.points),
            sink,
            || (),
            |desk| Ok(Look { coarse: desk.coarse, ..look }.newest(&desk.columns, grid)),
        )
    }
}

/// How an instant selector looks.
#[derive(Clone, Copy)]
struct Look {
    gaze: Gaze,
    lookback: i64,
    take: Take,
    coarse: Option<Coarse>,
}

impl Look {
    /// Whether a sample is new enough for a moment: one that stands for a stretch may be older by as much.
    fn reaches(&self, time: i64, moment: i64) -> bool {
        let oldest = moment.saturating_sub(self.lookback);
        let coarse = || self.coarse.filter(|coarse| time <= coarse.until.millis());
        time > oldest
            || coarse().is_some_and(|own| time > oldest.saturating_sub(own.step.as_millis()))
    }

    fn newest(&self, columns: &Columns, grid: Grid) -> Row {
        let mut row = Row::floats(columns.labels.clone(), false, Vec::with_capacity(grid.points));
        let (times, values) = (&columns.times[..], &columns.values[..]);
        let mut next = match times.first() {
            Some(_) if grid.points == 1 => {
                times.partition_point(|time| *time <= self.gaze.moment(grid.from))
            }
            _ => 0,
        };
        for step in grid.times() {
            let moment = self.gaze.moment(step);
            while next < times.len() && times[next] <= moment {
                next += 1;
            }
            let newest = next
                .checked_sub(1)
                .map(|at| (times[at], values[at]))
                .filter(|(time, _)| self.reaches(*time, moment));
            row.values.push(match newest {
                Some((_, value)) if is_stale(value) => ABSENT,
                Some((_, value)) if self.take == Take::Value => value,
                Some((time, _)) => time as f64 / 1000.0,
                None => ABSENT,
            });
        }
        if !columns.histograms.is_empty() {
            self.put_histograms(&mut row, columns, grid);
        }
        row
    }

    /// Puts the newest native histogram at each step where it is newer than the newest float.
    fn put_histograms(&self, row: &mut Row, columns: &Columns, grid: Grid) {
        let mut histograms = vec![None; grid.points];
        for (number, step) in grid.times().enumerate() {
            let moment = self.gaze.moment(step);
            let next = columns.histograms.partition_point(|own| own.time.millis() <= moment);
            let newest = next.checked_sub(1).and_then(|at| columns.histograms.get(at));
            let reaches = |own: &&HistogramSample| self.reaches(own.time.millis(), moment);
            let Some(newest) = newest.filter(reaches) else { continue };
            let float = columns.times.partition_point(|time| *time <= moment);
            let float = float.checked_sub(1).map(|at| columns.times[at]);
            if float.is_some_and(|time| time > newest.time.millis()) {
                continue;
            }
            row.values[number] = ABSENT;
            if newest.histogram.is_stale() {
                continue;
            }
            match self.take {
                Take::Value => histograms[number] = Some(Arc::clone(&newest.histogram)),
                Take::Time => row.values[number] = newest.time.millis() as f64 / 1000.0,
            }
        }
        if histograms.iter().any(Option::is_some) {
            row.histograms = histograms;
        }
    }
}
