//! Filling a server with a data set, and what that cost.

use super::{Cfg, Results, say};
use crate::{
    data::Dataset,
    procfs,
    push::{self, pct, push},
    target::{Inst, Target},
    verify::verify_patiently,
};
use std::{
    sync::atomic::{AtomicBool, AtomicU64},
    time::{Duration, Instant},
};

pub(super) struct Loaded {
    pub(super) inst: Inst,
    pub(super) acked: Vec<usize>,
}

pub(super) fn load(
    cfg: &Cfg,
    t: &Target,
    ds: &Dataset,
    pre: &str,
    r: &mut Results,
    t0: Instant,
) -> Result<Loaded, String> {
    let inst = Inst::fresh(t, &cfg.work, pre == "B")?;
    procfs::reset_peak(inst.pid);
    let (cpu0, wb0) = (procfs::cpu_s(inst.pid), procfs::write_bytes(inst.pid));
    let skew = if pre == "B" { 1 } else { 4 };
    let busy0 = procfs::machine_busy_s();
    let o = push(
        ds,
        &inst.base,
        &push::Opts { conns: cfg.conns, path: t.write.clone(), skew, rate: 0.0 },
        &AtomicBool::new(false),
        &AtomicU64::new(0),
    );
    let cpu1 = procfs::cpu_s(inst.pid);
    // what others used of the machine meanwhile: a measure of disturbance
    let other = (procfs::machine_busy_s() - busy0 - (cpu1 - cpu0) - o.client_cpu_s) / o.wall_s;
    r.add(&format!("{pre}.other_cores"), other);
    let n = ds.samples() as f64;
    let rate = o.acked as f64 / o.wall_s;
    say(
        t0,
        &format!(
            "  {} {pre}: {:.0} samples/s, {:.1} s, p50 {:.2} ms, p99 {:.2} ms, {} retries, {} rejected {}; others used {other:.2} cores",
            t.name,
            rate,
            o.wall_s,
            pct(&o.lat_ms, 50.0),
            pct(&o.lat_ms, 99.0),
            o.retries,
            o.rejected,
            o.first_error
        ),
    );
    let (w, calm) = inst.settle(Duration::from_secs(if pre == "B" { 150 } else { 60 }));
    let cpu2 = procfs::cpu_s(inst.pid);
    r.add(&format!("{pre}.rate"), rate);
    r.add(&format!("{pre}.cpu_per_m"), (cpu2 - cpu0) / n * 1e6);
    r.add(&format!("{pre}.cpu_push_per_m"), (cpu1 - cpu0) / n * 1e6);
    r.add(&format!("{pre}.lat50"), pct(&o.lat_ms, 50.0));
    r.add(&format!("{pre}.lat99"), pct(&o.lat_ms, 99.0));
    r.add(&format!("{pre}.latmax"), pct(&o.lat_ms, 100.0));
    r.add(&format!("{pre}.peak"), procfs::status_mib(inst.pid, "VmHWM"));
    r.add(&format!("{pre}.rest"), procfs::status_mib(inst.pid, "VmRSS"));
    r.add(&format!("{pre}.anon"), procfs::status_mib(inst.pid, "RssAnon"));
    r.add(&format!("{pre}.disk"), inst.disk() / n);
    r.add(&format!("{pre}.written"), (procfs::write_bytes(inst.pid) - wb0) / n);
    r.add(&format!("{pre}.settle"), w);
    r.add(&format!("{pre}.client_cpu_per_m"), o.client_cpu_s / n * 1e6);
    r.add(&format!("{pre}.refused"), o.rejected as f64);
    if !calm {
        r.note(format!("{}: still busy {w:.0} s after ingest of {pre}", t.name));
    }
    if o.retries + o.rejected > 0 {
        r.note(format!(
            "{}: {pre}: {} retries, {} samples rejected: {}",
            t.name, o.retries, o.rejected, o.first_error
        ));
    }
    Ok(Loaded { inst, acked: o.acked_windows })
}

/// Loads; when other processes took too much of the machine meanwhile, does it again (a few times in a run).
pub(super) fn load_calm(
    cfg: &Cfg,
    t: &Target,
    ds: &Dataset,
    pre: &str,
    r: &mut Results,
    again: &mut usize,
    t0: Instant,
) -> Result<Loaded, String> {
    loop {
        let mut tmp = Results::default();
        let l = load(cfg, t, ds, pre, &mut tmp, t0)?;
        let other = tmp.m[&format!("{pre}.other_cores")][0];
        if other > 0.3 && *again > 0 && t.managed() && t0.elapsed() < Duration::from_secs(600) {
            *again -= 1;
            r.note(format!("{}: {pre}: a repetition at {:.0} samples/s was thrown away, as other processes used {other:.2} cores", t.name, tmp.m[&format!("{pre}.rate")][0]));
            continue;
        }
        for (k, v) in tmp.m {
            r.m.entry(k).or_default().extend(v);
        }
        r.notes.extend(tmp.notes);
        return Ok(l);
    }
}

pub(super) fn check(l: &Loaded, ds: &Dataset, what: &str, key: &str, r: &mut Results) {
    match verify_patiently(&l.inst, ds, &l.acked) {
        Ok((a, f, m, s)) => {
            r.add(key, m as f64);
            eprintln!("    {what}: acknowledged {a}, found {f}, missing {m}, surplus {s}");
            if s > 0 {
                r.note(format!("{}: {what}: {s} samples more than acknowledged", l.inst.t.name));
            }
        }
        Err(e) => r.note(format!("{}: {what}: could not be verified: {e}", l.inst.t.name)),
    }
}
