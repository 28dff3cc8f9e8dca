//! The command line of the load tool.

mod options;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicBool, AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use options::Options;
use rwbench::{churn, data, http::Base, procfs, push, query, soak, suite, target::Target};

const USAGE: &str = "rwbench: remote-write load and PromQL queries for Prometheus-compatible servers
  rwbench suite [--targets 'prometheus victoria plimsoll NAME=URL,pid=N,dir=D[,long=URL,longpid=N,longdir=D]'] [--conf-dir DIR]
                [--work DIR] [--out DIR] [--reps 3] [--crashes 2] [--conns 4] [--runs 20] [--passes 2] [--budget-ms 800]
                [--phases iclsh] [--scale 1.0] [--hours 6] [--speed 60] [--new 1000000] [--seed 1] [--keep]
  rwbench soak  [--target plimsoll] [--conf-dir DIR] [--work DIR] [--minutes 60] [--kill-every 240] [--rate 0] [--seed 1]
  rwbench gen   --dir DIR --name N [--hosts 1000] [--steps 240] [--interval 15] [--window 1] [--hosts-per-req 20] [--end UNIX] [--seed 1]
  rwbench push  --dir DIR --name N --url URL [--conns 4] [--path /api/v1/write] [--skew 4] [--rate 0] [--pid PID]
  rwbench query --url URL --end UNIX [--set short|long] [--api /api/v1] [--runs 20] [--extra nocache=1] [--compare URL] [--compare-extra X]
  rwbench list";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.split_first() {
        Some((command, rest)) => Options::parse(rest).and_then(|options| run(command, &options)),
        None => Err(USAGE.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(text) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
    }
}

/// `false` means that it looked and found it wanting.
fn run(command: &str, o: &Options) -> Result<bool, String> {
    // The end of the data: a multiple of 300 s, so that every step used is aligned.
    let now =
        SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.as_secs();
    let end = o.number("end", (now / 300 * 300) as f64)? as i64;
    match command {
        "suite" => suite_with(o, end),
        "soak" => {
            let target = Target::parse(
                &o.text("target", "plimsoll"),
                Path::new(&o.text("conf-dir", "targets")),
            )?;
            let spec = soak::Spec {
                minutes: o.number("minutes", 60.0)?,
                kill_every: Duration::from_secs_f64(o.number("kill-every", 240.0)?),
                rate: o.number("rate", 0.0)?,
                end_s: end,
                seed: o.number("seed", 1.0)? as u64,
            };
            let work = PathBuf::from(o.text("work", "/tmp/rwbench-work"));
            std::fs::create_dir_all(&work).map_err(|error| error.to_string())?;
            soak::run(&spec, &target, &work)
        }
        "gen" => {
            let whole = |name, otherwise| o.number(name, otherwise).map(|number| number as usize);
            let spec = data::Spec {
                hosts: whole("hosts", 1000.0)?,
                steps: whole("steps", 240.0)?,
                interval_s: whole("interval", 15.0)? as u64,
                end_s: end,
                window: whole("window", 1.0)?,
                hosts_per_req: whole("hosts-per-req", 20.0)?,
                seed: whole("seed", 1.0)? as u64,
            };
            let set = data::generate(&spec, Path::new(&o.needed("dir")?), &o.needed("name")?, 2);
            println!(
                "samples {} requests {} wire_bytes {} raw_bytes {} end {end}",
                set.samples(),
                set.frames.len(),
                set.bytes,
                set.raw_bytes
            );
            Ok(true)
        }
        "push" => push_file(o),
        "query" => ask(o, end),
        "list" => {
            for query in query::SHORT.iter().chain(query::LONG) {
                println!("{} {:?} {} :: {}", query.id, query.kind, query.what, query.expr);
            }
            Ok(true)
        }
        _ => Err(USAGE.into()),
    }
}

fn suite_with(o: &Options, end: i64) -> Result<bool, String> {
    let folder = PathBuf::from(o.text("conf-dir", "targets"));
    let targets = o
        .text("targets", "prometheus victoria plimsoll")
        .split_whitespace()
        .map(|target| Target::parse(target, &folder))
        .collect::<Result<Vec<_>, _>>()?;
    let (scale, seed) = (o.number("scale", 1.0)?, o.number("seed", 1.0)? as u64);
    let hosts = |full: f64| ((full * scale / 20.0).ceil() as usize).max(1) * 20;
    let whole = |name, otherwise| o.number(name, otherwise).map(|number| number as usize);
    suite::run(&suite::Cfg {
        targets,
        work: PathBuf::from(o.text("work", "/tmp/rwbench-work")),
        out: PathBuf::from(o.text("out", ".")),
        reps: whole("reps", 3.0)?,
        crashes: whole("crashes", 2.0)?,
        conns: whole("conns", 4.0)?,
        runs: whole("runs", 20.0)?,
        passes: whole("passes", 2.0)?,
        budget: Duration::from_millis(whole("budget-ms", 800.0)? as u64),
        short: data::Spec {
            hosts: hosts(1000.0),
            steps: 240,
            interval_s: 15,
            end_s: end,
            window: 1,
            hosts_per_req: 20,
            seed,
        },
        long: data::Spec {
            hosts: hosts(100.0),
            steps: 7 * 1440,
            interval_s: 60,
            end_s: end,
            window: 20,
            hosts_per_req: 1,
            seed: seed + 1,
        },
        churn: churn::Spec {
            series_per_hour: (o.number("new", 1e6)? * scale) as u64,
            hours: o.number("hours", 6.0)?,
            speed: o.number("speed", 60.0)?,
            end_s: end,
        },
        phases: o.text("phases", "iclsh"),
        keep: o.has("keep"),
    });
    Ok(true)
}

fn base(o: &Options, url: &str) -> Result<Base, String> {
    Base::parse(url, o.get("header").map(str::to_owned).into_iter().collect())
}

fn push_file(o: &Options) -> Result<bool, String> {
    let set =
        data::load(Path::new(&o.needed("dir")?), &o.needed("name")?).ok_or("no such data set")?;
    let base = base(o, &o.needed("url")?)?;
    let pid = o.number("pid", 0.0)? as u32;
    let before = procfs::cpu_s(pid);
    let options = push::Opts {
        conns: o.number("conns", 4.0)? as usize,
        path: o.text("path", "/api/v1/write"),
        skew: o.number("skew", 4.0)? as usize,
        rate: o.number("rate", 0.0)?,
    };
    let r = push::push(&set, &base, &options, &AtomicBool::new(false), &AtomicU64::new(0));
    println!(
        "{:.0} samples/s, {} samples ({} without stale markers) acknowledged in {:.2} s, {} requests, p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms, {} retries, {} rejected {}, load tool CPU {:.2} s",
        r.acked as f64 / r.wall_s,
        r.acked,
        r.acked_live,
        r.wall_s,
        r.requests,
        push::pct(&r.lat_ms, 50.0),
        push::pct(&r.lat_ms, 99.0),
        push::pct(&r.lat_ms, 100.0),
        r.retries,
        r.rejected,
        r.first_error,
        r.client_cpu_s
    );
    if pid > 0 {
        let spent = procfs::cpu_s(pid) - before;
        println!(
            "server: {spent:.2} CPU s, {:.3} per million samples, peak RSS {:.0} MiB",
            spent / r.acked as f64 * 1e6,
            procfs::status_mib(pid, "VmHWM")
        );
    }
    Ok(true)
}

fn ask(o: &Options, end: i64) -> Result<bool, String> {
    let set = if o.text("set", "short") == "long" { query::LONG } else { query::SHORT };
    let mut client = query::client(&base(o, &o.needed("url")?)?);
    let mut other =
        o.get("compare").map(|url| base(o, url)).transpose()?.map(|base| query::client(&base));
    let (api, runs, budget) = (
        o.text("api", "/api/v1"),
        o.number("runs", 20.0)? as usize,
        Duration::from_millis(o.number("budget-ms", 800.0)? as u64),
    );
    let mut differ = 0;
    for q in set {
        let t = query::time(
            &mut client,
            &query::path(&api, q, end, &o.text("extra", "")),
            runs,
            budget,
        );
        let mut line = format!(
            "{} {:<26} p50 {:9.2} ms  p99 {:9.2} ms  {:3} runs {:9} bytes {}",
            q.id,
            q.what,
            push::pct(&t.lat_ms, 50.0),
            push::pct(&t.lat_ms, 99.0),
            t.lat_ms.len(),
            t.bytes,
            t.error
        );
        if let Some(other) = &mut other {
            let u = query::time(
                other,
                &query::path(&api, q, end, &o.text("compare-extra", "")),
                3,
                Duration::ZERO,
            );
            match (query::parse(&t.body), query::parse(&u.body)) {
                (Ok(a), Ok(b)) => {
                    let found = query::diff(&a, &b, o.number("tol", 1e-6)?);
                    differ += usize::from(!found.equal());
                    line += &if found.equal() {
                        format!("  equal ({} points)", found.points)
                    } else {
                        format!("  {found:?}")
                    };
                }
                (a, b) => {
                    differ += 1;
                    line += &format!("  not comparable: {:?} {:?} {}", a.err(), b.err(), u.error);
                }
            }
        }
        println!("{line}");
    }
    if other.is_some() {
        println!("{differ} of {} differ", set.len());
    }
    Ok(differ == 0)
}
