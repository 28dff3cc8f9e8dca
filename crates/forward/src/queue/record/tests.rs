//! Records: what goes in comes out, and nothing foreign does harm.

use std::sync::Arc;

use model::{Labels, STALE};
use proptest::prelude::*;

use super::*;

fn histogram(sum: f64) -> Histogram {
    let spans = vec![Span32 { offset: -2, length: 2 }, Span32 { offset: 7, length: 1 }];
    Histogram {
        schema: 3,
        zero_threshold: 1e-9,
        zero_count: 2.0,
        count: 8.0,
        sum,
        positive: Buckets { spans, counts: vec![1.0, 2.0, 3.0] },
        reset: ResetHint::NotReset,
        ..Histogram::default()
    }
}

/// A name, samples, and times of histograms.
type Given<'a> = (&'a str, Vec<(i64, f64)>, Vec<i64>);

fn batch(series: &[Given<'_>]) -> Batch {
    let mut batch = Batch::new("test");
    for (name, samples, natives) in series {
        for (time, value) in samples {
            batch.push(Sample { time: Time(*time), value: *value });
        }
        for time in natives {
            let histogram = Arc::new(histogram(*time as f64));
            batch.push_histogram(HistogramSample { time: Time(*time), histogram });
        }
        batch.end_packed(Labels::from_pairs([("__name__", *name), ("job", "ü")]).as_ref());
    }
    batch
}

/// Everything a series says, values by their bits.
type Said = (String, Vec<(i64, u64)>, Vec<HistogramSample>);

fn told(batch: &Batch) -> Vec<Said> {
    let floats = |own: &[Sample]| {
        own.iter().map(|own| (own.time.millis(), own.value.to_bits())).collect::<Vec<_>>()
    };
    batch
        .iter()
        .map(|own| (own.labels.to_string(), floats(own.samples), own.histograms.to_vec()))
        .collect()
}

fn unpacked(records: &[Packed]) -> Batch {
    let mut found = Batch::new("test");
    for record in records {
        let before = found.samples();
        unpack(&record.body, &mut found).unwrap();
        assert_eq!(found.samples() - before, record.samples as usize);
    }
    found
}

#[test]
fn what_is_packed_comes_back_to_the_bit() {
    let odd = f64::from_bits(0x7ff8_dead_beef_0001);
    let given = batch(&[
        ("a", vec![(i64::MIN, 0.0), (i64::MAX, -0.0), (5, STALE), (5, odd)], vec![]),
        ("b", vec![], vec![7, 3]),
        ("c", vec![(1, f64::INFINITY)], vec![1]),
    ]);
    let (records, lost) = pack(&given, TimeRange::ALL, &Rewrite::default());
    assert_eq!((records.len(), lost), (1, 0));
    assert_eq!(told(&unpacked(&records)), told(&given));
}

#[test]
fn only_samples_that_were_taken_are_packed() {
    let given =
        batch(&[("a", vec![(1, 1.0), (5, 5.0)], vec![4, 9]), ("b", vec![(9, 9.0)], vec![])]);
    let taken = TimeRange { from: Time(4), to: Time(8) };
    let (records, _) = pack(&given, taken, &Rewrite::default());
    let expected = batch(&[("a", vec![(5, 5.0)], vec![4])]);
    assert_eq!(told(&unpacked(&records)), told(&expected));
    let none = TimeRange { from: Time(100), to: Time(200) };
    assert!(pack(&given, none, &Rewrite::default()).0.is_empty());
}

#[test]
fn a_long_series_goes_on_in_the_next_record() {
    let samples: Vec<(i64, f64)> = (0..300_000).map(|at| (at * 15_000, at as f64)).collect();
    let (records, _) =
        pack(&batch(&[("a", samples.clone(), vec![])]), TimeRange::ALL, &Rewrite::default());
    assert!(records.len() > 2);
    let found: Vec<(i64, f64)> = unpacked(&records)
        .iter()
        .flat_map(|own| own.samples)
        .map(|own| (own.time.millis(), own.value))
        .collect();
    assert_eq!(found, samples);
}

#[test]
fn a_scrape_takes_few_bytes_a_sample() {
    let mut given = Batch::new("test");
    for at in 0..1000_u32 {
        given.push(Sample { time: Time(1_700_000_000_000), value: f64::from(at % 7) });
        let handler = format!("/api/v1/{}", at % 50);
        let code = (200 + at % 5).to_string();
        let labels = Labels::from_pairs([
            ("__name__", "http_request_duration_seconds_bucket"),
            ("code", code.as_str()),
            ("handler", handler.as_str()),
            ("instance", "api-17.example.org:9090"),
            ("job", "api"),
        ]);
        given.end_packed(labels.as_ref());
    }
    let (records, _) = pack(&given, TimeRange::ALL, &Rewrite::default());
    let bytes: usize = records.iter().map(|own| own.body.len()).sum();
    assert!(bytes < 30 * 1000, "{bytes} bytes for 1000 samples");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut found = Batch::new("test");
        if unpack(&bytes, &mut found).is_none() {
            prop_assert_eq!(found.len(), 0);
        }
        // The same behind a compression that is whole.
        let packed = Encoder::new().compress_vec(&bytes).unwrap();
        if unpack(&packed, &mut found).is_none() {
            prop_assert_eq!(found.samples(), found.iter().map(|own| own.samples.len() + own.histograms.len()).sum::<usize>());
        }
    }

    #[test]
    fn a_changed_record_is_refused_or_read_without_harm(at in 0_usize..10_000, bit in 0_u8..8) {
        let given = batch(&[("a", vec![(1, 1.0), (2, 2.0)], vec![3]), ("b", vec![(9, 9.0)], vec![4])]);
        let (records, _) = pack(&given, TimeRange::ALL, &Rewrite::default());
        let mut raw = Decoder::new().decompress_vec(&records[0].body).unwrap();
        let at = at % raw.len();
        raw[at] ^= 1 << bit;
        let body = Encoder::new().compress_vec(&raw).unwrap();
        let mut found = Batch::new("test");
        if unpack(&body, &mut found).is_none() {
            prop_assert!(found.is_empty());
        }
    }
}
