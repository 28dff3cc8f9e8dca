//! Which new series are let in, and who is named when one is not. Series that are known go on whatever others do.

use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use model::{Labels, LabelsRef, METRIC_NAME};

use super::{
    Incoming,
    series::{SeriesTable, Slot, slot_bytes},
};
use crate::StoreLimits;

/// Series looked at to find out what a source brings; more would hold up writers.
const LOOKED_AT_MAX: usize = 20_000;

/// What a new series can be beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// It has no labels, or too many.
    Labels,
    /// One of its labels is too long.
    LabelBytes,
    /// There are too many series.
    Series,
    /// Series take too much memory.
    Memory,
    /// Its source brings too many new ones.
    NewSeries,
}

impl Limit {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Labels, Self::LabelBytes, Self::Series, Self::Memory, Self::NewSeries];

    /// Its name in figures.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::LabelBytes => "label_bytes",
            Self::Series => "series",
            Self::Memory => "series_memory",
            Self::NewSeries => "new_series",
        }
    }
}

/// Series of a batch that were turned away.
#[derive(Debug, Default)]
pub(crate) struct Away {
    /// Their places in the batch.
    pub(crate) series: Vec<u32>,
    /// Their samples within the window, by limit, in the order of [`Limit::ALL`].
    pub(crate) samples: [usize; Limit::ALL.len()],
    /// What there is to say of the first of them, and which it is.
    pub(crate) first: Option<(String, Labels)>,
}

impl Away {
    pub(super) fn add(&mut self, limit: Limit, place: u32, samples: usize) {
        self.series.push(place);
        self.samples[limit as usize] += samples;
    }
}

/// Which limit a new series breaks, if any.
pub(super) fn broken(
    table: &SeriesTable,
    incoming: &Incoming<'_>,
    (source, now): (u32, Duration),
    limits: &StoreLimits,
) -> Option<Limit> {
    let labels = incoming.series.labels;
    let (mut count, mut longest) = (0, 0);
    for (name, value) in labels.iter() {
        count += 1;
        longest = longest.max(name.len() + value.len());
    }
    if count == 0 || count > limits.labels_per_series_max {
        return Some(Limit::Labels);
    }
    if longest > limits.label_bytes_max {
        return Some(Limit::LabelBytes);
    }
    if table.len() >= limits.series_max {
        return Some(Limit::Series);
    }
    if table.bytes() + slot_bytes(labels.packed().len()) > limits.series_bytes_max {
        return Some(Limit::Memory);
    }
    let most = limits.new_series_per_source?;
    let new = table.sources.get(source).map_or(0, |own| own.new_series(now));
    (new >= most).then_some(Limit::NewSeries)
}

/// What is to be said of a series that broke a limit.
pub(super) fn words(
    table: &mut SeriesTable,
    (limit, labels): (Limit, LabelsRef<'_>),
    (source, now): (u32, Duration),
    limits: &StoreLimits,
) -> String {
    match limit {
        Limit::Labels => match labels.iter().count() {
            0 => "no labels at all".to_owned(),
            count => format!("{count} labels, {} are the limit,", limits.labels_per_series_max),
        },
        Limit::LabelBytes => {
            let bytes = labels.iter().map(|(name, value)| name.len() + value.len());
            let (longest, most) = (bytes.max().unwrap_or_default(), limits.label_bytes_max);
            format!("a label of {longest} bytes, {most} are the limit,")
        }
        Limit::Series => {
            let busiest = table.sources.busiest(now);
            let who = cause(table, (busiest, now));
            format!("more than {} active series ({who})", limits.series_max)
        }
        Limit::Memory => {
            let busiest = table.sources.busiest(now);
            let who = cause(table, (busiest, now));
            format!(
                "active series take more than {} MiB of memory ({who})",
                limits.series_bytes_max >> 20
            )
        }
        Limit::NewSeries => {
            let most = limits.new_series_per_source.unwrap_or_default();
            let who = cause(table, (source, now));
            format!("more than {most} new series within an hour from one source ({who})")
        }
    }
}

/// A source, its figures, and what most of them are: said anew once a minute.
fn cause(table: &mut SeriesTable, (source, now): (u32, Duration)) -> String {
    let Some(own) = table.sources.get(source) else { return String::new() };
    if let Some(told) = own.told(now) {
        return told.to_owned();
    }
    let name = if own.name.is_empty() { "the time before the start" } else { &own.name };
    let figures = format!("{name} has {} series, {} of them new", own.series, own.new_series(now));
    let text = match table.most_of(source, now) {
        None => figures,
        Some((metric, series, None)) => format!("{figures}, most of {metric} ({series})"),
        Some((metric, series, Some((label, values)))) => format!(
            "{figures}, most of {metric} ({series}), whose label {label} has {values} values"
        ),
    };
    let refused = own.refused;
    tracing::warn!(source = name, refused, "new series are refused: {text}");
    if let Some(own) = table.sources.get_mut(source) {
        own.tell(now, text.clone());
    }
    text
}

/// A metric, how many series it has, and its label with the most values.
type Most = (String, usize, Option<(String, usize)>);

impl SeriesTable {
    /// The metric with the most series of a source, of its new ones if it has any, as far as some thousands tell.
    fn most_of(&self, source: u32, now: Duration) -> Option<Most> {
        let any_new = self.sources.get(source)?.new_series(now) > 0;
        let counts = |slot: &&Slot| slot.source == source && (!any_new || slot.is_new(now));
        let mut metrics: HashMap<&str, Vec<LabelsRef<'_>>> = HashMap::new();
        for slot in self.slots().filter(counts).take(LOOKED_AT_MAX) {
            let labels = slot.labels.as_ref();
            let name = labels.get(METRIC_NAME).unwrap_or_default();
            metrics.entry(name).or_default().push(labels);
        }
        let (metric, series) = metrics
            .into_iter()
            .max_by(|one, other| one.1.len().cmp(&other.1.len()).then(other.0.cmp(one.0)))?;
        let mut values: HashMap<&str, HashSet<&str>> = HashMap::new();
        for labels in &series {
            for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
                values.entry(name).or_default().insert(value);
            }
        }
        let widest = values
            .into_iter()
            .map(|(name, own)| (name.to_owned(), own.len()))
            .max_by(|one, other| one.1.cmp(&other.1).then_with(|| other.0.cmp(&one.0)));
        Some((metric.to_owned(), series.len(), widest))
    }
}
