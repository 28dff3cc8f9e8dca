//! What lies before the past that is looked at closely: one value a day, read once a day, so that a forecast reaches as
//! far ahead as the store reaches back.

use std::collections::{BTreeMap, BTreeSet};

use model::{Nature, ResourceId, Span, Time, TimeRange};
use stats::quantile;
use tracing::warn;

use super::{PAST_MAX, Past};
use crate::{
    http::chain,
    state::{App, Standing, history},
};

/// How far back is looked at all: more than a year, so that its seasons can be seen.
pub(super) const OLDER_MAX: Span = Span::days(400);
/// What of it lies before the past that is looked at closely.
const BEFORE: Span = Span(OLDER_MAX.0 - PAST_MAX.0);
const DAY: Span = Span::days(1);
const HOUR: Span = Span::hours(1);
/// No more resources are read anew in one telling; a year of samples takes a while to read.
const READ_MAX: usize = 20;
/// What stands for a day of what comes and goes: exceeded a tenth of the time.
const PEAK: f64 = 0.9;

/// Days long past, by resource.
#[derive(Debug, Default)]
pub(super) struct Older {
    known: BTreeMap<ResourceId, Days>,
    read: usize,
}

#[derive(Debug)]
struct Days {
    /// Up to when.
    until: Time,
    past: Past,
}

impl Older {
    /// Begins a telling; resources that are gone are forgotten.
    pub(super) fn begin(&mut self, standings: &[Standing]) {
        let there: BTreeSet<&ResourceId> = standings.iter().map(|own| &own.reading.id).collect();
        self.known.retain(|id, _| there.contains(id));
        self.read = 0;
    }

    /// Forgets everything: the past has become another.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// A past with what lies before it.
    pub(super) fn joined(
        &mut self,
        app: &App,
        standing: &Standing,
        past: &Past,
        now: Time,
    ) -> Past {
        let until = Time((now - PAST_MAX).0.div_euclid(DAY.0) * DAY.0);
        let oldest = app.store.stats().oldest.unwrap_or(now).max(until - BEFORE);
        let id = &standing.reading.id;
        let stale = self.known.get(id).is_none_or(|days| days.until < until);
        if oldest < until && stale && self.read < READ_MAX {
            self.read += 1;
            let whole = TimeRange { from: Time(oldest.0.div_euclid(DAY.0) * DAY.0), to: until };
            match read(app, standing, whole) {
                Ok(past) => drop(self.known.insert(id.clone(), Days { until, past })),
                Err(error) => {
                    warn!(resource = %id, error = chain(&error), "the older past cannot be read");
                }
            }
        }
        let Some(Days { past: (times, values), .. }) = self.known.get(id) else {
            return past.clone();
        };
        // What is known closely needs no days.
        let first = past.0.first().copied().unwrap_or(now.0);
        let count = times.partition_point(|&time| time < first);
        ([&times[..count], &past.0[..]].concat(), [&values[..count], &past.1[..]].concat())
    }
}

fn read(app: &App, standing: &Standing, range: TimeRange) -> Result<Past, model::SourceError> {
    let hours = usize::try_from(range.to.since(range.from).0 / HOUR.0).unwrap_or(0);
    let grid = history::Grid { from: range.from, step: HOUR, len: hours };
    let wanted = (&standing.reading.id, history::RESOURCE_USED);
    let cells = history::read(app.store.as_ref(), wanted, &grid, &app.own_meter())?;
    let mut hours: Vec<(Time, f64)> = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        let figure = match standing.resource.nature {
            Nature::Stock => cell.figure(|cell| cell.max),
            Nature::Flow => cell.mean(),
        };
        hours.extend(figure.map(|value| (grid.time(at), value)));
    }
    Ok(by_day(&hours, standing.resource.nature))
}

/// One value for each day of which there is any, at the day's end.
fn by_day(hours: &[(Time, f64)], nature: Nature) -> Past {
    let day = |time: Time| time.0.div_euclid(DAY.0);
    let of_day = |own: &[(Time, f64)]| {
        let values: Vec<f64> = own.iter().map(|(_, value)| *value).collect();
        match nature {
            Nature::Stock => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Nature::Flow => quantile(&values, PEAK),
        }
    };
    let days = hours.chunk_by(|a, b| day(a.0) == day(b.0));
    days.map(|own| ((day(own[0].0) + 1) * DAY.0 - 1, of_day(own))).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_highest_level_or_its_busy_hours() {
        let hours: Vec<(Time, f64)> = (0..60_i32)
            .map(|hour| (Time(0) + Span::hours(i64::from(hour)), f64::from(hour)))
            .collect();
        let (times, values) = by_day(&hours, Nature::Stock);
        assert_eq!(times, [DAY.0 - 1, 2 * DAY.0 - 1, 3 * DAY.0 - 1]);
        assert_eq!(values, [23.0, 47.0, 59.0]);
        let (_, busy) = by_day(&hours, Nature::Flow);
        assert!((busy[0] - 20.7).abs() < 0.01, "{busy:?}");
        assert_eq!(by_day(&[], Nature::Flow), (Vec::new(), Vec::new()));
    }
}
