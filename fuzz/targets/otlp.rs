//! OpenTelemetry requests: any body is taken or refused. The first byte says in which form it comes and what is wished.
#![no_main]

use collect::otlp::{
    Format, Histograms, Limits, Options, Promote, Scratch, Sent, Strategy, decode_into,
};
use libfuzzer_sys::fuzz_target;
use model::Batch;

const LIMITS: Limits = Limits {
    body_bytes: 1 << 20,
    decoded_bytes: 1 << 20,
    series: 10_000,
    samples: 50_000,
    labels_bytes: 8 << 20,
    labels_per_series: 64,
    label_bytes: 2048,
};

fuzz_target!(|input: &[u8]| {
    let Some((wish, body)) = input.split_first() else { return };
    let on = |bit: u8| wish & bit != 0;
    let format = if on(1) { Format::Json } else { Format::Protobuf };
    let encoding = on(2).then_some("gzip");
    let options = Options {
        strategy: if on(4) { Strategy::NoUtf8EscapingWithSuffixes } else { Strategy::default() },
        histograms: if on(8) { Histograms::CustomBuckets } else { Histograms::Classic },
        promote: if on(16) { Promote::AllBut([].into()) } else { Promote::default() },
        promote_scope: on(32),
        keep_identifying: on(64),
        limits: LIMITS,
        ..Options::default()
    };
    let (mut batch, mut scratch) = (Batch::new("fuzz"), Scratch::default());
    let sent = Sent { body, format, encoding };
    let mut granted = 0;
    let mut ask = |more| {
        granted += more;
        true
    };
    let Ok(arrived) = decode_into(&sent, &options, &mut ask, &mut batch, &mut scratch) else {
        return;
    };
    assert!(granted <= 2 * LIMITS.decoded_bytes);
    assert!(batch.samples() <= LIMITS.samples);
    assert!(batch.samples() >= arrived.points);
    assert_eq!(arrived.refused.points() == 0, arrived.refused.message().is_empty());
    for series in batch.iter() {
        assert!(series.labels.get("__name__").is_some(), "{}", series.labels);
        let names: Vec<_> = series.labels.iter().map(|(name, _)| name).collect();
        assert!(names.is_sorted_by(|one, other| one < other), "{}", series.labels);
        for sample in series.histograms {
            assert_eq!(sample.histogram.check(), Ok(()), "{}", series.labels);
        }
    }
});
