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

/// One block of one run, its response times by dense places.
struct Block {
    counts: Vec<u64>,
    good: u64,
    failed: u64,
}

/// Two runs cut at the same places.
struct Cut {
    /// The least and the greatest nanoseconds of each place.
    bounds: Vec<(u64, u64)>,
    left: Vec<Block>,
    right: Vec<Block>,
    block_seconds: f64,
}

/// What is drawn of one run.
#[derive(Default)]
struct Drawn {
    counts: Vec<u64>,
    good: u64,
    failed: u64,
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
    let mut block = Block { counts: vec![0; bounds.len()], good: 0, failed: 0 };
    for row in rows {
        block.good = block.good.saturating_add(row.good);
        block.failed = block.failed.saturating_add(row.failed);
        for bucket in row.response.iter().flat_map(stats::Histogram::buckets) {
            if let Ok(place) = bounds.binary_search_by_key(&bucket.from, |bound| bound.0) {
                block.counts[place] = block.counts[place].saturating_add(bucket.count);
            }
        }
    }
    block
}

fn contrast(cut: &Cut, figures: &[Figure], rules: &Rules) -> Vec<Effect> {
    let blocks = cut.left.len();
    let all: Vec<usize> = (0..blocks).collect();
    let whole = [draw(&cut.left, &all), draw(&cut.right, &all)];
    let mut chance = Chance::new(SEED);
    let mut differences = vec![Vec::with_capacity(DRAWS); figures.len()];
    for _ in 0..DRAWS {
        let places: Vec<usize> = (0..blocks).map(|_| chance.below(blocks)).collect();
        let drawn = [draw(&cut.left, &places), draw(&cut.right, &places)];
        for (figure, differences) in figures.iter().zip(&mut differences) {
            let difference = difference(*figure, cut, &drawn);
            if difference.is_finite() {
                differences.push(difference);
            }
        }
    }
    let freedom = (blocks - 1) as f64;
    // The spread of draws from n blocks is that of the mean of n, short of one.
    let widened = (blocks as f64 / freedom).sqrt();
    let mut effects = Vec::new();
    for (figure, differences) in figures.iter().zip(&differences) {
        let [left, right] = whole.each_ref().map(|drawn| value(*figure, cut, drawn));
        let difference = difference(*figure, cut, &whole);
        if !difference.is_finite() || differences.len() < DRAWS / 2 {
            continue;
        }
        let own = stddev(differences) * widened;
        let spread = if figure.is_share() { own } else { own.hypot(rules.noise * 2.0_f64.sqrt()) };
        // Nothing failed in either run: there is nothing to test.
        if figure.is_share() && left == 0.0 && right == 0.0 {
            continue;
        }
        let t = if difference == 0.0 { 0.0 } else { difference.abs() / spread };
        effects.push(Effect {
            subject: None,
            figure: *figure,
            left,
            right,
            difference,
            spread,
            freedom,
            likelihood: student::two_sided(t, freedom),
        });
    }
    effects
}

fn draw(blocks: &[Block], places: &[usize]) -> Drawn {
    let mut drawn = Drawn {
        counts: vec![0; blocks.first().map_or(0, |block| block.counts.len())],
        ..Drawn::default()
    };
    for place in places {
        let block = &blocks[*place];
        for (sum, count) in drawn.counts.iter_mut().zip(&block.counts) {
            *sum = sum.saturating_add(*count);
        }
        drawn.good = drawn.good.saturating_add(block.good);
        drawn.failed = drawn.failed.saturating_add(block.failed);
    }
    drawn
}

fn difference(figure: Figure, cut: &Cut, [left, right]: &[Drawn; 2]) -> f64 {
    let (left, right) = (value(figure, cut, left), value(figure, cut, right));
    if figure.is_share() { right - left } else { (right / left).ln() }
}

fn value(figure: Figure, cut: &Cut, drawn: &Drawn) -> f64 {
    let seconds = cut.block_seconds * cut.left.len() as f64;
    match figure {
        Figure::P50 => quantile(cut, &drawn.counts, 0.5),
        Figure::P95 => quantile(cut, &drawn.counts, 0.95),
        Figure::P99 => quantile(cut, &drawn.counts, 0.99),
        Figure::Errors => drawn.failed as f64 / drawn.good.saturating_add(drawn.failed) as f64,
        Figure::Throughput => drawn.good as f64 / seconds,
    }
}

/// A quantile in seconds, in a straight line within its bucket, so that a small difference is not lost between two.
fn quantile(cut: &Cut, counts: &[u64], q: f64) -> f64 {
    let all = counts.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let rank = q * all as f64;
    let mut before = 0_u64;
    for (count, (from, to)) in counts.iter().zip(&cut.bounds) {
        let until = before.saturating_add(*count);
        if *count > 0 && until as f64 >= rank {
            let part = (rank - before as f64) / *count as f64;
            return (*from as f64 + part * (to - from + 1) as f64) / 1e9;
        }
        before = until;
    }
    f64::NAN
}
