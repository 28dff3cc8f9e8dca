//! Native histograms, in both versions.

use super::*;

#[test]
fn native_histograms_survive_both_versions() {
    let custom = Histogram {
        schema: model::CUSTOM_BUCKETS,
        count: 7.0,
        sum: 9.5,
        positive: Buckets {
            spans: vec![Span32 { offset: 0, length: 3 }],
            counts: vec![4.0, 2.0, 1.0],
        },
        bounds: vec![0.5, 2.5],
        ..Histogram::default()
    };
    let sent = vec![native(vec![
        histogram(&[1.0, 0.0, 12.0]),
        histogram(&[0.25, 1e300, 3.0]),
        custom,
        Histogram { sum: STALE, ..Histogram::default() },
    ])];
    for (protocol, body) in
        [(Protocol::V1, encode(&sent).unwrap()), (Protocol::V2, encode_v2(&sent).unwrap())]
    {
        let found = decode_as(protocol, &body, None, &DecodeLimits::default()).unwrap();
        // A stale marker is a not-a-number, which is not equal to itself.
        assert_eq!(format!("{:?}", found.series), format!("{sent:?}"));
        assert!(found.series[0].histograms[3].histogram.is_stale());
        assert_eq!(found.arrived.histograms, 4);
    }
}

#[test]
fn a_histogram_that_cannot_be_is_named_with_its_series_and_too_many_buckets_are_refused() {
    let mut broken = histogram(&[1.0, 2.0]);
    broken.positive.spans[0].length = 3;
    let body = encode(&[native(vec![broken])]).unwrap();
    let error = decode(&body, None, &DecodeLimits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "series 1 (h): native histogram: spans name 3 buckets, 2 are there"
    );
    let body = encode(&[native(vec![histogram(&[1.0; 40]), histogram(&[1.0; 40])])]).unwrap();
    let limits = DecodeLimits { buckets: 60, ..DecodeLimits::default() };
    let error = decode(&body, None, &limits).unwrap_err();
    assert_eq!(error.to_string(), "the request has 61 buckets, more than 60");
}
