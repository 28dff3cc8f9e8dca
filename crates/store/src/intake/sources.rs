//! Who brings series: how many each source has, and how many of them are new.

use std::time::Duration;

use hashbrown::HashMap;

/// Sources told apart; what further ones bring counts as one.
const SOURCES_MAX: usize = 1000;
/// Seconds of a step. New series are counted by step, so that an hour is forgotten bit by bit.
const STEP_SECONDS: u32 = 300;
/// Steps of an hour.
const STEPS: usize = 12;
/// How long what was said of a source holds: finding it out takes a walk through all series.
const TOLD_SECONDS: u32 = 60;
/// Its place: series that were there at the start, until somebody writes to them.
pub(super) const NOBODY: u32 = 0;
/// Its place: sources beyond those told apart.
const OTHERS: u32 = 1;

/// Whole seconds of a clock that never goes back.
pub(super) fn seconds(elapsed: Duration) -> u32 {
    u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX)
}

/// One source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// Its name: a scrape job, a sender.
    pub(crate) name: Box<str>,
    /// Active series that it was the first to write to.
    pub(crate) series: usize,
    /// Samples of it that were left out for a limit.
    pub(crate) refused: u64,
    came: [u32; STEPS],
    step: u32,
    told: Option<(u32, String)>,
}

impl Source {
    /// New series within the last hour, to five minutes.
    pub(crate) fn new_series(&self, now: Duration) -> u64 {
        let step = seconds(now) / STEP_SECONDS;
        let age = step.saturating_sub(self.step) as usize;
        let kept = STEPS.saturating_sub(age);
        // The latest step is the last; those that have left the hour are at the front.
        self.came.iter().rev().take(kept).map(|own| u64::from(*own)).sum()
    }

    fn turn(&mut self, now: Duration) {
        let step = seconds(now) / STEP_SECONDS;
        let age = (step.saturating_sub(self.step) as usize).min(STEPS);
        self.came.rotate_left(age % STEPS);
        self.came[STEPS - age..].fill(0);
        self.step = self.step.max(step);
    }

    /// What was said of it within the last minute.
    pub(super) fn told(&self, now: Duration) -> Option<&str> {
        let (at, text) = self.told.as_ref()?;
        (seconds(now).saturating_sub(*at) < TOLD_SECONDS).then_some(text)
    }

    pub(super) fn tell(&mut self, now: Duration, text: String) {
        self.told = Some((seconds(now), text));
    }
}

/// All sources.
#[derive(Debug)]
pub(crate) struct Sources {
    all: Vec<Source>,
    places: HashMap<Box<str>, u32>,
}

impl Default for Sources {
    fn default() -> Self {
        let named = |name: &str| Source { name: name.into(), ..Source::default() };
        Self { all: vec![named(""), named("other")], places: HashMap::new() }
    }
}

impl Sources {
    /// The place of a source.
    pub(super) fn place(&mut self, name: &str, now: Duration) -> u32 {
        if name.is_empty() || name == &*self.all[OTHERS as usize].name {
            return OTHERS;
        }
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = if self.all.len() < SOURCES_MAX {
            self.all.push(Source::default());
            self.all.len() - 1
        } else {
            // One that brings nothing any more makes room.
            let rests = |own: &Source| own.series == 0 && own.new_series(now) == 0;
            match self.all.iter().skip(2).position(rests) {
                Some(at) => at + 2,
                None => return OTHERS,
            }
        };
        self.places.remove(&self.all[place].name);
        self.all[place] = Source { name: name.into(), ..Source::default() };
        let place = u32::try_from(place).unwrap_or(OTHERS);
        self.places.insert(name.into(), place);
        place
    }

    /// A source by its place.
    pub(super) fn get(&self, place: u32) -> Option<&Source> {
        self.all.get(place as usize)
    }

    pub(super) fn get_mut(&mut self, place: u32) -> Option<&mut Source> {
        self.all.get_mut(place as usize)
    }

    /// All that have series, or had some refused.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.all.iter().filter(|own| own.series > 0 || own.refused > 0)
    }

    /// The place of the one that brought the most new series within the hour, and of those that brought as many the one
    /// with the most series.
    pub(super) fn busiest(&self, now: Duration) -> u32 {
        let rank = |own: &Source| (own.new_series(now), own.series);
        let best = (0..).zip(&self.all).max_by_key(|(_, own)| rank(own));
        best.map_or(NOBODY, |(place, _)| place)
    }

    /// A source has a series more; `new` if nobody had it.
    pub(super) fn add(&mut self, place: u32, new: bool, now: Duration) {
        let Some(own) = self.get_mut(place) else { return };
        own.series += 1;
        if new {
            own.turn(now);
            own.came[STEPS - 1] = own.came[STEPS - 1].saturating_add(1);
        }
    }

    /// A source has a series less.
    pub(super) fn remove(&mut self, place: u32) {
        if let Some(own) = self.get_mut(place) {
            own.series = own.series.saturating_sub(1);
        }
    }

    /// A new series was taken back before it had a row.
    pub(super) fn withdraw(&mut self, place: u32) {
        if let Some(own) = self.get_mut(place) {
            own.came[STEPS - 1] = own.came[STEPS - 1].saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Duration {
        Duration::from_mins(minutes)
    }

    #[test]
    fn new_series_are_forgotten_an_hour_later_bit_by_bit() {
        let mut sources = Sources::default();
        let place = sources.place("ward", at(0));
        for minute in [0, 0, 3, 20, 40] {
            sources.add(place, true, at(minute));
        }
        sources.add(place, false, at(40));
        let new = |minute| sources.get(place).unwrap().new_series(at(minute));
        assert_eq!([40, 59, 60, 64, 80, 99, 100, 5000].map(new), [5, 5, 2, 2, 1, 1, 0, 0]);
        assert_eq!(sources.get(place).unwrap().series, 6);
    }

    #[test]
    fn sources_beyond_the_bound_are_one_until_others_rest() {
        let mut sources = Sources::default();
        for number in 0..SOURCES_MAX - 2 {
            let place = sources.place(&format!("sender-{number}"), at(0));
            sources.add(place, true, at(0));
        }
        assert_eq!(sources.place("late", at(0)), OTHERS);
        let first = sources.place("sender-0", at(0));
        sources.remove(first);
        assert_eq!(sources.place("late", at(30)), OTHERS, "its hour is not over");
        assert_eq!(sources.place("late", at(61)), first);
        sources.add(first, true, at(61));
        assert_eq!(sources.place("sender-0", at(61)), OTHERS);
        assert_eq!(sources.all.len(), SOURCES_MAX);
    }
}
