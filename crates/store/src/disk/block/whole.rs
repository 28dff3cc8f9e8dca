//! A column of whole numbers: what is left of each when the ones before it have had their say.
//!
//! A guess follows the numbers, or their differences, at one of several paces (an exponentially
//! weighted mean in whole numbers); what a number differs from its guess goes into frames. A step
//! that all differences share (pages of memory, say) is divided out; differences far off all
//! others (a counter that started anew) are told one by one, and move no guess.

use super::{
    bytes::{Reader, write_varint, write_zigzag},
    frames::{self, FRAME},
    spikes::{self, Spikes},
};

/// Set in a head if the guess is of differences.
const OF_DIFFERENCES: u8 = 0x01;
/// Where a head has its pace, and how many bits of it there are.
const PACE_AT: u32 = 1;
const PACE: u8 = 0x07;
/// Set in a head if differences share a step.
const HAS_STEP: u8 = 0x10;
/// Set in a head if some differences are told one by one.
const HAS_SPIKES: u8 = 0x20;
/// The pace of a guess that never moves.
const FIXED: u8 = 7;

/// How a column is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Guess {
    of_differences: bool,
    /// The guess moves by `1 / 2^pace` of what it was wrong; not at all if [`FIXED`].
    pace: u8,
}

const fn guess(of_differences: bool, pace: u8) -> Guess {
    Guess { of_differences, pace }
}

/// What is tried on a short column, and on any.
const QUICK: [Guess; 3] = [guess(false, 0), guess(true, 0), guess(true, FIXED)];
const MORE: [Guess; 5] =
    [guess(true, 1), guess(true, 2), guess(true, 4), guess(false, 2), guess(false, FIXED)];
/// Columns up to here are short: they are written anew soon.
const SHORT: usize = 32;

/// What encoding needs room for, kept from one column to the next.
#[derive(Debug, Default)]
pub(super) struct Room {
    scaled: Vec<i64>,
    left: Vec<i64>,
    best: Vec<i64>,
    spikes: Vec<(usize, i64)>,
}

/// Appends a column with at least one number.
pub(super) fn encode(numbers: &[i64], room: &mut Room, into: &mut Vec<u8>) {
    let first = numbers.first().copied().unwrap_or_default();
    let step = common_step(numbers);
    room.scaled.clear();
    room.scaled.extend(numbers.iter().map(|number| number.wrapping_sub(first)));
    divide(&mut room.scaled, step);
    let has_spikes = spikes::find(&room.scaled, &mut room.spikes);
    if has_spikes {
        spikes::flatten(&mut room.scaled, &room.spikes);
    }
    let (guess, centre) = best_guess(room);
    let mut head = guess.pace << PACE_AT;
    if guess.of_differences {
        head |= OF_DIFFERENCES;
    }
    if step > 1 {
        head |= HAS_STEP;
    }
    if has_spikes {
        head |= HAS_SPIKES;
    }
    into.push(head);
    write_zigzag(into, first);
    if step > 1 {
        write_varint(into, step.cast_unsigned());
    }
    if guess.has_centre() {
        write_zigzag(into, centre);
    }
    if has_spikes {
        spikes::write(&room.spikes, into);
    }
    frames::encode(&room.best, into);
}

/// About how many bits `encode` would use.
pub(super) fn cost(numbers: &[i64], room: &mut Room) -> u64 {
    let first = numbers.first().copied().unwrap_or_default();
    room.scaled.clear();
    room.scaled.extend(numbers.iter().map(|number| number.wrapping_sub(first)));
    divide(&mut room.scaled, common_step(numbers));
    let mut cost = 32;
    if spikes::find(&room.scaled, &mut room.spikes) {
        spikes::flatten(&mut room.scaled, &room.spikes);
        cost += room.spikes.len() as u64 * 64;
    }
    best_guess(room);
    cost + frames::cost(&room.best)
}

impl Guess {
    /// Whether its start is told.
    fn has_centre(self) -> bool {
        self.of_differences || self.pace == FIXED
    }

    fn centre(self, numbers: &[i64]) -> i64 {
        let rises = rises(numbers);
        match (self.of_differences, self.pace) {
            (true, FIXED) => numbers.last().map_or(0, |last| last / rises),
            (true, 0) => numbers.get(1).copied().unwrap_or_default(),
            (true, _) => {
                let early = numbers.get(..17).unwrap_or(numbers);
                early.last().map_or(0, |last| last / self::rises(early))
            }
            (false, _) => {
                let mut middle = 0i128;
                for number in numbers {
                    middle += i128::from(*number);
                }
                i64::try_from(middle / i128::from(rises)).unwrap_or_default()
            }
        }
    }

    /// What is left of numbers that start at zero.
    fn leave(self, numbers: &[i64], centre: i64, left: &mut Vec<i64>) {
        left.clear();
        let pace = u32::from(self.pace);
        let pairs = numbers.windows(2);
        match (self.of_differences, self.pace) {
            (false, 0) => left.extend(pairs.map(|pair| pair[1].wrapping_sub(pair[0]))),
            (false, FIXED) => {
                left.extend(numbers.iter().skip(1).map(|number| number.wrapping_sub(centre)));
            }
            (false, _) => {
                let mut held = 0i64;
                left.extend(numbers.iter().skip(1).map(|number| {
                    let wrong = number.wrapping_sub(held >> pace);
                    held = held.wrapping_add(wrong);
                    wrong
                }));
            }
            (true, FIXED) => {
                left.extend(pairs.map(|pair| pair[1].wrapping_sub(pair[0]).wrapping_sub(centre)));
            }
            (true, _) => {
                let mut held = centre.wrapping_shl(pace);
                left.extend(pairs.map(|pair| {
                    let wrong = pair[1].wrapping_sub(pair[0]).wrapping_sub(held >> pace);
                    held = held.wrapping_add(wrong);
                    wrong
                }));
            }
        }
    }
}

/// How many differences there are, at least one.
fn rises(numbers: &[i64]) -> i64 {
    i64::try_from(numbers.len().saturating_sub(1).max(1)).unwrap_or(i64::MAX)
}

/// Leaves in `room.best` what is left by the guess that leaves least.
fn best_guess(room: &mut Room) -> (Guess, i64) {
    let mut best = (QUICK[0], 0);
    if room.scaled.len() < 2 {
        room.best.clear();
        return best;
    }
    let mut least = u64::MAX;
    let more: &[Guess] = if room.scaled.len() > SHORT { &MORE } else { &[] };
    for guess in QUICK.iter().chain(more) {
        if !room.spikes.is_empty() && !guess.of_differences && guess.pace != 0 {
            continue;
        }
        let centre = guess.centre(&room.scaled);
        guess.leave(&room.scaled, centre, &mut room.left);
        let told = if guess.has_centre() { 16 } else { 0 };
        let cost = frames::cost(&room.left) + told;
        if cost < least {
            (least, best) = (cost, (*guess, centre));
            std::mem::swap(&mut room.best, &mut room.left);
        }
    }
    best
}

/// The greatest number that divides all differences; 1 if there is none or it is not worth telling.
fn common_step(numbers: &[i64]) -> i64 {
    let mut step = 0u64;
    for pair in numbers.windows(2) {
        let rise = pair[1].wrapping_sub(pair[0]).unsigned_abs();
        if rise != 0 && (step == 0 || rise % step != 0) {
            step = greatest_divisor(step, rise);
            if step == 1 {
                break;
            }
        }
    }
    // Beyond half of all numbers differences wrap around, where only powers of two divide.
    let far = |number: &i64| number.unsigned_abs() > 1 << 61;
    if step > 1 && numbers.iter().any(far) {
        step &= step.wrapping_neg();
    }
    i64::try_from(step).unwrap_or(1).max(1)
}

fn greatest_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

fn divide(numbers: &mut [i64], step: i64) {
    if step <= 1 {
        return;
    }
    if step.count_ones() == 1 {
        let bits = step.trailing_zeros();
        for number in numbers.iter_mut() {
            *number >>= bits;
        }
    } else {
        for number in numbers.iter_mut() {
            *number /= step;
        }
    }
}

/// Reads so many numbers, at least one, and puts them where others were.
pub(super) fn decode(reader: &mut Reader<'_>, rows: usize, into: &mut Vec<i64>) -> Option<()> {
    let head = reader.byte()?;
    let guess =
        Guess { of_differences: head & OF_DIFFERENCES != 0, pace: (head >> PACE_AT) & PACE };
    let first = reader.zigzag()?;
    let step = if head & HAS_STEP != 0 { reader.varint()?.cast_signed() } else { 1 };
    let centre = if guess.has_centre() { reader.zigzag()? } else { 0 };
    let mut spikes = Spikes::default();
    if head & HAS_SPIKES != 0 {
        spikes = Spikes::read(reader)?;
    }
    into.clear();
    into.resize(rows, 0);
    let mut state = State { guess, held: 0, last: 0 };
    state.start(centre);
    let (_, rest) = into.split_first_mut()?;
    let mut at = 0;
    for frame in rest.chunks_mut(FRAME) {
        frames::decode(reader, frame)?;
        state.restore(frame, centre, |frame| spikes.add(at, frame))?;
        at += frame.len();
    }
    if step == 1 {
        for number in into.iter_mut() {
            *number = number.wrapping_add(first);
        }
    } else {
        for number in into.iter_mut() {
            *number = number.wrapping_mul(step).wrapping_add(first);
        }
    }
    Some(())
}

/// What is known between two frames.
struct State {
    guess: Guess,
    held: i64,
    last: i64,
}

impl State {
    fn start(&mut self, centre: i64) {
        if self.guess.of_differences {
            self.held = centre.wrapping_shl(u32::from(self.guess.pace));
        }
    }

    /// Turns what is left into numbers that started at zero.
    fn restore(
        &mut self,
        frame: &mut [i64],
        centre: i64,
        spikes: impl FnOnce(&mut [i64]) -> Option<()>,
    ) -> Option<()> {
        let pace = u32::from(self.guess.pace);
        let mut held = self.held;
        match (self.guess.of_differences, self.guess.pace) {
            (false, FIXED) => {
                for number in frame.iter_mut() {
                    *number = number.wrapping_add(centre);
                }
                return Some(());
            }
            (false, 0) => {}
            (false, _) => {
                for number in &mut *frame {
                    let guess = held >> pace;
                    held = held.wrapping_add(*number);
                    *number = number.wrapping_add(guess);
                }
                self.held = held;
                return Some(());
            }
            (true, FIXED) => {
                for number in frame.iter_mut() {
                    *number = number.wrapping_add(centre);
                }
            }
            (true, _) => {
                for number in &mut *frame {
                    let guess = held >> pace;
                    held = held.wrapping_add(*number);
                    *number = number.wrapping_add(guess);
                }
                self.held = held;
            }
        }
        spikes(frame)?;
        let mut last = self.last;
        for number in frame {
            last = last.wrapping_add(*number);
            *number = last;
        }
        self.last = last;
        Some(())
    }
}
