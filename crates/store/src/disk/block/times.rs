//! A column of times: a regular step costs a byte or four, a step with a few gaps a few bytes for
//! each, anything else what is left of its differences.

use super::{
    bytes::{Reader, write_varint, write_zigzag},
    whole,
};

/// A regular step follows.
const REGULAR: u8 = 0;
/// Runs of a step follow.
const RUNS: u8 = 1;
/// Whole numbers follow.
const IRREGULAR: u8 = 2;
/// One of the usual steps; which one is added to it.
const USUAL: u8 = 16;
/// Steps in milliseconds at which people scrape or push, most usual first.
const STEPS: [i64; 12] = [
    15_000, 60_000, 30_000, 10_000, 5_000, 1_000, 20_000, 300_000, 120_000, 2_000, 3_600_000,
    600_000,
];
/// Runs are worth it if each holds so many rows.
const RUN_ROWS: usize = 8;

/// Appends times that rise strictly; the first one is kept elsewhere.
pub(super) fn encode(times: &[i64], room: &mut whole::Room, into: &mut Vec<u8>) {
    let runs = runs(times);
    match runs.as_deref() {
        Some([]) => encode_step(STEPS[0], into),
        Some([(step, _)]) => encode_step(*step, into),
        Some(runs) => {
            into.push(RUNS);
            write_varint(into, runs.len() as u64);
            for (step, count) in runs {
                write_zigzag(into, *step);
                write_varint(into, *count as u64);
            }
        }
        None => {
            into.push(IRREGULAR);
            whole::encode(times, room, into);
        }
    }
}

fn encode_step(step: i64, into: &mut Vec<u8>) {
    if let Some(usual) = (USUAL..).zip(STEPS).find(|(_, own)| *own == step) {
        into.push(usual.0);
    } else {
        into.push(REGULAR);
        write_zigzag(into, step);
    }
}

/// Steps and how often each comes in a row; `None` if they are too many, or wider than numbers go.
fn runs(times: &[i64]) -> Option<Vec<(i64, usize)>> {
    let most = times.len() / RUN_ROWS + 1;
    let mut runs: Vec<(i64, usize)> = Vec::new();
    for pair in times.windows(2) {
        let step = pair[1].wrapping_sub(pair[0]);
        let full = runs.len() == most;
        match runs.last_mut() {
            Some((own, count)) if *own == step => *count += 1,
            _ if full || step <= 0 => return None,
            _ => runs.push((step, 1)),
        }
    }
    Some(runs)
}

/// Reads so many times, at least one.
pub(super) fn decode(
    reader: &mut Reader<'_>,
    first: i64,
    rows: usize,
    times: &mut Vec<i64>,
) -> Option<()> {
    times.clear();
    let mut walk = Walk { times, last: first, rises: true };
    walk.times.push(first);
    match reader.byte()? {
        REGULAR => walk.run(reader.zigzag()?, rows - 1)?,
        RUNS => {
            let mut left = rows - 1;
            for _ in 0..reader.size()? {
                let step = reader.zigzag()?;
                let count = reader.size()?;
                left = left.checked_sub(count)?;
                walk.run(step, count)?;
            }
            if left > 0 {
                return None;
            }
        }
        IRREGULAR => {
            whole::decode(reader, rows, times)?;
            let rises = times.windows(2).all(|pair| pair[0] < pair[1]);
            return (rises && times.first() == Some(&first)).then_some(());
        }
        head => {
            let step = STEPS.get(usize::from(head.checked_sub(USUAL)?))?;
            walk.run(*step, rows - 1)?;
        }
    }
    walk.rises.then_some(())
}

struct Walk<'t> {
    times: &'t mut Vec<i64>,
    last: i64,
    rises: bool,
}

impl Walk<'_> {
    fn run(&mut self, step: i64, count: usize) -> Option<()> {
        let whole = i64::try_from(count).ok()?.checked_mul(step).filter(|own| *own >= 0)?;
        // Times that rise beyond all bounds wrap around, and so do not rise.
        let end = self.last.checked_add(whole)?;
        self.rises &= step > 0 || count == 0;
        let last = self.last;
        let rows = 1..=i64::try_from(count).ok()?;
        self.times.extend(rows.map(|at| last.wrapping_add(at.wrapping_mul(step))));
        self.last = end;
        Some(())
    }
}
