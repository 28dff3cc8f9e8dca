//! CSV: finds out what the columns are, and turns rows into samples.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, BufRead, Read},
};

use ::csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};
use model::{Labels, METRIC_NAME};

use super::{
    Batch, ColumnRole, CsvSpec, ImportError, ImportProgress, LINE_BYTES_MAX, Rows, TimeFormat,
    times::parse_time,
};

/// Rows that are looked at to find out what a column is.
const LOOKED_AT_ROWS: usize = 100;

/// Names of columns that hold the time.
const TIME_NAMES: [&str; 9] =
    ["time", "timestamp", "ts", "date", "datetime", "_time", "@timestamp", "epoch", "clock"];

/// Values that say that there is none.
const MISSING: [&str; 6] = ["", "null", "NULL", "NA", "N/A", "-"];

/// Sets of labels that are remembered; beyond that all are forgotten and built anew.
const REMEMBERED_MAX: usize = 50_000;

/// Letters of a cell that a message repeats.
const CELL_LETTERS: usize = 40;

/// Rows of a CSV file.
pub(super) struct CsvRows<R> {
    reader: Reader<Counted<R>>,
    time_format: TimeFormat,
    roles: Vec<ColumnRole>,
    names: Vec<String>,
    time: usize,
    metric: Option<usize>,
    values: Vec<usize>,
    ahead: VecDeque<(u64, StringRecord)>,
    remembered: HashMap<String, Vec<Labels>>,
    key: String,
    record: ByteRecord,
}

/// Counts what is read.
struct Counted<R> {
    reader: R,
    bytes: u64,
    /// Where the row begins that is being read, as nearly as it is known.
    row_start: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Quotes that are never closed make the rest of the file one row.
        if self.bytes - self.row_start > LINE_BYTES_MAX {
            let what =
                format!("a row is longer than {LINE_BYTES_MAX} bytes; are quotes left open?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let count = self.reader.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

fn wrong(line: u64, what: impl Into<String>) -> ImportError {
    ImportError::Line { line, what: what.into() }
}

impl<R: BufRead> CsvRows<R> {
    pub(super) fn new(mut reader: R, spec: &CsvSpec) -> Result<Self, ImportError> {
        let delimiter = match spec.delimiter {
            Some(delimiter) => delimiter,
            None => found_delimiter(&mut reader)?,
        };
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(Counted { reader, bytes: 0, row_start: 0 });
        let mut record = ByteRecord::new();
        let Some((_, header)) = next_record(&mut reader, &mut record)? else {
            return Err(wrong(1, "there is no header"));
        };
        let names: Vec<String> = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let mut ahead = VecDeque::new();
        while ahead.len() < LOOKED_AT_ROWS
            && let Some(row) = next_record(&mut reader, &mut record)?
        {
            ahead.push_back(row);
        }
        let time_format = spec.time_format.unwrap_or(TimeFormat::Auto);
        let roles = roles_of(&names, spec, &ahead).map_err(|what| wrong(1, what))?;
        let places = |wanted: fn(&ColumnRole) -> bool| -> Vec<usize> {
            roles.iter().enumerate().filter(|(_, role)| wanted(role)).map(|(at, _)| at).collect()
        };
        let times = places(|role| *role == ColumnRole::Time);
        let metrics = places(|role| *role == ColumnRole::Metric);
        let values = places(|role| matches!(role, ColumnRole::Value(_)));
        let [time] = times[..] else {
            return Err(wrong(1, told_time(&times, &names)));
        };
        if values.is_empty() {
            return Err(told_values(&names, time, &ahead));
        }
        Ok(Self {
            reader,
            time_format,
            roles,
            names,
            time,
            metric: metrics.first().copied(),
            values,
            ahead,
            remembered: HashMap::new(),
            key: String::new(),
            record,
        })
    }

    fn row(&mut self, line: u64, row: &StringRecord, batch: &mut Batch) -> Result<(), ImportError> {
        if row.len() != self.names.len() {
            let (has, header) = (row.len(), self.names.len());
            return Err(wrong(line, format!("it has {has} columns, but the header {header}")));
        }
        let text = row.get(self.time).unwrap_or_default();
        let time = parse_time(text, self.time_format).ok_or_else(|| {
            wrong(line, format!("{text:?} in column {:?} is not a time", self.names[self.time]))
        })?;
        let mut numbers = Vec::with_capacity(self.values.len());
        for column in &self.values {
            let text = row.get(*column).unwrap_or_default().trim();
            if MISSING.contains(&text) {
                numbers.push(None);
                continue;
            }
            let number = text.parse().map_err(|_not_a_number| {
                wrong(line, format!("{text:?} in column {:?} is not a number", self.names[*column]))
            })?;
            numbers.push(Some(number));
        }
        self.remember(row, batch).map_err(|what| wrong(line, what))?;
        let Some(labels) = self.remembered.get(&self.key) else { return Ok(()) };
        for (labels, number) in labels.iter().zip(numbers) {
            if let Some(number) = number {
                batch.push(labels, time, number);
            }
        }
        Ok(())
    }

    /// Leaves the key under which the labels of the row's values stand.
    fn remember(&mut self, row: &StringRecord, batch: &Batch) -> Result<(), String> {
        self.key.clear();
        for (role, text) in self.roles.iter().zip(row) {
            if matches!(role, ColumnRole::Label(_) | ColumnRole::Metric) {
                self.key.extend([text, "\u{1f}"]);
            }
        }
        if self.remembered.contains_key(&self.key) {
            return Ok(());
        }
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.clear();
        }
        let shared = self.roles.iter().zip(row).filter_map(|(role, text)| match role {
            ColumnRole::Label(name) => Some((name.as_str(), text)),
            _ => None,
        });
        let shared = Labels::from_pairs(shared);
        let mut labels = Vec::with_capacity(self.values.len());
        for column in &self.values {
            let name = self.metric_name(row, *column);
            if name.is_empty() {
                return Err("the metric has no name".into());
            }
            labels.push(batch.with_base(shared.with(METRIC_NAME, &name)));
        }
        self.remembered.insert(self.key.clone(), labels);
        Ok(())
    }

    fn metric_name(&self, row: &StringRecord, column: usize) -> String {
        let ColumnRole::Value(own) = &self.roles[column] else { return String::new() };
        match self.metric.and_then(|metric| row.get(metric)) {
            None => own.clone(),
            Some(name) if self.values.len() == 1 || name.is_empty() => name.to_owned(),
            Some(name) => format!("{name}_{own}"),
        }
    }
}

impl<R: BufRead> Rows for CsvRows<R> {
    fn next(
        &mut self,
        batch: &mut Batch,
        progress: &mut ImportProgress,
    ) -> Result<bool, ImportError> {
        let next = match self.ahead.pop_front() {
            Some(row) => Some(row),
            None => next_record(&mut self.reader, &mut self.record)?,
        };
        progress.bytes = self.reader.get_ref().bytes;
        let Some((line, row)) = next else {
            progress.lines = self.reader.position().line().saturating_sub(1);
            return Ok(false);
        };
        progress.lines = line;
        self.row(line, &row, batch)?;
        Ok(true)
    }
}

/// The next row with its line. Rows that are not UTF-8 have what is wrong replaced, and fail where it matters.
fn next_record<R: Read>(
    reader: &mut Reader<Counted<R>>,
    record: &mut ByteRecord,
) -> Result<Option<(u64, StringRecord)>, ImportError> {
    let line = reader.position().line();
    let counted = reader.get_mut();
    counted.row_start = counted.bytes;
    match reader.read_byte_record(record) {
        Ok(false) => Ok(None),
        Ok(true) => {
            let line = record.position().map_or(line, ::csv::Position::line);
            let row = StringRecord::from_byte_record_lossy(std::mem::take(record));
            Ok(Some((line, row)))
        }
        Err(error) => Err(match error.into_kind() {
            ::csv::ErrorKind::Io(source) => ImportError::Read { line, source },
            other => wrong(line, format!("{other:?}")),
        }),
    }
}

/// The separator that stands in the header most often.
fn found_delimiter<R: BufRead>(reader: &mut R) -> Result<u8, ImportError> {
    let seen = reader.fill_buf().map_err(|source| ImportError::Read { line: 0, source })?;
    let header = seen.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += usize::from(!quoted && byte == delimiter);
        }
    }
    // Of equally many the first stays.
    let best = counts.iter().rev().max_by_key(|(_, count)| *count);
    Ok(best.map_or(b',', |(delimiter, _)| *delimiter))
}

/// Why no column holds values: the first text that should be a number, if there is one.
fn told_values(names: &[String], time: usize, rows: &VecDeque<(u64, StringRecord)>) -> ImportError {
    let found = rows.iter().find_map(|(line, row)| {
        let cells = row.iter().map(str::trim).enumerate();
        let mut others = cells.filter(|(at, text)| *at != time && !MISSING.contains(text));
        others.find(|(_, text)| text.parse::<f64>().is_err()).map(|(at, text)| (*line, at, text))
    });
    let Some((line, at, text)) = found else { return wrong(1, "no column holds values") };
    let text: String = text.chars().take(CELL_LETTERS).collect();
    let name = names.get(at).map_or("", String::as_str);
    let what = format!("no column holds values: {text:?} in column {name:?} is not a number");
    wrong(line, what)
}

fn told_time(found: &[usize], names: &[String]) -> String {
    let names: Vec<String> = names.iter().take(20).map(|name| format!("{name:?}")).collect();
    let names = names.join(", ");
    if found.is_empty() {
        return format!("no column holds times; the columns are {names}");
    }
    format!("more than one column holds times; the columns are {names}")
}

fn roles_of(
    names: &[String],
    spec: &CsvSpec,
    rows: &VecDeque<(u64, StringRecord)>,
) -> Result<Vec<ColumnRole>, String> {
    if let Some((name, _)) = spec.roles.iter().find(|(name, _)| !names.contains(name)) {
        return Err(format!("there is no column {name:?}; the columns are {}", names.join(", ")));
    }
    let told = |name: &String| spec.roles.iter().find(|(own, _)| own == name).map(|(_, role)| role);
    let time_told = spec.roles.iter().any(|(_, role)| *role == ColumnRole::Time);
    let value_told = spec.roles.iter().any(|(_, role)| matches!(role, ColumnRole::Value(_)));
    let is = |name: &str, words: &[&str]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
    let has = |words: &[&str]| names.iter().any(|name| told(name).is_none() && is(name, words));
    let pair = has(&["metric", "__name__"]) && has(&["value"]) && !value_told;
    let time = names
        .iter()
        .position(|name| !time_told && told(name).is_none() && is(name, &TIME_NAMES))
        .or_else(|| (!time_told).then(|| first_time(names.len(), spec, rows)).flatten());
    let mut roles = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let role = if let Some(role) = told(name) {
            role.clone()
        } else if time == Some(at) {
            ColumnRole::Time
        } else if pair && is(name, &["metric", "__name__"]) {
            ColumnRole::Metric
        } else if pair && is(name, &["value"]) {
            ColumnRole::Value("value".into())
        } else if !pair && !value_told && holds_numbers(at, rows) {
            let kept = spec.names_kept && !name.is_empty();
            let own = if kept { name.clone() } else { as_name(name, true) };
            ColumnRole::Value(format!("{}{own}", spec.prefix))
        } else if name.is_empty() {
            ColumnRole::Ignore
        } else {
            ColumnRole::Label(as_name(name, false))
        };
        roles.push(role);
    }
    Ok(roles)
}

/// The first column that holds dates; numbers could be anything.
fn first_time(
    columns: usize,
    spec: &CsvSpec,
    rows: &VecDeque<(u64, StringRecord)>,
) -> Option<usize> {
    let format = spec.time_format.unwrap_or(TimeFormat::Rfc3339);
    (0..columns).find(|at| {
        !rows.is_empty()
            && rows
                .iter()
                .all(|(_, row)| row.get(*at).is_some_and(|text| parse_time(text, format).is_some()))
    })
}

fn holds_numbers(column: usize, rows: &VecDeque<(u64, StringRecord)>) -> bool {
    let mut texts = rows
        .iter()
        .filter_map(|(_, row)| row.get(column))
        .map(str::trim)
        .filter(|text| !MISSING.contains(text))
        .peekable();
    texts.peek().is_some() && texts.all(|text| text.parse::<f64>().is_ok())
}

/// A column's name as a name of a metric or label: `CPU %` becomes `CPU`.
pub(super) fn as_name(text: &str, colons: bool) -> String {
    let mut name = String::with_capacity(text.len());
    for letter in text.chars() {
        let fits = letter.is_ascii_alphanumeric() || letter == '_' || (colons && letter == ':');
        if fits {
            name.push(letter);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let trimmed = name.trim_end_matches('_');
    if !trimmed.is_empty() {
        name.truncate(trimmed.len());
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) || name.is_empty() {
        name.insert(0, '_');
    }
    name
}
