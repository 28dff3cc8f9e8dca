//! Reads what exporters say: the Prometheus text format 0.0.4 and `OpenMetrics` 1.0.
//!
//! Syntax is always checked. The rules of `OpenMetrics` beyond syntax (names that clash, buckets out of order, …) are
//! checked by [`parse_openmetrics`] and [`broken_rule`]; a scrape only notes them, since widespread exporters break some.

mod cursor;
mod line;
mod rules;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact figures are expected")]
mod tests;

use model::{Kind, Labels, Metadata, MetricKind, Time};

use line::Comment;
pub(crate) use line::{Dialect, MetadataLine, SampleLine, labels_of, read_sample};
use rules::Rules;

/// One sample as the exporter gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExposedSample {
    /// Name and labels.
    pub labels: Labels,
    /// Value.
    pub value: f64,
    /// Its own time stamp, if it gave one.
    pub time: Option<Time>,
}

/// What an exporter said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposition {
    /// Samples in their order.
    pub samples: Vec<ExposedSample>,
    /// What it says of its metrics.
    pub metadata: Vec<Metadata>,
    /// Exemplars that were read and not kept.
    pub exemplars: usize,
}

/// What is wrong with an exposition, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ExpositionError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl ExpositionError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// Which format a body is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4 (and 1.0.0 with quoted names).
    Text,
    /// `OpenMetrics` 1.0, with the quoted names of 2.0.
    OpenMetrics,
}

impl Format {
    /// The format that a `Content-Type` header names; without one, text. The error says what was sent instead.
    pub fn from_content_type(content_type: Option<&str>) -> Result<Self, String> {
        let Some(content_type) = content_type else { return Ok(Self::Text) };
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/openmetrics-text" => Ok(Self::OpenMetrics),
            "text/plain" | "" => Ok(Self::Text),
            _ => Err(format!("the answer is {media}, which is not an exposition format")),
        }
    }

    fn dialect(self) -> Dialect {
        match self {
            Self::Text => Dialect::Text,
            Self::OpenMetrics => Dialect::OpenMetrics,
        }
    }
}

/// Where [`read`] puts what it finds. An error ends the reading.
pub(crate) trait Taker<'b> {
    fn sample(&mut self, sample: &SampleLine<'b>) -> Result<(), String>;
    fn metadata(&mut self, line: &MetadataLine<'b>) -> Result<(), String>;
}

/// Metrics whose metadata is kept from one exposition.
const METADATA_MAX: usize = 100_000;

/// Reads the Prometheus text format.
pub fn parse_text(body: &[u8]) -> Result<Exposition, ExpositionError> {
    let mut kept = Kept::default();
    read(body, Format::Text, &mut kept)?;
    Ok(kept.finish())
}

/// Reads `OpenMetrics`, and refuses whatever breaks a rule of it.
pub fn parse_openmetrics(body: &[u8]) -> Result<Exposition, ExpositionError> {
    if let Some(error) = broken_rule(body) {
        return Err(error);
    }
    parse_openmetrics_loose(body)
}

/// Reads `OpenMetrics` whose syntax is right, whatever rules it breaks beyond.
pub fn parse_openmetrics_loose(body: &[u8]) -> Result<Exposition, ExpositionError> {
    let mut kept = Kept::default();
    read(body, Format::OpenMetrics, &mut kept)?;
    Ok(kept.finish())
}

/// The first rule of `OpenMetrics` that a body breaks, syntax included.
pub fn broken_rule(body: &[u8]) -> Option<ExpositionError> {
    let mut rules = Rules::default();
    if let Err(error) = read(body, Format::OpenMetrics, &mut rules) {
        return Some(error);
    }
    rules.end().err().map(|what| ExpositionError { line: rules.last_line(), what })
}

/// Reads a body line by line.
pub(crate) fn read<'b>(
    body: &'b [u8],
    format: Format,
    taker: &mut dyn Taker<'b>,
) -> Result<(), ExpositionError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let before = &body[..error.valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        ExpositionError { line, what: "not UTF-8".into() }
    })?;
    let dialect = format.dialect();
    let mut sample = SampleLine::default();
    let mut ended = false;
    let mut number = 0;
    for line in text.split_terminator('\n') {
        number += 1;
        let wrong = |what: String| ExpositionError { line: number, what };
        if ended {
            return Err(wrong("something follows # EOF".into()));
        }
        match line::comment(line, dialect).map_err(wrong)? {
            Comment::None => {
                read_sample(line, dialect, &mut sample).map_err(wrong)?;
                taker.sample(&sample).map_err(wrong)?;
            }
            Comment::Metadata(line) => taker.metadata(&line).map_err(wrong)?,
            Comment::End => ended = true,
            Comment::Nothing => {}
        }
    }
    if format == Format::OpenMetrics && !ended {
        let what = "# EOF is missing, so the end may have been cut off".into();
        return Err(ExpositionError { line: number.max(1), what });
    }
    Ok(())
}

/// Builds up the metadata of each metric from its lines.
#[derive(Debug, Default)]
pub(crate) struct MetadataTaker {
    pub(crate) found: Vec<Metadata>,
}

impl MetadataTaker {
    pub(crate) fn take(&mut self, line: &MetadataLine<'_>) {
        let name: &str = line.name();
        // Lines of one metric follow each other, so the last is nearly always the one.
        if self.found.last().is_none_or(|last| last.metric != name) {
            if self.found.len() >= METADATA_MAX {
                return;
            }
            self.found.push(Metadata {
                metric: name.to_owned(),
                kind: MetricKind::Unknown,
                help: String::new(),
                unit: String::new(),
            });
        }
        let Some(last) = self.found.last_mut() else { return };
        match line {
            MetadataLine::Help(_, help) => last.help = help.to_string(),
            MetadataLine::Kind(_, kind) => last.kind = *kind,
            MetadataLine::Unit(_, unit) => (*unit).clone_into(&mut last.unit),
        }
    }
}

/// Keeps everything.
#[derive(Debug, Default)]
struct Kept {
    exposition: Exposition,
    metadata: MetadataTaker,
}

impl Kept {
    fn finish(self) -> Exposition {
        Exposition { metadata: self.metadata.found, ..self.exposition }
    }
}

impl<'b> Taker<'b> for Kept {
    fn sample(&mut self, sample: &SampleLine<'b>) -> Result<(), String> {
        self.exposition.samples.push(ExposedSample {
            labels: labels_of(&sample.labels),
            value: sample.value,
            time: sample.time(),
        });
        self.exposition.exemplars += usize::from(sample.exemplar.is_some());
        Ok(())
    }

    fn metadata(&mut self, line: &MetadataLine<'b>) -> Result<(), String> {
        self.metadata.take(line);
        Ok(())
    }
}
