//! One line of an exposition: a sample, a piece of metadata, or a comment.

use std::borrow::Cow;

use model::{Labels, METRIC_NAME, MetricKind, Time};

use super::cursor::{Cursor, Pair, number, seconds, shortened, unescaped};

/// Characters of an exemplar's labels, names and values together (`OpenMetrics` 1.0, “Exemplars”).
const EXEMPLAR_CHARS_MAX: usize = 128;

/// How strict the syntax is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Blanks anywhere between words, time stamps in milliseconds.
    Text,
    /// Exactly one blank between words, time stamps in seconds, exemplars.
    OpenMetrics,
}

/// A sample's line taken apart. Made once, and filled again for every line.
#[derive(Debug, Default)]
pub(crate) struct SampleLine<'b> {
    /// The name and labels as they stand there: the same text is always the same series.
    pub(crate) series: &'b str,
    /// The labels, the metric's name first under `__name__`.
    pub(crate) labels: Vec<Pair<'b>>,
    /// The value.
    pub(crate) value: f64,
    /// The time stamp in seconds (`OpenMetrics`) or milliseconds (text), whichever it was.
    stamp: Stamp,
    /// The exemplar's time stamp is not kept; its presence is.
    pub(crate) exemplar: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Stamp {
    #[default]
    None,
    Millis(i64),
    Seconds(f64),
}

impl SampleLine<'_> {
    /// The metric's name.
    pub(crate) fn name(&self) -> &str {
        self.labels.first().map_or("", |(_, name)| name)
    }

    /// The value of a label.
    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// The time stamp, to the millisecond; one beyond what can be named is the last that can.
    pub(crate) fn time(&self) -> Option<Time> {
        match self.stamp {
            Stamp::None => None,
            Stamp::Millis(millis) => Some(Time(millis)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast to an integer stops at its ends"
            )]
            Stamp::Seconds(seconds) => Some(Time((seconds * 1000.0).round() as i64)),
        }
    }

    /// The time stamp in seconds, as exactly as it was given.
    pub(crate) fn seconds(&self) -> Option<f64> {
        match self.stamp {
            Stamp::None => None,
            Stamp::Millis(millis) => Some(millis as f64 / 1000.0),
            Stamp::Seconds(seconds) => Some(seconds),
        }
    }
}

/// Labels to keep.
pub(crate) fn labels_of(pairs: &[Pair<'_>]) -> Labels {
    Labels::from_pairs(pairs.iter().map(|(name, value)| (&**name, &**value)))
}

/// What a line that is no sample says.
#[derive(Debug)]
pub(crate) enum Comment<'b> {
    /// It is a sample after all.
    None,
    /// A comment, or an empty line.
    Nothing,
    /// `# EOF`
    End,
    /// Something about a metric.
    Metadata(MetadataLine<'b>),
}

/// A piece of metadata of the metric that is named first.
#[derive(Debug)]
pub(crate) enum MetadataLine<'b> {
    Help(Cow<'b, str>, Cow<'b, str>),
    Kind(Cow<'b, str>, MetricKind),
    Unit(Cow<'b, str>, &'b str),
}

impl MetadataLine<'_> {
    /// The metric's name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Help(name, _) | Self::Kind(name, _) | Self::Unit(name, _) => name,
        }
    }
}

/// Reads a line that may be a comment.
pub(super) fn comment(line: &str, dialect: Dialect) -> Result<Comment<'_>, String> {
    let strict = dialect == Dialect::OpenMetrics;
    let rest = if strict { line } else { line.trim_matches([' ', '\t', '\r']) };
    if rest.is_empty() {
        return if strict { Err("an empty line".into()) } else { Ok(Comment::Nothing) };
    }
    let Some(rest) = rest.strip_prefix('#') else { return Ok(Comment::None) };
    if strict {
        if rest == " EOF" {
            return Ok(Comment::End);
        }
        let rest = rest.strip_prefix(' ').ok_or("a blank must follow #")?;
        return metadata(rest, true)?
            .map(Comment::Metadata)
            .ok_or_else(|| "a comment must be # HELP, # TYPE, # UNIT or # EOF".to_owned());
    }
    Ok(metadata(rest.trim_start_matches([' ', '\t']), false)?
        .map_or(Comment::Nothing, Comment::Metadata))
}

fn metadata(text: &str, strict: bool) -> Result<Option<MetadataLine<'_>>, String> {
    let blanks: &[char] = if strict { &[' '] } else { &[' ', '\t'] };
    let (word, rest) = text.split_once(blanks).unwrap_or((text, ""));
    let known = matches!(word, "HELP" | "TYPE") || (strict && word == "UNIT");
    if !known {
        return Ok(None);
    }
    let mut cursor = Cursor::new(rest, strict);
    cursor.skip_blanks();
    let name = if cursor.peek() == Some('"') { cursor.quoted()? } else { cursor.name(true)? };
    if name.is_empty() {
        return Err(format!("# {word} names no metric"));
    }
    let blank = cursor.peek();
    let rest = cursor.rest();
    // `# HELP a` lacks its text, `# HELP a ` has an empty one.
    if strict && blank != Some(' ') {
        return Err(format!("a blank must follow the name after # {word}"));
    }
    if !rest.is_empty() && !rest.starts_with(blanks) {
        return Err(format!("{name:?} is followed by something that no name holds"));
    }
    let rest = rest.strip_prefix(blanks).unwrap_or(rest);
    match word {
        "HELP" => {
            let help = if strict { rest } else { rest.trim_start_matches([' ', '\t']) };
            Ok(Some(MetadataLine::Help(name, unescaped(help, strict))))
        }
        "UNIT" => {
            let plain =
                rest.chars().all(|letter| letter.is_ascii_alphanumeric() || "_:".contains(letter));
            if !plain {
                return Err(format!("{rest:?} is not a unit"));
            }
            Ok(Some(MetadataLine::Unit(name, rest)))
        }
        _ => {
            let word = if strict { rest } else { rest.trim_matches([' ', '\t']) };
            let kind = kind_of(word, strict).ok_or_else(|| format!("{word:?} is not a type"))?;
            Ok(Some(MetadataLine::Kind(name, kind)))
        }
    }
}

fn kind_of(word: &str, strict: bool) -> Option<MetricKind> {
    Some(match word {
        "counter" => MetricKind::Counter,
        "gauge" => MetricKind::Gauge,
        "histogram" => MetricKind::Histogram,
        "summary" => MetricKind::Summary,
        "info" => MetricKind::Info,
        "stateset" => MetricKind::StateSet,
        "gaugehistogram" => MetricKind::GaugeHistogram,
        "unknown" => MetricKind::Unknown,
        "untyped" if !strict => MetricKind::Unknown,
        _ => return None,
    })
}

/// Reads a sample's line.
pub(crate) fn read_sample<'b>(
    line: &'b str,
    dialect: Dialect,
    sample: &mut SampleLine<'b>,
) -> Result<(), String> {
    let strict = dialect == Dialect::OpenMetrics;
    let line = if strict { line } else { line.trim_matches([' ', '\t', '\r']) };
    let mut cursor = Cursor::new(line, strict);
    sample.labels.clear();
    sample.labels.push((Cow::Borrowed(METRIC_NAME), Cow::Borrowed("")));
    let name = cursor.name(true)?;
    let named = !name.is_empty();
    sample.labels[0].1 = name;
    let before = cursor.rest();
    cursor.skip_blanks();
    if cursor.peek() == Some('{') {
        cursor.labels(&mut sample.labels, true)?;
    } else {
        cursor = Cursor::new(before, strict);
    }
    if sample.labels[0].1.is_empty() {
        return Err(if named || cursor.rest().is_empty() {
            "a sample without a name".into()
        } else {
            format!("{:?} cannot begin a name", cursor.peek().unwrap_or(' '))
        });
    }
    let used = line.len() - cursor.rest().len();
    sample.series = line.get(..used).unwrap_or(line);
    cursor.gap("the name and labels")?;
    sample.value = number(cursor.word())?;
    (sample.stamp, sample.exemplar) = (Stamp::None, None);
    if strict { finish_openmetrics(&mut cursor, sample) } else { finish_text(&mut cursor, sample) }
}

fn finish_text(cursor: &mut Cursor<'_>, sample: &mut SampleLine<'_>) -> Result<(), String> {
    cursor.skip_blanks();
    let word = cursor.word();
    if !word.is_empty() {
        let millis = word
            .parse()
            .map_err(|_not_a_number| format!("{word:?} is not a time stamp in milliseconds"))?;
        sample.stamp = Stamp::Millis(millis);
    }
    cursor.skip_blanks();
    match cursor.rest() {
        "" => Ok(()),
        rest => Err(format!("{:?} follows the time stamp", shortened(rest))),
    }
}

fn finish_openmetrics<'b>(
    cursor: &mut Cursor<'b>,
    sample: &mut SampleLine<'b>,
) -> Result<(), String> {
    if cursor.rest().is_empty() {
        return Ok(());
    }
    cursor.gap("the value")?;
    if cursor.peek() != Some('#') {
        let word = cursor.word();
        sample.stamp = Stamp::Seconds(seconds(word)?);
        if cursor.rest().is_empty() {
            return Ok(());
        }
        cursor.gap("the time stamp")?;
    }
    sample.exemplar = Some(exemplar(cursor)?);
    Ok(())
}

/// `# {trace_id="…"} 0.5 1700000000.123`, and gives the value.
fn exemplar(cursor: &mut Cursor<'_>) -> Result<f64, String> {
    if !cursor.take("# {") {
        return Err("an exemplar must begin with `# {`".into());
    }
    cursor.back('{');
    let mut labels = vec![(Cow::Borrowed(METRIC_NAME), Cow::Borrowed(""))];
    cursor.labels(&mut labels, false)?;
    let chars: usize = labels
        .iter()
        .skip(1)
        .map(|(name, value)| name.chars().count() + value.chars().count())
        .sum();
    if chars > EXEMPLAR_CHARS_MAX {
        return Err(format!(
            "an exemplar's labels have {chars} characters, more than {EXEMPLAR_CHARS_MAX}"
        ));
    }
    cursor.gap("the exemplar's labels")?;
    let value = number(cursor.word())?;
    if !cursor.rest().is_empty() {
        cursor.gap("the exemplar's value")?;
        seconds(cursor.word())?;
    }
    match cursor.rest() {
        "" => Ok(value),
        rest => Err(format!("{:?} follows the exemplar", shortened(rest))),
    }
}
