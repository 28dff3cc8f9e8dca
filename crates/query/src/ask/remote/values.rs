//! The values in an answer: series with their samples and native histograms, times, numbers written as texts.

use std::fmt;

use model::{Columns, Histogram, HistogramSample, Labels, Time};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor},
};

use super::{
    buckets::{Shown, histogram},
    document::{Reading, Seed, Wanted},
};

/// Samples that are read between two charges.
const SAMPLES_PER_CHARGE: usize = 1024;

/// Part of a result.
#[derive(Debug)]
pub(super) enum Element {
    /// A series with its samples, one or many.
    Series(Columns),
    /// The time of a number or a text.
    Time(Time),
    /// The number or text.
    Text(String),
}

impl Wanted for Element {
    fn read<'de, D: Deserializer<'de>>(reading: &Reading<'_>, from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ElementVisitor(reading))
    }
}

struct ElementVisitor<'r, 'b>(&'r Reading<'b>);

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Metric,
    Value,
    Values,
    Histogram,
    Histograms,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for ElementVisitor<'_, '_> {
    type Value = Element;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a series, or a time and a text")
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Element, E> {
        moment(seconds).map(Element::Time)
    }

    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53 seconds")]
    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Element, E> {
        moment(seconds as f64).map(Element::Time)
    }

    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53 seconds")]
    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Element, E> {
        moment(seconds as f64).map(Element::Time)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
        self.0.hold(text.len())?;
        Ok(Element::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        let reading = self.0;
        let mut series = Columns::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Metric => series.labels = map.next_value_seed(Seed::<Labels>::new(reading))?,
                Key::Value => {
                    let (seconds, number) = map.next_value::<(f64, Number)>()?;
                    series.times.push(moment::<A::Error>(seconds)?.millis());
                    series.values.push(number.0);
                }
                Key::Values => map.next_value_seed(Samples(reading, &mut series))?,
                Key::Histogram => {
                    let (seconds, told) = map.next_value::<(f64, Told)>()?;
                    series.histograms.push(told.sample(seconds)?);
                }
                Key::Histograms => map.next_value_seed(Histograms(reading, &mut series))?,
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        // What lists did not charge yet.
        reading.charge(series.times.len().min(1) + series.histograms.len().min(1))?;
        reading.hold(bytes(&series))?;
        Ok(Element::Series(series))
    }
}

fn bytes(series: &Columns) -> usize {
    let histograms = series.histograms.iter();
    size_of::<Columns>()
        + series.times.len() * (size_of::<i64>() + size_of::<f64>())
        + histograms.map(|own| size_of_val(own) + own.histogram.heap_bytes()).sum::<usize>()
}

/// A time given in seconds.
fn moment<E: Error>(seconds: f64) -> Result<Time, E> {
    let millis = (seconds * 1000.0).round();
    // Beyond 2^53 milliseconds, 285,000 years, floats do not tell times apart.
    if millis.abs() > 9_007_199_254_740_992.0 {
        return Err(E::invalid_value(Unexpected::Float(seconds), &"a time in seconds"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    Ok(Time(millis as i64))
}

/// A number as it stands in a text.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberVisitor)
    }
}

/// The number that a text stands for.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number in a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        number(text).map(Number).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Number, E> {
        Ok(Number(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "values are floats")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "values are floats")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }
}

/// A native histogram as it is shown.
#[derive(Deserialize)]
struct Told {
    count: Number,
    sum: Number,
    #[serde(default)]
    buckets: Vec<(IgnoredAny, Number, Number, Number)>,
}

impl Told {
    fn sample<E: Error>(self, seconds: f64) -> Result<HistogramSample, E> {
        let shown: Vec<Shown> = self
            .buckets
            .iter()
            .map(|(_rule, lower, upper, count)| Shown {
                lower: lower.0,
                upper: upper.0,
                count: count.0,
            })
            .collect();
        let made: Histogram = histogram(self.count.0, self.sum.0, &shown)
            .ok_or_else(|| E::custom("the buckets of a native histogram do not fit each other"))?;
        Ok(HistogramSample { time: moment(seconds)?, histogram: made.into() })
    }
}

struct Samples<'r, 'b, 'c>(&'r Reading<'b>, &'c mut Columns);

impl<'de> DeserializeSeed<'de> for Samples<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Samples<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("samples")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self(reading, series) = self;
        while let Some((seconds, number)) = seq.next_element::<(f64, Number)>()? {
            let time = moment::<A::Error>(seconds)?.millis();
            rising(series.times.last().copied(), time)?;
            series.times.push(time);
            series.values.push(number.0);
            if series.times.len() % SAMPLES_PER_CHARGE == 0 {
                reading.charge(SAMPLES_PER_CHARGE)?;
            }
        }
        reading.charge(series.times.len() % SAMPLES_PER_CHARGE)
    }
}

struct Histograms<'r, 'b, 'c>(&'r Reading<'b>, &'c mut Columns);

impl<'de> DeserializeSeed<'de> for Histograms<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Histograms<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("native histograms")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self(reading, series) = self;
        while let Some((seconds, told)) = seq.next_element::<(f64, Told)>()? {
            let sample = told.sample::<A::Error>(seconds)?;
            rising(series.histograms.last().map(|own| own.time.millis()), sample.time.millis())?;
            reading.charge(1)?;
            series.histograms.push(sample);
        }
        Ok(())
    }
}

fn rising<E: Error>(before: Option<i64>, time: i64) -> Result<(), E> {
    if before.is_some_and(|before| before >= time) {
        return Err(E::custom("the times of a series do not rise"));
    }
    Ok(())
}
