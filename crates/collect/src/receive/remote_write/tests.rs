//! Requests good and bad. Messages made with `prost` check both directions against another implementation.

mod second;

use std::sync::Arc;

use model::{Buckets, Histogram, HistogramSample, Labels, ResetHint, STALE, Series, Span32};
use proptest::prelude::*;
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

/// A request of version 2.0 with these symbols and the series' label references.
fn second(symbols: &[&str], references: &[u8], samples: usize) -> Vec<u8> {
    let (mut message, mut series, mut sample) = (Vec::new(), Vec::new(), Vec::new());
    for symbol in symbols {
        Writer(&mut message).bytes(4, symbol.as_bytes());
    }
    Writer(&mut sample).fixed64(1, 1f64.to_bits());
    Writer(&mut series).bytes(1, references);
    for _ in 0..samples {
        Writer(&mut series).bytes(2, &sample);
    }
    Writer(&mut sample).number(1, 1);
    let mut metadata = Vec::new();
    Writer(&mut metadata).number(1, 3);
    Writer(&mut metadata).number(3, 3);
    Writer(&mut series).bytes(5, &metadata);
    Writer(&mut message).bytes(5, &series);
    compressed(&message)
}

#[test]
fn the_second_version_refers_to_symbols_and_tells_metadata_with_its_series() {
    let symbols = ["", "__name__", "http_seconds_bucket", "how long", "le", "1"];
    let limits = DecodeLimits::default();
    let ask = |references: &[u8], samples| {
        decode_as(Protocol::V2, &second(&symbols, references, samples), None, &limits)
    };
    let found = ask(&[1, 2, 4, 5], 1).unwrap();
    assert_eq!(found.series[0].labels.to_string(), "http_seconds_bucket{le=\"1\"}");
    let Metadata { metric, kind, help, .. } = &found.arrived.metadata[0];
    assert_eq!(
        (metric.as_str(), *kind, help.as_str()),
        ("http_seconds", MetricKind::Histogram, "how long")
    );
    let wrong = |references: &[u8], samples| ask(references, samples).unwrap_err().to_string();
    assert_eq!(
        wrong(&[1, 2, 4, 9], 1),
        "series 1 (http_seconds_bucket): it refers to symbol 9, but there are 6"
    );
    assert!(wrong(&[1, 2, 4], 1).ends_with("a label has a name and no value"));
    // Exemplars come as a series of their own, which must not cost the others.
    assert_eq!(ask(&[1, 2], 0).unwrap().series, []);
    assert!(wrong(&[4, 5], 1).ends_with("it has no name (__name__)"));
    assert!(wrong(&[1, 2, 0, 5], 1).ends_with("a label has no name"));
    assert!(wrong(&[1, 2, 4, 5, 4, 5], 1).ends_with("the label \"le\" stands twice"));
}

#[test]
fn symbols_have_to_begin_with_an_empty_one() {
    let body = second(&["__name__", "a"], &[0, 1], 1);
    let error = decode_as(Protocol::V2, &body, None, &DecodeLimits::default()).unwrap_err();
    assert_eq!(error.to_string(), "the first symbol is \"__name__\", but has to be empty");
}

#[test]
fn a_help_text_may_be_longer_than_a_label() {
    let long = "x".repeat(1000);
    let limits = DecodeLimits { label_bytes: 100, ..DecodeLimits::default() };
    let body = second(&["", "__name__", "a", &long], &[1, 2], 1);
    let found = decode_as(Protocol::V2, &body, None, &limits).unwrap();
    assert_eq!(found.arrived.metadata[0].help, long);
    let body = second(&["", "__name__", &long, ""], &[1, 2], 1);
    let error = decode_as(Protocol::V2, &body, None, &limits).unwrap_err();
    assert_eq!(error.to_string(), "the request has 1000 bytes in one label, more than 100");
}

#[test]
fn labels_of_the_second_version_may_come_in_any_order_and_have_to_be_text() {
    let mut message = Vec::new();
    for symbol in [&b""[..], b"__name__", b"a", b"job", b"n\xff"] {
        Writer(&mut message).bytes(4, symbol);
    }
    let with = |references: &[u8]| {
        let (mut message, mut series) = (message.clone(), Vec::new());
        Writer(&mut series).bytes(1, references);
        Writer(&mut series).bytes(2, &[]);
        Writer(&mut message).bytes(5, &series);
        decode_as(Protocol::V2, &compressed(&message), None, &DecodeLimits::default())
    };
    let found = with(&[3, 2, 1, 2]).unwrap();
    assert_eq!(found.series[0].labels.to_string(), "a{job=\"a\"}");
    assert_eq!(found.arrived.unsorted, 1);
    let error = with(&[1, 2, 3, 4]).unwrap_err().to_string();
    assert!(error.ends_with("a label's value is not UTF-8"), "{error}");
}

proptest! {
    #[test]
    fn what_is_put_together_is_taken_apart_the_same(
        labels in proptest::collection::btree_map("[a-z]{1,6}", "\\PC{1,10}", 0..4),
        samples in proptest::collection::vec((any::<i64>(), any::<u64>()), 1..20),
    ) {
        let labels = Labels::from_pairs(labels).with(METRIC_NAME, "metric");
        let samples: Vec<Sample> = samples
            .into_iter()
            .map(|(millis, bits)| Sample { time: Time(millis), value: f64::from_bits(bits) })
            .collect();
        let body = encode(&[Series::new(labels.clone(), samples.clone())]).unwrap();
        let decoded = decode(&body, Some("snappy"), &DecodeLimits::default()).unwrap();
        prop_assert_eq!(&decoded.series[0].labels, &labels);
        let bits = |samples: &[Sample]| -> Vec<(i64, u64)> {
            samples.iter().map(|sample| (sample.time.millis(), sample.value.to_bits())).collect()
        };
        prop_assert_eq!(bits(&decoded.series[0].samples), bits(&samples));
        let second = encode_v2(&[Series::new(labels.clone(), samples.clone())]).unwrap();
        let second = decode_as(Protocol::V2, &second, None, &DecodeLimits::default()).unwrap();
        prop_assert_eq!(&second.series[0].labels, &labels);
        prop_assert_eq!(bits(&second.series[0].samples), bits(&samples));
        let plain = Decoder::new().decompress_vec(&body).unwrap();
        let message = WriteRequest::decode(plain.as_slice()).unwrap();
        prop_assert_eq!(message.timeseries[0].samples.len(), samples.len());
    }

    #[test]
    fn a_damaged_request_is_refused_or_can_be_sent_on(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
        second in any::<bool>(),
    ) {
        let sample = Sample { time: Time(1_700_000_000_000), value: 0.5 };
        let labels = |name| Labels::from_pairs([(METRIC_NAME, name), ("job", "node"), ("le", "ü")]);
        let mut both = native(vec![histogram(&[1.0, 0.5]), histogram(&[7.0, 0.0, 3.0])]);
        both.samples.push(sample);
        let sent = [Series::new(labels("a"), vec![sample; 2]), both, Series::new(labels("b"), vec![sample])];
        let (protocol, body) = if second {
            (Protocol::V2, encode_v2(&sent).unwrap())
        } else {
            (Protocol::V1, encode(&sent).unwrap())
        };
        let mut message = Decoder::new().decompress_vec(&body).unwrap();
        for (at, byte) in damage {
            let at = at.index(message.len());
            message[at] = byte;
        }
        message.truncate(message.len() - cut.index(message.len()) / 8);
        let limits = DecodeLimits::default();
        if let Ok(found) = decode_as(protocol, &compressed(&message), None, &limits) {
            for (protocol, body) in [
                (Protocol::V1, encode(&found.series).unwrap()),
                (Protocol::V2, encode_v2(&found.series).unwrap()),
            ] {
                let again = decode_as(protocol, &body, None, &limits).unwrap();
                // Not-a-numbers are not equal to themselves.
                prop_assert_eq!(format!("{:?}", again.series), format!("{:?}", found.series));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(decode(&bytes, None, &DecodeLimits::default()));
        for protocol in [Protocol::V1, Protocol::V2] {
            drop(decode_as(protocol, &compressed(&bytes), None, &DecodeLimits::default()));
        }
    }
}
