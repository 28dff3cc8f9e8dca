//! Deterministic monitoring data modelled on node_exporter, cAdvisor and an HTTP service.
//! Values depend only on (seed, host, step); timestamps depend only on (end, host, step).

mod chance;
mod host;
#[cfg(test)]
mod tests;
mod walk;
pub mod wire;

pub use chance::Chance;
use host::Host;
use wire::{put_sample, put_varint};

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

pub const STALE_NAN: u64 = 0x7ff0_0000_0000_0002;
pub const SERIES_PER_HOST: usize = 100;
pub const HOSTS_PER_RACK: usize = 20;

#[derive(Clone, Debug)]
pub struct Spec {
    pub hosts: usize,
    pub steps: usize,
    pub interval_s: u64,
    pub end_s: i64,
    /// samples of one series in one request: 1 = live scraping, >1 = backfill style
    pub window: usize,
    /// hosts in one request
    pub hosts_per_req: usize,
    pub seed: u64,
}

/// One encoded remote-write request.
#[derive(Clone, Debug)]
pub struct Frame {
    pub part: u32,
    pub off: u64,
    pub len: u32,
    pub lane: u32,
    pub window: u32,
    pub samples: u32, // all samples, stale markers included
    pub live: u32,    // samples without stale markers
}

pub struct Dataset {
    pub spec: Spec,
    pub lanes: usize,
    pub windows: usize,
    pub frames: Vec<Frame>, // ordered by (window, lane)
    pub parts: Vec<File>,
    pub bytes: u64,
    pub raw_bytes: u64,
}

impl Dataset {
    pub fn samples(&self) -> u64 {
        self.frames.iter().map(|f| f.samples as u64).sum()
    }
    pub fn read(&self, f: &Frame, buf: &mut Vec<u8>) {
        buf.resize(f.len as usize, 0);
        self.parts[f.part as usize].read_exact_at(buf, f.off).expect("reading the data file");
    }
    /// all metric names of the data set
    pub fn names(&self) -> Vec<String> {
        let mut v: Vec<String> =
            Host::new(&self.spec, 0).labels.iter().map(|l| metric_name(l)).collect();
        v.sort();
        v.dedup();
        v
    }
    /// start of step s in ms; every sample of step s lies strictly inside (start(s), start(s + 1))
    pub fn step_ms(&self, s: usize) -> i64 {
        step_ms(&self.spec, s)
    }
}

/// __name__ sorts first: the encoded labels begin 0a LEN 0a 08 __name__ 12 LEN value
fn metric_name(l: &[u8]) -> String {
    let i = 2 + 2 + 8;
    String::from_utf8_lossy(&l[i + 2..i + 2 + l[i + 1] as usize]).to_string()
}

fn step_ms(spec: &Spec, s: usize) -> i64 {
    (spec.end_s - (spec.steps as i64 - s as i64) * spec.interval_s as i64) * 1000
}

/// Encodes the WriteRequest of one lane (some hosts) and one window (some steps).
struct LaneGen {
    lane: usize,
    hosts: Vec<Host>,
    body: Vec<Vec<u8>>, // samples of each series of the lane in this window
}

impl LaneGen {
    fn new(spec: &Spec, lane: usize) -> LaneGen {
        let lo = lane * spec.hosts_per_req;
        let hi = (lo + spec.hosts_per_req).min(spec.hosts);
        let hosts: Vec<Host> = (lo..hi).map(|i| Host::new(spec, i)).collect();
        let body = vec![Vec::new(); hosts.len() * SERIES_PER_HOST];
        LaneGen { lane, hosts, body }
    }
    fn window(&mut self, spec: &Spec, w: usize, raw: &mut Vec<u8>) -> (u32, u32) {
        let (mut samples, mut live) = (0, 0);
        for b in &mut self.body {
            b.clear();
        }
        for (hi, h) in self.hosts.iter_mut().enumerate() {
            for step in w * spec.window..((w + 1) * spec.window).min(spec.steps) {
                let ts = step_ms(spec, step) + h.offset_ms;
                let body = &mut self.body[hi * SERIES_PER_HOST..(hi + 1) * SERIES_PER_HOST];
                h.scrape(spec, step, |s, bits, is_live| {
                    put_sample(&mut body[s], ts, bits);
                    samples += 1;
                    live += is_live as u32;
                });
            }
        }
        raw.clear();
        for (hi, h) in self.hosts.iter().enumerate() {
            for s in 0..SERIES_PER_HOST {
                let b = &self.body[hi * SERIES_PER_HOST + s];
                if !b.is_empty() {
                    raw.push(0x0a); // WriteRequest.timeseries = 1
                    put_varint(raw, (h.labels[s].len() + b.len()) as u64);
                    raw.extend_from_slice(&h.labels[s]);
                    raw.extend_from_slice(b);
                }
            }
        }
        (samples, live)
    }
}

pub fn generate(spec: &Spec, dir: &Path, name: &str, threads: usize) -> Dataset {
    std::fs::create_dir_all(dir).unwrap();
    let lanes = spec.hosts.div_ceil(spec.hosts_per_req);
    let windows = spec.steps.div_ceil(spec.window);
    let mut frames: Vec<Frame> = Vec::new();
    let (mut bytes, mut raw_bytes) = (0, 0);
    let path = |t: usize| -> PathBuf { dir.join(format!("{name}.{t}.bin")) };
    let results: Vec<(Vec<Frame>, u64, u64)> = std::thread::scope(|sc| {
        let hs: Vec<_> = (0..threads)
            .map(|t| {
                let p = path(t);
                sc.spawn(move || {
                    let mut gens: Vec<LaneGen> =
                        (t..lanes).step_by(threads).map(|l| LaneGen::new(spec, l)).collect();
                    let mut out = BufWriter::with_capacity(1 << 20, File::create(&p).unwrap());
                    let mut enc = snap::raw::Encoder::new();
                    let (mut raw, mut zip) = (Vec::new(), Vec::new());
                    let (mut off, mut raw_total) = (0u64, 0u64);
                    let mut fr = Vec::new();
                    for w in 0..windows {
                        for g in &mut gens {
                            let (samples, live) = g.window(spec, w, &mut raw);
                            zip.resize(snap::raw::max_compress_len(raw.len()), 0);
                            let n = enc.compress(&raw, &mut zip).unwrap();
                            out.write_all(&zip[..n]).unwrap();
                            fr.push(Frame {
                                part: t as u32,
                                off,
                                len: n as u32,
                                lane: g.lane as u32,
                                window: w as u32,
                                samples,
                                live,
                            });
                            off += n as u64;
                            raw_total += raw.len() as u64;
                        }
                    }
                    out.flush().unwrap();
                    (fr, off, raw_total)
                })
            })
            .collect();
        hs.into_iter().map(|h| h.join().unwrap()).collect()
    });
    for (f, b, r) in results {
        frames.extend(f);
        bytes += b;
        raw_bytes += r;
    }
    frames.sort_by_key(|f| (f.window, f.lane));
    let parts = (0..threads).map(|t| File::open(path(t)).unwrap()).collect();
    let ds = Dataset { spec: spec.clone(), lanes, windows, frames, parts, bytes, raw_bytes };
    // the index, so that another process can replay the file
    let mut ix = BufWriter::new(File::create(dir.join(format!("{name}.idx"))).unwrap());
    writeln!(
        ix,
        "{} {} {} {} {} {} {} {} {}",
        spec.hosts,
        spec.steps,
        spec.interval_s,
        spec.end_s,
        spec.window,
        spec.hosts_per_req,
        spec.seed,
        threads,
        ds.raw_bytes
    )
    .unwrap();
    for f in &ds.frames {
        writeln!(
            ix,
            "{} {} {} {} {} {} {}",
            f.part, f.off, f.len, f.lane, f.window, f.samples, f.live
        )
        .unwrap();
    }
    ds
}

pub fn load(dir: &Path, name: &str) -> Option<Dataset> {
    let t = std::fs::read_to_string(dir.join(format!("{name}.idx"))).ok()?;
    let mut lines = t.lines();
    let h: Vec<u64> = lines.next()?.split(' ').map(|x| x.parse().unwrap()).collect();
    let spec = Spec {
        hosts: h[0] as usize,
        steps: h[1] as usize,
        interval_s: h[2],
        end_s: h[3] as i64,
        window: h[4] as usize,
        hosts_per_req: h[5] as usize,
        seed: h[6],
    };
    let frames: Vec<Frame> = lines
        .map(|l| {
            let v: Vec<u64> = l.split(' ').map(|x| x.parse().unwrap()).collect();
            Frame {
                part: v[0] as u32,
                off: v[1],
                len: v[2] as u32,
                lane: v[3] as u32,
                window: v[4] as u32,
                samples: v[5] as u32,
                live: v[6] as u32,
            }
        })
        .collect();
    let parts = (0..h[7] as usize)
        .map(|t| File::open(dir.join(format!("{name}.{t}.bin"))).unwrap())
        .collect();
    Some(Dataset {
        lanes: spec.hosts.div_ceil(spec.hosts_per_req),
        windows: spec.steps.div_ceil(spec.window),
        bytes: frames.iter().map(|f| f.len as u64).sum(),
        raw_bytes: h[8],
        frames,
        parts,
        spec,
    })
}
