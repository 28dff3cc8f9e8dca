//! Requests good and bad. Messages made with `prost` check both directions against another implementation.

mod chance;
mod native;
mod second;

use std::sync::Arc;

use model::{Buckets, Histogram, HistogramSample, Labels, ResetHint, STALE, Series, Span32};
use prost::Message;

use super::*;
use crate::receive::wire::Writer;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<MetricMetadata>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Point>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Point {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct MetricMetadata {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    metric_family_name: String,
    #[prost(string, tag = "4")]
    help: String,
    #[prost(string, tag = "5")]
    unit: String,
}

fn request(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> WriteRequest {
    let labels = labels
        .iter()
        .map(|(name, value)| Label { name: (*name).into(), value: (*value).into() })
        .collect();
    let samples =
        samples.iter().map(|(timestamp, value)| Point { value: *value, timestamp: *timestamp });
    WriteRequest {
        timeseries: vec![TimeSeries { labels, samples: samples.collect() }],
        metadata: Vec::new(),
    }
}

fn compressed(message: &[u8]) -> Vec<u8> {
    Encoder::new().compress_vec(message).unwrap()
}

fn decoded(request: &WriteRequest) -> Result<Decoded, DecodeError> {
    decode(&compressed(&request.encode_to_vec()), Some("snappy"), &DecodeLimits::default())
}

/// A request in pieces that are easy to compare.
#[derive(Clone, Debug, Default, PartialEq)]
struct Decoded {
    series: Vec<Series>,
    arrived: Arrived,
}

fn decode_as(
    protocol: Protocol,
    body: &[u8],
    encoding: Option<&str>,
    limits: &DecodeLimits,
) -> Result<Decoded, DecodeError> {
    // What was there before must not show.
    let before = Series::new(Labels::from_pairs([("left", "over")]), Vec::new());
    let mut batch = Batch::of("test", &[before]);
    let arrived =
        decode_into(body, (encoding, protocol), limits, &mut batch, &mut Scratch::default());
    if arrived.is_err() {
        assert!(batch.is_empty() && batch.samples() == 0);
    }
    let series = batch.iter().map(|own| Series {
        labels: own.labels.to_labels(),
        samples: own.samples.to_vec(),
        histograms: own.histograms.to_vec(),
    });
    Ok(Decoded { series: series.collect(), arrived: arrived? })
}

fn decode(
    body: &[u8],
    encoding: Option<&str>,
    limits: &DecodeLimits,
) -> Result<Decoded, DecodeError> {
    decode_as(Protocol::V1, body, encoding, limits)
}

fn refusal(labels: &[(&str, &str)]) -> String {
    decoded(&request(labels, &[(1, 1.0)])).unwrap_err().to_string()
}

#[test]
fn a_request_is_taken_apart_with_its_metadata() {
    let mut sent =
        request(&[("__name__", "up"), ("job", "ü")], &[(-5, 0.0), (1_700_000_000_000, 2.5)]);
    sent.metadata.push(MetricMetadata {
        kind: 1,
        metric_family_name: "up".into(),
        help: "whether".into(),
        unit: String::new(),
    });
    let decoded = decoded(&sent).unwrap();
    assert_eq!(decoded.series[0].labels.to_string(), "up{job=\"ü\"}");
    assert_eq!(decoded.series[0].samples[0], Sample { time: Time(-5), value: 0.0 });
    assert_eq!(decoded.arrived.metadata[0].kind, MetricKind::Counter);
}

#[test]
fn every_bit_of_a_value_survives() {
    let labels = Labels::from_pairs([("__name__", "a")]);
    for bits in [STALE.to_bits(), f64::NAN.to_bits(), 0x7ff8_0000_dead_beef, (-0.0_f64).to_bits()] {
        let samples = vec![Sample { time: Time(1), value: f64::from_bits(bits) }];
        let body = encode(&[Series::new(labels.clone(), samples)]).unwrap();
        let decoded = decode(&body, None, &DecodeLimits::default()).unwrap();
        assert_eq!(decoded.series[0].samples[0].value.to_bits(), bits);
    }
}

#[test]
fn wrong_labels_are_named_with_their_series() {
    assert_eq!(
        refusal(&[("__name__", "a"), ("b", "1"), ("b", "2")]),
        "series 1 (a{b=\"2\"}): the label \"b\" stands twice"
    );
    assert_eq!(refusal(&[("job", "x")]), "series 1 ({job=\"x\"}): it has no name (__name__)");
    assert!(refusal(&[("", "x"), ("__name__", "a")]).ends_with("a label has no name"));
}

#[test]
fn labels_out_of_order_are_sorted_and_counted() {
    let decoded = decoded(&request(&[("b", "2"), ("__name__", "a")], &[(1, 1.0)])).unwrap();
    assert_eq!(decoded.series[0].labels.to_string(), "a{b=\"2\"}");
    assert_eq!(decoded.arrived.unsorted, 1);
}

#[test]
fn half_a_body_is_refused_wherever_it_ends() {
    let whole = compressed(
        &request(&[("__name__", "a"), ("b", "1")], &[(1, 1.0), (2, 2.0)]).encode_to_vec(),
    );
    for end in 0..whole.len() {
        assert!(decode(&whole[..end], None, &DecodeLimits::default()).is_err(), "{end}");
    }
    let message = request(&[("__name__", "a"), ("b", "1")], &[(1, 1.0)]).encode_to_vec();
    let half = compressed(&message[..message.len() - 3]);
    let error = decode(&half, None, &DecodeLimits::default()).unwrap_err();
    assert!(error.to_string().ends_with("it ends in the middle of a field"), "{error}");
}

#[test]
fn a_snappy_bomb_is_refused_by_what_it_declares() {
    let limits = DecodeLimits::default();
    // Declares 4 GiB - 1.
    let error = decode(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], None, &limits).unwrap_err();
    assert!(matches!(error, DecodeError::Limit { .. }), "{error}");
    // Declares 64 MiB in a few bytes, which no snappy can hold.
    let error = decode(&[0x80, 0x80, 0x80, 0x20, 0, 0], None, &limits).unwrap_err();
    assert!(matches!(error, DecodeError::Snappy(_)), "{error}");
    // A real one: 8 MiB of nothing where one is allowed.
    let small = DecodeLimits { decoded_bytes: 1 << 20, ..limits };
    let error = decode(&compressed(&vec![0; 8 << 20]), None, &small).unwrap_err();
    assert!(matches!(error, DecodeError::Limit { limit, .. } if limit == 1 << 20), "{error}");
}

#[test]
fn ten_million_labels_are_refused_before_they_are_kept() {
    // One series of ten million empty labels, two bytes each: a literal, and then copies of 64 bytes.
    let mut start = vec![0x0a];
    Writer(&mut start).varint(20_000_000);
    start.extend([0x0a, 0]);
    let mut body = Vec::new();
    Writer(&mut body).varint(start.len() as u64 - 2 + 20_000_000);
    body.push(u8::try_from((start.len() - 1) << 2).unwrap());
    body.extend(&start);
    let mut left = 20_000_000 - 2;
    while left > 0 {
        let length = left.min(64);
        body.extend([u8::try_from((length - 1) << 2).unwrap() | 2, 2, 0]);
        left -= length;
    }
    let error = decode(&body, None, &DecodeLimits::default()).unwrap_err();
    assert_eq!(error.to_string(), "the request has 129 labels in one series, more than 128");
}

#[test]
fn other_encodings_and_bad_text_are_named() {
    let error = decode(b"x", Some("gzip"), &DecodeLimits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the content encoding is \"gzip\", but only snappy is understood"
    );
    let mut label = Vec::new();
    Writer(&mut label).bytes(1, b"a\xff");
    let (mut series, mut message) = (Vec::new(), Vec::new());
    Writer(&mut series).bytes(1, &label);
    Writer(&mut message).bytes(1, &series);
    let error = decode(&compressed(&message), None, &DecodeLimits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "byte 7 of the request after decompression: a label's name is not UTF-8"
    );
}

#[test]
fn the_content_type_names_the_version() {
    let of = |text: &str| Protocol::of(Some(text)).map_err(|error| error.to_string());
    assert_eq!(Protocol::of(None), Ok(Protocol::V1));
    assert_eq!(of("application/x-protobuf"), Ok(Protocol::V1));
    assert_eq!(of("application/x-protobuf; proto=prometheus.WriteRequest"), Ok(Protocol::V1));
    assert_eq!(of(Protocol::V2.content_type()), Ok(Protocol::V2));
    assert!(
        of("application/x-protobuf;proto=other.Request").unwrap_err().contains("other.Request")
    );
    assert!(of("text/plain").is_err());
}

fn histogram(counts: &[f64]) -> Histogram {
    let length = u32::try_from(counts.len()).unwrap();
    let spans = vec![Span32 { offset: -3, length }];
    let positive = Buckets { spans, counts: counts.to_vec() };
    let negative = Buckets { spans: vec![Span32 { offset: 2, length: 1 }], counts: vec![3.0] };
    Histogram {
        schema: -2,
        zero_threshold: 1e-9,
        zero_count: 2.0,
        count: 5.0 + counts.iter().sum::<f64>(),
        sum: -1.5,
        positive,
        negative,
        reset: ResetHint::NotReset,
        ..Histogram::default()
    }
}

fn native(histograms: Vec<Histogram>) -> Series {
    let sample = |(at, own)| HistogramSample { time: Time(at), histogram: Arc::new(own) };
    let histograms = (1000..).zip(histograms).map(sample).collect();
    Series { labels: Labels::from_pairs([(METRIC_NAME, "h")]), samples: Vec::new(), histograms }
}
