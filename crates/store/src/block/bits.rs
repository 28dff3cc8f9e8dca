//! Bits in bytes, lowest first, and whole columns of numbers packed with them.

use super::bytes::{Reader, unzigzag, zigzag};

/// Numbers that share one width.
const FRAME: usize = 128;

/// Appends bits to bytes.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    into: &'a mut Vec<u8>,
    held: u128,
    used: u32,
}

impl<'a> BitWriter<'a> {
    /// Starts at a byte.
    pub(super) fn new(into: &'a mut Vec<u8>) -> Self {
        Self { into, held: 0, used: 0 }
    }

    /// Appends the lowest bits of a value; the bits above them must be zero. At most 64.
    pub(super) fn write(&mut self, value: u64, bits: u32) {
        self.held |= u128::from(value) << self.used;
        self.used += bits;
        while self.used >= 64 {
            self.into.extend_from_slice(&low_word(self.held).to_le_bytes());
            self.held >>= 64;
            self.used -= 64;
        }
    }

    /// Fills up the last byte.
    pub(super) fn finish(self) {
        let bytes = self.used.div_ceil(8) as usize;
        self.into.extend_from_slice(&self.held.to_le_bytes()[..bytes]);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
fn low_word(value: u128) -> u64 {
    value as u64
}

/// Reads bits from bytes.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    held: u128,
    left: u32,
}

impl<'a> BitReader<'a> {
    /// Starts at the front.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, held: 0, left: 0 }
    }

    /// The next so many bits, at most 64.
    pub(super) fn read(&mut self, bits: u32) -> Option<u64> {
        while self.left < bits {
            if let Some((word, rest)) = self.bytes.split_first_chunk::<8>() {
                self.held |= u128::from(u64::from_le_bytes(*word)) << self.left;
                self.left += 64;
                self.bytes = rest;
            } else {
                let (byte, rest) = self.bytes.split_first()?;
                self.held |= u128::from(*byte) << self.left;
                self.left += 8;
                self.bytes = rest;
            }
        }
        let value = low_word(self.held) & mask(bits);
        self.held >>= bits;
        self.left -= bits;
        Some(value)
    }
}

fn mask(bits: u32) -> u64 {
    u64::MAX.checked_shr(64 - bits).unwrap_or(0)
}

fn width(frame: &[i64]) -> u32 {
    64 - frame.iter().fold(0, |seen, value| seen | zigzag(*value)).leading_zeros()
}

/// How many bytes `pack` would write.
pub(super) fn packed_bytes(numbers: &[i64]) -> usize {
    numbers.chunks(FRAME).map(|frame| 1 + (width(frame) as usize * frame.len()).div_ceil(8)).sum()
}

/// Appends numbers in frames of one width each.
pub(super) fn pack(numbers: &[i64], into: &mut Vec<u8>) {
    for frame in numbers.chunks(FRAME) {
        let width = width(frame);
        into.push((width & 0xff) as u8);
        let mut bits = BitWriter::new(into);
        for number in frame {
            bits.write(zigzag(*number), width);
        }
        bits.finish();
    }
}

/// Reads what `pack` wrote, handing each number to `each`.
pub(super) fn unpack(
    reader: &mut Reader<'_>,
    count: usize,
    mut each: impl FnMut(i64),
) -> Option<()> {
    let mut left = count;
    while left > 0 {
        let frame = left.min(FRAME);
        let width = u32::from(reader.byte()?);
        if width > 64 {
            return None;
        }
        let mut bits = BitReader::new(reader.take((width as usize * frame).div_ceil(8))?);
        for _ in 0..frame {
            each(unzigzag(bits.read(width)?));
        }
        left -= frame;
    }
    Some(())
}
