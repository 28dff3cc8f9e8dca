//! Bands that are compared: ours, and three that need no more than a line to explain.

use stats::{Baseline, Moment, quantile};

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// Which band.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// This crate's.
    Ours,
    /// Mean and three standard deviations of the last seven days.
    Sigma,
    /// From the first to the 99th hundredth of the same half hours of the last seven days.
    Days,
    /// The same of the same hour, an hour before and after included, of the last four weeks.
    Weeks,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::Sigma, Self::Days, Self::Weeks];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ours => "baseline",
            Self::Sigma => "3 sigma, 7 d",
            Self::Days => "q1-q99, 7 days",
            Self::Weeks => "q1-q99, 4 weeks",
        }
    }
}

/// One band while a series goes by.
pub(crate) struct Peer {
    kind: Kind,
    ours: Baseline,
    past: Vec<(i64, f64)>,
    /// The quarter of an hour that the band was made for.
    quarter: i64,
    band: Option<(f64, f64)>,
}

impl Peer {
    pub(crate) fn new(kind: Kind) -> Self {
        let (ours, past) = (Baseline::default(), Vec::new());
        Self { kind, ours, past, quarter: i64::MIN, band: None }
    }

    /// The band before a reading, once a week is over; then learns from it.
    pub(crate) fn step(&mut self, time: i64, value: f64) -> Option<(f64, f64)> {
        if matches!(self.kind, Kind::Ours) {
            let band = self.ours.take(moment(time), value)?;
            return (band.basis == stats::Basis::Week).then_some((band.low, band.high));
        }
        let first = self.past.first().map_or(time, |first| first.0);
        let quarter = time.div_euclid(900);
        if quarter != self.quarter && time - first >= WEEK {
            self.quarter = quarter;
            self.band = self.made(time);
        }
        self.past.push((time, value));
        self.band
    }

    fn made(&self, time: i64) -> Option<(f64, f64)> {
        let among = |from: i64, to: i64| {
            let from = self.past.partition_point(|row| row.0 < from);
            let to = self.past.partition_point(|row| row.0 <= to);
            self.past[from..to].iter().map(|row| row.1)
        };
        let values: Vec<f64> = match self.kind {
            Kind::Sigma => among(time - WEEK, time).collect(),
            Kind::Days => (1..=7)
                .flat_map(|day| among(time - day * DAY - 1800, time - day * DAY + 1800))
                .collect(),
            Kind::Weeks | Kind::Ours => (1..=4)
                .flat_map(|week| among(time - week * WEEK - 3600, time - week * WEEK + 3600))
                .collect(),
        };
        if values.len() < 2 {
            return None;
        }
        if matches!(self.kind, Kind::Sigma) {
            let (mean, spread) = (stats::mean(&values), 3.0 * stats::stddev(&values));
            return Some((mean - spread, mean + spread));
        }
        Some((quantile(&values, 0.01), quantile(&values, 0.99)))
    }
}

/// A moment as UTC has it.
pub(crate) fn moment(time: i64) -> Moment {
    let hours = time.div_euclid(3600);
    // 1970 began on a Thursday.
    let hour = u8::try_from((hours + 72).rem_euclid(168)).unwrap_or_default();
    Moment { hour, start: hours * 3600, part: (time - hours * 3600) as f64 / 3600.0 }
}
