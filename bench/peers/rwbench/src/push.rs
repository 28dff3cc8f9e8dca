//! Replays an encoded data set by remote write over K connections.
//! A lane (some hosts) always goes over the same connection, so the samples of a series arrive in order;
//! no connection runs more than `skew` windows ahead of the slowest, as real scrapes do not.
use crate::data::Dataset;
use crate::http::{Base, Client};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::time::{Duration, Instant};

pub struct Opts {
    pub conns: usize,
    pub path: String,
    pub skew: usize,
    pub rate: f64, // samples/s, 0 = as fast as can be
}

#[derive(Default, Clone, Debug)]
pub struct Outcome {
    pub wall_s: f64,
    pub requests: u64,
    pub acked: u64,
    pub acked_live: u64,
    pub retries: u64,
    pub rejected: u64, // 4xx: samples lost
    pub first_error: String,
    pub lat_ms: Vec<f64>,          // sorted
    pub acked_windows: Vec<usize>, // per lane: windows 0..n acknowledged without a hole
    pub client_cpu_s: f64,
    pub broke: bool, // stopped on a broken connection (the kill test)
}

pub fn pct(v: &[f64], p: f64) -> f64 {
    if v.is_empty() {
        return f64::NAN;
    }
    let i = (p / 100.0 * (v.len() - 1) as f64).round() as usize;
    v[i.min(v.len() - 1)]
}

pub const HEADERS: &str = "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n";

/// Sends one request until it is taken: again after 429, 5xx and broken connections, at most 100 times.
/// The error is a refusal, which loses the samples.
pub fn deliver(
    client: &mut Client,
    path: &str,
    headers: &str,
    body: &[u8],
    retries: &mut u64,
) -> Result<(), String> {
    let mut last = String::new();
    for _ in 0..100 {
        match client.request("POST", path, headers, body) {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(()),
            Ok(answer) => {
                last =
                    format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body).trim());
                if answer.status != 429 && answer.status < 500 {
                    return Err(last);
                }
            }
            Err(error) => last = error.to_string(),
        }
        *retries += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(last)
}

/// `stop`: when set, a broken connection ends the run instead of being retried.
/// `progress`: samples acknowledged so far, for a watcher.
pub fn push(
    ds: &Dataset,
    base: &Base,
    o: &Opts,
    stop: &AtomicBool,
    progress: &AtomicU64,
) -> Outcome {
    let cpu0 = crate::procfs::cpu_s(std::process::id());
    let t0 = Instant::now();
    let at: Vec<AtomicUsize> = (0..o.conns).map(|_| AtomicUsize::new(0)).collect();
    let outs: Vec<Outcome> = std::thread::scope(|sc| {
        let hs: Vec<_> = (0..o.conns)
            .map(|k| {
                let at = &at;
                sc.spawn(move || {
                    let mut c = Client::new(base.clone(), Duration::from_secs(30));
                    let mut r = Outcome { acked_windows: vec![0; ds.lanes], ..Default::default() };
                    let mut buf = Vec::new();
                    let mut holes = vec![false; ds.lanes];
                    'all: for w in 0..ds.windows {
                        while at.iter().map(|a| a.load(Relaxed)).min().unwrap() + o.skew < w {
                            if stop.load(Relaxed) && r.broke {
                                break 'all;
                            }
                            std::thread::sleep(Duration::from_micros(200));
                        }
                        for l in (k..ds.lanes).step_by(o.conns) {
                            let f = &ds.frames[w * ds.lanes + l];
                            debug_assert!(f.lane as usize == l && f.window as usize == w);
                            if o.rate > 0.0 {
                                let due = progress.load(Relaxed) as f64 / o.rate;
                                let el = t0.elapsed().as_secs_f64();
                                if due > el {
                                    std::thread::sleep(Duration::from_secs_f64(
                                        (due - el).min(1.0),
                                    ));
                                }
                            }
                            ds.read(f, &mut buf);
                            let mut tries = 0;
                            loop {
                                let t = Instant::now();
                                match c.request("POST", &o.path, HEADERS, &buf) {
                                    Ok(x) if (200..300).contains(&x.status) => {
                                        r.lat_ms.push(t.elapsed().as_secs_f64() * 1e3);
                                        r.requests += 1;
                                        r.acked += f.samples as u64;
                                        r.acked_live += f.live as u64;
                                        if !holes[l] {
                                            r.acked_windows[l] = w + 1;
                                        }
                                        progress.fetch_add(f.samples as u64, Relaxed);
                                        break;
                                    }
                                    Ok(x) if x.status == 429 || x.status >= 500 => {
                                        r.retries += 1;
                                        if r.first_error.is_empty() {
                                            r.first_error = format!(
                                                "{} {}",
                                                x.status,
                                                String::from_utf8_lossy(&x.body).trim()
                                            );
                                        }
                                        tries += 1;
                                    }
                                    Ok(x) => {
                                        r.rejected += f.samples as u64;
                                        holes[l] = true;
                                        if r.first_error.is_empty() {
                                            r.first_error = format!(
                                                "{} {}",
                                                x.status,
                                                String::from_utf8_lossy(&x.body).trim()
                                            );
                                        }
                                        break;
                                    }
                                    Err(e) => {
                                        if stop.load(Relaxed) {
                                            r.broke = true;
                                            at[k].store(usize::MAX / 2, Relaxed);
                                            break 'all;
                                        }
                                        r.retries += 1;
                                        if r.first_error.is_empty() {
                                            r.first_error = e.to_string();
                                        }
                                        tries += 1;
                                    }
                                }
                                if tries > 100 {
                                    r.rejected += f.samples as u64;
                                    holes[l] = true;
                                    break;
                                }
                                std::thread::sleep(Duration::from_millis(20));
                            }
                        }
                        at[k].store(w + 1, Relaxed);
                    }
                    at[k].store(usize::MAX / 2, Relaxed);
                    r
                })
            })
            .collect();
        hs.into_iter().map(|h| h.join().unwrap()).collect()
    });
    let mut r = Outcome {
        wall_s: t0.elapsed().as_secs_f64(),
        acked_windows: vec![0; ds.lanes],
        ..Default::default()
    };
    r.client_cpu_s = crate::procfs::cpu_s(std::process::id()) - cpu0;
    for o in outs {
        r.requests += o.requests;
        r.acked += o.acked;
        r.acked_live += o.acked_live;
        r.retries += o.retries;
        r.rejected += o.rejected;
        r.broke |= o.broke;
        r.lat_ms.extend(o.lat_ms);
        for (a, b) in r.acked_windows.iter_mut().zip(&o.acked_windows) {
            *a = (*a).max(*b);
        }
        if r.first_error.is_empty() {
            r.first_error = o.first_error;
        }
    }
    r.lat_ms.sort_by(|a, b| a.partial_cmp(b).unwrap());
    r
}
