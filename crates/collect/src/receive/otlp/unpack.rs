//! Content encodings.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::{OtlpError, within};

/// The body without its encoding, at most so many bytes; what is unpacked goes into `room`.
pub(super) fn unpack<'b>(
    body: &'b [u8],
    encoding: Option<&str>,
    limit: usize,
    room: &'b mut Vec<u8>,
) -> Result<&'b [u8], OtlpError> {
    let encoding = encoding.map(str::trim).unwrap_or_default();
    if encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") {
        within("bytes", body.len(), limit)?;
        return Ok(body);
    }
    if !encoding.eq_ignore_ascii_case("gzip") {
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
