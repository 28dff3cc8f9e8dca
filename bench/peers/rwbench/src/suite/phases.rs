//! The phases after loading: queries, `kill -9` and restart, `kill -9` in mid-push, the price of syncing.

use super::{Cfg, Results, load::Loaded, say};
use crate::{
    data::Dataset,
    procfs,
    push::{self, pct, push},
    query::{self, Query},
    target::{Inst, Target},
    verify::{scalar, verify_patiently},
};
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::*},
    time::{Duration, Instant},
};

pub(super) fn queries(
    cfg: &Cfg,
    inst: &Inst,
    ds: &Dataset,
    set: &[Query],
    pre: &str,
    r: &mut Results,
) {
    procfs::reset_peak(inst.pid);
    let (w0, busy0, cpu_0, me0) = (
        Instant::now(),
        procfs::machine_busy_s(),
        procfs::cpu_s(inst.pid),
        procfs::cpu_s(std::process::id()),
    );
    let mut c = query::client(&inst.base);
    for pass in 0..cfg.passes {
        for q in set {
            let p = query::path(&inst.t.api, q, ds.spec.end_s, &inst.t.extra);
            let cpu0 = procfs::cpu_s(inst.pid);
            let t = query::time(&mut c, &p, cfg.runs, cfg.budget);
            let cpu = procfs::cpu_s(inst.pid) - cpu0;
            let e = r.q.entry(q.id.into()).or_default();
            if !t.error.is_empty() {
                e.error = t.error.clone();
                if pass == 0 {
                    eprintln!("    {} {}: {}", inst.t.name, q.id, t.error);
                }
                continue;
            }
            e.p50.push(pct(&t.lat_ms, 50.0));
            e.cpu_ms.push(cpu * 1e3 / (t.lat_ms.len() + 1) as f64);
            e.lat.extend(&t.lat_ms);
            e.bytes = t.bytes;
            if pass == 0 {
                match query::parse(&t.body) {
                    Ok(a) => {
                        r.answers.insert(q.id.into(), a);
                    }
                    Err(x) => r.q.get_mut(q.id).unwrap().error = x,
                }
            }
        }
    }
    let others = procfs::machine_busy_s()
        - busy0
        - (procfs::cpu_s(inst.pid) - cpu_0)
        - (procfs::cpu_s(std::process::id()) - me0);
    r.add(&format!("{pre}.query_other_cores"), others / w0.elapsed().as_secs_f64());
    // the same with caches allowed, for servers that have a result cache
    for q in set {
        if matches!(q.kind, query::Kind::Instant) {
            continue; // our evaluation time is a round one, which would flatter a cache
        }
        let p = query::path(&inst.t.api, q, ds.spec.end_s, "");
        let e = r.q.get_mut(q.id).unwrap();
        e.cached_p50 = if inst.t.extra.is_empty() {
            let mut l = e.lat.clone();
            l.sort_by(|a, b| a.partial_cmp(b).unwrap());
            pct(&l, 50.0)
        } else {
            pct(&query::time(&mut c, &p, 5, Duration::from_millis(500)).lat_ms, 50.0)
        };
    }
    r.add(&format!("{pre}.query_peak"), procfs::status_mib(inst.pid, "VmHWM"));
}

/// kill -9, start again; seconds until ready and until the first right answer.
pub(super) fn restart(
    l: &mut Loaded,
    ds: &Dataset,
    pre: &str,
    r: &mut Results,
    t0: Instant,
) -> Result<(), String> {
    l.inst.kill9();
    let s = Instant::now();
    l.inst.spawn()?;
    l.inst.wait_ready(Duration::from_secs(300))?;
    let ready = s.elapsed().as_secs_f64();
    let mut c = query::client(&l.inst.base);
    let hosts = ds.spec.hosts as f64;
    let mut ok = true;
    loop {
        // the last but one step: every host has it, but for the few that are down, which report up = 0
        let t = (ds.step_ms(ds.spec.steps) - 1) as f64 / 1000.0;
        if let Ok(Some(n)) = scalar(&mut c, &l.inst.t, "count(up)", t) {
            if n == hosts {
                break;
            }
        }
        if s.elapsed().as_secs_f64() > ready + 15.0 {
            r.note(format!(
                "{}: {pre}: no right answer to count(up) within 15 s of the restart",
                l.inst.t.name
            ));
            ok = false;
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let answered = s.elapsed().as_secs_f64();
    r.add(&format!("{pre}.restart_ready"), ready);
    if ok {
        r.add(&format!("{pre}.restart_answer"), answered);
    }
    r.add(&format!("{pre}.restart_cpu"), procfs::cpu_s(l.inst.pid));
    r.add(&format!("{pre}.restart_rss"), procfs::status_mib(l.inst.pid, "VmHWM"));
    say(
        t0,
        &format!(
            "  {} restart after kill -9: ready {ready:.2} s, first right answer {answered:.2} s",
            l.inst.t.name
        ),
    );
    Ok(())
}

/// kill -9 in the middle of the push.
pub(super) fn crash(
    cfg: &Cfg,
    t: &Target,
    ds: &Dataset,
    after: f64,
    rate: f64,
    r: &mut Results,
    t0: Instant,
) -> Result<(), String> {
    let mut inst = Inst::fresh(t, &cfg.work, false)?;
    let (stop, progress) = (AtomicBool::new(false), AtomicU64::new(0));
    let base = inst.base.clone();
    let o = std::thread::scope(|sc| {
        let h = sc.spawn(|| {
            push(
                ds,
                &base,
                &push::Opts { conns: cfg.conns, path: t.write.clone(), skew: 4, rate },
                &stop,
                &progress,
            )
        });
        let s = Instant::now();
        while s.elapsed().as_secs_f64() < after && progress.load(Relaxed) < ds.samples() * 6 / 10 {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, SeqCst);
        inst.kill9();
        h.join().unwrap()
    });
    let s = Instant::now();
    inst.spawn()?;
    inst.wait_ready(Duration::from_secs(300))?;
    let ready = s.elapsed().as_secs_f64();
    let l = Loaded { inst, acked: o.acked_windows };
    let (a, f, m, _) = verify_patiently(&l.inst, ds, &l.acked)?;
    let pre = if rate > 0.0 { "Cp" } else { "C" };
    let secs = m as f64 / (o.acked as f64 / o.wall_s);
    r.add(&format!("{pre}.lost"), m as f64);
    r.add(&format!("{pre}.lost_s"), secs);
    r.add(&format!("{pre}.ready"), ready);
    let how = if rate > 0.0 { format!("at {rate:.0}/s") } else { "at full speed".into() };
    say(
        t0,
        &format!(
            "  {} kill -9 after {after:.1} s of ingest {how}: acknowledged {a}, found {f}, missing {m} (= {secs:.2} s of ingest); ready after {ready:.2} s",
            t.name
        ),
    );
    Ok(())
}

/// What it costs to have every request on the disk before it is acknowledged: set A for 20 s, with the target's
/// own settings and with those of `safe`.
pub(super) fn sync_price(
    cfg: &Cfg,
    t: &Target,
    ds: &Dataset,
    r: &mut Results,
    t0: Instant,
) -> Result<(), String> {
    for (key, start) in [("S.plain", &t.start), ("S.rate", &t.safe)] {
        let t = Target { start: start.clone(), ..t.clone() };
        let mut inst = Inst::fresh(&t, &cfg.work, false)?;
        let (stop, progress, base) = (AtomicBool::new(false), AtomicU64::new(0), inst.base.clone());
        let o = std::thread::scope(|sc| {
            let h = sc.spawn(|| {
                push(
                    ds,
                    &base,
                    &push::Opts { conns: cfg.conns, path: t.write.clone(), skew: 4, rate: 0.0 },
                    &stop,
                    &progress,
                )
            });
            let s = Instant::now();
            while s.elapsed() < Duration::from_secs(20) && !h.is_finished() {
                std::thread::sleep(Duration::from_millis(10));
            }
            stop.store(true, SeqCst);
            inst.kill9();
            h.join().unwrap()
        });
        r.add(key, o.acked as f64 / o.wall_s);
        if key == "S.rate" {
            r.add("S.lat50", pct(&o.lat_ms, 50.0));
        }
        say(
            t0,
            &format!(
                "  {} {key}: {:.0} samples/s, p50 {:.2} ms",
                t.name,
                o.acked as f64 / o.wall_s,
                pct(&o.lat_ms, 50.0)
            ),
        );
    }
    Ok(())
}
