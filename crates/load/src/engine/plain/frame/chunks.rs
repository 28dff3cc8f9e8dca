//! Bodies that come in chunks: RFC 9112, 7.1.

use super::Content;
use crate::record::Trouble;

/// Bytes of extensions and trailers of one body; nobody sends any, and those that do not end must not go on.
const BESIDE_MAX: usize = 16 << 10;

/// Where in a chunked body the next byte is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    Size,
    Space,
    Extension,
    SizeEnd,
    Bytes,
    BytesReturn,
    BytesEnd,
    LineStart,
    Trailer,
    TrailerEnd,
    LastEnd,
    Over,
}

/// A chunked body while it comes in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chunks {
    at: At,
    /// Bytes of this chunk that are still to come.
    left: u64,
    beside: usize,
}

impl Chunks {
    /// Takes in what came and hands on the bytes of the body. Once the body is over, answers how many of these bytes
    /// were its own.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        content: &mut Content,
    ) -> Result<Option<usize>, Trouble> {
        let mut place = 0;
        while let Some(&byte) = bytes.get(place) {
            if self.at == At::Bytes {
                let rest = &bytes[place..];
                let taken =
                    usize::try_from(self.left).map_or(rest.len(), |left| left.min(rest.len()));
                self.left -= taken as u64;
                content.take(&rest[..taken]);
                place += taken;
                if self.left == 0 {
                    self.at = At::BytesReturn;
                }
                continue;
            }
            self.at = self.after(byte)?;
            place += 1;
            if self.at == At::Over {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Where one is after a byte that is none of the body itself.
    fn after(&mut self, byte: u8) -> Result<At, Trouble> {
        let is_space = matches!(byte, b' ' | b'\t');
        match (self.at, byte) {
            (At::Start | At::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte),
            (At::Size | At::Space, _) if is_space => Ok(At::Space),
            (At::Size | At::Space, b';') => Ok(At::Extension),
            (At::Size | At::Space | At::Extension, b'\r') => Ok(At::SizeEnd),
            (At::Extension | At::Trailer, b'\n') => Err(Trouble::Malformed),
            (At::Extension, _) => self.beside(At::Extension),
            (At::SizeEnd, b'\n') if self.left == 0 => Ok(At::LineStart),
            (At::SizeEnd, b'\n') => Ok(At::Bytes),
            (At::BytesReturn, b'\r') => Ok(At::BytesEnd),
            (At::BytesEnd, b'\n') => Ok(At::Start),
            (At::LineStart, b'\r') => Ok(At::LastEnd),
            (At::LastEnd, b'\n') => Ok(At::Over),
            (At::Trailer, b'\r') => Ok(At::TrailerEnd),
            (At::TrailerEnd, b'\n') => Ok(At::LineStart),
            (At::LineStart | At::Trailer, _) => self.beside(At::Trailer),
            _ => Err(Trouble::Malformed),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<At, Trouble> {
        let value = char::from(byte).to_digit(16).unwrap_or(0);
        let size = self.left.checked_mul(16).and_then(|size| size.checked_add(u64::from(value)));
        self.left = size.ok_or(Trouble::Malformed)?;
        Ok(At::Size)
    }

    fn beside(&mut self, at: At) -> Result<At, Trouble> {
        self.beside += 1;
        if self.beside > BESIDE_MAX { Err(Trouble::Malformed) } else { Ok(at) }
    }
}
