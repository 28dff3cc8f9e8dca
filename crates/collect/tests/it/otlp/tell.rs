//! What came of a request, as a text.

use collect::otlp::Arrived;
use model::{Batch, Histogram, is_stale};

/// Everything that came of a request, as the cases have it.
pub(crate) fn tell(batch: &Batch, arrived: &Arrived) -> String {
    let mut lines = Vec::new();
    for series in batch.iter() {
        let values = series.samples.iter().map(|sample| {
            let value =
                if is_stale(sample.value) { "stale".to_owned() } else { sample.value.to_string() };
            format!("{value} @{}", sample.time.millis())
        });
        let histograms = series.histograms.iter().map(|sample| {
            format!("{} @{}", tell_histogram(&sample.histogram), sample.time.millis())
        });
        let told: Vec<_> = values.chain(histograms).collect();
        lines.push(format!("{} {}", series.labels, told.join(", ")));
    }
    for own in &arrived.metadata {
        let unit = if own.unit.is_empty() { "" } else { " in " };
        let help = if own.help.is_empty() { "" } else { ": " };
        let kind = own.kind.word();
        lines.push(format!("{} is a {kind}{unit}{}{help}{}", own.metric, own.unit, own.help));
    }
    if arrived.exemplars > 0 {
        lines.push(format!("{} exemplar", arrived.exemplars));
    }
    let message = arrived.refused.message();
    for ((reason, points), said) in arrived.refused.by_reason().zip(message.split("; ")) {
        lines.push(format!("refused {points} {}: {said}", reason.word()));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn tell_histogram(histogram: &Histogram) -> String {
    if histogram.is_stale() {
        return "{stale}".to_owned();
    }
    let mut told = vec![format!("schema {}", histogram.schema)];
    if !histogram.has_custom_bounds() {
        told.push(format!("zero {} to {:e}", histogram.zero_count, histogram.zero_threshold));
    }
    told.push(format!("count {}, sum {}", histogram.count, histogram.sum));
    if !histogram.bounds.is_empty() {
        let bounds: Vec<_> = histogram.bounds.iter().map(f64::to_string).collect();
        told.push(format!("bounds {}", bounds.join(" ")));
    }
    for (side, buckets) in [("above", &histogram.positive), ("below", &histogram.negative)] {
        let own: Vec<_> = buckets.iter().map(|(at, count)| format!("{at}:{count}")).collect();
        if !own.is_empty() {
            told.push(format!("{side} {}", own.join(" ")));
        }
    }
    format!("{{{}}}", told.join(", "))
}
