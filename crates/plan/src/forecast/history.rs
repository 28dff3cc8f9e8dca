//! A series' past, laid onto the step that fits it and cleaned of what is not its habit.

use model::{HistoryNeed, Nature, Span, Time};
use stats::{Cell, Grid, Spikes, level_shifts, median};

use super::{
    ForecastOptions, HORIZON_MAX,
    known::{Days, Known, Level, evened, find},
    notes::{Left, Notes},
};

/// A series' past: irregular times, gaps and not-a-numbers are fine.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Milliseconds since 1970.
    pub times: &'a [i64],
    /// The value at each time.
    pub values: &'a [f64],
}

/// The steps a grid may have, each with the longest horizon it is used for: two days and two weeks by the hour, half a
/// year by the day. Each divides a day or is a number of days.
const LADDER: [(Span, Span); 9] = [
    (Span::minutes(1), Span::hours(2)),
    (Span::minutes(5), Span::hours(8)),
    (Span::minutes(15), Span::hours(24)),
    (Span::minutes(30), Span::hours(36)),
    (Span::hours(1), NEAR_MAX),
    (Span::hours(3), Span::days(42)),
    (Span::hours(6), Span::days(84)),
    (Span::days(1), HORIZON_MAX),
    (Span::days(7), HORIZON_MAX),
];
/// What lies nearer than this is told by the hour.
pub(crate) const NEAR_MAX: Span = Span::days(14);
/// No more cells of the past are learnt from: ten weeks by the hour, which bounds the work.
const CELLS_MAX: usize = 1_680;
/// Three backtests of a few cells each, with something to learn from before them, take this many cells.
const CELLS_MIN: usize = 12;
/// Below an hour of history, nothing is said at all.
const HISTORY_MIN: Span = Span::hours(1);
/// Below a day of history, nothing is said about days: the habit of a day has not been seen once.
pub(crate) const DAYS_MIN: Span = Span::days(1);
/// Steps of more than an hour hide the peaks of a flow in the mean; there the value that is exceeded a tenth of the
/// time stands for the cell.
const PEAK: Cell = Cell::Quantile(0.9);

/// What differs by less than this part does not move.
const STEADY: f64 = 1e-9;

/// Into how many blocks the past is cut to see whether its peaks rise.
const PEAK_BLOCKS: usize = 5;

/// A past that models can learn from.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    /// How much history there is: the time it spans, or twice the time that was seen if that is less.
    pub have: Span,
    /// The time of the last cell.
    pub end: Time,
    /// The time between cells.
    pub step: Span,
    /// The cells by which forecasts are judged: gaps filled; for a stock, one-off steps evened out and spikes gone.
    pub values: Vec<f64>,
    /// The cells that models learn from: without spikes.
    pub clean: Vec<f64>,
    /// Which cells were seen.
    pub seen: Vec<bool>,
    /// The seasons the past is long enough to know, in cells, the shorter first.
    pub periods: Vec<usize>,
    /// Whether it piles up.
    pub nature: Nature,
    /// What was done on the way that moved its level or its pace, the oldest first.
    pub levels: Vec<Level>,
    /// The days that are not like others.
    pub days: Days,
    /// What was left out or bridged.
    pub notes: Notes,
}

impl Past {
    /// Prepares what is known at `now`, or tells what is missing.
    pub(crate) fn prepare(
        history: History<'_>,
        known: &Known<'_>,
        options: &ForecastOptions,
        now: Time,
    ) -> Result<Self, HistoryNeed> {
        let nature = options.nature;
        let (samples, before_gap) = known_samples(history, now);
        // Whoever did not ask for less wants to hear of days, so a day is what is told to be missing.
        let short = options.horizon.is_some_and(|asked| asked < DAYS_MIN);
        let wanted = if short { HISTORY_MIN } else { DAYS_MIN };
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Err(HistoryNeed { have: Span::ZERO, need: wanted, ready_at: now + wanted });
        };
        let spacing = spacing(&samples);
        let span = Span(last.0.saturating_sub(first.0).saturating_add(spacing.0));
        let reach = span.min(HORIZON_MAX);
        let step = fitting_step(spacing, options.horizon.map_or(reach, |asked| asked.min(reach)));
        let cell = match nature {
            Nature::Stock => Cell::Max,
            Nature::Flow if step <= Span::hours(1) => Cell::Mean,
            Nature::Flow => PEAK,
        };
        let need = HISTORY_MIN.max(times(step, CELLS_MIN));
        let missing = |have: Span| {
            let need = need.max(wanted);
            let more = Span(need.0.saturating_sub(have.0).max(step.0));
            HistoryNeed { have, need, ready_at: now + more }
        };
        let Some(mut grid) = Grid::lay(&samples, step.0, CELLS_MAX, cell) else {
            return Err(missing(Span::ZERO));
        };
        // Seen less than half of the time: only twice what was seen counts.
        let covered = 2.0 * grid.seen_count() as f64 / grid.values.len() as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a part of a span")]
        let have = Span((span.0 as f64 * covered.min(1.0)) as i64);
        if have < need || grid.seen_count() < CELLS_MIN {
            return Err(missing(have.min(need)));
        }
        let periods = seasons(step, grid.values.len());
        let short = periods.first().copied();
        if let (Nature::Flow, Some(day)) = (nature, short) {
            grid.fill_by_season(day);
        }
        let (end, mut seen) = (Time(grid.end), grid.seen);
        let gaps = seen.iter().filter(|seen| !**seen).count();
        let mut values = grid.values;
        let steps = if nature == Nature::Stock { even_out(&mut values) } else { Vec::new() };
        let clean = Spikes::look(&values, short).cleaned(values.len(), nature == Nature::Flow);
        let spikes = values
            .iter()
            .zip(&clean)
            .filter(|(value, clean)| (*value - *clean).abs() > 0.0)
            .count();
        if nature == Nature::Stock {
            // What is gone again was never piled up; a flow's bursts, though, will come again.
            values.clone_from(&clean);
        }
        let mut days = Days::of(known.days, values.len(), (end, step));
        // What an ordinary day is judged by is not how a special one went.
        seen.iter_mut().enumerate().for_each(|(cell, seen)| *seen &= !days.is_special(cell));
        let clean = days.take_out(clean, nature);
        let levels = find(&clean, (end, step), (nature, short), known.changes);
        let clean = evened(clean, levels.iter());
        let wild = if nature == Nature::Stock { spikes } else { 0 };
        let left = Left { before_gap, gaps, spikes: wild, steps, cells: values.len() };
        let notes = Notes::of(&left, (end, step), &levels);
        Ok(Self { have, end, step, values, clean, seen, periods, nature, levels, days, notes })
    }

    /// What came, as it would have come without the changes that were made after the cell `cut`: those are known by
    /// name, and no model is to blame for not having foreseen them.
    pub(crate) fn came(&self, cut: usize, cell: usize) -> f64 {
        let later = self.levels.iter().rev().filter(|level| level.at > cut);
        later.fold(self.values[cell], |value, level| level.undone(cell, value))
    }

    /// What models would have learnt from at each of these moments, counted in cells: a flow cleaned as if nothing
    /// later were known, since a burst that goes on looks like a spike at first.
    pub(crate) fn learnt(&self, cuts: &[usize]) -> Vec<Vec<f64>> {
        let spikes = Spikes::look(&self.values, self.periods.first().copied());
        let clean = |cut: usize| match self.nature {
            Nature::Stock => self.values[..cut].to_vec(),
            Nature::Flow => spikes.cleaned(cut, true),
        };
        let known = |cut: usize| self.levels.iter().filter(move |level| level.at <= cut);
        let ordinary = |cut: usize| self.days.clone().take_out(clean(cut), self.nature);
        cuts.iter().map(|&cut| evened(ordinary(cut), known(cut))).collect()
    }

    /// The highest the past has been, and how fast its peaks rise by the cell (never below nought).
    pub(crate) fn peaks(&self) -> (f64, f64) {
        // A pace that was taken back into the past makes no peaks.
        let values = if self.nature == Nature::Stock { &self.values } else { &self.clean };
        let block = (values.len() / PEAK_BLOCKS).max(1);
        let highest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let peaks: Vec<f64> = values.rchunks(block).rev().map(highest).collect();
        let slope = stats::theil_sen(&peaks).map_or(0.0, |line| line.slope / block as f64);
        (highest(values), slope.max(0.0))
    }

    /// Whether it has one and the same value throughout, as far as models see it.
    pub(crate) fn is_steady(&self) -> bool {
        let (first, rest) = (self.clean.first().copied().unwrap_or(0.0), self.clean.iter());
        let slack = STEADY * first.abs();
        rest.zip(&self.values)
            .all(|(clean, value)| (clean - first).abs() <= slack && (value - first).abs() <= slack)
    }

    /// What is missing before anything is said about days; nothing once there is enough.
    pub(crate) fn missing_for_days(&self, now: Time) -> Option<HistoryNeed> {
        (self.have < DAYS_MIN).then(|| HistoryNeed {
            have: self.have,
            need: DAYS_MIN,
            ready_at: now + Span(DAYS_MIN.0 - self.have.0),
        })
    }
}

impl History<'_> {
    /// The last value known at `now`.
    pub(crate) fn last_value(self, now: Time) -> Option<f64> {
        self.times
            .iter()
            .zip(self.values)
            .filter(|(time, value)| **time <= now.0 && value.is_finite())
            .max_by_key(|(time, _)| **time)
            .map(|(_, value)| *value)
    }
}

/// The samples that count, in order, and how long the gap was before which others were left out.
fn known_samples(history: History<'_>, now: Time) -> (Vec<(i64, f64)>, Option<Span>) {
    let mut samples: Vec<(i64, f64)> = history
        .times
        .iter()
        .copied()
        .zip(history.values.iter().copied())
        .filter(|(time, value)| *time <= now.0 && value.is_finite())
        .collect();
    if !samples.is_sorted_by_key(|(time, _)| *time) {
        samples.sort_by_key(|(time, _)| *time);
    }
    let first = after_long_gap(&samples);
    let gap = first
        .checked_sub(1)
        .and_then(|last| Some(Span(samples.get(first)?.0.saturating_sub(samples.get(last)?.0))));
    (samples.split_off(first), gap)
}

/// Where the samples begin that count: after a gap that is most of the time spanned, nothing before tells of today.
/// A sample with a time stamp of 1970 falls to this too.
fn after_long_gap(samples: &[(i64, f64)]) -> usize {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
        return 0;
    };
    let gap = |index: usize| samples[index].0.saturating_sub(samples[index - 1].0);
    let widest = (1..samples.len()).max_by_key(|&index| gap(index));
    widest.filter(|&index| gap(index) > last.0.saturating_sub(first.0) / 4 * 3).unwrap_or(0)
}

/// The usual time between samples.
fn spacing(samples: &[(i64, f64)]) -> Span {
    let distances: Vec<f64> =
        samples.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0) as f64).collect();
    if distances.is_empty() {
        return Span::ZERO;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest whole number")]
    Span(median(&distances) as i64)
}

/// The finest step of the ladder that covers the horizon within the bound and is no finer than the samples, with a
/// little slack, since collectors are a little late now and then.
fn fitting_step(spacing: Span, horizon: Span) -> Span {
    let fits =
        |(step, reach): &&(Span, Span)| horizon <= *reach && spacing.0 - spacing.0 / 10 <= step.0;
    LADDER.iter().find(fits).unwrap_or(&LADDER[LADDER.len() - 1]).0
}

/// Day and week, or week and year where a cell is a day, or the year alone: those of which the past holds two and that
/// a cell is short enough to see. A year is 52 weeks, so that it is a whole number of them.
fn seasons(step: Span, cells: usize) -> Vec<usize> {
    let pair = match step {
        step if step < Span::days(1) => [Span::days(1), Span::days(7)],
        _ => [Span::days(7), Span::days(364)],
    };
    pair.into_iter()
        .filter_map(|season| usize::try_from(season.0 / step.0).ok())
        .filter(|&period| period >= 3 && cells >= 2 * period)
        .collect()
}

/// Moves what lies before a one-off step so that the past leads up to where the series stands now; tells the steps.
fn even_out(values: &mut [f64]) -> Vec<(usize, f64)> {
    let steps = level_shifts(values);
    for (at, size) in &steps {
        for value in &mut values[..*at] {
            *value += size;
        }
    }
    steps
}

pub(crate) fn times(step: Span, count: usize) -> Span {
    Span(step.0.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use model::Share;
    use proptest::prelude::*;

    use super::*;

    const NOW: Time = Time(1_795_176_000_000);

    fn options(horizon: Option<Span>) -> ForecastOptions {
        ForecastOptions {
            nature: Nature::Stock,
            confidence: Share::new(0.9).unwrap(),
            horizon,
            upper_bound: None,
            lower_bound: None,
            seed: 1,
        }
    }

    /// Samples up to `NOW`, `count` of them, `step` apart.
    fn prepare(step: Span, count: i64, horizon: Option<Span>) -> Result<Past, HistoryNeed> {
        let times: Vec<i64> = (0..count).rev().map(|back| NOW.0 - back * step.0).collect();
        let values: Vec<f64> = times.iter().map(|time| (time % 7_000) as f64).collect();
        let history = History { times: &times, values: &values };
        Past::prepare(history, &Known::default(), &options(horizon), NOW)
    }

    #[test]
    fn the_step_follows_the_horizon_and_the_samples() {
        let step = |step, count, horizon| prepare(step, count, horizon).unwrap().step;
        assert_eq!(step(Span::secs(5), 720, None), Span::minutes(1));
        assert_eq!(step(Span::minutes(5), 288, None), Span::minutes(15));
        assert_eq!(step(Span::minutes(5), 14 * 288, None), Span::hours(1));
        assert_eq!(step(Span::minutes(5), 30 * 288, None), Span::hours(3));
        assert_eq!(step(Span::minutes(5), 14 * 288, Some(Span::days(2))), Span::hours(1));
        assert_eq!(step(Span::days(1), 300, Some(Span::days(2))), Span::days(1));
    }

    #[test]
    fn the_work_is_bounded_however_long_the_past() {
        let past = prepare(Span::minutes(5), 100_000, Some(Span::hours(2))).unwrap();
        assert!(past.values.len() <= CELLS_MAX);
    }

    #[test]
    fn less_than_an_hour_is_too_little() {
        let need = prepare(Span::minutes(1), 30, Some(Span::hours(1))).unwrap_err();
        assert_eq!((need.have, need.need), (Span::minutes(30), HISTORY_MIN));
        assert_eq!(need.ready_at, NOW + Span::minutes(30));
        // Who wants to hear of days is told of a day.
        let need = prepare(Span::minutes(1), 30, None).unwrap_err();
        assert_eq!((need.have, need.need), (Span::minutes(30), DAYS_MIN));
    }

    #[test]
    fn what_is_ready_at_the_time_told_is_ready() {
        let hour = Some(Span::hours(1));
        let need = prepare(Span::minutes(1), 30, hour).unwrap_err();
        let more = need.ready_at.since(NOW).0 / Span::minutes(1).0;
        assert!(prepare(Span::minutes(1), 30 + more, hour).is_ok());
        let need = prepare(Span::days(1), 5, None).unwrap_err();
        let more = need.ready_at.since(NOW).0 / Span::days(1).0;
        assert!(prepare(Span::days(1), 5 + more, None).is_ok());
    }

    #[test]
    fn a_sample_of_1970_does_not_stretch_the_past() {
        let mut times: Vec<i64> = (0..120).map(|back| NOW.0 - back * 60_000).collect();
        times.push(0);
        let values = vec![1.0; times.len()];
        let history = History { times: &times, values: &values };
        let past = Past::prepare(history, &Known::default(), &options(None), NOW).unwrap();
        assert_eq!((past.step, past.have), (Span::minutes(1), Span::hours(2)));
    }

    #[test]
    fn what_was_hardly_seen_counts_for_little() {
        // Ten minutes at either end of a day.
        let times: Vec<i64> =
            (0..10).chain(1_430..1_440).map(|minute| NOW.0 - minute * 60_000).collect();
        let values = vec![1.0; times.len()];
        let history = History { times: &times, values: &values };
        assert!(Past::prepare(history, &Known::default(), &options(None), NOW).is_err());
    }

    #[test]
    fn what_lies_ahead_of_now_is_not_known() {
        let times: Vec<i64> =
            (0..180).map(|minute| NOW.0 - Span::hours(2).0 + minute * 60_000).collect();
        let values: Vec<f64> = (0..180).map(f64::from).collect();
        let history = History { times: &times, values: &values };
        assert_eq!(history.last_value(NOW), Some(120.0));
        assert_eq!(
            Past::prepare(history, &Known::default(), &options(None), NOW).unwrap().end,
            NOW
        );
    }

    proptest! {
        #[test]
        fn any_samples_are_prepared_or_refused(
            samples in prop::collection::vec((any::<i64>(), any::<f64>()), 0..60),
            now in any::<i64>(),
        ) {
            let (times, values): (Vec<i64>, Vec<f64>) = samples.into_iter().unzip();
            let history = History { times: &times, values: &values };
            if let Ok(past) = Past::prepare(history, &Known::default(), &options(None), Time(now)) {
                prop_assert!(past.values.len() == past.clean.len() && past.values.len() == past.seen.len());
                prop_assert!(past.values.iter().all(|value| value.is_finite()));
            }
        }
    }
}
