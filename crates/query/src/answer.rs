//! What a query answers, and the times it is asked for.

use std::sync::Arc;

use model::{Columns, Histogram, Labels, Sample, Span, Time};

/// The times of a range query: from the first, by the step, to the last that is not after `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The first moment.
    pub from: Time,
    /// The last moment, included if a step falls on it.
    pub to: Time,
    /// From one moment to the next; above zero.
    pub step: Span,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The value.
    pub value: Value,
    /// What may make the answer wrong, each with its place in the text.
    pub warnings: Vec<String>,
    /// What may be worth knowing, each with its place in the text.
    pub infos: Vec<String>,
}

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number at a time.
    Scalar(Sample),
    /// A text at a time.
    Text(Time, String),
    /// One value of each series at one time.
    Vector(Vec<InstantSample>),
    /// Columns of series: the answer of a range query, or a range selector asked at one time.
    Matrix(Vec<Columns>),
}

/// The value of one series at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct InstantSample {
    /// Who.
    pub labels: Labels,
    /// When.
    pub time: Time,
    /// What; 0 where it is a native histogram.
    pub value: f64,
    /// The native histogram, if it is one.
    pub histogram: Option<Arc<Histogram>>,
}

impl InstantSample {
    /// A float.
    pub fn float(labels: Labels, time: Time, value: f64) -> Self {
        Self { labels, time, value, histogram: None }
    }
}

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A number.
    Scalar,
    /// A text.
    Text,
    /// One value of each series.
    Vector,
    /// A range of values of each series.
    Matrix,
}

impl ValueKind {
    /// The word PromQL has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Text => "string",
            Self::Vector => "vector",
            Self::Matrix => "matrix",
        }
    }
}

/// What is known of an expression before it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Its type.
    pub kind: ValueKind,
    /// The names of the metrics it reads, sorted, each once; selectors without a fixed name are left out.
    pub metrics: Vec<String>,
}
