//! Series: who (labels), what (samples), how they are chosen (matchers) and what they mean (metadata).

mod batch;
mod histogram;
mod label_bytes;
mod labels;
mod matcher;
mod metadata;
mod notation;
mod packed;
mod sample;
mod sink;

pub use batch::{Batch, BatchSeries};
pub use histogram::{Buckets, CUSTOM_BUCKETS, Histogram, HistogramError, ResetHint, Span32};
pub use label_bytes::LabelBytes;
pub use labels::{Labels, LabelsBuilder, LabelsPacker, LabelsRef, METRIC_NAME, Pairs};
pub use matcher::{MatchOp, Matcher, MatcherError};
pub use metadata::{Metadata, MetricKind};
pub use notation::{
    Described, NotationError, NotedHistogram, Point, describe, described_labels, described_points,
    grown, noted, parse_histogram,
};
pub use sample::{Columns, HistogramSample, STALE, Sample, Series, is_stale};
pub use sink::{LeftOut, SampleSink, WriteError, WriteReceipt};
