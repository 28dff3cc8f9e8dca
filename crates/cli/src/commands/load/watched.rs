//! What a server that watched the target saw while it was under load.

use std::time::Duration;

use load::{Kept, Run, Seen, Taken, Verdict, Watched};
use model::{Kind, Span, Time};
use serde_json::Value;

use crate::{
    args::{self, load::Watching},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
};

/// Shares in use, if nobody says: what our server records of resources, and the processors of hosts, which have another
/// name than the resource `cpu`.
pub(super) const SHARES: [(&str, &str); 2] = [
    ("", "plimsoll_resource_used / plimsoll_resource_limit"),
    ("processors", "1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[30s]))"),
];
/// How much of what is in use, if nobody says: what the hosts of node-exporter tell, and our own.
pub(super) const TAKEN: [(&str, &str); 5] = [
    ("cpu seconds", "sum(rate(node_cpu_seconds_total{mode!~\"idle|iowait\"}[30s]))"),
    ("memory bytes", "sum(node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes)"),
    (
        "disk bytes",
        "sum(rate(node_disk_read_bytes_total[30s])) + sum(rate(node_disk_written_bytes_total[30s]))",
    ),
    ("network bytes", "sum(rate(node_network_transmit_bytes_total{device!=\"lo\"}[30s]))"),
    ("connections", "sum(node_netstat_Tcp_CurrEstab)"),
];
/// What should not grow, if nobody says.
const GROWING: [(&str, &str); 4] = [
    ("memory", "process_resident_memory_bytes"),
    ("file handles", "process_open_fds"),
    ("memory of the host", "node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes"),
    ("", "plimsoll_resource_used"),
];
/// Most samples of one series that are asked for, unless they would be more than a minute apart.
const SAMPLES_MAX: i64 = 1_000;
/// A server that takes longer for a query hangs.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// Most series of one expression.
const SERIES_MAX: usize = 100;

/// What was named, or else the usual.
pub(super) fn asked(named: &[(String, String)], usual: &[(&str, &str)]) -> Vec<(String, String)> {
    if !named.is_empty() {
        return named.to_vec();
    }
    usual.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// What the machines did during a run.
pub(super) fn resources(watching: &Watching, run: &Run) -> Result<Vec<Watched>, Fault> {
    during(watching, run, &SHARES)
}

fn during(watching: &Watching, run: &Run, usual: &[(&str, &str)]) -> Result<Vec<Watched>, Fault> {
    let Some(server) = watching.watchers.from.clone() else { return Ok(Vec::new()) };
    let server = args::Server { server, token_file: watching.token_file.clone() };
    let length = Span::millis(
        i64::try_from(run.took.min(run.plan.length()).as_millis()).unwrap_or(i64::MAX),
    );
    let range = (run.started, run.started + length);
    watched(&server, &asked(&watching.resources, usual), range)
}

/// What each request of a run took, if anybody asks; beside its baseline.
pub(super) fn taken(
    watching: &Watching,
    report: &Value,
    baseline: Option<&Kept>,
) -> Result<Option<Taken>, Fault> {
    let Some(server) = watching.watchers.impact.clone() else { return Ok(None) };
    let server = args::Server { server, token_file: watching.token_file.clone() };
    let run =
        Kept::of("this run", report).map_err(|error| Fault::from_error(error.kind(), &error))?;
    let resources = watched(&server, &asked(&watching.resources, &TAKEN), run.between())?;
    let rules = watching.cutting.rules();
    Ok(Some(load::taken(&Seen { run, resources }, baseline, rules)))
}

/// Looks for what grew during a run.
pub(super) fn trends(watching: &Watching, run: &Run, verdict: &mut Verdict) -> Result<(), Fault> {
    for seen in during(watching, run, &GROWING)? {
        let points: Vec<(f64, f64)> =
            seen.points.iter().map(|(time, value)| (time.millis() as f64 / 1e3, *value)).collect();
        verdict.watch(&seen.name, &points);
    }
    Ok(())
}

/// What a server saw between two moments.
pub(super) fn watched(
    server: &args::Server,
    asked: &[(String, String)],
    (from, to): (Time, Time),
) -> Result<Vec<Watched>, Fault> {
    let at = |time: Time| format!("{:.3}", time.millis() as f64 / 1e3);
    let (start, end) = (at(from), at(to));
    let apart = (to.millis() - from.millis()) / 1_000 / SAMPLES_MAX;
    let step = format!("{}s", (apart + 1).min(60));
    let remote = Remote::new(server)?.within(ANSWER_MAX);
    let mut all = Vec::new();
    for (name, expression) in asked {
        let query =
            [("query", expression.as_str()), ("start", &start), ("end", &end), ("step", &step)];
        let answer = small_runtime()?.block_on(remote.get("/api/v1/query_range", &query))?;
        let series = answer["data"]["result"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.extend(series.iter().take(SERIES_MAX).map(|series| told(name, series)));
    }
    let all = named_apart(all);
    if all.is_empty() {
        let text = "the server has seen none of the resources meanwhile";
        return Err(Fault::new(Kind::Missing, text).help("name them: --resource NAME=PROMQL"));
    }
    Ok(all)
}

/// A series with the labels that its name leaves out.
struct Told {
    watched: Watched,
    labels: Vec<String>,
}

/// Gives each series a name of its own: where two would have the same, the names of their labels are said as well, and
/// where even those are the same, a number.
fn named_apart(all: Vec<Told>) -> Vec<Watched> {
    let count = |all: &[Watched], name: &str| all.iter().filter(|own| own.name == name).count();
    let (mut named, labels): (Vec<Watched>, Vec<Vec<String>>) =
        all.into_iter().map(|told| (told.watched, told.labels)).unzip();
    let short = named.clone();
    for (own, labels) in named.iter_mut().zip(labels) {
        if count(&short, &own.name) > 1 && !labels.is_empty() {
            own.name = format!("{} ({})", own.name, labels.join(", "));
        }
    }
    let long = named.clone();
    for (place, own) in named.iter_mut().enumerate() {
        if count(&long, &own.name) > 1 {
            own.name = format!("{} #{}", own.name, count(&long[..place], &own.name) + 1);
        }
    }
    named
}

fn told(name: &str, series: &Value) -> Told {
    let mut words: Vec<&str> = Some(name).filter(|name| !name.is_empty()).into_iter().collect();
    let labels = series["metric"].as_object();
    words.extend(labels.and_then(|labels| labels.get("resource")).and_then(Value::as_str));
    let mut others = Vec::new();
    for (key, value) in labels.into_iter().flatten() {
        if let Some(value) = value.as_str().filter(|_| key != "resource" && key != "__name__") {
            words.push(value);
            others.push(format!("{key}={value}"));
        }
    }
    let values = series["values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let points = values.iter().filter_map(|point| {
        let seconds = point[0].as_f64()?;
        let value = point[1].as_str()?.parse::<f64>().ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float in range; beyond it saturates"
        )]
        let millis = (seconds * 1e3).round() as i64;
        Some((Time(millis), value))
    });
    let watched = Watched { name: words.join(" "), points: points.collect() };
    Told { watched, labels: others }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_two_resources_have_the_same_name() {
        let names = |all: &[(&str, Value)]| -> Vec<String> {
            let told = all.iter().map(|(name, labels)| told(name, &json!({ "metric": labels })));
            named_apart(told.collect()).into_iter().map(|own| own.name).collect()
        };
        let host = json!({"resource": "cpu", "__name__": "x"});
        let told = names(&[("", host.clone()), ("processors", json!({"instance": "a:9100"}))]);
        assert_eq!(told, ["cpu", "processors a:9100"]);
        let of = |key: &str| json!({"resource": "cpu", key: "shop"});
        assert_eq!(
            names(&[("", of("job")), ("", of("instance")), ("", host.clone())]),
            ["cpu shop (job=shop)", "cpu shop (instance=shop)", "cpu"]
        );
        assert_eq!(
            names(&[("cpu", json!({})), ("", host.clone()), ("", host)]),
            ["cpu #1", "cpu #2", "cpu #3"]
        );
    }
}
