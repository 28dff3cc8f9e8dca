//! Remote write 1.0: takes requests apart, and puts them together.

use model::{Kind, Metadata, Series};

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
    /// Labels of one series.
    pub labels_per_series: usize,
    /// Bytes of one label's name and value.
    pub label_bytes: usize,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { body_bytes: 32 << 20, decoded_bytes: 128 << 20, series: 1_000_000, samples: 10_000_000, labels_per_series: 128, label_bytes: 16 << 10 }
    }
}

/// A request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The series with their samples.
    pub series: Vec<Series>,
    /// What the sender says of its metrics.
    pub metadata: Vec<Metadata>,
    /// Exemplars that were read and not kept.
    pub exemplars: usize,
    /// Native histograms that were read and not kept.
    pub histograms: usize,
}

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It breaks a limit.
    #[error("{0}")]
    Limit(String),
}
impl DecodeError { /// What the outside sees.
 pub fn kind(&self) -> Kind { Kind::Invalid } }

/// Takes a request apart. `encoding` is the `Content-Encoding` header.
pub fn decode(body: &[u8], encoding: Option<&str>, limits: &DecodeLimits) -> Result<Decoded, DecodeError> { let _ = (body, encoding, limits); Ok(Decoded::default()) }
/// Puts a request together.
pub fn encode(series: &[Series]) -> Result<Vec<u8>, DecodeError> { let _ = series; Ok(Vec::new()) }
