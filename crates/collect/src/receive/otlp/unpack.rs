//! Content encodings.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::{Format, OtlpError, Sent, within};

/// Bytes the request takes beside its body while it is taken apart, as far as it says so itself.
pub fn unpacked_bytes(sent: &Sent<'_>) -> usize {
    // The last four bytes of gzip are the length of what is in it (RFC 1952, section 2.3.1).
    let unpacked = match (is_gzip(sent.encoding), sent.body.last_chunk::<4>()) {
        (true, Some(length)) => u32::from_le_bytes(*length) as usize,
        _ => 0,
    };
    match sent.format {
        Format::Protobuf => unpacked,
        // It is put as protobuf, which is about as large.
        Format::Json => unpacked.saturating_add(unpacked.max(sent.body.len())),
    }
}

fn is_gzip(encoding: Option<&str>) -> bool {
    encoding.is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"))
}

/// The body without its encoding, at most so many bytes; what is unpacked goes into `room`.
pub(super) fn unpack<'b>(
    body: &'b [u8],
    encoding: Option<&str>,
    limit: usize,
    room: &'b mut Vec<u8>,
) -> Result<&'b [u8], OtlpError> {
    let gzip = is_gzip(encoding);
    let encoding = encoding.map(str::trim).unwrap_or_default();
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        within("bytes", body.len(), limit)?;
        return Ok(body);
    }
    if !gzip {
        return Err(OtlpError::Encoding(encoding.to_owned()));
    }
    room.clear();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(body)
        .take(most)
        .read_to_end(room)
        .map_err(|error| OtlpError::Gzip(error.to_string()))?;
    within("bytes after decompression", room.len(), limit)?;
    Ok(room)
}
