//! A series that has stayed outside its band for two days lives on another level now.

use super::cells::{Cells, narrow};
use crate::median;

/// Hours that are looked at: two days. One day would take an incident of a day for a new level.
const HOURS: usize = 48;
/// So many of them must have lain on one side: five of six, for a band is wide where the series is restless.
const HOURS_OUTSIDE: u32 = 40;
/// A level is that many times the old one, rather than that much away from it, where this fits better ...
const TIMES_BETTER: f64 = 0.8;
/// ... and within these bounds; beyond them the old level was next to nothing.
const TIMES: (f64, f64) = (0.1, 10.0);

/// A series moved to another level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    /// When it began, in seconds since 1970.
    pub at: i64,
    /// How far it moved; what it moved by in the middle of the two days where it moved in proportion.
    pub by: f64,
    /// How many times as high it is, if it moved in proportion.
    pub times: Option<f64>,
}

impl Shift {
    /// Where a value of before would be now.
    pub(super) fn moved(&self, value: f64) -> f64 {
        self.times.map_or(value + self.by, |times| value * times)
    }

    /// How many times as far values lie from the middle now.
    pub(super) fn scale(&self) -> f64 {
        self.times.unwrap_or(1.0)
    }
}

/// How far the means of the last two days' hours lay from what was told.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    /// One bit for each hour, the newest lowest.
    above: u64,
    below: u64,
    count: usize,
    next: usize,
    hours: [u8; HOURS],
    distances: [f32; HOURS],
}

impl Default for Recent {
    fn default() -> Self {
        let (hours, distances) = ([0; HOURS], [0.0; HOURS]);
        Self { above: 0, below: 0, count: 0, next: 0, hours, distances }
    }
}

impl Recent {
    /// Notes how far an hour's mean lay from the middle, and where the edges were.
    pub(super) fn note(&mut self, hour: u8, distance: f64, (low, high): (f64, f64)) {
        self.above = self.above << 1 | u64::from(distance > high);
        self.below = self.below << 1 | u64::from(distance < low);
        let at = self.next;
        self.hours[at] = hour;
        self.distances[at] = narrow(distance);
        self.next = if at + 1 == HOURS { 0 } else { self.next + 1 };
        self.count = (self.count + 1).min(HOURS);
    }

    fn noted(&self) -> impl Iterator<Item = (u8, f64)> {
        let distances = self.distances[..self.count].iter().map(|own| f64::from(*own));
        self.hours[..self.count].iter().copied().zip(distances)
    }

    /// Whether an hour of the week was one of the last two days'.
    pub(super) fn has(&self, hour: usize) -> bool {
        self.noted().any(|(own, _)| usize::from(own) == hour)
    }

    /// The shift that the last two days are, if they are one. `start` is when the newest hour began.
    pub(super) fn shift(&self, cells: &Cells, start: i64) -> Option<Shift> {
        let window = (1 << HOURS) - 1;
        let outside = [self.above & window, self.below & window]
            .into_iter()
            .find(|side| side.count_ones() >= HOURS_OUTSIDE)?;
        let oldest = i64::from(u64::BITS - 1 - outside.leading_zeros());
        let at = start - oldest * super::HOUR;
        let pairs: Vec<(f64, f64)> = self
            .noted()
            .map(|(hour, distance)| (cells.newest(hour), distance))
            .map(|(mean, distance)| (mean, mean - distance))
            .collect();
        let of = |each: &dyn Fn(f64, f64) -> f64| {
            median(&pairs.iter().map(|(mean, told)| each(*mean, *told)).collect::<Vec<f64>>())
        };
        let by = of(&|mean, told| mean - told);
        let times = of(&|mean, told| mean / told);
        let apart = of(&|mean, told| (mean - told - by).abs());
        let apart_times = of(&|mean, told| (mean - told * times).abs());
        let fits = (TIMES.0..=TIMES.1).contains(&times) && apart_times < TIMES_BETTER * apart;
        Some(Shift { at, by, times: fits.then_some(times) })
    }
}
