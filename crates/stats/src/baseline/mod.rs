//! What is normal for a series at each hour of the week, learnt reading by reading.
//!
//! Three guesses stand for the middle of an hour: what the same hour had in the last three weeks, what the same hour
//! of the day had on the last seven days, and what all hours had; each counts the more the less it was wrong so far.
//! How far readings lie from the middle that would be told without them gives the edges. An hour may widen them only a little,
//! so an incident does not become normal; and what stays elsewhere for two days is taken for a new level.
//! `docs/decisions/baselines.md` has the figures behind the choice.

mod cells;
mod guess;
mod shift;

use cells::{Cells, Hour};
use guess::Guesses;
use shift::Recent;
pub use shift::Shift;

use crate::quantile::{held, quantile_sorted};

/// Hours in a week.
pub const WEEK_HOURS: usize = 168;
const HOUR_LAST: u8 = 167;
const HOUR: i64 = 3600;
/// From so many seconds of past on the band is by hour of the week.
const WEEK: i64 = 7 * 24 * HOUR;
/// From so many seconds of past on the band is by hour of the day.
const DAYS: i64 = 2 * 24 * HOUR;

/// Which of the hours' lowest and highest readings the edges lie at. With the stretch below, 97 of 100 readings of
/// recorded series lie inside, where 93 do at 0.95 without it.
const EDGE: f64 = 0.98;
/// An hour counts as if it had gone beyond the band by no more than this share of half its width.
const BEYOND_MAX: f64 = 0.25;
/// Where more or fewer hours have a reading outside than this share, the band is stretched or drawn together ...
const OUTSIDE: f64 = 0.05;
/// ... by this share for each hour ...
const STRETCH_STEP: f64 = 0.02;
/// ... within these bounds ...
const STRETCH: (f64, f64) = (0.5, 4.0);
/// ... and hours beyond the third in a row are one incident, from which nothing is learnt.
const INCIDENT_HOURS: u8 = 3;
/// A band is at least this share of its middle wide to either side: below that nobody cares.
const FLAT: f64 = 0.01;
/// Fewer hours than this, the neighbours' included, tell no edges.
const EDGE_HOURS: usize = 5;

/// A moment as a time zone has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// The hour of the week from Monday 0:00, below [`WEEK_HOURS`].
    pub hour: u8,
    /// When this hour began, in seconds since 1970.
    pub start: i64,
    /// Which part of the hour is over, from 0 to 1.
    pub part: f64,
}

/// What a band rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Two days at least, but less than a week: every day is taken to be alike.
    Day,
    /// A week at least: every hour of the week stands for itself.
    Week,
}

impl Basis {
    /// The word the API uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// What is normal at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The lowest that is usual.
    pub low: f64,
    /// What is most likely.
    pub mid: f64,
    /// The highest that is usual.
    pub high: f64,
    /// What this rests on.
    pub basis: Basis,
}

impl Band {
    /// The same so many times as wide.
    #[must_use]
    pub fn widened(self, times: f64) -> Self {
        let low = self.mid - (self.mid - self.low) * times;
        let high = self.mid + (self.high - self.mid) * times;
        Self { low, high, ..self }
    }

    /// Whether a value is usual.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// What is known of a series' habit: about four kilobytes, whatever its past.
#[derive(Clone, Debug)]
pub struct Baseline {
    cells: Cells,
    guesses: Guesses,
    recent: Recent,
    /// The first hour.
    since: Option<i64>,
    open: Option<Open>,
    stretch: f32,
    /// Hours in a row with a reading outside.
    outside: u8,
    shift: Option<Shift>,
}

/// The hour that is under way.
#[derive(Clone, Copy, Debug)]
struct Open {
    hour: u8,
    start: i64,
    /// When the newest reading came, as a part of the hour: none comes twice.
    part: f64,
    middles: Middles,
    edges: Option<(f64, f64)>,
    sum: f64,
    count: u32,
    /// How far the lowest and the highest reading lay from the middle.
    lowest: f64,
    highest: f64,
}

/// The middle of the hour before, of the hour itself, and of the next.
#[derive(Clone, Copy, Debug)]
struct Middles([f64; 3]);

impl Middles {
    /// The middle at a part of the hour, on the straight lines between the middles of hours.
    fn at(&self, part: f64) -> f64 {
        let [before, own, next] = self.0;
        let (other, weight) = if part < 0.5 { (before, 0.5 - part) } else { (next, part - 0.5) };
        if other.is_nan() { own } else { own * (1.0 - weight) + other * weight }
    }
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            cells: Cells::default(),
            guesses: Guesses::default(),
            recent: Recent::default(),
            since: None,
            open: None,
            stretch: 1.0,
            outside: 0,
            shift: None,
        }
    }
}

impl Baseline {
    /// Learns from a reading; answers the band as it was before. Moments must not go back: a reading of an hour that is
    /// over, and one that is no number, are passed over.
    pub fn take(&mut self, moment: Moment, value: f64) -> Option<Band> {
        if !value.is_finite() || usize::from(moment.hour) >= WEEK_HOURS {
            return None;
        }
        if self.open.is_some_and(|open| moment.start < open.start) {
            return None;
        }
        self.enter(moment);
        let band = self.band(moment);
        let open = self.open.as_mut()?;
        let middle = open.middles.at(moment.part);
        open.sum += value;
        open.count += 1;
        open.part = moment.part;
        if middle.is_finite() {
            open.lowest = open.lowest.min(value - middle);
            open.highest = open.highest.max(value - middle);
        }
        band
    }

    /// The band at a moment, by what is known now. Nothing while too little is known.
    pub fn band(&self, moment: Moment) -> Option<Band> {
        let basis = self.basis(moment.start)?;
        let known = self.open.filter(|open| open.hour == moment.hour);
        let (middles, edges) = match known {
            Some(open) => (open.middles, open.edges),
            None => (self.middles(moment.hour), self.edges(moment.hour)),
        };
        let (low, high) = edges?;
        let mid = middles.at(moment.part);
        let flat = FLAT * mid.abs();
        let band = Band { low: mid + low.min(-flat), mid, high: mid + high.max(flat), basis };
        (band.low.is_finite() && band.high.is_finite()).then_some(band)
    }

    /// The band in the middle of each hour of the week, by what is known at `now`, in seconds since 1970.
    pub fn week(&self, now: i64) -> Vec<Option<Band>> {
        (0..=HOUR_LAST).map(|hour| self.band(Moment { hour, start: now, part: 0.5 })).collect()
    }

    /// The first hour that was learnt from, in seconds since 1970.
    pub fn since(&self) -> Option<i64> {
        self.since
    }

    /// What bands rest on at a moment, in seconds since 1970; nothing while too little is known.
    pub fn basis(&self, now: i64) -> Option<Basis> {
        match now.saturating_sub(self.since?) {
            past if past >= WEEK => Some(Basis::Week),
            past if past >= DAYS => Some(Basis::Day),
            _ => None,
        }
    }

    /// When the series last moved to another level, and how far.
    pub fn shift(&self) -> Option<Shift> {
        self.shift
    }

    /// Bytes that it takes, those included that lie elsewhere.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.cells.bytes()
    }

    fn enter(&mut self, moment: Moment) {
        if let Some(open) = self.open {
            // Where clocks go back, two hours in a row are the same hour of the week.
            if open.hour == moment.hour && moment.start - open.start <= HOUR {
                return;
            }
            self.close(open);
        }
        self.since.get_or_insert(moment.start);
        let known = self.basis(moment.start).is_some();
        self.open = Some(Open {
            hour: moment.hour,
            start: moment.start,
            part: moment.part,
            middles: self.middles(moment.hour),
            edges: if known { self.edges(moment.hour) } else { None },
            sum: 0.0,
            count: 0,
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
        });
    }

    fn middles(&self, hour: u8) -> Middles {
        let before = if hour == 0 { HOUR_LAST } else { hour - 1 };
        let next = if hour == HOUR_LAST { 0 } else { hour + 1 };
        Middles([before, hour, next].map(|hour| self.guesses.middle(&self.cells, hour)))
    }

    /// How far below and above the middle the edges lie.
    fn edges(&self, hour: u8) -> Option<(f64, f64)> {
        let (mut lows, mut highs) = self.guesses.distances(&self.cells, hour);
        if lows.len() < EDGE_HOURS {
            return None;
        }
        lows.sort_unstable_by(f64::total_cmp);
        highs.sort_unstable_by(f64::total_cmp);
        let (low, high) = (quantile_sorted(&lows, 1.0 - EDGE), quantile_sorted(&highs, EDGE));
        let stretch = f64::from(self.stretch);
        Some((low * stretch, high * stretch))
    }

    fn close(&mut self, open: Open) {
        if open.count == 0 {
            return;
        }
        let mean = open.sum / f64::from(open.count);
        let middle = open.middles.0[1];
        self.guesses.score(&self.cells, open.hour, mean);
        let (mut lowest, mut highest, mut odd) = (open.lowest, open.highest, false);
        if let Some(edges) = open.edges {
            let flat = FLAT * middle.abs();
            let (low, high) = (edges.0.min(-flat), edges.1.max(flat));
            self.learn_stretch(lowest < low || highest > high);
            self.recent.note(open.hour, mean - middle, (low, high));
            let beyond = BEYOND_MAX * (high - low) / 2.0;
            lowest = held(lowest, low - beyond, high + beyond);
            highest = held(highest, low - beyond, high + beyond);
            odd = lowest > open.lowest || highest < open.highest;
        }
        self.cells.put(open.hour, &Hour { mean, lowest, highest, middle, odd });
        self.guesses.learn_level(&self.cells);
        if let Some(shift) = self.recent.shift(&self.cells, open.start) {
            self.cells.move_by(&shift, &self.recent);
            self.guesses.relearn_level(&self.cells);
            self.recent = Recent::default();
            self.shift = Some(shift);
        }
    }

    fn learn_stretch(&mut self, outside: bool) {
        let step = if outside {
            self.outside = self.outside.saturating_add(1);
            if self.outside > INCIDENT_HOURS {
                return;
            }
            1.0 + STRETCH_STEP * (1.0 - OUTSIDE)
        } else {
            self.outside = 0;
            1.0 - STRETCH_STEP * OUTSIDE
        };
        let stretched = f64::from(self.stretch) * step;
        #[expect(clippy::cast_possible_truncation, reason = "a factor between a half and four")]
        let stretch = stretched.clamp(STRETCH.0, STRETCH.1) as f32;
        self.stretch = stretch;
    }
}

#[cfg(test)]
mod tests;
