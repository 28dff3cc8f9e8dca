//! Questions to histograms: classic ones, which are series of cumulative buckets told apart by their label `le`, and
//! native ones.

use hashbrown::HashMap;
use model::Labels;

use super::{math, text_of, warn_of_quantiles};
use crate::{
    QueryError, histogram as native,
    parse::node::Node,
    run::{
        Run,
        rows::{ABSENT, Grid, Row, is_present},
    },
};

/// The label that holds a bucket's upper bound.
const BOUND: &str = "le";

/// Relative differences of counts up to this come from floating point and are put right in silence.
const COUNT_TOLERANCE: f64 = 1e-12;

/// What a histogram is asked, for each step.
#[derive(Clone, Copy)]
pub(super) enum Ask<'a> {
    /// The value below which this share of observations lies.
    Quantile(&'a [f64]),
    /// The share of observations between two values.
    Fraction(&'a [f64], &'a [f64]),
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// The rows of one histogram, by bound.
struct Classic {
    labels: Labels,
    drop_name: bool,
    buckets: Vec<(f64, Vec<f64>)>,
}

/// Asks every histogram of a vector that is found at a place in the text.
pub(super) fn ask(
    run: &Run<'_>,
    (rows, at): (Vec<Row>, Option<usize>),
    question: Ask<'_>,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let mut natives = Vec::new();
    for row in rows.iter().filter(|row| !row.histograms.is_empty()) {
        run.budget.charge(grid.points)?;
        natives.push(ask_native(run, at, row, question));
    }
    let mut answers = Vec::new();
    for histogram in histograms(run, rows, at) {
        run.budget.charge(grid.points)?;
        answers.push(ask_classic(run, at, histogram, question, &mut natives));
    }
    answers.append(&mut natives);
    answers.retain(Row::has_values);
    run.drop_names(answers)
}

/// Asks a row of native histograms.
fn ask_native(run: &Run<'_>, at: Option<usize>, row: &Row, question: Ask<'_>) -> Row {
    let metric = row.labels.metric_name().unwrap_or_default();
    let remark = |what: &str| run.inform(at, &format!("{what} for metric name {metric:?}"));
    let values = row.histograms.iter().enumerate().map(|(number, own)| {
        let Some(own) = own else { return ABSENT };
        match question {
            Ask::Quantile(shares) => match native::quantile(shares[number], own) {
                native::Quantile::Value(value) => value,
                native::Quantile::Skewed(value) => {
                    remark("input to histogram_quantile has NaN observations, result is skewed higher");
                    value
                }
                native::Quantile::NotANumber => {
                    remark("input to histogram_quantile has NaN observations, result is NaN");
                    f64::NAN
                }
            },
            Ask::Fraction(lower, upper) => {
                if own.sum.is_nan() {
                    remark("input to histogram_fraction has NaN observations, which are excluded from all fractions");
                }
                native::fraction(lower[number], upper[number], own)
            }
        }
    });
    Row::floats(row.labels.clone(), row.drop_name, values.collect())
}

/// Asks a classic histogram. Where a native one of the same name is as well, neither is asked.
fn ask_classic(
    run: &Run<'_>,
    at: Option<usize>,
    histogram: Classic,
    question: Ask<'_>,
    natives: &mut [Row],
) -> Row {
    let metric = histogram.labels.metric_name().unwrap_or_default();
    let twin = natives.iter().position(|row| row.labels == histogram.labels);
    let points = histogram.buckets.first().map_or(0, |(_, counts)| counts.len());
    let mut values = Vec::with_capacity(points);
    let mut forced = false;
    for number in 0..points {
        let mut buckets: Vec<Bucket> = histogram
            .buckets
            .iter()
            .map(|(bound, counts)| Bucket { bound: *bound, count: counts[number] })
            .filter(|bucket| is_present(bucket.count))
            .collect();
        if buckets.is_empty() {
            values.push(ABSENT);
            continue;
        }
        if let Some(native) = twin.and_then(|twin| natives[twin].values.get_mut(number))
            && is_present(*native)
        {
            run.warn(
                at,
                &format!("vector contains a mix of classic and native histograms for metric name {metric:?}"),
            );
            *native = ABSENT;
            values.push(ABSENT);
            continue;
        }
        values.push(match question {
            Ask::Quantile(shares) => {
                let (value, fixed) = quantile(shares[number], &mut buckets);
                forced |= fixed;
                value
            }
            Ask::Fraction(lower, upper) => fraction(lower[number], upper[number], &mut buckets),
        });
    }
    if forced {
        run.inform(
            at,
            &format!(
                "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name {metric:?}"
            ),
        );
    }
    Row::floats(histogram.labels, histogram.drop_name, values)
}

/// What native histograms say without being asked for more; floats are passed over.
pub(super) fn statistic(
    run: &Run<'_>,
    name: &str,
    arg: &Node,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let mut rows = run.rows(arg, grid)?;
    rows.retain(|row| !row.histograms.is_empty());
    for row in &mut rows {
        run.budget.charge(0)?;
        let histograms = std::mem::take(&mut row.histograms);
        let values = histograms.iter().map(|own| match own {
            Some(own) => match name {
                "histogram_count" => own.count,
                "histogram_sum" => own.sum,
                "histogram_avg" => own.sum / own.count,
                "histogram_stddev" => native::variance(own).sqrt(),
                _ => native::variance(own),
            },
            None => ABSENT,
        });
        row.values = values.collect();
    }
    run.drop_names(rows)
}

/// `histogram_quantiles(v, label, quantile...)`
pub(super) fn quantiles(run: &Run<'_>, args: &[Node], grid: Grid) -> Result<Vec<Row>, QueryError> {
    let [vector, label, shares @ ..] = args else {
        return Err(QueryError::execution("histogram_quantiles takes at least three arguments"));
    };
    let rows = run.rows(vector, grid)?;
    let mut answers = Vec::new();
    for share in shares {
        let values = run.numbers(share, grid)?;
        warn_of_quantiles(run, share.at, &values);
        let named = values.first().map(|value| label_of(*value)).unwrap_or_default();
        for mut row in ask(run, (rows.clone(), vector.at), Ask::Quantile(&values), grid)? {
            row.labels = row.labels.with(text_of(label), &named);
            answers.push(row);
        }
    }
    Ok(answers)
}

/// A quantile as a label's value, as Prometheus writes it: whole numbers with a fraction.
fn label_of(share: f64) -> String {
    let shown = math::shown(share);
    if share.is_finite() && share.fract() == 0.0 { format!("{shown}.0") } else { shown }
}

fn histograms(run: &Run<'_>, rows: Vec<Row>, at: Option<usize>) -> Vec<Classic> {
    let mut by_labels: HashMap<Labels, usize> = HashMap::new();
    let mut found: Vec<Classic> = Vec::new();
    for row in rows.into_iter().filter(|row| row.values.iter().any(|own| is_present(*own))) {
        let bound = row.labels.get(BOUND).unwrap_or_default();
        let Some(bound) = parse_bound(bound) else {
            let metric = row.labels.metric_name().unwrap_or_default();
            run.warn(
                at,
                &format!(
                    "bucket label \"le\" is missing or has a malformed value of {bound:?} for metric name {metric:?}"
                ),
            );
            continue;
        };
        let labels = row.labels.without(|name| name == BOUND);
        let number = *by_labels.entry(labels.clone()).or_insert_with(|| {
            found.push(Classic { labels, drop_name: row.drop_name, buckets: Vec::new() });
            found.len() - 1
        });
        found[number].buckets.push((bound, row.values));
    }
    for histogram in &mut found {
        histogram.buckets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    found
}

fn parse_bound(text: &str) -> Option<f64> {
    let bound: f64 = text.parse().ok()?;
    (!text.is_empty()).then_some(bound)
}

/// Joins buckets with the same bound, given as different texts.
fn coalesce(buckets: &mut Vec<Bucket>) {
    #[expect(clippy::float_cmp, reason = "bounds are the same only if they are exactly the same")]
    buckets.dedup_by(|next, kept| {
        let same = next.bound == kept.bound;
        if same {
            kept.count += next.count;
        }
        same
    });
}

/// Makes counts rise; tells whether more than floating point had to be put right.
fn make_rise(buckets: &mut [Bucket]) -> bool {
    let mut forced = false;
    let mut before = buckets.first().map_or(0.0, |bucket| bucket.count);
    for bucket in buckets.iter_mut().skip(1) {
        if nearly_equal(before, bucket.count) {
            bucket.count = before;
        } else if bucket.count < before {
            bucket.count = before;
            forced = true;
        } else {
            before = bucket.count;
        }
    }
    forced
}

#[expect(clippy::float_cmp, reason = "the exact case comes first, then the tolerance")]
fn nearly_equal(a: f64, b: f64) -> bool {
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < COUNT_TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < COUNT_TOLERANCE
}

fn quantile(share: f64, buckets: &mut Vec<Bucket>) -> (f64, bool) {
    if share.is_nan() {
        return (f64::NAN, false);
    }
    if share < 0.0 {
        return (f64::NEG_INFINITY, false);
    }
    if share > 1.0 {
        return (f64::INFINITY, false);
    }
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return (f64::NAN, false);
    }
    coalesce(buckets);
    let forced = make_rise(buckets);
    if buckets.len() < 2 {
        return (f64::NAN, forced);
    }
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if observations == 0.0 {
        return (f64::NAN, forced);
    }
    let mut rank = share * observations;
    let at = buckets[..last].partition_point(|bucket| bucket.count < rank);
    if at == last {
        return (buckets[last - 1].bound, forced);
    }
    if at == 0 && buckets[0].bound <= 0.0 {
        return (buckets[0].bound, forced);
    }
    let (mut start, mut count) = (0.0, buckets[at].count);
    if at > 0 {
        start = buckets[at - 1].bound;
        count -= buckets[at - 1].count;
        rank -= buckets[at - 1].count;
    }
    (start + (buckets[at].bound - start) * (rank / count), forced)
}

fn fraction(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if buckets.last().is_none_or(|last| last.bound != f64::INFINITY) {
        return f64::NAN;
    }
    coalesce(buckets);
    let count = buckets[buckets.len() - 1].count;
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank_of(upper, buckets).min(count) - rank_of(lower, buckets).min(count)) / count
}

/// How many observations lie below a value, taking them as spread evenly in each bucket.
fn rank_of(value: f64, buckets: &[Bucket]) -> f64 {
    let mut below = 0.0;
    let mut start = f64::NEG_INFINITY;
    for (number, bucket) in buckets.iter().enumerate() {
        if number == 0 && bucket.bound > 0.0 {
            // The first bucket of positive values begins at zero.
            start = 0.0;
        }
        if start >= value {
            return below;
        }
        if bucket.bound > value {
            return if start == f64::NEG_INFINITY {
                bucket.count
            } else if bucket.bound == f64::INFINITY {
                below
            } else {
                below + (bucket.count - below) * (value - start) / (bucket.bound - start)
            };
        }
        below = bucket.count;
        start = bucket.bound;
    }
    below
}
