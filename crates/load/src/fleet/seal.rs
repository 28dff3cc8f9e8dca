//! Messages between a coordinator and a worker: both prove that they know the token, then every frame is sealed with a
//! key of the session (HMAC-SHA-256, RFC 2104), its number and its direction, so that none can be made up, changed,
//! repeated or left out.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::Secret;
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use super::FleetError;

/// What comes first, with the version of the protocol.
const GREETING: &[u8; 8] = b"plimsol1";
/// A shorter token can be tried out by whoever heard a proof.
pub(super) const TOKEN_BYTES_MIN: usize = 16;
/// The largest frame: a plan with its files, or a whole recording.
const FRAME_BYTES_MAX: usize = 128 << 20;
/// How long the greeting may take.
const GREETING_MAX: Duration = Duration::from_secs(5);
/// How long a frame may take to leave.
const WRITE_MAX: Duration = Duration::from_secs(5);

type Bytes32 = [u8; 32];

/// The key of a session, which nobody is shown.
#[derive(Clone, Copy)]
struct Key(Bytes32);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

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

/// Frames that leave.
#[derive(Debug)]
pub(super) struct Outgoing {
    stream: TcpStream,
    key: Key,
    from: Side,
    number: u64,
    peer: String,
}

/// Frames that come.
#[derive(Debug)]
pub(super) struct Incoming {
    stream: TcpStream,
    key: Key,
    from: Side,
    number: u64,
    peer: String,
}

/// Proves the token to each other.
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
    let own = chance()?;
    stream.write_all(&[&GREETING[..], &own].concat()).map_err(gone)?;
    let mut greeting = [0; 8];
    stream.read_exact(&mut greeting).map_err(gone)?;
    if &greeting != GREETING {
        return Err(FleetError::Garbled(peer.to_owned()));
    }
    let mut others = [0; 32];
    stream.read_exact(&mut others).map_err(gone)?;
    let nonces = match side {
        Side::Coordinator => [own, others].concat(),
        Side::Worker => [others, own].concat(),
    };
    stream.write_all(&mac(token, &[side.word(), &nonces])?).map_err(gone)?;
    let mut proof = [0; 32];
    stream.read_exact(&mut proof).map_err(|_unsaid| FleetError::Stranger(peer.to_owned()))?;
    if !is_mac(token, &[side.other().word(), &nonces], &proof)? {
        return Err(FleetError::Stranger(peer.to_owned()));
    }
    let key = Key(mac(token, &[b"session", &nonces])?);
    stream.set_read_timeout(None).map_err(gone)?;
    let other = stream.try_clone().map_err(gone)?;
    let peer = peer.to_owned();
    let out = Outgoing { stream, key, from: side, number: 0, peer: peer.clone() };
    Ok((out, Incoming { stream: other, key, from: side.other(), number: 0, peer }))
}

impl Outgoing {
    /// Sends a word.
    pub(super) fn send(&mut self, word: &impl Serialize) -> Result<(), FleetError> {
        let text =
            serde_json::to_vec(word).map_err(|_unsaid| FleetError::Garbled(self.peer.clone()))?;
        let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= FRAME_BYTES_MAX);
        let Some(length) = length else { return Err(FleetError::Garbled(self.peer.clone())) };
        let seal = mac(&self.key.0, &[self.from.word(), &self.number.to_be_bytes(), &text])?;
        self.number += 1;
        let head = [&length.to_be_bytes()[..], &seal].concat();
        let written = self.stream.write_all(&head).and_then(|()| self.stream.write_all(&text));
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
        let (mut length, mut seal) = ([0; 4], [0; 32]);
        self.stream.read_exact(&mut length).map_err(gone)?;
        self.stream.read_exact(&mut seal).map_err(gone)?;
        let length = u32::from_be_bytes(length);
        if usize::try_from(length).is_ok_and(|length| length > FRAME_BYTES_MAX) {
            return Err(garbled());
        }
        // Grows with what comes, so that a length alone takes no memory.
        let mut text = Vec::new();
        let read = (&self.stream).take(u64::from(length)).read_to_end(&mut text);
        let read = read.map_err(gone)?;
        let parts: [&[u8]; 3] = [self.from.word(), &self.number.to_be_bytes(), &text];
        if u32::try_from(read) != Ok(length) || !is_mac(&self.key.0, &parts, &seal)? {
            return Err(garbled());
        }
        self.number += 1;
        serde_json::from_slice(&text).map_err(|_unsaid| garbled())
    }
}

fn gone(peer: &str, error: &io::Error) -> FleetError {
    FleetError::Gone { who: peer.to_owned(), why: error.to_string() }
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Result<Hmac<Sha256>, FleetError> {
    // HMAC takes keys of any length; the type says otherwise.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_unsaid| FleetError::ShortToken)?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Ok(mac)
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Result<Bytes32, FleetError> {
    Ok(keyed(key, parts)?.finalize().into_bytes().into())
}

fn is_mac(key: &[u8], parts: &[&[u8]], given: &Bytes32) -> Result<bool, FleetError> {
    Ok(keyed(key, parts)?.verify_slice(given).is_ok())
}

fn chance() -> Result<Bytes32, FleetError> {
    let mut chance = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut chance))
        .map_err(FleetError::Chance)?;
    Ok(chance)
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use model::Kind;

    use super::*;

    type Greeted = Result<(Outgoing, Incoming), FleetError>;

    fn both(left: &str, right: &str) -> (Greeted, Greeted) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let left = Secret::new(left.to_owned());
        let right = Secret::new(right.to_owned());
        let worker = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            greet(stream, &right, (Side::Worker, "coordinator"))
        });
        let own = greet(TcpStream::connect(address).unwrap(), &left, (Side::Coordinator, "worker"));
        (own, worker.join().unwrap())
    }

    const TOKEN: &str = "0123456789abcdef";

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
    fn a_frame_that_was_changed_or_repeated_is_refused() {
        let (left, right) = both(TOKEN, TOKEN);
        let (mut left, mut right) = (left.unwrap().0, right.unwrap().1);
        left.send(&"one").unwrap();
        assert_eq!(right.receive::<String>().unwrap(), "one");
        // The same number again, as if somebody had sent the frame once more.
        left.number = 0;
        left.send(&"one").unwrap();
        assert!(matches!(right.receive::<String>(), Err(FleetError::Garbled(_))));
        let (left, right) = both(TOKEN, TOKEN);
        let (left, mut right) = (left.unwrap().0, right.unwrap().1);
        (&left.stream).write_all(&u32::MAX.to_be_bytes()).unwrap();
        (&left.stream).write_all(&[0; 32]).unwrap();
        assert!(matches!(right.receive::<String>(), Err(FleetError::Garbled(_))));
    }
}
