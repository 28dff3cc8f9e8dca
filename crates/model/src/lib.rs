//! The nouns of the field, units, time, and the traits between stages. Pure: no clock, no files, no network.

mod alert;
mod change;
mod fault;
mod objective;
mod plan;
mod resource;
mod secret;
mod series;
mod source;
mod time;
mod units;

pub use alert::{Alert, AlertId, AlertState, Evidence, NormalBand, Severity};
pub use change::{Change, ChangeDetails, ChangeKind, ChangeStatus};
pub use fault::Kind;
pub use objective::{CalendarUnit, Indicator, Loudness, Objective, Period, Test};
pub use plan::{
    Anchor, DataExpressions, DateRange, Driver, Finding, FindingKind, Forecast, ForecastPoint,
    HistoryNeed, Launch, Outlook, Relation, Service, ServiceLimit, Step,
};
pub use resource::{
    CacheExpressions, Level, Nature, Reading, Resource, ResourceId, Thresholds, ThresholdsError,
};
pub use secret::Secret;
pub use series::{
    Batch, BatchSeries, Buckets, CUSTOM_BUCKETS, Columns, Described, Histogram, HistogramError,
    HistogramSample, LabelBytes, Labels, LabelsBuilder, LabelsPacker, LabelsRef, LeftOut,
    METRIC_NAME, MatchOp, Matcher, MatcherError, Metadata, MetricKind, NotationError,
    NotedHistogram, Pairs, Point, ResetHint, STALE, Sample, SampleSink, Series, Span32, WriteError,
    WriteReceipt, describe, described_labels, described_points, grown, is_stale, noted,
    parse_histogram,
};
pub use source::{
    Budget, BudgetSpent, Coarse, Figure, Selection, SeriesSet, SeriesSource, SourceError, Unlimited,
};
pub use time::{Clock, Span, Time, TimeRange, Wait};
pub use units::{Share, Unit};
