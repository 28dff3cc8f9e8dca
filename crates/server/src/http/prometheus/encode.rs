//! Answers of queries as JSON, written byte by byte into pieces: the longest part of many a dashboard's query is to
//! write what it found.

use std::io::Write as _;

use axum::body::Bytes;
use model::{Budget, Columns, Labels};
use query::{Answer, InstantSample, QueryError, Value};
use serde_json::json;

use super::native::write_histogram;

/// Bytes of a piece. What was written of it is out of the way before the next is begun.
const PIECE_BYTES: usize = 256 << 10;

/// Whole numbers below this are written digit by digit; a float has all of them.
const WHOLE_MAX: f64 = 1e15;

/// An answer in pieces.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    done: Vec<Bytes>,
    text: Vec<u8>,
}

impl Pieces {
    /// The answer to a query, and what else is said beside the result. The text counts as memory of the query.
    pub(crate) fn of(
        answer: &Answer,
        beside: &[(&str, serde_json::Value)],
        budget: &dyn Budget,
    ) -> Result<Self, QueryError> {
        let mut pieces = Self::default();
        pieces.push("{\"status\":\"success\",\"data\":{\"resultType\":");
        pieces.write_value(&answer.value, budget)?;
        for (name, value) in beside {
            pieces.push(&format!(",{}:{value}", json!(name)));
        }
        pieces.push("}");
        for (name, notes) in [("warnings", &answer.warnings), ("infos", &answer.infos)] {
            if !notes.is_empty() {
                pieces.push(&format!(",\"{name}\":{}", json!(notes)));
            }
        }
        pieces.push("}");
        pieces.end(0, budget)?;
        Ok(pieces)
    }

    /// The pieces in order.
    pub(crate) fn into_parts(self) -> Vec<Bytes> {
        self.done
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Ends the piece if it has come to so many bytes.
    fn end(&mut self, bytes: usize, budget: &dyn Budget) -> Result<(), QueryError> {
        if self.text.len() >= bytes {
            budget.hold(self.text.len())?;
            self.done.push(std::mem::take(&mut self.text).into());
        }
        Ok(())
    }

    fn write_value(&mut self, value: &Value, budget: &dyn Budget) -> Result<(), QueryError> {
        match value {
            Value::Scalar(sample) => {
                self.push("\"scalar\",\"result\":");
                write_point(&mut self.text, sample.time.millis(), sample.value);
            }
            Value::Text(time, content) => {
                self.push("\"string\",\"result\":[");
                write_time(&mut self.text, time.millis());
                self.push(",");
                write_text(&mut self.text, content);
                self.push("]");
            }
            Value::Vector(samples) => {
                self.push("\"vector\",\"result\":");
                self.write_list(samples, write_instant, budget)?;
            }
            Value::Matrix(series) => {
                self.push("\"matrix\",\"result\":");
                self.write_list(series, write_columns, budget)?;
            }
        }
        Ok(())
    }

    fn write_list<T>(
        &mut self,
        items: &[T],
        write: impl Fn(&mut Vec<u8>, &T),
        budget: &dyn Budget,
    ) -> Result<(), QueryError> {
        self.push("[");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.push(",");
            }
            write(&mut self.text, item);
            self.end(PIECE_BYTES, budget)?;
        }
        self.push("]");
        Ok(())
    }
}

fn write_instant(text: &mut Vec<u8>, sample: &InstantSample) {
    text.extend_from_slice(b"{\"metric\":");
    write_labels(text, &sample.labels);
    if let Some(histogram) = &sample.histogram {
        text.extend_from_slice(b",\"histogram\":");
        write_histogram(text, sample.time.millis(), histogram);
    } else {
        text.extend_from_slice(b",\"value\":");
        write_point(text, sample.time.millis(), sample.value);
    }
    text.push(b'}');
}

fn write_columns(text: &mut Vec<u8>, series: &Columns) {
    text.extend_from_slice(b"{\"metric\":");
    write_labels(text, &series.labels);
    let mut before: &[u8] = b",\"values\":[";
    for (time, value) in series.times.iter().zip(&series.values) {
        text.extend_from_slice(before);
        write_point(text, *time, *value);
        before = b",";
    }
    if before == b"," {
        text.push(b']');
    }
    let mut before: &[u8] = b",\"histograms\":[";
    for sample in &series.histograms {
        text.extend_from_slice(before);
        write_histogram(text, sample.time.millis(), &sample.histogram);
        before = b",";
    }
    if before == b"," {
        text.push(b']');
    }
    text.push(b'}');
}

fn write_labels(text: &mut Vec<u8>, labels: &Labels) {
    text.push(b'{');
    for (at, (name, value)) in labels.iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        write_text(text, name);
        text.push(b':');
        write_text(text, value);
    }
    text.push(b'}');
}

/// A time and a value, as Prometheus writes them: `[1435781430.781,"1"]`.
fn write_point(text: &mut Vec<u8>, millis: i64, value: f64) {
    text.push(b'[');
    write_time(text, millis);
    text.extend_from_slice(b",\"");
    write_number(text, value);
    text.extend_from_slice(b"\"]");
}

/// Seconds with as many decimals as the milliseconds need.
pub(super) fn write_time(text: &mut Vec<u8>, millis: i64) {
    if millis < 0 {
        text.push(b'-');
    }
    let size = millis.unsigned_abs();
    write_whole(text, size / 1000);
    let rest = size % 1000;
    if rest > 0 {
        text.push(b'.');
        let at = text.len();
        write_whole(text, 1000 + rest);
        text.remove(at);
    }
}

/// A value as Prometheus writes it: the shortest text that reads back the same, without an exponent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is whole and small"
)]
pub(super) fn write_number(text: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        text.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        text.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else if value.abs() < WHOLE_MAX && value.trunc().to_bits() == value.to_bits() {
        if value.is_sign_negative() {
            text.push(b'-');
        }
        write_whole(text, value.abs() as u64);
    } else {
        let mut room = zmij::Buffer::new();
        let shortest = room.format_finite(value);
        if shortest.contains('e') {
            // Writing into memory cannot fail.
            let _written = write!(text, "{value}");
        } else {
            let shortest = shortest.strip_suffix(".0").unwrap_or(shortest);
            text.extend_from_slice(shortest.as_bytes());
        }
    }
}

fn write_whole(text: &mut Vec<u8>, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}

fn write_text(text: &mut Vec<u8>, content: &str) {
    let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    if content.as_bytes().iter().all(plain) {
        text.push(b'"');
        text.extend_from_slice(content.as_bytes());
        text.push(b'"');
    } else {
        text.extend_from_slice(json!(content).to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use model::{Sample, Time, Unlimited};

    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn times_carry_only_the_decimals_they_need() {
        let time = |millis| written(|text| write_time(text, millis));
        assert_eq!(time(1_435_781_430_781), "1435781430.781");
        assert_eq!(time(1_435_781_430_000), "1435781430");
        assert_eq!(time(-1_050), "-1.050");
    }

    #[test]
    fn values_are_written_as_the_standard_library_does_but_for_what_is_no_number() {
        let number = |value| written(|text| write_number(text, value));
        for value in [
            0.0,
            -0.0,
            1.0,
            -17.0,
            0.1 + 0.2,
            1e21,
            1e15,
            1e15 - 1.0,
            -1e14,
            5e-324,
            1.5,
            123_456_789.25,
            f64::MAX,
            1e-7,
            9_007_199_254_740_992.0,
        ] {
            assert_eq!(number(value), value.to_string());
        }
        assert_eq!(number(f64::NAN), "NaN");
        assert_eq!(number(f64::NEG_INFINITY), "-Inf");
        assert_eq!(number(f64::INFINITY), "+Inf");
    }

    #[test]
    fn texts_are_escaped_where_json_wants_it() {
        for content in ["plain", "ünï", "a\"b", "back\\slash", "new\nline", "\u{1}", ""] {
            let text = written(|text| write_text(text, content));
            assert_eq!(serde_json::from_str::<String>(&text).unwrap(), content);
        }
    }

    #[test]
    fn a_long_answer_comes_in_pieces_that_make_one_document() {
        let labels = |at: usize| Labels::from_pairs([("n", at.to_string())]);
        let series = |at| Columns::new(labels(at), (0..1000).collect(), vec![0.1; 1000]);
        let value = Value::Matrix((0..100).map(series).collect());
        let answer = Answer { value, warnings: vec!["w".to_owned()], infos: Vec::new() };
        let pieces = Pieces::of(&answer, &[("stats", json!({"a": 1}))], &Unlimited).unwrap();
        let parts = pieces.into_parts();
        assert!(parts.len() > 3);
        let document: serde_json::Value = serde_json::from_slice(&parts.concat()).unwrap();
        assert_eq!(document["data"]["result"].as_array().unwrap().len(), 100);
        assert_eq!(document["data"]["result"][99]["values"][999], json!([0.999, "0.1"]));
        assert_eq!(
            (&document["warnings"], &document["data"]["stats"]),
            (&json!(["w"]), &json!({"a": 1}))
        );
        let value = Value::Scalar(Sample { time: Time(1500), value: 2.0 });
        let answer = Answer { value, warnings: Vec::new(), infos: Vec::new() };
        let parts = Pieces::of(&answer, &[], &Unlimited).unwrap().into_parts();
        assert_eq!(
            String::from_utf8(parts.concat()).unwrap(),
            "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1.500,\"2\"]}}"
        );
    }
}
