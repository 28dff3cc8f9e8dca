//! The guesses at the middle of an hour, and how far each of them was wrong so far.

use super::cells::{Cells, narrow};

/// Mistakes are averaged over this many hours: a week.
const HOURS: u8 = 168;
/// A guess that was not made as often as this counts as good as that by days.
const HOURS_MIN: u8 = 24;
/// One mistake counts no more than this many usual ones.
const MISTAKE_TIMES: f64 = 5.0;
/// How much better guesses count for more: 2 would be right for independent mistakes; with 4 the best all but decides.
const POWER: i32 = 4;
/// The level of all hours is found anew this often, in hours.
const LEVEL_EVERY: u8 = 24;

/// How a guess has fared.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    mistake: f32,
    hours: u8,
}

impl Record {
    fn note(&mut self, mistake: f64) {
        let usual = f64::from(self.mistake);
        let mistake = if self.hours > HOURS_MIN {
            mistake.min(MISTAKE_TIMES * usual.max(f64::MIN_POSITIVE))
        } else {
            mistake
        };
        self.hours = (self.hours + 1).min(HOURS);
        self.mistake = narrow(usual + (mistake - usual) / f64::from(self.hours));
    }
}

/// Three guesses: by hour of the week, by hour of the day, and the level of all hours.
#[derive(Clone, Debug)]
pub(super) struct Guesses {
    records: [Record; 3],
    level: f64,
    /// Hours since the level was found.
    since: u8,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { records: [Record::default(); 3], level: f64::NAN, since: 0 }
    }
}

impl Guesses {
    fn all(&self, cells: &Cells, hour: u8) -> [f64; 3] {
        [cells.of_week(hour), cells.of_day(hour), self.level]
    }

    /// How much each guess counts, beside the others.
    fn weights(&self) -> [f64; 3] {
        let unknown = self.records[1].mistake;
        let mistakes = self
            .records
            .map(|own| f64::from(if own.hours < HOURS_MIN { unknown } else { own.mistake }));
        let least = mistakes.iter().copied().fold(f64::INFINITY, f64::min).max(f64::MIN_POSITIVE);
        // Beside the least, so that nothing becomes too great or too small to count.
        mistakes.map(|mistake| (least / mistake.max(least)).powi(POWER))
    }

    /// The middle of an hour; not-a-number if there is nothing to go by.
    pub(super) fn middle(&self, cells: &Cells, hour: u8) -> f64 {
        mixed(self.weights(), self.all(cells, hour))
    }

    /// How far the lowest and the highest readings of hours like this one lie from what would be told of them now.
    pub(super) fn distances(&self, cells: &Cells, hour: u8) -> (Vec<f64>, Vec<f64>) {
        let weights = self.weights();
        cells.distances(hour, |[week, day]| mixed(weights, [week, day, self.level]))
    }

    /// Notes how far each guess is from what an hour became.
    pub(super) fn score(&mut self, cells: &Cells, hour: u8, mean: f64) {
        let guesses = self.all(cells, hour);
        for (record, guess) in self.records.iter_mut().zip(guesses) {
            if guess.is_finite() {
                record.note((mean - guess).abs());
            }
        }
    }

    /// Finds the level anew where it is time.
    pub(super) fn learn_level(&mut self, cells: &Cells) {
        self.since += 1;
        if self.since >= LEVEL_EVERY || self.records[2].hours < HOURS_MIN {
            self.relearn_level(cells);
        }
    }

    /// Finds the level anew.
    pub(super) fn relearn_level(&mut self, cells: &Cells) {
        self.level = cells.of_all();
        self.since = 0;
    }
}

/// One guess out of three, those left out that are none.
fn mixed(weights: [f64; 3], guesses: [f64; 3]) -> f64 {
    let (mut sum, mut all) = (0.0, 0.0);
    for (weight, guess) in weights.into_iter().zip(guesses) {
        if guess.is_finite() {
            sum += weight * guess;
            all += weight;
        }
    }
    sum / all
}
