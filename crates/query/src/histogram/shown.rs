//! A histogram as a text, as Prometheus shows it in labels.

use model::Histogram;

use super::buckets;

/// `{count:4, sum:5, (0.5,1]:1, (1,2]:2}`; numbers are written by the function given.
pub(crate) fn shown(histogram: &Histogram, number: impl Fn(f64) -> String) -> String {
    let head = format!("{{count:{}, sum:{}", number(histogram.count), number(histogram.sum));
    let all = buckets(histogram);
    let filled = all.iter().filter(|bucket| bucket.count != 0.0).map(|bucket| {
        let open = if bucket.lower_inside { '[' } else { '(' };
        let close = if bucket.upper_inside { ']' } else { ')' };
        let (lower, upper) = (number(bucket.lower), number(bucket.upper));
        format!("{open}{lower},{upper}{close}:{}", number(bucket.count))
    });
    let parts: Vec<String> = std::iter::once(head).chain(filled).collect();
    parts.join(", ") + "}"
}
