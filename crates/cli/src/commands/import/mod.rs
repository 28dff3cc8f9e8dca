//! `plimsoll import`

pub(crate) mod alertmanager;
pub(crate) mod calendar;
pub(crate) mod openslo;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use collect::import::{
    self, ColumnRole, CsvSpec, ImportError, ImportOptions, ImportProgress, OnError,
};
use collect::remote_write;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::{Kind, Labels, SampleSink as _, Series, Span};
use serde_json::json;
use server::SystemClock;
use store::{NoProgress, Store, StoreOptions};
use tokio::runtime::Runtime;

use super::small_runtime;
use crate::{
    args::{FileFormat, ImportSamples},
    client::Remote,
    fault::Fault,
    output::Output,
};

/// The longest retention that settings allow.
const RETENTION_MAX: Span = Span::days(36_500);

/// How often a server that says it is busy is asked again before we give up.
const TRIES_MAX: u32 = 8;

/// Where batches go.
enum Sink {
    Nowhere,
    Store(Box<Store>),
    Server(Runtime, Box<Remote>),
}

/// What became of the samples.
#[derive(Default)]
struct Counts {
    accepted: usize,
    out_of_range: usize,
}

/// Takes in a file.
pub(crate) fn run(command: &ImportSamples, output: &Output) -> Result<ExitCode, Fault> {
    let file = command.file.as_deref().unwrap_or_else(|| Path::new("-"));
    let format = match command.format {
        Some(format) => format,
        None => format_of(file)?,
    };
    let (reader, bytes) = open(file)?;
    let bar = bar(output, bytes);
    let reader = BufReader::with_capacity(1 << 20, bar.wrap_read(reader));
    let options = ImportOptions {
        on_error: if command.skip_wrong { OnError::Skip } else { OnError::Stop },
        labels: labels(&command.labels)?,
        ..ImportOptions::default()
    };
    let sink = sink(command)?;
    let mut batches: Box<dyn Batches> = match format {
        FileFormat::Csv => Box::new(csv(reader, command, options)?),
        FileFormat::Jsonl => Box::new(import::json_lines(reader, options)),
        FileFormat::Openmetrics => Box::new(import::openmetrics(reader, options)),
    };
    let mut counts = Counts::default();
    while let Some(batch) = batches.next_batch() {
        let batch = batch.map_err(|error| stopped(&error, &counts))?;
        keep(&sink, &batch, &mut counts)?;
        bar.set_message(format!("{} samples", counts.accepted));
    }
    if let Sink::Store(store) = &sink {
        store.close().map_err(|error| Fault::from_error(error.kind(), &error))?;
    }
    bar.finish_and_clear();
    tell(batches.progress(), &counts, command, output)
}

/// An import of any format.
trait Batches {
    fn next_batch(&mut self) -> Option<Result<Vec<Series>, ImportError>>;
    fn progress(&self) -> &ImportProgress;
}

impl Batches for import::Import<'_> {
    fn next_batch(&mut self) -> Option<Result<Vec<Series>, ImportError>> {
        self.next()
    }

    fn progress(&self) -> &ImportProgress {
        Self::progress(self)
    }
}

fn stopped(error: &ImportError, counts: &Counts) -> Fault {
    let help = format!(
        "samples kept before it: {}; mend the line and import again (what comes twice is kept once), or add --skip-wrong",
        counts.accepted
    );
    Fault::from_error(error.kind(), error).help(help)
}

fn tell(
    progress: &ImportProgress,
    counts: &Counts,
    command: &ImportSamples,
    output: &Output,
) -> Result<ExitCode, Fault> {
    if output.is_json() {
        output.json(&json!({
            "lines": progress.lines,
            "samples": counts.accepted,
            "out_of_range": counts.out_of_range,
            "skipped": progress.skipped,
            "complaints": progress.complaints,
            "dry_run": command.dry_run,
        }))?;
    } else {
        let word = if command.dry_run { "would take in" } else { "took in" };
        output
            .text(&format!("{word} {} samples from {} lines\n", counts.accepted, progress.lines))?;
        if counts.out_of_range > 0 {
            output.note(&format!(
                "{} samples are older than the store keeps, or more than a day ahead; they were left out",
                counts.out_of_range
            ));
        }
        if progress.skipped > 0 {
            output.note(&format!("{} lines were wrong and left out:", progress.skipped));
            for complaint in &progress.complaints {
                output.note(&format!("  {complaint}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn format_of(file: &Path) -> Result<FileFormat, Fault> {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending {
        "csv" | "tsv" => Ok(FileFormat::Csv),
        "jsonl" | "ndjson" | "json" => Ok(FileFormat::Jsonl),
        "om" | "openmetrics" | "prom" | "txt" => Ok(FileFormat::Openmetrics),
        _ => {
            Err(Fault::new(Kind::Invalid, format!("cannot tell the format of {}", file.display()))
                .help("say it with --format csv, jsonl or openmetrics"))
        }
    }
}

fn open(file: &Path) -> Result<(Box<dyn Read>, Option<u64>), Fault> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let missing = |error: io::Error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    };
    let opened = File::open(file).map_err(missing)?;
    let bytes = opened.metadata().map_err(missing)?.len();
    Ok((Box::new(opened), Some(bytes)))
}

fn bar(output: &Output, bytes: Option<u64>) -> ProgressBar {
    let bar = match bytes {
        Some(bytes) => ProgressBar::new(bytes),
        None => ProgressBar::new_spinner(),
    };
    let template = "{bar:32} {bytes}/{total_bytes} {msg} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if !output.shows_progress() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

fn labels(pairs: &[String]) -> Result<Labels, Fault> {
    let mut found = Vec::new();
    for pair in pairs {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Fault::new(Kind::Invalid, format!("--label {pair:?} has no `=`"))
                .help("write it as --label site=berlin")
        })?;
        found.push((name, value));
    }
    Ok(Labels::from_pairs(found))
}

fn csv<'r>(
    reader: impl BufRead + 'r,
    command: &ImportSamples,
    options: ImportOptions,
) -> Result<import::Import<'r>, Fault> {
    let named = |text: &str| match text.split_once('=') {
        Some((column, name)) => (column.to_owned(), name.to_owned()),
        None => (text.to_owned(), text.to_owned()),
    };
    let mut roles = Vec::new();
    roles.extend(command.time.iter().map(|column| (column.clone(), ColumnRole::Time)));
    roles.extend(command.values.iter().map(|text| {
        let (column, metric) = named(text);
        (column, ColumnRole::Value(metric))
    }));
    roles.extend(command.label_columns.iter().map(|text| {
        let (column, name) = named(text);
        (column, ColumnRole::Label(name))
    }));
    let spec = CsvSpec { roles, prefix: command.prefix.clone(), ..CsvSpec::default() };
    import::csv(reader, &spec, options).map_err(|error| {
        Fault::from_error(error.kind(), &error)
            .help("name the columns with --time, --value and --label-column")
    })
}

fn sink(command: &ImportSamples) -> Result<Sink, Fault> {
    if command.dry_run {
        return Ok(Sink::Nowhere);
    }
    match &command.data {
        None => Ok(Sink::Server(small_runtime()?, Box::new(Remote::new(&command.server)?))),
        Some(dir) => {
            let dir = dir.join("metrics");
            std::fs::create_dir_all(&dir).map_err(|error| {
                Fault::from_error(Kind::Missing, &error).help(format!("making {}", dir.display()))
            })?;
            let clock = Arc::new(SystemClock::new());
            // An import lets nothing expire: the server does, by its settings.
            let options = StoreOptions { retention: RETENTION_MAX, ..StoreOptions::default() };
            let store = Store::open(&dir, options, clock, &NoProgress)
                .map_err(|error| Fault::from_error(error.kind(), &error))?;
            Ok(Sink::Store(Box::new(store)))
        }
    }
}

fn keep(sink: &Sink, batch: &[Series], counts: &mut Counts) -> Result<(), Fault> {
    match sink {
        Sink::Nowhere => {
            counts.accepted += batch.iter().map(|series| series.samples.len()).sum::<usize>();
        }
        Sink::Store(store) => {
            let receipt =
                store.write(batch).map_err(|error| Fault::from_error(error.kind(), &error))?;
            store.maintain().map_err(|error| Fault::from_error(error.kind(), &error))?;
            counts.accepted += receipt.accepted;
            counts.out_of_range += receipt.out_of_range;
            if let Some(left_out) = receipt.left_out {
                return Err(Fault::new(Kind::Invalid, left_out.what));
            }
        }
        Sink::Server(runtime, remote) => {
            let body = remote_write::encode(batch)
                .map_err(|error| Fault::from_error(error.kind(), &error))?;
            let sent = batch.iter().map(|series| series.samples.len()).sum::<usize>();
            let begun = counts.accepted > 0;
            let kept = runtime.block_on(send(remote, body, begun))?.unwrap_or(sent).min(sent);
            counts.accepted += kept;
            counts.out_of_range += sent - kept;
        }
    }
    Ok(())
}

/// Sends a body, waiting longer each time the server is busy.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line has no other clock than the machine's"
)]
async fn send(remote: &Remote, body: Vec<u8>, begun: bool) -> Result<Option<usize>, Fault> {
    let mut tries = 0;
    loop {
        match remote.write(body.clone()).await {
            // A server that is not there at the start is not worth waiting for.
            Err(fault)
                if tries < TRIES_MAX
                    && (fault.kind == Kind::Busy || begun && fault.kind == Kind::Upstream) =>
            {
                tokio::time::sleep(Duration::from_millis(200 << tries)).await;
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}
