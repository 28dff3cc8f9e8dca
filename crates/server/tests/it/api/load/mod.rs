//! Load tests through the API: kept, compared, followed, stopped.

mod broken;
mod gates;
mod live;
mod runs;
mod schedule;

use serde_json::{Value, json};

/// A report as `plimsoll load --json` writes it: so many seconds at 100/s, each request as long as told.
pub(super) fn report(plan: &str, seconds: u64, bucket: u64) -> Value {
    let rows: Vec<Value> = (0..seconds)
        .map(|second| {
            // The seconds differ a little, as real ones do.
            let here = bucket + (second * 7) % 3;
            json!({"sent": 100, "good": 100, "failed": 0, "in_flight": 2, "cpu_seconds": 0.01,
                "response_p50_ms": 1.0, "response_p95_ms": 4.0, "response_p99_ms": 5.0,
                "response_buckets": [here, 60, 1, 40]})
        })
        .collect();
    json!({
        "schema": "plimsoll.load/1",
        "plan": {"name": plan, "seed": 1, "model": "open", "profile": null, "compressed": null,
            "targets": ["http://shop.test"],
            "scenarios": [{"name": "a", "seconds": seconds as f64, "connections": "shared", "http": "1.1",
                "load": {"model": "open", "arrivals": 100.0 * seconds as f64, "rate_max": 100.0}}]},
        "started_ms": 1_795_000_000_000_i64,
        "took_seconds": seconds as f64,
        "ending": {"how": "done"},
        "verdict": {"word": "passed", "exit_code": 0, "doubts": [],
            "rules": [{"rule": "errors < 1%", "value": 0.0, "bound": 0.01, "kept": true}]},
        "requests": {"good": 100 * seconds, "failed": 0, "failed_share": 0.0, "good_per_second": 100.0,
            "body_bytes": 1000,
            "response": {"count": 100 * seconds, "p50_ms": 1.0, "p95_ms": 4.0, "p99_ms": 5.0, "max_ms": 6.0}},
        "steps": [{"scenario": "a", "step": "get", "good": 100 * seconds, "failed_share": 0.0,
            "response": {"p50_ms": 1.0, "p95_ms": 4.0, "p99_ms": 5.0}}],
        "timeline": {"seconds": 1, "rows": rows},
    })
}
