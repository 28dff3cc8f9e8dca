//! The series of one test: what it was given, as far as it has come, and what its rules recorded.

use std::collections::BTreeMap;

use model::{
    Columns, HistogramSample, Labels, METRIC_NAME, MatchOp, Point, Selection, Series, SeriesSource,
    SourceError, Span, Time,
};

/// Series in memory, by the name of their metric.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    metrics: BTreeMap<String, BTreeMap<Labels, Kept>>,
    /// Nothing that was given for a later time is there yet.
    until: Option<Time>,
}

/// The samples of one series, in the order of their times.
#[derive(Clone, Debug, Default)]
struct Kept {
    times: Vec<i64>,
    values: Vec<f64>,
    histograms: Vec<HistogramSample>,
}

impl Shelf {
    /// Puts a series in that was given point by point.
    pub(super) fn give(&mut self, labels: &Labels, points: &[Point], start: Time, every: Span) {
        let kept = self.kept(labels);
        let mut time = start;
        for point in points {
            match point {
                Point::Gap => {}
                Point::Value(value) => kept.put(time, *value),
                Point::Histogram(noted) => {
                    let histogram = std::sync::Arc::new(noted.histogram.clone());
                    kept.histograms.push(HistogramSample { time, histogram });
                }
            }
            time = time + every;
        }
        kept.histograms.sort_by_key(|sample| sample.time);
    }

    /// Puts in what a rule recorded.
    pub(super) fn record(&mut self, series: Vec<Series>) {
        for one in series {
            let kept = self.kept(&one.labels);
            for sample in one.samples {
                kept.put(sample.time, sample.value);
            }
            kept.histograms.extend(one.histograms);
            kept.histograms.sort_by_key(|sample| sample.time);
        }
    }

    /// Whether there is, or will be, a series of this metric.
    pub(super) fn has(&self, metric: &str) -> bool {
        self.metrics.contains_key(metric)
    }

    /// From now on everything up to this time is there.
    pub(super) fn reach(&mut self, time: Time) {
        self.until = Some(time);
    }

    fn kept(&mut self, labels: &Labels) -> &mut Kept {
        let name = labels.metric_name().unwrap_or_default();
        self.metrics.entry(name.to_owned()).or_default().entry(labels.clone()).or_default()
    }

    /// The series that match, the empty ones included.
    fn matching(&self, selection: &Selection<'_>) -> impl Iterator<Item = (&Labels, &Kept)> {
        let named = |matcher: &&model::Matcher| {
            matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal
        };
        let name = selection.matchers.iter().find(named).map(model::Matcher::value);
        let matchers = selection.matchers;
        self.metrics
            .iter()
            .filter(move |(metric, _)| name.is_none_or(|name| name == metric.as_str()))
            .flat_map(|(_, series)| series)
            .filter(move |(labels, _)| {
                let fits =
                    |own: &model::Matcher| own.matches(labels.get(own.name()).unwrap_or_default());
                matchers.iter().all(fits)
            })
    }

    fn latest(&self, selection: &Selection<'_>) -> Time {
        self.until.map_or(selection.range.to, |until| until.min(selection.range.to))
    }
}

impl Kept {
    fn put(&mut self, time: Time, value: f64) {
        let at = self.times.partition_point(|own| *own < time.millis());
        if self.times.get(at) == Some(&time.millis()) {
            self.values[at] = value;
        } else {
            self.times.insert(at, time.millis());
            self.values.insert(at, value);
        }
    }

    fn within(&self, labels: &Labels, from: Time, to: Time) -> Columns {
        let first = self.times.partition_point(|time| *time < from.millis());
        let last = self.times.partition_point(|time| *time <= to.millis()).max(first);
        let (times, values) = (self.times[first..last].to_vec(), self.values[first..last].to_vec());
        let mut columns = Columns::new(labels.clone(), times, values);
        let inside = |sample: &&HistogramSample| sample.time >= from && sample.time <= to;
        columns.histograms.extend(self.histograms.iter().filter(inside).cloned());
        columns
    }
}

impl SeriesSource for Shelf {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Columns>, SourceError> {
        let (from, to) = (selection.range.from, self.latest(selection));
        let mut found = Vec::new();
        for (labels, kept) in self.matching(selection) {
            let columns = kept.within(labels, from, to);
            selection.budget.charge(columns.times.len() + columns.histograms.len())?;
            if !columns.is_empty() {
                found.push(columns);
            }
        }
        found.sort_by(|left, right| left.labels.cmp(&right.labels));
        Ok(found)
    }
}
