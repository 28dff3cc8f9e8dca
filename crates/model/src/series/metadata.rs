//! What a metric is: its kind, its help text, its unit.

/// The kind of a metric, as exposition formats name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// Only goes up, but for resets.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, sum and count.
    Histogram,
    /// Quantiles, sum and count.
    Summary,
    /// A gauge that is always 1 and speaks through its labels.
    Info,
    /// One of several states.
    StateSet,
    /// A histogram of a gauge.
    GaugeHistogram,
    /// Not told.
    #[default]
    Unknown,
}

impl MetricKind {
    /// The word the exposition formats and the Prometheus API use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Unknown => "unknown",
        }
    }
}

/// What a source says of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The metric family's name.
    pub metric: String,
    /// Its kind.
    pub kind: MetricKind,
    /// Its help text, possibly empty.
    pub help: String,
    /// Its unit, possibly empty.
    pub unit: String,
}
