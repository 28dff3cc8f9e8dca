//! Native histograms as Prometheus' test scripts write them: `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`.

use anyhow::{Context, Result, bail, ensure};
use model::{Buckets, CUSTOM_BUCKETS, Histogram, ResetHint, Span32};

/// A histogram as a script gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct NotedHistogram {
    /// What it is.
    pub histogram: Histogram,
    /// Whether the script says something about resets: only then is it compared.
    pub says_reset: bool,
}

/// Reads a histogram between its double braces.
pub fn parse_histogram(text: &str) -> Result<NotedHistogram> {
    let inside = text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    let mut rest = inside.context("a histogram stands in double braces")?.trim();
    let mut histogram = Histogram::default();
    let (mut offset, mut negative_offset, mut says_reset) = (0, 0, false);
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':').context("a key and a value")?;
        let end = match after.strip_prefix('[') {
            Some(_) => after.find(']').context("a list ends with ]")? + 1,
            None => after.find(char::is_whitespace).unwrap_or(after.len()),
        };
        let (value, after) = after.split_at(end);
        rest = after.trim_start();
        match key {
            "schema" => histogram.schema = value.parse()?,
            "sum" => histogram.sum = number(value)?,
            "count" => histogram.count = number(value)?,
            "z_bucket" => histogram.zero_count = number(value)?,
            "z_bucket_w" => histogram.zero_threshold = number(value)?,
            "offset" => offset = value.parse()?,
            "n_offset" => negative_offset = value.parse()?,
            "buckets" => positive = list(value)?,
            "n_buckets" => negative = list(value)?,
            "custom_values" => histogram.bounds = list(value)?,
            "counter_reset_hint" => {
                says_reset = true;
                histogram.reset = match value {
                    "unknown" => ResetHint::Unknown,
                    "reset" => ResetHint::Reset,
                    "not_reset" => ResetHint::NotReset,
                    "gauge" => ResetHint::Gauge,
                    other => bail!("unknown hint {other}"),
                };
            }
            other => bail!("unknown key {other}"),
        }
    }
    histogram.positive = side(offset, positive)?;
    histogram.negative = side(negative_offset, negative)?;
    Ok(NotedHistogram { histogram, says_reset })
}

fn number(text: &str) -> Result<f64> {
    text.parse().with_context(|| format!("not a number: {text}"))
}

fn list(text: &str) -> Result<Vec<f64>> {
    text.trim_matches(['[', ']']).split_whitespace().map(number).collect()
}

fn side(offset: i32, counts: Vec<f64>) -> Result<Buckets> {
    if counts.is_empty() {
        return Ok(Buckets::default());
    }
    let length = u32::try_from(counts.len())?;
    Ok(Buckets { spans: vec![Span32 { offset, length }], counts })
}

/// A histogram and a number of times another: how scripts let a histogram grow. The other has the same or a finer
/// schema.
pub fn grown(base: &Histogram, step: &Histogram, times: f64) -> Result<Histogram> {
    let custom = base.schema == CUSTOM_BUCKETS;
    ensure!(custom == (step.schema == CUSTOM_BUCKETS) && step.schema >= base.schema, "schemas");
    ensure!(base.bounds == step.bounds, "bounds differ");
    let wider = if custom { 0 } else { step.schema - base.schema };
    let mut grown = base.clone();
    grown.count += step.count * times;
    grown.sum += step.sum * times;
    grown.zero_count += step.zero_count * times;
    grown.positive = grown_side(&base.positive, &step.positive, wider, times)?;
    grown.negative = grown_side(&base.negative, &step.negative, wider, times)?;
    if step.reset == ResetHint::Gauge {
        grown.reset = ResetHint::Gauge;
    }
    Ok(grown)
}

fn grown_side(base: &Buckets, step: &Buckets, wider: i8, times: f64) -> Result<Buckets> {
    let mut counts: std::collections::BTreeMap<i32, f64> = base.iter().collect();
    for (index, count) in step.iter() {
        *counts.entry(((index - 1) >> wider) + 1).or_default() += count * times;
    }
    let Some((first, last)) = counts.keys().min().zip(counts.keys().max()) else {
        return Ok(Buckets::default());
    };
    let dense = (*first..=*last).map(|at| counts.get(&at).copied().unwrap_or(0.0)).collect();
    side(*first, dense)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_read_and_grows() {
        let base = parse_histogram("{{schema:0 sum:4 count:4 buckets:[1 2 1] n_offset:2 n_buckets:[7] counter_reset_hint:gauge}}").unwrap();
        assert!(base.says_reset);
        assert_eq!(base.histogram.check(), Ok(()));
        let step = parse_histogram("{{schema:1 sum:2 count:1 buckets:[1] offset:5}}").unwrap();
        let grown = grown(&base.histogram, &step.histogram, 2.0).unwrap();
        assert_eq!((grown.count, grown.sum), (6.0, 8.0));
        let told: Vec<_> = grown.positive.iter().collect();
        assert_eq!(told, [(0, 1.0), (1, 2.0), (2, 1.0), (3, 2.0)]);
        assert!(parse_histogram("{{sum:x}}").is_err());
    }
}
