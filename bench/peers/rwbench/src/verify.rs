//! Is everything there that was acknowledged? Counts what a server holds and compares.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    data::{Dataset, HOSTS_PER_RACK},
    http::Client,
    query,
    target::{Inst, Target},
};

/// An instant query: label set -> value.
pub fn ask(
    c: &mut Client,
    t: &Target,
    expr: &str,
    time: f64,
) -> Result<BTreeMap<String, f64>, String> {
    let x = if t.extra.is_empty() { String::new() } else { format!("&{}", t.extra) };
    let p = format!("{}/query?query={}&time={time:.3}{x}", t.api, crate::http::urlencode(expr));
    let r = c.request("GET", &p, "", b"").map_err(|e| e.to_string())?;
    if r.status != 200 {
        return Err(format!(
            "{} {}",
            r.status,
            String::from_utf8_lossy(&r.body).chars().take(160).collect::<String>()
        ));
    }
    Ok(query::parse(&r.body)?.into_iter().filter_map(|(k, v)| Some((k, v.first()?.1))).collect())
}

pub fn scalar(c: &mut Client, t: &Target, expr: &str, time: f64) -> Result<Option<f64>, String> {
    Ok(ask(c, t, expr, time)?.values().next().copied())
}

pub fn rack_of(ds: &Dataset, lane: usize) -> usize {
    lane * ds.spec.hosts_per_req / HOSTS_PER_RACK
}

/// Counts what is stored, up to the last window that was acknowledged for the whole of a rack,
/// and compares with what was acknowledged. (acknowledged, found, missing, surplus); no stale markers.
pub fn verify(
    inst: &Inst,
    ds: &Dataset,
    acked_windows: &[usize],
) -> Result<(u64, u64, u64, u64), String> {
    let mut c = query::client(&inst.base);
    let racks = rack_of(ds, ds.lanes - 1) + 1;
    let span = (ds.spec.steps as u64 * ds.spec.interval_s + 60).div_ceil(60);
    let mut upto = vec![usize::MAX; racks];
    for l in 0..ds.lanes {
        let r = rack_of(ds, l);
        upto[r] = upto[r].min(acked_windows[l]);
    }
    let mut want = vec![0u64; racks];
    for f in &ds.frames {
        let r = rack_of(ds, f.lane as usize);
        if (f.window as usize) < upto[r] {
            want[r] += f.live as u64;
        }
    }
    // racks that got equally far are asked about together; one query a metric name,
    // as count_over_time drops the name and may not yield the same labels twice
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for r in 0..racks {
        if upto[r] > 0 {
            groups.entry(upto[r]).or_default().push(r);
        }
    }
    let mut got = vec![0u64; racks];
    for (w, rs) in &groups {
        let t = (ds.step_ms((w * ds.spec.window).min(ds.spec.steps)) - 1) as f64 / 1000.0;
        let re = rs.iter().map(|r| format!("r{r:02}")).collect::<Vec<_>>().join("|");
        for n in ds.names() {
            let e = format!("sum by (rack) (count_over_time({n}{{rack=~\"{re}\"}}[{span}m]))");
            for (k, v) in ask(&mut c, &inst.t, &e, t)? {
                let r: usize = k
                    .trim_matches(|c: char| !c.is_ascii_digit())
                    .parse()
                    .map_err(|_| format!("odd label set {k}"))?;
                got[r] += v as u64;
            }
        }
    }
    let missing = want.iter().zip(&got).map(|(w, g)| w.saturating_sub(*g)).sum();
    let surplus = want.iter().zip(&got).map(|(w, g)| g.saturating_sub(*w)).sum();
    Ok((want.iter().sum(), got.iter().sum(), missing, surplus))
}

/// verify, retried for a while: some servers make fresh data visible only after a second or more
pub fn verify_patiently(
    inst: &Inst,
    ds: &Dataset,
    acked: &[usize],
) -> Result<(u64, u64, u64, u64), String> {
    let t0 = Instant::now();
    loop {
        let r = verify(inst, ds, acked);
        match &r {
            Ok(v) if v.2 == 0 => return r,
            _ if t0.elapsed() > Duration::from_secs(12) => return r,
            _ => std::thread::sleep(Duration::from_secs(1)),
        }
    }
}
