//! Native histograms in the shape of the Prometheus HTTP API: counts and bounds as texts, empty buckets left out.

use model::Histogram;
use query::Bucket;

use super::encode::{write_number, write_time};

/// `[time, {"count": ..., "sum": ..., "buckets": [[rule, lower, upper, count], ...]}]`. The rule says which bounds are
/// inside: 0 the upper, 1 the lower, 2 neither, 3 both.
pub(super) fn write_histogram(text: &mut Vec<u8>, millis: i64, histogram: &Histogram) {
    text.push(b'[');
    write_time(text, millis);
    text.extend_from_slice(b",{\"count\":");
    write_quoted(text, histogram.count);
    text.extend_from_slice(b",\"sum\":");
    write_quoted(text, histogram.sum);
    let buckets = query::histogram_buckets(histogram);
    let mut before: &[u8] = b",\"buckets\":[";
    for bucket in buckets.iter().filter(|bucket| bucket.count != 0.0) {
        text.extend_from_slice(before);
        write_bucket(text, bucket);
        before = b",";
    }
    if before == b"," {
        text.push(b']');
    }
    text.extend_from_slice(b"}]");
}

fn write_bucket(text: &mut Vec<u8>, bucket: &Bucket) {
    text.extend_from_slice(match (bucket.lower_inside, bucket.upper_inside) {
        (false, true) => b"[0,",
        (true, false) => b"[1,",
        (false, false) => b"[2,",
        (true, true) => b"[3,",
    });
    write_quoted(text, bucket.lower);
    text.push(b',');
    write_quoted(text, bucket.upper);
    text.push(b',');
    write_quoted(text, bucket.count);
    text.push(b']');
}

fn write_quoted(text: &mut Vec<u8>, value: f64) {
    text.push(b'"');
    write_number(text, value);
    text.push(b'"');
}

#[cfg(test)]
mod tests {
    use model::{Buckets, Span32};

    use super::*;

    fn written(histogram: &Histogram) -> String {
        let mut text = Vec::new();
        write_histogram(&mut text, 1500, histogram);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn bounds_say_on_which_side_they_are_inside() {
        let side = |counts: Vec<f64>| {
            let length = u32::try_from(counts.len()).unwrap();
            Buckets { spans: vec![Span32 { offset: 0, length }], counts }
        };
        let histogram = Histogram {
            count: 6.0,
            sum: 2.5,
            zero_count: 1.0,
            zero_threshold: 0.25,
            positive: side(vec![1.0, 0.0, 2.0]),
            negative: side(vec![2.0]),
            ..Histogram::default()
        };
        assert_eq!(
            written(&histogram),
            r#"[1.500,{"count":"6","sum":"2.5","buckets":[[1,"-1","-0.5","2"],[3,"-0.25","0.25","1"],[0,"0.5","1","1"],[0,"2","4","2"]]}]"#
        );
    }

    #[test]
    fn an_empty_histogram_has_no_buckets() {
        assert_eq!(written(&Histogram::default()), r#"[1.500,{"count":"0","sum":"0"}]"#);
    }
}
