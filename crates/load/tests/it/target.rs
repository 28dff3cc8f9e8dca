//! Targets written for the tests: a server of a few lines that answers as a test wants it, and the engine beside it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;
use load::{
    Connections, Engine, Limits, Load, Plan, Protocol, Quick, Rate, Run, Spacing, Stop, Trust,
    Verdict,
};
use model::{Clock, Time, Wait};

/// The machine's own clock.
#[derive(Debug)]
pub(crate) struct RealClock(Instant);

impl RealClock {
    pub(crate) fn new() -> Self {
        Self(instant())
    }
}

impl Clock for RealClock {
    fn now(&self) -> Time {
        Time(1_700_000_000_000 + i64::try_from(self.0.elapsed().as_millis()).unwrap_or(0))
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "real sockets live in real time")]
    fn wait(&self, duration: Duration) -> Wait {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[expect(clippy::disallowed_methods, reason = "real sockets live in real time")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "real sockets live in real time")]
pub(crate) fn pause(length: Duration) {
    thread::sleep(length);
}

/// One request as a target sees it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// A target on a free port.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicU64>,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Target {
    /// Answers every connection with a function that has the stream to itself.
    pub(crate) fn raw(
        serve: impl Fn(TcpStream) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&connections);
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let serve = Arc::clone(&serve);
                // What goes wrong is what the test is about.
                thread::spawn(move || drop(serve(stream)));
            }
        });
        Ok(Self { address, connections, asked: Arc::default() })
    }

    /// Reads requests one after the other, and answers with the bytes that a function gives for each.
    pub(crate) fn answering(
        answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static,
    ) -> Result<Self> {
        let all = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&all);
        let mut target = Self::raw(move |stream| {
            stream.set_nodelay(true)?;
            let mut reader = BufReader::new(stream.try_clone()?);
            let mut writer = stream;
            while let Some(asked) = read_request(&mut reader)? {
                let bytes = answer(&asked);
                if let Ok(mut all) = heard.lock() {
                    all.push(asked);
                }
                writer.write_all(&bytes)?;
            }
            Ok(())
        })?;
        target.asked = all;
        Ok(target)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn heard(&self) -> Vec<Asked> {
        self.asked.lock().map(|all| all.clone()).unwrap_or_default()
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Result<Option<Asked>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header == "\r\n" {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        head.push_str(&header);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Asked {
        line: line.trim().to_owned(),
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
    }))
}

/// A whole answer.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
        .into_bytes()
}

/// So many requests a second for so many milliseconds.
pub(crate) fn at_rate(rate: f64, millis: u64) -> Load {
    let rate = Rate::constant(rate, Duration::from_millis(millis));
    Load::Open { rate, spacing: Spacing::Even }
}

pub(crate) fn quick(url: &str, load: Load) -> Quick {
    Quick {
        url: url.to_owned(),
        load,
        method: "GET".into(),
        headers: Vec::new(),
        body: None,
        connections: Connections::Shared,
        protocol: Protocol::Http1,
        allowed: Vec::new(),
        trust: Trust::default(),
        thresholds: Vec::new(),
        limits: Limits { workers: Some(1), drain: Duration::from_secs(3), ..Limits::default() },
        seed: 1,
    }
}

/// Runs a plan to its end.
pub(crate) fn run(plan: Plan) -> Result<(Run, Verdict)> {
    run_with(plan, &Stop::default())
}

pub(crate) fn run_with(plan: Plan, stop: &Stop) -> Result<(Run, Verdict)> {
    let mut engine = Engine::new(Arc::new(RealClock::new()));
    engine.stop = stop.clone();
    let run = engine.run(plan, &mut |_| ())?;
    let verdict = Verdict::of(&run);
    Ok((run, verdict))
}
