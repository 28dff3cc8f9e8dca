//! JSON lines: whole series as `VictoriaMetrics` exports them, or one sample as a flat object.

use std::{fmt, io::BufRead};

use model::{Labels, METRIC_NAME, Time};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;

use super::{Batch, ImportError, ImportProgress, Lines, Rows, TimeFormat, times::parse_time};

/// Lines of a file of JSON objects.
pub(super) struct JsonRows<R> {
    lines: Lines<R>,
}

impl<R: BufRead> JsonRows<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { lines: Lines::new(reader) }
    }
}

impl<R: BufRead> Rows for JsonRows<R> {
    fn next(
        &mut self,
        batch: &mut Batch,
        progress: &mut ImportProgress,
    ) -> Result<bool, ImportError> {
        let Some(line) = self.lines.next(progress)? else { return Ok(false) };
        if line.trim().is_empty() {
            return Ok(true);
        }
        let number = progress.lines;
        let wrong = |what: String| ImportError::Line { line: number, what };
        let row: Row = serde_json::from_str(line).map_err(|error| {
            // Its place within the line; the line itself is told already.
            wrong(format!("column {}: {}", error.column(), plain(&error)))
        })?;
        row.put(batch).map_err(wrong)?;
        Ok(true)
    }
}

/// The message without the place that `serde_json` puts behind it.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A number; `null` and the words for what is no number are one too.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Number;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number")
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
                Ok(Number(number))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                Ok(Number(number as f64))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number as f64))
            }
            fn visit_unit<E: Error>(self) -> Result<Number, E> {
                Ok(Number(f64::NAN))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
                text.parse()
                    .map(Number)
                    .map_err(|_not_a_number| E::custom(format!("{text:?} is not a number")))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A line's object.
#[derive(Default)]
struct Row {
    labels: Vec<(String, String)>,
    values: Option<Vec<Number>>,
    timestamps: Option<Vec<i64>>,
    time: Option<Value>,
    value: Option<f64>,
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowReader)
    }
}

struct RowReader;

impl<'de> Visitor<'de> for RowReader {
    type Value = Row;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with metric and values, or with time, metric and value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Row, A::Error> {
        let mut row = Row::default();
        while let Some(key) = fields.next_key::<String>()? {
            match key.as_str() {
                "values" => row.values = Some(fields.next_value()?),
                "timestamps" => row.timestamps = Some(fields.next_value()?),
                "value" => row.value = Some(fields.next_value::<Number>()?.0),
                "time" | "timestamp" | "ts" | "@timestamp" => row.time = Some(fields.next_value()?),
                "metric" | "name" | "labels" => {
                    let value: Value = fields.next_value()?;
                    row.identity(&key, value).map_err(A::Error::custom)?;
                }
                _ => match fields.next_value::<Value>()? {
                    Value::Null => {}
                    value => row.label(key, &value).map_err(A::Error::custom)?,
                },
            }
        }
        Ok(row)
    }
}

impl Row {
    /// A metric is its name, or an object with all its labels.
    fn identity(&mut self, key: &str, value: Value) -> Result<(), String> {
        match value {
            Value::Object(labels) => {
                labels.into_iter().try_for_each(|(name, value)| self.label(name, &value))
            }
            Value::String(name) if key != "labels" => {
                self.labels.push((METRIC_NAME.to_owned(), name));
                Ok(())
            }
            _ => Err(format!("{key} is neither a name nor an object of labels")),
        }
    }

    fn label(&mut self, name: String, value: &Value) -> Result<(), String> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err(format!("the label {name:?} is neither a text nor a number")),
        };
        self.labels.push((name, text));
        Ok(())
    }

    fn put(self, batch: &mut Batch) -> Result<(), String> {
        let labels = batch.with_base(Labels::from_pairs(self.labels));
        if labels.metric_name().is_none() {
            return Err("there is no metric name".into());
        }
        match (self.values, self.timestamps, self.value) {
            (Some(values), Some(timestamps), None) => {
                let (have, need) = (timestamps.len(), values.len());
                if have != need {
                    return Err(format!("there are {need} values, but {have} timestamps"));
                }
                for (value, millis) in values.iter().zip(timestamps) {
                    batch.push(&labels, Time(millis), value.0);
                }
                Ok(())
            }
            (None, None, Some(value)) => {
                let text = match &self.time {
                    None => return Err("there is no time".into()),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                };
                let time = parse_time(&text, TimeFormat::Auto)
                    .ok_or_else(|| format!("{text:?} is not a time"))?;
                batch.push(&labels, time, value);
                Ok(())
            }
            _ => Err("either values and timestamps, or time and value, must be there".into()),
        }
    }
}
