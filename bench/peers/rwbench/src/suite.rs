//! The whole benchmark: every phase for every target, then one table.
mod load;
mod phases;

use load::{check, load_calm};
use phases::{crash, queries, restart, sync_price};

use crate::data::{self, Spec};
use crate::query::{self, Answer};
use crate::target::Target;
use crate::{churn, push::pct, report};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub struct Cfg {
    pub targets: Vec<Target>,
    pub work: PathBuf,
    pub out: PathBuf,
    pub reps: usize,
    pub crashes: usize,
    pub conns: usize,
    pub runs: usize,
    pub passes: usize,
    pub budget: Duration,
    pub short: Spec,
    pub long: Spec,
    pub churn: churn::Spec,
    pub phases: String, // letters: i ingest, c crash, l long, s sync, h churn
    pub keep: bool,
}

#[derive(Default)]
pub struct Results {
    /// metric -> values of the repetitions
    pub m: BTreeMap<String, Vec<f64>>,
    /// query id -> (p50 per pass, pooled latencies, cpu ms per run, bytes, error)
    pub q: BTreeMap<String, Q>,
    pub notes: Vec<String>,
    pub answers: BTreeMap<String, Answer>,
}

#[derive(Default, Clone)]
pub struct Q {
    pub p50: Vec<f64>,
    pub lat: Vec<f64>,
    pub cpu_ms: Vec<f64>,
    pub bytes: usize,
    pub error: String,
    pub cached_p50: f64,
}

impl Results {
    pub fn add(&mut self, k: &str, v: f64) {
        self.m.entry(k.into()).or_default().push(v);
    }
    pub fn note(&mut self, s: String) {
        eprintln!("    note: {s}");
        self.notes.push(s);
    }
}

fn say(t: Instant, s: &str) {
    eprintln!("[{:7.1}s] {s}", t.elapsed().as_secs_f64());
}

pub fn run(cfg: &Cfg) -> Vec<(Target, Results)> {
    let t0 = Instant::now();
    std::fs::create_dir_all(&cfg.work).unwrap();
    std::fs::create_dir_all(&cfg.out).unwrap();
    let mut res: Vec<(Target, Results)> =
        cfg.targets.iter().map(|t| (t.clone(), Results::default())).collect();

    let gen_one = |s: &Spec, n: &str| {
        say(
            t0,
            &format!(
                "generating {n}: {} hosts x 100 series x {} steps at {} s",
                s.hosts, s.steps, s.interval_s
            ),
        );
        let d = data::generate(s, &cfg.work, n, 2);
        say(
            t0,
            &format!(
                "  {} samples in {} requests, {:.0} MiB snappy ({:.0} MiB raw), {:.2} bytes/sample on the wire",
                d.samples(),
                d.frames.len(),
                d.bytes as f64 / 1048576.0,
                d.raw_bytes as f64 / 1048576.0,
                d.bytes as f64 / d.samples() as f64
            ),
        );
        d
    };
    let mut info = json!({});
    let mut again = 3;
    if cfg.phases.contains(['i', 'c', 's']) {
        let a = gen_one(&cfg.short, "short");
        info["short"] = json!({"samples": a.samples(), "requests": a.frames.len(), "wire_bytes": a.bytes, "raw_bytes": a.raw_bytes});
        if cfg.phases.contains('i') {
            for rep in 0..cfg.reps {
                for (t, r) in res.iter_mut() {
                    if !t.managed() && rep > 0 {
                        continue;
                    }
                    let last = rep + 1 == cfg.reps || !t.managed();
                    let t = t.clone();
                    let mut go = || -> Result<(), String> {
                        let mut l = load_calm(cfg, &t, &a, "A", r, &mut again, t0)?;
                        if last {
                            check(&l, &a, "after ingest", "A.missing", r);
                            if let Some((d, s)) = l.inst.compact() {
                                r.add("A.compact", d / a.samples() as f64);
                                r.add("A.compact_s", s);
                            }
                            say(t0, &format!("  {} queries, short set", t.name));
                            queries(cfg, &l.inst, &a, query::SHORT, "A", r);
                        }
                        if t.managed() {
                            restart(&mut l, &a, "A", r, t0)?;
                            check(&l, &a, "after kill -9", "A.missing_kill", r);
                            l.inst.stop();
                        }
                        Ok(())
                    };
                    if let Err(e) = go() {
                        r.note(format!("{}: A: {e}", t.name));
                    }
                }
                write_json(cfg, &res_json(&res, &info), "results.partial.json");
            }
        }
        if cfg.phases.contains('c') {
            // once at full speed, the others at a pace that leaves the server time for its background work
            for k in 0..=cfg.crashes {
                let (after, rate) =
                    if k == 0 { (9.7, 0.0) } else { (16.4 + 3.9 * k as f64, 100_000.0) };
                for (t, r) in res.iter_mut() {
                    if t.managed() {
                        let t = t.clone();
                        if let Err(e) = crash(cfg, &t, &a, after, rate, r, t0) {
                            r.note(format!("{}: crash test: {e}", t.name));
                        }
                    }
                }
            }
        }
        if cfg.phases.contains('s') {
            for (t, r) in res.iter_mut().filter(|(t, _)| !t.safe.is_empty()) {
                let t = t.clone();
                if let Err(e) = sync_price(cfg, &t, &a, r, t0) {
                    r.note(format!("{}: sync: {e}", t.name));
                }
            }
        }
        if !cfg.keep {
            remove(cfg, "short");
        }
    }
    if cfg.phases.contains('l') {
        let b = gen_one(&cfg.long, "long");
        info["long"] = json!({"samples": b.samples(), "requests": b.frames.len(), "wire_bytes": b.bytes, "raw_bytes": b.raw_bytes});
        for (t, r) in res.iter_mut() {
            let t = t.clone();
            if !t.managed() && t.url[1].is_empty() {
                r.note(format!("{}: long set left out (no long= instance given)", t.name));
                continue;
            }
            let mut go = || -> Result<(), String> {
                let mut l = load_calm(cfg, &t, &b, "B", r, &mut again, t0)?;
                check(&l, &b, "after ingest", "B.missing", r);
                if let Some((d, s)) = l.inst.compact() {
                    r.add("B.compact", d / b.samples() as f64);
                    r.add("B.compact_s", s);
                }
                say(t0, &format!("  {} queries, long set", t.name));
                queries(cfg, &l.inst, &b, query::LONG, "B", r);
                if t.managed() {
                    restart(&mut l, &b, "B", r, t0)?;
                    check(&l, &b, "after kill -9", "B.missing_kill", r);
                    l.inst.stop();
                }
                Ok(())
            };
            if let Err(e) = go() {
                r.note(format!("{}: B: {e}", t.name));
            }
        }
        if !cfg.keep {
            remove(cfg, "long");
        }
    }
    if cfg.phases.contains('h') {
        for (t, r) in res.iter_mut().filter(|(t, _)| t.managed()) {
            let t = t.clone();
            say(
                t0,
                &format!(
                    "churn: {} new series an hour for {} h at {} times the clock: {}",
                    cfg.churn.series_per_hour, cfg.churn.hours, cfg.churn.speed, t.name
                ),
            );
            if let Err(e) = churn::run(&cfg.churn, &t, &cfg.work, r) {
                r.note(format!("{}: churn: {e}", t.name));
            }
        }
    }
    info["wall_s"] = json!(t0.elapsed().as_secs_f64());
    say(t0, "done");
    let v = res_json(&res, &info);
    write_json(cfg, &v, "results.json");
    let _ = std::fs::remove_file(cfg.out.join("results.partial.json"));
    let md = report::table(cfg, &res, &info);
    std::fs::write(cfg.out.join("results.md"), &md).unwrap();
    println!("{md}");
    if !cfg.keep {
        for (t, _) in &res {
            let _ = std::fs::remove_dir_all(cfg.work.join(format!("data-{}", t.name)));
        }
    }
    res
}

fn remove(cfg: &Cfg, n: &str) {
    for f in ["idx", "0.bin", "1.bin"] {
        let _ = std::fs::remove_file(cfg.work.join(format!("{n}.{f}")));
    }
}

fn write_json(cfg: &Cfg, v: &Value, name: &str) {
    std::fs::write(cfg.out.join(name), serde_json::to_string_pretty(v).unwrap()).unwrap();
}

fn res_json(res: &[(Target, Results)], info: &Value) -> Value {
    let t: Vec<Value> = res
        .iter()
        .map(|(t, r)| {
            let q: BTreeMap<&String, Value> = r.q.iter().map(|(k, q)| {
                let mut l = q.lat.clone();
                l.sort_by(|a, b| a.partial_cmp(b).unwrap());
                (k, json!({"min": pct(&l, 0.0), "p50": pct(&l, 50.0), "p99": pct(&l, 99.0), "runs": l.len(), "p50_by_pass": q.p50, "cpu_ms_by_pass": q.cpu_ms, "bytes": q.bytes, "error": q.error, "cached_p50": q.cached_p50}))
            }).collect();
            json!({"target": t.name, "metrics": r.m, "queries": q, "notes": r.notes})
        })
        .collect();
    json!({"info": info, "targets": t})
}
