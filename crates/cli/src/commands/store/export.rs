//! `plimsoll store export`: a snapshot is made beside the store, opened, read series by series, and removed again.

use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use ::store::{NoProgress, Store, StoreOptions, survey};
use jiff::Timestamp;
use model::{
    Buckets, Columns, HistogramSample, Kind, Labels, METRIC_NAME, ResetHint, STALE, Selection,
    SeriesSource as _, Span, Time, TimeRange, Unlimited,
};
use serde_json::{Map, Value, json};
use server::SystemClock;

use super::{fault, place};
use crate::{
    args::store::{Export, ExportFormat},
    fault::Fault,
    output::Output,
};

/// Samples written at once, and those of one JSON object at most.
const ROWS: usize = 10_000;
/// The same of native histograms, which are some hundred numbers each.
const HISTOGRAMS: usize = 500;

/// A snapshot that goes when it is let go of.
struct Borrowed(PathBuf);

impl Drop for Borrowed {
    fn drop(&mut self) {
        // Nothing but room is lost; the folder's name says what it was.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Some samples of one series.
#[derive(Default)]
struct Rows<'c> {
    floats: Vec<(i64, f64)>,
    histograms: Vec<&'c HistogramSample>,
}

/// What was written, and what not.
#[derive(Default)]
struct Told {
    samples: usize,
    left_out: usize,
}

impl Told {
    fn count(&mut self, format: ExportFormat, rows: &Rows<'_>) {
        self.samples += rows.floats.len();
        if format == ExportFormat::Jsonl {
            self.samples += rows.histograms.len();
        } else {
            self.left_out += rows.histograms.len();
        }
    }
}

/// The samples of a series some at a time, without marks of its end.
fn rows_of(columns: &Columns) -> Vec<Rows<'_>> {
    let live: Vec<(i64, f64)> = (columns.times.iter().copied())
        .zip(columns.values.iter().copied())
        .filter(|(_, value)| value.to_bits() != STALE.to_bits())
        .collect();
    let native: Vec<&HistogramSample> =
        columns.histograms.iter().filter(|own| !own.histogram.is_stale()).collect();
    let floats = live.chunks(ROWS).map(|own| Rows { floats: own.to_vec(), ..Rows::default() });
    let histograms =
        native.chunks(HISTOGRAMS).map(|own| Rows { histograms: own.to_vec(), ..Rows::default() });
    floats.chain(histograms).collect()
}

/// Writes the samples of a selector.
pub(super) fn run(command: &Export, output: &Output) -> Result<ExitCode, Fault> {
    let matchers = ::query::parse_selector(&command.selector)
        .map_err(|error| Fault::from_error(Kind::Invalid, &error))?;
    let end = |text: &Option<String>, otherwise| text.as_deref().map_or(Ok(otherwise), time);
    let range =
        TimeRange { from: end(&command.from, Time::MIN)?, to: end(&command.to, Time::MAX)? };
    let place = place(&command.data)?;
    let borrowed = borrow(&place)?;
    let options = StoreOptions { retention: Span::days(36_500), ..StoreOptions::default() };
    let store = Store::open(&borrowed.0, options, Arc::new(SystemClock::new()), &NoProgress)
        .map_err(|error| fault(&error))?;
    let failed = |error: model::SourceError| Fault::from_error(error.kind(), &error);
    let set = store.find(&Selection::new(&matchers, range, &Unlimited)).map_err(failed)?;
    let names: BTreeSet<String> = (0..set.len())
        .flat_map(|at| set.labels(at).iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>())
        .collect();
    let writer = Writer { format: command.format, names: names.into_iter().collect() };
    output.text(&writer.head())?;
    let (mut columns, mut told) = (Columns::default(), Told::default());
    let mut text = String::new();
    for at in 0..set.len() {
        set.read(at, &mut columns).map_err(failed)?;
        let rows = rows_of(&columns);
        for row in &rows {
            text.clear();
            told.count(command.format, row);
            writer
                .put(set.labels(at), row, &mut text)
                .map_err(|error| Fault::from_error(Kind::Internal, &error))?;
            output.text(&text)?;
        }
    }
    output.text(writer.tail())?;
    for warning in set.warnings() {
        output.note(&format!("note: {warning}"));
    }
    output.note(&format!("{} series, {} samples", set.len(), told.samples));
    if told.left_out > 0 {
        output.note(&format!(
            "note: {} native histograms are left out, as this format has no word for them; `--format jsonl` has",
            told.left_out
        ));
    }
    drop(set);
    drop(store);
    drop(borrowed);
    Ok(ExitCode::SUCCESS)
}

fn borrow(place: &Path) -> Result<Borrowed, Fault> {
    let name = format!("export-{}", std::process::id());
    let folder = place.with_file_name(name);
    if folder.try_exists().unwrap_or_default() {
        // Left by a process of our number that was killed.
        fs::remove_dir_all(&folder).map_err(|error| Fault::from_error(Kind::Internal, &error))?;
    }
    let borrowed = Borrowed(folder);
    survey::snapshot(place, &borrowed.0).map_err(|error| fault(&error))?;
    Ok(borrowed)
}

fn time(text: &str) -> Result<Time, Fault> {
    if let Ok(seconds) = text.parse::<f64>()
        && seconds.abs() < 1e12
    {
        #[expect(clippy::cast_possible_truncation, reason = "the bound was just checked")]
        return Ok(Time((seconds * 1000.0).round() as i64));
    }
    text.parse::<Timestamp>().map(|time| Time(time.as_millisecond())).map_err(|_error| {
        Fault::new(Kind::Invalid, format!("{text:?} is no time"))
            .help("write RFC 3339, such as 2026-11-20T12:00:00Z, or seconds since 1970")
    })
}

struct Writer {
    format: ExportFormat,
    /// All label names, for the columns of CSV.
    names: Vec<String>,
}

impl Writer {
    fn head(&self) -> String {
        match self.format {
            ExportFormat::Csv => {
                let names: Vec<String> = self.names.iter().map(|name| cell(name)).collect();
                format!(
                    "time,value{}{}\n",
                    if names.is_empty() { "" } else { "," },
                    names.join(",")
                )
            }
            _ => String::new(),
        }
    }

    fn tail(&self) -> &'static str {
        if self.format == ExportFormat::Openmetrics { "# EOF\n" } else { "" }
    }

    fn put(&self, labels: &Labels, rows: &Rows<'_>, text: &mut String) -> fmt::Result {
        match self.format {
            ExportFormat::Openmetrics => {
                for (time, value) in &rows.floats {
                    writeln!(text, "{labels} {} {}", number(*value), seconds(*time))?;
                }
            }
            ExportFormat::Jsonl => {
                let metric: Map<String, Value> =
                    labels.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
                let values: Vec<Value> =
                    rows.floats.iter().map(|(_, value)| json_number(*value)).collect();
                let times: Vec<i64> = rows.floats.iter().map(|(time, _)| *time).collect();
                let mut row = json!({ "metric": metric, "values": values, "timestamps": times });
                if !rows.histograms.is_empty() {
                    row["histograms"] = rows.histograms.iter().map(|own| histogram(own)).collect();
                }
                writeln!(text, "{row}")?;
            }
            ExportFormat::Csv => {
                let own: Vec<String> = self
                    .names
                    .iter()
                    .map(|name| cell(labels.get(name).unwrap_or_default()))
                    .collect();
                for (time, value) in &rows.floats {
                    let (time, value) = (seconds(*time), number(*value));
                    writeln!(text, "{time},{value},{}", own.join(","))?;
                }
            }
        }
        Ok(())
    }
}

/// Seconds with three places.
fn seconds(time: i64) -> String {
    let sign = if time < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", time.unsigned_abs() / 1000, time.unsigned_abs() % 1000)
}

/// A number as OpenMetrics writes it.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

fn json_number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { number(value).into() }
}

/// A native histogram with its time, bit for bit.
fn histogram(sample: &HistogramSample) -> Value {
    let own = &sample.histogram;
    let side = |side: &Buckets| {
        let spans: Vec<Value> =
            side.spans.iter().map(|span| json!([span.offset, span.length])).collect();
        let counts: Vec<Value> = side.counts.iter().map(|count| json_number(*count)).collect();
        json!({ "spans": spans, "counts": counts })
    };
    json!({
        "timestamp": sample.time.millis(),
        "schema": own.schema,
        "count": json_number(own.count),
        "sum": json_number(own.sum),
        "zero_threshold": json_number(own.zero_threshold),
        "zero_count": json_number(own.zero_count),
        "positive": side(&own.positive),
        "negative": side(&own.negative),
        "bounds": own.bounds.iter().map(|bound| json_number(*bound)).collect::<Vec<Value>>(),
        "gauge": own.reset == ResetHint::Gauge,
    })
}

/// A cell of CSV, quoted where it must be.
fn cell(text: &str) -> String {
    let text = if text == METRIC_NAME { "metric" } else { text };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
