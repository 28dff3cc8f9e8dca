//! A column of times: a regular step costs a few bytes, anything else its second differences.

use super::{
    bits,
    bytes::{Reader, write_zigzag},
};

const REGULAR: u8 = 0;
const SECOND_DIFFERENCES: u8 = 1;

/// Appends times that rise strictly; the first one is kept elsewhere.
pub(super) fn encode(times: &[i64], into: &mut Vec<u8>) {
    let step = match times {
        [first, second, ..] => second.wrapping_sub(*first),
        _ => 0,
    };
    if times.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step) {
        into.push(REGULAR);
        write_zigzag(into, step);
        return;
    }
    into.push(SECOND_DIFFERENCES);
    write_zigzag(into, step);
    let seconds: Vec<i64> = times
        .windows(3)
        .map(|three| {
            let (before, after) =
                (three[1].wrapping_sub(three[0]), three[2].wrapping_sub(three[1]));
            after.wrapping_sub(before)
        })
        .collect();
    bits::pack(&seconds, into);
}

/// Reads so many times.
pub(super) fn decode(reader: &mut Reader<'_>, first: i64, rows: usize) -> Option<Vec<i64>> {
    let kind = reader.byte()?;
    let mut step = reader.zigzag()?;
    let mut times = Vec::with_capacity(rows);
    let mut time = first;
    times.push(time);
    match kind {
        REGULAR => {
            for _ in 1..rows {
                time = time.wrapping_add(step);
                times.push(time);
            }
        }
        SECOND_DIFFERENCES if rows > 2 => {
            time = time.wrapping_add(step);
            times.push(time);
            bits::unpack(reader, rows - 2, |second| {
                step = step.wrapping_add(second);
                time = time.wrapping_add(step);
                times.push(time);
            })?;
        }
        _ => return None,
    }
    times.windows(2).all(|pair| pair[0] < pair[1]).then_some(times)
}
