//! OpenTelemetry metrics (OTLP/HTTP): takes requests apart, and names what is in them as Prometheus 3 does.
//!
//! Protobuf is walked in place; JSON is first put as protobuf, so that there is one reader and one meaning. Field numbers
//! are those of `opentelemetry/proto/{metrics,common,resource}/v1/*.proto` (1.7), the mapping that of
//! <https://prometheus.io/docs/guides/opentelemetry/>.

mod answer;
mod json;
mod labels;
mod points;
mod refused;
mod unpack;
mod walk;

use std::collections::BTreeSet;

use model::{Batch, Kind, Metadata, Span};

use crate::receive::wire::WireError;
use unpack::Allowance;

pub use answer::{Failure, failure, success};
pub use labels::Strategy;
pub use refused::{Reason, Refused};

/// In which of its two forms a request comes, and its answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

impl Format {
    /// The form that a `Content-Type` header names, if it is one of the two.
    pub fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("application/x-protobuf") {
            Some(Self::Protobuf)
        } else if kind.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// Its `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// How series are named, as the `otlp` section of Prometheus' settings has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How names become names of ours.
    pub strategy: Strategy,
    /// Resource attributes that become labels of every series.
    pub promote: Promote,
    /// Whether `target_info` also has what `job` and `instance` say.
    pub keep_identifying: bool,
    /// What histograms with given bounds become.
    pub histograms: Histograms,
    /// Whether name, version, schema and attributes of the scope become labels.
    pub promote_scope: bool,
    /// How far queries look back, which says how often `target_info` has a sample.
    pub lookback: Span,
    /// What a request may be at most.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            promote: Promote::default(),
            keep_identifying: false,
            histograms: Histograms::default(),
            promote_scope: false,
            lookback: Span::secs(300),
            limits: Limits::default(),
        }
    }
}

/// What histograms with given bounds become; exponential ones are always native.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Histograms {
    /// A series for each bucket, one for the sum, one for the count.
    #[default]
    Classic,
    /// One native histogram with custom buckets.
    CustomBuckets,
}

/// Which resource attributes become labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promote {
    /// These.
    Only(BTreeSet<String>),
    /// All but these.
    AllBut(BTreeSet<String>),
}

impl Default for Promote {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

impl Promote {
    fn has(&self, attribute: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(attribute),
            Self::AllBut(names) => !names.contains(attribute),
        }
    }
}

/// What a request may be at most. A data point that breaks one of the last two is refused alone, the others refuse all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the body as sent.
    pub body_bytes: usize,
    /// Bytes after decompression, and likewise of JSON that was put as protobuf.
    pub decoded_bytes: usize,
    /// Series, those that histograms and summaries come apart into included.
    pub series: usize,
    /// Samples over all series, and buckets over all native histograms.
    pub samples: usize,
    /// Bytes of label names and values over all series.
    pub labels_bytes: usize,
    /// Labels of one series.
    pub labels_per_series: usize,
    /// Bytes of one label's name, and of its value.
    pub label_bytes: usize,
}

/// Generous to senders (a collector sends 8,192 points a request), and bounded.
impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 32 << 20,
            decoded_bytes: 128 << 20,
            series: 500_000,
            samples: 5_000_000,
            labels_bytes: 256 << 20,
            labels_per_series: 128,
            label_bytes: 16 << 10,
        }
    }
}

/// What came of a request beside its series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrived {
    /// Data points that were taken.
    pub points: usize,
    /// What the sender says of its metrics.
    pub metadata: Vec<Metadata>,
    /// Exemplars that were there and not kept.
    pub exemplars: usize,
    /// Data points that were not taken, and why.
    pub refused: Refused,
}

/// What is wrong with a request. What it has put into the batch is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtlpError {
    /// The encoding is neither gzip nor none.
    #[error("the content encoding is {0:?}, but only gzip and identity are understood")]
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
    /// The house has no room at the moment for what it is unpacked to.
    #[error("there is no room for what the request is unpacked to")]
    Room,
    /// The compression is broken.
    #[error("the body is not whole or not gzip: {0}")]
    Gzip(String),
    /// The JSON is broken, or not of the shape it should have.
    #[error("the body is not OTLP as JSON: {0}")]
    Json(String),
    /// The protobuf is broken.
    #[error("byte {at} of the request: {what}")]
    Broken {
        /// Where.
        at: usize,
        /// What is wrong.
        what: String,
    },
}

impl OtlpError {
    /// What the outside sees. Senders drop what is invalid and send the rest, which is right here.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Room => Kind::Busy,
            _ => Kind::Invalid,
        }
    }
}

impl From<WireError> for OtlpError {
    fn from(WireError { at, what }: WireError) -> Self {
        Self::Broken { at, what }
    }
}

/// Room for what a request unpacks to. Made once and used again and again, it takes no more memory.
#[derive(Debug, Default)]
pub struct Scratch {
    unpacked: Vec<u8>,
    protobuf: Vec<u8>,
}

impl Scratch {
    /// Bytes it holds.
    pub fn bytes(&self) -> usize {
        self.unpacked.capacity() + self.protobuf.capacity()
    }
}

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'b> {
    /// The body.
    pub body: &'b [u8],
    /// Its form, from `Content-Type`.
    pub format: Format,
    /// Its `Content-Encoding`, if it has one.
    pub encoding: Option<&'b str>,
}

/// Takes a request apart and adds its series to the batch.
///
/// `ask` is asked for so many bytes before they are taken for what is unpacked, or soon after; if it says no, the
/// request ends with [`OtlpError::Room`].
pub fn decode_into(
    sent: &Sent<'_>,
    options: &Options,
    ask: &mut dyn FnMut(usize) -> bool,
    batch: &mut Batch,
    scratch: &mut Scratch,
) -> Result<Arrived, OtlpError> {
    let limits = &options.limits;
    within("bytes", sent.body.len(), limits.body_bytes)?;
    let Scratch { unpacked, protobuf } = scratch;
    let allowance = Allowance::new("bytes after decompression", limits.decoded_bytes, ask);
    let body = unpack::unpack(sent.body, sent.encoding, allowance, unpacked)?;
    let message = match sent.format {
        Format::Protobuf => body,
        Format::Json => {
            let what = "bytes of JSON put as protobuf";
            json::to_protobuf(body, Allowance::new(what, limits.decoded_bytes, ask), protobuf)?;
            protobuf
        }
    };
    walk::walk(message, options, batch)
}

fn within(what: &'static str, is: usize, limit: usize) -> Result<(), OtlpError> {
    if is > limit { Err(OtlpError::Limit { what, is, limit }) } else { Ok(()) }
}
