//! Recorded series of the shared data: two columns, a time and a value.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use model::Time;

/// A recorded series, in order of time, each time once.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The file's name without its ending.
    pub name: String,
    /// Milliseconds since 1970.
    pub times: Vec<i64>,
    /// The value at each time.
    pub values: Vec<f64>,
}

impl Recorded {
    /// Reads a CSV file with a heading, a column of times (milliseconds, or `2014-02-14 14:30:00`) and one of values.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let mut samples = Vec::new();
        for (at, line) in text.lines().enumerate().skip(1) {
            let row = line.split_once(',').and_then(|(time, value)| {
                Some((parse_time(time)?, value.trim().parse::<f64>().ok()?))
            });
            let place = || format!("line {} of {}", at + 1, path.display());
            samples.push(row.with_context(place)?);
        }
        samples.sort_by_key(|sample| sample.0);
        samples.dedup_by_key(|sample| sample.0);
        let (times, values) = samples.into_iter().unzip();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, times, values })
    }

    /// The mean of what was seen in the step that ends at `at`, `step` milliseconds long.
    pub fn mean(&self, at: i64, step: i64) -> Option<f64> {
        let first = self.times.partition_point(|&time| time <= at - step);
        let end = self.times.partition_point(|&time| time <= at);
        let seen = &self.values[first.min(end)..end];
        (!seen.is_empty()).then(|| seen.iter().sum::<f64>() / seen.len() as f64)
    }
}

/// Milliseconds, or `2014-02-14 14:30:00` with a blank or a `T`.
fn parse_time(text: &str) -> Option<i64> {
    if let Ok(millis) = text.parse() {
        return Some(millis);
    }
    let mut parts = text.split(['-', ' ', ':', 'T', 'Z']).map(|part| part.parse::<i64>().ok());
    let mut next = || parts.next().flatten();
    let (year, month, day) = (next()?, next()?, next()?);
    let (hour, minute, second) = (next()?, next()?, next()?);
    let date = Time::of_date(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    Some(date.millis() + ((hour * 60 + minute) * 60 + second) * 1000)
}
