//! Differences of whole numbers that are far off all others, told one by one.

use super::bytes::{Reader, write_varint, write_zigzag};

/// A difference that may be so many times as far off as the others are is worth a look.
const SPIKE: u64 = 64;

/// Finds differences far off all others; false if there are none or too many.
pub(super) fn find(numbers: &[i64], spikes: &mut Vec<(usize, i64)>) -> bool {
    spikes.clear();
    if numbers.len() < 8 {
        return false;
    }
    let rises = || numbers.windows(2).map(|pair| pair[1].wrapping_sub(pair[0]));
    let most = rises().fold(0, |most, rise| rise.unsigned_abs().max(most));
    // The greatest are cut down, so that one of them does not hide itself.
    let cut = most / SPIKE;
    let sum = rises().fold(0u64, |sum, rise| sum.saturating_add(rise.unsigned_abs().min(cut)));
    let far = (sum / numbers.len() as u64).saturating_add(1).saturating_mul(SPIKE / 4);
    if most <= far {
        return false;
    }
    let few = numbers.len() / 64 + 1;
    // A spike is told as what it is above the difference before it, so that the others stay alike.
    let mut last = 0i64;
    for (at, rise) in rises().enumerate() {
        let height = rise.wrapping_sub(last);
        if height.unsigned_abs() <= far {
            last = rise;
        } else if spikes.len() == few {
            spikes.clear();
            return false;
        } else {
            spikes.push((at, height));
        }
    }
    !spikes.is_empty()
}

/// Takes spikes out of numbers.
pub(super) fn flatten(numbers: &mut [i64], spikes: &[(usize, i64)]) {
    let mut off = 0i64;
    let mut next = spikes.iter().peekable();
    for (at, number) in numbers.iter_mut().enumerate().skip(1) {
        if let Some((_, height)) = next.next_if(|(spike, _)| spike + 1 == at) {
            off = off.wrapping_add(*height);
        }
        *number = number.wrapping_sub(off);
    }
}

/// Appends spikes: how many, then for each how far it is from the one before, and its height.
pub(super) fn write(spikes: &[(usize, i64)], into: &mut Vec<u8>) {
    write_varint(into, spikes.len() as u64);
    let mut last = 0;
    for (at, height) in spikes {
        write_varint(into, (at - last) as u64);
        write_zigzag(into, *height);
        last = *at;
    }
}

/// Differences told one by one, in order.
#[derive(Debug)]
pub(super) struct Spikes<'a> {
    rest: Reader<'a>,
    left: u64,
    next: (usize, i64),
}

impl Default for Spikes<'_> {
    fn default() -> Self {
        Self { rest: Reader::new(&[]), left: 0, next: (usize::MAX, 0) }
    }
}

impl<'a> Spikes<'a> {
    /// Reads past them, and keeps where they are.
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let left = reader.varint()?;
        let rest = reader.clone();
        for _ in 0..left {
            reader.varint()?;
            reader.varint()?;
        }
        let mut spikes = Self { rest, left, next: (0, 0) };
        spikes.go_on()?;
        Some(spikes)
    }

    fn go_on(&mut self) -> Option<()> {
        if self.left == 0 {
            self.next = (usize::MAX, 0);
        } else {
            self.left -= 1;
            let at = self.next.0.checked_add(self.rest.size()?)?;
            self.next = (at, self.rest.zigzag()?);
        }
        Some(())
    }

    /// Adds those that belong to a frame of differences that starts here.
    pub(super) fn add(&mut self, start: usize, frame: &mut [i64]) -> Option<()> {
        while let Some(number) = self.next.0.checked_sub(start).and_then(|at| frame.get_mut(at)) {
            *number = number.wrapping_add(self.next.1);
            self.go_on()?;
        }
        Some(())
    }
}
