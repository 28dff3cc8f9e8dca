//! Aggregations that pick some series of each group: the largest, the smallest, the first, a share.

use std::sync::Arc;

use model::Histogram;
use xxhash_rust::xxh64::xxh64;

use super::Group;
use crate::{
    QueryError,
    parse::node::How,
    run::{
        Run,
        functions::{descending, shown_number},
        rows::{ABSENT, Grid, Row, is_present},
    },
};

/// The native histograms of a row, by step.
type Histograms = Vec<Option<Arc<Histogram>>>;

/// The place of each row in the order of labels.
fn ranks(rows: &[Row]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rows[*a].labels.cmp(&rows[*b].labels));
    let mut ranks = vec![0; rows.len()];
    for (rank, row) in order.into_iter().enumerate() {
        ranks[row] = rank;
    }
    ranks
}

/// Refuses parameters that make no sense, even where no series is there to pick from.
pub(super) fn check_parameter(
    run: &Run<'_>,
    how: How,
    at: Option<usize>,
    numbers: &[f64],
) -> Result<(), QueryError> {
    match how {
        How::TopK | How::BottomK | How::LimitK => {
            for number in numbers {
                if number.is_nan() {
                    return Err(QueryError::execution("Parameter value is NaN"));
                }
                if number.abs() >= 9.2e18 {
                    return Err(QueryError::execution(format!(
                        "Scalar value {} overflows int64",
                        shown_number(*number)
                    )));
                }
            }
        }
        How::LimitRatio => {
            if numbers.iter().any(|number| number.is_nan()) {
                return Err(QueryError::execution("Ratio value is NaN"));
            }
            if let Some(odd) = numbers.iter().find(|number| !(-1.0..=1.0).contains(*number)) {
                let cap = odd.signum();
                let odd = shown_number(*odd);
                run.warn(
                    at,
                    &format!("ratio value should be between -1 and 1, got {odd}, capping to {cap}"),
                );
            }
        }
        _ => {}
    }
    Ok(())
}

/// Keeps the picked values and drops the others.
pub(super) fn pick(
    run: &Run<'_>,
    rows: &[Row],
    groups: &[Group],
    (how, numbers): (How, &[f64]),
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let mut picked: Vec<Vec<f64>> = rows.iter().map(|_| Vec::new()).collect();
    let mut histograms: Vec<Histograms> = rows.iter().map(|_| Vec::new()).collect();
    // Histograms have no order.
    let floats_only = matches!(how, How::TopK | How::BottomK);
    let mut order = Vec::new();
    let ranks = ranks(rows);
    let shares: Vec<f64> = match how {
        How::LimitRatio => rows.iter().map(|row| place_in_unit(&row.labels)).collect(),
        _ => Vec::new(),
    };
    for group in groups {
        let mut candidates: Vec<usize> = Vec::with_capacity(group.members.len());
        for number in 0..grid.points {
            run.budget.charge(0)?;
            candidates.clear();
            let present = |member: &&usize| {
                let row = &rows[**member];
                is_present(row.values[number]) || (!floats_only && row.histogram(number).is_some())
            };
            candidates.extend(group.members.iter().filter(present));
            // Equal values are told apart by their labels, so that every run picks the same.
            candidates.sort_by_key(|row| ranks[*row]);
            let value = |row: usize| rows[row].values[number];
            match how {
                How::TopK => candidates.sort_by(|a, b| descending(value(*a), value(*b))),
                How::BottomK => candidates.sort_by(|a, b| descending(-value(*a), -value(*b))),
                How::LimitRatio => candidates.retain(|row| in_share(shares[*row], numbers[number])),
                _ => {}
            }
            if how != How::LimitRatio {
                candidates.truncate(count_of(numbers[number]));
            }
            for row in &candidates {
                let values = &mut picked[*row];
                if values.is_empty() {
                    values.resize(grid.points, ABSENT);
                    order.push(*row);
                }
                values[number] = rows[*row].values[number];
                if let Some(histogram) = rows[*row].histogram(number).filter(|_| !floats_only) {
                    histograms[*row].resize(grid.points, None);
                    histograms[*row][number] = Some(Arc::clone(histogram));
                }
            }
        }
    }
    if run.ranged {
        order.sort_unstable();
    }
    let row = |number: usize| {
        let values = std::mem::take(&mut picked[number]);
        let floats = Row::floats(rows[number].labels.clone(), rows[number].drop_name, values);
        Row { histograms: std::mem::take(&mut histograms[number]), ..floats }
    };
    Ok(order.into_iter().map(row).collect())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "negative counts become zero, large ones exceed any number of series"
)]
fn count_of(number: f64) -> usize {
    number as usize
}

/// A place between 0 and 1 that follows from the labels alone: that of Prometheus, whose `limit_ratio` then takes the same
/// series. It is the xxHash64 of each name and value behind its length (`stringlabels`, its usual form of labels), as a
/// part of the largest such number.
fn place_in_unit(labels: &model::Labels) -> f64 {
    let mut bytes = Vec::new();
    for text in labels.iter().flat_map(<[&str; 2]>::from) {
        // A byte, or 255 and three bytes; there are limits far below what these can hold.
        match u8::try_from(text.len()) {
            Ok(length) if length < u8::MAX => bytes.push(length),
            _ => {
                bytes.push(u8::MAX);
                bytes.extend_from_slice(&text.len().to_le_bytes()[..3]);
            }
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    xxh64(&bytes, 0) as f64 / u64::MAX as f64
}

/// Whether a place belongs to a share: from the bottom if it is positive, its complement's rest if it is negative.
fn in_share(place: f64, ratio: f64) -> bool {
    let ratio = ratio.clamp(-1.0, 1.0);
    if ratio >= 0.0 { place < ratio } else { place >= 1.0 + ratio }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_labels_is_that_of_prometheus() {
        // Reckoned apart from this code, from the definition of xxHash64 and of `stringlabels`.
        let long = "v".repeat(300);
        for (pairs, wanted) in [
            (&[][..], 0.934_674_931_531_705_9),
            (
                &[
                    ("__name__", "http_requests"),
                    ("group", "canary"),
                    ("instance", "0"),
                    ("job", "api-server"),
                ],
                0.978_246_370_669_354_3,
            ),
            (&[("a", long.as_str())], 0.564_005_306_909_330_8),
        ] {
            let place = place_in_unit(&model::Labels::from_pairs(pairs.iter().copied()));
            assert!((place - wanted).abs() < 1e-15, "{pairs:?}: {place}");
        }
    }
}
