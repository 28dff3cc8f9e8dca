//! Remote write 1.0: takes requests apart, and puts them together.
//!
//! The protobuf is walked in place rather than decoded into messages, so that a limit stops the work before memory is
//! spent on what breaks it. Field numbers are those of `prompb/{remote,types}.proto`.

#[cfg(test)]
mod tests;

use model::{Kind, Labels, METRIC_NAME, Metadata, MetricKind, Sample, Series, Time};
use snap::raw::{Decoder, Encoder, decompress_len};

use crate::receive::wire::{Field, Fields, WireError, Writer};

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
    /// Samples over all series.
    pub samples: usize,
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
            labels: 2_500_000,
            labels_per_series: 128,
            label_bytes: 16 << 10,
        }
    }
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The series with their samples; series without samples are left out.
    pub series: Vec<Series>,
    /// What the sender says of its metrics.
    pub metadata: Vec<Metadata>,
    /// Exemplars that were there and not kept.
    pub exemplars: usize,
    /// Native histograms that were there and not kept.
    pub histograms: usize,
    /// Series whose labels were not sorted by name, as they should be; they are kept, sorted.
    pub unsorted: usize,
}

/// What is wrong with a request. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The encoding is not snappy.
    #[error("the content encoding is {0:?}, but only snappy is understood")]
    Encoding(String),
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
    /// The labels of a series are wrong.
    #[error("series {number} ({labels}): {what}")]
    Labels {
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

/// Takes a request apart. `encoding` is the `Content-Encoding` header; without one, snappy is assumed.
pub fn decode(
    body: &[u8],
    encoding: Option<&str>,
    limits: &DecodeLimits,
) -> Result<Decoded, DecodeError> {
    if let Some(encoding) = encoding.map(str::trim)
        && !encoding.eq_ignore_ascii_case("snappy")
    {
        return Err(DecodeError::Encoding(encoding.to_owned()));
    }
    within("bytes", body.len(), limits.body_bytes)?;
    let message = decompress(body, limits)?;
    let mut request =
        Request { limits, series: 0, samples: 0, labels: 0, decoded: Decoded::default() };
    for field in Fields::new(&message) {
        match field? {
            (1, Field::Bytes(series)) => request.series(series)?,
            (3, Field::Bytes(metadata)) => request.metadata(metadata)?,
            // Whatever later versions add.
            _ => {}
        }
    }
    Ok(request.decoded)
}

/// Bytes that a body will have after decompression, as it says itself; nothing if it says nothing sensible.
pub fn unpacked_bytes(body: &[u8]) -> usize {
    decompress_len(body).unwrap_or(0)
}

fn within(what: &'static str, is: usize, limit: usize) -> Result<(), DecodeError> {
    if is > limit { Err(DecodeError::Limit { what, is, limit }) } else { Ok(()) }
}

/// Believes a declared length only if it is allowed, and possible for so many bytes.
fn decompress(body: &[u8], limits: &DecodeLimits) -> Result<Vec<u8>, DecodeError> {
    let broken = |error: snap::Error| DecodeError::Snappy(error.to_string());
    let declared = decompress_len(body).map_err(broken)?;
    within("bytes after decompression", declared, limits.decoded_bytes)?;
    if declared > body.len().saturating_mul(EXPANSION_MAX) + EXPANSION_MAX {
        let what = format!("{} bytes cannot become {declared}", body.len());
        return Err(DecodeError::Snappy(what));
    }
    Decoder::new().decompress_vec(body).map_err(broken)
}

/// A request in the making.
struct Request<'l> {
    limits: &'l DecodeLimits,
    series: usize,
    samples: usize,
    labels: usize,
    decoded: Decoded,
}

impl Request<'_> {
    fn series(&mut self, message: Fields<'_>) -> Result<(), DecodeError> {
        self.series += 1;
        let number = self.series;
        within("series", number, self.limits.series)?;
        let mut labels: Vec<(&str, &str)> = Vec::new();
        let mut samples = Vec::new();
        for field in message {
            match field? {
                (1, Field::Bytes(label)) => {
                    self.labels += 1;
                    within("labels", self.labels, self.limits.labels)?;
                    within(
                        "labels in one series",
                        labels.len() + 1,
                        self.limits.labels_per_series,
                    )?;
                    labels.push(self.label(label)?);
                }
                (2, Field::Bytes(sample)) => {
                    self.samples += 1;
                    within("samples", self.samples, self.limits.samples)?;
                    samples.push(sample_of(sample)?);
                }
                (3, Field::Bytes(_)) => self.decoded.exemplars += 1,
                (4, Field::Bytes(_)) => self.decoded.histograms += 1,
                _ => {}
            }
        }
        let labels = self.identity(number, labels)?;
        if !samples.is_empty() {
            self.decoded.series.push(Series::new(labels, samples));
        }
        Ok(())
    }

    fn label<'b>(&self, message: Fields<'b>) -> Result<(&'b str, &'b str), DecodeError> {
        let (mut name, mut value) = ("", "");
        for field in message {
            match field? {
                (1, Field::Bytes(text)) => name = text.text("a label's name")?,
                (2, Field::Bytes(text)) => value = text.text("a label's value")?,
                _ => {}
            }
        }
        let longest = name.len().max(value.len());
        within("bytes in one label", longest, self.limits.label_bytes)?;
        Ok((name, value))
    }

    /// Checks what makes a series one.
    fn identity(
        &mut self,
        number: usize,
        mut labels: Vec<(&str, &str)>,
    ) -> Result<Labels, DecodeError> {
        if !labels.is_sorted_by(|one, other| one.0 <= other.0) {
            self.decoded.unsorted += 1;
            labels.sort_by_key(|(name, _)| *name);
        }
        let twice = labels.windows(2).find(|pair| pair[0].0 == pair[1].0);
        let what = if let Some(pair) = twice {
            format!("the label {:?} stands twice", pair[0].0)
        } else if labels.iter().any(|(name, _)| name.is_empty()) {
            "a label has no name".into()
        } else if !labels.iter().any(|(name, value)| *name == METRIC_NAME && !value.is_empty()) {
            format!("it has no name ({METRIC_NAME})")
        } else {
            return Ok(Labels::from_pairs(labels));
        };
        let labels: String = Labels::from_pairs(labels).to_string().chars().take(200).collect();
        Err(DecodeError::Labels { number, labels, what })
    }

    fn metadata(&mut self, message: Fields<'_>) -> Result<(), DecodeError> {
        within("pieces of metadata", self.decoded.metadata.len() + 1, self.limits.series)?;
        let mut found = Metadata {
            metric: String::new(),
            kind: MetricKind::Unknown,
            help: String::new(),
            unit: String::new(),
        };
        for field in message {
            match field? {
                (1, Field::Number(kind)) => found.kind = kind_of(kind),
                (2, Field::Bytes(text)) => found.metric = text.text("a metric's name")?.into(),
                (4, Field::Bytes(text)) => found.help = text.text("a help text")?.into(),
                (5, Field::Bytes(text)) => found.unit = text.text("a unit")?.into(),
                _ => {}
            }
        }
        if !found.metric.is_empty() {
            self.decoded.metadata.push(found);
        }
        Ok(())
    }
}

fn sample_of(message: Fields<'_>) -> Result<Sample, DecodeError> {
    let mut sample = Sample { time: Time(0), value: 0.0 };
    for field in message {
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

/// Puts a request together. The error means that it is too large for snappy (4 GiB); send less at once.
pub fn encode(series: &[Series]) -> Result<Vec<u8>, DecodeError> {
    let mut message = Vec::new();
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for series in series {
        outer.clear();
        for (name, value) in series.labels.iter() {
            inner.clear();
            Writer(&mut inner).bytes(1, name.as_bytes());
            Writer(&mut inner).bytes(2, value.as_bytes());
            Writer(&mut outer).bytes(1, &inner);
        }
        for sample in &series.samples {
            inner.clear();
            Writer(&mut inner).fixed64(1, sample.value.to_bits());
            Writer(&mut inner).number(2, sample.time.millis().cast_unsigned());
            Writer(&mut outer).bytes(2, &inner);
        }
        Writer(&mut message).bytes(1, &outer);
    }
    Encoder::new().compress_vec(&message).map_err(|error| DecodeError::Snappy(error.to_string()))
}
