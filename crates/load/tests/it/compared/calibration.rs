//! How often comparisons cry wolf, and how often they see a change that is there.

use anyhow::Result;
use load::{Kept, OutcomeWord, Rules, compare};
use stats::Chance;

use crate::simulated::{Queue, report};

/// What differs from run to run of the same thing, as a share (standard deviation).
const DRIFT: f64 = 0.01;
/// 500 requests a second at a server that is busy for seven tenths of its time.
pub(crate) const QUEUE: Queue = Queue { rate: 500.0, service: 0.7 / 500.0, servers: 1, scale: 1.0 };

/// How often each word came out.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) worse: usize,
    pub(crate) better: usize,
    pub(crate) none: usize,
    pub(crate) refused: usize,
}

/// So many comparisons of so many runs of each side, where the second side takes `scale` times as long.
pub(crate) fn outcomes(count: u64, runs: u64, seconds: u64, scale: f64) -> Result<Words> {
    let mut words = Words::default();
    let mut chance = Chance::new(77);
    for number in 0..count {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for run in 0..2 * runs {
            let is_right = run % 2 == 1;
            let own = if is_right { scale } else { 1.0 };
            let queue = Queue { scale: own * (DRIFT * chance.normal()).exp(), ..QUEUE };
            let kept = Kept::of("run", &report(&queue, seconds, number * 1_000 + run))?;
            if is_right { right.push(kept) } else { left.push(kept) }
        }
        match compare(&left, &right, Rules::default()).word() {
            OutcomeWord::Worse => words.worse += 1,
            OutcomeWord::Better => words.better += 1,
            OutcomeWord::NoChange => words.none += 1,
            OutcomeWord::Refused => words.refused += 1,
        }
    }
    Ok(words)
}
