//! A target for `bench/load_peers.py`: one thread that answers at once and notes when each request came. `GET /begin`
//! forgets what came; `GET /figures` tells of it.
//!
//! `target stall` stands still for a second in every ten. `target queue SERVERS MICROS [exponential SEED]` answers as so
//! many servers with one line before them would that take so long for each request: nobody works, so that its capacity
//! is known and the same on every machine.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]
#![expect(clippy::future_not_send, reason = "one thread serves")]
#![expect(clippy::disallowed_methods, reason = "a bench lives in real time")]

use std::{
    cell::RefCell,
    net::Ipv4Addr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use stats::Chance;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    runtime::{Builder, LocalOptions},
};

/// Arrivals that are noted: a minute at 20,000 a second.
const NOTED_MAX: usize = 1_200_000;
/// What is left out at the beginning, while generators get going.
const SKIPPED: Duration = Duration::from_secs(2);
const PERIOD: Duration = Duration::from_secs(10);
const STALL: Duration = Duration::from_secs(1);

struct Target {
    begun: Instant,
    stalls: bool,
    queue: Option<RefCell<Queue>>,
    came: RefCell<Vec<Duration>>,
}

/// Servers with one line before them.
struct Queue {
    /// When each of them is free.
    free: Vec<Duration>,
    service: Duration,
    /// Where service takes as long as chance will have it.
    chance: Option<Chance>,
}

impl Queue {
    fn of(words: &[String]) -> Result<Self> {
        let [servers, micros, rest @ ..] = words else { bail!("queue SERVERS MICROS") };
        let chance = match rest {
            [word, seed] if word == "exponential" => Some(Chance::new(seed.parse()?)),
            [] => None,
            _ => bail!("queue SERVERS MICROS exponential SEED"),
        };
        let free = vec![Duration::ZERO; servers.parse::<usize>()?.max(1)];
        Ok(Self { free, service: Duration::from_micros(micros.parse()?), chance })
    }

    /// When a request that comes now is answered.
    fn answered(&mut self, now: Duration) -> Duration {
        let times = self.chance.as_mut().map_or(1.0, |chance| -(1.0 - chance.share()).ln());
        let Some(free) = self.free.iter_mut().min() else { return now };
        *free = (*free).max(now) + self.service.mul_f64(times);
        *free
    }
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let stalls = words.first().is_some_and(|word| word == "stall");
    let queue = words.first().filter(|word| *word == "queue");
    let queue = queue.map(|_| Queue::of(&words[1..]).map(RefCell::new)).transpose()?;
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        // A stall lets a thousand connections wait; those that find no room are only tried again a second later.
        let listener = socket.listen(4096)?;
        println!("{}", listener.local_addr()?.port());
        let came = RefCell::new(Vec::with_capacity(NOTED_MAX));
        let target = Rc::new(Target { begun: Instant::now(), stalls, queue, came });
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let target = Rc::clone(&target);
            tokio::task::spawn_local(async move { drop(target.serve(stream).await) });
        }
    })
}

impl Target {
    async fn serve(&self, mut stream: TcpStream) -> Result<()> {
        let mut room = vec![0; 16 << 10];
        let mut held = 0;
        loop {
            let count = stream.read(&mut room[held..]).await?;
            if count == 0 {
                return Ok(());
            }
            held += count;
            if !room[..held].ends_with(b"\r\n\r\n") {
                continue;
            }
            let answer = self.answer(&room[..held]);
            held = 0;
            if let Some(queue) = &self.queue {
                let answered = queue.borrow_mut().answered(self.begun.elapsed());
                // The runtime counts whole milliseconds, so an answer is up to one late; the queue itself is exact.
                tokio::time::sleep_until((self.begun + answered).into()).await;
            }
            stream.write_all(answer.as_bytes()).await?;
        }
    }

    fn answer(&self, head: &[u8]) -> String {
        let body = if head.starts_with(b"GET /begin") {
            self.came.borrow_mut().clear();
            String::new()
        } else if head.starts_with(b"GET /figures") {
            figures(&self.came.borrow())
        } else {
            let at = self.begun.elapsed();
            let mut came = self.came.borrow_mut();
            if came.len() < NOTED_MAX {
                came.push(at);
            }
            self.stand_still(at);
            "x".repeat(200)
        };
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    /// The last second of every ten, nobody is answered.
    fn stand_still(&self, at: Duration) {
        let into = Duration::from_nanos(
            u64::try_from(at.as_nanos() % PERIOD.as_nanos()).unwrap_or_default(),
        );
        let left = PERIOD.saturating_sub(into);
        if self.stalls && left <= STALL {
            std::thread::sleep(left);
        }
    }
}

/// How far arrivals lie from an even schedule at the rate they came at, in milliseconds. The schedule is laid through
/// their middle, since nobody says when it began.
fn figures(came: &[Duration]) -> String {
    let Some(first) = came.first() else { return "{\"count\": 0}".to_owned() };
    let kept: Vec<f64> =
        came.iter().filter(|at| **at >= *first + SKIPPED).map(Duration::as_secs_f64).collect();
    let (Some(begin), Some(end)) = (kept.first(), kept.last()) else {
        return format!("{{\"count\": {}}}", came.len());
    };
    let each = (end - begin) / (kept.len() - 1).max(1) as f64;
    let mut offsets: Vec<f64> =
        kept.iter().enumerate().map(|(index, at)| at - index as f64 * each).collect();
    offsets.sort_by(f64::total_cmp);
    let middle = offsets[offsets.len() / 2];
    let mut errors: Vec<f64> = offsets.iter().map(|at| (at - middle).abs() * 1e3).collect();
    errors.sort_by(f64::total_cmp);
    let at = |percent: usize| errors[(errors.len() - 1) * percent / 100];
    format!(
        "{{\"count\": {}, \"rate\": {:.2}, \"error_ms_p50\": {:.4}, \"error_ms_p99\": {:.4}}}",
        came.len(),
        1.0 / each,
        at(50),
        at(99)
    )
}
