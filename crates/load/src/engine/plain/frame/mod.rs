//! Where an answer of HTTP/1.1 ends: its head is read, its body is counted and thrown away, but for as much of it as
//! somebody looks at (RFC 9112, 6.3 and 7.1).

mod chunks;

use std::mem::{self, MaybeUninit};

use chunks::Chunks;
use httparse::{Header, ParserConfig, Response, Status};

use crate::{
    engine::wire::{BODY_BYTES_MAX, HEAD_BYTES_MAX, HEADERS_MAX},
    record::Trouble,
};

/// One answer while it comes in.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// The status, once the head is there; nought before.
    pub(super) status: u16,
    /// The body so far.
    pub(super) content: Content,
    /// Whether another request can follow on the connection.
    pub(super) keeps: bool,
    /// The request was a `HEAD`, whose answer has no body whatever it announces.
    is_head: bool,
    /// A head that came in pieces.
    partial: Vec<u8>,
    body: Body,
}

/// What a body holds.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// All its bytes, kept or not.
    pub(super) count: u64,
    /// The first of them, where somebody looks at them.
    pub(super) kept: Vec<u8>,
    keep: usize,
}

/// A connection that rests holds on to no more room than this for the next body.
const ROOM_KEPT: usize = 16 << 10;

impl Content {
    fn begin(&mut self, keep: usize) {
        (self.count, self.keep) = (0, keep);
        self.kept.clear();
        self.kept.shrink_to(ROOM_KEPT);
    }

    fn take(&mut self, piece: &[u8]) {
        self.count += piece.len() as u64;
        let room = self.keep - self.kept.len();
        self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// Lets go of what has been looked at.
    pub(super) fn forget(&mut self) {
        self.begin(0);
    }
}

#[derive(Debug, Default)]
enum Body {
    #[default]
    NotYet,
    Left(u64),
    Chunked(Chunks),
    UntilClose,
}

/// What a head says.
struct Head {
    bytes: usize,
    status: u16,
    keeps: bool,
    body: Body,
}

impl Frame {
    /// Gets ready for the answer to the next request, of whose body so many bytes are kept.
    pub(super) fn begin(&mut self, is_head: bool, keep: usize) {
        self.partial.clear();
        self.content.begin(keep);
        (self.status, self.keeps) = (0, false);
        (self.is_head, self.body) = (is_head, Body::NotYet);
    }

    /// Takes in what came; answers whether the answer is complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<bool, Trouble> {
        if !matches!(self.body, Body::NotYet) {
            return self.take_body(bytes);
        }
        if self.partial.is_empty() {
            return self.take_head(bytes);
        }
        let seen = self.partial.len();
        self.partial.extend_from_slice(bytes);
        // A head that drips is read again only where it may have ended.
        if !has_blank_line(&self.partial[seen.saturating_sub(3)..]) {
            return self.wait_for_more();
        }
        let whole = mem::take(&mut self.partial);
        self.take_head(&whole)
    }

    /// The connection has ended; whether the answer is complete by that.
    pub(super) fn end(&self) -> Result<(), Trouble> {
        match self.body {
            Body::NotYet => Err(Trouble::Closed),
            Body::UntilClose => Ok(()),
            Body::Left(_) | Body::Chunked(_) => Err(Trouble::CutShort),
        }
    }

    /// Whether the head has come.
    pub(super) fn has_begun(&self) -> bool {
        !matches!(self.body, Body::NotYet)
    }

    fn wait_for_more(&self) -> Result<bool, Trouble> {
        if self.partial.len() > HEAD_BYTES_MAX { Err(Trouble::Malformed) } else { Ok(false) }
    }

    fn take_head(&mut self, mut bytes: &[u8]) -> Result<bool, Trouble> {
        loop {
            let Some(head) = read_head(bytes, self.is_head)? else {
                self.partial = bytes.to_vec();
                return self.wait_for_more();
            };
            bytes = &bytes[head.bytes..];
            // Answers that only inform are followed by the one that counts: RFC 9110, 15.2.
            if matches!(head.status, 100 | 102..=199) {
                if bytes.is_empty() {
                    return Ok(false);
                }
                continue;
            }
            (self.status, self.keeps, self.body) = (head.status, head.keeps, head.body);
            return self.take_body(bytes);
        }
    }

    fn take_body(&mut self, bytes: &[u8]) -> Result<bool, Trouble> {
        // Bytes after the end of an answer are an answer to nothing: no request follows on such a connection.
        let (is_whole, surplus) = match &mut self.body {
            Body::NotYet => (false, false),
            Body::UntilClose => {
                self.content.take(bytes);
                (false, false)
            }
            Body::Left(left) => {
                let taken =
                    usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= taken as u64;
                self.content.take(&bytes[..taken]);
                (*left == 0, bytes.len() > taken)
            }
            Body::Chunked(chunks) => match chunks.take(bytes, &mut self.content)? {
                Some(used) => (true, used < bytes.len()),
                None => (false, false),
            },
        };
        self.keeps &= !surplus;
        if self.content.count > BODY_BYTES_MAX { Err(Trouble::TooLarge) } else { Ok(is_whole) }
    }
}

fn has_blank_line(bytes: &[u8]) -> bool {
    let mut is_line_begun = true;
    for byte in bytes {
        match byte {
            b'\n' if !is_line_begun => return true,
            b'\n' => is_line_begun = false,
            b'\r' => {}
            _ => is_line_begun = true,
        }
    }
    false
}

/// Reads a head; nothing if more of it must come.
fn read_head(bytes: &[u8], is_head: bool) -> Result<Option<Head>, Trouble> {
    let mut room = [const { MaybeUninit::<Header<'_>>::uninit() }; HEADERS_MAX];
    let mut response = Response::new(&mut []);
    let read =
        ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut room);
    let length = match read {
        Ok(Status::Complete(length)) if length <= HEAD_BYTES_MAX => length,
        Ok(Status::Partial) => return Ok(None),
        Ok(Status::Complete(_)) | Err(_) => return Err(Trouble::Malformed),
    };
    let status = response.code.filter(|status| *status >= 100).ok_or(Trouble::Malformed)?;
    let is_new = response.version == Some(1);
    let told = Framing::of(response.headers, is_new)?;
    let body = match status {
        100..=199 | 204 | 304 => Body::Left(0),
        _ if is_head => Body::Left(0),
        _ => told.body(is_new)?,
    };
    let keeps = told.keeps && status != 101 && !matches!(body, Body::UntilClose);
    Ok(Some(Head { bytes: length, status, keeps, body }))
}

/// What the headers of an answer say of its end.
struct Framing {
    keeps: bool,
    closes: bool,
    /// The last coding of the last `Transfer-Encoding`: whether it is `chunked`.
    chunked: Option<bool>,
    /// Of all lengths; a wrong one is kept until it is known whether it matters.
    length: Option<Result<u64, Trouble>>,
}

impl Framing {
    fn of(headers: &[Header<'_>], is_new: bool) -> Result<Self, Trouble> {
        let mut told = Self { keeps: is_new, closes: false, chunked: None, length: None };
        for header in headers {
            // The length of a name tells nearly all others away.
            match header.name.len() {
                10 if header.name.eq_ignore_ascii_case("connection") => {
                    told.connection(header.value);
                }
                14 if header.name.eq_ignore_ascii_case("content-length") => {
                    told.add_lengths(header.value);
                }
                17 if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                    let last = header.value.rsplit(|byte| *byte == b',').next();
                    let is_chunked =
                        last.is_some_and(|last| last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
                    told.chunked = Some(is_chunked);
                }
                // What is as long as this has no end that matters.
                65_536.. => return Err(Trouble::Malformed),
                _ => {}
            }
        }
        told.keeps &= !told.closes;
        Ok(told)
    }

    fn connection(&mut self, value: &[u8]) {
        for word in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.closes |= word.eq_ignore_ascii_case(b"close");
            self.keeps |= word.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// Several lengths are one only where they are equal: RFC 9110, 8.6.
    fn add_lengths(&mut self, value: &[u8]) {
        for text in value.split(|byte| *byte == b',') {
            let length = digits(text.trim_ascii()).ok_or(Trouble::Malformed);
            self.length = match self.length {
                None => Some(length),
                Some(other) if other == length => Some(other),
                Some(_) => Some(Err(Trouble::Malformed)),
            };
        }
    }

    fn body(&self, is_new: bool) -> Result<Body, Trouble> {
        match (self.chunked, self.length) {
            (Some(_), _) if !is_new => Err(Trouble::Malformed),
            (Some(true), _) => Ok(Body::Chunked(Chunks::default())),
            (None, Some(length)) => length.map(Body::Left),
            (Some(false), _) | (None, None) => Ok(Body::UntilClose),
        }
    }
}

/// A whole number without signs.
fn digits(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests;
