//! What it costs to take OpenTelemetry requests apart: as a collector sends them, 20 resources of 400 data points each, with
//! four attributes a point. `perf stat -e instructions:u,task-clock cargo run --release -p collect --example otlp FORM TIMES`
//! with `protobuf`, `gzip`, `json`, `histogram` or `exponential`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a measurement prints, and knows its sizes"
)]

use std::io::Write as _;

use collect::otlp::{Format, Options, Scratch, Sent, decode_into};
use flate2::{Compression, write::GzEncoder};
use model::Batch;

const RESOURCES: usize = 20;
const METRICS: usize = 20;
const POINTS: usize = 20;
const NANOS: u64 = 1_700_000_000_000_000_000;

fn varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field that holds bytes.
fn bytes(number: u8, inner: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    varint(inner.len(), &mut out);
    out.extend_from_slice(inner);
    out
}

fn fixed(number: u8, value: [u8; 8]) -> Vec<u8> {
    [&[number << 3 | 1], &value[..]].concat()
}

fn attribute(number: u8, key: &str, value: &str) -> Vec<u8> {
    let value = bytes(2, &bytes(1, value.as_bytes()));
    bytes(number, &[bytes(1, key.as_bytes()), value].concat())
}

fn attributes(number: u8, at: usize) -> Vec<u8> {
    let methods = ["GET", "POST", "PUT"];
    [
        attribute(number, "http.request.method", methods[at % methods.len()]),
        attribute(
            number,
            "http.response.status_code",
            if at.is_multiple_of(7) { "500" } else { "200" },
        ),
        attribute(number, "http.route", &format!("/api/v1/things/{at}")),
        attribute(number, "server.address", "shop.example.com"),
    ]
    .concat()
}

fn number(at: usize) -> Vec<u8> {
    let time = fixed(3, NANOS.to_le_bytes());
    [
        attributes(7, at),
        fixed(2, NANOS.to_le_bytes()),
        time,
        fixed(4, (at as f64 * 1.5).to_le_bytes()),
    ]
    .concat()
}

fn histogram(at: usize) -> Vec<u8> {
    let counts: Vec<u8> = (0..15_u64).flat_map(u64::to_le_bytes).collect();
    let bounds: Vec<u8> = (0..14).flat_map(|at| (f64::from(at) * 0.25).to_le_bytes()).collect();
    let count: u64 = (0..15).sum();
    let head = [
        fixed(3, NANOS.to_le_bytes()),
        fixed(4, count.to_le_bytes()),
        fixed(5, 7.5_f64.to_le_bytes()),
    ];
    [attributes(9, at), head.concat(), bytes(6, &counts), bytes(7, &bounds)].concat()
}

fn exponential(at: usize) -> Vec<u8> {
    let counts: Vec<u8> = (0..160).map(|at| at % 5).collect();
    let count: u64 = counts.iter().map(|own| u64::from(*own)).sum();
    let side = bytes(2, &counts);
    let head = [fixed(3, NANOS.to_le_bytes()), fixed(4, count.to_le_bytes()), vec![6 << 3, 6]];
    [attributes(1, at), head.concat(), bytes(8, &side)].concat()
}

fn request(kind: &str) -> Vec<u8> {
    let mut request = Vec::new();
    for resource in 0..RESOURCES {
        let names =
            ["service.name", "service.instance.id", "host.name", "os.type", "telemetry.sdk.name"];
        let attributes: Vec<u8> = names
            .iter()
            .flat_map(|name| attribute(1, name, &format!("value-{resource}")))
            .collect();
        let mut metrics = bytes(1, &bytes(1, b"io.opentelemetry.http"));
        for metric in 0..METRICS {
            let points: Vec<u8> = (0..POINTS)
                .flat_map(|at| {
                    let point = match kind {
                        "histogram" => histogram(at),
                        "exponential" => exponential(at),
                        _ => number(at),
                    };
                    bytes(1, &point)
                })
                .collect();
            let data = [points, vec![2 << 3, 2, 3 << 3, 1]].concat();
            let field = match kind {
                "histogram" => 9,
                "exponential" => 10,
                _ => 7,
            };
            let name = format!("http.server.request.duration.{metric}");
            let own = [bytes(1, name.as_bytes()), bytes(3, b"s"), bytes(field, &data)].concat();
            metrics.extend(bytes(2, &own));
        }
        let own = [bytes(1, &attributes), bytes(2, &metrics)].concat();
        request.extend(bytes(1, &own));
    }
    request
}

/// The same numbers as JSON.
fn json() -> Vec<u8> {
    let text = |key: &str, value: &str| serde_json::json!({ "key": key, "value": { "stringValue": value } });
    let points: Vec<_> = (0..POINTS)
        .map(|at| {
            let route = format!("/api/v1/things/{at}");
            let attributes = [
                text("http.request.method", "GET"),
                text("http.response.status_code", "200"),
                text("http.route", &route),
                text("server.address", "shop.example.com"),
            ];
            serde_json::json!({ "attributes": attributes, "startTimeUnixNano": NANOS.to_string(),
                "timeUnixNano": NANOS.to_string(), "asDouble": at as f64 * 1.5 })
        })
        .collect();
    let sum = serde_json::json!({ "aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points });
    let metrics: Vec<_> = (0..METRICS)
        .map(|at| serde_json::json!({ "name": format!("http.server.request.duration.{at}"), "unit": "s", "sum": sum }))
        .collect();
    let resource = |at: usize| {
        let name = format!("value-{at}");
        serde_json::json!({ "resource": { "attributes": [text("service.name", &name), text("host.name", &name)] },
            "scopeMetrics": [{ "metrics": metrics }] })
    };
    let all: Vec<_> = (0..RESOURCES).map(resource).collect();
    serde_json::json!({ "resourceMetrics": all }).to_string().into_bytes()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let form = arguments.next().unwrap_or_else(|| "protobuf".to_owned());
    let times: usize = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(125);
    let body = match form.as_str() {
        "json" => json(),
        "gzip" => {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(&request("number")).unwrap();
            packed.finish().unwrap()
        }
        kind => request(kind),
    };
    let format = if form == "json" { Format::Json } else { Format::Protobuf };
    let encoding = (form == "gzip").then_some("gzip");
    let (mut batch, mut scratch) = (Batch::new("bench"), Scratch::default());
    let options = Options::default();
    let (mut points, mut samples, mut series) = (0, 0, 0);
    for _ in 0..times {
        batch.clear();
        let sent = Sent { body: &body, format, encoding };
        let arrived =
            decode_into(&sent, &options, &mut |_| true, &mut batch, &mut scratch).unwrap();
        points += arrived.points;
        samples += batch.samples();
        series += batch.len();
    }
    println!(
        "{form}: {} bytes a request, {points} points, {samples} samples, {series} series",
        body.len()
    );
}
