//! The bands of one expression's series.

use std::collections::BTreeMap;

use model::{Columns, Labels, METRIC_NAME, Sample, Series, Span, Time};
use stats::{Band, Baseline, Moment, Shift};

use super::{BASELINE, BASELINE_LABEL, BOUND, BOUNDS, BaselineError, STEP, Zone};

/// A series without a reading for so long is forgotten.
const FORGOTTEN_AFTER: Span = Span::days(14);
/// And after so long already where others need its place.
const PLACE_AFTER: Span = Span::days(1);
/// A band is recorded as long as its series has had a reading within this time.
const RECORDED_FOR: Span = Span::minutes(15);

/// Series that are watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The baseline's name.
    pub name: String,
    /// The expression whose series they are.
    pub expr: String,
    /// The labels that are kept; all but the metric's name if there are none.
    pub labels: Vec<String>,
    /// Whose hours count.
    pub zone: Zone,
    /// How wide bands are, as a factor.
    pub width: f64,
    /// How many series there may be.
    pub series_max: usize,
}

impl Watched {
    fn kept(&self, labels: &Labels) -> Labels {
        if self.labels.is_empty() {
            return labels.without(|name| name == METRIC_NAME);
        }
        labels.without(|name| !self.labels.iter().any(|kept| kept == name))
    }
}

/// A band by hour of the week, and from when on it was learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// The band.
    pub band: Band,
    /// The first reading that was learnt from.
    pub since: Time,
}

/// A series, and what is known of it.
#[derive(Clone, Debug)]
struct Learnt {
    baseline: Baseline,
    seen: Time,
}

/// What is known of a series now.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Who.
    pub labels: Labels,
    /// From when on it has been watched.
    pub since: Option<Time>,
    /// When it was last seen.
    pub seen: Time,
    /// Its band now; nothing while too little is known.
    pub band: Option<Band>,
    /// When it last moved to another level.
    pub shift: Option<Shift>,
}

/// The bands of one expression's series.
#[derive(Clone, Debug)]
pub struct Watch {
    of: Watched,
    series: BTreeMap<Labels, Learnt>,
    left_out: usize,
    learnt: Option<Time>,
}

impl Watch {
    /// Nothing is known yet.
    pub fn new(of: Watched) -> Self {
        Self { of, series: BTreeMap::new(), left_out: 0, learnt: None }
    }

    /// What is watched.
    pub fn of(&self) -> &Watched {
        &self.of
    }

    /// How many series are known.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Series of the last answer that there was no place for.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Up to when readings have been learnt from.
    pub fn learnt(&self) -> Option<Time> {
        self.learnt
    }

    /// Bytes that what is known takes, labels left out.
    pub fn bytes(&self) -> usize {
        self.series.values().map(|known| known.baseline.bytes() + size_of::<Time>()).sum()
    }

    /// Learns from an answer over steps up to `to`. At most `room` series more than there are find a place. An error
    /// has learnt nothing, but is not tried again either.
    pub fn learn(
        &mut self,
        answer: &[Columns],
        to: Time,
        room: usize,
    ) -> Result<(), BaselineError> {
        self.learnt = Some(to);
        let mut found = BTreeMap::new();
        for columns in answer {
            let labels = self.of.kept(&columns.labels);
            if found.insert(labels.clone(), columns).is_some() {
                return Err(BaselineError::Twice { labels: labels.to_string() });
            }
        }
        self.forget(to, FORGOTTEN_AFTER);
        let places = self.of.series_max.min(self.series.len().saturating_add(room));
        let fresh = found.keys().filter(|labels| !self.series.contains_key(*labels)).count();
        if self.series.len() + fresh > places {
            self.forget(to, PLACE_AFTER);
        }
        self.left_out = 0;
        // All series are read at the same moments.
        let mut moments: BTreeMap<i64, Moment> = BTreeMap::new();
        for (labels, columns) in found {
            let Some(newest) = columns.times.last().copied().map(Time) else { continue };
            if !self.series.contains_key(&labels) && self.series.len() >= places {
                self.left_out += 1;
                continue;
            }
            let known = self
                .series
                .entry(labels)
                .or_insert_with(|| Learnt { baseline: Baseline::default(), seen: newest });
            for (time, value) in columns.times.iter().zip(&columns.values) {
                let zone = &self.of.zone;
                let moment = moments.entry(*time).or_insert_with(|| zone.moment(Time(*time)));
                known.baseline.take(*moment, *value);
            }
            known.seen = newest;
        }
        Ok(())
    }

    fn forget(&mut self, now: Time, after: Span) {
        self.series.retain(|_, known| now.since(known.seen) <= after);
    }

    /// Forgets everything, so that it can be learnt anew from a past that has changed.
    pub fn clear(&mut self) {
        (self.series, self.left_out, self.learnt) = (BTreeMap::new(), 0, None);
    }

    /// The bands to be recorded now: those by hour of the week, of series that are there.
    pub fn bands(&self, now: Time) -> Vec<Series> {
        let mut series = Vec::new();
        let moment = self.of.zone.moment(now);
        for (labels, known) in &self.series {
            if now.since(known.seen) > RECORDED_FOR {
                continue;
            }
            let Some(band) = known.baseline.band(moment) else { continue };
            if band.basis == stats::Basis::Day {
                continue;
            }
            let band = band.widened(self.of.width);
            for (bound, value) in BOUNDS.iter().zip([band.low, band.mid, band.high]) {
                let mut builder = labels.to_builder();
                builder
                    .set(METRIC_NAME, BASELINE)
                    .set(BASELINE_LABEL, self.of.name.as_str())
                    .set(BOUND, *bound);
                series.push(Series::new(builder.build(), vec![Sample { time: now, value }]));
            }
        }
        series
    }

    /// What is known of each series, in order of their labels; at most so many.
    pub fn rows(&self, now: Time, count: usize) -> Vec<Row> {
        let moment = self.of.zone.moment(now);
        let row = |(labels, known): (&Labels, &Learnt)| Row {
            labels: labels.clone(),
            since: known.baseline.since().map(Time::from_secs),
            seen: known.seen,
            band: known.baseline.band(moment).map(|band| band.widened(self.of.width)),
            shift: known.baseline.shift(),
        };
        self.series.iter().take(count).map(row).collect()
    }

    /// The band of one series now, by the labels that are kept of it.
    pub fn band(&self, labels: &Labels, now: Time) -> Option<Known> {
        self.series.get(labels).and_then(|own| self.known(own, now))
    }

    /// The band of the series that somebody picks, by its place, from the labels of all.
    pub fn band_of(
        &self,
        now: Time,
        pick: impl FnOnce(&mut dyn Iterator<Item = &Labels>) -> Option<usize>,
    ) -> Option<Known> {
        let at = pick(&mut self.series.keys())?;
        self.series.values().nth(at).and_then(|own| self.known(own, now))
    }

    fn known(&self, own: &Learnt, now: Time) -> Option<Known> {
        let band = own.baseline.band(self.of.zone.moment(now))?.widened(self.of.width);
        let since = Time::from_secs(own.baseline.since()?);
        (band.basis == stats::Basis::Week).then_some(Known { band, since })
    }

    /// How many series have a band by hour of the week, and how many moved to another level within a week.
    pub fn counts(&self, now: Time) -> (usize, usize) {
        let moment = self.of.zone.moment(now);
        let known = self
            .series
            .values()
            .filter(|known| known.baseline.basis(moment.start) == Some(stats::Basis::Week));
        let moved = self.series.values().filter(|known| {
            let shift = known.baseline.shift();
            shift.is_some_and(|shift| now.since(Time::from_secs(shift.at)) <= Span::days(7))
        });
        (known.count(), moved.count())
    }

    /// The step after the last that was learnt from; where nothing was, the first of the past that counts.
    pub fn next_step(&self, now: Time) -> Time {
        let from = self.learnt.map_or(now - super::PAST, |learnt| learnt + STEP);
        super::aligned(from.max(now - super::PAST))
    }
}
