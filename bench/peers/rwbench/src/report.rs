//! The Markdown tables.
use crate::numbers::{geometric_mean, median, num, pooled, ratio};
use crate::push::pct;
use crate::query::{self, Kind};
use crate::suite::{Cfg, Results};
use crate::target::Target;
use serde_json::Value;
use std::fmt::Write;

const ROWS: &[(&str, &str)] = &[
    ("A.rate", "A ingest, samples/s"),
    ("A.cpu_push_per_m", "A server CPU s per million samples, during the push"),
    ("A.cpu_per_m", "A the same with background work until at rest"),
    ("A.lat50", "A write request p50, ms"),
    ("A.lat99", "A write request p99, ms"),
    ("A.latmax", "A write request max, ms"),
    ("A.peak", "A peak RSS at ingest, MiB"),
    ("A.rest", "A RSS at rest after ingest, MiB"),
    ("A.anon", "A of that, anonymous (not mapped files), MiB"),
    ("A.disk", "A disk bytes/sample at rest (WAL included)"),
    ("A.compact", "A disk bytes/sample, compacted"),
    ("A.written", "A bytes written to disk per sample"),
    ("A.missing", "A samples missing after ingest"),
    ("A.restart_ready", "A restart after kill -9: ready, s"),
    ("A.restart_answer", "A restart after kill -9: first right answer, s"),
    ("A.restart_rss", "A peak RSS of the restart, MiB"),
    ("A.missing_kill", "A samples missing after kill -9 at rest"),
    ("C.lost", "C acknowledged samples lost, kill -9 during ingest at full speed"),
    ("C.lost_s", "C the same as seconds of ingest"),
    ("Cp.lost", "C acknowledged samples lost, kill -9 during ingest at 100,000/s"),
    ("Cp.lost_s", "C the same as seconds of ingest"),
    ("A.query_peak", "A peak RSS during queries, MiB"),
    ("B.rate", "B ingest, samples/s (20 samples a series a request)"),
    ("B.cpu_push_per_m", "B server CPU s per million samples, during the push"),
    ("B.cpu_per_m", "B the same with background work until at rest"),
    ("B.lat50", "B write request p50, ms"),
    ("B.lat99", "B write request p99, ms"),
    ("B.peak", "B peak RSS at ingest, MiB"),
    ("B.rest", "B RSS at rest after ingest, MiB"),
    ("B.settle", "B seconds from end of push to rest"),
    ("B.disk", "B disk bytes/sample at rest (WAL included)"),
    ("B.compact", "B disk bytes/sample, compacted"),
    ("B.written", "B bytes written to disk per sample"),
    ("B.missing", "B samples missing after ingest"),
    ("B.restart_ready", "B restart after kill -9: ready, s"),
    ("B.restart_answer", "B restart after kill -9: first right answer, s"),
    ("B.missing_kill", "B samples missing after kill -9 at rest"),
    ("B.query_peak", "B peak RSS during queries, MiB"),
    ("S.plain", "S ingest of set A, 20 s, 4 connections, samples/s"),
    ("S.rate", "S the same, every request synced to disk before it is acknowledged"),
    ("S.lat50", "S write request p50 then, ms"),
    ("H.rate", "churn: samples/s taken"),
    ("H.cpu_per_m", "churn: server CPU s per million samples"),
    ("H.peak", "churn: peak RSS, MiB"),
    ("H.rest", "churn: RSS at rest, MiB"),
    ("H.growth", "churn: greatest RSS of the last third to the middle third"),
    ("H.disk", "churn: disk bytes/sample at rest"),
    ("H.refused", "churn: samples refused"),
    ("H.missing", "churn: samples missing afterwards"),
];

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map(|l| l.trim_start_matches([' ', '\t', ':']))
        .unwrap_or("?")
        .to_string();
    let n = cpu.lines().filter(|l| l.starts_with("processor")).count();
    let mem = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kb: f64 = mem
        .lines()
        .next()
        .and_then(|l| l.split_whitespace().nth(1))
        .and_then(|x| x.parse().ok())
        .unwrap_or(0.0);
    let k = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{n} x {model}, {:.0} GiB, Linux {}", kb / 1048576.0, k.trim())
}

pub fn table(cfg: &Cfg, res: &[(Target, Results)], info: &Value) -> String {
    let mut o = String::new();
    let w = &mut o;
    let _ = writeln!(w, "# Peer benchmark: results\n");
    let _ = writeln!(
        w,
        "Machine: {}. Load tool and server share it; {} connections; run took {:.0} s.",
        machine(),
        cfg.conns,
        info["wall_s"].as_f64().unwrap_or(0.0)
    );
    for (n, s) in [("short", "A"), ("long", "B")] {
        if let Some(d) = info.get(n) {
            let sp = if n == "short" { &cfg.short } else { &cfg.long };
            let (smp, wire) =
                (d["samples"].as_f64().unwrap_or(0.0), d["wire_bytes"].as_f64().unwrap_or(0.0));
            let _ = writeln!(
                w,
                "Set {s}: {} hosts x 100 series x {} steps at {} s = {} samples in {} requests of {} samples, {:.1} bytes/sample on the wire.",
                sp.hosts,
                sp.steps,
                sp.interval_s,
                num(smp),
                d["requests"],
                sp.hosts_per_req * 100 * sp.window,
                wire / smp
            );
        }
    }
    for (t, _) in res {
        let _ = writeln!(
            w,
            "{}: {}",
            t.name,
            if t.managed() {
                format!("{} (`{}`)", t.version_text(), t.start)
            } else {
                format!("running at {}", t.url[0])
            }
        );
    }
    let goals = crate::goals::table(res);
    if !goals.is_empty() {
        let _ = writeln!(w, "\n## Goals\n\n{goals}\n## Figures");
    }
    let _ = writeln!(
        w,
        "\nMedian of the repetitions, (lowest–highest) where there were more than one. Ratios are to the first column.\n"
    );
    let _ = write!(w, "| measure |");
    for (t, _) in res {
        let _ = write!(w, " {} |", t.name);
    }
    for (t, _) in &res[1..] {
        let _ = write!(w, " {} / {} |", t.name, res[0].0.name);
    }
    let _ = writeln!(w, "\n|---|{}", "---:|".repeat(res.len() * 2 - 1));
    let cell = |v: &[f64]| -> String {
        let m = median(v);
        let (lo, hi) =
            v.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |a, x| (a.0.min(*x), a.1.max(*x)));
        if v.len() > 1 && lo != hi {
            format!("{} ({}–{})", num(m), num(lo), num(hi))
        } else {
            num(m)
        }
    };
    for (k, label) in ROWS {
        if !res.iter().any(|(_, r)| r.m.contains_key(*k)) {
            continue;
        }
        let _ = write!(w, "| {label} |");
        for (_, r) in res {
            let _ = write!(w, " {} |", r.m.get(*k).map(|v| cell(v)).unwrap_or("–".into()));
        }
        let med = |r: &Results| r.m.get(*k).map(|v| median(v)).unwrap_or(f64::NAN);
        for (_, r) in &res[1..] {
            let _ = write!(w, " {} |", ratio(med(r), med(&res[0].1)));
        }
        let _ = writeln!(w);
    }
    // query summaries
    type F = fn(&crate::suite::Q) -> f64;
    let sums: [(&str, F); 5] = [
        ("queries, geometric mean of the fastest run, ms", |q| pooled(q, 0.0)),
        ("queries, geometric mean of p50, ms", |q| pooled(q, 50.0)),
        ("queries, geometric mean of p99, ms", |q| pooled(q, 99.0)),
        ("queries, sum of server CPU for one run of each, ms", |q| median(&q.cpu_ms)),
        ("range queries, repeated, result caches allowed, geometric mean of p50, ms", |q| {
            q.cached_p50
        }),
    ];
    for (set, pre) in [(query::SHORT, "A"), (query::LONG, "B")] {
        // only over queries that every target answered
        let ids: Vec<_> = set
            .iter()
            .map(|q| q.id)
            .filter(|id| {
                res.iter()
                    .filter(|(_, r)| r.q.keys().any(|k| k.starts_with(&id[..1])))
                    .all(|(_, r)| r.q.get(*id).is_some_and(|q| q.error.is_empty()))
            })
            .collect();
        if !res.iter().any(|(_, r)| r.q.keys().any(|k| k.starts_with(&set[0].id[..1]))) {
            continue;
        }
        for (label, f) in sums {
            let gm = |r: &Results| -> f64 {
                let v: Vec<f64> = ids.iter().filter_map(|id| r.q.get(*id)).map(f).collect();
                if label.contains("sum of") {
                    return if v.is_empty() {
                        f64::NAN
                    } else {
                        ids.iter().filter_map(|id| r.q.get(*id)).map(f).sum()
                    };
                }
                geometric_mean(v.into_iter())
            };
            let _ = write!(w, "| {pre} {label} |");
            for (_, r) in res {
                let _ = write!(w, " {} |", num(gm(r)));
            }
            for (_, r) in &res[1..] {
                let _ = write!(w, " {} |", ratio(gm(r), gm(&res[0].1)));
            }
            let _ = writeln!(w);
        }
    }

    let _ = writeln!(
        w,
        "\n## Queries\n\np50 / p99 in ms over all runs (CPU = server CPU ms a run); the answer is compared with that of {} at 1e-6 relative.\n",
        res[0].0.name
    );
    let _ = write!(w, "| query | kind |");
    for (t, _) in res {
        let _ = write!(w, " {} p50 / p99 (CPU) |", t.name);
    }
    for (t, _) in &res[1..] {
        let _ = write!(w, " p50 {} / {} | {} answer |", t.name, res[0].0.name, t.name);
    }
    let _ = writeln!(w, "\n|---|---|{}", "---:|".repeat(res.len() + (res.len() - 1) * 2));
    let mut mism = String::new();
    for (set, pre) in [(query::SHORT, "A"), (query::LONG, "B")] {
        for q in set {
            if !res.iter().any(|(_, r)| r.q.contains_key(q.id)) {
                continue;
            }
            let kind = match q.kind {
                Kind::Instant => "instant".to_string(),
                Kind::Range(r, s) => format!("{} h @ {} s", r / 3600, s),
            };
            let n = res[0].1.answers.get(q.id).map(|a| a.len()).unwrap_or(0);
            let _ = write!(w, "| {pre} {} {} | {kind}, {n} series |", q.id, q.what);
            for (_, r) in res {
                let _ = match r.q.get(q.id) {
                    Some(x) if x.error.is_empty() => write!(
                        w,
                        " {} / {} ({}) |",
                        num(pooled(x, 50.0)),
                        num(pooled(x, 99.0)),
                        num(median(&x.cpu_ms))
                    ),
                    Some(x) => write!(
                        w,
                        " error: {} |",
                        x.error.replace('|', "\\|").chars().take(60).collect::<String>()
                    ),
                    None => write!(w, " – |"),
                };
            }
            for (t, r) in &res[1..] {
                let p = |r: &Results| {
                    r.q.get(q.id)
                        .filter(|x| x.error.is_empty())
                        .map(|x| pooled(x, 50.0))
                        .unwrap_or(f64::NAN)
                };
                let a = match (res[0].1.answers.get(q.id), r.answers.get(q.id)) {
                    (Some(a), Some(b)) => {
                        let d = query::diff(a, b, 1e-6);
                        let s = if d.equal() {
                            if d.name_differs {
                                "equal but for `__name__`".to_string()
                            } else {
                                "equal".to_string()
                            }
                        } else {
                            let mut s = vec![];
                            if d.unequal > 0 {
                                s.push(format!(
                                    "{} of {} points differ (max {})",
                                    d.unequal,
                                    d.points,
                                    if d.max_rel.is_finite() {
                                        format!("{:.2e}", d.max_rel)
                                    } else {
                                        "inf".into()
                                    }
                                ));
                            }
                            for (n, l) in [
                                (d.missing_series, "series missing"),
                                (d.extra_series, "series extra"),
                                (d.missing_points, "points missing"),
                                (d.extra_points, "points extra"),
                            ] {
                                if n > 0 {
                                    s.push(format!("{n} {l}"));
                                }
                            }
                            s.join(", ")
                        };
                        if !d.equal() {
                            let _ = writeln!(
                                mism,
                                "- {} {} `{}`: {s}; first: {}",
                                t.name, q.id, q.expr, d.example
                            );
                        }
                        s
                    }
                    _ => "–".into(),
                };
                let _ = write!(w, " {} | {a} |", ratio(p(r), p(&res[0].1)));
            }
            let _ = writeln!(w);
        }
    }
    if !mism.is_empty() {
        let _ = writeln!(w, "\n## Answers that differ from {}\n\n{mism}", res[0].0.name);
    }
    // noise
    let _ = writeln!(w, "\n## Noise\n");
    for (t, r) in res {
        let mut v: Vec<f64> =
            r.q.values()
                .filter(|q| q.p50.len() > 1)
                .map(|q| {
                    let (lo, hi) =
                        q.p50.iter().fold((f64::INFINITY, 0f64), |a, x| (a.0.min(*x), a.1.max(*x)));
                    (hi / lo - 1.0) * 100.0
                })
                .collect();
        v.sort_by(|a, b| a.partial_cmp(b).unwrap());
        if v.is_empty() {
            v.push(0.0);
        }
        let sp = |k: &str| {
            r.m.get(k)
                .filter(|v| v.len() > 1)
                .map(|v| {
                    let (lo, hi) =
                        v.iter().fold((f64::INFINITY, 0f64), |a, x| (a.0.min(*x), a.1.max(*x)));
                    format!("{:.1} %", (hi / lo - 1.0) * 100.0)
                })
                .unwrap_or("one run".into())
        };
        let oc = |ks: &[&str]| {
            let v: Vec<f64> = ks.iter().filter_map(|k| r.m.get(*k)).flatten().copied().collect();
            if v.is_empty() {
                "–".to_string()
            } else {
                format!("{:.2} (max {:.2})", median(&v), v.iter().fold(f64::MIN, |a, x| a.max(*x)))
            }
        };
        let _ = writeln!(
            w,
            "- {}: spread (highest/lowest − 1) over repetitions: ingest rate {}, CPU per sample {}, peak RSS {}; query p50 between passes: median {:.1} %, p90 {:.1} %, max {:.1} %; load tool CPU {} s per million samples; other processes used {} cores during ingest, {} during queries (2 = all).",
            t.name,
            sp("A.rate"),
            sp("A.cpu_push_per_m"),
            sp("A.peak"),
            pct(&v, 50.0),
            pct(&v, 90.0),
            pct(&v, 100.0),
            r.m.get("A.client_cpu_per_m").map(|v| num(median(v))).unwrap_or("–".into()),
            oc(&["A.other_cores", "B.other_cores"]),
            oc(&["A.query_other_cores", "B.query_other_cores"])
        );
    }
    let notes: Vec<_> = res.iter().flat_map(|(_, r)| r.notes.iter()).collect();
    if !notes.is_empty() {
        let _ = writeln!(w, "\n## Notes of the run\n");
        for n in notes {
            let _ = writeln!(w, "- {n}");
        }
    }
    o
}
