//! A server under test: either started by us from a .conf file, or one already running (URL + pid).
use crate::http::{Base, Client};
use crate::procfs;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Debug, Default)]
pub struct Target {
    pub name: String,
    pub start: String, // command with {port} and {dir}; empty: not started by us
    pub safe: String,  // the same, acknowledging only what is on the disk
    pub env: Vec<(String, String)>,
    pub version: String,
    pub ready: String,
    pub write: String,
    pub api: String,
    pub extra: String,       // more query parameters
    pub compact: String,     // path to POST to when all is to be written out and merged
    pub compact_dir: String, // where the compacted data are then; default {dir}
    pub headers: Vec<String>,
    // a running server
    pub url: [String; 2], // for the short and for the long data set
    pub pid: [u32; 2],
    pub dir: [String; 2],
}

impl Target {
    pub fn parse(s: &str, conf_dir: &Path) -> Result<Target, String> {
        let mut t = Target {
            ready: "/-/ready".into(),
            write: "/api/v1/write".into(),
            api: "/api/v1".into(),
            ..Default::default()
        };
        if let Some((name, rest)) = s.split_once('=') {
            // name=http://host:port,pid=N,dir=/x,long=http://...,longpid=N,longdir=/y,header=Authorization: Bearer x
            t.name = name.to_string();
            for (i, kv) in rest.split(',').enumerate() {
                let (k, v) = if i == 0 {
                    ("url", kv)
                } else {
                    kv.split_once('=').ok_or(format!("bad target part {kv}"))?
                };
                match k {
                    "url" => t.url[0] = v.into(),
                    "pid" => t.pid[0] = v.parse().map_err(|_| "bad pid")?,
                    "dir" => t.dir[0] = v.into(),
                    "long" => t.url[1] = v.into(),
                    "longpid" => t.pid[1] = v.parse().map_err(|_| "bad pid")?,
                    "longdir" => t.dir[1] = v.into(),
                    "header" => t.headers.push(v.into()),
                    "write" => t.write = v.into(),
                    "api" => t.api = v.into(),
                    "ready" => t.ready = v.into(),
                    "extra" => t.extra = v.into(),
                    "compact" => t.compact = v.into(),
                    _ => return Err(format!("unknown key {k} in target {s}")),
                }
            }
            return Ok(t);
        }
        let p = if s.contains('/') { PathBuf::from(s) } else { conf_dir.join(format!("{s}.conf")) };
        let text = std::fs::read_to_string(&p).map_err(|e| format!("{}: {e}", p.display()))?;
        t.name = p.file_stem().unwrap().to_string_lossy().into();
        for l in text.lines() {
            let l = l.trim();
            if l.is_empty() || l.starts_with('#') {
                continue;
            }
            let (k, v) = l.split_once('=').ok_or(format!("bad line in {}: {l}", p.display()))?;
            let v = v
                .trim()
                .replace("{conf}", &conf_dir.display().to_string())
                .replace("{plimsoll}", &program());
            match k.trim() {
                "name" => t.name = v,
                "start" => t.start = v,
                "safe" => t.safe = v,
                "env" => {
                    t.env = v
                        .split_whitespace()
                        .filter_map(|e| e.split_once('='))
                        .map(|(a, b)| (a.into(), b.into()))
                        .collect()
                }
                "version" => t.version = v,
                "ready" => t.ready = v,
                "write" => t.write = v,
                "api" => t.api = v,
                "extra" => t.extra = v,
                "compact" => t.compact = v,
                "compact_dir" => t.compact_dir = v,
                "header" => t.headers.push(v),
                k => return Err(format!("unknown key {k} in {}", p.display())),
            }
        }
        if t.start.is_empty() {
            return Err(format!("{}: no start command", p.display()));
        }
        Ok(t)
    }

    pub fn managed(&self) -> bool {
        !self.start.is_empty()
    }

    pub fn version_text(&self) -> String {
        let mut w = self.version.split_whitespace();
        let Some(c) = w.next() else { return String::new() };
        match Command::new(c).args(w).output() {
            Ok(o) => {
                let t = String::from_utf8_lossy(if o.stdout.is_empty() {
                    &o.stderr
                } else {
                    &o.stdout
                })
                .to_string();
                t.lines().next().unwrap_or("").chars().take(120).collect()
            }
            Err(e) => e.to_string(),
        }
    }
}

pub struct Inst {
    pub t: Target,
    pub pid: u32,
    pub base: Base,
    pub dir: PathBuf,
    child: Option<Child>,
    port: u16,
    logs: PathBuf,
}

/// Our own program: what `PLIMSOLL` names, or the release build beside the sources.
fn program() -> String {
    std::env::var("PLIMSOLL").unwrap_or_else(|_| "target/release/plimsoll".into())
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Inst {
    /// Starts the target on an empty data directory (or takes the running one).
    pub fn fresh(t: &Target, work: &Path, long: bool) -> Result<Inst, String> {
        let k = long as usize;
        if !t.managed() {
            if t.url[k].is_empty() {
                return Err("no such instance given".into());
            }
            return Ok(Inst {
                base: Base::parse(&t.url[k], t.headers.clone())?,
                pid: t.pid[k],
                dir: PathBuf::from(&t.dir[k]),
                child: None,
                port: 0,
                logs: work.into(),
                t: t.clone(),
            });
        }
        let dir = work.join(format!("data-{}", t.name));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).map_err(|e| e.to_string())?;
        let port = free_port();
        let base = Base::parse(&format!("http://127.0.0.1:{port}"), t.headers.clone())?;
        let mut i = Inst { t: t.clone(), pid: 0, base, dir, child: None, port, logs: work.into() };
        i.spawn()?;
        i.wait_ready(Duration::from_secs(60))?;
        Ok(i)
    }

    pub fn spawn(&mut self) -> Result<(), String> {
        let cmd = self
            .t
            .start
            .replace("{port}", &self.port.to_string())
            .replace("{dir}", &self.dir.display().to_string());
        let mut w = cmd.split_whitespace();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.logs.join(format!("{}.log", self.t.name)))
            .map_err(|e| e.to_string())?;
        let mut c = Command::new(w.next().unwrap());
        c.args(w)
            .envs(self.t.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        // if this tool dies, so does the server
        unsafe {
            c.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        let child = c.spawn().map_err(|e| format!("{cmd}: {e}"))?;
        self.pid = child.id();
        self.child = Some(child);
        Ok(())
    }

    /// Seconds until the ready path answers 200.
    pub fn wait_ready(&mut self, limit: Duration) -> Result<f64, String> {
        let t0 = Instant::now();
        let mut last = String::new();
        while t0.elapsed() < limit {
            let mut c = Client::new(self.base.clone(), Duration::from_secs(10));
            match c.request("GET", &self.t.ready, "", b"") {
                Ok(r) if r.status == 200 => return Ok(t0.elapsed().as_secs_f64()),
                Ok(r) => last = format!("{}", r.status),
                Err(e) => last = e.to_string(),
            }
            if let Some(c) = &mut self.child {
                if let Ok(Some(s)) = c.try_wait() {
                    return Err(format!(
                        "{} ended: {s}; see {}/{}.log",
                        self.t.name,
                        self.logs.display(),
                        self.t.name
                    ));
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!("not ready after {limit:?}: {last}"))
    }

    pub fn kill9(&mut self) {
        if let Some(mut c) = self.child.take() {
            unsafe { libc::kill(c.id() as i32, libc::SIGKILL) };
            let _ = c.wait();
        }
    }

    pub fn stop(&mut self) {
        if let Some(mut c) = self.child.take() {
            unsafe { libc::kill(c.id() as i32, libc::SIGTERM) };
            let t0 = Instant::now();
            while t0.elapsed() < Duration::from_secs(60) {
                if let Ok(Some(_)) = c.try_wait() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            unsafe { libc::kill(c.id() as i32, libc::SIGKILL) };
            let _ = c.wait();
        }
    }

    /// Waits until the server has used less than 3 % of a core for ten seconds
    /// (VictoriaMetrics 1.79 writes out what is in memory every five to ten).
    /// Returns (seconds waited, whether it came to rest).
    pub fn settle(&self, limit: Duration) -> (f64, bool) {
        if self.pid == 0 {
            std::thread::sleep(Duration::from_secs(5));
            return (5.0, false);
        }
        let t0 = Instant::now();
        let (mut prev, mut calm) = (procfs::cpu_s(self.pid), 0);
        while t0.elapsed() < limit {
            std::thread::sleep(Duration::from_secs(1));
            let now = procfs::cpu_s(self.pid);
            calm = if now - prev < 0.03 { calm + 1 } else { 0 };
            prev = now;
            if calm >= 10 {
                return (t0.elapsed().as_secs_f64(), true);
            }
        }
        (t0.elapsed().as_secs_f64(), false)
    }

    pub fn disk(&self) -> f64 {
        if self.dir.as_os_str().is_empty() {
            return f64::NAN;
        }
        procfs::du(&self.dir) as f64
    }

    /// Asks the server to write out and merge what it has; bytes on disk afterwards.
    pub fn compact(&self) -> Option<(f64, f64)> {
        if self.t.compact.is_empty() || self.dir.as_os_str().is_empty() {
            return None;
        }
        let t0 = Instant::now();
        let mut c = Client::new(self.base.clone(), Duration::from_secs(300));
        match c.request("POST", &self.t.compact, "", b"") {
            Ok(r) if r.status < 300 => {}
            Ok(r) => {
                eprintln!("compact: {} {}", r.status, String::from_utf8_lossy(&r.body));
                return None;
            }
            Err(e) => {
                eprintln!("compact: {e}");
                return None;
            }
        }
        self.settle(Duration::from_secs(90));
        let d = if self.t.compact_dir.is_empty() {
            self.dir.clone()
        } else {
            PathBuf::from(self.t.compact_dir.replace("{dir}", &self.dir.display().to_string()))
        };
        Some((procfs::du(&d) as f64, t0.elapsed().as_secs_f64()))
    }
}

impl Drop for Inst {
    fn drop(&mut self) {
        self.kill9();
    }
}
