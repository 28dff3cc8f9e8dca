//! What is counted of a band: readings inside, its width, how often it says that something is unusual, what it finds of
//! what was planted, and what an incident of a day and a new level do to it.

use stats::{mean, median, quantile};

use crate::{
    peers::{Kind, Peer},
    series::Series,
};

pub(crate) const HEADING: &str = "| band | series | inside, % | of the worst tenth, % | width | unusual a week | found, % | after a day's incident | and p90 | new level, days | and p90 |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

const DAY: i64 = 86_400;
/// Readings outside in a row that count as unusual: a quarter of an hour.
const UNUSUAL: i64 = 900;
/// What is unusual again within half a day is the same.
const EPISODE: i64 = 43_200;
/// Places in each series where something is planted, for two hours.
const PLACES: i64 = 6;
const PLANTED: i64 = 7200;
/// What is planted, in shares of the range between the 5th and the 95th hundredth: half of it up, half of it down, and
/// what was twelve hours before.
const SHARE: f64 = 0.5;
/// An incident and a new level are twice the range away.
const INCIDENT: f64 = 2.0;

#[derive(Debug, Default)]
pub(crate) struct Score {
    inside: f64,
    readings: f64,
    shares: Vec<f64>,
    widths: Vec<f64>,
    episodes: f64,
    weeks: f64,
    found: f64,
    planted: f64,
    widened: Vec<f64>,
    followed: Vec<f64>,
}

impl Score {
    pub(crate) fn join(&mut self, other: Self) {
        self.inside += other.inside;
        self.readings += other.readings;
        self.episodes += other.episodes;
        self.weeks += other.weeks;
        self.found += other.found;
        self.planted += other.planted;
        self.shares.extend(other.shares);
        self.widths.extend(other.widths);
        self.widened.extend(other.widened);
        self.followed.extend(other.followed);
    }

    pub(crate) fn row(&self, kind: Kind, of: &str) -> String {
        format!(
            "| {} | {of} | {:.1} | {:.1} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.1} | {:.1} |",
            kind.word(),
            100.0 * self.inside / self.readings,
            100.0 * quantile(&self.shares, 0.1),
            median(&self.widths),
            self.episodes / self.weeks,
            100.0 * self.found / self.planted,
            median(&self.widened),
            quantile(&self.widened, 0.9),
            median(&self.followed),
            quantile(&self.followed, 0.9),
        )
    }

    pub(crate) fn add(&mut self, kind: Kind, series: &Series) {
        let values: Vec<f64> = series.iter().map(|row| row.1).collect();
        let range = (quantile(&values, 0.95) - quantile(&values, 0.05)).max(1e-9);
        let mut gaps: Vec<i64> = series.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        gaps.sort_unstable();
        let gap = gaps.get(gaps.len() / 2).copied().unwrap_or(1).max(1);
        let need = usize::try_from(UNUSUAL / gap).unwrap_or(1).max(1);
        let plain = walk(kind, series, |_, value| value);
        if plain.len() < 100 {
            return;
        }
        let inside = plain.iter().filter(|row| !row.outside()).count() as f64;
        self.inside += inside;
        self.readings += plain.len() as f64;
        self.shares.push(inside / plain.len() as f64);
        let widths: Vec<f64> = plain.iter().map(|row| row.width() / range).collect();
        self.widths.push(median(&widths));
        self.episodes += episodes(&plain, need);
        let (first, last) = (plain[0].time, plain[plain.len() - 1].time);
        self.weeks += (last - first) as f64 / (7 * DAY) as f64;
        for place in 0..PLACES {
            let at = first + (last - first - DAY) * (2 * place + 1) / (2 * PLACES);
            self.plant(kind, series, (at, range, need), &plain);
        }
        let at = first + (last - first) / 3;
        if last - at > 9 * DAY {
            self.incident(kind, series, (at, range), &plain);
        }
    }

    fn plant(
        &mut self,
        kind: Kind,
        series: &Series,
        (at, range, need): (i64, f64, usize),
        plain: &[Row],
    ) {
        let during = |row: &&Row| (at..at + PLANTED).contains(&row.time);
        // Where it is unusual as it is, nothing can be found.
        if plain.iter().filter(during).any(Row::outside) {
            return;
        }
        let before = |time: i64| {
            let at = series.partition_point(|row| row.0 < time - DAY / 2);
            series.get(at).map_or(0.0, |row| row.1)
        };
        let cut = series.partition_point(|row| row.0 < at + PLANTED);
        let part: Series = series[..cut].to_vec();
        for form in 0..3 {
            let planted = walk(kind, &part, |time, value| match form {
                _ if time < at => value,
                0 => value + SHARE * range,
                1 => value - SHARE * range,
                _ => before(time),
            });
            let rows: Vec<Row> = planted.iter().filter(during).copied().collect();
            self.planted += 1.0;
            self.found += f64::from(u8::from(episodes(&rows, need) > 0.0));
        }
    }

    fn incident(&mut self, kind: Kind, series: &Series, (at, range): (i64, f64), plain: &[Row]) {
        let after = |rows: &[Row]| {
            let week = rows.iter().filter(|row| (at + DAY..at + 8 * DAY).contains(&row.time));
            mean(&week.map(Row::width).collect::<Vec<f64>>())
        };
        let hit = walk(kind, series, |time, value| {
            value + if (at..at + DAY).contains(&time) { INCIDENT * range } else { 0.0 }
        });
        let (hit, calm) = (after(&hit), after(plain));
        if calm > 0.0 {
            self.widened.push(hit / calm);
        }
        let moved = walk(kind, series, |time, value| {
            value + if time >= at { INCIDENT * range } else { 0.0 }
        });
        // The first day of which nine of ten readings lie inside.
        let days = (0..)
            .map(|hour| at + hour * 3600)
            .take_while(|from| from + DAY < moved[moved.len() - 1].time);
        let fits = |from: &i64| {
            let day: Vec<&Row> =
                moved.iter().filter(|row| (*from..from + DAY).contains(&row.time)).collect();
            let inside = day.iter().filter(|row| !row.outside()).count();
            inside as f64 > 0.9 * day.len() as f64
        };
        let followed = days.into_iter().find(fits);
        self.followed.push(followed.map_or(99.0, |from| (from - at) as f64 / DAY as f64));
    }
}

/// A reading beside its band.
#[derive(Clone, Copy, Debug)]
struct Row {
    time: i64,
    value: f64,
    low: f64,
    high: f64,
}

impl Row {
    fn outside(&self) -> bool {
        self.value < self.low || self.value > self.high
    }

    fn width(&self) -> f64 {
        self.high - self.low
    }
}

fn walk(kind: Kind, series: &Series, change: impl Fn(i64, f64) -> f64) -> Vec<Row> {
    let mut peer = Peer::new(kind);
    let mut rows = Vec::new();
    for &(time, value) in series {
        let value = change(time, value);
        if let Some((low, high)) = peer.step(time, value) {
            rows.push(Row { time, value, low, high });
        }
    }
    rows
}

fn episodes(rows: &[Row], need: usize) -> f64 {
    let (mut count, mut run, mut last) = (0.0, 0, i64::MIN / 2);
    for row in rows {
        run = if row.outside() { run + 1 } else { 0 };
        if run == need && row.time - last > EPISODE {
            count += 1.0;
        }
        if run >= need {
            last = row.time;
        }
    }
    count
}
