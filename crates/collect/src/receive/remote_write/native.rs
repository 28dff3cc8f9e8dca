//! Native histograms on the wire: message `Histogram`, the same in both versions.
//!
//! Of whole counts the buckets are sent as differences, each to the bucket before; of others as they are.

use std::sync::Arc;

use model::{Buckets, Histogram, HistogramSample, ResetHint, STALE, Span32, Time, is_stale};

use crate::receive::wire::{Field, Fields, WireError, Writer, unzigzag, varint_length, zigzag};

/// Whole numbers up to here are exact as floats.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Why there is no histogram.
#[derive(Debug)]
pub(super) enum Fault {
    /// The protobuf is broken.
    Wire(WireError),
    /// Over all series there are more buckets, spans and bounds than allowed.
    Buckets,
    /// It is no histogram.
    Wrong(String),
}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

/// One side of zero while it is read.
#[derive(Default)]
struct Side {
    spans: Vec<Span32>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

/// A histogram while it is read.
#[derive(Default)]
struct Reading {
    time: i64,
    schema: i64,
    /// As whole numbers, and as floats.
    count: (u64, Option<f64>),
    zero_count: (u64, Option<f64>),
    positive: Side,
    negative: Side,
    found: Histogram,
}

/// Reads a histogram and checks it; buckets, spans and bounds are taken off what may still come.
pub(super) fn read(
    message: Fields<'_>,
    buckets_left: &mut usize,
) -> Result<HistogramSample, Fault> {
    let mut reading = Reading::default();
    for field in message {
        reading.field(field?, buckets_left)?;
    }
    let time = Time(reading.time);
    let found = reading.finish().map_err(Fault::Wrong)?;
    found.check().map_err(|error| Fault::Wrong(error.to_string()))?;
    Ok(HistogramSample { time, histogram: Arc::new(found) })
}

impl Reading {
    fn field(&mut self, field: (u64, Field<'_>), left: &mut usize) -> Result<(), Fault> {
        match field {
            (1, Field::Number(count)) => self.count = (count, None),
            (2, Field::Fixed64(bits)) => self.count = (0, Some(f64::from_bits(bits))),
            (3, Field::Fixed64(bits)) => self.found.sum = f64::from_bits(bits),
            (4, Field::Number(schema)) => self.schema = unzigzag(schema),
            (5, Field::Fixed64(bits)) => self.found.zero_threshold = f64::from_bits(bits),
            (6, Field::Number(count)) => self.zero_count = (count, None),
            (7, Field::Fixed64(bits)) => self.zero_count = (0, Some(f64::from_bits(bits))),
            (8, Field::Bytes(span)) => push(&mut self.negative.spans, span_of(span)?, left)?,
            (9, deltas) => read_deltas(&mut self.negative.deltas, deltas, left)?,
            (10, counts) => read_floats(&mut self.negative.counts, counts, left)?,
            (11, Field::Bytes(span)) => push(&mut self.positive.spans, span_of(span)?, left)?,
            (12, deltas) => read_deltas(&mut self.positive.deltas, deltas, left)?,
            (13, counts) => read_floats(&mut self.positive.counts, counts, left)?,
            (14, Field::Number(hint)) => {
                self.found.reset = match hint {
                    1 => ResetHint::Reset,
                    2 => ResetHint::NotReset,
                    3 => ResetHint::Gauge,
                    _ => ResetHint::Unknown,
                }
            }
            (15, Field::Number(millis)) => self.time = millis.cast_signed(),
            (16, bounds) => read_floats(&mut self.found.bounds, bounds, left)?,
            // Start times, and whatever later versions add.
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Histogram, String> {
        let Self { schema, count, zero_count, positive, negative, mut found, .. } = self;
        if is_stale(found.sum) {
            return Ok(Histogram { sum: STALE, ..Histogram::default() });
        }
        found.schema =
            i8::try_from(schema).map_err(|_large| format!("schema {schema} is unknown"))?;
        if let Some(count) = count.1 {
            found.count = count;
            found.zero_count = zero_count.1.unwrap_or_default();
            found.positive = Buckets { spans: positive.spans, counts: positive.counts };
            found.negative = Buckets { spans: negative.spans, counts: negative.counts };
            let mut counts = found.positive.counts.iter().chain(&found.negative.counts);
            let below = |own: &&f64| **own < 0.0 && found.reset != ResetHint::Gauge;
            return match counts.find(below) {
                Some(count) => Err(format!("a bucket has a count below zero: {count}")),
                None => Ok(found),
            };
        }
        let (positive, above) = counted(positive)?;
        let (negative, below) = counted(negative)?;
        let all = above + below + u128::from(zero_count.0);
        // What is not a number is in no bucket, and makes the sum not a number.
        let fits = if found.sum.is_nan() { all <= count.0.into() } else { all == count.0.into() };
        if !fits {
            return Err(format!("its buckets hold {all} observations, but it counts {}", count.0));
        }
        found.count = count.0 as f64;
        found.zero_count = zero_count.0 as f64;
        (found.positive, found.negative) = (positive, negative);
        Ok(found)
    }
}

/// Buckets from differences, and how much is in all of them.
fn counted(side: Side) -> Result<(Buckets, u128), String> {
    let mut count = 0_i64;
    let mut all = 0_u128;
    let mut counts = Vec::with_capacity(side.deltas.len());
    for delta in side.deltas {
        count = count.checked_add(delta).ok_or("a bucket's count is beyond all bounds")?;
        let whole = u64::try_from(count)
            .map_err(|_below| format!("a bucket has a count below zero: {count}"))?;
        all += u128::from(whole);
        counts.push(whole as f64);
    }
    Ok((Buckets { spans: side.spans, counts }, all))
}

fn push<T>(list: &mut Vec<T>, item: T, left: &mut usize) -> Result<(), Fault> {
    *left = left.checked_sub(1).ok_or(Fault::Buckets)?;
    list.push(item);
    Ok(())
}

fn span_of(message: Fields<'_>) -> Result<Span32, Fault> {
    let mut span = Span32::default();
    for field in message {
        match field? {
            (1, Field::Number(offset)) => {
                span.offset = i32::try_from(unzigzag(offset))
                    .map_err(|_large| Fault::Wrong("a span lies out of all bounds".to_owned()))?;
            }
            (2, Field::Number(length)) => {
                span.length = u32::try_from(length).map_err(|_large| {
                    Fault::Wrong("a span is longer than all bounds".to_owned())
                })?;
            }
            _ => {}
        }
    }
    Ok(span)
}

/// Zigzag numbers, packed or one by one.
fn read_deltas(list: &mut Vec<i64>, field: Field<'_>, left: &mut usize) -> Result<(), Fault> {
    match field {
        Field::Number(number) => push(list, unzigzag(number), left)?,
        Field::Bytes(packed) => {
            for number in packed.varints() {
                push(list, unzigzag(number?), left)?;
            }
        }
        Field::Fixed64(_) | Field::Fixed32 => {}
    }
    Ok(())
}

/// Doubles, packed or one by one.
fn read_floats(list: &mut Vec<f64>, field: Field<'_>, left: &mut usize) -> Result<(), Fault> {
    match field {
        Field::Fixed64(bits) => push(list, f64::from_bits(bits), left)?,
        Field::Bytes(packed) => {
            for bits in packed.fixed64s()? {
                push(list, f64::from_bits(bits), left)?;
            }
        }
        Field::Number(_) | Field::Fixed32 => {}
    }
    Ok(())
}

/// Writes a histogram: as whole numbers where it has them, else as floats.
pub(super) fn write(sample: &HistogramSample, message: &mut Vec<u8>) {
    let histogram = sample.histogram.as_ref();
    let whole = whole(histogram);
    let mut writer = Writer(message);
    if whole {
        writer.number(1, cut(histogram.count));
    } else {
        writer.fixed64(2, histogram.count.to_bits());
    }
    writer.fixed64(3, histogram.sum.to_bits());
    writer.number(4, zigzag(histogram.schema.into()));
    writer.fixed64(5, histogram.zero_threshold.to_bits());
    if whole {
        writer.number(6, cut(histogram.zero_count));
    } else {
        writer.fixed64(7, histogram.zero_count.to_bits());
    }
    write_side(&mut writer, 8, &histogram.negative, whole);
    write_side(&mut writer, 11, &histogram.positive, whole);
    let hint = match histogram.reset {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    };
    writer.number(14, hint);
    writer.number(15, sample.time.millis().cast_unsigned());
    write_floats(&mut writer, 16, &histogram.bounds);
}

/// Fields of spans, differences and counts stand one behind the other for each side.
fn write_side(writer: &mut Writer<'_>, field: u8, side: &Buckets, whole: bool) {
    for span in &side.spans {
        let offset = zigzag(span.offset.into());
        let length = u64::from(span.length);
        writer.head(field, 2 + varint_length(offset) + varint_length(length));
        writer.number(1, offset);
        writer.number(2, length);
    }
    if !whole {
        write_floats(writer, field + 2, &side.counts);
    } else if !side.counts.is_empty() {
        let deltas = || {
            let mut before = 0;
            side.counts.iter().map(move |count| {
                let count = cut(*count).cast_signed();
                zigzag(count - std::mem::replace(&mut before, count))
            })
        };
        writer.head(field + 1, deltas().map(varint_length).sum());
        for delta in deltas() {
            writer.varint(delta);
        }
    }
}

fn write_floats(writer: &mut Writer<'_>, field: u8, values: &[f64]) {
    if !values.is_empty() {
        writer.head(field, values.len() * 8);
        for value in values {
            writer.0.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// Whether all counts are whole, and add up as receivers want it of whole ones.
fn whole(histogram: &Histogram) -> bool {
    let counts = || histogram.positive.counts.iter().chain(&histogram.negative.counts);
    let own = [histogram.count, histogram.zero_count];
    let fits = |count: &f64| {
        (0.0..=WHOLE_MAX).contains(count) && count.fract() == 0.0 && count.is_sign_positive()
    };
    if !counts().chain(&own).all(fits) {
        return false;
    }
    let all: u128 = counts().map(|count| u128::from(cut(*count))).sum::<u128>()
        + u128::from(cut(histogram.zero_count));
    let count = u128::from(cut(histogram.count));
    if histogram.sum.is_nan() { all <= count } else { all == count }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "only whole numbers from nought to 2^53 come here"
)]
fn cut(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(message: &[u8]) -> Result<HistogramSample, String> {
        let mut left = 1000;
        read(Fields::new(message), &mut left).map_err(|fault| match fault {
            Fault::Wrong(what) => what,
            Fault::Wire(error) => error.what,
            Fault::Buckets => "too many".to_owned(),
        })
    }

    /// A histogram of whole counts whose positive buckets are these differences.
    fn message(count: u64, sum: f64, deltas: &[i64]) -> Vec<u8> {
        let (mut message, mut packed) = (Vec::new(), Vec::new());
        let mut writer = Writer(&mut message);
        writer.number(1, count);
        writer.fixed64(3, sum.to_bits());
        let mut span = Vec::new();
        Writer(&mut span).number(2, deltas.len() as u64);
        writer.bytes(11, &span);
        for delta in deltas {
            Writer(&mut packed).varint(zigzag(*delta));
        }
        writer.bytes(12, &packed);
        message
    }

    #[test]
    fn whole_counts_are_differences_and_have_to_add_up() {
        let found = again(&message(9, 1.5, &[3, -1, 2])).unwrap();
        assert_eq!(found.histogram.positive.counts, [3.0, 2.0, 4.0]);
        let wrong = |count, deltas: &[i64]| again(&message(count, 1.5, deltas)).unwrap_err();
        assert_eq!(wrong(8, &[3, -1, 2]), "its buckets hold 9 observations, but it counts 8");
        assert_eq!(wrong(1, &[3, -4]), "a bucket has a count below zero: -1");
        assert_eq!(wrong(1, &[i64::MAX, 1]), "a bucket's count is beyond all bounds");
        // What is not a number lies in no bucket.
        assert!(again(&message(10, f64::NAN, &[3, -1, 2])).is_ok());
        assert!(again(&message(8, f64::NAN, &[3, -1, 2])).is_err());
    }

    #[test]
    fn lists_may_be_packed_or_not() {
        let mut loose = Vec::new();
        let mut writer = Writer(&mut loose);
        writer.fixed64(2, 3.5_f64.to_bits());
        let mut span = Vec::new();
        Writer(&mut span).number(2, 2);
        writer.bytes(11, &span);
        writer.fixed64(13, 3.0_f64.to_bits());
        writer.fixed64(13, 0.5_f64.to_bits());
        assert_eq!(again(&loose).unwrap().histogram.positive.counts, [3.0, 0.5]);
    }

    #[test]
    fn of_a_stale_marker_only_the_mark_is_kept() {
        let found = again(&message(3, STALE, &[7, 7])).unwrap().histogram;
        assert!(found.is_stale() && found.positive == Buckets::default(), "{found:?}");
    }

    #[test]
    fn nothing_of_a_histogram_is_free() {
        let mut left = 5;
        assert!(read(Fields::new(&message(9, 1.5, &[3, -1, 2])), &mut left).is_ok());
        assert_eq!(left, 1, "three buckets and a span");
        let fault = read(Fields::new(&message(9, 1.5, &[3, -1, 2])), &mut left).unwrap_err();
        assert!(matches!(fault, Fault::Buckets), "{fault:?}");
    }

    fn any_histogram() -> impl Strategy<Value = Histogram> {
        let count = prop_oneof![(0_u32..1000).prop_map(f64::from), 0.0..1e9];
        let side = prop::collection::vec((0_i32..5, prop::collection::vec(count, 1..5)), 0..4);
        let side = side.prop_map(|runs| Buckets {
            spans: runs
                .iter()
                .map(|(offset, own)| Span32 {
                    offset: *offset,
                    length: u32::try_from(own.len()).unwrap(),
                })
                .collect(),
            counts: runs.into_iter().flat_map(|(_, own)| own).collect(),
        });
        let rest = (-4_i8..=8, any::<f64>(), 0.0..10.0, any::<bool>(), 0..4);
        (side.clone(), side, rest).prop_map(|(positive, negative, rest)| {
            let (schema, sum, zero_count, exact, hint) = rest;
            let all: f64 = positive.counts.iter().chain(&negative.counts).sum();
            let reset =
                [ResetHint::Unknown, ResetHint::Reset, ResetHint::NotReset, ResetHint::Gauge];
            Histogram {
                schema,
                zero_threshold: 1e-6,
                zero_count,
                count: all + zero_count + if exact { 0.0 } else { 1.0 },
                sum,
                positive,
                negative,
                bounds: Vec::new(),
                reset: reset[usize::try_from(hint).unwrap()],
            }
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_the_same(histogram in any_histogram(), millis in any::<i64>()) {
            let sample = HistogramSample { time: Time(millis), histogram: Arc::new(histogram) };
            let mut message = Vec::new();
            write(&sample, &mut message);
            // Not-a-numbers are not equal to themselves.
            prop_assert_eq!(format!("{:?}", again(&message).unwrap()), format!("{sample:?}"));
        }

        #[test]
        fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut left = 100;
            if let Ok(sample) = read(Fields::new(&bytes), &mut left) {
                prop_assert!(sample.histogram.check().is_ok());
            }
        }
    }
}
