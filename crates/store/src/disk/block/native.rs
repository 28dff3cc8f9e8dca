//! Native histograms of one series as bytes and back, bit for bit.
//!
//! A row tells its layout (schema, spans, bounds) only where it differs from the row before. Whole counts are told as the
//! difference to that row, which is nothing for most buckets; other floats by what their bits have not in common.

use std::sync::Arc;

use model::{Buckets, Histogram, HistogramSample, ResetHint, Span32, Time};

use super::bytes::{Reader, write_varint, write_zigzag};

/// The row has the layout of the one before.
const SAME_LAYOUT: u8 = 1;
/// All counts are whole.
const WHOLE: u8 = 2;
/// Where the hint about resets begins.
const HINT_SHIFT: u32 = 2;
/// Whole floats below this have no neighbour that is not whole: 2^53.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// Bytes of a span at least.
const SPAN_BYTES: usize = 2;

/// Appends rows to a group. Times rise strictly.
pub(crate) fn encode(rows: &[HistogramSample], group: &mut Vec<u8>) {
    let mut before: Option<&Histogram> = None;
    let mut before_whole = false;
    let (mut time, mut step) = (0i64, 0i64);
    for row in rows {
        let own = row.histogram.as_ref();
        let same = before.filter(|before| same_layout(before, own));
        let whole = counts(own).all(is_whole);
        let hint = match own.reset {
            ResetHint::Unknown => 0,
            ResetHint::Reset => 1,
            ResetHint::NotReset => 2,
            ResetHint::Gauge => 3,
        };
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        group.push(flag(same.is_some(), SAME_LAYOUT) | flag(whole, WHOLE) | hint << HINT_SHIFT);
        let moved = row.time.millis().wrapping_sub(time);
        write_zigzag(group, moved.wrapping_sub(step));
        (time, step) = (row.time.millis(), moved);
        if same.is_none() {
            write_layout(own, group);
        }
        write_bits(group, own.sum, before.map_or(0.0, |before| before.sum));
        let near = same.filter(|_| before_whole == whole);
        let mut old = near.into_iter().flat_map(counts);
        for count in counts(own) {
            let old = old.next().unwrap_or_default();
            if whole {
                write_zigzag(group, to_whole(count) - to_whole(old));
            } else {
                write_bits(group, count, old);
            }
        }
        (before, before_whole) = (Some(own), whole);
    }
}

/// Reads so many rows; `None` if these bytes are none.
pub(crate) fn decode(bytes: &[u8], rows: usize) -> Option<Vec<HistogramSample>> {
    let mut reader = Reader::new(bytes);
    let mut found: Vec<HistogramSample> = Vec::with_capacity(rows.min(bytes.len()));
    let mut before_whole = false;
    let (mut time, mut step) = (0i64, 0i64);
    for _ in 0..rows {
        let flags = reader.byte()?;
        let whole = flags & WHOLE != 0;
        step = step.wrapping_add(reader.zigzag()?);
        time = time.wrapping_add(step);
        let before = found.last().map(|row| Arc::clone(&row.histogram));
        let before = before.as_deref();
        let same = if flags & SAME_LAYOUT == 0 { None } else { Some(before?) };
        let mut own = match same {
            Some(before) => Histogram {
                schema: before.schema,
                zero_threshold: before.zero_threshold,
                positive: emptied(&before.positive),
                negative: emptied(&before.negative),
                bounds: before.bounds.clone(),
                ..Histogram::default()
            },
            None => read_layout(&mut reader)?,
        };
        own.reset = match flags >> HINT_SHIFT {
            0 => ResetHint::Unknown,
            1 => ResetHint::Reset,
            2 => ResetHint::NotReset,
            3 => ResetHint::Gauge,
            _ => return None,
        };
        own.sum = read_bits(&mut reader, before.map_or(0.0, |before| before.sum))?;
        let near = same.filter(|_| before_whole == whole);
        let mut old = near.into_iter().flat_map(counts);
        let mut next = || {
            let old = old.next().unwrap_or_default();
            if whole {
                Some(reader.zigzag()?.wrapping_add(to_whole(old)) as f64)
            } else {
                read_bits(&mut reader, old)
            }
        };
        own.count = next()?;
        own.zero_count = next()?;
        for side in [&mut own.positive, &mut own.negative] {
            for count in &mut side.counts {
                *count = next()?;
            }
        }
        own.check().ok()?;
        before_whole = whole;
        found.push(HistogramSample { time: Time(time), histogram: Arc::new(own) });
    }
    reader.is_empty().then_some(found)
}

fn same_layout(one: &Histogram, other: &Histogram) -> bool {
    one.schema == other.schema
        && one.zero_threshold.to_bits() == other.zero_threshold.to_bits()
        && one.positive.spans == other.positive.spans
        && one.negative.spans == other.negative.spans
        && one.bounds == other.bounds
}

fn counts(own: &Histogram) -> impl Iterator<Item = f64> + '_ {
    let buckets = own.positive.counts.iter().chain(&own.negative.counts);
    [own.count, own.zero_count].into_iter().chain(buckets.copied())
}

fn is_whole(count: f64) -> bool {
    // A negative zero is not the zero that comes back.
    count.abs() < WHOLE_MAX && (to_whole(count) as f64).to_bits() == count.to_bits()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "asked only of whole numbers below 2^53, or to find out"
)]
fn to_whole(count: f64) -> i64 {
    count as i64
}

fn write_bits(into: &mut Vec<u8>, own: f64, before: f64) {
    write_varint(into, (own.to_bits() ^ before.to_bits()).swap_bytes());
}

fn read_bits(reader: &mut Reader<'_>, before: f64) -> Option<f64> {
    Some(f64::from_bits(reader.varint()?.swap_bytes() ^ before.to_bits()))
}

fn write_layout(own: &Histogram, into: &mut Vec<u8>) {
    write_zigzag(into, i64::from(own.schema));
    into.extend_from_slice(&own.zero_threshold.to_le_bytes());
    for side in [&own.positive, &own.negative] {
        write_varint(into, side.spans.len() as u64);
        for span in &side.spans {
            write_zigzag(into, i64::from(span.offset));
            write_varint(into, u64::from(span.length));
        }
    }
    write_varint(into, own.bounds.len() as u64);
    for bound in &own.bounds {
        into.extend_from_slice(&bound.to_le_bytes());
    }
}

fn read_layout(reader: &mut Reader<'_>) -> Option<Histogram> {
    let schema = i8::try_from(reader.zigzag()?).ok()?;
    let zero_threshold = reader.f64()?;
    let positive = read_side(reader)?;
    let negative = read_side(reader)?;
    let bounds = reader.size()?;
    if bounds > reader.len() / size_of::<f64>() {
        return None;
    }
    let bounds = (0..bounds).map(|_| reader.f64()).collect::<Option<Vec<f64>>>()?;
    Some(Histogram { schema, zero_threshold, positive, negative, bounds, ..Histogram::default() })
}

fn read_side(reader: &mut Reader<'_>) -> Option<Buckets> {
    let spans = reader.size()?;
    if spans > reader.len() / SPAN_BYTES {
        return None;
    }
    let mut total = 0usize;
    let mut side = Buckets { spans: Vec::with_capacity(spans), counts: Vec::new() };
    for _ in 0..spans {
        let offset = i32::try_from(reader.zigzag()?).ok()?;
        let length = u32::try_from(reader.varint()?).ok()?;
        total = total.checked_add(length as usize)?;
        side.spans.push(Span32 { offset, length });
    }
    // Each count takes a byte at least.
    if total > reader.len() {
        return None;
    }
    side.counts = vec![0.0; total];
    Some(side)
}

fn emptied(side: &Buckets) -> Buckets {
    Buckets { spans: side.spans.clone(), counts: vec![0.0; side.counts.len()] }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(row: &HistogramSample) -> impl PartialEq + std::fmt::Debug + use<> {
        let own = row.histogram.as_ref();
        let floats: Vec<u64> = counts(own)
            .chain([own.sum, own.zero_threshold])
            .chain(own.bounds.iter().copied())
            .map(f64::to_bits)
            .collect();
        let spans = (own.positive.spans.clone(), own.negative.spans.clone());
        (row.time, own.schema, own.reset, floats, spans)
    }

    fn round_trip(rows: &[HistogramSample]) -> usize {
        let mut bytes = Vec::new();
        encode(rows, &mut bytes);
        let found = decode(&bytes, rows.len()).unwrap();
        assert!(found.iter().map(bits).eq(rows.iter().map(bits)));
        bytes.len()
    }

    fn side() -> impl Strategy<Value = Buckets> {
        let count = prop_oneof![Just(0.0), (0u32..1000).prop_map(f64::from), 0.0..10f64];
        (prop::collection::vec((0i32..5, 1u32..4), 0..4), prop::collection::vec(count, 12))
            .prop_map(|(spans, counts)| {
                let spans: Vec<_> =
                    spans.into_iter().map(|(offset, length)| Span32 { offset, length }).collect();
                let total: u32 = spans.iter().map(|own| own.length).sum();
                Buckets { counts: counts[..total as usize].to_vec(), spans }
            })
    }

    fn histogram() -> impl Strategy<Value = Histogram> {
        let hint = prop::sample::select(vec![
            ResetHint::Unknown,
            ResetHint::Reset,
            ResetHint::NotReset,
            ResetHint::Gauge,
        ]);
        (-4i8..=8, side(), side(), 0.0..9f64, any::<f64>(), hint).prop_map(
            |(schema, positive, negative, zero_count, sum, reset)| Histogram {
                schema,
                zero_threshold: 0.001,
                zero_count,
                count: zero_count.floor(),
                sum,
                positive,
                negative,
                bounds: Vec::new(),
                reset,
            },
        )
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            rows in prop::collection::vec((any::<i32>(), histogram(), 1..3u8), 1..8),
        ) {
            let mut samples = Vec::new();
            for (time, histogram, times) in rows {
                for at in 0..times {
                    let mut own = histogram.clone();
                    own.count += f64::from(at);
                    let time = Time(i64::from(time) + i64::from(at));
                    samples.push(HistogramSample { time, histogram: Arc::new(own) });
                }
            }
            round_trip(&samples);
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), rows in 0..50usize) {
            decode(&bytes, rows);
        }
    }

    #[test]
    fn a_histogram_that_rests_takes_few_bytes_and_stale_ones_survive() {
        let positive = Buckets {
            spans: vec![Span32 { offset: -3, length: 8 }],
            counts: vec![5.0, 7.0, 100.0, 2e9, 12.0, 4.0, 0.0, 1.0],
        };
        let whole = Histogram {
            schema: 3,
            count: 2e9 + 129.0,
            sum: 1.5e6,
            positive,
            ..Histogram::default()
        };
        let stale = Histogram { sum: model::STALE, ..Histogram::default() };
        let mut rows: Vec<HistogramSample> = (0..100)
            .map(|at| HistogramSample {
                time: Time(at * 15_000),
                histogram: Arc::new(whole.clone()),
            })
            .collect();
        rows.push(HistogramSample { time: Time(2_000_000), histogram: Arc::new(stale) });
        assert!(round_trip(&rows) < 1500, "{}", round_trip(&rows));
    }
}
