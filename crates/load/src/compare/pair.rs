//! Two runs: a bootstrap of blocks of their timelines.
//!
//! Requests of one run are no independent draws: they queue behind each other, so tests on requests call nearly every
//! pair of equal runs different. Blocks of several seconds are nearly independent. Blocks are drawn with replacement,
//! at the same places in both runs (Künsch 1989), so that a load with stages compares like with like; what percentiles
//! of the drawn blocks differ by is spread as the difference itself is.

use stats::{Chance, stddev};

use super::{
    Effect, Figure, Rules,
    kept::{Kept, Row},
    student,
};

/// Draws for one spread: its own error is then 2 %.
const DRAWS: usize = 1_000;
/// How many blocks a run is cut into, if each gets long enough.
const BLOCKS: usize = 30;
/// The shortest block, in seconds: queues and garbage collections last less.
const BLOCK_SECONDS_MIN: usize = 3;
/// Fewer blocks tell nothing of their own spread.
pub(super) const BLOCKS_MIN: usize = 8;
/// Where chance starts: the same reports give the same answer.
const SEED: u64 = 6;
/// How sure it must be that a run's halves differ before it is called unsteady.
const HALVES_SURE: f64 = 0.001;
/// And by how much, as a logarithm.
const HALVES_APART: f64 = 0.095;

/// One block of one run. Counts are floats, which cannot overflow and are exact as far as any run goes.
struct Block {
    /// How many response times lie in each place or before it.
    until: Vec<f64>,
    good: f64,
    failed: f64,
}

/// Two runs cut at the same places.
struct Cut {
    /// The least and the greatest nanoseconds of each place.
    bounds: Vec<(u64, u64)>,
    left: Vec<Block>,
    right: Vec<Block>,
    block_seconds: f64,
}

/// Blocks of one run, each as often as it was drawn.
struct Drawn<'c> {
    cut: &'c Cut,
    blocks: &'c [Block],
    times: &'c [f64],
}

/// The differences between two runs; nothing if they are too short to tell.
pub(super) fn effects(left: &Kept, right: &Kept, rules: &Rules) -> Option<Vec<Effect>> {
    let (left_rows, right_rows) = (rows(left), rows(right));
    let cut = cut(&left_rows, &right_rows, left.row_seconds)?;
    let mut figures = vec![Figure::P50, Figure::P95, Figure::P99, Figure::Errors];
    if left.is_closed {
        figures.push(Figure::Throughput);
    }
    Some(contrast(&cut, &figures, rules))
}

/// What changed within one run although its load did not; nothing if it is steady.
pub(super) fn drift(run: &Kept, rules: &Rules) -> Option<Effect> {
    if !run.is_steady {
        return None;
    }
    let rows = rows(run);
    let (first, second) = rows.split_at(rows.len() / 2);
    let cut = cut(first, second, run.row_seconds)?;
    let found = contrast(&cut, &[Figure::P50, Figure::P95], rules);
    found
        .into_iter()
        .find(|effect| effect.likelihood < HALVES_SURE && effect.difference.abs() > HALVES_APART)
}

/// The rows while journeys began; what ended later belongs to the last of them.
fn rows(run: &Kept) -> Vec<Row> {
    let width = run.row_seconds as f64;
    let mut rows: Vec<Row> = Vec::new();
    for (index, row) in run.rows.iter().enumerate() {
        let is_late = (index + 1) as f64 * width > run.seconds + 0.5;
        match rows.last_mut().filter(|_| is_late) {
            Some(last) => {
                last.good = last.good.saturating_add(row.good);
                last.failed = last.failed.saturating_add(row.failed);
                if let Some(more) = &row.response {
                    match &mut last.response {
                        Some(own) => own.merge(more),
                        none => *none = Some(more.clone()),
                    }
                }
            }
            None => rows.push(row.clone()),
        }
    }
    rows
}

fn cut(left: &[Row], right: &[Row], row_seconds: u64) -> Option<Cut> {
    let count = left.len().min(right.len());
    let width = usize::try_from(row_seconds).ok()?;
    let shortest = BLOCK_SECONDS_MIN.div_ceil(width);
    let size = (count / BLOCKS).max(shortest);
    if count / size < BLOCKS_MIN {
        return None;
    }
    let mut union = stats::Histogram::coarse();
    left.iter()
        .chain(right)
        .filter_map(|row| row.response.as_ref())
        .for_each(|own| union.merge(own));
    let bounds: Vec<(u64, u64)> = union.buckets().map(|bucket| (bucket.from, bucket.to)).collect();
    let blocks = |rows: &[Row]| {
        rows[..count / size * size].chunks(size).map(|rows| block(rows, &bounds)).collect()
    };
    let (left, right) = (blocks(left), blocks(right));
    Some(Cut { bounds, left, right, block_seconds: (size * width) as f64 })
}

fn block(rows: &[Row], bounds: &[(u64, u64)]) -> Block {
    let mut block = Block { until: vec![0.0; bounds.len()], good: 0.0, failed: 0.0 };
    for row in rows {
        block.good += row.good as f64;
        block.failed += row.failed as f64;
        for bucket in row.response.iter().flat_map(stats::Histogram::buckets) {
            if let Ok(place) = bounds.binary_search_by_key(&bucket.from, |bound| bound.0) {
                block.until[place] += bucket.count as f64;
            }
        }
    }
    let mut sum = 0.0;
    for until in &mut block.until {
        sum += *until;
        *until = sum;
    }
    block
}

fn contrast(cut: &Cut, figures: &[Figure], rules: &Rules) -> Vec<Effect> {
    let blocks = cut.left.len();
    let mut chance = Chance::new(SEED);
    let mut differences = vec![Vec::with_capacity(DRAWS); figures.len()];
    for _ in 0..DRAWS {
        let mut times = vec![0.0; blocks];
        (0..blocks).for_each(|_| times[chance.below(blocks)] += 1.0);
        for (figure, differences) in figures.iter().zip(&mut differences) {
            let (_, _, difference) = cut.values(*figure, &times);
            if difference.is_finite() {
                differences.push(difference);
            }
        }
    }
    let told = figures.iter().zip(&differences);
    told.filter_map(|(figure, differences)| effect(cut, *figure, differences, rules)).collect()
}

fn effect(cut: &Cut, figure: Figure, differences: &[f64], rules: &Rules) -> Option<Effect> {
    let blocks = cut.left.len();
    let freedom = (blocks - 1) as f64;
    let (left, right, difference) = cut.values(figure, &vec![1.0; blocks]);
    // Nothing failed in either run: there is nothing to test.
    let is_nothing = figure.is_share() && left == 0.0 && right == 0.0;
    if is_nothing || !difference.is_finite() || differences.len() < DRAWS / 2 {
        return None;
    }
    // The spread of draws from n blocks is that of the mean of n, short of one.
    let own = stddev(differences) * (blocks as f64 / freedom).sqrt();
    let spread = if figure.is_share() { own } else { own.hypot(rules.noise * 2.0_f64.sqrt()) };
    let t = if difference == 0.0 { 0.0 } else { difference.abs() / spread };
    let likelihood = student::two_sided(t, freedom);
    Some(Effect { subject: None, figure, left, right, difference, spread, freedom, likelihood })
}

impl Cut {
    /// A figure of both runs, and the difference.
    fn values(&self, figure: Figure, times: &[f64]) -> (f64, f64, f64) {
        let left = Drawn { cut: self, blocks: &self.left, times }.value(figure);
        let right = Drawn { cut: self, blocks: &self.right, times }.value(figure);
        let difference = if figure.is_share() { right - left } else { (right / left).ln() };
        (left, right, difference)
    }
}

impl Drawn<'_> {
    fn value(&self, figure: Figure) -> f64 {
        let seconds = self.cut.block_seconds * self.blocks.len() as f64;
        let (good, failed) = (self.sum(|block| block.good), self.sum(|block| block.failed));
        match figure {
            Figure::P50 => self.quantile(0.5),
            Figure::P95 => self.quantile(0.95),
            Figure::P99 => self.quantile(0.99),
            Figure::Errors => failed / (good + failed),
            Figure::Throughput => good / seconds,
        }
    }

    fn sum(&self, of: impl Fn(&Block) -> f64) -> f64 {
        let each = self.blocks.iter().zip(self.times).filter(|(_, times)| **times > 0.0);
        each.map(|(block, times)| times * of(block)).sum()
    }

    fn until(&self, place: usize) -> f64 {
        self.sum(|block| block.until[place])
    }

    /// A quantile in seconds, in a straight line within its bucket, so that a small difference is not lost between two.
    fn quantile(&self, q: f64) -> f64 {
        let bounds = &self.cut.bounds;
        let Some(last) = bounds.len().checked_sub(1) else { return f64::NAN };
        let rank = q * self.until(last);
        if rank <= 0.0 {
            return f64::NAN;
        }
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.until(middle) >= rank {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let before = if low == 0 { 0.0 } else { self.until(low - 1) };
        let part = (rank - before) / (self.until(low) - before);
        let (from, to) = bounds[low];
        (from as f64 + part * ((to - from) as f64 + 1.0)) / 1e9
    }
}
