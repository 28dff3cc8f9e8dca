//! Remote write 2.0 against another implementation: messages that `prost` writes and reads.
//!
//! Fields are those of `prompb/io/prometheus/write/v2/types.proto`.

use proptest::prelude::*;

use super::*;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(string, repeated, tag = "4")]
    symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(uint32, repeated, tag = "1")]
    labels_refs: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Dated>,
    #[prost(message, repeated, tag = "3")]
    histograms: Vec<Native>,
    #[prost(message, repeated, tag = "4")]
    exemplars: Vec<Exemplar>,
    #[prost(message, optional, tag = "5")]
    metadata: Option<Described>,
    /// Of release candidates of the specification.
    #[prost(int64, tag = "6")]
    created_timestamp: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Dated {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
    #[prost(int64, tag = "3")]
    start_timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Exemplar {
    #[prost(uint32, repeated, tag = "1")]
    labels_refs: Vec<u32>,
    #[prost(double, tag = "2")]
    value: f64,
    #[prost(int64, tag = "3")]
    timestamp: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Described {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(uint32, tag = "3")]
    help_ref: u32,
    #[prost(uint32, tag = "4")]
    unit_ref: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Native {
    #[prost(uint64, optional, tag = "1")]
    count_int: Option<u64>,
    #[prost(double, optional, tag = "2")]
    count_float: Option<f64>,
    #[prost(double, tag = "3")]
    sum: f64,
    #[prost(sint32, tag = "4")]
    schema: i32,
    #[prost(double, tag = "5")]
    zero_threshold: f64,
    #[prost(uint64, optional, tag = "6")]
    zero_count_int: Option<u64>,
    #[prost(double, optional, tag = "7")]
    zero_count_float: Option<f64>,
    #[prost(message, repeated, tag = "8")]
    negative_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "9")]
    negative_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "10")]
    negative_counts: Vec<f64>,
    #[prost(message, repeated, tag = "11")]
    positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "12")]
    positive_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "13")]
    positive_counts: Vec<f64>,
    #[prost(int32, tag = "14")]
    reset_hint: i32,
    #[prost(int64, tag = "15")]
    timestamp: i64,
    #[prost(double, repeated, tag = "16")]
    custom_values: Vec<f64>,
    #[prost(int64, tag = "17")]
    start_timestamp: i64,
}

fn decoded(request: &Request) -> Result<Decoded, DecodeError> {
    let body = compressed(&request.encode_to_vec());
    decode_as(Protocol::V2, &body, Some("snappy"), &DecodeLimits::default())
}

fn symbols(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// One of whole counts: 4 and 2 above zero, 2 below, 1 about it.
fn whole() -> Native {
    Native {
        count_int: Some(9),
        sum: 31.25,
        schema: 3,
        zero_threshold: 0.5,
        zero_count_int: Some(1),
        negative_spans: vec![BucketSpan { offset: -2, length: 1 }],
        negative_deltas: vec![2],
        positive_spans: vec![
            BucketSpan { offset: 1, length: 1 },
            BucketSpan { offset: 2, length: 1 },
        ],
        positive_deltas: vec![4, -2],
        reset_hint: 2,
        timestamp: 1_700_000_000_001,
        start_timestamp: 5,
        ..Native::default()
    }
}

#[test]
fn all_that_a_sender_may_say_is_taken_or_passed_over() {
    let dated = Dated { value: 2.5, timestamp: 1_700_000_000_000, start_timestamp: 5 };
    let exemplar = Exemplar { labels_refs: vec![5, 6], value: 1.0, timestamp: 7 };
    let request = Request {
        symbols: symbols(&["", "__name__", "a_total", "help", "unit", "trace", "x", "b"]),
        timeseries: vec![
            TimeSeries {
                labels_refs: vec![1, 2],
                samples: vec![dated],
                exemplars: vec![exemplar.clone()],
                metadata: Some(Described { kind: 1, help_ref: 3, unit_ref: 4 }),
                created_timestamp: 5,
                ..TimeSeries::default()
            },
            // Prometheus sends exemplars so.
            TimeSeries {
                labels_refs: vec![1, 2],
                exemplars: vec![exemplar],
                ..TimeSeries::default()
            },
            TimeSeries {
                labels_refs: vec![1, 7],
                histograms: vec![whole()],
                metadata: Some(Described { kind: 3, help_ref: 0, unit_ref: 0 }),
                ..TimeSeries::default()
            },
        ],
    };
    let found = decoded(&request).unwrap();
    assert_eq!(found.series.len(), 2);
    assert_eq!(found.series[0].labels.to_string(), "a_total");
    assert_eq!(found.series[0].samples, [Sample { time: Time(1_700_000_000_000), value: 2.5 }]);
    let histogram = &found.series[1].histograms[0];
    assert_eq!(histogram.time, Time(1_700_000_000_001));
    let span = |offset| Span32 { offset, length: 1 };
    let wanted = Histogram {
        schema: 3,
        zero_threshold: 0.5,
        zero_count: 1.0,
        count: 9.0,
        sum: 31.25,
        negative: Buckets { spans: vec![span(-2)], counts: vec![2.0] },
        positive: Buckets { spans: vec![span(1), span(2)], counts: vec![4.0, 2.0] },
        bounds: Vec::new(),
        reset: ResetHint::NotReset,
    };
    assert_eq!(*histogram.histogram, wanted);
    let Arrived { metadata, exemplars, samples, histograms, .. } = &found.arrived;
    assert_eq!((*samples, *histograms, *exemplars), (1, 1, 2));
    let told: Vec<_> = metadata
        .iter()
        .map(|own| (own.metric.as_str(), own.kind, own.help.as_str(), own.unit.as_str()))
        .collect();
    let counter = ("a_total", MetricKind::Counter, "help", "unit");
    assert_eq!(told, [counter, ("b", MetricKind::Histogram, "", "")]);
}

#[test]
fn metadata_comes_once_for_each_metric() {
    let series = |name| TimeSeries {
        labels_refs: vec![1, name],
        samples: vec![Dated { value: 1.0, timestamp: 1, start_timestamp: 0 }],
        metadata: Some(Described { kind: 3, help_ref: 5, unit_ref: 0 }),
        ..TimeSeries::default()
    };
    let request = Request {
        symbols: symbols(&["", "__name__", "a_bucket", "a_sum", "a_count", "help"]),
        timeseries: [2, 2, 3, 4, 2].map(series).to_vec(),
    };
    let found = decoded(&request).unwrap();
    let metrics: Vec<_> = found.arrived.metadata.iter().map(|own| own.metric.as_str()).collect();
    assert_eq!((found.series.len(), metrics), (5, vec!["a"]));
}

proptest! {
    #[test]
    fn what_is_put_together_is_read_by_others(
        values in proptest::collection::vec(("[a-z]{0,6}", any::<i64>(), any::<u64>()), 1..20),
        counts in proptest::collection::vec(0_u32..100, 1..5),
    ) {
        let labels = |at: usize, zone: &str| {
            let number = at.to_string();
            Labels::from_pairs([(METRIC_NAME, "metric"), ("number", &number), ("zone", zone)])
        };
        let mut sent: Vec<Series> = values.iter().enumerate().map(|(at, (zone, millis, bits))| {
            let sample = Sample { time: Time(*millis), value: f64::from_bits(*bits) };
            Series::new(labels(at, zone), vec![sample])
        }).collect();
        let all = 5 + u64::from(counts.iter().sum::<u32>());
        let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
        sent.push(native(vec![histogram(&counts)]));
        let body = encode_v2(&sent).unwrap();
        let plain = Decoder::new().decompress_vec(&body).unwrap();
        let request = Request::decode(plain.as_slice()).unwrap();
        prop_assert_eq!(&request.symbols[0], "");
        let text = |number: &u32| request.symbols[usize::try_from(*number).unwrap()].clone();
        for (own, series) in request.timeseries.iter().zip(&sent) {
            let pairs: Vec<_> =
                own.labels_refs.chunks(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
            prop_assert_eq!(Labels::from_pairs(pairs), series.labels.clone());
            let bits = |values: Vec<(i64, f64)>| -> Vec<(i64, u64)> {
                values.into_iter().map(|(time, value)| (time, value.to_bits())).collect()
            };
            let ours = series.samples.iter().map(|own| (own.time.millis(), own.value)).collect();
            let theirs = own.samples.iter().map(|own| (own.timestamp, own.value)).collect();
            prop_assert_eq!(bits(ours), bits(theirs));
        }
        let theirs = &request.timeseries.last().unwrap().histograms[0];
        prop_assert_eq!(theirs.count_int, Some(all));
        prop_assert_eq!(theirs.positive_deltas.len(), counts.len());
        // And what they write of it, we read again.
        let again = decoded(&request).unwrap();
        prop_assert_eq!(format!("{:?}", again.series), format!("{sent:?}"));
    }
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
