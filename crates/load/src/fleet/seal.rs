//! Messages between a coordinator and a worker: both prove that they know the token and agree on keys that only they
//! have (X25519, RFC 7748), then every frame is encrypted and sealed (ChaCha20-Poly1305, RFC 8439) under a key and a
//! number of its direction, so that none can be read, made up, changed, repeated or left out. Keys are of one
//! connection: who learns the token later reads nothing that was said before.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use model::Secret;
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral},
    hmac,
    rand::SystemRandom,
};
use serde::{Serialize, de::DeserializeOwned};

use super::FleetError;

/// What comes first, with the version of the protocol.
const GREETING: &[u8; 8] = b"plimsol2";
/// A shorter token can be tried out by whoever takes the place of the other side.
pub(super) const TOKEN_BYTES_MIN: usize = 16;
/// The largest frame: a plan with its files, or a whole recording.
const FRAME_BYTES_MAX: usize = 128 << 20;
/// How long the greeting may take.
const GREETING_MAX: Duration = Duration::from_secs(5);
/// How long a frame may take to leave.
const WRITE_MAX: Duration = Duration::from_secs(5);

type Bytes32 = [u8; 32];

/// Which side of a connection one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Coordinator,
    Worker,
}

impl Side {
    fn word(self) -> &'static [u8] {
        match self {
            Self::Coordinator => b"coordinator",
            Self::Worker => b"worker",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Coordinator => Self::Worker,
            Self::Worker => Self::Coordinator,
        }
    }
}

/// Frames of one direction: their key, which nobody is shown, and the number of the next.
struct Direction {
    key: LessSafeKey,
    number: u64,
}

impl fmt::Debug for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl Direction {
    fn new(key: &Bytes32) -> Result<Self, FleetError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_unsaid| FleetError::Keys)?;
        Ok(Self { key: LessSafeKey::new(key), number: 0 })
    }

    /// Of the next frame: no two frames of a key have the same.
    fn nonce(&mut self) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[NONCE_LEN - 8..].copy_from_slice(&self.number.to_be_bytes());
        self.number += 1;
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Frames that leave.
#[derive(Debug)]
pub(super) struct Outgoing {
    stream: TcpStream,
    direction: Direction,
    peer: String,
}

/// Frames that come.
#[derive(Debug)]
pub(super) struct Incoming {
    stream: TcpStream,
    direction: Direction,
    peer: String,
}

/// Proves the token to each other, and agrees on keys.
pub(super) fn greet(
    mut stream: TcpStream,
    token: &Secret,
    (side, peer): (Side, &str),
) -> Result<(Outgoing, Incoming), FleetError> {
    let token = token.reveal().as_bytes();
    if token.len() < TOKEN_BYTES_MIN {
        return Err(FleetError::ShortToken);
    }
    let gone = |error: io::Error| gone(peer, &error);
    stream.set_nodelay(true).map_err(gone)?;
    stream.set_read_timeout(Some(GREETING_MAX)).map_err(gone)?;
    stream.set_write_timeout(Some(WRITE_MAX)).map_err(gone)?;
    let random = SystemRandom::new();
    let private = EphemeralPrivateKey::generate(&X25519, &random);
    let private = private.map_err(|_unsaid| FleetError::Keys)?;
    let own = private.compute_public_key().map_err(|_unsaid| FleetError::Keys)?;
    stream.write_all(&[&GREETING[..], own.as_ref()].concat()).map_err(gone)?;
    let mut greeting = [0; 8];
    stream.read_exact(&mut greeting).map_err(gone)?;
    if &greeting != GREETING {
        return Err(FleetError::Garbled(peer.to_owned()));
    }
    let mut others = [0; 32];
    stream.read_exact(&mut others).map_err(gone)?;
    let both = match side {
        Side::Coordinator => [own.as_ref(), &others[..]].concat(),
        Side::Worker => [&others[..], own.as_ref()].concat(),
    };
    // What both know now, and nobody else who does not have the token or stood in between.
    let others = UnparsedPublicKey::new(&X25519, others);
    let known = |shared: &[u8]| keyed(token, &[b"session", &both, shared]);
    let session = agree_ephemeral(private, &others, known);
    let session = session.map_err(|_unsaid| FleetError::Garbled(peer.to_owned()))?;
    let session = session.as_ref();
    stream.write_all(keyed(session, &[b"proof", side.word()]).as_ref()).map_err(gone)?;
    let mut proof = [0; 32];
    stream.read_exact(&mut proof).map_err(|_unsaid| FleetError::Stranger(peer.to_owned()))?;
    if !is_keyed(session, &[b"proof", side.other().word()], &proof) {
        return Err(FleetError::Stranger(peer.to_owned()));
    }
    stream.set_read_timeout(None).map_err(gone)?;
    let other = stream.try_clone().map_err(gone)?;
    let direction = |side: Side| {
        let mut key = Bytes32::default();
        key.copy_from_slice(keyed(session, &[b"key", side.word()]).as_ref());
        Direction::new(&key)
    };
    let out = Outgoing { stream, direction: direction(side)?, peer: peer.to_owned() };
    let direction = direction(side.other())?;
    Ok((out, Incoming { stream: other, direction, peer: peer.to_owned() }))
}

impl Outgoing {
    /// Sends a word.
    pub(super) fn send(&mut self, word: &impl Serialize) -> Result<(), FleetError> {
        let garbled = || FleetError::Garbled(self.peer.clone());
        let mut frame = serde_json::to_vec(word).map_err(|_unsaid| garbled())?;
        let length = frame.len() + CHACHA20_POLY1305.tag_len();
        let length = u32::try_from(length).ok().filter(|_| length <= FRAME_BYTES_MAX);
        let length = length.ok_or_else(garbled)?.to_be_bytes();
        let nonce = self.direction.nonce();
        let sealed =
            self.direction.key.seal_in_place_append_tag(nonce, Aad::from(length), &mut frame);
        sealed.map_err(|_unsaid| FleetError::Keys)?;
        let written = self.stream.write_all(&length).and_then(|()| self.stream.write_all(&frame));
        written.map_err(|error| gone(&self.peer, &error))
    }

    /// Ends the connection, so that whoever waits for the other side sees it.
    pub(super) fn close(&self) {
        // It may be gone already, which is as wanted.
        self.stream.shutdown(Shutdown::Both).ok();
    }
}

impl Incoming {
    /// Waits for a word.
    pub(super) fn receive<T: DeserializeOwned>(&mut self) -> Result<T, FleetError> {
        let gone = |error: io::Error| gone(&self.peer, &error);
        let garbled = || FleetError::Garbled(self.peer.clone());
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).map_err(gone)?;
        let bytes = u32::from_be_bytes(length);
        if usize::try_from(bytes).is_ok_and(|bytes| bytes > FRAME_BYTES_MAX) {
            return Err(garbled());
        }
        // Grows with what comes, so that a length alone takes no memory.
        let mut frame = Vec::new();
        let read = (&self.stream).take(u64::from(bytes)).read_to_end(&mut frame).map_err(gone)?;
        if u32::try_from(read) != Ok(bytes) {
            return Err(garbled());
        }
        let nonce = self.direction.nonce();
        let text = self.direction.key.open_in_place(nonce, Aad::from(length), &mut frame);
        let text = text.map_err(|_unsaid| garbled())?;
        serde_json::from_slice(text).map_err(|_unsaid| garbled())
    }
}

fn gone(peer: &str, error: &io::Error) -> FleetError {
    FleetError::Gone { who: peer.to_owned(), why: error.to_string() }
}

/// Parts, each with its length, so that none can stand for another.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes()[..], part].concat()).collect()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &joined(parts))
}

/// Compares in a time that does not depend on where they differ.
fn is_keyed(key: &[u8], parts: &[&[u8]], given: &Bytes32) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), &joined(parts), given).is_ok()
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use model::Kind;

    use super::*;

    type Greeted = Result<(Outgoing, Incoming), FleetError>;

    const TOKEN: &str = "0123456789abcdef";

    /// Both sides of a connection that leads over somebody, who changes what passes.
    fn over(
        (left, right): (&str, &str),
        between: impl FnOnce(TcpStream, TcpStream) + Send + 'static,
    ) -> (Greeted, Greeted) {
        let listening = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (near, far) = (listening(), listening());
        let (to_near, to_far) = (near.local_addr().unwrap(), far.local_addr().unwrap());
        thread::spawn(move || {
            let caller = near.accept().unwrap().0;
            between(caller, TcpStream::connect(to_far).unwrap());
        });
        let right = Secret::new(right.to_owned());
        let worker = thread::spawn(move || {
            greet(far.accept().unwrap().0, &right, (Side::Worker, "coordinator"))
        });
        let left = Secret::new(left.to_owned());
        let stream = TcpStream::connect(to_near).unwrap();
        let own = greet(stream, &left, (Side::Coordinator, "worker"));
        (own, worker.join().unwrap())
    }

    /// Hands on what one says to the other, and back; `see` is shown all of it.
    fn hand_on(
        (one, other): (TcpStream, TcpStream),
        see: impl FnMut(&mut [u8]) + Clone + Send + 'static,
    ) {
        let back = (other.try_clone().unwrap(), one.try_clone().unwrap(), see.clone());
        thread::spawn(move || carry(one, other, see));
        thread::spawn(move || carry(back.0, back.1, back.2));
    }

    fn carry(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&mut [u8])) {
        let mut piece = [0; 4096];
        while let Ok(read) = from.read(&mut piece) {
            see(&mut piece[..read]);
            if read == 0 || to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Both).ok();
    }

    fn both(left: &str, right: &str) -> (Greeted, Greeted) {
        over((left, right), |one, other| hand_on((one, other), |_| {}))
    }

    #[test]
    fn who_knows_the_token_is_heard_and_nobody_else() {
        let (left, right) = both(TOKEN, TOKEN);
        let (mut left, mut right) = (left.unwrap(), right.unwrap());
        left.0.send(&"ask").unwrap();
        assert_eq!(right.1.receive::<String>().unwrap(), "ask");
        right.0.send(&"answer").unwrap();
        assert_eq!(left.1.receive::<String>().unwrap(), "answer");
        let (left, right) = both(TOKEN, "another-token-of-its-own");
        assert_eq!(left.unwrap_err().kind(), Kind::Denied);
        assert_eq!(right.unwrap_err().kind(), Kind::Denied);
        assert_eq!(both("short", "short").0.unwrap_err().kind(), Kind::Invalid);
    }

    #[test]
    fn who_listens_on_the_way_reads_nothing() {
        let (tell, heard) = std::sync::mpsc::channel();
        let (left, right) = over((TOKEN, TOKEN), move |one, other| {
            hand_on((one, other), move |piece| tell.send(piece.to_vec()).unwrap_or_default());
        });
        let (mut left, mut right) = (left.unwrap(), right.unwrap());
        for _ in 0..2 {
            left.0.send(&"Authorization: Bearer hunter2").unwrap();
            right.1.receive::<String>().unwrap();
        }
        left.0.close();
        right.0.close();
        drop((left, right));
        let heard: Vec<u8> = heard.iter().flatten().collect();
        let text = String::from_utf8_lossy(&heard);
        assert!(heard.len() > 150, "{} bytes", heard.len());
        assert!(!text.contains("hunter2") && !text.contains("Bearer"), "{text}");
        // The same word twice looks another each time.
        let ends: Vec<&[u8]> = heard.windows(16).collect();
        let mut sorted = ends.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), ends.len(), "something is repeated");
    }

    #[test]
    fn who_takes_the_place_of_the_other_side_is_found_out() {
        // Greets both with a key of its own, and hands on what they prove.
        let (left, right) = over((TOKEN, TOKEN), |mut one, mut other| {
            let random = SystemRandom::new();
            let own = EphemeralPrivateKey::generate(&X25519, &random).unwrap();
            let own = own.compute_public_key().unwrap();
            for stream in [&mut one, &mut other] {
                let mut greeting = [0; 40];
                stream.read_exact(&mut greeting).unwrap();
                stream.write_all(&[&GREETING[..], own.as_ref()].concat()).unwrap();
            }
            hand_on((one, other), |_| {});
        });
        assert_eq!(left.unwrap_err().kind(), Kind::Denied);
        assert_eq!(right.unwrap_err().kind(), Kind::Denied);
    }

    #[test]
    fn a_frame_that_was_changed_or_repeated_is_refused() {
        let (left, right) = both(TOKEN, TOKEN);
        let (mut left, mut right) = (left.unwrap().0, right.unwrap().1);
        left.send(&"one").unwrap();
        assert_eq!(right.receive::<String>().unwrap(), "one");
        // The same number again, as if somebody had sent the frame once more.
        left.direction.number = 0;
        left.send(&"one").unwrap();
        assert!(matches!(right.receive::<String>(), Err(FleetError::Garbled(_))));
        let (left, right) = both(TOKEN, TOKEN);
        let (left, mut right) = (left.unwrap().0, right.unwrap().1);
        (&left.stream).write_all(&u32::MAX.to_be_bytes()).unwrap();
        assert!(matches!(right.receive::<String>(), Err(FleetError::Garbled(_))));
        // One bit of the first frame turns over on its way: 40 bytes of greeting and 32 of proof come before.
        let (left, right) = over((TOKEN, TOKEN), |one, other| {
            let mut passed = 0;
            hand_on((one, other), move |piece| {
                for byte in piece {
                    passed += 1;
                    *byte ^= u8::from(passed == 80);
                }
            });
        });
        left.unwrap().0.send(&"one").unwrap();
        assert!(matches!(right.unwrap().1.receive::<String>(), Err(FleetError::Garbled(_))));
    }
}
