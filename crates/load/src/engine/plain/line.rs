//! One connection of the plain way: a socket that never blocks, and the request that is on it.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt},
};

use super::frame::Frame;

/// A request on its way, and for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    /// The scenario and the journey whose request it is.
    pub(super) request: (usize, usize),
    /// The user of a closed scenario and the round; nothing for an arrival.
    pub(super) user: Option<(u64, u64)>,
    pub(super) due_ns: u64,
    pub(super) sent_ns: u64,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doing {
    /// It is being made, since then, to this one of the target's addresses.
    Connects { begun_ns: u64, attempt: usize },
    /// A request is on it.
    Asks,
    /// It waits for the next.
    Rests,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) socket: TcpStream,
    pub(super) doing: Doing,
    pub(super) ask: Ask,
    pub(super) frame: Frame,
    /// Whether it had rested before this request: the target may have closed it meanwhile.
    pub(super) has_rested: bool,
    /// Bytes of the request that have been sent.
    pub(super) written: usize,
    /// The system tells when more can be sent.
    pub(super) waits_to_write: bool,
}

/// What came of reading.
pub(super) enum Heard {
    /// No more for now.
    Nothing,
    /// The target ended the connection.
    End,
    /// So many bytes.
    Bytes(usize),
}

impl Line {
    /// Begins a connection.
    pub(super) fn connect(address: SocketAddr, doing: Doing, ask: Ask) -> io::Result<Self> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        // Small requests leave at once instead of waiting for more.
        sockopt::set_tcp_nodelay(&socket, true)?;
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(Self {
            socket: socket.into(),
            doing,
            ask,
            frame: Frame::default(),
            has_rested: false,
            written: 0,
            waits_to_write: false,
        })
    }

    /// What became of the attempt to connect.
    pub(super) fn connected(&self) -> io::Result<()> {
        Ok(sockopt::socket_error(&self.socket)??)
    }

    /// Sends what is left of a request; answers whether all of it is sent.
    pub(super) fn write(&mut self, request: &[u8]) -> io::Result<bool> {
        while let Some(rest) = request.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.socket.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reads what is there.
    pub(super) fn read(&mut self, room: &mut [u8]) -> io::Result<Heard> {
        loop {
            match self.socket.read(room) {
                Ok(0) => return Ok(Heard::End),
                Ok(count) => return Ok(Heard::Bytes(count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Heard::Nothing);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
