//! Native histograms, which both versions write alike: `Histogram` and `BucketSpan` of `prompb/types.proto`.

use std::sync::Arc;

use model::{Buckets, Histogram, HistogramSample, ResetHint, Span32, Time};

use super::DecodeError;
use crate::receive::wire::{Field, Fields, Writer, unzigzag, zigzag};

/// Whole floats below this have no neighbour that is not whole: 2^53.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// One side of zero as it is sent: whole counts as differences to the bucket before, or floats.
#[derive(Default)]
struct Side {
    spans: Vec<Span32>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl Side {
    fn into_buckets(self) -> Buckets {
        let mut count = 0i64;
        let mut counts = self.counts;
        counts.extend(self.deltas.iter().map(|delta| {
            count = count.wrapping_add(*delta);
            count as f64
        }));
        Buckets { spans: self.spans, counts }
    }

    fn len(&self) -> usize {
        self.spans.len() + self.deltas.len() + self.counts.len()
    }
}

/// A histogram with its time, not checked yet; `None` if it has more buckets than this.
pub(super) fn read(
    message: Fields<'_>,
    buckets_max: usize,
) -> Result<Option<HistogramSample>, DecodeError> {
    let mut own = Histogram::default();
    let mut time = Time(0);
    let (mut negative, mut positive) = (Side::default(), Side::default());
    for field in message {
        match field? {
            (1, Field::Number(count)) => own.count = count as f64,
            (2, Field::Fixed64(bits)) => own.count = f64::from_bits(bits),
            (3, Field::Fixed64(bits)) => own.sum = f64::from_bits(bits),
            // One that no schema has is refused by the check.
            (4, Field::Number(schema)) => {
                own.schema = i8::try_from(unzigzag(schema)).unwrap_or(i8::MAX);
            }
            (5, Field::Fixed64(bits)) => own.zero_threshold = f64::from_bits(bits),
            (6, Field::Number(count)) => own.zero_count = count as f64,
            (7, Field::Fixed64(bits)) => own.zero_count = f64::from_bits(bits),
            (8, Field::Bytes(span)) => negative.spans.push(span_of(span)?),
            (11, Field::Bytes(span)) => positive.spans.push(span_of(span)?),
            (number @ (9 | 12), field) => {
                let side = if number == 9 { &mut negative } else { &mut positive };
                read_deltas(&field, &mut side.deltas)?;
            }
            (number @ (10 | 13), field) => {
                let side = if number == 10 { &mut negative } else { &mut positive };
                read_floats(&field, &mut side.counts)?;
            }
            (14, Field::Number(hint)) => {
                own.reset = match hint {
                    1 => ResetHint::Reset,
                    2 => ResetHint::NotReset,
                    3 => ResetHint::Gauge,
                    _ => ResetHint::Unknown,
                };
            }
            (15, Field::Number(millis)) => time = Time(millis.cast_signed()),
            (16, field) => read_floats(&field, &mut own.bounds)?,
            _ => {}
        }
        if positive.len() + negative.len() + own.bounds.len() > buckets_max.saturating_mul(3) {
            return Ok(None);
        }
    }
    own.positive = positive.into_buckets();
    own.negative = negative.into_buckets();
    if own.positive.counts.len() + own.negative.counts.len() > buckets_max {
        return Ok(None);
    }
    Ok(Some(HistogramSample { time, histogram: Arc::new(own) }))
}

fn span_of(message: Fields<'_>) -> Result<Span32, DecodeError> {
    let mut span = Span32::default();
    for field in message {
        match field? {
            // What does not fit is out of all bounds, and refused as such.
            (1, Field::Number(offset)) => {
                span.offset = i32::try_from(unzigzag(offset)).unwrap_or(i32::MAX);
            }
            (2, Field::Number(length)) => span.length = u32::try_from(length).unwrap_or(u32::MAX),
            _ => {}
        }
    }
    Ok(span)
}

fn read_deltas(field: &Field<'_>, into: &mut Vec<i64>) -> Result<(), DecodeError> {
    match field {
        Field::Bytes(packed) => {
            for number in packed.clone().varints() {
                into.push(unzigzag(number?));
            }
        }
        Field::Number(number) => into.push(unzigzag(*number)),
        Field::Fixed64(_) | Field::Fixed32 => {}
    }
    Ok(())
}

fn read_floats(field: &Field<'_>, into: &mut Vec<f64>) -> Result<(), DecodeError> {
    match field {
        Field::Bytes(packed) => {
            into.extend(packed.fixed64s()?.map(f64::from_bits));
        }
        Field::Fixed64(bits) => into.push(f64::from_bits(*bits)),
        Field::Number(_) | Field::Fixed32 => {}
    }
    Ok(())
}

/// Appends the message of a histogram.
pub(super) fn write(sample: &HistogramSample, into: &mut Vec<u8>) {
    let own = sample.histogram.as_ref();
    let buckets = || own.positive.counts.iter().chain(&own.negative.counts);
    let whole = [own.count, own.zero_count]
        .iter()
        .chain(buckets())
        .all(|count| (0.0..WHOLE_MAX).contains(count) && count.fract() == 0.0);
    let mut writer = Writer(into);
    if whole {
        writer.number(1, to_whole(own.count).cast_unsigned());
    } else {
        writer.fixed64(2, own.count.to_bits());
    }
    writer.fixed64(3, own.sum.to_bits());
    writer.number(4, zigzag(i64::from(own.schema)));
    writer.fixed64(5, own.zero_threshold.to_bits());
    if whole {
        writer.number(6, to_whole(own.zero_count).cast_unsigned());
    } else {
        writer.fixed64(7, own.zero_count.to_bits());
    }
    for (side, first) in [(&own.negative, 8), (&own.positive, 11)] {
        write_side(side, (first, whole), &mut writer);
    }
    let hint = match own.reset {
        ResetHint::Unknown => 0,
        ResetHint::Reset => 1,
        ResetHint::NotReset => 2,
        ResetHint::Gauge => 3,
    };
    writer.number(14, hint);
    writer.number(15, sample.time.millis().cast_unsigned());
    if !own.bounds.is_empty() {
        let bounds: Vec<u8> =
            own.bounds.iter().flat_map(|own| own.to_bits().to_le_bytes()).collect();
        writer.bytes(16, &bounds);
    }
}

/// Spans, then whole counts as differences, or floats: fields that follow each other.
fn write_side(side: &Buckets, (first, whole): (u8, bool), writer: &mut Writer<'_>) {
    let mut inner = Vec::new();
    for span in &side.spans {
        inner.clear();
        Writer(&mut inner).number(1, zigzag(i64::from(span.offset)));
        Writer(&mut inner).number(2, u64::from(span.length));
        writer.bytes(first, &inner);
    }
    inner.clear();
    if side.counts.is_empty() {
        return;
    }
    if whole {
        let mut before = 0;
        for count in side.counts.iter().map(|count| to_whole(*count)) {
            Writer(&mut inner).varint(zigzag(count - before));
            before = count;
        }
        writer.bytes(first + 1, &inner);
    } else {
        inner.extend(side.counts.iter().flat_map(|count| count.to_bits().to_le_bytes()));
        writer.bytes(first + 2, &inner);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "asked only of whole numbers below 2^53")]
fn to_whole(count: f64) -> i64 {
    count as i64
}
