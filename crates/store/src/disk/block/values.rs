//! A column of floats, exact to the bit, in the cheapest of its forms: one constant; whole numbers
//! after scaling, alone or as what they are above the numbers of the series before; the bits of the
//! floats taken for numbers; the XOR of neighbours.

use super::{
    GroupId,
    bytes::{Reader, write_varint, write_zigzag},
    mixed,
    scale::{self, Exceptions, Scale},
    whole, xor,
};

const CONSTANT: u8 = 0;
const CONSTANT_WHOLE: u8 = 1;
const XOR: u8 = 2;
const BITS: u8 = 3;
/// The power of ten is added to it.
const SCALED: u8 = 16;
/// The most that can be added.
const POWER_MAX: u8 = 12;
/// Which bits of a head are the form.
const FORM: u8 = 0x3f;
/// Set in a head if some values are told one by one.
const HAS_EXCEPTIONS: u8 = 0x40;
/// Set in a head if numbers are told as what they are above those of an earlier block.
const HAS_BASE: u8 = 0x80;

/// Fewer rows than this are told without a base: naming one takes about as much as it saves.
const BASE_ROWS_MIN: usize = 32;
/// Blocks that must be read to read one, at most; Prometheus' default histogram has 12 buckets.
pub(super) const CHAIN_MAX: usize = 16;

/// The numbers of the block before, and what encoding needs room for.
#[derive(Debug, Default)]
pub(super) struct ValueEncoder {
    numbers: Vec<i64>,
    exceptions: Exceptions,
    above: Vec<i64>,
    room: whole::Room,
    trial: Vec<u8>,
    base: Vec<i64>,
    base_at: Option<BaseAt>,
}

/// Which block may be the base of the next one.
#[derive(Clone, Copy, Debug)]
struct BaseAt {
    start: usize,
    scale: Scale,
    chain: usize,
}

impl ValueEncoder {
    /// Forgets the block before: the next one stands alone.
    pub(super) fn forget(&mut self) {
        self.base_at = None;
    }

    /// Appends a column with at least one value to a group. `same_times` says that the block before
    /// has the same times.
    pub(super) fn encode(&mut self, values: &[f64], same_times: bool, into: &mut Vec<u8>) {
        let start = into.len();
        let base = self.base_at.take().filter(|_| same_times && values.len() >= BASE_ROWS_MIN);
        let first = values.first().copied().unwrap_or_default();
        if values.iter().all(|value| value.to_bits() == first.to_bits()) {
            encode_constant(first, into);
            return;
        }
        let scale = scale::scale(values, &mut self.numbers, &mut self.exceptions);
        let base = base.filter(|base| base.scale == scale && base.chain < CHAIN_MAX);
        let base = base.filter(|_| self.is_smaller_above());
        let form = match scale {
            Scale::Ten(power) => SCALED + power,
            Scale::Bits => BITS,
        };
        let mut head = form;
        if !self.exceptions.is_empty() {
            head |= HAS_EXCEPTIONS;
        }
        if let Some(base) = base {
            into.push(head | HAS_BASE);
            write_varint(into, (start - base.start) as u64);
            whole::encode(&self.above, &mut self.room, into);
        } else {
            into.push(head);
            whole::encode(&self.numbers, &mut self.room, into);
        }
        if !self.exceptions.is_empty() {
            scale::write_exceptions(&self.exceptions, into);
        }
        if scale == Scale::Bits && into.len() - start > values.len() * 6 {
            self.try_xor(values, start, into);
        } else if scale != Scale::Bits {
            std::mem::swap(&mut self.base, &mut self.numbers);
            self.base_at =
                Some(BaseAt { start, scale, chain: base.map_or(1, |base| base.chain + 1) });
        }
    }

    /// Whether it saves an eighth to tell what numbers are above the base; leaves that in `above`.
    fn is_smaller_above(&mut self) -> bool {
        if self.base.len() != self.numbers.len() {
            return false;
        }
        self.above.clear();
        let pairs = self.numbers.iter().zip(&self.base);
        self.above.extend(pairs.map(|(number, base)| number.wrapping_sub(*base)));
        let alone = whole::cost(&self.numbers, &mut self.room);
        let above = whole::cost(&self.above, &mut self.room);
        above + 24 < alone - alone / 8
    }

    fn try_xor(&mut self, values: &[f64], start: usize, into: &mut Vec<u8>) {
        self.trial.clear();
        self.trial.push(XOR);
        xor::encode(values, &mut self.trial);
        if self.trial.len() < into.len() - start {
            into.truncate(start);
            into.extend_from_slice(&self.trial);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
fn encode_constant(value: f64, into: &mut Vec<u8>) {
    let number = value as i64;
    if (number as f64).to_bits() == value.to_bits() && number.unsigned_abs() < 1 << 48 {
        into.push(CONSTANT_WHOLE);
        write_zigzag(into, number);
    } else {
        into.push(CONSTANT);
        into.extend_from_slice(&value.to_bits().to_le_bytes());
    }
}

/// Groups whose last block is remembered: a series has blocks in a few groups at a time.
const RECENT: usize = 64;

/// The block of a group that was read last: the next one may stand on it, and need not read it again.
#[derive(Debug, Default)]
struct Recent {
    /// Which group, and where in it the block starts; `None` if there is none.
    block: Option<(GroupId, usize)>,
    scale: Option<Scale>,
    numbers: Vec<i64>,
}

/// What decoding needs room for, kept from one block to the next.
#[derive(Debug, Default)]
pub(super) struct ValueDecoder {
    numbers: Vec<i64>,
    above: Vec<i64>,
    group: Option<GroupId>,
    recent: Vec<Recent>,
}

impl ValueDecoder {
    /// Reads so many values, at least one, of a block that starts somewhere in a group; gives what
    /// lies behind them.
    pub(super) fn decode<'a>(
        &mut self,
        group: &'a [u8],
        start: usize,
        rows: usize,
        values: &mut Vec<f64>,
    ) -> Option<Reader<'a>> {
        let mut reader = Reader::new(group.get(start..)?);
        let head = reader.byte()?;
        match head {
            CONSTANT => {
                let value = reader.f64()?;
                values.clear();
                values.resize(rows, value);
            }
            CONSTANT_WHOLE => {
                let value = reader.zigzag()? as f64;
                values.clear();
                values.resize(rows, value);
            }
            XOR => xor::decode(&mut reader, rows, values)?,
            _ => {
                let scale = scale_of(head)?;
                if head & HAS_BASE == 0 {
                    whole::decode(&mut reader, rows, &mut self.numbers)?;
                } else {
                    reader = self.decode_chain(group, start, rows, scale)?;
                }
                scale::restore(scale, &self.numbers, values)?;
                self.remember(start, scale);
                if head & HAS_EXCEPTIONS != 0 {
                    scale::read_exceptions(&mut reader, values)?;
                }
            }
        }
        Some(reader)
    }

    /// Says which group the next block is of.
    pub(super) fn enter(&mut self, group: GroupId) {
        self.group = Some(group);
        if self.recent.is_empty() {
            self.recent.resize_with(RECENT, Recent::default);
        }
    }

    /// Where a group's block is remembered.
    fn recent(&mut self) -> Option<(GroupId, &mut Recent)> {
        let group = self.group?;
        let at = (mixed(group) >> 48) as usize % RECENT;
        Some((group, self.recent.get_mut(at)?))
    }

    /// Remembers the numbers of the block that starts here.
    fn remember(&mut self, start: usize, scale: Scale) {
        let mut numbers = std::mem::take(&mut self.numbers);
        if let Some((group, recent)) = self.recent() {
            (recent.block, recent.scale) = (Some((group, start)), Some(scale));
            std::mem::swap(&mut recent.numbers, &mut numbers);
        }
        self.numbers = numbers;
    }

    /// Takes the numbers of the block that starts here, if they are remembered.
    fn recall(&mut self, start: usize, rows: usize, scale: Scale) -> bool {
        let mut numbers = std::mem::take(&mut self.numbers);
        let mut found = false;
        if let Some((group, recent)) = self.recent() {
            found = recent.block == Some((group, start))
                && recent.scale == Some(scale)
                && recent.numbers.len() == rows;
            if found {
                recent.block = None;
                std::mem::swap(&mut recent.numbers, &mut numbers);
            }
        }
        self.numbers = numbers;
        found
    }

    /// Reads numbers that stand on those of earlier blocks; gives what lies behind the last ones.
    fn decode_chain<'a>(
        &mut self,
        group: &'a [u8],
        start: usize,
        rows: usize,
        scale: Scale,
    ) -> Option<Reader<'a>> {
        let mut chain = [0; CHAIN_MAX + 1];
        let mut length = 0;
        let mut at = start;
        let mut known = false;
        loop {
            if at != start && self.recall(at, rows, scale) {
                known = true;
                break;
            }
            *chain.get_mut(length)? = at;
            length += 1;
            let mut reader = Reader::new(group.get(at..)?);
            let head = reader.byte()?;
            if scale_of(head)? != scale {
                return None;
            }
            if head & HAS_BASE == 0 {
                break;
            }
            let back = reader.size()?;
            at = at.checked_sub(back).filter(|_| back > 0)?;
        }
        let mut last = Reader::new(&[]);
        for (depth, at) in chain.get(..length)?.iter().rev().enumerate() {
            let mut reader = Reader::new(group.get(*at..)?);
            reader.byte()?;
            if depth == 0 && !known {
                whole::decode(&mut reader, rows, &mut self.numbers)?;
            } else {
                reader.varint()?;
                whole::decode(&mut reader, rows, &mut self.above)?;
                for (number, above) in self.numbers.iter_mut().zip(&self.above) {
                    *number = number.wrapping_add(*above);
                }
            }
            last = reader;
        }
        Some(last)
    }
}

fn scale_of(head: u8) -> Option<Scale> {
    match head & FORM {
        BITS => Some(Scale::Bits),
        form @ SCALED..=255 => {
            Some(form - SCALED).filter(|power| *power <= POWER_MAX).map(Scale::Ten)
        }
        _ => None,
    }
}
