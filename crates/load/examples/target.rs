//! A target for `bench/load_peers.py`: one thread that answers at once, notes when each request came, and can stand
//! still for a second in every ten. `GET /begin` forgets what came; `GET /figures` tells of it.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]
#![expect(clippy::future_not_send, reason = "one thread serves")]
#![expect(clippy::disallowed_methods, reason = "a bench lives in real time")]

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
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
    came: RefCell<Vec<Duration>>,
}

fn main() -> Result<()> {
    let stalls = std::env::args().nth(1).is_some_and(|word| word == "stall");
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("{}", listener.local_addr()?.port());
        let came = RefCell::new(Vec::with_capacity(NOTED_MAX));
        let target = Rc::new(Target { begun: Instant::now(), stalls, came });
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
