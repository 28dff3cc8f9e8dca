//! Content encodings, and the room that what is unpacked takes.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::{OtlpError, within};

/// Bytes that are asked for at a time, and that may be there before they are.
const STEP_BYTES: usize = 64 << 10;

/// The bound of a buffer that is filled bit by bit: its own limit, and whether the house has room for so much.
pub(super) struct Allowance<'a> {
    what: &'static str,
    limit: usize,
    granted: usize,
    /// Asks the house for so many bytes more.
    ask: &'a mut dyn FnMut(usize) -> bool,
}

impl<'a> Allowance<'a> {
    pub(super) fn new(
        what: &'static str,
        limit: usize,
        ask: &'a mut dyn FnMut(usize) -> bool,
    ) -> Self {
        Self { what, limit, granted: 0, ask }
    }

    /// The buffer is so long, or will soon be.
    pub(super) fn cover(&mut self, bytes: usize) -> Result<(), OtlpError> {
        within(self.what, bytes, self.limit)?;
        if bytes > self.granted {
            let more = (bytes - self.granted).max(STEP_BYTES).min(self.limit - self.granted);
            if !(self.ask)(more) {
                return Err(OtlpError::Room);
            }
            self.granted += more;
        }
        Ok(())
    }
}

/// The body without its encoding, at most so many bytes; what is unpacked goes into `room`.
pub(super) fn unpack<'b>(
    body: &'b [u8],
    encoding: Option<&str>,
    mut allowance: Allowance<'_>,
    room: &'b mut Vec<u8>,
) -> Result<&'b [u8], OtlpError> {
    let encoding = encoding.map(str::trim).unwrap_or_default();
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        within("bytes", body.len(), allowance.limit)?;
        return Ok(body);
    }
    if !encoding.eq_ignore_ascii_case("gzip") {
        return Err(OtlpError::Encoding(encoding.to_owned()));
    }
    // The last four bytes of a member are the length of what is in it (RFC 1952, section 2.3.1). There may be more
    // members, and a liar; but whoever will not get through is told before anything is unpacked.
    let last = body.last_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length));
    allowance.cover((last as usize).min(allowance.limit))?;
    room.clear();
    let mut members = MultiGzDecoder::new(body);
    loop {
        let step = STEP_BYTES.min(allowance.limit - room.len() + 1);
        let mut piece = members.by_ref().take(step as u64);
        let read = piece.read_to_end(room).map_err(|error| OtlpError::Gzip(error.to_string()))?;
        if read == 0 {
            return Ok(room);
        }
        allowance.cover(room.len())?;
    }
}
