//! Native histograms in scripts: how they are loaded, made of classic ones, and compared.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, ensure};
use model::{
    Buckets, CUSTOM_BUCKETS, Histogram, HistogramSample, Labels, METRIC_NAME, ResetHint, Span32,
    Time,
};
use model::{NotedHistogram, Point};
use testkit::MemoryStore;

use crate::{compare::same, script::Load};

/// Loads series from time zero, one point per interval.
pub(crate) fn load(store: &MemoryStore, load: &Load) {
    for described in &load.series {
        let (mut samples, mut histograms) = (Vec::new(), Vec::new());
        for (time, point) in times(load).zip(&described.points) {
            match point {
                Point::Gap => {}
                Point::Value(value) => {
                    samples.push((time.millis(), *value));
                    histograms.push((time, None));
                }
                Point::Histogram(noted) => histograms.push((time, Some(noted.histogram.clone()))),
            }
        }
        if !samples.is_empty() {
            store.add(&described.labels, samples);
        }
        store.add_histograms(&described.labels, with_hints(histograms));
    }
    if load.converts {
        for (labels, histograms) in converted(load) {
            let histograms = histograms.into_iter().map(|(time, own)| (time, Some(own)));
            store.add_histograms(&labels, with_hints(histograms.collect()));
        }
    }
}

fn times(load: &Load) -> impl Iterator<Item = Time> {
    let interval = load.interval.as_millis();
    (0..).map(move |number| Time(number * interval))
}

/// Says of each histogram what Prometheus' store finds out while it appends: a float in between, or less than before,
/// begins a chunk anew, and of the first in a chunk nothing is known.
fn with_hints(points: Vec<(Time, Option<Histogram>)>) -> Vec<HistogramSample> {
    let mut samples: Vec<HistogramSample> = Vec::new();
    let mut before: Option<Histogram> = None;
    for (time, point) in points {
        let Some(mut histogram) = point else {
            before = None;
            continue;
        };
        let fresh = histogram.clone();
        if histogram.reset != ResetHint::Gauge {
            let goes_on = histogram.reset != ResetHint::Reset
                && before.as_ref().is_some_and(|before| goes_on(before, &histogram));
            histogram.reset = if goes_on { ResetHint::NotReset } else { ResetHint::Unknown };
        }
        before = Some(fresh);
        samples.push(HistogramSample { time, histogram: Arc::new(histogram) });
    }
    samples
}

fn goes_on(before: &Histogram, after: &Histogram) -> bool {
    let rises = |before: &Buckets, after: &Buckets| {
        let after: BTreeMap<i32, f64> = after.iter().collect();
        before.iter().all(|(at, count)| after.get(&at).copied().unwrap_or(0.0) >= count)
    };
    before.reset != ResetHint::Gauge
        && before.schema == after.schema
        && before.bounds == after.bounds
        && before.zero_threshold.to_bits() == after.zero_threshold.to_bits()
        && before.zero_count <= after.zero_count
        && before.count <= after.count
        && rises(&before.positive, &after.positive)
        && rises(&before.negative, &after.negative)
}

/// What is known of a classic histogram at one time.
#[derive(Default)]
struct Classic {
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// Classic histograms as native ones with custom buckets.
fn converted(load: &Load) -> BTreeMap<Labels, BTreeMap<Time, Histogram>> {
    let mut found: BTreeMap<Labels, BTreeMap<Time, Classic>> = BTreeMap::new();
    for described in &load.series {
        let Some(name) = described.labels.metric_name() else { continue };
        let ends = ["_bucket", "_count", "_sum"];
        let Some(end) = ends.into_iter().find(|end| name.ends_with(end)) else { continue };
        let bound = described.labels.get("le").and_then(|le| le.parse::<f64>().ok());
        if end == "_bucket" && bound.is_none() {
            continue;
        }
        let base = name.strip_suffix(end).unwrap_or(name);
        let labels = described.labels.without(|label| label == "le").with(METRIC_NAME, base);
        let classics = found.entry(labels).or_default();
        for (time, point) in times(load).zip(&described.points) {
            let Point::Value(value) = point else { continue };
            let classic = classics.entry(time).or_default();
            match (end, bound) {
                ("_bucket", Some(bound)) => classic.buckets.push((bound, *value)),
                ("_count", _) => classic.count = Some(*value),
                _ => classic.sum = *value,
            }
        }
    }
    let convert = |classics: BTreeMap<Time, Classic>| -> BTreeMap<Time, Histogram> {
        let native = classics.into_iter().filter_map(|(time, own)| Some((time, own.native()?)));
        native.collect()
    };
    found.into_iter().map(|(labels, classics)| (labels, convert(classics))).collect()
}

impl Classic {
    /// Nothing if counts fall.
    fn native(mut self) -> Option<Histogram> {
        self.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let last = self.buckets.last().map_or(0.0, |bucket| bucket.1);
        let count = self.count.unwrap_or(last);
        if self.buckets.last().is_none_or(|bucket| bucket.0 != f64::INFINITY) {
            self.buckets.push((f64::INFINITY, count));
        }
        let mut before = 0.0;
        let mut counts = Vec::new();
        for (_, cumulative) in &self.buckets {
            counts.push(cumulative - before);
            before = *cumulative;
        }
        if counts.iter().any(|count| *count < 0.0) {
            return None;
        }
        let bounds = self.buckets.iter().map(|bucket| bucket.0).filter(|own| own.is_finite());
        let spans = vec![Span32 { offset: 0, length: u32::try_from(counts.len()).ok()? }];
        Some(Histogram {
            schema: CUSTOM_BUCKETS,
            count,
            sum: self.sum,
            positive: Buckets { spans, counts },
            bounds: bounds.collect(),
            ..Histogram::default()
        })
    }
}

/// Compares a histogram with what a script expects.
pub(crate) fn same_histogram(wanted: &NotedHistogram, found: &Histogram) -> Result<()> {
    let (hint, wanted) = (wanted.says_reset.then_some(wanted.histogram.reset), &wanted.histogram);
    let side = |own: &Buckets| -> BTreeMap<i32, f64> {
        own.iter().filter(|(_, count)| *count != 0.0).collect()
    };
    let same_side = |a: &Buckets, b: &Buckets| {
        let (a, b) = (side(a), side(b));
        a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a.0 == b.0 && same(*a.1, *b.1))
    };
    let alike = wanted.schema == found.schema
        && same(wanted.count, found.count)
        && same(wanted.sum, found.sum)
        && same(wanted.zero_threshold, found.zero_threshold)
        && same(wanted.zero_count, found.zero_count)
        && wanted.bounds == found.bounds
        && same_side(&wanted.positive, &found.positive)
        && same_side(&wanted.negative, &found.negative);
    ensure!(alike, "{found:?} instead of {wanted:?}");
    ensure!(hint.is_none_or(|hint| hint == found.reset), "{:?} instead of {hint:?}", found.reset);
    Ok(())
}
