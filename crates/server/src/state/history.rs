//! The recorded past of resources: what is written at each look, and how it is read back.

use model::{
    AlertId, Budget, Columns, Labels, METRIC_NAME, Matcher, Reading, ResourceId, Sample, Selection,
    Series, SeriesSource, SourceError, Span, Time, TimeRange, is_stale,
};

/// How much of a resource was in use, in its unit, at each look.
pub(crate) const RESOURCE_USED: &str = "plimsoll_resource_used";
/// The resource's limit, in its unit, at each look.
pub(crate) const RESOURCE_LIMIT: &str = "plimsoll_resource_limit";
/// The label that names the resource in both.
pub(crate) const RESOURCE_LABEL: &str = "resource";

/// How much is read at once while going over a long past, so that memory stays small.
const CHUNK: Span = Span::days(2);
/// A reading counts for this long, as a sample does in questions.
const LOOKBACK: Span = Span::minutes(5);

/// The series that record a reading.
pub(crate) fn record(reading: &Reading) -> [Series; 2] {
    let sample = |value| vec![Sample { time: reading.at, value }];
    [
        Series::new(labels_of(&reading.id, RESOURCE_USED), sample(reading.used)),
        Series::new(labels_of(&reading.id, RESOURCE_LIMIT), sample(reading.limit)),
    ]
}

fn labels_of(id: &ResourceId, metric: &str) -> Labels {
    let mut builder = id.labels.to_builder();
    builder.set(METRIC_NAME, metric).set(RESOURCE_LABEL, &*id.resource);
    builder.build()
}

/// Which resource a recorded series speaks of.
pub(crate) fn id_of(labels: &Labels) -> Option<ResourceId> {
    let resource = labels.get(RESOURCE_LABEL)?.to_owned();
    Some(ResourceId {
        resource,
        labels: labels.without(|name| name == METRIC_NAME || name == RESOURCE_LABEL),
    })
}

/// A resource's identity in addresses and in the journal: short, and the same on every machine.
pub(crate) fn key_of(id: &ResourceId) -> String {
    format!("{}-{}", id.resource, AlertId::of(&id.resource, &id.labels).hex())
}

/// The recorded series of one metric for all resources.
pub(crate) fn read_all(
    source: &dyn SeriesSource,
    metric: &str,
    range: TimeRange,
    budget: &dyn Budget,
) -> Result<Vec<Columns>, SourceError> {
    source.select(&Selection::new(&[Matcher::equal(METRIC_NAME, metric)], range, budget))
}

/// Samples as a question would find them at each step: the last of the five minutes before.
pub(crate) fn at_steps(columns: &Columns, (from, to, step): (Time, Time, Span)) -> Columns {
    let (mut times, mut values) = (Vec::new(), Vec::new());
    let mut at = from;
    while at <= to {
        let last = columns.times.partition_point(|time| *time <= at.millis()).checked_sub(1);
        if let Some(last) = last
            && at.since(Time(columns.times[last])) < LOOKBACK
            && !is_stale(columns.values[last])
        {
            times.push(at.millis());
            values.push(columns.values[last]);
        }
        at = at + step;
    }
    Columns::new(columns.labels.clone(), times, values)
}

/// One resource's readings at steps, as a question would find them.
pub(crate) fn read_at_steps(
    source: &dyn SeriesSource,
    id: &ResourceId,
    (from, to, step): (Time, Time, Span),
    budget: &dyn Budget,
) -> Result<Option<Columns>, SourceError> {
    let labels = labels_of(id, RESOURCE_USED);
    let matchers: Vec<Matcher> =
        labels.iter().map(|(name, value)| Matcher::equal(name, value)).collect();
    let range = TimeRange { from: from - LOOKBACK, to };
    let found = source.select(&Selection::new(&matchers, range, budget))?;
    let own = found.iter().find(|columns| columns.labels == labels);
    Ok(own.map(|columns| at_steps(columns, (from, to, step))))
}

/// Evenly spaced steps of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) from: Time,
    pub(crate) step: Span,
    pub(crate) len: usize,
}

impl Grid {
    /// At most so many steps from one moment to another, their length a round number of seconds.
    pub(crate) fn over(range: TimeRange, points: usize) -> Self {
        const ROUND: [i64; 17] = [
            1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200,
            86_400,
        ];
        let width = range.to.since(range.from).as_millis().max(1000);
        let wanted = width / i64::try_from(points.max(1)).unwrap_or(i64::MAX);
        let secs = ROUND.iter().copied().find(|secs| secs * 1000 >= wanted).unwrap_or_else(|| {
            let days = wanted.div_euclid(86_400_000) + 1;
            days * 86_400
        });
        let step = Span::secs(secs);
        let from = Time(range.from.millis().div_euclid(step.as_millis()) * step.as_millis());
        let len =
            usize::try_from(range.to.since(from).as_millis() / step.as_millis() + 1).unwrap_or(1);
        Self { from, step, len }
    }

    /// The moment at which a step begins.
    pub(crate) fn time(&self, at: usize) -> Time {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        self.from + Span::millis(self.step.as_millis().saturating_mul(at))
    }

    fn slot(&self, millis: i64) -> Option<usize> {
        let at = millis.checked_sub(self.from.millis())?.div_euclid(self.step.as_millis());
        usize::try_from(at).ok().filter(|at| *at < self.len)
    }

    fn end(&self) -> Time {
        self.time(self.len) - Span::millis(1)
    }
}

/// What happened within one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) sum: f64,
    pub(crate) count: u32,
    pub(crate) last: f64,
}

impl Cell {
    const EMPTY: Self =
        Self { min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0, count: 0, last: f64::NAN };

    fn take(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.sum += value;
        self.count += 1;
        self.last = value;
    }

    /// A figure of the step, or nothing if nothing was read in it.
    pub(crate) fn figure(&self, figure: impl FnOnce(&Self) -> f64) -> Option<f64> {
        (self.count > 0).then(|| figure(self)).filter(|value| value.is_finite())
    }

    /// The mean over the step.
    pub(crate) fn mean(&self) -> Option<f64> {
        self.figure(|cell| cell.sum / f64::from(cell.count))
    }
}

/// Sorts a series' samples into the steps of a grid.
pub(crate) fn sort_into(cells: &mut [Cell], grid: &Grid, columns: &Columns) {
    for (time, value) in columns.times.iter().zip(&columns.values) {
        if !is_stale(*value)
            && value.is_finite()
            && let Some(at) = grid.slot(*time)
        {
            cells[at].take(*value);
        }
    }
}

/// Empty cells for a grid.
pub(crate) fn cells_for(grid: &Grid) -> Vec<Cell> {
    vec![Cell::EMPTY; grid.len]
}

/// One resource's past on a grid, read piece by piece.
pub(crate) fn read(
    source: &dyn SeriesSource,
    (id, metric): (&ResourceId, &str),
    grid: &Grid,
    budget: &dyn Budget,
) -> Result<Vec<Cell>, SourceError> {
    let labels = labels_of(id, metric);
    let matchers: Vec<Matcher> =
        labels.iter().map(|(name, value)| Matcher::equal(name, value)).collect();
    let mut cells = cells_for(grid);
    let (mut from, end) = (grid.from, grid.end());
    while from <= end {
        budget.charge(0)?;
        let to = (from + CHUNK - Span::millis(1)).min(end);
        let selection = Selection::new(&matchers, TimeRange { from, to }, budget);
        for columns in source.select(&selection)?.iter().filter(|found| found.labels == labels) {
            sort_into(&mut cells, grid, columns);
        }
        from = to + Span::millis(1);
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use model::{SampleSink as _, Unlimited};
    use testkit::MemoryStore;

    use super::*;

    fn id() -> ResourceId {
        ResourceId {
            resource: "disk".into(),
            labels: Labels::from_pairs([("mountpoint", "/"), ("instance", "a")]),
        }
    }

    #[test]
    fn what_was_recorded_is_read_back_step_by_step() {
        let store = MemoryStore::new();
        for (secs, used) in [(0, 10.0), (20, 30.0), (60, 50.0), (600, 5.0)] {
            let reading = Reading { id: id(), at: Time::from_secs(secs), used, limit: 100.0 };
            store.write(&record(&reading)).unwrap();
        }
        let range = TimeRange { from: Time::from_secs(0), to: Time::from_secs(119) };
        let grid = Grid::over(range, 2);
        assert_eq!((grid.step, grid.len), (Span::secs(60), 2));
        let cells = read(&store, (&id(), RESOURCE_USED), &grid, &Unlimited).unwrap();
        assert_eq!(cells[0].mean(), Some(20.0));
        assert_eq!((cells[0].min, cells[0].max), (10.0, 30.0));
        assert_eq!(cells[1].mean(), Some(50.0));
    }

    #[test]
    fn a_step_has_the_last_reading_of_the_five_minutes_before() {
        let columns = Columns::new(
            Labels::empty(),
            vec![0, 200_000, 700_000, 1_300_000],
            vec![1.0, 2.0, 3.0, model::STALE],
        );
        let steps = at_steps(&columns, (Time(0), Time(1_500_000), Span::minutes(5)));
        assert_eq!(steps.times, [0, 300_000, 900_000]);
        assert_eq!(steps.values, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_recorded_series_says_which_resource_it_speaks_of() {
        assert_eq!(id_of(&labels_of(&id(), RESOURCE_USED)), Some(id()));
    }

    #[test]
    fn steps_are_round_and_never_more_than_asked_for_by_much() {
        let days = |days| TimeRange { from: Time(0), to: Time(0) + Span::days(days) };
        assert_eq!(Grid::over(days(1), 600).step, Span::secs(300));
        assert_eq!(Grid::over(days(365), 600).step, Span::secs(86_400));
        assert!(Grid::over(days(36_500), 600).len <= 602);
    }
}
