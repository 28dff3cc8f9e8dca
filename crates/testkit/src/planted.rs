//! A service whose truth is known: load with day, week and growth, five resources that follow it, one release that
//! makes each request dearer, and what follows from all that.

use std::f64::consts::TAU;

use model::{Span, Time};

/// How long the past is, in days.
pub const DAYS: i64 = 42;
/// How far apart its values are.
pub const STEP: Span = Span::minutes(30);
/// On which day each request became dearer in CPU, and how many times.
pub const RELEASE_DAY: i64 = 30;
/// How many times dearer.
pub const RELEASE_TIMES: f64 = 1.25;

/// A past with what is true of it.
#[derive(Clone, Debug)]
pub struct Planted {
    /// The end of the past.
    pub now: Time,
    /// Milliseconds.
    pub times: Vec<i64>,
    /// Requests a second.
    pub load: Vec<f64>,
    /// Each resource: its name, its limit, and how much of it was in use at each time.
    pub used: Vec<(&'static str, f64, Vec<f64>)>,
}

/// Names, limits and the load at which 80 % of it is reached (for the latency: all of its 0.4 s).
pub const TRUTH: [(&str, f64, f64); 5] = [
    ("connections", 100.0, 666.7),
    ("cpu", 1.0, 1_090.9),
    ("latency", 0.4, 1_400.0),
    ("memory", 8_192.0, 1_517.9),
    ("cache", 4_096.0, 59_874.0),
];

impl Planted {
    /// The past that ends at `now`, with three percent of noise from this seed.
    pub fn until(now: Time, seed: u64) -> Self {
        let count = DAYS * 24 * 2;
        let mut noise = noise(seed);
        let times: Vec<i64> = (1..=count).map(|at| now.0 - (count - at) * STEP.0).collect();
        let mut load = Vec::new();
        let mut used: Vec<(&'static str, f64, Vec<f64>)> =
            TRUTH.iter().map(|(name, limit, _)| (*name, *limit, Vec::new())).collect();
        for &time in &times {
            let day = (time - now.0) as f64 / 86_400_000.0;
            let requests = load_at(now, day) * noise().exp();
            load.push(requests);
            for (name, _, values) in &mut used {
                values.push(exact(name, requests, day) * noise().exp());
            }
        }
        Self { now, times, load, used }
    }

    /// The load of the hours of so many days ahead, without noise, from the end of one day to that of another.
    pub fn load_ahead(&self, (from, to): (i64, i64)) -> Vec<f64> {
        (from * 24..to * 24).map(|hour| load_at(self.now, hour as f64 / 24.0)).collect()
    }

    /// How much of a resource is in use at such a load from now on, without noise.
    pub fn used_at(name: &str, load: f64) -> f64 {
        exact(name, load, 1.0)
    }

    /// When the load first comes to a line by its habit, `raised` times as high from a day ahead on.
    pub fn reached(&self, line: f64, (raised, from_day): (f64, f64)) -> Option<Time> {
        (0..365 * 24).find_map(|hour| {
            let day = hour as f64 / 24.0;
            let times = if day >= from_day { raised } else { 1.0 };
            (times * load_at(self.now, day) >= line).then(|| self.now + Span::hours(hour))
        })
    }
}

/// How much of a resource is in use, so many days from the end.
fn exact(name: &str, requests: f64, day: f64) -> f64 {
    let dearer = if day > (RELEASE_DAY - DAYS) as f64 { RELEASE_TIMES } else { 1.0 };
    match name {
        "connections" => 0.12 * requests,
        "cpu" => 0.05 + 0.000_55 * dearer * requests,
        "latency" => 0.05 / (1.0 - requests / 1_600.0),
        "memory" => 2_000.0 + 3.0 * requests,
        _ => 525.0 + 250.0 * requests.ln(),
    }
}

/// The load without noise, so many days from the end: 4 a day more, a quarter up and down by the hour, less at weekends.
fn load_at(now: Time, day: f64) -> f64 {
    let at = now.seconds() / 86_400.0 + day;
    let level = 300.0 + 4.0 * (day + DAYS as f64);
    let hours = 1.0 + 0.25 * (TAU * (at - 0.25)).sin();
    let weekend = (at + 4.0).rem_euclid(7.0) < 1.0 || (at + 4.0).rem_euclid(7.0) >= 6.0;
    level * hours * if weekend { 0.7 } else { 1.0 }
}

/// Three percent, roughly normal: the sum of uniform numbers of a multiplicative generator.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(2) + 1;
    move || {
        let sum: f64 = (0..6)
            .map(|_| {
                state =
                    state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                (state >> 11) as f64 / (1_u64 << 53) as f64
            })
            .sum();
        0.03 * (sum - 3.0) * 2_f64.sqrt()
    }
}
