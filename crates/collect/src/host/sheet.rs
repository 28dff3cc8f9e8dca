//! Takes down values as they are read, and remembers the labels of each place so that they are built once.

use std::collections::BTreeSet;

use model::{Labels, METRIC_NAME, Sample, Series, Time};

/// A value's name and labels as its part gave them, and what became of them.
#[derive(Debug)]
struct Place {
    name: Box<str>,
    pairs: Box<[(Box<str>, Box<str>)]>,
    labels: Labels,
}

impl Place {
    fn is(&self, name: &str, pairs: &[(&str, &str)]) -> bool {
        *self.name == *name
            && self.pairs.len() == pairs.len()
            && self.pairs.iter().zip(pairs).all(|(own, new)| *own.0 == *new.0 && *own.1 == *new.1)
    }
}

/// What one round takes down. Parts give their values in the same order every round, so the place of a value
/// nearly always tells its labels.
#[derive(Debug)]
pub(super) struct Sheet {
    base: Labels,
    now: Time,
    places: Vec<Vec<Place>>,
    part: usize,
    next: usize,
    series: Vec<Series>,
}

impl Sheet {
    pub(super) fn new(base: Labels) -> Self {
        Self {
            base,
            now: Time::default(),
            places: Vec::new(),
            part: usize::MAX,
            next: 0,
            series: Vec::new(),
        }
    }

    /// Begins a round.
    pub(super) fn begin(&mut self, now: Time) {
        self.now = now;
        let expected = self.places.iter().map(Vec::len).sum();
        self.series = Vec::with_capacity(expected);
    }

    /// The moment of this round.
    pub(super) fn now(&self) -> Time {
        self.now
    }

    /// Goes on with another part.
    pub(super) fn part(&mut self, index: usize) {
        self.close_part();
        self.part = index;
        while self.places.len() <= index {
            self.places.push(Vec::new());
        }
    }

    /// Takes down one value.
    pub(super) fn put(&mut self, name: &str, pairs: &[(&str, &str)], value: f64) {
        let places = &mut self.places[self.part];
        let known = places.get(self.next).is_some_and(|place| place.is(name, pairs));
        if !known {
            let mut builder = self.base.to_builder();
            builder.set(METRIC_NAME, name);
            for (label, text) in pairs {
                builder.set(*label, *text);
            }
            let place = Place {
                name: name.into(),
                pairs: pairs
                    .iter()
                    .map(|(label, text)| ((*label).into(), (*text).into()))
                    .collect(),
                labels: builder.build(),
            };
            match places.get_mut(self.next) {
                Some(old) => *old = place,
                None => places.push(place),
            }
        }
        let labels = places[self.next].labels.clone();
        self.next += 1;
        self.series.push(Series::new(labels, vec![Sample { time: self.now, value }]));
    }

    /// Ends a round.
    pub(super) fn end(&mut self) -> Vec<Series> {
        self.close_part();
        // No part is open between rounds, so that nothing is cut off when the next begins.
        self.part = usize::MAX;
        std::mem::take(&mut self.series)
    }

    /// The names given out in the last round.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.places.iter().flatten().map(|place| &*place.name).collect()
    }

    fn close_part(&mut self) {
        if let Some(places) = self.places.get_mut(self.part) {
            places.truncate(self.next);
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(sheet: &mut Sheet, parts: &[&[&str]]) -> Vec<Labels> {
        sheet.begin(Time(0));
        for (index, names) in parts.iter().enumerate() {
            sheet.part(index);
            for name in *names {
                sheet.put(name, &[("device", "sda")], 1.0);
            }
        }
        sheet.end().into_iter().map(|series| series.labels).collect()
    }

    #[test]
    fn places_outlive_the_round_and_those_that_change_are_built_anew() {
        let mut sheet = Sheet::new(Labels::from_pairs([("job", "plimsoll")]));
        let first = round(&mut sheet, &[&["a", "b"], &["c"]]);
        assert_eq!(first[2].to_string(), r#"c{device="sda",job="plimsoll"}"#);
        assert_eq!(round(&mut sheet, &[&["a", "b"], &["c"]]), first);
        sheet.begin(Time(1));
        sheet.part(0);
        assert_eq!(sheet.places.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        let other = round(&mut sheet, &[&["b"], &["c"]]);
        assert_eq!(other, first[1..]);
        assert_eq!(sheet.names().into_iter().collect::<Vec<_>>(), ["b", "c"]);
    }
}
