//! Native histograms as tests of rules write them: `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`.

use std::{collections::BTreeMap, str::FromStr};

use super::{NotationError, cursor::Cursor};
use crate::{Buckets, CUSTOM_BUCKETS, Histogram, ResetHint, Span32};

/// Buckets of one side; servers of metrics hold some hundreds.
const BUCKETS_MAX: usize = 10_000;
/// Indexes of buckets; with the finest schema these reach beyond the range of floats.
const INDEX_MAX: i32 = 1_000_000;
/// The schemas of exponential buckets: <https://prometheus.io/docs/specs/native_histograms/#schema>.
const SCHEMAS: std::ops::RangeInclusive<i8> = -4..=8;

/// A histogram as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct NotedHistogram {
    /// What it is.
    pub histogram: Histogram,
    /// Whether something is said about resets: only then is it compared.
    pub says_reset: bool,
}

/// The sides of a histogram while they are read: where each begins, and its counts.
#[derive(Default)]
struct Sides {
    positive: (i32, Vec<f64>),
    negative: (i32, Vec<f64>),
}

/// Reads a histogram between its double braces.
pub fn parse_histogram(text: &str) -> Result<NotedHistogram, NotationError> {
    let inside = text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}"));
    let Some(inside) = inside else {
        return Err(NotationError::new(0, "a histogram stands between `{{` and `}}`"));
    };
    let mut cursor = Cursor::new(inside);
    let mut noted = NotedHistogram { histogram: Histogram::default(), says_reset: false };
    let mut sides = Sides::default();
    cursor.blanks();
    while !cursor.is_done() {
        let begun = cursor.at();
        field(&mut cursor, &mut noted, &mut sides)
            .map_err(|error| NotationError::new(2 + error.at.max(begun), error.what))?;
        cursor.blanks();
    }
    let schema = noted.histogram.schema;
    if !SCHEMAS.contains(&schema) && schema != CUSTOM_BUCKETS {
        return Err(NotationError::new(0, format!("there is no schema {schema}")));
    }
    noted.histogram.positive = side(sides.positive)?;
    noted.histogram.negative = side(sides.negative)?;
    Ok(noted)
}

/// One key with its value.
fn field(
    cursor: &mut Cursor<'_>,
    noted: &mut NotedHistogram,
    sides: &mut Sides,
) -> Result<(), NotationError> {
    let begun = cursor.at();
    let key = cursor.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    cursor.blanks();
    if !cursor.eat(":") {
        return cursor.wrong("a key, a `:` and a value are expected here");
    }
    cursor.blanks();
    let at = cursor.at();
    let value = if cursor.starts_with("[") {
        cursor.take_through("]").ok_or_else(|| NotationError::new(at, "the list has no `]`"))?
    } else {
        cursor.take_while(|letter| !letter.is_whitespace())
    };
    let histogram = &mut noted.histogram;
    match key {
        "schema" => histogram.schema = number(value, at)?,
        "sum" => histogram.sum = number(value, at)?,
        "count" => histogram.count = number(value, at)?,
        "z_bucket" => histogram.zero_count = number(value, at)?,
        "z_bucket_w" => histogram.zero_threshold = number(value, at)?,
        "offset" => sides.positive.0 = number(value, at)?,
        "n_offset" => sides.negative.0 = number(value, at)?,
        "buckets" => sides.positive.1 = list(value, at)?,
        "n_buckets" => sides.negative.1 = list(value, at)?,
        "custom_values" => histogram.bounds = list(value, at)?,
        "counter_reset_hint" => {
            noted.says_reset = true;
            histogram.reset = match value {
                "unknown" => ResetHint::Unknown,
                "reset" => ResetHint::Reset,
                "not_reset" => ResetHint::NotReset,
                "gauge" => ResetHint::Gauge,
                other => {
                    return Err(NotationError::new(
                        at,
                        format!("no such hint is known: `{other}`"),
                    ));
                }
            };
        }
        other => return Err(NotationError::new(begun, format!("a histogram has no `{other}`"))),
    }
    Ok(())
}

fn number<T: FromStr>(text: &str, at: usize) -> Result<T, NotationError> {
    let wrong = || NotationError::new(at, format!("`{text}` is not a number that fits here"));
    text.parse().map_err(|_not_a_number| wrong())
}

fn list(text: &str, at: usize) -> Result<Vec<f64>, NotationError> {
    text.trim_matches(['[', ']']).split_whitespace().map(|one| number(one, at)).collect()
}

fn side((offset, counts): (i32, Vec<f64>)) -> Result<Buckets, NotationError> {
    if counts.is_empty() {
        return Ok(Buckets::default());
    }
    let length = u32::try_from(counts.len()).unwrap_or(u32::MAX);
    if counts.len() > BUCKETS_MAX || offset.checked_abs().is_none_or(|offset| offset > INDEX_MAX) {
        return Err(NotationError::new(0, "the histogram has too many buckets, or too far away"));
    }
    Ok(Buckets { spans: vec![Span32 { offset, length }], counts })
}

/// A histogram as it is written, so that it reads back the same.
pub fn noted(histogram: &Histogram) -> String {
    let mut words = Vec::new();
    let mut word = |key: &str, value: String| words.push(format!("{key}:{value}"));
    if histogram.schema != 0 {
        word("schema", histogram.schema.to_string());
    }
    word("count", histogram.count.to_string());
    word("sum", histogram.sum.to_string());
    if histogram.zero_count != 0.0 {
        word("z_bucket", histogram.zero_count.to_string());
    }
    if histogram.zero_threshold != 0.0 {
        word("z_bucket_w", histogram.zero_threshold.to_string());
    }
    if histogram.has_custom_bounds() {
        word("custom_values", noted_list(&histogram.bounds));
    }
    let hint = match histogram.reset {
        ResetHint::Unknown => None,
        ResetHint::Reset => Some("reset"),
        ResetHint::NotReset => Some("not_reset"),
        ResetHint::Gauge => Some("gauge"),
    };
    if let Some(hint) = hint {
        word("counter_reset_hint", hint.to_owned());
    }
    for (side, offset_key, key) in
        [(&histogram.positive, "offset", "buckets"), (&histogram.negative, "n_offset", "n_buckets")]
    {
        let Some((first, counts)) = dense(side) else { continue };
        if first != 0 {
            word(offset_key, first.to_string());
        }
        word(key, noted_list(&counts));
    }
    format!("{{{{{}}}}}", words.join(" "))
}

fn noted_list(numbers: &[f64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
    format!("[{}]", numbers.join(" "))
}

/// The index of the first bucket that is not empty, and the counts up to the last.
fn dense(side: &Buckets) -> Option<(i32, Vec<f64>)> {
    let counts: BTreeMap<i32, f64> = side.iter().filter(|(_, count)| *count != 0.0).collect();
    let (first, last) = (*counts.keys().min()?, *counts.keys().max()?);
    // Whoever lies further apart is told bucket by bucket as far as anybody reads.
    let last = last.min(first.saturating_add(1000));
    Some((first, (first..=last).map(|at| counts.get(&at).copied().unwrap_or(0.0)).collect()))
}

/// A histogram and a number of times another: how a written histogram grows. The other has the same or a finer
/// schema.
pub fn grown(base: &Histogram, step: &Histogram, times: f64) -> Result<Histogram, NotationError> {
    let custom = base.schema == CUSTOM_BUCKETS;
    if custom != (step.schema == CUSTOM_BUCKETS) || step.schema < base.schema {
        return Err(NotationError::new(0, "the two histograms have schemas that do not fit"));
    }
    if base.bounds != step.bounds {
        return Err(NotationError::new(0, "the two histograms have other bounds"));
    }
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

fn grown_side(
    base: &Buckets,
    step: &Buckets,
    wider: i8,
    times: f64,
) -> Result<Buckets, NotationError> {
    let mut counts: BTreeMap<i32, f64> = base.iter().collect();
    for (index, count) in step.iter() {
        *counts.entry(((index - 1) >> wider) + 1).or_default() += count * times;
    }
    let Some((first, last)) = counts.keys().min().zip(counts.keys().max()) else {
        return Ok(Buckets::default());
    };
    if usize::try_from(last - first).unwrap_or(usize::MAX) > BUCKETS_MAX {
        return Err(NotationError::new(0, "the buckets of the two histograms lie too far apart"));
    }
    let dense = (*first..=*last).map(|at| counts.get(&at).copied().unwrap_or(0.0)).collect();
    side((*first, dense))
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
        let again = parse_histogram(&noted(&base.histogram)).unwrap();
        assert_eq!(again.histogram, base.histogram);
        for wrong in
            ["{{sum:x}}", "{{schema:9}}", "{{offset:2000000 buckets:[1]}}", "{{buckets:[1}}"]
        {
            assert!(parse_histogram(wrong).is_err(), "{wrong}");
        }
    }
}
