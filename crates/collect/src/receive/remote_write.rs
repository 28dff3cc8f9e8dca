//! Remote write 1.0 and 2.0: takes requests apart, and puts them together.
//!
//! The protobuf is walked in place rather than decoded into messages, so that a limit stops the work before memory is
//! spent on what breaks it, and samples go into a [`Batch`] that is used again and again.
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>

mod native;
mod room;
#[cfg(test)]
mod tests;
mod v1;
mod v2;

pub use v1::encode;
pub use v2::encode as encode_v2;

use model::{Batch, Kind, LabelBytes, LabelsRef, METRIC_NAME, Metadata, MetricKind, Sample, Time};
use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

use crate::receive::wire::{Field, Fields, WireError};

/// The most that snappy makes of a byte: a copy of 64 bytes takes three (`format_description.txt`, section 2.2).
const EXPANSION_MAX: usize = 22;

/// What a request may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of the body as sent.
    pub body_bytes: usize,
    /// Bytes after decompression.
    pub decoded_bytes: usize,
    /// Series.
    pub series: usize,
    /// Samples over all series, native histograms included.
    pub samples: usize,
    /// Buckets, spans and bounds over all native histograms.
    pub buckets: usize,
    /// Labels over all series.
    pub labels: usize,
    /// Labels of one series.
    pub labels_per_series: usize,
    /// Bytes of one label's name, and of its value.
    pub label_bytes: usize,
}

/// Generous to senders, who send 2,000 to 10,000 samples a request, and bounded: a request at every limit at once takes
/// less than half a gibibyte.
impl Default for DecodeLimits {
    fn default() -> Self {
        Self {
            body_bytes: 32 << 20,
            decoded_bytes: 128 << 20,
            series: 250_000,
            samples: 5_000_000,
            buckets: 5_000_000,
            labels: 2_500_000,
            labels_per_series: 128,
            label_bytes: 16 << 10,
        }
    }
}

/// What is wrong with a request. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The encoding is not snappy.
    #[error("the content encoding is {0:?}, but only snappy is understood")]
    Encoding(String),
    /// The message is of a kind that is not understood.
    #[error(
        "the content type is {0:?}; \"application/x-protobuf\" with proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request is understood"
    )]
    Message(String),
    /// It is larger than allowed.
    #[error("the request has {is} {what}, more than {limit}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much there is, as far as it was counted.
        is: usize,
        /// How much may be.
        limit: usize,
    },
    /// The compression is broken.
    #[error("the body is not whole or not snappy: {0}")]
    Snappy(String),
    /// The protobuf is broken.
    #[error("byte {at} of the request after decompression: {what}")]
    Broken {
        /// Where.
        at: usize,
        /// What is wrong.
        what: String,
    },
    /// The table of symbols of a request 2.0 does not begin as it has to.
    #[error("the first symbol is {0:?}, but has to be empty")]
    FirstSymbol(String),
    /// A series is wrong.
    #[error("series {number} ({labels}): {what}")]
    Series {
        /// Which series of the request, counted from 1.
        number: usize,
        /// Its labels as far as they were read, shortened.
        labels: String,
        /// What is wrong.
        what: String,
    },
}

impl DecodeError {
    /// What the outside sees. Senders drop what is invalid and send the rest, which is right here.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl From<WireError> for DecodeError {
    fn from(WireError { at, what }: WireError) -> Self {
        Self::Broken { at, what }
    }
}

/// Which message a request holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// `prometheus.WriteRequest`.
    #[default]
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

impl Protocol {
    /// The message that a `Content-Type` header names; without a header, and without a `proto` in it, that of 1.0.
    pub fn of(content_type: Option<&str>) -> Result<Self, DecodeError> {
        let Some(content_type) = content_type else { return Ok(Self::V1) };
        let wrong = || DecodeError::Message(content_type.to_owned());
        let mut pieces = content_type.split(';').map(str::trim);
        let kind = pieces.next().unwrap_or_default();
        if !kind.eq_ignore_ascii_case("application/x-protobuf") {
            return Err(wrong());
        }
        let mut proto = pieces.filter_map(|piece| piece.split_once('='));
        let proto = proto.find(|(name, _)| name.trim().eq_ignore_ascii_case("proto"));
        match proto.map(|(_, value)| value.trim().trim_matches('"')) {
            None | Some("prometheus.WriteRequest") => Ok(Self::V1),
            Some("io.prometheus.write.v2.Request") => Ok(Self::V2),
            Some(_) => Err(wrong()),
        }
    }

    /// The `Content-Type` of a request.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V1 => "application/x-protobuf",
            Self::V2 => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        }
    }

    /// The `X-Prometheus-Remote-Write-Version` of a request.
    pub fn version(self) -> &'static str {
        match self {
            Self::V1 => "0.1.0",
            Self::V2 => "2.0.0",
        }
    }
}

/// What came beside the samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrived {
    /// What the sender says of its metrics.
    pub metadata: Vec<Metadata>,
    /// Samples that are floats.
    pub samples: usize,
    /// Native histograms.
    pub histograms: usize,
    /// Exemplars that were there and not kept.
    pub exemplars: usize,
    /// Series whose labels were not sorted by name, as they should be; they are kept, sorted.
    pub unsorted: usize,
}

/// Memory that decoding uses again and again.
#[derive(Debug, Default)]
pub struct Scratch {
    message: Vec<u8>,
    labels: LabelBytes,
}

/// Bytes that a scratch keeps for the next request.
const KEPT_BYTES: usize = 4 << 20;

impl Scratch {
    /// Bytes it holds, about.
    pub fn bytes(&self) -> usize {
        self.message.capacity()
    }
}

/// Takes a request apart: its samples are put into the batch, which is emptied first and left empty by an error.
/// `encoding` is the `Content-Encoding` header; without one, snappy is assumed. Series without samples are left out.
pub fn decode_into(
    body: &[u8],
    (encoding, protocol): (Option<&str>, Protocol),
    limits: &DecodeLimits,
    batch: &mut Batch,
    scratch: &mut Scratch,
) -> Result<Arrived, DecodeError> {
    batch.clear();
    if let Some(encoding) = encoding.map(str::trim)
        && !encoding.eq_ignore_ascii_case("snappy")
    {
        return Err(DecodeError::Encoding(encoding.to_owned()));
    }
    within("bytes", body.len(), limits.body_bytes)?;
    decompress(body, limits, &mut scratch.message)?;
    let Scratch { message, labels } = scratch;
    let counts = Counts { buckets_left: limits.buckets, ..Counts::default() };
    let mut request = Request { limits, batch, counts, arrived: Arrived::default() };
    let outcome = match protocol {
        Protocol::V1 => v1::read(&mut request, message, labels),
        Protocol::V2 => v2::read(&mut request, message, labels),
    };
    let arrived = outcome.map(|()| request.arrived);
    if arrived.is_err() {
        batch.clear();
    }
    if message.capacity() > KEPT_BYTES {
        *message = Vec::new();
    }
    arrived
}

/// Bytes that a body will have after decompression, as it says itself; nothing if it says nothing sensible.
pub fn unpacked_bytes(body: &[u8]) -> usize {
    decompress_len(body).unwrap_or(0)
}

#[inline]
fn within(what: &'static str, is: usize, limit: usize) -> Result<(), DecodeError> {
    if is > limit { Err(DecodeError::Limit { what, is, limit }) } else { Ok(()) }
}

/// Believes a declared length only if it is allowed, and possible for so many bytes.
fn decompress(
    body: &[u8],
    limits: &DecodeLimits,
    message: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let broken = |error: snap::Error| DecodeError::Snappy(error.to_string());
    let declared = decompress_len(body).map_err(broken)?;
    within("bytes after decompression", declared, limits.decoded_bytes)?;
    if declared > body.len().saturating_mul(EXPANSION_MAX) + EXPANSION_MAX {
        let what = format!("{} bytes cannot become {declared}", body.len());
        return Err(DecodeError::Snappy(what));
    }
    message.resize(declared, 0);
    let written = Decoder::new().decompress(body, message).map_err(broken)?;
    message.truncate(written);
    Ok(())
}

fn compress(message: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut body = vec![0; max_compress_len(message.len())];
    let written = Encoder::new()
        .compress(message, &mut body)
        .map_err(|error| DecodeError::Snappy(error.to_string()))?;
    body.truncate(written);
    Ok(body)
}

/// How much there is of what is limited.
#[derive(Debug, Default)]
struct Counts {
    series: usize,
    samples: usize,
    labels: usize,
    buckets_left: usize,
}

/// A request in the making.
struct Request<'l> {
    limits: &'l DecodeLimits,
    batch: &'l mut Batch,
    counts: Counts,
    arrived: Arrived,
}

impl Request<'_> {
    fn start_series(&mut self) -> Result<(), DecodeError> {
        self.counts.series += 1;
        within("series", self.counts.series, self.limits.series)
    }

    /// Counts a label, the `own`th of its series, of so many bytes in its name or its value.
    #[inline]
    fn count_label(&mut self, own: usize, bytes: usize) -> Result<(), DecodeError> {
        self.counts.labels += 1;
        within("labels", self.counts.labels, self.limits.labels)?;
        within("labels in one series", own, self.limits.labels_per_series)?;
        within("bytes in one label", bytes, self.limits.label_bytes)
    }

    #[inline]
    fn count_sample(&mut self) -> Result<(), DecodeError> {
        self.counts.samples += 1;
        within("samples", self.counts.samples, self.limits.samples)
    }

    #[inline]
    fn sample(&mut self, message: &Fields<'_>) -> Result<(), DecodeError> {
        self.count_sample()?;
        self.batch.push(sample_of(message)?);
        self.arrived.samples += 1;
        Ok(())
    }

    /// A native histogram; what is wrong with it is told once the series is known.
    fn histogram(
        &mut self,
        message: Fields<'_>,
        wrong: &mut Option<String>,
    ) -> Result<(), DecodeError> {
        self.count_sample()?;
        match native::read(message, &mut self.counts.buckets_left) {
            Ok(sample) => self.batch.push_histogram(sample),
            Err(native::Fault::Wrong(what)) => *wrong = Some(what),
            Err(native::Fault::Wire(error)) => return Err(error.into()),
            Err(native::Fault::Buckets) => {
                return within("buckets", self.limits.buckets + 1, self.limits.buckets);
            }
        }
        self.arrived.histograms += 1;
        Ok(())
    }

    /// Ends a series whose labels are not known to be as they should be.
    fn end_series(
        &mut self,
        pairs: &mut Vec<(&str, &str)>,
        wrong: Option<String>,
    ) -> Result<(), DecodeError> {
        if !pairs.is_sorted_by(|one, other| one.0 <= other.0) {
            self.arrived.unsorted += 1;
            pairs.sort_by_key(|(name, _)| *name);
        }
        let twice = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0);
        let what = if let Some(pair) = twice {
            format!("the label {:?} stands twice", pair[0].0)
        } else if pairs.iter().any(|(name, _)| name.is_empty()) {
            "a label has no name".into()
        } else if !pairs.iter().any(|(name, value)| *name == METRIC_NAME && !value.is_empty()) {
            format!("it has no name ({METRIC_NAME})")
        } else if let Some(wrong) = wrong {
            wrong
        } else {
            self.batch.end_series(pairs);
            return Ok(());
        };
        let labels = model::Labels::from_pairs(pairs.iter().copied());
        Err(self.wrong(labels.as_ref(), what))
    }

    fn wrong(&self, labels: LabelsRef<'_>, what: String) -> DecodeError {
        let labels = labels.to_string().chars().take(200).collect();
        DecodeError::Series { number: self.counts.series, labels, what }
    }
}

/// A sample: in both versions, the value is field 1 and the time field 2.
#[inline]
fn sample_of(message: &Fields<'_>) -> Result<Sample, DecodeError> {
    if let Some((bits, millis)) = message.fixed_and_number() {
        let time = Time(millis.cast_signed());
        return Ok(Sample { time, value: f64::from_bits(bits) });
    }
    let mut sample = Sample { time: Time(0), value: 0.0 };
    for field in message.clone() {
        match field? {
            (1, Field::Fixed64(bits)) => sample.value = f64::from_bits(bits),
            (2, Field::Number(millis)) => sample.time = Time(millis.cast_signed()),
            _ => {}
        }
    }
    Ok(sample)
}

fn kind_of(number: u64) -> MetricKind {
    match number {
        1 => MetricKind::Counter,
        2 => MetricKind::Gauge,
        3 => MetricKind::Histogram,
        4 => MetricKind::GaugeHistogram,
        5 => MetricKind::Summary,
        6 => MetricKind::Info,
        7 => MetricKind::StateSet,
        _ => MetricKind::Unknown,
    }
}
