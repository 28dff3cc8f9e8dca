//! A receiver that misbehaves in every way there is, until it is told to be well.

use std::{
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::Result;
use serde_json::Value;

use crate::web::{self, Request};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Taken, and said so.
    Taken,
    /// Taken, and the connection broke before that could be said.
    Dropped,
    /// Taken, and then nothing more was said until the sender lost its patience.
    Hung,
    /// Refused with this status.
    Refused(u16),
}

impl Fate {
    /// The receiver has the message, whether the sender knows or not.
    pub(super) fn has_it(self) -> bool {
        !matches!(self, Self::Refused(_))
    }

    /// By chance: three of five are taken.
    fn drawn(chance: u64) -> Self {
        match chance % 40 {
            0..=2 => Self::Refused(503),
            3..=5 => Self::Refused(429),
            6 => Self::Refused(500),
            7..=8 => Self::Refused(404),
            9..=14 => Self::Dropped,
            15 => Self::Hung,
            _ => Self::Taken,
        }
    }
}

/// A message that came.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// By which the receiver can tell a copy from a new message.
    pub(super) key: String,
    pub(super) fate: Fate,
    pub(super) body: Value,
}

/// The receiver.
pub(super) struct Faulty {
    pub(super) address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    well: Arc<AtomicBool>,
}

impl Faulty {
    /// One whose faults follow from this seed.
    pub(super) fn start(seed: u64) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (calls, well) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, fine) = (Arc::clone(&calls), Arc::clone(&well));
        thread::spawn(move || {
            let mut chance = Chance(seed);
            for stream in listener.incoming().flatten() {
                let (kept, fate) = (Arc::clone(&kept), Fate::drawn(chance.next()));
                let fate = if fine.load(Ordering::Relaxed) { Fate::Taken } else { fate };
                // A sender that is killed while it speaks is part of the game.
                thread::spawn(move || drop(answer(stream, fate, &kept)));
            }
        });
        Ok(Self { address, calls, well })
    }

    /// From now on it takes everything.
    pub(super) fn be_well(&self) {
        self.well.store(true, Ordering::Relaxed);
    }

    /// What came so far, in the order it came.
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(mut stream: TcpStream, fate: Fate, kept: &Mutex<Vec<Call>>) -> Result<()> {
    let request: Request = web::read_request(&mut stream)?;
    let key = request.header("idempotency-key").unwrap_or_default().to_owned();
    let body = serde_json::from_str(&request.body)?;
    kept.lock().unwrap_or_else(PoisonError::into_inner).push(Call { key, fate, body });
    let status = match fate {
        Fate::Taken => "200 OK",
        Fate::Refused(429) => "429 Too Many Requests\r\nretry-after: 1",
        Fate::Refused(404) => "404 Not Found",
        Fate::Refused(500) => "500 Internal Server Error",
        Fate::Refused(_) => "503 Service Unavailable",
        Fate::Dropped => return Ok(()),
        // Until the other side closes.
        Fate::Hung => return web::read_request(&mut stream).map(drop),
    };
    let rest = "content-length: 0\r\nconnection: close\r\n\r\n";
    Ok(stream.write_all(format!("HTTP/1.1 {status}\r\n{rest}").as_bytes())?)
}

/// Numbers that look like chance and follow from a seed (splitmix64, Steele et al., 2014).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
