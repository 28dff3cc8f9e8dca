//! Series as people write them in tests of rules and expressions: `metric{label="value"} 1 2+3x4 _ stale {{sum:1 count:1}}`.
//!
//! The notation is that of Prometheus' unit tests of rules:
//! <https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series>.

mod cursor;
mod histogram;

use cursor::Cursor;
pub use histogram::{NotedHistogram, grown, noted, parse_histogram};

use crate::{Labels, METRIC_NAME, STALE};

/// Points of one series; a year at five seconds is six million.
const POINTS_MAX: usize = 10_000_000;

/// One point of a series as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// No point.
    Gap,
    /// A float, or a stale marker.
    Value(f64),
    /// A native histogram.
    Histogram(Box<NotedHistogram>),
}

/// A series as somebody wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// Who.
    pub labels: Labels,
    /// What, one point for each interval.
    pub points: Vec<Point>,
}

/// Why a text is no series.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NotationError {
    /// What is wrong.
    pub what: String,
    /// The byte of the text at which it is wrong.
    pub at: usize,
}

impl NotationError {
    pub(crate) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { what: what.into(), at }
    }

    /// What the outside sees.
    pub fn kind(&self) -> crate::Kind {
        crate::Kind::Invalid
    }
}

/// Reads a series and its points: `metric{label="value"} 1 2+3x4 _ stale`
pub fn describe(line: &str) -> Result<Described, NotationError> {
    let mut cursor = Cursor::new(line);
    let labels = labels(&mut cursor)?;
    Ok(Described { labels, points: points(&mut cursor)? })
}

/// Reads who a series is, and nothing behind it: `metric{label="value"}`
pub fn described_labels(text: &str) -> Result<Labels, NotationError> {
    let mut cursor = Cursor::new(text);
    let labels = labels(&mut cursor)?;
    cursor.blanks();
    if cursor.is_done() { Ok(labels) } else { cursor.wrong("nothing may stand behind the labels") }
}

/// Reads the points of a series: `1 2+3x4 _ stale`
pub fn described_points(text: &str) -> Result<Vec<Point>, NotationError> {
    points(&mut Cursor::new(text))
}

fn labels(cursor: &mut Cursor<'_>) -> Result<Labels, NotationError> {
    cursor.blanks();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':');
    let name = cursor.take_while(is_name);
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(NotationError::new(cursor.at() - name.len(), "a metric's name is no number"));
    }
    let mut pairs = vec![(METRIC_NAME.to_owned(), name.to_owned())];
    let before = cursor.at();
    cursor.blanks();
    if cursor.starts_with("{{") || !cursor.eat("{") {
        if cursor.at() == before && !cursor.is_done() {
            return cursor.wrong("this is not the name of a metric");
        }
        return Ok(Labels::from_pairs(pairs));
    }
    loop {
        cursor.blanks();
        if cursor.eat("}") {
            return Ok(Labels::from_pairs(pairs));
        }
        let begun = cursor.at();
        let label = if cursor.starts_with("\"") {
            cursor.quoted()?
        } else {
            cursor.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_').to_owned()
        };
        if label.is_empty() {
            return Err(NotationError::new(begun, "the name of a label is expected here"));
        }
        cursor.blanks();
        if cursor.eat("=") {
            cursor.blanks();
            pairs.push((label, cursor.quoted()?));
        } else {
            pairs.push((METRIC_NAME.to_owned(), label));
        }
        cursor.blanks();
        if !cursor.eat(",") && !cursor.starts_with("}") {
            return cursor.wrong("a `,` or the closing `}` is missing here");
        }
    }
}

fn points(cursor: &mut Cursor<'_>) -> Result<Vec<Point>, NotationError> {
    let mut points = Vec::new();
    loop {
        cursor.blanks();
        if cursor.is_done() {
            return Ok(points);
        }
        if cursor.starts_with("{{") {
            histograms(cursor, &mut points)?;
        } else {
            let begun = cursor.at();
            let word = cursor.take_while(|letter| !letter.is_whitespace());
            numbers(word, begun, &mut points)?;
        }
    }
}

/// `1`, `1x3`, `1+2x3`, `_`, `_x3`, `stale`.
fn numbers(word: &str, at: usize, points: &mut Vec<Point>) -> Result<(), NotationError> {
    let (base, times) = match word.rsplit_once('x') {
        Some((base, times)) => (base, Some(count(times, at + base.len() + 1)?)),
        None => (word, None),
    };
    let again = times.unwrap_or(0);
    room(points, again, at)?;
    if base == "_" {
        points.extend(std::iter::repeat_n(Point::Gap, times.unwrap_or(1)));
        return Ok(());
    }
    if base == "stale" {
        points.extend(std::iter::repeat_n(Point::Value(STALE), again + 1));
        return Ok(());
    }
    let bytes = base.as_bytes();
    let sign = (1..bytes.len())
        .find(|at| matches!(bytes[*at], b'+' | b'-') && !matches!(bytes[*at - 1], b'e' | b'E'));
    let (start, step) = base.split_at(sign.unwrap_or(base.len()));
    let mut value = number(start, at)?;
    let step = if step.is_empty() { 0.0 } else { number(step, at + start.len())? };
    for _ in 0..=again {
        points.push(Point::Value(value));
        value += step;
    }
    Ok(())
}

/// `{{...}}`, or `{{...}}+{{...}}` with how often.
fn histograms(cursor: &mut Cursor<'_>, points: &mut Vec<Point>) -> Result<(), NotationError> {
    let begun = cursor.at();
    let base = histogram(cursor)?;
    let mut step = None;
    for (sign, by) in [("+", 1.0), ("-", -1.0)] {
        if step.is_none() && cursor.eat(sign) {
            step = Some((by, histogram(cursor)?.histogram));
        }
    }
    let mut again = 0;
    if cursor.eat("x") {
        let at = cursor.at();
        again = count(cursor.take_while(|letter| !letter.is_whitespace()), at)?;
    } else if !cursor.is_done() && !cursor.at_blank() {
        return cursor.wrong("a blank is missing behind the histogram");
    }
    room(points, again, begun)?;
    let mut current = base;
    points.push(Point::Histogram(Box::new(current.clone())));
    for _ in 0..again {
        if let Some((sign, step)) = &step {
            let mut step = step.clone();
            step.bounds.clone_from(&current.histogram.bounds);
            if step.schema == 0 && current.histogram.has_custom_bounds() {
                step.schema = current.histogram.schema;
            }
            step.schema = step.schema.max(current.histogram.schema);
            current.histogram = grown(&current.histogram, &step, *sign)
                .map_err(|error| NotationError::new(begun, error.what))?;
        }
        points.push(Point::Histogram(Box::new(current.clone())));
    }
    Ok(())
}

fn histogram(cursor: &mut Cursor<'_>) -> Result<NotedHistogram, NotationError> {
    let begun = cursor.at();
    let Some(text) = cursor.take_through("}}").filter(|text| text.starts_with("{{")) else {
        return Err(NotationError::new(begun, "a histogram between `{{` and `}}` belongs here"));
    };
    parse_histogram(text).map_err(|error| NotationError::new(begun + error.at, error.what))
}

fn count(text: &str, at: usize) -> Result<usize, NotationError> {
    let wrong = || NotationError::new(at, format!("`{text}` does not say how many times"));
    text.parse().map_err(|_not_a_count| wrong())
}

fn number(text: &str, at: usize) -> Result<f64, NotationError> {
    text.parse()
        .map_err(|_not_a_number| NotationError::new(at, format!("`{text}` is not a number")))
}

fn room(points: &[Point], more: usize, at: usize) -> Result<(), NotationError> {
    if points.len().saturating_add(more) < POINTS_MAX {
        return Ok(());
    }
    Err(NotationError::new(at, format!("a series may have {POINTS_MAX} points at most")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<Option<f64>> {
        let one = |point: &Point| match point {
            Point::Value(value) => Some(*value),
            Point::Gap | Point::Histogram(_) => None,
        };
        described_points(text).unwrap().iter().map(one).collect()
    }

    #[test]
    fn points_repeat_and_grow() {
        assert_eq!(values("1 2x2"), [Some(1.0), Some(2.0), Some(2.0), Some(2.0)]);
        assert_eq!(values("1+2x2 -1-1x1"), [1.0, 3.0, 5.0, -1.0, -2.0].map(Some));
        assert_eq!(values("0x1 1e-3 -Inf _ _x2"), {
            [Some(0.0), Some(0.0), Some(0.001), Some(f64::NEG_INFINITY), None, None, None]
        });
        assert_eq!(values("_x0"), []);
        let stale = described_points("stalex1").unwrap();
        assert!(
            stale.len() == 2 && matches!(stale[1], Point::Value(value) if crate::is_stale(value))
        );
    }

    #[test]
    fn labels_are_written_in_every_way() {
        for text in [
            "up{job=\"a b\",x='\\'\\u00e4'}",
            " up {  job = \"a b\" , x=`'ä` , } ",
            "{\"up\", job=\"a\\x20b\", \"x\"=\"'ä\"}",
        ] {
            assert_eq!(
                described_labels(text).unwrap().to_string(),
                "up{job=\"a b\",x=\"'ä\"}",
                "{text}"
            );
        }
        assert!(described_labels("").unwrap().is_empty());
        assert!(described_labels("{}").unwrap().is_empty());
    }

    #[test]
    fn a_histogram_grows_step_by_step() {
        let points =
            described_points("{{sum:3 count:2 buckets:[2]}}+{{sum:1 count:1 buckets:[1]}}x2 5");
        let points = points.unwrap();
        let Point::Histogram(last) = &points[2] else { panic!("{points:?}") };
        assert_eq!((last.histogram.sum, last.histogram.count), (5.0, 4.0));
        assert_eq!(points[3], Point::Value(5.0));
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, at) in [
            ("up{job=\"a\"", 10),
            ("up{job=a}", 7),
            ("up{job=\"a}", 7),
            ("up{} 1 two", 7),
            ("up 1xmany", 5),
            ("up 1x99999999999", 3),
            ("up {{sum:x}}", 9),
            ("up {{sum:1}}5", 12),
            ("up {{sum:1", 3),
            ("up{=\"\"}", 3),
            ("1up", 0),
            ("ü", 0),
        ] {
            let error = describe(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
        }
        assert_eq!(described_labels("up 1").unwrap_err().at, 3);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[a-z{}\"'`\\\\=,0-9x+_ .:\\[\\]ä-]{0,60}") {
            if let Err(error) = describe(&text) {
                prop_assert!(error.at <= text.len());
            }
        }
    }
}
