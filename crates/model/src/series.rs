//! Series: who (labels), what (samples), how they are chosen (matchers) and what they mean (metadata).

mod labels;
mod matcher;
mod metadata;
mod sample;

pub use labels::{Labels, LabelsBuilder, METRIC_NAME};
pub use matcher::{MatchOp, Matcher, MatcherError};
pub use metadata::{Metadata, MetricKind};
pub use sample::{Columns, STALE, Sample, Series, is_stale};
