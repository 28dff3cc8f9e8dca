//! What OpenTelemetry sends to the real program is there after a kill, under Prometheus' names.

use anyhow::Result;

use crate::{
    program::{QUIET, Server, now_millis, run},
    web,
};

/// A counter, a histogram and a native histogram of a program called `shop`, in JSON as an exporter sends it.
fn body(millis: i64) -> String {
    let time = format!("\"timeUnixNano\": \"{millis}000000\"");
    format!(
        r#"{{"resourceMetrics": [{{
  "resource": {{"attributes": [
    {{"key": "service.name", "value": {{"stringValue": "shop"}}}},
    {{"key": "host.name", "value": {{"stringValue": "db-1"}}}}]}},
  "scopeMetrics": [{{"scope": {{"name": "http"}}, "metrics": [
    {{"name": "http.requests", "unit": "{{request}}", "sum": {{"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
      {{{time}, "asInt": "41", "attributes": [{{"key": "http.method", "value": {{"stringValue": "GET"}}}}]}}]}}}},
    {{"name": "http.duration", "unit": "s", "histogram": {{"aggregationTemporality": 2, "dataPoints": [
      {{{time}, "count": "4", "sum": 3, "bucketCounts": ["1", "2", "1"], "explicitBounds": [0.5, 1]}}]}}}},
    {{"name": "http.size", "unit": "By", "exponentialHistogram": {{"aggregationTemporality": 2, "dataPoints": [
      {{{time}, "count": "6", "sum": 42, "scale": 0, "positive": {{"offset": 0, "bucketCounts": ["1", "2", "3"]}}}}]}}}}
  ]}}]}}]}}"#
    )
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill_and_can_be_asked() -> Result<()> {
    let mut server = Server::start(QUIET)?;
    let json = [("Content-Type", "application/json")];
    let body = body(now_millis());
    let answer = web::send(server.address, "POST /v1/metrics", &json, body.as_bytes())?;
    assert_eq!(answer, (200, "{}".to_owned()));
    server.kill_and_restart()?;
    let wanted = [
        (r#"http_requests_total{job="shop",http_method="GET"}"#, 41.0),
        ("histogram_quantile(0.5, http_duration_seconds_bucket)", 0.75),
        ("histogram_sum(http_size_bytes)", 42.0),
        (r#"target_info{host_name="db-1",job="shop"}"#, 1.0),
    ];
    for (query, wanted) in wanted {
        assert_eq!(web::value(server.address, query)?, Some(wanted), "{query}");
    }
    let told = run(server.folder(), &["query", "--server", &server.url(), "http_requests_total"])?;
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.out.contains("http_method") && told.out.contains("41"), "{}", told.out);
    Ok(())
}
