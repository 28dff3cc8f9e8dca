//! Random series from a seed: gauges, counters with resets, classic histograms, gaps, stale markers, NaN and
//! infinities, series that come and go, intervals that differ.

use rwbench::data::{
    Chance, STALE_NAN,
    wire::{put_label, put_sample, put_varint},
};

/// A whole hour in 2023.
pub const START_S: i64 = 1_699_999_200;
/// How long the data are. Prometheus keeps so much in its head, so that nothing is refused as too old.
pub const LENGTH_S: i64 = 2 * 3600;

/// One series: sorted labels, samples as milliseconds and bits of values.
#[derive(Clone, Debug)]
pub struct Series {
    pub labels: Vec<(String, String)>,
    pub samples: Vec<(i64, u64)>,
}

/// What the values of a series do.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Walk,
    Whole,
    Counter,
    Constant,
    Odd,
}

/// Counters begin so high that no window reaches zero by extrapolation, which Prometheus 2 judged in another order:
/// first whether zero is near, then whether the first sample is.
const COUNTER_FROM: f64 = 1e7;

const HOSTS: [&str; 4] = ["a", "b", "c", "d"];

/// All series of a seed. With `edges` samples lie on whole seconds, where windows begin and end.
pub fn make(seed: u64, edges: bool) -> Vec<Series> {
    let mut chance = Chance::new(seed, 77);
    let mut all = Vec::new();
    let plan: [(&str, Habit, i64, bool); 8] = [
        ("level", Habit::Walk, 15, false),
        ("limit", Habit::Whole, 30, false),
        ("spare", Habit::Whole, 120, true),
        ("work_total", Habit::Counter, 15, false),
        ("errors_total", Habit::Counter, 30, true),
        ("flat", Habit::Constant, 60, false),
        ("odd", Habit::Odd, 15, false),
        ("other_level", Habit::Walk, 20, true),
    ];
    for (name, habit, every_s, kinds) in plan {
        for (place, host) in HOSTS.iter().enumerate() {
            if chance.share() < 0.1 {
                continue;
            }
            for kind in if kinds { &["read", "write"][..] } else { &[""][..] } {
                let zone = ["x", "y"][place / 2];
                let mut labels = vec![("__name__", name), ("host", host)];
                if !kind.is_empty() {
                    labels.push(("kind", kind));
                }
                labels.push(("zone", zone));
                let times = times(&mut chance, every_s, edges);
                let values = values(&mut chance, habit, times.len());
                all.push(series(&labels, &times, &values));
            }
        }
    }
    for (place, host) in HOSTS.iter().enumerate().take(3) {
        histogram(&mut chance, host, ["x", "y"][place / 2], edges, &mut all);
        // An info series whose version changes half-way, as after a release.
        let all_times = times(&mut chance, 30, edges);
        let half = chance.bits() as usize % all_times.len().max(1);
        for (version, part) in [("1", &all_times[..half]), ("2", &all_times[half..])] {
            let labels = [
                ("__name__", "info"),
                ("host", *host),
                ("version", version),
                ("zone", ["x", "y"][place / 2]),
            ];
            let mut one = series(&labels, part, &vec![1.0; part.len()]);
            if version == "1" && half < all_times.len() {
                one.samples.push((all_times[half], STALE_NAN));
            }
            all.push(one);
        }
    }
    all.retain(|one| !one.samples.is_empty());
    all
}

fn series(labels: &[(&str, &str)], times: &[i64], values: &[f64]) -> Series {
    Series {
        labels: labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        samples: times.iter().zip(values).map(|(time, value)| (*time, value.to_bits())).collect(),
    }
}

/// Times of scrapes: a start, an end, gaps, single scrapes missed.
fn times(chance: &mut Chance, every_s: i64, edges: bool) -> Vec<i64> {
    // Queries ask at whole seconds; samples 137 to 993 ms after one are never on an edge.
    let offset = if edges { 0 } else { 137 + (chance.bits() % 857) as i64 };
    let (from, to) = match chance.bits() % 4 {
        0 => (LENGTH_S / 5, LENGTH_S),
        1 => (0, LENGTH_S * 3 / 5),
        _ => (0, LENGTH_S),
    };
    let gap_from = (chance.bits() % LENGTH_S as u64) as i64;
    let gap = if chance.share() < 0.4 {
        gap_from..gap_from + 60 + (chance.bits() % 900) as i64
    } else {
        0..0
    };
    let mut times = Vec::new();
    for second in (from..to).step_by(every_s as usize) {
        if !gap.contains(&second) && chance.share() > 0.01 {
            times.push((START_S + second) * 1000 + offset);
        }
    }
    times
}

fn values(chance: &mut Chance, habit: Habit, count: usize) -> Vec<f64> {
    let mut value = match habit {
        Habit::Counter => COUNTER_FROM + (chance.bits() % 1000) as f64,
        Habit::Constant => [0.0, 1.0, 0.1, 42.0][(chance.bits() % 4) as usize],
        _ => (chance.bits() % 100) as f64,
    };
    let step = 1.0 + (chance.bits() % 40) as f64;
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        match habit {
            Habit::Walk => value += chance.normal() * 3.0,
            Habit::Whole => value = (value + (chance.normal() * 5.0).round()).abs(),
            Habit::Counter if chance.share() < 0.01 => {
                value = COUNTER_FROM + (chance.bits() % 5) as f64
            }
            Habit::Counter => value += (chance.share() * step).floor(),
            Habit::Constant => {}
            Habit::Odd => {
                value = match chance.bits() % 30 {
                    0 => f64::NAN,
                    1 => f64::INFINITY,
                    2 => f64::NEG_INFINITY,
                    3 => -0.0,
                    4 => f64::from_bits(STALE_NAN),
                    _ => (chance.bits() % 50) as f64 - 10.0,
                }
            }
        }
        values.push(if chance.share() < 0.004 { f64::from_bits(STALE_NAN) } else { value });
    }
    values
}

fn histogram(chance: &mut Chance, host: &str, zone: &str, edges: bool, all: &mut Vec<Series>) {
    const BOUNDS: [&str; 5] = ["0.1", "0.5", "1", "5", "+Inf"];
    let times = times(chance, 15, edges);
    let empty = [COUNTER_FROM; 5];
    let mut counts = empty;
    let mut columns = vec![Vec::new(); BOUNDS.len() + 2];
    let mut sum = COUNTER_FROM;
    for _ in &times {
        if chance.share() < 0.005 {
            (counts, sum) = (empty, COUNTER_FROM);
        }
        let mut below = 0.0;
        for (place, count) in counts.iter_mut().enumerate() {
            *count += (chance.bits() % 9) as f64;
            sum += (*count - COUNTER_FROM) * 0.01;
            below += *count;
            columns[place].push(below);
        }
        columns[BOUNDS.len()].push(sum);
        columns[BOUNDS.len() + 1].push(below);
    }
    for (place, bound) in BOUNDS.iter().enumerate() {
        let labels =
            [("__name__", "took_seconds_bucket"), ("host", host), ("le", bound), ("zone", zone)];
        all.push(series(&labels, &times, &columns[place]));
    }
    for (name, column) in
        [("took_seconds_sum", BOUNDS.len()), ("took_seconds_count", BOUNDS.len() + 1)]
    {
        all.push(series(
            &[("__name__", name), ("host", host), ("zone", zone)],
            &times,
            &columns[column],
        ));
    }
}

/// The same samples as remote-write requests of ten minutes each, in the order of time, as Prometheus wants them.
pub fn requests(all: &[Series]) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for slice in 0..=LENGTH_S / 600 {
        let range = (START_S + slice * 600) * 1000..(START_S + (slice + 1) * 600) * 1000;
        let mut raw = Vec::new();
        for one in all {
            let mut body = Vec::new();
            for (time, bits) in one.samples.iter().filter(|(time, _)| range.contains(time)) {
                put_sample(&mut body, *time, *bits);
            }
            if body.is_empty() {
                continue;
            }
            let mut labels = Vec::new();
            for (name, value) in &one.labels {
                put_label(&mut labels, name, value);
            }
            raw.push(0x0a); // WriteRequest.timeseries = 1
            put_varint(&mut raw, (labels.len() + body.len()) as u64);
            raw.extend_from_slice(&labels);
            raw.extend_from_slice(&body);
        }
        if !raw.is_empty() {
            requests.push(
                snap::raw::Encoder::new()
                    .compress_vec(&raw)
                    .expect("bug: the buffer is large enough"),
            );
        }
    }
    requests
}
