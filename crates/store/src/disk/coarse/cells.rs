//! The rows of one series on one day, as they came or down-sampled, and how they become coarser.
//!
//! Every row has the time of the last sample of its stretch. The last values are samples as they came: nothing is made
//! up, and a stale marker stays where it ends a stretch. Where a counter starts anew, the samples before and after the
//! drop stay too, and so does the first sample of a day; then a rate over what is left counts all that the counter rose,
//! as over all samples.

use model::{HistogramSample, ResetHint, STALE, is_stale};

use super::{Figure, Resolution};
use crate::disk::block::Chunk;

/// Drops of a value within a stretch beyond which it is no counter, unless its name says so.
const DROPS_MAX: usize = 4;

/// Rows of one series: the last samples of stretches, and figures of the floats of each. Of samples as they came each is
/// a stretch of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cells {
    /// The last samples, stale markers and those around drops included; native histograms too.
    pub(crate) last: Chunk,
    /// The times of the figures.
    pub(crate) times: Vec<i64>,
    pub(crate) min: Vec<f64>,
    pub(crate) max: Vec<f64>,
    pub(crate) sum: Vec<f64>,
    pub(crate) count: Vec<f64>,
}

impl Cells {
    /// Samples as they came, in order of time.
    pub(crate) fn of_samples(samples: Chunk) -> Self {
        let mut cells = Self { last: samples, ..Self::default() };
        for (time, value) in cells.last.times.iter().zip(&cells.last.values) {
            if !is_stale(*value) {
                cells.times.push(*time);
                for figure in [&mut cells.min, &mut cells.max, &mut cells.sum] {
                    figure.push(*value);
                }
                cells.count.push(1.0);
            }
        }
        cells
    }

    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.last.is_empty() && self.times.is_empty()
    }

    /// Adds rows of one figure; the least comes first. `false` if they are not at the times of the least, as they are
    /// unless a file is damaged in a way that its checksums do not tell.
    pub(crate) fn add_figure(&mut self, figure: Figure, chunk: &mut Chunk) -> bool {
        let column = match figure {
            Figure::Last => return true,
            Figure::Min => {
                self.times.extend_from_slice(&chunk.times);
                &mut self.min
            }
            Figure::Max => &mut self.max,
            Figure::Sum => &mut self.sum,
            Figure::Count => &mut self.count,
        };
        let start = column.len();
        column.append(&mut chunk.values);
        self.times.get(start..column.len()) == Some(&chunk.times)
    }

    /// Forgets all figures unless there are equally many: those that are left cannot be told apart.
    pub(crate) fn even_out(&mut self, agree: bool) {
        let columns = [&mut self.min, &mut self.max, &mut self.sum, &mut self.count];
        if !agree || columns.iter().any(|own| own.len() != self.times.len()) {
            self.times.clear();
            columns.into_iter().for_each(Vec::clear);
        }
    }

    /// One row for each stretch. Of a `counter`, whose name says that it is one, every drop is a new start.
    pub(crate) fn fold(&self, resolution: Resolution, counter: bool) -> Self {
        let mut folded = Self::default();
        let end_of = |time: i64| resolution.end_of(time);
        let last = &self.last;
        let rows =
            Kept { end_of: &end_of, resets: &|before, after| resets(before, after, counter) };
        let most = if counter { usize::MAX } else { DROPS_MAX };
        for at in rows.of(&last.times, &last.values, most) {
            folded.last.times.push(last.times[at]);
            folded.last.values.push(last.values[at]);
        }
        let times: Vec<i64> = last.histograms.iter().map(|own| own.time.millis()).collect();
        let counts: Vec<f64> = last.histograms.iter().map(observed).collect();
        let gauge = last.histograms.iter().any(|own| own.histogram.reset == ResetHint::Gauge);
        let rows = Kept { end_of: &end_of, resets: &|before, after| !gauge && after < before };
        for at in rows.of(&times, &counts, usize::MAX) {
            folded.last.histograms.push(last.histograms[at].clone());
        }
        self.fold_figures(&end_of, &mut folded);
        folded
    }

    fn fold_figures(&self, end_of: &dyn Fn(i64) -> i64, folded: &mut Self) {
        let mut end = None;
        for (at, time) in self.times.iter().enumerate() {
            let own_end = end_of(*time);
            let (min, max) = (self.min[at], self.max[at]);
            let (sum, count) = (self.sum[at], self.count[at]);
            if end == Some(own_end)
                && let Some(number) = folded.times.len().checked_sub(1)
            {
                folded.times[number] = *time;
                folded.min[number] = less(folded.min[number], min);
                folded.max[number] = -less(-folded.max[number], -max);
                folded.sum[number] += sum;
                folded.count[number] += count;
                continue;
            }
            end = Some(own_end);
            folded.times.push(*time);
            folded.min.push(min);
            folded.max.push(max);
            folded.sum.push(sum);
            folded.count.push(count);
        }
    }

    /// Adds rows of stretches that have none yet; those that have some stay as they are. What came late must not be
    /// counted twice, and whether it was counted cannot be told any more.
    pub(crate) fn add_missing(&mut self, other: &Self, resolution: Resolution) {
        if other.is_empty() {
            return;
        }
        let ends = |times: &[i64]| -> Vec<i64> {
            times.iter().map(|time| resolution.end_of(*time)).collect()
        };
        let histogram_times =
            |own: &[HistogramSample]| own.iter().map(|own| own.time.millis()).collect::<Vec<_>>();
        let mut taken = ends(&self.last.times);
        taken.extend(ends(&histogram_times(&self.last.histograms)));
        taken.extend(ends(&self.times));
        taken.sort_unstable();
        taken.dedup();
        let missing = |time: i64| taken.binary_search(&resolution.end_of(time)).is_err();
        for (time, value) in other.last.times.iter().zip(&other.last.values) {
            if missing(*time) {
                self.last.times.push(*time);
                self.last.values.push(*value);
            }
        }
        let histograms = other.last.histograms.iter().filter(|own| missing(own.time.millis()));
        self.last.histograms.extend(histograms.cloned());
        self.last.put_in_order();
        for (at, time) in other.times.iter().enumerate().filter(|(_, time)| missing(**time)) {
            let place = self.times.partition_point(|own| own < time);
            self.times.insert(place, *time);
            self.min.insert(place, other.min[at]);
            self.max.insert(place, other.max[at]);
            self.sum.insert(place, other.sum[at]);
            self.count.insert(place, other.count[at]);
        }
    }
}

/// The lesser of two, as `min_over_time` has it: what is no number gives way to any that is.
fn less(before: f64, after: f64) -> f64 {
    if before.is_nan() || after < before { after } else { before }
}

/// Whether a counter started anew. A name that does not say so is believed to be a counter's when the value falls by more
/// than half: counters start at nothing, and what else goes up and down seldom does so by as much.
fn resets(before: f64, after: f64, counter: bool) -> bool {
    after < before && (counter || (after >= 0.0 && after < before / 2.0))
}

/// How much a histogram has counted; a stale marker stays one.
fn observed(sample: &HistogramSample) -> f64 {
    if is_stale(sample.histogram.sum) { STALE } else { sample.histogram.count }
}

/// Which rows stay.
struct Kept<'a> {
    end_of: &'a dyn Fn(i64) -> i64,
    resets: &'a dyn Fn(f64, f64) -> bool,
}

impl Kept<'_> {
    /// The places of the rows that stay; `most` is how many drops a stretch may have to be a counter's.
    fn of(&self, times: &[i64], values: &[f64], most: usize) -> Vec<usize> {
        let mut kept = Vec::new();
        let mut previous: Option<(usize, f64)> = None;
        let mut start = 0;
        while start < times.len() {
            let end = (self.end_of)(times[start]);
            let after = start + times[start..].partition_point(|time| *time <= end);
            let mut around = Vec::new();
            let mut drops = 0;
            let mut last = None;
            for at in (start..after).filter(|at| !is_stale(values[*at])) {
                match previous {
                    // The day before may have ended higher: the first sample of a day tells.
                    None => kept.push(at),
                    Some((before, value)) if (self.resets)(value, values[at]) => {
                        drops += 1;
                        around.extend([before, at]);
                    }
                    Some(_) => {}
                }
                previous = Some((at, values[at]));
                last = Some(at);
            }
            if drops <= most {
                kept.append(&mut around);
            }
            kept.extend(last);
            if is_stale(values[after - 1]) {
                kept.push(after - 1);
            }
            start = after;
        }
        kept.sort_unstable();
        kept.dedup();
        kept
    }
}

#[cfg(test)]
mod tests;
