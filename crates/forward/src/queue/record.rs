//! A record: samples of some series, in lists (labels, counts, times, values, histograms), compressed by snappy.
//!
//! Lists rather than one series after the other, because the labels of neighbours, and their times, are much alike.

use model::{
    Batch, BatchSeries, Buckets, Histogram, HistogramSample, LabelsRef, ResetHint, Sample, Span32,
    Time, TimeRange,
};
use snap::raw::{Decoder, Encoder, decompress_len};

use crate::rewrite::{Rewrite, Rewritten};

/// Bytes of a record before compression, about: small enough that reading one takes little memory.
const RAW_BYTES: usize = 1 << 20;
/// Bytes of a record before compression at most: a series with all its labels and one long list of buckets.
const RAW_BYTES_MAX: usize = 64 << 20;

/// A record in its written form.
#[derive(Clone, Debug)]
pub(super) struct Packed {
    pub(super) samples: u32,
    pub(super) body: Vec<u8>,
}

/// Takes series, and gives records.
#[derive(Debug, Default)]
struct Packer {
    series: u64,
    samples: u32,
    time: i64,
    labels: Vec<u8>,
    counts: Vec<u8>,
    times: Vec<u8>,
    values: Vec<u8>,
    histograms: Vec<u8>,
    done: Vec<Packed>,
    /// Samples in records that could not be compressed, which takes more than 4 GiB.
    lost: u64,
}

/// Packs what a receiver is to get of a batch: series by the rules, samples within the times. Says how many samples
/// could not be packed.
pub(super) fn pack(batch: &Batch, taken: TimeRange, rewrite: &Rewrite) -> (Vec<Packed>, u64) {
    let mut packer = Packer::default();
    for own in batch.iter() {
        match rewrite.apply(own.labels) {
            Rewritten::Same => packer.series(own.labels, own, taken),
            Rewritten::Other(labels) => packer.series(labels.as_ref(), own, taken),
            Rewritten::Dropped => {}
        }
    }
    packer.flush();
    (packer.done, packer.lost)
}

impl Packer {
    fn series(&mut self, labels: LabelsRef<'_>, own: BatchSeries<'_>, taken: TimeRange) {
        let mut samples = own.samples.iter().filter(|own| taken.contains(own.time)).peekable();
        let mut natives = own.histograms.iter().filter(|own| taken.contains(own.time)).peekable();
        // A series longer than a record goes on in the next one.
        while samples.peek().is_some() || natives.peek().is_some() {
            let (mut floats, mut shapes) = (0, 0);
            while self.bytes() < RAW_BYTES
                && let Some(sample) = samples.next()
            {
                floats += 1;
                self.time(sample.time);
                self.values.extend_from_slice(&sample.value.to_bits().to_le_bytes());
            }
            while self.bytes() < RAW_BYTES
                && let Some(sample) = natives.next()
            {
                shapes += 1;
                self.time(sample.time);
                put_histogram(&mut self.histograms, &sample.histogram);
            }
            self.series += 1;
            self.samples += floats + shapes;
            put(&mut self.labels, labels.packed().len() as u64);
            self.labels.extend_from_slice(labels.packed().as_bytes());
            put(&mut self.counts, u64::from(floats));
            put(&mut self.counts, u64::from(shapes));
            if self.bytes() >= RAW_BYTES {
                self.flush();
            }
        }
    }

    fn time(&mut self, time: Time) {
        put(&mut self.times, zigzag(time.millis().wrapping_sub(self.time)));
        self.time = time.millis();
    }

    fn bytes(&self) -> usize {
        self.labels.len() + self.times.len() + self.values.len() + self.histograms.len()
    }

    fn flush(&mut self) {
        if self.series == 0 {
            return;
        }
        let mut raw = Vec::with_capacity(self.bytes() + self.counts.len() + 16);
        put(&mut raw, self.series);
        let lists = [
            &mut self.labels,
            &mut self.counts,
            &mut self.times,
            &mut self.values,
            &mut self.histograms,
        ];
        for list in lists {
            raw.append(list);
        }
        match Encoder::new().compress_vec(&raw) {
            Ok(body) => self.done.push(Packed { samples: self.samples, body }),
            Err(_too_long) => self.lost += u64::from(self.samples),
        }
        (self.series, self.samples, self.time) = (0, 0, 0);
    }
}

fn put_histogram(out: &mut Vec<u8>, own: &Histogram) {
    out.extend_from_slice(&own.schema.to_le_bytes());
    out.push(match own.reset {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    });
    for value in [own.zero_threshold, own.zero_count, own.count, own.sum] {
        put_float(out, value);
    }
    for side in [&own.positive, &own.negative] {
        put(out, side.spans.len() as u64);
        for span in &side.spans {
            put(out, zigzag(i64::from(span.offset)));
            put(out, u64::from(span.length));
        }
        put_floats(out, &side.counts);
    }
    put_floats(out, &own.bounds);
}

fn put_floats(out: &mut Vec<u8>, values: &[f64]) {
    put(out, values.len() as u64);
    for value in values {
        put_float(out, *value);
    }
}

fn put_float(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_bits().to_le_bytes());
}

/// Seven bits a byte, the lowest first, as protobuf has it.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Appends the series of a record to a batch; nothing is appended if it is broken.
pub(super) fn unpack(body: &[u8], batch: &mut Batch) -> Option<()> {
    if decompress_len(body).ok()? > RAW_BYTES_MAX {
        return None;
    }
    let raw = Decoder::new().decompress_vec(body).ok()?;
    let mut input = Input(&raw);
    let series = input.count(3)?;
    let mut labels = Vec::with_capacity(series);
    for _ in 0..series {
        let length = input.count(1)?;
        let text = std::str::from_utf8(input.take(length)?).ok()?;
        labels.push(LabelsRef::from_packed(text)?);
    }
    let mut counts = Vec::with_capacity(series);
    let (mut floats, mut shapes) = (0_usize, 0_usize);
    for _ in 0..series {
        let (own, native) = (input.count(1)?, input.count(1)?);
        counts.push((own, native));
        floats = floats.checked_add(own)?;
        shapes = shapes.checked_add(native)?;
    }
    if floats.checked_add(shapes)? > input.0.len() {
        return None;
    }
    let mut time = 0_i64;
    let mut times = Vec::with_capacity(floats + shapes);
    for _ in 0..floats + shapes {
        time = time.wrapping_add(unzigzag(input.number()?));
        times.push(Time(time));
    }
    let mut values = Vec::with_capacity(floats);
    for _ in 0..floats {
        values.push(input.float()?);
    }
    let mut natives = Vec::with_capacity(shapes);
    for _ in 0..shapes {
        natives.push(input.histogram()?);
    }
    let (mut times, mut values, mut natives) =
        (times.into_iter(), values.into_iter(), natives.into_iter());
    for (labels, (own, native)) in labels.into_iter().zip(counts) {
        for (time, value) in times.by_ref().zip(values.by_ref()).take(own) {
            batch.push(Sample { time, value });
        }
        for (time, histogram) in times.by_ref().zip(natives.by_ref()).take(native) {
            batch.push_histogram(HistogramSample { time, histogram: histogram.into() });
        }
        batch.end_packed(labels);
    }
    Some(())
}

/// Bytes that are being read.
struct Input<'b>(&'b [u8]);

impl<'b> Input<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// How many things follow that take so many bytes each at least; no more than there can be.
    fn count(&mut self, bytes_each: usize) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count.checked_mul(bytes_each)? <= self.0.len()).then_some(count)
    }

    fn float(&mut self) -> Option<f64> {
        let bytes = self.take(8)?.try_into().ok()?;
        Some(f64::from_bits(u64::from_le_bytes(bytes)))
    }

    fn floats(&mut self) -> Option<Vec<f64>> {
        let count = self.count(8)?;
        (0..count).map(|_| self.float()).collect()
    }

    fn buckets(&mut self) -> Option<Buckets> {
        let count = self.count(2)?;
        let mut spans = Vec::with_capacity(count);
        for _ in 0..count {
            let offset = i32::try_from(unzigzag(self.number()?)).ok()?;
            let length = u32::try_from(self.number()?).ok()?;
            spans.push(Span32 { offset, length });
        }
        Some(Buckets { spans, counts: self.floats()? })
    }

    fn histogram(&mut self) -> Option<Histogram> {
        let schema = self.take(1)?.first()?.cast_signed();
        let reset = match self.take(1)?.first()? {
            0 => ResetHint::Unknown,
            1 => ResetHint::Reset,
            2 => ResetHint::NotReset,
            3 => ResetHint::Gauge,
            _ => return None,
        };
        let (zero_threshold, zero_count) = (self.float()?, self.float()?);
        let (count, sum) = (self.float()?, self.float()?);
        let (positive, negative) = (self.buckets()?, self.buckets()?);
        let bounds = self.floats()?;
        Some(Histogram {
            schema,
            zero_threshold,
            zero_count,
            count,
            sum,
            positive,
            negative,
            bounds,
            reset,
        })
    }
}

#[cfg(test)]
mod tests;
