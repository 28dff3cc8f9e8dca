//! What it costs to take remote-write requests apart: 2,000 series of 20 hosts a request, one sample each, labelled as
//! those of `bench/peers`. `perf stat -e instructions:u take_apart 1|2 ROUNDS` (remote write 1.0 or 2.0) prints samples.

#![expect(clippy::print_stdout, reason = "a measurement prints")]

use std::error::Error;

use collect::remote_write::{DecodeLimits, Protocol, Scratch, decode_into, encode, encode_v2};
use model::{Batch, Labels, Sample, Series, Time};

const HOSTS: usize = 20;
const REQUESTS: usize = 50;
const LES: [&str; 10] =
    ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"];

fn host(request: usize, host: usize) -> Vec<Series> {
    let number = request * HOSTS + host;
    let instance = format!("host-{number:04}.eu-west-1.example.net:9100");
    let rack = format!("rack-{:02}", number / HOSTS);
    let series = |at: usize| {
        let le = LES[at % LES.len()];
        let cpu = (at % 2).to_string();
        let name = format!("http_request_duration_seconds_{}", at / 20);
        let own = if at < 60 { ("le", le) } else { ("cpu", cpu.as_str()) };
        let labels = Labels::from_pairs([
            ("__name__", name.as_str()),
            ("instance", &instance),
            ("job", "node"),
            ("cluster", "c1"),
            ("env", "prod"),
            ("zone", "eu-west-1a"),
            ("rack", &rack),
            ("region", "eu-west-1"),
            ("team", "checkout"),
            ("handler", "/api/v1/orders"),
            own,
        ]);
        let time = Time(1_795_233_000_000 + i64::try_from(number).unwrap_or(0));
        Series::new(labels, vec![Sample { time, value: (at * number) as f64 * 0.37 }])
    };
    (0..100).map(series).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let protocol = match arguments.next().as_deref() {
        Some("2") => Protocol::V2,
        _ => Protocol::V1,
    };
    let rounds: usize = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let mut bodies = Vec::new();
    for request in 0..REQUESTS {
        let series: Vec<Series> = (0..HOSTS).flat_map(|own| host(request, own)).collect();
        bodies.push(match protocol {
            Protocol::V1 => encode(&series)?,
            Protocol::V2 => encode_v2(&series)?,
        });
    }
    let packed: usize = bodies.iter().map(Vec::len).sum();
    let (mut batch, mut scratch) = (Batch::new("example"), Scratch::default());
    let mut samples = 0;
    for _ in 0..rounds {
        for body in &bodies {
            let limits = DecodeLimits::default();
            decode_into(body, (None, protocol), &limits, &mut batch, &mut scratch)?;
            samples += batch.samples();
        }
    }
    println!("{samples} samples, {} bytes packed each", packed / REQUESTS / 2000);
    Ok(())
}
