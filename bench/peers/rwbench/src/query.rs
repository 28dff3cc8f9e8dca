//! The query set, its timing, and the comparison of answers.
use crate::http::{Base, Client, urlencode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Instant,
    /// range seconds, step seconds, ending at the end of the data
    Range(i64, i64),
}

pub struct Query {
    pub id: &'static str,
    pub what: &'static str,
    pub kind: Kind,
    pub expr: &'static str,
}

const fn q(id: &'static str, what: &'static str, kind: Kind, expr: &'static str) -> Query {
    Query { id, what, kind, expr }
}
use Kind::*;
const H1: Kind = Range(3600, 15);
const D1: Kind = Range(86400, 60);
const D7: Kind = Range(7 * 86400, 300);

/// on the short set: many series, one hour at 15 s
pub const SHORT: &[Query] = &[
    q("s01", "alert: target down", Instant, r#"up == 0"#),
    q(
        "s02",
        "count by job",
        Instant,
        r#"count by (job) ({__name__=~"up|container_memory_working_set_bytes|http_requests_total"})"#,
    ),
    q(
        "s03",
        "alert: CPU per host",
        Instant,
        r#"100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))) > 80"#,
    ),
    q(
        "s04",
        "alert: memory",
        Instant,
        r#"node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.45"#,
    ),
    q(
        "s05",
        "error ratio by team",
        Instant,
        r#"sum by (team) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (team) (rate(http_requests_total[5m]))"#,
    ),
    q(
        "s06",
        "p99 by handler",
        Instant,
        r#"histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket[5m])))"#,
    ),
    q(
        "s07",
        "topk network",
        Instant,
        r#"topk(10, rate(node_network_receive_bytes_total{device="eth0"}[5m]))"#,
    ),
    q(
        "s08",
        "alert: disk will fill",
        Instant,
        r#"node_filesystem_avail_bytes{fstype=~"ext4|xfs"} / node_filesystem_size_bytes < 0.5 and predict_linear(node_filesystem_avail_bytes{fstype=~"ext4|xfs"}[1h], 4 * 3600) < 0"#,
    ),
    q("s09", "cardinality by name", Instant, r#"count by (__name__) ({__name__=~"node_.+"})"#),
    q(
        "s10",
        "panel: CPU by mode",
        H1,
        r#"sum by (mode) (rate(node_cpu_seconds_total{cluster="c3"}[1m]))"#,
    ),
    q(
        "s11",
        "panel: one host",
        H1,
        r#"rate(node_network_receive_bytes_total{instance="host-0042:9100"}[1m]) * 8"#,
    ),
    q(
        "s12",
        "panel: p95 by team",
        H1,
        r#"histogram_quantile(0.95, sum by (le, team) (rate(http_request_duration_seconds_bucket{handler="/api/v1/orders"}[5m])))"#,
    ),
    q(
        "s13",
        "panel: topk containers",
        H1,
        r#"topk(5, sum by (instance) (rate(container_cpu_usage_seconds_total{namespace="prod"}[5m])))"#,
    ),
    q(
        "s14",
        "panel: join on info",
        H1,
        r#"sum by (kernel) (node_load1 * on (instance) group_left (kernel) node_uname_info)"#,
    ),
    q("s15", "panel: max by zone", H1, r#"max by (zone) (node_load5{zone=~"eu-.*"})"#),
    q(
        "s16",
        "panel: memory of a rack",
        H1,
        r#"node_memory_MemAvailable_bytes{rack="r07"} / on (instance) node_memory_MemTotal_bytes{rack="r07"}"#,
    ),
];

/// on the long set: fewer series, seven days at 60 s
pub const LONG: &[Query] = &[
    q("l01", "7 d mean per host", Instant, r#"avg_over_time(node_load1[7d])"#),
    q(
        "l02",
        "7 d p95 per host",
        Instant,
        r#"quantile_over_time(0.95, node_memory_MemAvailable_bytes[7d])"#,
    ),
    q(
        "l03",
        "capacity forecast",
        Instant,
        r#"predict_linear(node_filesystem_avail_bytes{mountpoint="/data"}[7d], 30 * 86400) < 0"#,
    ),
    q(
        "l04",
        "peak by subquery",
        Instant,
        r#"max_over_time(sum(rate(http_requests_total[5m]))[1d:5m])"#,
    ),
    q(
        "l05",
        "1 d increase by team",
        Instant,
        r#"sum by (team) (increase(http_requests_total[1d]))"#,
    ),
    q(
        "l06",
        "SLO burn rate",
        Instant,
        r#"sum(rate(http_requests_total{code="500"}[1h])) / sum(rate(http_requests_total[1h])) > 0.0001 and sum(rate(http_requests_total{code="500"}[6h])) / sum(rate(http_requests_total[6h])) > 0.0001"#,
    ),
    q(
        "l07",
        "24 h CPU by cluster",
        D1,
        r#"avg by (cluster) (1 - rate(node_cpu_seconds_total{mode="idle"}[5m]))"#,
    ),
    q(
        "l08",
        "24 h p99",
        D1,
        r#"histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{handler="/api/v1/orders"}[5m])))"#,
    ),
    q("l09", "24 h load, one host", D1, r#"node_load1{instance="host-0042:9100"}"#),
    q(
        "l10",
        "7 d network per host",
        D7,
        r#"sum by (instance) (rate(node_network_transmit_bytes_total[5m]))"#,
    ),
    q(
        "l11",
        "7 d memory of a cluster",
        D7,
        r#"1 - node_memory_MemAvailable_bytes{cluster="c1"} / node_memory_MemTotal_bytes"#,
    ),
    q(
        "l12",
        "7 d fleet p95",
        D7,
        r#"quantile(0.95, 1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)"#,
    ),
    q("l13", "7 d sliding max", D7, r#"max_over_time(node_load5[1h])"#),
    q(
        "l14",
        "7 d baseline band",
        Range(7 * 86400, 3600),
        r#"avg_over_time(node_load1[1d]) + 3 * stddev_over_time(node_load1[1d])"#,
    ),
    q(
        "l15",
        "7 d vs. a day before",
        D7,
        r#"sum by (team) (rate(http_requests_total[1h])) - sum by (team) (rate(http_requests_total[1h] offset 1d))"#,
    ),
    q(
        "l16",
        "7 d topk containers",
        D7,
        r#"topk(3, rate(container_cpu_usage_seconds_total{container="app"}[10m]))"#,
    ),
];

pub type Answer = BTreeMap<String, Vec<(i64, f64)>>;

/// `extra`: more URL parameters, e.g. "nocache=1" (VictoriaMetrics: no rollup-result cache).
pub fn path(api: &str, q: &Query, end_s: i64, extra: &str) -> String {
    let e = urlencode(q.expr);
    let x = if extra.is_empty() { String::new() } else { format!("&{extra}") };
    match q.kind {
        Instant => format!("{api}/query?query={e}&time={end_s}{x}"),
        Range(r, s) => {
            format!("{api}/query_range?query={e}&start={}&end={end_s}&step={s}{x}", end_s - r)
        }
    }
}

pub fn parse(body: &[u8]) -> Result<Answer, String> {
    let v: Value = serde_json::from_slice(body).map_err(|e| format!("not JSON: {e}"))?;
    if v["status"] != "success" {
        return Err(format!(
            "{}: {}",
            v["errorType"].as_str().unwrap_or("?"),
            v["error"].as_str().unwrap_or("?")
        ));
    }
    let mut a = Answer::new();
    let num = |p: &Value| -> Option<(i64, f64)> {
        let t = (p[0].as_f64()? * 1000.0).round() as i64;
        let s = p[1].as_str()?;
        let x = match s {
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            s => s.parse().ok()?,
        };
        Some((t, x))
    };
    let d = &v["data"];
    if d["resultType"] == "scalar" {
        a.insert(String::new(), vec![num(&d["result"]).ok_or("bad scalar")?]);
        return Ok(a);
    }
    for s in d["result"].as_array().ok_or("no result array")? {
        let mut k = String::new();
        if let Some(m) = s["metric"].as_object() {
            let mut ls: Vec<_> =
                m.iter().map(|(k, v)| format!("{k}={:?}", v.as_str().unwrap_or(""))).collect();
            ls.sort();
            k = ls.join(",");
        }
        let pts = if s["values"].is_array() {
            s["values"].as_array().unwrap().iter().filter_map(num).collect()
        } else {
            num(&s["value"]).into_iter().collect()
        };
        a.insert(k, pts);
    }
    Ok(a)
}

fn without_name(a: &Answer) -> Answer {
    a.iter()
        .map(|(k, v)| {
            (
                k.split(',').filter(|l| !l.starts_with("__name__=")).collect::<Vec<_>>().join(","),
                v.clone(),
            )
        })
        .collect()
}

#[derive(Default, Clone, Debug)]
pub struct Diff {
    pub points: usize,  // points both have
    pub unequal: usize, // of those, beyond the tolerance
    pub max_rel: f64,
    pub missing_series: usize, // in the reference only
    pub extra_series: usize,
    pub missing_points: usize,
    pub extra_points: usize,
    pub name_differs: bool, // equal only once __name__ is left out
    pub example: String,
}

impl Diff {
    pub fn equal(&self) -> bool {
        self.unequal
            + self.missing_series
            + self.extra_series
            + self.missing_points
            + self.extra_points
            == 0
    }
}

pub fn diff(reference: &Answer, other: &Answer, tol: f64) -> Diff {
    let d = diff_keys(reference, other, tol);
    if d.missing_series > 0 && d.extra_series > 0 {
        let (a, b) = (without_name(reference), without_name(other));
        if a.len() == reference.len() && b.len() == other.len() {
            let mut e = diff_keys(&a, &b, tol);
            if e.missing_series < d.missing_series {
                e.name_differs = true;
                return e;
            }
        }
    }
    d
}

fn diff_keys(a: &Answer, b: &Answer, tol: f64) -> Diff {
    let mut d = Diff::default();
    for (k, pa) in a {
        let Some(pb) = b.get(k) else {
            d.missing_series += 1;
            if d.example.is_empty() {
                d.example = format!("missing series {{{k}}}");
            }
            continue;
        };
        let (mut i, mut j) = (0, 0);
        while i < pa.len() || j < pb.len() {
            if j >= pb.len() || (i < pa.len() && pa[i].0 < pb[j].0) {
                d.missing_points += 1;
                if d.example.is_empty() {
                    d.example = format!("missing point {{{k}}} @{}", pa[i].0);
                }
                i += 1;
            } else if i >= pa.len() || pb[j].0 < pa[i].0 {
                d.extra_points += 1;
                if d.example.is_empty() {
                    d.example = format!("extra point {{{k}}} @{}", pb[j].0);
                }
                j += 1;
            } else {
                let (x, y) = (pa[i].1, pb[j].1);
                d.points += 1;
                let same = x == y || (x.is_nan() && y.is_nan());
                if !same {
                    let rel = if x.is_finite() && y.is_finite() {
                        (x - y).abs() / x.abs().max(y.abs())
                    } else {
                        f64::INFINITY
                    };
                    // differences of sums that cancel to about 0 are not mismatches
                    if !(rel <= tol || (x - y).abs() < 1e-9) {
                        d.unequal += 1;
                        d.max_rel = d.max_rel.max(rel);
                        if d.example.is_empty() {
                            d.example = format!("{{{k}}} @{}: {x} vs {y}", pa[i].0);
                        }
                    }
                }
                i += 1;
                j += 1;
            }
        }
    }
    for k in b.keys() {
        if !a.contains_key(k) {
            d.extra_series += 1;
            if d.example.is_empty() {
                d.example = format!("extra series {{{k}}}");
            }
        }
    }
    d
}

pub struct Timing {
    pub lat_ms: Vec<f64>, // sorted
    pub bytes: usize,
    pub body: Vec<u8>,
    pub error: String,
}

/// Runs a query until `runs` runs or `budget` is used up, but at least 3 times; one warm-up run is not counted.
pub fn time(c: &mut Client, path: &str, runs: usize, budget: Duration) -> Timing {
    let mut t = Timing { lat_ms: vec![], bytes: 0, body: vec![], error: String::new() };
    let t0 = Instant::now();
    for i in 0..=runs {
        let s = Instant::now();
        match c.request("GET", path, "", b"") {
            Ok(r) if r.status == 200 => {
                if i > 0 {
                    t.lat_ms.push(s.elapsed().as_secs_f64() * 1e3);
                }
                t.bytes = r.body.len();
                t.body = r.body;
            }
            Ok(r) => {
                t.error = format!(
                    "{} {}",
                    r.status,
                    String::from_utf8_lossy(&r.body).chars().take(200).collect::<String>()
                );
                return t;
            }
            Err(e) => {
                t.error = e.to_string();
                return t;
            }
        }
        if i >= 3 && t0.elapsed() > budget {
            break;
        }
    }
    t.lat_ms.sort_by(|a, b| a.partial_cmp(b).unwrap());
    t
}

pub fn client(base: &Base) -> Client {
    Client::new(base.clone(), Duration::from_secs(120))
}

#[cfg(test)]
mod tests {
    use super::*;
    fn ans(s: &str) -> Answer {
        parse(
            format!(r#"{{"status":"success","data":{{"resultType":"vector","result":{s}}}}}"#)
                .as_bytes(),
        )
        .unwrap()
    }
    #[test]
    fn comparison() {
        let a = ans(
            r#"[{"metric":{"a":"1"},"value":[10,"1.0"]},{"metric":{"a":"2"},"value":[10,"NaN"]}]"#,
        );
        let b = ans(
            r#"[{"metric":{"a":"1"},"value":[10,"1.0000001"]},{"metric":{"a":"2"},"value":[10,"NaN"]}]"#,
        );
        assert!(diff(&a, &b, 1e-6).equal());
        assert!(!diff(&a, &b, 1e-9).equal());
        let c = ans(
            r#"[{"metric":{"__name__":"x","a":"1"},"value":[10,"1"]},{"metric":{"__name__":"x","a":"2"},"value":[10,"NaN"]}]"#,
        );
        let d = diff(&a, &c, 1e-6);
        assert!(d.equal() && d.name_differs);
        let e = ans(r#"[{"metric":{"a":"1"},"value":[11,"1.0"]}]"#);
        let d = diff(&a, &e, 1e-6);
        assert_eq!((d.missing_series, d.missing_points, d.extra_points), (1, 1, 1));
        let m = parse(br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"+Inf"],[2.5,"-3e2"]]}]}}"#).unwrap();
        assert_eq!(m[""], vec![(1000, f64::INFINITY), (2500, -300.0)]);
    }
}
