//! Text and OpenMetrics of a scrape: any bytes are either read or refused with a place, and what was read can be kept.
#![no_main]

use collect::exposition;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    for parsed in [exposition::parse_text(body), exposition::parse_openmetrics(body), exposition::parse_openmetrics_loose(body)] {
        match parsed {
            Ok(found) => {
                for sample in &found.samples {
                    assert!(sample.labels.metric_name().is_some(), "a sample without a name");
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    drop(exposition::broken_rule(body));
});
