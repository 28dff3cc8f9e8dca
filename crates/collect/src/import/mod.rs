//! Imports: samples from files, in bounded batches, with the line of whatever is wrong.

mod csv_rows;
mod json_rows;
mod openmetrics_rows;
#[cfg(test)]
mod tests;
mod times;

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    io::{self, BufRead, Read},
};

use model::{Kind, Labels, Sample, Series, Time};

/// Bytes of one line; `VictoriaMetrics` puts a whole series on one.
const LINE_BYTES_MAX: u64 = 32 << 20;

/// Reasons that are kept when lines are skipped.
const COMPLAINTS_MAX: usize = 10;

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
    /// RFC 3339, or the like with a blank, in UTC if no offset is given.
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
    /// The metric's name. Of several value columns each adds its own name to it.
    Metric,
    /// A value of the metric with this name; the name does not matter beside a single metric column.
    Value(String),
    /// A label with this name.
    Label(String),
    /// Nothing to us.
    Ignore,
}

/// What a CSV file's columns are. Of what is not told, a column called `time` or the like is the time; `metric` and
/// `value` are what they say; other columns are values if they hold numbers (and no value is told), else labels.
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
    /// Metrics that come from column names are called as the file writes them, and not as [`csv_metric_name`] spells them: for
    /// a reader that keeps nothing, and speaks of columns.
    pub names_kept: bool,
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

impl ImportError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Line { .. } => Kind::Invalid,
            Self::Read { .. } => Kind::Upstream,
        }
    }
}

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

/// A format: gives what stands in the next line or row.
trait Rows {
    /// Puts the next row's samples into the batch; `false` at the end.
    fn next(
        &mut self,
        batch: &mut Batch,
        progress: &mut ImportProgress,
    ) -> Result<bool, ImportError>;
}

/// An import under way: gives batches until the file ends or a line is wrong.
pub struct Import<'r> {
    rows: Box<dyn Rows + 'r>,
    options: ImportOptions,
    batch: Batch,
    progress: ImportProgress,
    failed: Option<ImportError>,
    ended: bool,
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Import").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl<'r> Import<'r> {
    fn new(rows: impl Rows + 'r, options: ImportOptions) -> Self {
        let batch = Batch::new(options.labels.clone());
        let progress = ImportProgress::default();
        Self { rows: Box::new(rows), options, batch, progress, failed: None, ended: false }
    }

    /// How far it is.
    pub fn progress(&self) -> &ImportProgress {
        &self.progress
    }

    /// Reads until a batch is full, the file ends, or a line stops the import.
    fn fill(&mut self) {
        while self.batch.samples < self.options.batch_samples.max(1) && !self.ended {
            match self.rows.next(&mut self.batch, &mut self.progress) {
                Ok(more) => self.ended = !more,
                Err(error @ ImportError::Line { .. }) if self.options.on_error == OnError::Skip => {
                    self.progress.skipped += 1;
                    if self.progress.complaints.len() < COMPLAINTS_MAX {
                        self.progress.complaints.push(error.to_string());
                    }
                }
                Err(error) => {
                    self.failed = Some(error);
                    self.ended = true;
                }
            }
        }
    }
}

impl Iterator for Import<'_> {
    type Item = Result<Vec<Series>, ImportError>;

    /// What was read before a wrong line is given out before the error.
    fn next(&mut self) -> Option<Self::Item> {
        self.fill();
        let batch = self.batch.take(self.options.batch_samples.max(1));
        if !batch.is_empty() {
            self.progress.samples +=
                batch.iter().map(|series| series.samples.len() as u64).sum::<u64>();
            return Some(Ok(batch));
        }
        self.failed.take().map(Err)
    }
}

/// Reads CSV with a header row. An error here means that the columns cannot be told apart.
pub fn csv<'r>(
    reader: impl BufRead + 'r,
    spec: &CsvSpec,
    options: ImportOptions,
) -> Result<Import<'r>, ImportError> {
    Ok(Import::new(csv_rows::CsvRows::new(reader, spec)?, options))
}

/// What a metric is called that comes from a column of this name: `web-1` becomes `web_1`.
pub fn csv_metric_name(column: &str) -> String {
    csv_rows::as_name(column, true)
}

/// Reads JSON lines: series as `VictoriaMetrics` exports them (`metric`, `values`, `timestamps` in milliseconds), or
/// flat objects with `time`, `metric`, `value` and labels.
pub fn json_lines<'r>(reader: impl BufRead + 'r, options: ImportOptions) -> Import<'r> {
    Import::new(json_rows::JsonRows::new(reader), options)
}

/// Reads `OpenMetrics` text whose samples have time stamps.
pub fn openmetrics<'r>(reader: impl BufRead + 'r, options: ImportOptions) -> Import<'r> {
    Import::new(openmetrics_rows::OpenMetricsRows::new(reader), options)
}

/// Samples that were read and not given out yet.
#[derive(Debug)]
struct Batch {
    base: Labels,
    series: Vec<(Labels, VecDeque<Sample>)>,
    places: HashMap<Labels, usize>,
    samples: usize,
}

impl Batch {
    fn new(base: Labels) -> Self {
        Self { base, series: Vec::new(), places: HashMap::new(), samples: 0 }
    }

    /// A row's labels with those that every series gets.
    fn with_base(&self, labels: Labels) -> Labels {
        if self.base.iter().all(|(name, _)| labels.get(name).is_some()) {
            return labels;
        }
        let mut builder = self.base.to_builder();
        for (name, value) in labels.iter() {
            builder.set(name, value);
        }
        builder.build()
    }

    /// Adds one sample of a series whose labels are whole.
    fn push(&mut self, labels: &Labels, time: Time, value: f64) {
        let known = self.places.get(labels).copied();
        let place = known.unwrap_or_else(|| {
            self.series.push((labels.clone(), VecDeque::new()));
            self.places.insert(labels.clone(), self.series.len() - 1);
            self.series.len() - 1
        });
        self.series[place].1.push_back(Sample { time, value });
        self.samples += 1;
    }

    /// Gives out so many samples at most, and keeps the rest.
    fn take(&mut self, limit: usize) -> Vec<Series> {
        self.places.clear();
        let mut given = Vec::new();
        let mut left = limit;
        for (labels, mut samples) in std::mem::take(&mut self.series) {
            let count = samples.len().min(left);
            left -= count;
            self.samples -= count;
            if count > 0 {
                let samples = samples.drain(..count).collect();
                given.push(Series::new(labels.clone(), samples));
            }
            if !samples.is_empty() {
                self.places.insert(labels.clone(), self.series.len());
                self.series.push((labels, samples));
            }
        }
        given
    }
}

/// Lines of a file, none longer than allowed.
struct Lines<R> {
    reader: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Self { reader, line: Vec::new() }
    }

    /// The next line without its end, or `None` at the end of the file.
    fn next(&mut self, progress: &mut ImportProgress) -> Result<Option<&str>, ImportError> {
        self.line.clear();
        let count = self.fill(progress)?;
        if count == 0 {
            return Ok(None);
        }
        progress.lines += 1;
        let line = progress.lines;
        if count as u64 == LINE_BYTES_MAX && self.line.last() != Some(&b'\n') {
            self.skip_rest(progress)?;
            let what = format!("longer than {LINE_BYTES_MAX} bytes");
            return Err(ImportError::Line { line, what });
        }
        while self.line.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
            self.line.pop();
        }
        match std::str::from_utf8(&self.line) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(ImportError::Line { line, what: "not UTF-8".into() }),
        }
    }

    fn fill(&mut self, progress: &mut ImportProgress) -> Result<usize, ImportError> {
        let mut bounded = (&mut self.reader).take(LINE_BYTES_MAX);
        let count = bounded
            .read_until(b'\n', &mut self.line)
            .map_err(|source| ImportError::Read { line: progress.lines, source })?;
        progress.bytes += count as u64;
        Ok(count)
    }

    fn skip_rest(&mut self, progress: &mut ImportProgress) -> Result<(), ImportError> {
        while self.line.last() != Some(&b'\n') {
            self.line.clear();
            if self.fill(progress)? == 0 {
                break;
            }
        }
        Ok(())
    }
}
