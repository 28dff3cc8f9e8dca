//! Series as Prometheus' test scripts write them: `metric{label="value"} 1 2+3x4 _ stale {{sum:1 count:1}}`.
#![expect(clippy::string_slice, reason = "places come from searches for ASCII letters")]

use anyhow::{Context, Result, bail, ensure};
use model::{Labels, METRIC_NAME, STALE};

use crate::{NotedHistogram, grown, parse_histogram};

/// One point of a series as a script gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// No point.
    Gap,
    /// A float, or a stale marker.
    Value(f64),
    /// A native histogram.
    Histogram(Box<NotedHistogram>),
}

/// A series as a script gives it.
#[derive(Debug)]
pub struct Described {
    /// Who.
    pub labels: Labels,
    /// What, one point for each interval.
    pub points: Vec<Point>,
}

/// Reads a series and its points: `metric{label="value"} 1 2+3x4 _ stale`
pub fn describe(line: &str) -> Result<Described> {
    let (labels, rest) = series_labels(line)?;
    Ok(Described { labels, points: points(rest)? })
}

fn series_labels(line: &str) -> Result<(Labels, &str)> {
    let name_end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
    let (name, mut rest) = line.split_at(name_end);
    let mut pairs = vec![(METRIC_NAME.to_owned(), name.to_owned())];
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside.trim_start();
        while !rest.starts_with('}') {
            let (label, after) = label_name(rest)?;
            let after = after.trim_start();
            if let Some(after) = after.strip_prefix('=') {
                let (value, after) = quoted(after.trim_start())?;
                pairs.push((label, value));
                rest = after.trim_start();
            } else {
                pairs.push((METRIC_NAME.to_owned(), label));
                rest = after;
            }
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        rest = &rest[1..];
    }
    Ok((Labels::from_pairs(pairs), rest))
}

fn label_name(text: &str) -> Result<(String, &str)> {
    if text.starts_with('"') {
        return quoted(text);
    }
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let (name, rest) = text.split_at(end.context("unclosed labels")?);
    ensure!(!name.is_empty(), "a label without a name: {text}");
    Ok((name.to_owned(), rest))
}

fn quoted(text: &str) -> Result<(String, &str)> {
    let quote = text.chars().next().context("a text in quotes is missing")?;
    ensure!(matches!(quote, '"' | '\'' | '`'), "a text in quotes is missing at {text}");
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            _ if letter == quote => return Ok((value, &text[at + 1..])),
            '\\' if quote != '`' => match letters.next().context("unclosed text")?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            _ => value.push(letter),
        }
    }
    bail!("unclosed text {text}")
}

fn points(text: &str) -> Result<Vec<Point>> {
    let mut points = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = if rest.starts_with("{{") {
            let last = |from: usize| rest[from..].find("}}").map(|end| from + end + 2);
            let mut end = last(0).context("unclosed histogram")?;
            if rest[end..].starts_with("+{{") || rest[end..].starts_with("-{{") {
                end = last(end).context("unclosed histogram")?;
            }
            rest[end..].find(char::is_whitespace).map_or(rest.len(), |space| end + space)
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        let (word, after) = rest.split_at(end);
        point(word, &mut points).with_context(|| format!("point {word}"))?;
        rest = after.trim_start();
    }
    Ok(points)
}

/// `{{...}}`, or `{{...}}+{{...}}` with how often.
fn histograms(word: &str, times: usize, points: &mut Vec<Point>) -> Result<()> {
    let end = word.find("}}").context("unclosed histogram")? + 2;
    let (base, step) = word.split_at(end);
    let base = parse_histogram(base)?;
    let (sign, step) = match step.split_at_checked(1) {
        Some(("+", step)) => (1.0, parse_histogram(step)?.histogram),
        Some(("-", step)) => (-1.0, parse_histogram(step)?.histogram),
        _ => {
            let same = Point::Histogram(Box::new(base));
            points.extend(std::iter::repeat_n(same, times + 1));
            return Ok(());
        }
    };
    let mut current = base;
    points.push(Point::Histogram(Box::new(current.clone())));
    for _ in 0..times {
        let mut step = step.clone();
        step.bounds.clone_from(&current.histogram.bounds);
        if step.schema == 0 && current.histogram.has_custom_bounds() {
            step.schema = current.histogram.schema;
        }
        step.schema = step.schema.max(current.histogram.schema);
        current.histogram = grown(&current.histogram, &step, sign)?;
        points.push(Point::Histogram(Box::new(current.clone())));
    }
    Ok(())
}

fn point(word: &str, points: &mut Vec<Point>) -> Result<()> {
    let (word, times) = match word.rsplit_once('x') {
        Some((word, times)) => (word, times.parse::<usize>()?),
        None => (word, 0),
    };
    if word.starts_with("{{") {
        return histograms(word, times, points);
    }
    if word == "_" {
        points.extend(std::iter::repeat_n(Point::Gap, times.max(1)));
        return Ok(());
    }
    if word == "stale" {
        points.extend(std::iter::repeat_n(Point::Value(STALE), times + 1));
        return Ok(());
    }
    let bytes = word.as_bytes();
    let sign = (1..bytes.len())
        .find(|at| matches!(bytes[*at], b'+' | b'-') && !matches!(bytes[*at - 1], b'e' | b'E'));
    let (start, step) = match sign {
        Some(at) => (word[..at].parse::<f64>()?, word[at..].parse::<f64>()?),
        None => (word.parse::<f64>()?, 0.0),
    };
    let mut value = start;
    for _ in 0..=times {
        points.push(Point::Value(value));
        value += step;
    }
    Ok(())
}
