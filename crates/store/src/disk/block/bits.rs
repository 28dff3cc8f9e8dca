//! Bits in bytes, lowest first.

/// Appends bits to bytes.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    into: &'a mut Vec<u8>,
    held: u64,
    used: u32,
}

impl<'a> BitWriter<'a> {
    /// Starts at a byte.
    pub(super) fn new(into: &'a mut Vec<u8>) -> Self {
        Self { into, held: 0, used: 0 }
    }

    /// Appends the lowest bits of a value, at most 64; the bits above them must be zero.
    pub(super) fn write(&mut self, value: u64, bits: u32) {
        self.held |= value << self.used;
        let used = self.used + bits;
        if used >= 64 {
            self.into.extend_from_slice(&self.held.to_le_bytes());
            self.held = value.checked_shr(64 - self.used).unwrap_or(0);
            self.used = used - 64;
        } else {
            self.used = used;
        }
    }

    /// Fills up the last byte.
    pub(super) fn finish(self) {
        let bytes = self.used.div_ceil(8) as usize;
        self.into.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

/// Reads bits from bytes.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    held: u64,
    left: u32,
}

impl<'a> BitReader<'a> {
    /// Starts at the front.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, held: 0, left: 0 }
    }

    /// Whole bytes that were not read.
    pub(super) fn bytes_left(&self) -> usize {
        self.bytes.len() + (self.left / 8) as usize
    }

    /// The next so many bits, at most 64.
    pub(super) fn read(&mut self, bits: u32) -> Option<u64> {
        if bits <= self.left {
            let value = self.held & mask(bits);
            self.held = self.held.checked_shr(bits).unwrap_or(0);
            self.left -= bits;
            return Some(value);
        }
        let (have, got) = (self.held, self.left);
        if let Some((word, rest)) = self.bytes.split_first_chunk::<8>() {
            (self.held, self.left, self.bytes) = (u64::from_le_bytes(*word), 64, rest);
        } else {
            let mut word = [0; 8];
            word[..self.bytes.len()].copy_from_slice(self.bytes);
            self.held = u64::from_le_bytes(word);
            self.left = u32::try_from(self.bytes.len()).ok()? * 8;
            self.bytes = &[];
        }
        let more = bits - got;
        if more > self.left {
            return None;
        }
        let value = have | (self.held & mask(more)) << got;
        self.held = self.held.checked_shr(more).unwrap_or(0);
        self.left -= more;
        Some(value)
    }
}

/// So many ones from below, at most 64.
pub(super) fn mask(bits: u32) -> u64 {
    u64::MAX.checked_shr(64 - bits).unwrap_or(0)
}

/// Bytes of the widest frame, and what is read beyond it.
const SPACE: usize = super::frames::FRAME * 7 + 64;

/// Reads numbers of one width, at most 56 bits, at most a frame of them.
pub(super) fn unpack(bytes: &[u8], width: u32, into: &mut [i64]) -> Option<()> {
    if width == 0 {
        into.fill(0);
        return Some(());
    }
    let mut space = [0; SPACE];
    space.get_mut(..bytes.len())?.copy_from_slice(bytes);
    macro_rules! of_width {
        ($($width:literal)*) => {
            match width {
                $($width => unpack_all::<$width>(&space, into),)*
                _ => None,
            }
        };
    }
    of_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40
        41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56)
}

/// Eight numbers take as many bytes as one takes bits; with a width that is known beforehand, so is where each lies.
fn unpack_all<const WIDTH: usize>(space: &[u8; SPACE], into: &mut [i64]) -> Option<()> {
    let mask = u64::MAX.checked_shr(64 - u32::try_from(WIDTH).ok()?)?;
    let mut at = 0;
    for eight in into.chunks_mut(8) {
        let bytes = space.get(at..)?.first_chunk::<64>()?;
        let mut numbers = [0; 8];
        for (place, number) in numbers.iter_mut().enumerate() {
            let bit = place * WIDTH;
            let word = bytes[bit / 8..].first_chunk::<8>()?;
            *number = ((u64::from_le_bytes(*word) >> (bit % 8)) & mask).cast_signed();
        }
        eight.copy_from_slice(numbers.get(..eight.len())?);
        at += WIDTH;
    }
    Some(())
}
