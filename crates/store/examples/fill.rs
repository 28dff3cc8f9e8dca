//! Fills a directory with a store of so many series with so many samples each, always the same,
//! and says what that took: `fill DIR SERIES SAMPLES`.

use std::{env, error::Error, path::Path, sync::Arc, time::Duration};

use model::{
    Clock, Labels, METRIC_NAME, Matcher, Sample, SampleSink, Selection, Series, SeriesSource, Span,
    Time, TimeRange, Unlimited, Wait,
};
use store::{NoProgress, Store, StoreOptions};

/// Between two samples of a series.
const STEP: Span = Span::secs(5);
/// Samples of each series in one batch.
const BATCH: usize = 20;

/// The clock of this machine.
#[derive(Debug)]
struct WallClock(std::time::Instant);

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "an example has no other clock")]
    fn now(&self) -> Time {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Time(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait(&self, _duration: Duration) -> Wait {
        Box::pin(std::future::ready(()))
    }
}

fn labels(number: usize) -> Labels {
    let metric = format!("fill_metric_{}", number % 50);
    let host = format!("host-{}", number / 50);
    Labels::from_pairs([
        (METRIC_NAME, metric.as_str()),
        ("instance", host.as_str()),
        ("job", "fill"),
        ("zone", ["east", "west"][number % 2]),
    ])
}

/// A constant, a counter, a gauge in hundredths and a float with all its digits, in turn.
fn value(series: usize, at: usize) -> f64 {
    let mixed = (at as u64 ^ (series as u64) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let noise = mixed as f64 / f64::from(1 << 24);
    match series % 4 {
        0 => series as f64,
        1 => (at * 1000 + series) as f64 + (noise * 100.0).floor(),
        2 => (5000.0 + 1000.0 * (at as f64 / 700.0).sin() + noise * 50.0).floor() / 100.0,
        _ => noise.mul_add(0.01, (at as f64 / 900.0).cos()),
    }
}

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [dir, series, samples] = arguments.as_slice() else {
        return Err("usage: fill DIR SERIES SAMPLES".into());
    };
    let (series, samples): (usize, usize) = (series.parse()?, samples.parse()?);
    #[expect(clippy::disallowed_methods, reason = "an example has no other clock")]
    let clock = Arc::new(WallClock(std::time::Instant::now()));
    let store = open(dir, &clock)?;
    let all: Vec<Labels> = (0..series).map(labels).collect();
    let end = clock.now();
    let first = end - Span::millis(STEP.as_millis() * i64::try_from(samples)?);
    let started = clock.elapsed();
    for from in (0..samples).step_by(BATCH) {
        let ats = from..samples.min(from + BATCH);
        let batch: Vec<Series> = all
            .iter()
            .enumerate()
            .map(|(number, labels)| {
                Series::new(
                    labels.clone(),
                    ats.clone().map(|at| sample(first, number, at)).collect(),
                )
            })
            .collect();
        for some in batch.chunks(1000) {
            store.write(some)?;
        }
        store.maintain()?;
    }
    let written = clock.elapsed().saturating_sub(started);
    store.close()?;
    drop(store);
    let total = (series * samples) as f64;
    println!(
        "written: {:.1} s, {:.0} samples/s",
        written.as_secs_f64(),
        total / written.as_secs_f64()
    );

    let store = open(dir, &clock)?;
    let mut merged = 0;
    while merged != store.stats().merges || merged == 0 && store.stats().parts > 64 {
        merged = store.stats().merges;
        for _ in 0..100 {
            store.maintain()?;
        }
    }
    store.close()?;
    drop(store);

    let before = clock.elapsed();
    let store = open(dir, &clock)?;
    let opened = clock.elapsed().saturating_sub(before);
    let stats = store.stats();
    println!(
        "opened: {:.1} ms, {} samples, {} parts, {} days, {:.2} bytes a sample",
        opened.as_secs_f64() * 1000.0,
        stats.samples,
        stats.parts,
        stats.partitions,
        stats.bytes_on_disk as f64 / stats.samples as f64
    );
    read(&store, clock.as_ref(), end)
}

/// Reads one series over spans that end with the last sample.
#[expect(clippy::print_stdout, reason = "an example that prints what it measured")]
fn read(store: &Store, clock: &dyn Clock, end: Time) -> Result<(), Box<dyn Error>> {
    let matchers =
        [Matcher::equal(METRIC_NAME, "fill_metric_3"), Matcher::equal("instance", "host-1")];
    for span in [Span::minutes(5), Span::days(2), Span::days(400)] {
        let range = TimeRange { from: end - span, to: end };
        let before = clock.elapsed();
        let found = store.select(&Selection::new(&matchers, range, &Unlimited))?;
        let took = clock.elapsed().saturating_sub(before);
        let rows: usize = found.iter().map(|own| own.times.len()).sum();
        println!("one series over {span}: {rows} samples in {:.2} ms", took.as_secs_f64() * 1000.0);
    }
    Ok(())
}

fn sample(first: Time, series: usize, at: usize) -> Sample {
    // Scrapes come some milliseconds early or late, half of the series exactly.
    let jitter = if series % 8 < 4 { 0 } else { i64::try_from(at * 7919 % 11).unwrap_or(0) - 5 };
    let time = first.millis() + STEP.as_millis() * i64::try_from(at).unwrap_or(0) + jitter;
    Sample { time: Time(time), value: value(series, at) }
}

fn open(dir: &str, clock: &Arc<WallClock>) -> Result<Store, Box<dyn Error>> {
    let clock = Arc::<WallClock>::clone(clock);
    Ok(Store::open(Path::new(dir), StoreOptions::default(), clock, &NoProgress)?)
}
