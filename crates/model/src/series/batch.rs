//! Samples of many series on their way in, in a few long lists: what a request says, without a copy of each label.

use crate::{HistogramSample, LabelsPacker, LabelsRef, Sample, Series};

/// Where what belongs to a series ends in each list.
#[derive(Clone, Copy, Debug)]
struct Ends {
    labels: usize,
    samples: usize,
    histograms: usize,
}

/// A batch of series. Made once and filled again and again, it takes no more memory.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    source: Box<str>,
    labels: String,
    entries: Vec<Ends>,
    samples: Vec<Sample>,
    histograms: Vec<HistogramSample>,
}

/// One series of a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchSeries<'a> {
    /// Who.
    pub labels: LabelsRef<'a>,
    /// What, in any order of time.
    pub samples: &'a [Sample],
    /// Native histograms, in any order of time.
    pub histograms: &'a [HistogramSample],
}

impl<'a> From<&'a Series> for BatchSeries<'a> {
    fn from(series: &'a Series) -> Self {
        let Series { labels, samples, histograms } = series;
        Self { labels: labels.as_ref(), samples, histograms }
    }
}

impl Batch {
    /// An empty batch from a source: a scrape job, a sender's address. Limits and their messages name it.
    pub fn new(source: &str) -> Self {
        Self { source: source.into(), ..Self::default() }
    }

    /// A batch of these series.
    pub fn of(source: &str, series: &[Series]) -> Self {
        let mut batch = Self::new(source);
        for own in series {
            batch.samples.extend_from_slice(&own.samples);
            batch.histograms.extend_from_slice(&own.histograms);
            batch.end_packed(own.labels.as_ref());
        }
        batch
    }

    /// Where it comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Says where what follows comes from.
    pub fn set_source(&mut self, source: &str) {
        if *self.source != *source {
            self.source = source.into();
        }
    }

    /// Forgets all series, and keeps the room.
    pub fn clear(&mut self) {
        self.labels.clear();
        self.entries.clear();
        self.samples.clear();
        self.histograms.clear();
    }

    /// Adds a sample of the series that `end_series` will name.
    pub fn push(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    /// Adds a native histogram of the series that `end_series` will name.
    pub fn push_histogram(&mut self, sample: HistogramSample) {
        self.histograms.push(sample);
    }

    /// Ends a series; its labels are put in order if they are not, see [`LabelsPacker::pack`].
    pub fn end_series(&mut self, pairs: &mut Vec<(&str, &str)>) {
        LabelsPacker::pack_onto(&mut self.labels, pairs);
        self.end();
    }

    /// Ends a series whose labels are packed already.
    pub fn end_packed(&mut self, labels: LabelsRef<'_>) {
        self.labels.push_str(labels.packed());
        self.end();
    }

    /// Forgets all series but so many, and samples whose series was not ended.
    pub fn truncate(&mut self, series: usize) {
        self.entries.truncate(series);
        let none = Ends { labels: 0, samples: 0, histograms: 0 };
        let end = self.entries.last().copied().unwrap_or(none);
        self.labels.truncate(end.labels);
        self.samples.truncate(end.samples);
        self.histograms.truncate(end.histograms);
    }

    fn end(&mut self) {
        self.entries.push(Ends {
            labels: self.labels.len(),
            samples: self.samples.len(),
            histograms: self.histograms.len(),
        });
    }

    /// Bytes of memory it holds, filled or not; histograms' own are not among them.
    pub fn heap_bytes(&self) -> usize {
        self.labels.capacity()
            + self.entries.capacity() * size_of::<Ends>()
            + self.samples.capacity() * size_of::<Sample>()
            + self.histograms.capacity() * size_of::<HistogramSample>()
    }

    /// How many series.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many samples of either kind.
    pub fn samples(&self) -> usize {
        self.samples.len() + self.histograms.len()
    }

    /// The series, in the order they came.
    pub fn iter(&self) -> impl Iterator<Item = BatchSeries<'_>> + Clone {
        let mut start = Ends { labels: 0, samples: 0, histograms: 0 };
        self.entries.iter().filter_map(move |entry| {
            let from = std::mem::replace(&mut start, *entry);
            Some(BatchSeries {
                labels: LabelsRef::trusted(self.labels.get(from.labels..entry.labels)?),
                samples: self.samples.get(from.samples..entry.samples)?,
                histograms: self.histograms.get(from.histograms..entry.histograms)?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Labels, Time};

    #[test]
    fn what_went_in_comes_out() {
        let sample = |time, value| Sample { time: Time(time), value };
        let labels = Labels::from_pairs([("a", "1"), ("b", "2")]);
        let mut batch = Batch::of("test", &[Series::new(labels.clone(), vec![sample(1, 1.0)])]);
        batch.push(sample(2, 2.0));
        batch.push(sample(3, 3.0));
        batch.end_series(&mut vec![("b", "2"), ("a", "1")]);
        let told: Vec<_> =
            batch.iter().map(|own| (own.labels.to_labels(), own.samples.len())).collect();
        assert_eq!(told, [(labels.clone(), 1), (labels, 2)]);
        assert_eq!((batch.len(), batch.samples()), (2, 3));
        batch.clear();
        assert_eq!((batch.iter().count(), batch.source()), (0, "test"));
    }
}
