//! What a request unpacks to is asked for while it is unpacked, whatever the request says of itself.

use std::io::Write as _;

use collect::otlp::{Arrived, Format, Limits, Options, OtlpError, Scratch, Sent, decode_into};
use flate2::{Compression, write::GzEncoder};
use model::{Batch, Kind};
use prost::Message as _;

use super::proto::{Data, Metric, Number, Numbers, Request, ResourceMetrics, ScopeMetrics, Value};

/// What may be granted beyond what is used: the last step.
const STEP: usize = 64 << 10;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// A request with so many points of one gauge.
fn request(points: u64) -> Vec<u8> {
    let point = |at| Number {
        time: 1_700_000_000_000_000_000 + at * 1_000_000,
        value: Some(Value::Int(7)),
        ..Number::default()
    };
    let numbers = Numbers { data_points: (0..points).map(point).collect(), ..Numbers::default() };
    let metric =
        Metric { name: "up".into(), data: Some(Data::Gauge(numbers)), ..Metric::default() };
    let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
    let resource = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
    Request { resource_metrics: vec![resource] }.encode_to_vec()
}

/// Takes a request apart where there is room for so many bytes; gives what was granted, too.
fn decoded(
    sent: &Sent<'_>,
    decoded_bytes: usize,
    room: usize,
) -> (Result<Arrived, OtlpError>, usize) {
    let options =
        Options { limits: Limits { decoded_bytes, ..Limits::default() }, ..Options::default() };
    let mut granted = 0;
    let mut ask = |more| {
        let fits = granted + more <= room;
        granted += if fits { more } else { 0 };
        fits
    };
    let (mut batch, mut scratch) = (Batch::new("test"), Scratch::default());
    let arrived = decode_into(sent, &options, &mut ask, &mut batch, &mut scratch);
    (arrived, granted)
}

#[test]
fn every_member_of_a_gzip_is_asked_for_and_bounded() {
    let (long, short) = (request(40_000), request(1));
    // The length at the end is that of the short member alone.
    let body = [gzip(&long), gzip(&short)].concat();
    let length = long.len() + short.len();
    let sent = Sent { body: &body, format: Format::Protobuf, encoding: Some("gzip") };
    assert!(body.len() * 2 < length, "{} of {length}", body.len());
    let (arrived, granted) = decoded(&sent, length, usize::MAX);
    assert_eq!(arrived.unwrap().points, 40_001);
    assert!((length..=length + STEP).contains(&granted), "{granted} for {length}");
    let (arrived, granted) = decoded(&sent, length, length / 2);
    assert_eq!(arrived.as_ref().map_err(OtlpError::kind), Err(Kind::Busy));
    assert!(granted <= length / 2);
    let (arrived, _) = decoded(&sent, length - 1, usize::MAX);
    assert!(matches!(arrived, Err(OtlpError::Limit { limit, .. }) if limit == length - 1));
}

#[test]
fn who_says_how_much_it_is_asks_for_it_before_anything_is_unpacked() {
    let long = request(40_000);
    let packed = gzip(&long);
    let sent = Sent { body: &packed, format: Format::Protobuf, encoding: Some("gzip") };
    let (arrived, granted) = decoded(&sent, 1 << 30, long.len() - 1);
    assert_eq!((arrived, granted), (Err(OtlpError::Room), 0));
    // A length that is a lie costs no more than the limit.
    let mut lie = packed.clone();
    let end = lie.len();
    lie[end - 4..].fill(0xff);
    let sent = Sent { body: &lie, ..sent };
    let (arrived, granted) = decoded(&sent, 1 << 20, usize::MAX);
    assert!(matches!(arrived, Err(OtlpError::Gzip(_) | OtlpError::Limit { .. })), "{arrived:?}");
    assert!(granted <= 1 << 20);
}

#[test]
fn json_that_grows_as_protobuf_is_asked_for_and_bounded() {
    // Three bytes each, and six as protobuf.
    let body = format!("{{\"resourceMetrics\":[{{}}{}]}}", ",{}".repeat(99_999));
    let sent = Sent { body: body.as_bytes(), format: Format::Json, encoding: None };
    let (arrived, granted) = decoded(&sent, 600_000, usize::MAX);
    assert_eq!(arrived.unwrap().points, 0);
    assert!((600_000..=600_000 + STEP).contains(&granted), "{granted}");
    let (arrived, _) = decoded(&sent, 599_999, usize::MAX);
    assert!(matches!(arrived, Err(OtlpError::Limit { limit: 599_999, .. })), "{arrived:?}");
    let (arrived, granted) = decoded(&sent, 600_000, 500_000);
    assert_eq!(arrived, Err(OtlpError::Room));
    assert!(granted <= 500_000);
    // The same within one list of numbers.
    let counts = format!("[1{}]", ",1".repeat(99_999));
    let body = format!(
        "{{\"resourceMetrics\":[{{\"scopeMetrics\":[{{\"metrics\":[{{\"histogram\":{{\"dataPoints\":[{{\"bucketCounts\":{counts}}}]}}}}]}}]}}]}}"
    );
    let sent = Sent { body: body.as_bytes(), format: Format::Json, encoding: None };
    let (arrived, _) = decoded(&sent, 400_000, usize::MAX);
    assert!(matches!(arrived, Err(OtlpError::Limit { .. })), "{arrived:?}");
}
