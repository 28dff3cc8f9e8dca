//! Where series go, and how many there may be.

use model::{Batch, HistogramSample, Sample, Time};

use crate::receive::otlp::{Options, OtlpError, within};

/// What series go into, and how much there is of them.
pub(in crate::receive::otlp) struct Out<'o> {
    pub(in crate::receive::otlp) options: &'o Options,
    batch: &'o mut Batch,
    series: usize,
    samples: usize,
    buckets: usize,
    labels_bytes: usize,
}

impl<'o> Out<'o> {
    pub(in crate::receive::otlp) fn new(options: &'o Options, batch: &'o mut Batch) -> Self {
        Self { options, batch, series: 0, samples: 0, buckets: 0, labels_bytes: 0 }
    }

    /// Adds a series with one sample.
    pub(in crate::receive::otlp) fn add(
        &mut self,
        pairs: &mut Vec<(&str, &str)>,
        time: Time,
        value: f64,
    ) -> Result<(), OtlpError> {
        self.add_many(pairs, &[Sample { time, value }])
    }

    /// Adds a series.
    pub(in crate::receive::otlp) fn add_many(
        &mut self,
        pairs: &mut Vec<(&str, &str)>,
        samples: &[Sample],
    ) -> Result<(), OtlpError> {
        self.count(samples.len())?;
        for sample in samples {
            self.batch.push(*sample);
        }
        self.end(pairs)
    }

    /// Adds a series with one native histogram.
    pub(in crate::receive::otlp) fn add_histogram(
        &mut self,
        pairs: &mut Vec<(&str, &str)>,
        sample: HistogramSample,
    ) -> Result<(), OtlpError> {
        // A request of many small buckets would else take many times its size.
        let own = &sample.histogram;
        let buckets = own.positive.counts.len() + own.negative.counts.len() + own.bounds.len();
        self.buckets += buckets;
        within("buckets of native histograms", self.buckets, self.options.limits.samples)?;
        self.count(1)?;
        self.batch.push_histogram(sample);
        self.end(pairs)
    }

    fn count(&mut self, samples: usize) -> Result<(), OtlpError> {
        self.samples += samples;
        within("samples", self.samples, self.options.limits.samples)
    }

    fn end(&mut self, pairs: &mut Vec<(&str, &str)>) -> Result<(), OtlpError> {
        let limits = &self.options.limits;
        self.series += 1;
        within("series", self.series, limits.series)?;
        self.labels_bytes +=
            pairs.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        within("bytes of labels", self.labels_bytes, limits.labels_bytes)?;
        self.batch.end_series(pairs);
        Ok(())
    }
}
