//! Percentiles as `HdrHistogram` writes them (`.hgrm`), for its plotter and all that reads it.

use stats::Histogram;

use crate::{engine::Run, verdict::Verdict};

/// Lines between a percentile and the one that leaves half as much above it, as `HdrHistogram` has it by default.
const LINES_PER_HALVING: f64 = 5.0;
/// Most lines: 64 halvings leave less than one of as many values as can be counted.
const LINES_MAX: usize = 64 * 5;

/// The response times of all requests, in milliseconds.
pub fn hgrm(run: &Run, _verdict: &Verdict) -> String {
    of(&run.recording.together().all().response)
}

fn of(histogram: &Histogram) -> String {
    let mut lines = vec![
        format!(
            "{:>12} {:>14} {:>10} {:>14}",
            "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
        ),
        String::new(),
    ];
    let buckets: Vec<_> = histogram.buckets().collect();
    let all = histogram.count() as f64;
    let mut level = 0.0_f64;
    for _ in 0..LINES_MAX {
        let Some(value) = histogram.quantile(level) else { break };
        let until = buckets.iter().take_while(|bucket| bucket.from <= value);
        let count: u64 = until.map(|bucket| bucket.count).sum();
        if count == histogram.count() {
            break;
        }
        lines.push(format!(
            "{:12.3} {level:2.12} {count:10} {:14.2}",
            value as f64 / 1e6,
            1.0 / (1.0 - level)
        ));
        let halvings = (1.0 / (1.0 - level)).log2().floor() + 1.0;
        level += 1.0 / (LINES_PER_HALVING * halvings.exp2());
    }
    if let Some(greatest) = histogram.greatest() {
        lines.push(format!("{:12.3} {:2.12} {:10}", greatest as f64 / 1e6, 1.0, histogram.count()));
    }
    let mean = if histogram.is_empty() { 0.0 } else { histogram.mean() };
    let squares = buckets.iter().map(|bucket| {
        let middle = bucket.from as f64 / 2.0 + bucket.to as f64 / 2.0;
        bucket.count as f64 * (middle - mean).powi(2)
    });
    let deviation = if all > 0.0 { (squares.sum::<f64>() / all).sqrt() } else { 0.0 };
    let greatest = histogram.greatest().unwrap_or(0) as f64 / 1e6;
    lines.push(format!(
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]",
        mean / 1e6,
        deviation / 1e6
    ));
    lines.push(format!("#[Max     = {greatest:12.3}, Total count    = {:12}]", histogram.count()));
    lines.push(format!("#[Buckets = {:12}, SubBuckets     = {:12}]", 56, 256));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_the_plotter_of_hdr_histogram_wants_it() {
        let mut histogram = Histogram::fine();
        (1..=1000_u64).for_each(|micros| histogram.record(micros * 1000));
        let text = of(&histogram);
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(2)
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().map(|cell| cell.parse().unwrap()).collect())
            .collect();
        let at = |level: f64| rows.iter().find(|row| (row[1] - level).abs() < 1e-9).unwrap();
        assert!((at(0.5)[0] - 0.5).abs() < 0.002 && (at(0.5)[3] - 2.0).abs() < 1e-9, "{text}");
        assert!((at(0.9)[0] - 0.9).abs() < 0.004 && (at(0.9)[2] - 900.0).abs() < 4.0, "{text}");
        assert!(rows.windows(2).all(|pair| pair[0][0] <= pair[1][0] && pair[0][2] <= pair[1][2]));
        let last = rows.last().unwrap();
        assert_eq!((last[0], last[1], last[2], last.len()), (1.0, 1.0, 1000.0, 3));
        assert!(text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
        assert!(
            text.contains("#[Max     =        1.000, Total count    =         1000]"),
            "{text}"
        );
        assert!(of(&Histogram::fine()).contains("Total count    =            0]"));
    }
}
