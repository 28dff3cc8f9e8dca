//! How fast the executor is beside a source that costs next to nothing: series in memory, shaped as those of
//! `bench/peers`. `cargo run --release -p query --example executor [part of a query]` prints milliseconds a query.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measurement prints and looks at the clock"
)]

use std::time::Instant;

use model::{
    Columns, Labels, Matcher, Selection, SeriesSet, SeriesSource, SourceError, Span, Time,
    Unlimited,
};
use query::{Engine, EngineOptions, Steps};

/// The end of all series.
const END: i64 = 1_795_233_000_000;

/// Columns that share their times.
struct Set {
    times: Vec<i64>,
    series: Vec<(Labels, Vec<f64>)>,
}

/// Those that a selection found.
struct Found<'s> {
    set: &'s Set,
    which: Vec<usize>,
    rows: std::ops::Range<usize>,
}

impl SeriesSet for Found<'_> {
    fn len(&self) -> usize {
        self.which.len()
    }

    fn labels(&self, at: usize) -> &Labels {
        &self.set.series[self.which[at]].0
    }

    fn read(&self, at: usize, into: &mut Columns) -> Result<(), SourceError> {
        let (labels, values) = &self.set.series[self.which[at]];
        into.clear();
        into.labels = labels.clone();
        into.times.extend_from_slice(&self.set.times[self.rows.clone()]);
        into.values.extend_from_slice(&values[self.rows.clone()]);
        Ok(())
    }
}

impl Set {
    fn found<'s>(&'s self, selection: &Selection<'_>) -> Found<'s> {
        let matches = |labels: &Labels| {
            let holds = |own: &Matcher| own.matches(labels.get(own.name()).unwrap_or_default());
            selection.matchers.iter().all(holds)
        };
        let which = (0..self.series.len()).filter(|at| matches(&self.series[*at].0)).collect();
        let from = self.times.partition_point(|time| *time < selection.range.from.millis());
        let to = self.times.partition_point(|time| *time <= selection.range.to.millis());
        Found { set: self, which, rows: from..to.max(from) }
    }
}

/// A source whose search was done before: the executor alone is measured.
struct Searched<'s>(std::sync::Mutex<Vec<(String, Vec<usize>)>>, &'s Set);

impl SeriesSource for Searched<'_> {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Columns>, SourceError> {
        let found = self.1.found(selection);
        let mut all = vec![Columns::default(); found.len()];
        for (at, columns) in all.iter_mut().enumerate() {
            found.read(at, columns)?;
        }
        Ok(all)
    }

    fn find<'s>(
        &'s self,
        selection: &Selection<'s>,
    ) -> Result<Box<dyn SeriesSet + 's>, SourceError> {
        let key = format!("{:?}", selection.matchers);
        let mut known = self.0.lock().unwrap();
        let at = known.iter().position(|(own, _)| *own == key).unwrap_or_else(|| {
            known.push((key, self.1.found(selection).which));
            known.len() - 1
        });
        let (from, to) = (selection.range.from.millis(), selection.range.to.millis());
        let from = self.1.times.partition_point(|time| *time < from);
        let to = self.1.times.partition_point(|time| *time <= to);
        let which = known[at].1.clone();
        let found = Found { set: self.1, which, rows: from..to.max(from) };
        Ok(Box::new(found))
    }

    fn series(&self, _: &Selection<'_>) -> Result<Vec<Labels>, SourceError> {
        Ok(Vec::new())
    }

    fn label_names(&self, _: &Selection<'_>) -> Result<Vec<String>, SourceError> {
        Ok(Vec::new())
    }

    fn label_values(&self, _: &str, _: &Selection<'_>) -> Result<Vec<String>, SourceError> {
        Ok(Vec::new())
    }
}

/// Names of a host's series, with what tells those of one name apart.
fn shapes() -> Vec<(&'static str, &'static str, Vec<String>)> {
    let many = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
    vec![
        ("node_cpu_seconds_total", "mode", many(16)),
        ("node_load1", "a", many(1)),
        ("node_load5", "a", many(1)),
        ("node_memory_MemAvailable_bytes", "a", many(1)),
        ("node_memory_MemTotal_bytes", "a", many(1)),
        ("node_uname_info", "kernel", many(1)),
        ("node_filesystem_avail_bytes", "mountpoint", many(3)),
        ("node_network_receive_bytes_total", "device", many(2)),
        ("http_requests_total", "code", many(10)),
        ("http_request_duration_seconds_bucket", "le", many(24)),
        ("container_cpu_usage_seconds_total", "container", many(6)),
        ("other_metric", "n", many(34)),
    ]
}

fn set(hosts: usize, samples: usize, step: i64) -> Set {
    let times: Vec<i64> =
        std::iter::successors(Some(END), |time| Some(time - step)).take(samples).collect();
    let mut series = Vec::new();
    let mut seed = 7_u64;
    for host in 0..hosts {
        for (name, label, values) in shapes() {
            for value in values {
                let labels = labels_of(host, name, (label, value));
                series.push((labels, column(name, samples, &mut seed)));
            }
        }
    }
    series.sort_by(|(a, _), (b, _): &(Labels, Vec<f64>)| a.cmp(b));
    Set { times: times.into_iter().rev().collect(), series }
}

fn labels_of(host: usize, name: &str, (label, value): (&str, String)) -> Labels {
    Labels::from_pairs([
        ("__name__", name.to_owned()),
        ("cluster", format!("c{}", host % 4)),
        ("env", "prod".to_owned()),
        ("instance", format!("host-{host:04}:9100")),
        ("job", "node".to_owned()),
        ("rack", format!("r{:02}", host % 20)),
        ("team", format!("team-{}", host % 10)),
        ("zone", format!("eu-west-1{}", host % 3)),
        (label, value),
    ])
}

fn column(name: &str, samples: usize, seed: &mut u64) -> Vec<f64> {
    let rises = name.ends_with("_total") || name.ends_with("_bucket");
    let mut level = 1000.0;
    let value = |_| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = (*seed >> 33) as f64 / f64::from(1_u32 << 31);
        level = if rises { level + noise * 10.0 } else { (noise * 1e4).round() / 100.0 };
        level
    };
    (0..samples).map(value).collect()
}

const INSTANT: Option<(i64, i64)> = None;
const HOUR: Option<(i64, i64)> = Some((3600, 15));
const DAY: Option<(i64, i64)> = Some((86_400, 60));
const WEEK: Option<(i64, i64)> = Some((604_800, 300));
const WEEK_COARSE: Option<(i64, i64)> = Some((604_800, 3600));

type Asked = (&'static str, Option<(i64, i64)>);

const SHORT: &[Asked] = &[
    ("100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"1\"}[5m]))) > 80", INSTANT),
    ("node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.45", INSTANT),
    ("sum by (team) (rate(http_requests_total[5m]))", INSTANT),
    ("sum by (le, team) (rate(http_request_duration_seconds_bucket[5m]))", INSTANT),
    ("topk(10, rate(node_network_receive_bytes_total[5m]))", INSTANT),
    ("count by (__name__) ({__name__=~\".+\"})", INSTANT),
    ("sum by (mode) (rate(node_cpu_seconds_total{cluster=\"c3\"}[1m]))", HOUR),
    ("sum by (le, team) (rate(http_request_duration_seconds_bucket[5m]))", HOUR),
    ("topk(5, sum by (instance) (rate(container_cpu_usage_seconds_total[5m])))", HOUR),
    ("sum by (kernel) (node_load1 * on (instance) group_left (kernel) node_uname_info)", HOUR),
    ("max by (zone) (node_load5)", HOUR),
    ("node_memory_MemAvailable_bytes / on (instance) node_memory_MemTotal_bytes", HOUR),
];

const LONG: &[Asked] = &[
    ("avg_over_time(node_load1[7d])", INSTANT),
    ("quantile_over_time(0.95, node_memory_MemAvailable_bytes[7d])", INSTANT),
    ("predict_linear(node_filesystem_avail_bytes[7d], 30 * 86400) < 0", INSTANT),
    ("max_over_time(sum(rate(http_requests_total[5m]))[1d:5m])", INSTANT),
    ("sum by (team) (increase(http_requests_total[1d]))", INSTANT),
    ("avg by (cluster) (1 - rate(node_cpu_seconds_total{mode=\"1\"}[5m]))", DAY),
    ("sum by (le) (rate(http_request_duration_seconds_bucket[5m]))", DAY),
    ("sum by (instance) (rate(node_network_receive_bytes_total[5m]))", WEEK),
    ("quantile(0.95, 1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", WEEK),
    ("max_over_time(node_load5[1h])", WEEK),
    ("quantile_over_time(0.9, node_load5[6h])", WEEK),
    ("avg_over_time(node_load1[1d]) + 3 * stddev_over_time(node_load1[1d])", WEEK_COARSE),
    ("predict_linear(node_load1[6h], 3600)", WEEK),
    (
        "sum by (team) (rate(http_requests_total[1h])) - sum by (team) (rate(http_requests_total[1h] offset 1d))",
        WEEK,
    ),
    ("topk(3, rate(container_cpu_usage_seconds_total{container=\"1\"}[10m]))", WEEK),
];

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for (name, set, asked) in
        [("A", set(1000, 240, 15_000), SHORT), ("B", set(100, 10_080, 60_000), LONG)]
    {
        let source = Searched(std::sync::Mutex::default(), &set);
        for own in asked.iter().filter(|(text, _)| text.contains(&wanted)) {
            for threads in [1, 2] {
                measure(name, &source, own, threads);
            }
        }
    }
}

fn measure(name: &str, source: &Searched<'_>, (text, kind): &Asked, threads: usize) {
    let engine = Engine::new(EngineOptions { threads, ..EngineOptions::default() });
    let mut best = f64::INFINITY;
    let mut series = 0;
    for _ in 0..=5 {
        let started = Instant::now();
        let to = Time(END);
        let answer = kind.map_or_else(
            || engine.instant(source, text, to, &Unlimited),
            |(range, step)| {
                let steps = Steps { from: to - Span::secs(range), to, step: Span::secs(step) };
                engine.range(source, text, steps, &Unlimited)
            },
        );
        best = best.min(started.elapsed().as_secs_f64() * 1e3);
        series = match answer.unwrap().value {
            query::Value::Vector(samples) => samples.len(),
            query::Value::Matrix(series) => series.len(),
            _ => 1,
        };
    }
    println!("{name} {best:9.3} ms  {threads} threads  {series:6} series  {text} {kind:?}");
}
